"""Hidden parameters: for every exercise, other arguments than the ones that learners see, drawn
from a seed that stays with the teacher.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np

from aigc_course.core.errors import CourseError

Draw = np.random.Generator
_CASES: dict[str, Callable[[Draw], list[tuple]]] = {}


def arguments(name: str, seed: int) -> list[tuple]:
    """Arguments of an exercise, one tuple a trial; the same for the same seed.

    Raises:
        CourseError: there are none for this exercise.
    """
    known = _all()
    if name not in known:
        raise CourseError(
            f"There are no hidden parameters for {name!r}; they are for {', '.join(known)}."
        )
    return known[name](np.random.default_rng([seed, zlib.crc32(name.encode())]))


def names() -> list[str]:
    """Exercises that have hidden parameters: all that ask for code."""
    return list(_all())


def _all() -> dict[str, Callable[[Draw], list[tuple]]]:
    from aigc_course.classroom import hidden_images, hidden_text  # noqa: F401 (they register their cases)

    return _CASES


def case(name: str, times: int = 3):
    """Register a function that draws one trial as the source of `times` of them."""

    def keep(draw_one: Callable[[Draw], tuple]) -> Callable:
        _CASES[name] = lambda rng: [draw_one(rng) for _ in range(times)]
        return draw_one

    return keep


def normal(rng: Draw, *shape: int, double: bool = False):
    """A tensor of Gaussian numbers, in single precision unless `double`."""
    import torch

    return torch.tensor(rng.normal(size=shape), dtype=torch.float64 if double else torch.float32)


def ints(rng: Draw, low: int, high: int, *shape: int):
    """A tensor of whole numbers from low to high - 1."""
    import torch

    return torch.tensor(rng.integers(low, high, shape))


def size(rng: Draw, low: int = 1, high: int = 6) -> int:
    """A whole number from low to high, both included."""
    return int(rng.integers(low, high + 1))


def letters(rng: Draw, n: int, alphabet: str = "abc") -> list[str]:
    """n letters of an alphabet."""
    return [alphabet[i] for i in rng.integers(0, len(alphabet), n)]
