"""The GPT: a stack of blocks in which every token attends to itself and to all tokens before it.

    tokens (B, T) -> vectors (B, T, C) -> n_layers blocks -> layer norm -> logits (B, T, V)

Shapes: B batch, T time, S time with cached tokens, V vocabulary, C = d_model, H heads, D = C / H.
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
        vocab_size: V, number of different tokens.
        context_length: largest number of tokens that the model can attend to.
        n_layers: number of blocks.
        n_heads: H, heads in each block; divides d_model.
        d_model: C, width of a token's vector.
        positions: "rotary" (Su et al., 2021) or "learned" (a vector for each position, as in
            GPT-2).
        dropout: share of activations set to 0, in training only.
        initializer_range: standard deviation of the initial weights. GPT-2's 0.02 suits C = 768. A
            sum of C products grows with the square root of C, so a narrower model learns faster
            with a larger value, such as 0.06 for C = 96.
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
    """Return a (T, S) boolean mask that is True where a query may attend to a key.

    The queries are the last T of S tokens; each may attend to itself and to all tokens before it.
    """
    return torch.ones(T, S, dtype=torch.bool).tril(S - T)  # row t allows columns up to S - T + t


def attention_weights(
    q: torch.Tensor, k: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the attention weights softmax(q k^T / sqrt(D)).

    Args:
        q: queries (..., T, D).
        k: keys (..., S, D).
        mask: (..., T, S), True where a query may attend to a key; None allows all.

    Returns:
        (..., T, S), each row summing to 1.

    Source: Vaswani et al. (2017), equation 1.
    """
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (..., T, D) @ (..., D, S)
    # A weight of exactly 0 after the softmax: exp(-inf) = 0.
    return (scores if mask is None else scores.masked_fill(~mask, -math.inf)).softmax(-1)


def split_heads(x: torch.Tensor, n_heads: int) -> torch.Tensor:
    """Split (B, T, C) into (B, H, T, D), so that each head gets a slice of every token's vector."""
    B, T, C = x.shape
    return x.view(B, T, n_heads, C // n_heads).transpose(1, 2)  # (B, T, H, D) -> (B, H, T, D)


def merge_heads(x: torch.Tensor) -> torch.Tensor:
    """Merge (B, H, T, D) into (B, T, C), the inverse of `split_heads`."""
    return x.transpose(1, 2).flatten(2)  # (B, T, H, D) -> (B, T, H * D)


def rotate(x: torch.Tensor, start: int = 0) -> torch.Tensor:
    """Rotate each pair (x_i, x_(i + D/2)) of a vector at position t by t / 10000^(2 i / D) radians.

    The dot product of two rotated vectors depends on the distance between their positions, not on
    the positions themselves.

    Args:
        x: (..., T, D), D even.
        start: position of the first vector.

    Returns:
        (..., T, D).

    Source: Su et al. (2021), "RoFormer", equations 14 and 15; pairs as in GPT-NeoX.
    """
    T, D = x.shape[-2:]
    speeds = 10000 ** (-torch.arange(0, D, 2, device=x.device) / D)  # (D / 2,)
    angles = torch.arange(start, start + T, device=x.device)[:, None] * speeds  # (T, D / 2)
    a, b = x.chunk(2, -1)  # each (..., T, D / 2)
    # The rotation of the plane, (a, b) -> (a cos - b sin, b cos + a sin), for all pairs at once.
    return torch.cat([a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], -1)


class SelfAttention(nn.Module):
    """Causal self-attention with H heads side by side.

    Every token compares its query with the keys of all tokens up to itself and receives the mean of
    their values, weighted by the attention weights.
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.config = config
        self.qkv = nn.Linear(config.d_model, 3 * config.d_model)  # all three in one product
        self.out = nn.Linear(config.d_model, config.d_model)

    def heads(self, x: torch.Tensor, start: int = 0) -> list[torch.Tensor]:
        """Compute queries, keys and values, each (B, H, T, D), of vectors (B, T, C).

        Args:
            x: (B, T, C).
            start: position of the first token.
        """
        # (B, T, C) -> (B, T, 3 C) -> three times (B, T, C) -> three times (B, H, T, D)
        q, k, v = (split_heads(part, self.config.n_heads) for part in self.qkv(x).chunk(3, -1))
        return (
            [rotate(q, start), rotate(k, start), v]
            if self.config.positions == "rotary"
            else [q, k, v]
        )

    def forward(
        self, x: torch.Tensor, past=None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Attend from every token to itself and to all tokens before it.

        Args:
            x: (B, T, C).
            past: keys and values of the S - T tokens before, each (B, H, S - T, D), or None.

        Returns:
            (B, T, C), and the keys and values of all tokens, each (B, H, S, D).
        """
        start = past[0].shape[2] if past else 0  # S - T
        q, k, v = self.heads(x, start)  # each (B, H, T, D)
        if past:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)  # each (B, H, S, D)
        T, S = q.shape[2], k.shape[2]
        mask = (
            causal_mask(T, S).to(x.device) if start and T > 1 else None
        )  # (T, S); a single new token may attend to everything and needs no mask
        y = F.scaled_dot_product_attention(
            q, k, v, mask, is_causal=not start, dropout_p=self.config.dropout * self.training
        )  # (B, H, T, D)
        return self.out(merge_heads(y)), (k, v)  # (B, T, C)


