"""Slopes measured by nudges: slow, without any formula, and therefore a check of every formula."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aigc_course.core.arguments import array, checked, function, real


@checked(loss=function(), place=array(1), nudge=real(above=0))
def numerical_gradient(
    loss: Callable[[np.ndarray], float], place: np.ndarray, nudge: float = 1e-3
) -> np.ndarray:
    """Return the slopes (D,) of a function at a place, measured by central differences.

    Args:
        loss: takes an array (D,), returns a number.
        place: (D,) numbers; stays as it is.
        nudge: how far each entry is moved up and down, larger than 0.

    The loss is computed 2 D times.
    """
    slopes = np.zeros(len(place))
    for i in range(len(place)):
        above, below = np.array(place, dtype=float), np.array(place, dtype=float)
        above[i] += nudge
        below[i] -= nudge
        slopes[i] = (loss(above) - loss(below)) / (2 * nudge)
    return slopes
