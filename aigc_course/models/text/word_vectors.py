"""Word vectors from counts (PPMI, SVD) and from a network (skip-gram with negative sampling)."""

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
    """Count how often two tokens stand at most `window` apart.

    Args:
        texts: ids, each in [0, size).
        size: V, size of the vocabulary.
        window: largest distance in tokens, to each side; 1 or more.

    Returns:
        (V, V) float64, symmetric.

    Raises:
        CourseError: an id is out of range.
    """
    counts = np.zeros((size, size))
    for ids in texts:
        ids = np.asarray(ids, dtype=np.int64)
        if len(ids) and not 0 <= ids.min() <= ids.max() < size:
            raise CourseError(f"ids must be 0 to {size - 1}; got {ids.min()} to {ids.max()}.")
        for distance in range(1, window + 1):
            np.add.at(counts, (ids[:-distance], ids[distance:]), 1)  # repeated pairs add up
    return counts + counts.T  # (V, V); so far each pair was counted in one direction only


@checked(counts=array(2, low=0))
def ppmi(counts: np.ndarray) -> np.ndarray:
    """Return the positive pointwise mutual information, max(0, log2 p(a, b) / (p(a) p(b))).

    Args:
        counts: (V, V), not negative.

    Returns:
        (V, V) in bits, 0 where nothing was counted.

    Source: Church and Hanks (1990); the positive part after Bullinaria and Levy (2007).

    Raises:
        CourseError: all counts are zero.
    """
    counts = np.asarray(counts, dtype=np.float64)
    total = counts.sum()
    if total <= 0:
        raise CourseError("ppmi needs counts that are not all zero.")
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log2(
            counts * total / (counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True))
        )  # (V, V) * scalar / ((V, 1) * (1, V))
    return np.where(counts > 0, np.maximum(pmi, 0), 0)


@checked(matrix=array(2), width=whole(1))
def svd_vectors(matrix: np.ndarray, width: int) -> np.ndarray:
    """Return vectors of length `width`, one for each row, by a singular value decomposition.

    They are the left singular vectors times the square root of the singular values.

    Args:
        matrix: (V, N).
        width: length of the vectors, at most the smaller of V and N.

    Returns:
        (V, width).

    Source: Levy, Goldberg and Dagan (2015), "Improving distributional similarity with lessons
    learned from word embeddings", section 3.

    Raises:
        CourseError: `width` is too large for the matrix.
    """
    if width > min(np.shape(matrix)):
        raise CourseError(
            f"svd_vectors: width must be at most {min(np.shape(matrix))} for a matrix of "
            f"shape {np.shape(matrix)}, not {width}."
        )
    u, s, _ = np.linalg.svd(np.asarray(matrix, dtype=np.float64), full_matrices=False)
    u, s = u[:, :width], s[:width]  # (V, width), (width,)
    u = u * np.sign(
        u[np.abs(u).argmax(0), np.arange(u.shape[1])]
    )  # the sign of a singular vector is arbitrary: make its largest entry positive
    return u * np.sqrt(s)


@checked(vectors=array(2), i=whole(), n=whole(1))
def nearest(vectors: np.ndarray, i: int, n: int) -> list[int]:
    """Return the indices of the `n` rows most similar to row `i` by cosine, without `i` itself.

    Args:
        vectors: (V, width).
        i: index of a row.
        n: number of neighbours.

    Raises:
        CourseError: `i` is not the index of a row.
    """
    if i >= len(vectors):
        raise CourseError(
            f"nearest: i must be the index of one of the {len(vectors)} rows, not {i}."
        )
    # (V, width), each row of length 1; a row of zeros stays zero
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    order = np.argsort(-(unit @ unit[i]), kind="stable")  # (V,) cosines, the largest first
    return [int(j) for j in order if j != i][:n]


@checked(vectors=array(2), groups=tokenized(1), n=whole(1))
def purity(vectors: np.ndarray, groups: Sequence[Sequence[int]], n: int = 3) -> float:
    """Return the mean share of the `n` nearest rows of a word that belong to the word's own group.

    Args:
        vectors: (V, width).
        groups: lists of indices of rows; the mean is taken over all of them.
        n: number of neighbours, taken from all V rows.

    Returns:
        A number in [0, 1].

    Raises:
        CourseError: a group holds something other than indices of rows, or all groups are empty.
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
    """Two vectors for each word, one as centre and one as context.

    The inner product of a centre vector and a context vector is the score of the pair.

    Args:
        size: V, size of the vocabulary.
        width: length of the vectors.

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
        """Return the scores of pairs of words.

        Args:
            centre: ids (B,).
            context: ids (B,) or (B, K).

        Returns:
            Inner products of the same shape as `context`.
        """
        u, v = self.centre(centre), self.context(context)  # (B, D), (B, D) or (B, K, D)
        return (u * v).sum(-1) if context.dim() == 1 else torch.einsum("bd,bkd->bk", u, v)


def negative_sampling_loss(positive: torch.Tensor, negative: torch.Tensor) -> torch.Tensor:
    """Return the batch mean of -log sigmoid(positive) - sum over K of log sigmoid(-negative).

    Args:
        positive: (B,) scores of pairs that were observed.
        negative: (B, K) scores of pairs with a random context.

    Returns:
        A scalar in nats.

    Source: Mikolov et al. (2013), equation 4.
    """
    return -(F.logsigmoid(positive) + F.logsigmoid(-negative).sum(-1)).mean()  # (B,) -> scalar


@checked(texts=tokenized(of=int), window=whole(1, 1000))
def window_pairs(texts: Iterable[Sequence[int]], window: int) -> torch.Tensor:
    """Return (N, 2) ids, every pair of tokens at most `window` apart, in both orders."""
    pairs = [torch.empty(0, 2, dtype=torch.int64)]
    for ids in texts:
        row = torch.tensor(ids, dtype=torch.int64)
        for distance in range(1, window + 1):
            near = torch.stack([row[:-distance], row[distance:]], 1)  # (T - distance, 2)
            pairs += [near, near.flip(1)]  # (centre, context) and the other way round
    return torch.cat(pairs)  # (N, 2)
