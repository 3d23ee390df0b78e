"""The Transformer of the 2017 paper, an encoder and a decoder, which turns one text into another.

    source (B, S) -> encoder -> memory (B, S, C)
    target so far (B, T), memory -> decoder -> logits (B, T, V)

Shapes: B batch, S and T time of source and target, V vocabulary, C = d_model, H heads, D = C / H.
Id 0 is padding; id 1 begins and ends a text.

Source: Vaswani et al. (2017), "Attention is all you need". As in `torch.nn.Transformer`, a final
layer norm follows each stack, which the paper does not have.
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
        source_vocab, target_vocab: numbers of different tokens of the two languages.
        n_layers: number of layers of the encoder, and of the decoder.
        n_heads: H, heads of every attention; divides d_model.
        d_model: C, width of a token's vector, even.
        d_ff: hidden width of the feed-forward network.
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
    """Return (T, C) position vectors: sin(t / 10000^(2i / C)) at index 2i, the cosine at 2i + 1.

    Source: Vaswani et al. (2017), section 3.5.
    """
    angles = torch.arange(T)[:, None] * 10000 ** (-torch.arange(0, C, 2) / C)  # (T, C / 2)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)  # (T, C / 2, 2) -> (T, C)


def padding_mask(ids: torch.Tensor) -> torch.Tensor:
    """Return a mask (B, 1, 1, S) of ids (B, S) that is True where a token is not padding.

    Attention broadcasts the mask over heads and queries, so that no query attends to padding.
    """
    return (ids != 0)[:, None, None, :]  # (B, S) -> (B, 1, 1, S)


class Attention(nn.Module):
    """Multi-head attention of one sequence (queries) to another or itself (keys and values)."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        C = config.d_model
        self.n_heads = config.n_heads
        self.q, self.k, self.v, self.out = (nn.Linear(C, C) for _ in range(4))

    def weights(self, x: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the attention weights (B, H, T, S) of every query over all keys.

        Args:
            x: (B, T, C), the source of the queries.
            memory: (B, S, C), the source of the keys.
            mask: broadcastable to (B, H, T, S), True where a query may attend to a key.
        """
        # (B, H, T, D) against (B, H, S, D)
        return attention_weights(
            split_heads(self.q(x), self.n_heads), split_heads(self.k(memory), self.n_heads), mask
        )

    def forward(self, x: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Attend from every position of `x` to the positions of `memory` that the mask allows.

        Args:
            x: (B, T, C), the source of the queries.
            memory: (B, S, C), the source of the keys and values.
            mask: broadcastable to (B, H, T, S), True where a query may attend to a key.

        Returns:
            (B, T, C).
        """
        q, k, v = (
            split_heads(layer(y), self.n_heads)
            for layer, y in ((self.q, x), (self.k, memory), (self.v, memory))
        )  # q is (B, H, T, D), k and v are (B, H, S, D)
        # (B, H, T, D) -> (B, T, C)
        return self.out(merge_heads(F.scaled_dot_product_attention(q, k, v, mask)))


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward network for each token.

    The output of each is added to its input, and the sum is normalized ("post-norm").
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
        """Transform source vectors (B, S, C) into (B, S, C) under a padding mask (B, 1, 1, S)."""
        x = self.norm1(x + self.dropout(self.attention(x, x, mask)))  # (B, S, C)
        return self.norm2(x + self.dropout(self.feed_forward(x)))  # C -> d_ff -> C


class DecoderLayer(nn.Module):
    """Causal self-attention, cross-attention to the encoder's output, a feed-forward network."""

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
        """Transform target vectors (B, T, C) into (B, T, C).

        Args:
            x: (B, T, C).
            memory: (B, S, C), the encoder's output.
            mask: for the self-attention, broadcastable to (B, H, T, T).
            memory_mask: for the cross-attention, broadcastable to (B, H, T, S).
        """
        x = self.norm1(x + self.dropout(self.attention(x, x, mask)))
        x = self.norm2(x + self.dropout(self.cross(x, memory, memory_mask)))  # (B, T, C)
        return self.norm3(x + self.dropout(self.feed_forward(x)))  # C -> d_ff -> C


class Seq2Seq(nn.Module):
    """A translation model: logits of the next target token from the source and the target so far.

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
        """Return the vectors (B, T, C) of ids (B, T), with the position vectors added.

        The factor sqrt(C) gives embeddings the same order of size as the position vectors.
        """
        C = self.config.d_model
        return self.dropout(  # (B, T, C) + (T, C)
            table(check_ids(ids)) * math.sqrt(C) + sinusoids(ids.shape[1], C).to(ids.device)
        )

    def encode(self, source: torch.Tensor) -> torch.Tensor:
        """Encode source ids (B, S) as memory (B, S, C)."""
        # (B, S, C) and (B, 1, 1, S)
        x, mask = self.embed(source, self.source), padding_mask(source)
        for layer in self.encoder:
            x = layer(x, mask)  # (B, S, C)
        return self.encoder_norm(x)

    def decode(
        self, target: torch.Tensor, memory: torch.Tensor, source: torch.Tensor
    ) -> torch.Tensor:
        """Return the logits (B, T, V) of the token after each target token.

        Args:
            target: ids (B, T), the target so far.
            memory: (B, S, C), the encoded source.
            source: ids (B, S), needed for the padding mask.
        """
        x, T = self.embed(target, self.target), target.shape[1]  # x is (B, T, C)
        # (T, T); padding comes last, so that the causal mask hides it from every real token
        mask = causal_mask(T, T).to(x.device)
        for layer in self.decoder:
            x = layer(x, memory, mask, padding_mask(source))  # (B, T, C)
        return F.linear(self.decoder_norm(x), self.target.weight)  # (B, T, C) @ (C, V)

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the logits (B, T, V) of the token after each target token.

        Args:
            source: ids (B, S).
            target: ids (B, T), beginning with 1.
        """
        return self.decode(target, self.encode(source), source)

    @torch.no_grad()
    def alignment(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the cross-attention weights (B, n_layers, H, T, S) of every decoder layer.

        Args:
            source: ids (B, S).
            target: ids (B, T).
        """
        # (B, S, C) and (B, T, C)
        memory, x, found = self.encode(source), self.embed(target, self.target), []
        mask = causal_mask(*[target.shape[1]] * 2).to(x.device)  # (T, T)
        for layer in self.decoder:
            asking = layer.norm1(x + layer.attention(x, x, mask))  # (B, T, C), as in the layer
            found.append(layer.cross.weights(asking, memory, padding_mask(source)))  # (B, H, T, S)
            x = layer(x, memory, mask, padding_mask(source))  # (B, T, C)
        return torch.stack(found, 1)  # (B, n_layers, H, T, S)

    def load_torch(self, theirs: nn.Transformer) -> Seq2Seq:
        """Copy the weights of a `torch.nn.Transformer(..., batch_first=True)` of the same sizes.

        Embeddings are left as they are, because `torch.nn.Transformer` has none.
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
    """Copy the weights of one encoder or decoder layer of PyTorch."""
    _take_attention(mine.attention, other.self_attn)
    if isinstance(mine, DecoderLayer):
        _take_attention(mine.cross, other.multihead_attn)
        mine.norm3.load_state_dict(other.norm3.state_dict())
    for name in ("norm1", "norm2"):
        getattr(mine, name).load_state_dict(getattr(other, name).state_dict())
    mine.feed_forward[0].load_state_dict(other.linear1.state_dict())
    mine.feed_forward[2].load_state_dict(other.linear2.state_dict())


def _take_attention(mine: Attention, other: nn.MultiheadAttention) -> None:
    """Copy the weights of one attention layer of PyTorch."""
    # PyTorch keeps the three projections as one (3 C, C) matrix.
    for name, weight, bias in zip(
        "qkv", other.in_proj_weight.chunk(3), other.in_proj_bias.chunk(3), strict=True
    ):
        getattr(mine, name).load_state_dict({"weight": weight, "bias": bias})
    mine.out.load_state_dict(other.out_proj.state_dict())


def translation_loss(
    model: Seq2Seq, batch: tuple[torch.Tensor, ...], smoothing: float = 0.1
) -> torch.Tensor:
    """Return the loss of predicting each target token from those before it, with label smoothing.

    Args:
        model: the translation model.
        batch: source (B, S) and target (B, T), both ids padded with 0.
        smoothing: share of the target probability that is spread over the whole vocabulary.

    Returns:
        A scalar in nats, the mean over target tokens that are not padding.

    Source: Szegedy et al. (2016), "Rethinking the Inception architecture", section 7.
    """
    source, target = map(trim, batch[:2])
    logits = model(source, target[:, :-1])  # (B, T - 1, V)
    return F.cross_entropy(  # (B * (T - 1), V) against (B * (T - 1),)
        logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=0, label_smoothing=smoothing
    )
