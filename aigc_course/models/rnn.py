"""The recurrent network of Elman (1990), cell by cell, and the language model around any recurrent layer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.errors import check_choice, check_count
from aigc_course.sampling import choose


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

    @torch.no_grad()
    def bits(self, rows: torch.Tensor) -> torch.Tensor:
        """-log2 of the probability of each row after its first token, padding (0) left out: ids (N, T) -> (N,)."""
        training, _ = self.training, self.eval()
        rows = rows.to(self.output.weight.device)
        nats = []
        for part in rows.split(256):
            logits, _ = self(part[:, :-1])
            nats.append(F.cross_entropy(logits.transpose(1, 2), part[:, 1:], ignore_index=0, reduction="none").sum(1))
        self.train(training)
        return torch.cat(nats).cpu() / math.log(2)

    @torch.no_grad()
    def generate(self, prompt: torch.Tensor, n: int, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None,
                 seed: int | None = None) -> torch.Tensor:
        """Draw n tokens after each prompt, one at a time: ids (B, T) -> (B, T + n). The knobs are those of `sampling.filter_logits`."""
        training, _ = self.training, self.eval()
        device = self.output.weight.device
        generator = None if seed is None else torch.Generator(device).manual_seed(seed)
        tokens, state = prompt.to(device), None
        rows = [tokens]
        for _ in range(check_count("n", n)):
            logits, state = self(tokens, state)
            tokens = choose(logits[:, -1], temperature, top_k, top_p, generator)[:, None]
            rows.append(tokens)
        self.train(training)
        return torch.cat(rows, 1).cpu()


def masked_cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy in nats over the targets that are no padding (id 0): logits (B, T, V), targets (B, T) -> a scalar."""
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0)


def next_token_loss(model: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Teacher forcing: from the true tokens before, predict each next one. Ids (B, T), padded with 0 -> a scalar in nats."""
    rows = batch[0]
    rows = rows[:, : int((rows != 0).sum(1).max())]  # no work for columns that are all padding
    return masked_cross_entropy(model(rows[:, :-1])[0], rows[:, 1:])
