"""A convolutional network that names images; trained on glyphs it is the course's judge of
generated digits.

Shapes: B batch, C channels, H and W height and width. Images are (B, 1, H, W) in [0, 1].

Source: LeCun et al. (1998), "Gradient-based learning applied to document recognition", section II;
ReLU and max pooling as became usual.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from aigc_course.core.arguments import (
    check_argument,
    checked,
    instance,
    multiple_of,
    tensor,
    whole,
)
from aigc_course.core.errors import CourseError
from aigc_course.models.base import (
    apply_in_batches,
    check_images,
)


@dataclass(frozen=True)
class ClassifierConfig:
    """Sizes of a `Classifier`.

    Attributes:
        n_classes: names to choose from.
        size: height and width of the images; a multiple of 4.
        width: channels of the first convolution; the second has twice as many.
        n_features: numbers an image is described by before it is named.
    """

    n_classes: int = 10
    size: int = 28
    width: int = 16
    n_features: int = 64


class Classifier(nn.Module):
    """Two rounds of convolution, ReLU and pooling, then two linear layers.

    Args:
        config: sizes.

    Raises:
        CourseError: a size is out of range.
    """

    def __init__(self, config: ClassifierConfig):
        super().__init__()
        for name in ("n_classes", "size", "width", "n_features"):
            check_argument(name, getattr(config, name), whole(1))
        check_argument("size", config.size, multiple_of(4))  # halved twice
        self.config, C = config, config.width
        self.body = nn.Sequential(
            nn.Conv2d(1, C, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),  # (B, C, H/2, W/2)
            nn.Conv2d(C, 2 * C, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),  # (B, 2 C, H/4, W/4)
            nn.Flatten(),
            nn.Linear(2 * C * (config.size // 4) ** 2, config.n_features),
            nn.ReLU(),
        )
        self.head = nn.Linear(config.n_features, config.n_classes)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, 1, H, W) -> what they are described by, (B, n_features)."""
        return self.body(check_images(images, self.config.size))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, 1, H, W) -> logits (B, n_classes)."""
        return self.head(self.features(images))


@checked(judge=instance(Classifier), images=tensor("N 1 H W"))
def probabilities(judge: Classifier, images: torch.Tensor) -> torch.Tensor:
    """How probable each name is: images (N, 1, H, W) -> (N, n_classes), each row summing to 1."""
    return apply_in_batches(judge, images, judge).softmax(1)


@checked(judge=instance(Classifier), images=tensor("N 1 H W"), labels=tensor("N", whole=True))
def accuracy(judge: Classifier, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Share in [0, 1] of images (N, 1, H, W) that get their own label (N,).

    Raises:
        CourseError: there are no images, or not one label for each.
    """
    if not len(images) or tuple(torch.as_tensor(labels).shape) != (len(images),):
        raise CourseError(
            "accuracy needs at least one image and one label for each; got "
            f"{len(images)} images and labels of shape "
            f"{tuple(torch.as_tensor(labels).shape)}."
        )
    return (probabilities(judge, images).argmax(1) == torch.as_tensor(labels)).float().mean().item()
