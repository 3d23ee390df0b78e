"""The recurrent network of Elman (1990), cell by cell, and the language model around any recurrent layer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

from aigc_course.errors import check_choice, check_count


class RNN(nn.Module):
    """h_t = tanh(W_xh x_t + W_hh h_(t-1) + b_h) for every t.

    Args:
        n_inputs: width of x_t.
        n_hidden: width of h_t.

    Source: Elman (1990), "Finding structure in time"; the form of `torch.nn.RNN` with its two biases in one.
    """

    def __init__(self, n_inputs: int, n_hidden: int):
        super().__init__()
        scale = 1 / math.sqrt(check_count("n_hidden", n_hidden, 1))
        self.W_xh = nn.Parameter(torch.empty(n_hidden, check_count("n_inputs", n_inputs, 1)).uniform_(-scale, scale))
        self.W_hh = nn.Parameter(torch.empty(n_hidden, n_hidden).uniform_(-scale, scale))
        self.b_h = nn.Parameter(torch.zeros(n_hidden))

    def forward(self, x: torch.Tensor, h: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, T, n_inputs) and the state before, (B, n_hidden) or None for zeros -> all states (B, T, n_hidden), the last (B, n_hidden)."""
        h = x.new_zeros(len(x), len(self.W_hh)) if h is None else h
        states = []
        for x_t in x.unbind(1):
            h = torch.tanh(x_t @ self.W_xh.T + h @ self.W_hh.T + self.b_h)
            states.append(h)
        return torch.stack(states, 1), h


@dataclass(frozen=True)
class RecurrentConfig:
    """Sizes of a recurrent language model.

    Attributes:
        vocab_size: V, different tokens.
        d_embedding: width of a token's vector.
        n_hidden: width of the state.
        cell: "rnn" or "lstm" (PyTorch's fused layers, equal to the hand-written ones).
        n_layers: recurrent layers on top of each other.
        dropout: share of activations set to 0 between layers and before the output, in training only.
    """

    vocab_size: int
    d_embedding: int = 64
    n_hidden: int = 128
    cell: str = "lstm"
    n_layers: int = 1
    dropout: float = 0.0


class RecurrentLM(nn.Module):
    """Next-token probabilities from a state that is carried along: y_t = softmax(W_hy h_t + b_y).

    Args:
        config: sizes.

    Source: Mikolov et al. (2010), "Recurrent neural network based language model".
    """

    def __init__(self, config: RecurrentConfig):
        super().__init__()
        self.config = config
        layer = {"rnn": nn.RNN, "lstm": nn.LSTM}[check_choice("cell", config.cell, ("rnn", "lstm"))]
        self.embedding = nn.Embedding(config.vocab_size, config.d_embedding)
        self.recurrent = layer(config.d_embedding, config.n_hidden, config.n_layers, batch_first=True, dropout=config.dropout * (config.n_layers > 1))
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.n_hidden, config.vocab_size)

    def forward(self, tokens: torch.Tensor, state=None) -> tuple[torch.Tensor, object]:
        """Tokens (B, T) and the state before -> logits (B, T, V) and the state after the last token."""
        hidden, state = self.recurrent(self.embedding(tokens), state)
        return self.output(self.dropout(hidden)), state
