"""A convolutional network that classifies images; trained on glyphs, it judges generated digits.

Shapes: B batch, C channels, H and W height and width, N many images. Images are (B, 1, H, W) in [0,
1].

Source: LeCun et al. (1998), "Gradient-based learning applied to document recognition", section II;
with ReLU and max pooling, as became usual later.
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
        n_classes: classes to choose from.
        size: height and width of the images, a multiple of 4.
        width: C, channels of the first convolution; the second has twice as many.
        n_features: numbers that describe an image, from which the last layer computes the logits.
    """

    n_classes: int = 10
    size: int = 28
    width: int = 16
    n_features: int = 64


class Classifier(nn.Module):
    """A classifier of images: two convolutions with ReLU and pooling, then two linear layers.

    Args:
        config: sizes.

    Raises:
        CourseError: a size is out of range.
    """

    def __init__(self, config: ClassifierConfig):
        super().__init__()
        for name in ("n_classes", "size", "width", "n_features"):
            check_argument(name, getattr(config, name), whole(1))
        check_argument("size", config.size, multiple_of(4))  # pooling halves it twice
        self.config, C = config, config.width
        self.body = nn.Sequential(
            nn.Conv2d(1, C, 3, padding=1),  # (B, C, H, W)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (B, C, H/2, W/2)
            nn.Conv2d(C, 2 * C, 3, padding=1),  # (B, 2 C, H/2, W/2)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (B, 2 C, H/4, W/4)
            nn.Flatten(),  # (B, 2 C * H/4 * W/4)
            nn.Linear(2 * C * (config.size // 4) ** 2, config.n_features),  # (B, n_features)
            nn.ReLU(),
        )
        self.head = nn.Linear(config.n_features, config.n_classes)  # (B, n_classes)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return the features that describe images: (B, 1, H, W) -> (B, n_features).

        Raises:
            CourseError: the images have another shape.
        """
        return self.body(check_images(images, self.config.size))  # (B, n_features)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits of the classes: images (B, 1, H, W) -> (B, n_classes).

        Raises:
            CourseError: the images have another shape.
        """
        return self.head(self.features(images))  # (B, n_classes)


@checked(judge=instance(Classifier), images=tensor("N 1 H W"))
def probabilities(judge: Classifier, images: torch.Tensor) -> torch.Tensor:
    """Return the probability that a judge assigns to each class of each image.

    Args:
        judge: the classifier.
        images: (N, 1, H, W) in [0, 1].

    Returns:
        (N, n_classes) on the CPU, each row summing to 1.
    """
    return apply_in_batches(judge, images, judge).softmax(1)  # (N, n_classes)


@checked(judge=instance(Classifier), images=tensor("N 1 H W"), labels=tensor("N", whole=True))
def accuracy(judge: Classifier, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Return the share in [0, 1] of images that a judge classifies as labelled.

    Args:
        judge: the classifier.
        images: (N, 1, H, W) in [0, 1].
        labels: (N,) index of the class of each image.

    Raises:
        CourseError: there are no images, or not one label for each.
    """
    if not len(images) or tuple(torch.as_tensor(labels).shape) != (len(images),):
        raise CourseError(
            "accuracy needs at least one image and one label for each; got "
            f"{len(images)} images and labels of shape "
            f"{tuple(torch.as_tensor(labels).shape)}."
        )
    # The most probable class of each image, (N,), compared with its label.
    return (probabilities(judge, images).argmax(1) == torch.as_tensor(labels)).float().mean().item()
