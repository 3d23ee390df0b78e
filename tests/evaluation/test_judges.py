"""Measures of generated images: known cases, closed forms, and that they notice what they are
for."""

import pytest
import torch

from aigc_course.core.errors import CourseError
from aigc_course.data.images import glyphs, image_sets
from aigc_course.evaluation import judges
from aigc_course.models.images import classifier


@pytest.fixture(scope="module")
def real():
    return glyphs.sample(1000, seed=31)


def test_a_judge_of_other_pictures_is_trained(real):
    pictures = image_sets.Pictures(
        real.images[:400], torch.from_numpy(real.factors["label"])[:400], tuple("0123456789"), {}
    )
    mine = judges.judge_of("my digits", pictures, steps=60)
    assert (
        classifier.accuracy(mine, real.images[400:], torch.from_numpy(real.factors["label"])[400:])
        > 0.6
    )
    with pytest.raises(CourseError, match="one class"):
        judges.judge_of(
            "mine",
            image_sets.Pictures(real.images[:40], torch.zeros(40, dtype=torch.long), ("",), {}),
        )
    assert judges.judge_of("glyphs", pictures).config.n_classes == 10
