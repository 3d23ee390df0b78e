"""The Transformer of the 2017 paper: an encoder reads a text, a decoder writes another while
looking at it.

    source (B, S) -> encoder -> memory (B, S, C);   target so far (B, T), memory -> decoder ->
    logits (B, T, V)

Shapes: B batch, S and T time of source and target, V vocabulary, C = d_model, H heads. Id 0 is
padding, 1 begins and ends a text.

Source: Vaswani et al. (2017), "Attention is all you need". As in `torch.nn.Transformer`, a last
layer norm stands behind each stack, which the paper does not have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.core.arguments import check_argument, real, whole
from aigc_course.core.errors import CourseError
from aigc_course.models.base import check_ids
from aigc_course.models.text.gpt import (
    attention_weights,
    causal_mask,
    merge_heads,
    split_heads,
)
from aigc_course.models.text.language_model import trim


@dataclass(frozen=True)
class Seq2SeqConfig:
    """Sizes of an encoder-decoder Transformer.

    Attributes:
        source_vocab, target_vocab: different tokens of the two languages.
        n_layers: of the encoder, and of the decoder.
        n_heads: H, heads of every attention; divides d_model.
        d_model: C, width of a token's vector, even.
        d_ff: width of the feed-forward network.
        dropout: share of activations set to 0, in training only.
    """

    source_vocab: int
    target_vocab: int
    n_layers: int = 2
    n_heads: int = 4
    d_model: int = 128
    d_ff: int = 512
    dropout: float = 0.0


def sinusoids(T: int, C: int) -> torch.Tensor:
    """(T, C) position vectors: sin(t / 10000^(2i / C)) at 2i, the cosine at 2i + 1.

    Source: Vaswani et al. (2017), section 3.5.
    """
    angles = torch.arange(T)[:, None] * 10000 ** (-torch.arange(0, C, 2) / C)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


def padding_mask(ids: torch.Tensor) -> torch.Tensor:
    """(B, S) ids -> (B, 1, 1, S) booleans, True where a token may be looked at: it is no
    padding.
    """
    return (ids != 0)[:, None, None, :]


class Attention(nn.Module):
    """Queries from one sequence, keys and values from another (or the same), H heads side by
    side.
    """

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        C = config.d_model
        self.n_heads = config.n_heads
        self.q, self.k, self.v, self.out = (nn.Linear(C, C) for _ in range(4))

    def weights(self, x: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Who looks at whom: (B, T, C), (B, S, C), mask to (B, H, T, S) -> (B, H, T, S)."""
        return attention_weights(
            split_heads(self.q(x), self.n_heads), split_heads(self.k(memory), self.n_heads), mask
        )

    def forward(self, x: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """(B, T, C), (B, S, C), mask to (B, H, T, S) -> (B, T, C)."""
        q, k, v = (
            split_heads(layer(y), self.n_heads)
            for layer, y in ((self.q, x), (self.k, memory), (self.v, memory))
        )
        return self.out(merge_heads(F.scaled_dot_product_attention(q, k, v, mask)))


class EncoderLayer(nn.Module):
    """Self-attention, then feed-forward; each added to what came in, then normalised
    ("post-norm").
    """

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        C = config.d_model
        self.attention, self.norm1, self.norm2 = Attention(config), nn.LayerNorm(C), nn.LayerNorm(C)
        self.feed_forward = nn.Sequential(
            nn.Linear(C, config.d_ff), nn.ReLU(), nn.Linear(config.d_ff, C)
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """(B, S, C), mask -> (B, S, C)."""
        x = self.norm1(x + self.dropout(self.attention(x, x, mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))


class DecoderLayer(nn.Module):
    """Self-attention that looks back, cross-attention to the source, feed-forward."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        C = config.d_model
        self.attention, self.cross = Attention(config), Attention(config)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(C) for _ in range(3))
        self.feed_forward = nn.Sequential(
            nn.Linear(C, config.d_ff), nn.ReLU(), nn.Linear(config.d_ff, C)
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor, memory_mask: torch.Tensor
    ) -> torch.Tensor:
        """(B, T, C), (B, S, C), their masks -> (B, T, C)."""
        x = self.norm1(x + self.dropout(self.attention(x, x, mask)))
        x = self.norm2(x + self.dropout(self.cross(x, memory, memory_mask)))
        return self.norm3(x + self.dropout(self.feed_forward(x)))


class Seq2Seq(nn.Module):
    """Translates: the next target token's logits from the whole source and the target so far.

    Args:
        config: sizes.

    Raises:
        CourseError: a size is out of range.
    """

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        for name in ("source_vocab", "target_vocab", "n_layers", "n_heads", "d_model", "d_ff"):
            check_argument(name, getattr(config, name), whole(1))
        check_argument("dropout", config.dropout, real(0, below=1))
        if config.d_model % config.n_heads or config.d_model % 2:
            raise CourseError(
                f"d_model = {config.d_model} must be even and divide among "
                f"{config.n_heads} heads; try {32 * config.n_heads}."
            )
        self.config = config
        self.source, self.target = (
            nn.Embedding(V, config.d_model) for V in (config.source_vocab, config.target_vocab)
        )
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.n_layers))
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.n_layers))
        self.encoder_norm, self.decoder_norm = (
            nn.LayerNorm(config.d_model),
            nn.LayerNorm(config.d_model),
        )
        self.dropout = nn.Dropout(config.dropout)
        for weight in self.parameters():
            if weight.dim() > 1:
                nn.init.xavier_uniform_(weight)
        for embedding in (self.source, self.target):
            nn.init.normal_(embedding.weight, std=config.d_model**-0.5)

    def embed(self, ids: torch.Tensor, table: nn.Embedding) -> torch.Tensor:
        """Ids (B, T) -> vectors with positions (B, T, C); the square root keeps embeddings as large
        as positions.
        """
        C = self.config.d_model
        return self.dropout(
            table(check_ids(ids)) * math.sqrt(C) + sinusoids(ids.shape[1], C).to(ids.device)
        )

    def encode(self, source: torch.Tensor) -> torch.Tensor:
        """Source (B, S) -> memory (B, S, C)."""
        x, mask = self.embed(source, self.source), padding_mask(source)
        for layer in self.encoder:
            x = layer(x, mask)
        return self.encoder_norm(x)

    def decode(
        self, target: torch.Tensor, memory: torch.Tensor, source: torch.Tensor
    ) -> torch.Tensor:
        """Target so far (B, T), memory (B, S, C) of source (B, S) -> logits (B, T, V)."""
        x, T = self.embed(target, self.target), target.shape[1]
        mask = causal_mask(T, T).to(x.device)  # padding stands last, so that no real token sees it
        for layer in self.decoder:
            x = layer(x, memory, mask, padding_mask(source))
        return F.linear(self.decoder_norm(x), self.target.weight)

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Source (B, S), target (B, T) beginning with 1 -> logits (B, T, V) of the token after
        each.
        """
        return self.decode(target, self.encode(source), source)

    @torch.no_grad()
    def alignment(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Cross-attention of every decoder layer: (B, S), (B, T) -> (B, n_layers, H, T, S)."""
        memory, x, found = self.encode(source), self.embed(target, self.target), []
        mask = causal_mask(*[target.shape[1]] * 2).to(x.device)
        for layer in self.decoder:
            asking = layer.norm1(x + layer.attention(x, x, mask))
            found.append(layer.cross.weights(asking, memory, padding_mask(source)))
            x = layer(x, memory, mask, padding_mask(source))
        return torch.stack(found, 1)

    def load_torch(self, theirs: nn.Transformer) -> Seq2Seq:
        """Take over the weights of a `torch.nn.Transformer(..., batch_first=True)` of the same
        sizes; it has no embeddings.
        """
        with torch.no_grad():
            for ours, layers in (
                (self.encoder, theirs.encoder.layers),
                (self.decoder, theirs.decoder.layers),
            ):
                for mine, other in zip(ours, layers, strict=True):
                    _take_layer(mine, other)
            self.encoder_norm.load_state_dict(theirs.encoder.norm.state_dict())
            self.decoder_norm.load_state_dict(theirs.decoder.norm.state_dict())
        return self


def _take_layer(mine: nn.Module, other: nn.Module) -> None:
    _take_attention(mine.attention, other.self_attn)
    if isinstance(mine, DecoderLayer):
        _take_attention(mine.cross, other.multihead_attn)
        mine.norm3.load_state_dict(other.norm3.state_dict())
    for name in ("norm1", "norm2"):
        getattr(mine, name).load_state_dict(getattr(other, name).state_dict())
    mine.feed_forward[0].load_state_dict(other.linear1.state_dict())
    mine.feed_forward[2].load_state_dict(other.linear2.state_dict())


def _take_attention(mine: Attention, other: nn.MultiheadAttention) -> None:
    for name, weight, bias in zip(
        "qkv", other.in_proj_weight.chunk(3), other.in_proj_bias.chunk(3), strict=True
    ):
        getattr(mine, name).load_state_dict({"weight": weight, "bias": bias})
    mine.out.load_state_dict(other.out_proj.state_dict())


def translation_loss(
    model: Seq2Seq, batch: tuple[torch.Tensor, ...], smoothing: float = 0.1
) -> torch.Tensor:
    """Teacher forcing with label smoothing: source (B, S) and target (B, T), both padded with 0 ->
    a scalar in nats.

    Source: Szegedy et al. (2016), "Rethinking the Inception architecture", section 7.
    """
    source, target = map(trim, batch[:2])
    logits = model(source, target[:, :-1])
    return F.cross_entropy(
        logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=0, label_smoothing=smoothing
    )
