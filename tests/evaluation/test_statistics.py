"""Grammars, n-grams, temperature and measures against closed forms."""

import math

import pytest

from aigc_course.core.errors import CourseError
from aigc_course.evaluation.statistics import entropy, standard_error


def test_entropy_closed_forms():
    assert (
        entropy([0.5, 0.5]) == 1
        and entropy([1, 0]) == 0
        and entropy([1 / 8] * 8) == pytest.approx(3)
    )
    for bad in ([0.5, 0.6], [-0.5, 1.5], [[1.0]], [], ["a"], None):
        with pytest.raises(CourseError):
            entropy(bad)


def test_standard_error():
    assert (
        standard_error([1, 2, 3, 4]) == pytest.approx(math.sqrt(5 / 3) / 2)
        and standard_error([1]) == math.inf
    )