class Block(nn.Module):
    """A Transformer block: self-attention, then a small feed-forward network for each token.

    The output of both is added to the residual stream, and both read the stream after a layer norm
    ("pre-norm").
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        C = config.d_model
        self.norm1, self.attention = nn.LayerNorm(C), SelfAttention(config)
        self.norm2, self.feed_forward = (
            nn.LayerNorm(C),
            nn.Sequential(nn.Linear(C, 4 * C), nn.GELU(), nn.Linear(4 * C, C)),  # C -> 4 C -> C
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: torch.Tensor, past=None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Return the block's output (B, T, C) for x (B, T, C), and its keys and values.

        The keys and values, `past` among them, are as in `SelfAttention.forward`.
        """
        y, past = self.attention(self.norm1(x), past)  # (B, T, C), keys and values (B, H, S, D)
        x = x + self.dropout(y)
        return x + self.dropout(self.feed_forward(self.norm2(x))), past  # (B, T, C)


class GPT(LanguageModel):
    """A language model that computes the logits of the next token from all tokens before it.

    Args:
        config: sizes.

    The output layer uses the weights of the embedding (Press and Wolf, 2017): the logit of a token
    is the inner product of its embedding with the final vector.

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
        # Each block adds to the residual stream twice. The smaller weights keep the sum of these
        # 2 n_layers terms as large as a single one would be with initializer_range.
        for block in self.blocks:
            for layer in (block.attention.out, block.feed_forward[2]):
                nn.init.normal_(
                    layer.weight, std=config.initializer_range / math.sqrt(2 * config.n_layers)
                )

    def _start(self, module: nn.Module) -> None:
        """Initialize the weights of one module; biases start at 0."""
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the logits (B, T, V) of the token after each of the tokens (B, T)."""
        return self.read(tokens)[0]

    def read(self, tokens: torch.Tensor, state=None) -> tuple[torch.Tensor, list]:
        """Return the logits (B, T, V) after each token, and the KV cache with these tokens added.

        Args:
            tokens: (B, T).
            state: the KV cache of the tokens before, one (keys, values) for each block, or None.

        Raises:
            CourseError: there are more tokens than `context_length`.
        """
        start = state[0][0].shape[2] if state else 0  # keys are (B, H, start, D)
        x, cache = self.embed(tokens, start), []  # x is (B, T, C)
        for i, block in enumerate(self.blocks):
            x, past = block(x, state[i] if state else None)
            cache.append(past)  # keys and values, each (B, H, start + T, D)
        return F.linear(self.norm(x), self.embedding.weight), cache  # (B, T, C) @ (C, V)

    def embed(self, tokens: torch.Tensor, start: int = 0) -> torch.Tensor:
        """Return the vectors (B, T, C) of tokens (B, T), the first of them at position `start`."""
        end = start + check_ids(tokens).shape[1]
        if end > self.config.context_length:
            raise CourseError(
                f"This GPT looks at {self.config.context_length} tokens at most, not "
                f"{end}: less text, or a longer context_length."
            )
        x = self.embedding(tokens)  # (B, T, C)
        # Rotary positions are not added here: each attention layer rotates its queries and keys.
        return self.dropout(x if self.places is None else x + self.places.weight[start:end])

    @torch.no_grad()
    def attention(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the attention weights (B, n_layers, H, T, T) of tokens (B, T).

        The weights of each query sum to 1.
        """
        with evaluating(self):
            x, layers = self.embed(tokens), []  # x is (B, T, C)
            for block in self.blocks:
                q, k, _ = block.attention.heads(block.norm1(x))  # each (B, H, T, D)
                layers.append(
                    attention_weights(q, k, causal_mask(*tokens.shape[1:] * 2).to(x.device))
                )  # (B, H, T, T)
                x, _ = block(x)
        return torch.stack(layers, 1)  # (B, n_layers, H, T, T)


@contextlib.contextmanager
def silenced(model: GPT, heads: Sequence[tuple[int, int]]):
    """Set the output of some attention heads to zero within a `with` block, for an ablation.

    Args:
        model: a GPT; its weights are restored at the end of the block.
        heads: (layer, head) of each head.
    """
    # The output layer (C, C) reads head h from its columns h * D to (h + 1) * D.
    kept = [block.attention.out.weight.detach().clone() for block in model.blocks]
    D = model.config.d_model // model.config.n_heads
    for layer, head in heads:
        model.blocks[layer].attention.out.weight.data[:, head * D : (head + 1) * D] = 0
    try:
        yield model
    finally:
        for block, weight in zip(model.blocks, kept, strict=True):
            block.attention.out.weight.data.copy_(weight)
