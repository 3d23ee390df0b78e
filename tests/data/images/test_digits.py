"""Glyphs, digits, Python's own text and the learner's own files."""

import torch

from aigc_course.data.images import digits


def test_digits():
    loaded = digits.load()
    assert loaded.images.shape == (1797, 1, 8, 8) and loaded.images.dtype == torch.float32
    assert loaded.images.min() == 0 and loaded.images.max() == 1
    assert loaded.labels.shape == (1797,) and set(loaded.labels.tolist()) == set(range(10))
