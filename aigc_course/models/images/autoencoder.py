"""An autoencoder: squeeze an image through a few numbers and reconstruct it from them.

    image (B, 1, 28, 28) -> encode -> code (B, Z) -> decode -> logits of the pixels (B, 1, 28, 28)

Source: Hinton and Salakhutdinov (2006), "Reducing the dimensionality of data with neural networks";
strided and transposed convolutions instead of their linear layers.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.core.arguments import check_argument, multiple_of, whole
from aigc_course.models.base import check_images


class Autoencoder(nn.Module):
    """Two strided convolutions and a linear layer down to the code; the same way back with
    transposed convolutions.

    Args:
        n_code: Z, numbers in the code (the bottleneck).
        size: height and width of the images, a multiple of 4.
        width: channels of the first convolution.

    Raises:
        CourseError: a size is out of range.
    """

    def __init__(self, n_code: int, size: int = 28, width: int = 16):
        super().__init__()
        check_argument("n_code", n_code, whole(1))
        check_argument("size", size, multiple_of(4))  # halved twice
        self.size, C, small = size, check_argument("width", width, whole(1)), size // 4
        self.encode = nn.Sequential(
            nn.Conv2d(1, C, 4, stride=2, padding=1),
            nn.ReLU(),  # (B, C, H/2, W/2)
            nn.Conv2d(C, 2 * C, 4, stride=2, padding=1),
            nn.ReLU(),  # (B, 2 C, H/4, W/4)
            nn.Flatten(),
            nn.Linear(2 * C * small**2, n_code),
        )
        self.decode = nn.Sequential(
            nn.Linear(n_code, 2 * C * small**2),
            nn.ReLU(),
            nn.Unflatten(1, (2 * C, small, small)),
            nn.ConvTranspose2d(2 * C, C, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(C, 1, 4, stride=2, padding=1),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, 1, H, W) -> logits of the reconstructed images, same shape; their sigmoid is
        in [0, 1].
        """
        return self.decode(self.encode(check_images(images, self.size)))


def reconstruction_loss(model: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Cross-entropy of the reconstructed pixels with the wanted ones, in nats an image. Batch: what
    goes in and, for restoration, what should come out.
    """
    return F.binary_cross_entropy_with_logits(model(batch[0]), batch[-1], reduction="sum") / len(
        batch[0]
    )
