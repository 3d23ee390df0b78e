"""Measures of generated images: known cases, closed forms, and that they notice what they are
for."""

import pytest
import torch

from aigc_course.core.errors import CourseError
from aigc_course.models.images import classifier, receptive_field


def test_field_is_what_a_number_sees():
    layers = classifier.Classifier(classifier.ClassifierConfig()).body[:6]
    width, step, start = receptive_field.receptive_field(layers)
    assert (width, step) == (10, 4)
    x = torch.rand(1, 1, 28, 28, requires_grad=True)
    linear = [m for m in layers if not isinstance(m, torch.nn.ReLU)]
    body = torch.nn.Sequential(
        *[torch.nn.AvgPool2d(2) if isinstance(m, torch.nn.MaxPool2d) else m for m in linear]
    )
    body(x)[0, :, 3, 2].sum().backward()
    rows, columns = (x.grad[0, 0] != 0).nonzero().unbind(1)
    assert (rows.min(), rows.max()) == (start + 3 * step, start + 3 * step + width - 1)
    assert (columns.min(), columns.max()) == (start + 2 * step, start + 2 * step + width - 1)


def test_exciting_patches_hold_what_excites():
    torch.manual_seed(0)
    layers = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3, padding=1), torch.nn.ReLU())
    images = torch.rand(30, 1, 9, 9)
    patches = receptive_field.top_activating_patches(layers, images, channels=[1], n=4)
    kernel, bias = layers[0].weight[1, 0], layers[0].bias[1]
    best = layers(images)[:, 1].flatten(1).max(1).values.topk(4).values
    assert torch.allclose((patches * kernel).sum((1, 2)) + bias, best, atol=1e-5)
    with pytest.raises(CourseError, match="at least 40"):
        receptive_field.top_activating_patches(layers, images, channels=[0], n=40)
