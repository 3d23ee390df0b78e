"""From probabilities to choices: the knobs every text generator has."""

from __future__ import annotations

import math
import numbers

import numpy as np

from aigc_course.errors import CourseError


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Sharpen (temperature below 1) or flatten (above 1) a distribution: p_i ** (1 / T), normalised.

    Args:
        probabilities: (V,) non-negative, summing to 1.
        temperature: 0 or more; 0 puts everything on the most probable entry (ties: the first).

    Returns:
        (V,) float64, summing to 1.

    Source: the Boltzmann distribution with energies -log p; Ackley, Hinton and Sejnowski (1985), section 2.

    Raises:
        CourseError: the temperature is negative or not a number.
    """
    if not isinstance(temperature, numbers.Real) or not 0 <= temperature < math.inf:
        raise CourseError(f"temperature must be a number of at least 0, not {temperature!r}.")
    probabilities = np.asarray(probabilities, dtype=np.float64)
    if temperature == 0:
        return (np.arange(len(probabilities)) == probabilities.argmax()).astype(np.float64)
    # In logarithms, shifted by the largest: small temperatures neither overflow nor underflow to 0 / 0.
    with np.errstate(divide="ignore"):
        logits = np.log(probabilities) / temperature
    scaled = np.exp(logits - logits.max())
    return scaled / scaled.sum()
