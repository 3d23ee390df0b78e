"""Statistics that need no model: entropy, standard error, precision, recall and F1."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from aigc_course.core.arguments import checked, reals
from aigc_course.core.errors import CourseError


def entropy(probabilities: Sequence[float]) -> float:
    """Return the entropy in bits, H = -sum p log2 p, with 0 log 0 = 0.

    Args:
        probabilities: (K,) non-negative numbers that sum to 1.

    Source: Shannon (1948), section 6.

    Raises:
        CourseError: the numbers are no distribution.
    """
    try:
        p = np.asarray(probabilities, dtype=np.float64)
    except (TypeError, ValueError):
        p = np.empty(0)
    if p.ndim != 1 or (p < 0).any() or not math.isclose(p.sum(), 1, abs_tol=1e-6):
        raise CourseError(
            "entropy: probabilities must be a list of numbers of at least 0 that sum to 1."
        )
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum()) + 0.0  # no -0.0


@checked(values=reals())
def standard_error(values: Sequence[float]) -> float:
    """Return the standard error of the mean, s / sqrt(n).

    It is the standard deviation of the mean of n values like these (one sigma), in their unit;
    infinite for fewer than two values.

    Args:
        values: (n,) numbers.
    """
    values = np.asarray(values, dtype=np.float64)
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.inf


def precision_recall_f1(right: int, found: int, wanted: int) -> dict[str, float]:
    """Return precision, recall and F1, each in [0, 1], from counts.

    Args:
        right: things found that are wanted.
        found: things found in all.
        wanted: things that should have been found.

    Source: van Rijsbergen (1979), *Information Retrieval*, chapter 7; F1 is the harmonic mean of
    the two.
    """
    precision, recall = right / max(1, found), right / max(1, wanted)
    return {
        "precision": precision,
        "recall": recall,
        "F1": 2 * precision * recall / max(precision + recall, 1e-12),
    }
