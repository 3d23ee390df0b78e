"""The GPT: a stack of blocks in which every token looks back at those before it.

    tokens (B, T) -> vectors (B, T, C) -> n_layers blocks -> layer norm -> logits (B, T, V)

Shapes: B batch, T time, V vocabulary, C = d_model, H heads, D = C / H.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.core.arguments import (
    check_argument,
    check_arguments,
    one_of,
    real,
    whole,
)
from aigc_course.core.errors import CourseError
from aigc_course.models.base import check_ids, evaluating
from aigc_course.models.text.language_model import LanguageModel

POSITIONS = ("rotary", "learned")


@dataclass(frozen=True)
class GPTConfig:
    """Sizes of a GPT.

    Attributes:
        vocab_size: V, different tokens.
        context_length: most tokens that it can look at.
        n_layers: blocks on top of each other.
        n_heads: H, heads in each block; divides d_model.
        d_model: C, width of a token's vector.
        positions: "rotary" (Su et al., 2021) or "learned" (a vector for each place, as in GPT-2).
        dropout: share of activations set to 0, in training only.
        initializer_range: standard deviation of the first weights. GPT-2's 0.02 is made for C =
            768. A sum of C products grows with the root of C, so a narrower model learns sooner
            with more: 0.06 for C = 96, say.
    """

    vocab_size: int
    context_length: int
    n_layers: int = 2
    n_heads: int = 4
    d_model: int = 96
    positions: str = "rotary"
    dropout: float = 0.0
    initializer_range: float = 0.02


def causal_mask(T: int, S: int) -> torch.Tensor:
    """(T, S) booleans: the last T of S tokens may look (True) at themselves and at what came
    before.
    """
    return torch.ones(T, S, dtype=torch.bool).tril(S - T)


def attention_weights(
    q: torch.Tensor, k: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """softmax(q k^T / sqrt(D)): queries (..., T, D), keys (..., S, D), mask (..., T, S) with True
    where one may look -> (..., T, S).

    Source: Vaswani et al. (2017), equation 1.
    """
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    return (scores if mask is None else scores.masked_fill(~mask, -math.inf)).softmax(-1)


def split_heads(x: torch.Tensor, n_heads: int) -> torch.Tensor:
    """(B, T, C) -> (B, H, T, D): each head gets a slice of every token's vector."""
    B, T, C = x.shape
    return x.view(B, T, n_heads, C // n_heads).transpose(1, 2)


def merge_heads(x: torch.Tensor) -> torch.Tensor:
    """(B, H, T, D) -> (B, T, C), the inverse of `split_heads`."""
    return x.transpose(1, 2).flatten(2)


def rotate(x: torch.Tensor, start: int = 0) -> torch.Tensor:
    """Turn each pair (x_i, x_(i + D/2)) of a vector at place t by the angle t * 10000 ** (-2 i /
    D).

    The dot product of two turned vectors depends on how far apart they stand, not on where.

    Args:
        x: (..., T, D), D even.
        start: place of the first vector.

    Source: Su et al. (2021), "RoFormer", equations 14 and 15; pairs as in GPT-NeoX.
    """
    T, D = x.shape[-2:]
    speeds = 10000 ** (-torch.arange(0, D, 2, device=x.device) / D)
    angles = torch.arange(start, start + T, device=x.device)[:, None] * speeds
    a, b = x.chunk(2, -1)
    return torch.cat([a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], -1)


class SelfAttention(nn.Module):
    """Every token asks (query) all tokens up to itself (keys) and takes a mean of what they say
    (values), H times side by side.
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.config = config
        self.qkv = nn.Linear(config.d_model, 3 * config.d_model)
        self.out = nn.Linear(config.d_model, config.d_model)

    def heads(self, x: torch.Tensor, start: int = 0) -> list[torch.Tensor]:
        """(B, T, C) -> queries, keys and values, each (B, H, T, D)."""
        q, k, v = (split_heads(part, self.config.n_heads) for part in self.qkv(x).chunk(3, -1))
        return (
            [rotate(q, start), rotate(k, start), v]
            if self.config.positions == "rotary"
            else [q, k, v]
        )

    def forward(
        self, x: torch.Tensor, past=None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """(B, T, C) and the keys and values of the tokens before (or None) -> (B, T, C), all keys
        and values.
        """
        start = past[0].shape[2] if past else 0
        q, k, v = self.heads(x, start)
        if past:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        T, S = q.shape[2], k.shape[2]
        mask = (
            causal_mask(T, S).to(x.device) if start and T > 1 else None
        )  # one new token may look at everything
        y = F.scaled_dot_product_attention(
            q, k, v, mask, is_causal=not start, dropout_p=self.config.dropout * self.training
        )
        return self.out(merge_heads(y)), (k, v)


class Block(nn.Module):
    """Attention, then a small network for each token; both are added to the stream, and each reads
    it normalised ("pre-norm").
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        C = config.d_model
        self.norm1, self.attention = nn.LayerNorm(C), SelfAttention(config)
        self.norm2, self.feed_forward = (
            nn.LayerNorm(C),
            nn.Sequential(nn.Linear(C, 4 * C), nn.GELU(), nn.Linear(4 * C, C)),
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: torch.Tensor, past=None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """(B, T, C) and the block's keys and values before -> the same, one layer up."""
        y, past = self.attention(self.norm1(x), past)
        x = x + self.dropout(y)
        return x + self.dropout(self.feed_forward(self.norm2(x))), past


class GPT(LanguageModel):
    """Next-token logits from all tokens before.

    Args:
        config: sizes.

    The output layer is the embedding, transposed (Press and Wolf, 2017): a token's vector is also
    what asks for it.

    Source: Radford et al. (2019), "Language models are unsupervised multitask learners", section
    2.3.

    Raises:
        CourseError: a size is out of range.
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        for name in ("vocab_size", "context_length", "n_layers", "n_heads", "d_model"):
            check_argument(name, getattr(config, name), whole(1))
        check_argument("dropout", config.dropout, real(0, below=1))
        check_argument("positions", config.positions, one_of(*POSITIONS))
        check_arguments("GPTConfig", {"initializer_range": real(above=0, high=1)}, vars(config))
        if config.d_model % (config.n_heads * (2 if config.positions == "rotary" else 1)):
            need = "into heads of even width" if config.positions == "rotary" else "evenly"
            raise CourseError(
                f"d_model = {config.d_model} must divide {need} among {config.n_heads} "
                f"heads; try {24 * config.n_heads}."
            )
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.places = (
            nn.Embedding(config.context_length, config.d_model)
            if config.positions == "learned"
            else None
        )
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.d_model)
        self.apply(self._start)
        for block in self.blocks:  # what 2 n_layers parts add to the stream keeps its size together
            for layer in (block.attention.out, block.feed_forward[2]):
                nn.init.normal_(
                    layer.weight, std=config.initializer_range / math.sqrt(2 * config.n_layers)
                )

    def _start(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Tokens (B, T) -> logits (B, T, V)."""
        return self.read(tokens)[0]

    def read(self, tokens: torch.Tensor, state=None) -> tuple[torch.Tensor, list]:
        """Tokens (B, T) and the KV cache of those before, or None -> logits (B, T, V), the cache
        with these in it.

        Raises:
            CourseError: more tokens than `context_length`.
        """
        start = state[0][0].shape[2] if state else 0
        x, cache = self.embed(tokens, start), []
        for i, block in enumerate(self.blocks):
            x, past = block(x, state[i] if state else None)
            cache.append(past)
        return F.linear(self.norm(x), self.embedding.weight), cache

    def embed(self, tokens: torch.Tensor, start: int = 0) -> torch.Tensor:
        """Tokens (B, T), the first at place `start` -> vectors (B, T, C)."""
        end = start + check_ids(tokens).shape[1]
        if end > self.config.context_length:
            raise CourseError(
                f"This GPT looks at {self.config.context_length} tokens at most, not "
                f"{end}: less text, or a longer context_length."
            )
        x = self.embedding(tokens)
        return self.dropout(x if self.places is None else x + self.places.weight[start:end])

    @torch.no_grad()
    def attention(self, tokens: torch.Tensor) -> torch.Tensor:
        """Who looks at whom: tokens (B, T) -> weights (B, n_layers, H, T, T), each row summing to
        1.
        """
        with evaluating(self):
            x, layers = self.embed(tokens), []
            for block in self.blocks:
                q, k, _ = block.attention.heads(block.norm1(x))
                layers.append(
                    attention_weights(q, k, causal_mask(*tokens.shape[1:] * 2).to(x.device))
                )
                x, _ = block(x)
        return torch.stack(layers, 1)


@contextlib.contextmanager
def silenced(model: GPT, heads: Sequence[tuple[int, int]]):
    """For ablation: within this block, some heads, given as (layer, head), add nothing to the
    stream.
    """
    kept = [block.attention.out.weight.detach().clone() for block in model.blocks]
    D = model.config.d_model // model.config.n_heads
    for layer, head in heads:
        model.blocks[layer].attention.out.weight.data[:, head * D : (head + 1) * D] = 0
    try:
        yield model
    finally:
        for block, weight in zip(model.blocks, kept, strict=True):
            block.attention.out.weight.data.copy_(weight)
