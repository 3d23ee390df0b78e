"""The recurrent network of Elman (1990), and the language model around any recurrent layer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

from aigc_course.core.arguments import (
    check_argument,
    one_of,
    real,
    whole,
)
from aigc_course.core.errors import CourseError
from aigc_course.models.text.language_model import LanguageModel


def rnn_step(x, h, W_xh, W_hh, b_h):
    """Compute the next state h_t = tanh(W_xh x_t + W_hh h_(t-1) + b_h) of each row.

    Args:
        x: inputs (B, D).
        h: states (B, N).
        W_xh: (N, D).
        W_hh: (N, N).
        b_h: (N,).

    Returns:
        (B, N).
    """
    return torch.tanh(x @ W_xh.T + h @ W_hh.T + b_h)  # (B, D) @ (D, N) + (B, N) @ (N, N) + (N,)


class RNN(nn.Module):
    """A recurrent network that computes h_t = tanh(W_xh x_t + W_hh h_(t-1) + b_h) for every t.

    Args:
        n_inputs: width of x_t.
        n_hidden: width of h_t.

    Source: Elman (1990), "Finding structure in time"; the form of `torch.nn.RNN` with its two
    biases added into one.
    """

    def __init__(self, n_inputs: int, n_hidden: int):
        super().__init__()
        scale = 1 / math.sqrt(check_argument("n_hidden", n_hidden, whole(1)))
        self.W_xh = nn.Parameter(
            torch.empty(n_hidden, check_argument("n_inputs", n_inputs, whole(1))).uniform_(
                -scale, scale
            )
        )
        self.W_hh = nn.Parameter(torch.empty(n_hidden, n_hidden).uniform_(-scale, scale))
        self.b_h = nn.Parameter(torch.zeros(n_hidden))

    def forward(
        self, x: torch.Tensor, h: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run the network over a batch of sequences.

        Args:
            x: (B, T, n_inputs).
            h: the state before the first input, (B, n_hidden), or None for zeros.

        Returns:
            All states (B, T, n_hidden), and the last one (B, n_hidden).
        """
        h = x.new_zeros(len(x), len(self.W_hh)) if h is None else h  # (B, n_hidden)
        states = []
        for x_t in x.unbind(1):  # T times (B, n_inputs)
            h = rnn_step(x_t, h, self.W_xh, self.W_hh, self.b_h)  # (B, n_hidden)
            states.append(h)
        return torch.stack(states, 1), h  # (B, T, n_hidden), (B, n_hidden)

    def load_torch(self, layer: nn.RNN) -> RNN:
        """Copy the weights of a one-layer `torch.nn.RNN`; its two biases are added.

        Raises:
            CourseError: the layer has another form or size.
        """
        check_one_layer(layer, nn.RNN, self.W_xh.shape[1], len(self.W_hh))
        with torch.no_grad():
            self.W_xh.copy_(layer.weight_ih_l0)
            self.W_hh.copy_(layer.weight_hh_l0)
            self.b_h.copy_(layer.bias_ih_l0 + layer.bias_hh_l0)
        return self


def check_one_layer(layer: nn.Module, kind: type, n_inputs: int, n_hidden: int) -> None:
    """Check that `layer` is one plain recurrent layer of PyTorch with these sizes.

    Raises:
        CourseError: it is of another kind or size, or has more layers, a second direction, a
            projection, another nonlinearity than tanh, or no bias.
    """
    plain = (
        isinstance(layer, kind)
        and layer.num_layers == 1
        and not layer.bidirectional
        and layer.bias
        and not layer.proj_size
    )
    if (
        not plain
        or (layer.input_size, layer.hidden_size) != (n_inputs, n_hidden)
        or getattr(layer, "nonlinearity", "tanh") != "tanh"
    ):
        wanted = f"torch.nn.{kind.__name__}({n_inputs}, {n_hidden})"
        raise CourseError(
            f"load_torch takes the weights of {wanted} with one layer, one direction and "
            f"a bias; got {layer}."
        )


@dataclass(frozen=True)
class RecurrentConfig:
    """Sizes of a recurrent language model.

    Attributes:
        vocab_size: V, number of different tokens.
        d_embedding: width of a token's vector.
        n_hidden: width of the state.
        cell: "rnn" or "lstm" (PyTorch's fused layers, equal to the hand-written ones).
        n_layers: number of recurrent layers.
        dropout: share of activations set to 0 between layers and before the output, in training
            only.
    """

    vocab_size: int
    d_embedding: int = 64
    n_hidden: int = 128
    cell: str = "lstm"
    n_layers: int = 1
    dropout: float = 0.0


class RecurrentLM(LanguageModel):
    """A language model with a recurrent state, P(next token) = softmax(W_hy h_t + b_y).

    Args:
        config: sizes.

    Source: Mikolov et al. (2010), "Recurrent neural network based language model".
    """

    def __init__(self, config: RecurrentConfig):
        super().__init__()
        self.config = config
        for name in ("vocab_size", "d_embedding", "n_hidden", "n_layers"):
            check_argument(name, getattr(config, name), whole(1))
        check_argument("dropout", config.dropout, real(0, below=1))
        layer = {"rnn": nn.RNN, "lstm": nn.LSTM}[
            check_argument("cell", config.cell, one_of("rnn", "lstm"))
        ]
        self.embedding = nn.Embedding(config.vocab_size, config.d_embedding)
        self.recurrent = layer(
            config.d_embedding,
            config.n_hidden,
            config.n_layers,
            batch_first=True,
            dropout=config.dropout * (config.n_layers > 1),
        )
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.n_hidden, config.vocab_size)

    def forward(self, tokens: torch.Tensor, state=None) -> tuple[torch.Tensor, object]:
        """Return the logits (B, T, V) after each token, and the state after the last token.

        Args:
            tokens: ids (B, T).
            state: the state before the first token, or None for zeros.
        """
        # (B, T) -> (B, T, d_embedding) -> (B, T, n_hidden)
        hidden, state = self.recurrent(self.embedding(tokens), state)
        return self.output(self.dropout(hidden)), state  # (B, T, V)

    read = forward
