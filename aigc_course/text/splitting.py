"""Training, validation and test sets that share no items."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Hashable, Sequence

from aigc_course.core.arguments import (
    checked,
    function,
    optional,
    reals,
    seeds,
    several,
)
from aigc_course.core.errors import CourseError


@checked(items=several(), shares=reals(0, 1), seed=seeds(), key=optional(function()))
def split(
    items: Sequence,
    shares: Sequence[float],
    *,
    seed: int,
    key: Callable[[object], Hashable] | None = None,
) -> list[list]:
    """Split items into parts at random.

    Args:
        items: anything.
        shares: sizes of the parts, summing to 1, for example (0.8, 0.1, 0.1); with a `key`, shares
            of the different keys.
        seed: seed of the random numbers.
        key: items with equal keys stay together, so that no near copy of a training text is in
            another part; None treats every item separately.

    Returns:
        One list for each part; together they hold every item once.

    Raises:
        CourseError: the shares do not sum to 1, or a part stays empty.
    """
    shares = [float(share) for share in shares]
    if min(shares) <= 0 or not math.isclose(sum(shares), 1, abs_tol=1e-9):
        raise CourseError(f"shares must be positive numbers that sum to 1, not {tuple(shares)}.")
    groups: dict[Hashable, list] = {}
    for i, item in enumerate(items):
        groups.setdefault(i if key is None else key(item), []).append(item)
    order = list(groups.values())
    random.Random(seed).shuffle(order)
    parts, start = [], 0
    for i in range(len(shares)):
        end = round(len(order) * sum(shares[: i + 1]))
        parts.append([item for group in order[start:end] for item in group])
        start = end
    if not all(parts):
        few = f"{len(order)} different items are too few for {len(shares)} parts"
        raise CourseError(f"{few}; give more, or fewer parts.")
    return parts
