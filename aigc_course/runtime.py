"""Functions that every notebook calls: scale and settings of a run, seeds, and promised results."""

from __future__ import annotations

import os
import random
import sys
from types import SimpleNamespace

from aigc_course.core import machine
from aigc_course.core.arguments import checked, seeds, string
from aigc_course.core.errors import CourseError

SCALES = ("smoke", "cpu", "gpu")


def scale() -> str:
    """Return how large this run is: "smoke", "cpu" or "gpu".

    "smoke" only tests that the code runs, "cpu" reaches the promised quality, and "gpu" is a larger
    version. `AIGC_SCALE` decides; without it a CUDA device means "gpu" and anything else "cpu".

    Raises:
        CourseError: `AIGC_SCALE` is none of the three.
    """
    wanted = os.environ.get("AIGC_SCALE", "")
    if wanted:
        if wanted not in SCALES:
            raise CourseError(
                f"AIGC_SCALE is {wanted!r}; set it to {', '.join(SCALES)}, or unset it."
            )
        return wanted
    return "gpu" if machine.device() == "cuda" else "cpu"


def settings(**by_scale: dict) -> SimpleNamespace:
    """Return the settings of this run's scale, and the scale itself, as attributes.

    Args:
        by_scale: the settings of every scale: `smoke={...}, cpu={...}, gpu={...}`.

    Raises:
        CourseError: a scale is missing, or the three do not name the same settings.
    """
    if set(by_scale) != set(SCALES) or len({frozenset(names) for names in by_scale.values()}) > 1:
        raise CourseError(
            "settings needs smoke={...}, cpu={...} and gpu={...}, all with the same names."
        )
    return SimpleNamespace(scale=scale(), **by_scale[scale()])


@checked(seed=seeds())
def seed_everything(seed: int) -> None:
    """Seed the random numbers of Python and NumPy, and of torch when it is loaded."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


@checked(claim=string())
def promise(claim: str, holds: bool, *numbers: object) -> None:
    """Assert a result that a lesson promises.

    At "smoke" scale, where nothing is trained to the end, only check that the numbers are finite.

    Args:
        claim: the promise in words.
        holds: whether it is kept.
        numbers: the results behind it, as numbers or arrays.

    Raises:
        AssertionError: a number is not finite, or the promise is broken at "cpu" or "gpu" scale.
    """
    import numpy as np

    assert all(np.isfinite(np.asarray(n, dtype=float)).all() for n in numbers), (
        f"not finite: {claim}"
    )
    if scale() == "smoke":
        print(f"· not judged at smoke scale: {claim}")
        return
    assert holds, f"promise broken: {claim}"
    print(f"✔ {claim}")
