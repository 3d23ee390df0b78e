"""Words as vectors: by counting (PPMI and SVD), and by a network (skip-gram with negative
sampling).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.core.arguments import array, checked, tokenized, whole
from aigc_course.core.errors import CourseError


@checked(texts=tokenized(of=int), size=whole(1, 50_000), window=whole(1, 1000))
def cooccurrence(texts: Iterable[Sequence[int]], size: int, window: int) -> np.ndarray:
    """How often two tokens stand at most `window` apart.

    Args:
        texts: ids, each in [0, size).
        size: V.
        window: tokens to each side, 1 or more.

    Returns:
        (V, V) float64, symmetric.
    """
    counts = np.zeros((size, size))
    for ids in texts:
        ids = np.asarray(ids, dtype=np.int64)
        if len(ids) and not 0 <= ids.min() <= ids.max() < size:
            raise CourseError(f"ids must be 0 to {size - 1}; got {ids.min()} to {ids.max()}.")
        for distance in range(1, window + 1):
            np.add.at(counts, (ids[:-distance], ids[distance:]), 1)
    return counts + counts.T


@checked(counts=array(2, low=0))
def ppmi(counts: np.ndarray) -> np.ndarray:
    """Positive pointwise mutual information, max(0, log2 p(a, b) / (p(a) p(b))); 0 where nothing
    was counted.

    Args:
        counts: (V, V), not negative.

    Returns:
        (V, V) in bits.

    Source: Church and Hanks (1990); the positive part after Bullinaria and Levy (2007).
    """
    counts = np.asarray(counts, dtype=np.float64)
    total = counts.sum()
    if total <= 0:
        raise CourseError("ppmi needs counts that are not all zero.")
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log2(
            counts * total / (counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True))
        )
    return np.where(counts > 0, np.maximum(pmi, 0), 0)


@checked(matrix=array(2), width=whole(1))
def svd_vectors(matrix: np.ndarray, width: int) -> np.ndarray:
    """Rows of the best approximation of rank `width`: (V, width), the left singular vectors times
    the root of the singular values.

    Source: Levy, Goldberg and Dagan (2015), "Improving distributional similarity with lessons
    learned from word embeddings", section 3.
    """
    if width > min(np.shape(matrix)):
        raise CourseError(
            f"svd_vectors: width must be at most {min(np.shape(matrix))} for a matrix of "
            f"shape {np.shape(matrix)}, not {width}."
        )
    u, s, _ = np.linalg.svd(np.asarray(matrix, dtype=np.float64), full_matrices=False)
    u, s = u[:, :width], s[:width]
    u = u * np.sign(
        u[np.abs(u).argmax(0), np.arange(u.shape[1])]
    )  # a singular vector's sign is arbitrary: make it always the same
    return u * np.sqrt(s)


@checked(vectors=array(2), i=whole(), n=whole(1))
def nearest(vectors: np.ndarray, i: int, n: int) -> list[int]:
    """Indices of the `n` rows with the largest cosine to row `i`, itself left out."""
    if i >= len(vectors):
        raise CourseError(
            f"nearest: i must be the index of one of the {len(vectors)} rows, not {i}."
        )
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    order = np.argsort(-(unit @ unit[i]), kind="stable")
    return [int(j) for j in order if j != i][:n]


@checked(vectors=array(2), groups=tokenized(1), n=whole(1))
def purity(vectors: np.ndarray, groups: Sequence[Sequence[int]], n: int = 3) -> float:
    """Mean share, over all words in groups, of the `n` nearest among all rows that are in the
    word's own group; in [0, 1].
    """
    if any(
        not isinstance(i, int | np.integer) or not 0 <= i < len(vectors)
        for group in groups
        for i in group
    ) or not any(map(len, groups)):
        raise CourseError(
            f"purity: groups must be lists of indices of the {len(vectors)} rows, with "
            "at least one."
        )
    shares = [len(set(nearest(vectors, i, n)) & set(group)) / n for group in groups for i in group]
    return float(np.mean(shares))


class SkipGram(nn.Module):
    """Two vectors a word, one as centre and one as context; their inner product says how well the
    two go together.

    Args:
        size: V.
        width: of the vectors.

    Source: Mikolov et al. (2013), "Distributed representations of words and phrases and their
    compositionality", section 2.2.
    """

    @checked(size=whole(1), width=whole(1))
    def __init__(self, size: int, width: int):
        super().__init__()
        self.centre = nn.Embedding(size, width)
        self.context = nn.Embedding(size, width)
        nn.init.normal_(self.centre.weight, std=width**-0.5)
        nn.init.zeros_(self.context.weight)

    def forward(self, centre: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Ids (B,) and (B,) or (B, K) -> inner products of the same shape as `context`."""
        u, v = self.centre(centre), self.context(context)
        return (u * v).sum(-1) if context.dim() == 1 else torch.einsum("bd,bkd->bk", u, v)


def negative_sampling_loss(positive: torch.Tensor, negative: torch.Tensor) -> torch.Tensor:
    """-log sigmoid(positive) - sum over K of log sigmoid(-negative), averaged over the batch; a
    scalar, in nats.

    Args:
        positive: (B,) scores of pairs that were seen.
        negative: (B, K) scores of pairs with a random context.

    Source: Mikolov et al. (2013), equation 4.
    """
    return -(F.logsigmoid(positive) + F.logsigmoid(-negative).sum(-1)).mean()


@checked(texts=tokenized(of=int), window=whole(1, 1000))
def window_pairs(texts: Iterable[Sequence[int]], window: int) -> torch.Tensor:
    """(N, 2) ids: every token with every other at most `window` away."""
    pairs = [torch.empty(0, 2, dtype=torch.int64)]
    for ids in texts:
        row = torch.tensor(ids, dtype=torch.int64)
        for distance in range(1, window + 1):
            near = torch.stack([row[:-distance], row[distance:]], 1)
            pairs += [near, near.flip(1)]
    return torch.cat(pairs)
