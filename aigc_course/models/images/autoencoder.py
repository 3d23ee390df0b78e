"""An autoencoder: an image is reduced to a few numbers and reconstructed from them.

    image (B, 1, H, W) -> encode -> code (B, Z) -> decode -> logits of the pixels (B, 1, H, W)

Shapes: B batch, C channels, H and W height and width, Z numbers in the code.

Source: Hinton and Salakhutdinov (2006), "Reducing the dimensionality of data with neural networks";
with strided and transposed convolutions instead of their linear layers.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.core.arguments import check_argument, multiple_of, whole
from aigc_course.models.base import check_images


class Autoencoder(nn.Module):
    """An autoencoder of two strided convolutions and a linear layer in each direction.

    The decoder has the layers of the encoder in the opposite order, with transposed convolutions.

    Args:
        n_code: Z, numbers in the code (the bottleneck).
        size: height and width of the images, a multiple of 4.
        width: C, channels of the first convolution.

    Raises:
        CourseError: a size is out of range.
    """

    def __init__(self, n_code: int, size: int = 28, width: int = 16):
        super().__init__()
        check_argument("n_code", n_code, whole(1))
        check_argument("size", size, multiple_of(4))  # two convolutions halve it
        self.size, C, small = size, check_argument("width", width, whole(1)), size // 4
        # No sigmoid at the end: the loss takes logits, which is numerically safer.
        self.encode = nn.Sequential(
            nn.Conv2d(1, C, 4, stride=2, padding=1),  # (B, C, H/2, W/2)
            nn.ReLU(),
            nn.Conv2d(C, 2 * C, 4, stride=2, padding=1),  # (B, 2 C, H/4, W/4)
            nn.ReLU(),
            nn.Flatten(),  # (B, 2 C * H/4 * W/4)
            nn.Linear(2 * C * small**2, n_code),  # (B, Z)
        )
        self.decode = nn.Sequential(
            nn.Linear(n_code, 2 * C * small**2),  # (B, 2 C * H/4 * W/4)
            nn.ReLU(),
            nn.Unflatten(1, (2 * C, small, small)),  # (B, 2 C, H/4, W/4)
            nn.ConvTranspose2d(2 * C, C, 4, stride=2, padding=1),  # (B, C, H/2, W/2)
            nn.ReLU(),
            nn.ConvTranspose2d(C, 1, 4, stride=2, padding=1),  # (B, 1, H, W)
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits of the reconstructed images.

        Args:
            images: (B, 1, H, W) in [0, 1].

        Returns:
            (B, 1, H, W); the sigmoid of the logits is the reconstruction in [0, 1].

        Raises:
            CourseError: the images have another shape.
        """
        return self.decode(self.encode(check_images(images, self.size)))


def reconstruction_loss(model: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Return the cross-entropy between reconstructed and wanted pixels, in nats per image.

    Args:
        model: images (B, 1, H, W) -> logits of the same shape.
        batch: the images that go in, and for restoration the images that should come out, both (B,
            1, H, W) in [0, 1].

    Returns:
        A scalar: the sum over the pixels, averaged over the batch.
    """
    # Without a second tensor in the batch, the images are their own target.
    return F.binary_cross_entropy_with_logits(model(batch[0]), batch[-1], reduction="sum") / len(
        batch[0]
    )
