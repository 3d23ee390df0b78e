"""The recurrent network of Elman (1990), cell by cell, and the language model around any recurrent
layer.
"""

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
    """h_t = tanh(W_xh x_t + W_hh h_(t-1) + b_h) for rows: x (B, D), h (B, N), W_xh (N, D), W_hh (N,
    N), b_h (N,) -> (B, N).
    """
    return torch.tanh(x @ W_xh.T + h @ W_hh.T + b_h)


class RNN(nn.Module):
    """h_t = tanh(W_xh x_t + W_hh h_(t-1) + b_h) for every t.

    Args:
        n_inputs: width of x_t.
        n_hidden: width of h_t.

    Source: Elman (1990), "Finding structure in time"; the form of `torch.nn.RNN` with its two
    biases in one.
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
        """(B, T, n_inputs) and the state before, (B, n_hidden) or None for zeros -> all states (B,
        T, n_hidden), the last (B, n_hidden).
        """
        h = x.new_zeros(len(x), len(self.W_hh)) if h is None else h
        states = []
        for x_t in x.unbind(1):
            h = rnn_step(x_t, h, self.W_xh, self.W_hh, self.b_h)
            states.append(h)
        return torch.stack(states, 1), h

    def load_torch(self, layer: nn.RNN) -> RNN:
        """Take the weights of a one-layer `torch.nn.RNN` over; its two biases are added up.

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
    """Raise a CourseError unless `layer` is one plain recurrent layer of PyTorch with these
    sizes.
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
        vocab_size: V, different tokens.
        d_embedding: width of a token's vector.
        n_hidden: width of the state.
        cell: "rnn" or "lstm" (PyTorch's fused layers, equal to the hand-written ones).
        n_layers: recurrent layers on top of each other.
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
    """Next-token probabilities from a state that is carried along: y_t = softmax(W_hy h_t + b_y).

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
        """Tokens (B, T) and the state before -> logits (B, T, V) and the state after the last
        token.
        """
        hidden, state = self.recurrent(self.embedding(tokens), state)
        return self.output(self.dropout(hidden)), state

    read = forward
