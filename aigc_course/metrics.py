"""Measures: how uncertain, how far from the truth, how correct, how new."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from aigc_course.errors import CourseError


def entropy(probabilities: Sequence[float]) -> float:
    """Entropy in bits, H = -sum p log2 p, with 0 log 0 = 0.

    Args:
        probabilities: (K,) non-negative, summing to 1.

    Source: Shannon (1948), section 6.

    Raises:
        CourseError: the numbers are no distribution.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    if p.ndim != 1 or (p < 0).any() or not math.isclose(p.sum(), 1, abs_tol=1e-6):
        raise CourseError("entropy needs probabilities: a list of numbers of at least 0 that sum to 1.")
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum()) + 0.0  # no -0.0


def standard_error(values: Sequence[float]) -> float:
    """Standard error of the mean, s / sqrt(n): how far a mean of this many values may be off (one sigma)."""
    values = np.asarray(values, dtype=np.float64)
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.inf


def quality(texts: Sequence[str], check: Callable, known: Iterable[str]) -> dict[str, float]:
    """Judge generated texts by the rules of their world.

    Args:
        texts: what a model wrote.
        check: text -> verdict with `.grammatical` and `.consistent`, `tales.check` say.
        known: the training texts.

    Returns:
        Shares in [0, 1]: "grammatical", "consistent", "new" (not in `known`) and "good" (consistent and new).

    Raises:
        CourseError: there are no texts.
    """
    if not texts:
        raise CourseError("quality needs at least one text.")
    known = set(known)
    verdicts = [check(text) for text in texts]
    new = [text not in known for text in texts]
    good = [verdict.consistent and is_new for verdict, is_new in zip(verdicts, new, strict=True)]
    rows = {
        "grammatical": [v.grammatical for v in verdicts],
        "consistent": [v.consistent for v in verdicts],
        "new": new,
        "good": good,
    }
    return {name: sum(row) / len(texts) for name, row in rows.items()}


def longest_copy(tokens: Sequence[str], known: Iterable[Sequence[str]]) -> int:
    """Length of the longest run of tokens that stands, in this order and unbroken, in one of the known texts."""
    best = 0
    tokens = list(tokens)
    for text in known:
        ends = [0] * (len(tokens) + 1)  # ends[j]: length of the run that ends at tokens[j - 1] and here
        for token in text:
            ends = [0] + [ends[j] + 1 if tokens[j] == token else 0 for j in range(len(tokens))]
            best = max(best, *ends)
    return best
