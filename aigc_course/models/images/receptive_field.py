"""What a number deep in a convolutional network sees of the image: its receptive field, and the
patches that activate it most.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.core.errors import CourseError


def receptive_field(layers: Sequence[nn.Module]) -> tuple[int, int, int]:
    """(width, step, start) of what numbers above some layers see: number i of a row sees pixels
    start + i * step and `width` - 1 further.

    Args:
        layers: convolutions, pooling and activations, without dilation.
    """
    width, step, start = 1, 1, 0
    for layer in layers:
        if hasattr(layer, "kernel_size"):
            kernel, stride, padding = (
                v if isinstance(v, int) else v[0]
                for v in (layer.kernel_size, layer.stride, layer.padding)
            )
            width, start, step = width + (kernel - 1) * step, start - padding * step, step * stride
    return width, step, start


@torch.no_grad()
def top_activating_patches(
    layers: nn.Sequential, images: torch.Tensor, channels: Sequence[int], n: int = 8
) -> torch.Tensor:
    """Patches of images that excite channels most, one an image at most: (len(channels) * n, width,
    width).

    Args:
        layers: convolutions, activations and pooling; the patches are as wide as what their numbers
            see.
        images: (N, 1, H, W).
        channels: of the last layer.
        n: patches a channel.

    Source: after Zeiler and Fergus (2014), "Visualizing and understanding convolutional networks",
    figure 2.
    """
    if len(images) < n:
        raise CourseError(
            f"exciting needs at least {n} images, one for each patch; got {len(images)}."
        )
    width, step, start = receptive_field(layers)
    padded = F.pad(
        images[:, 0], [-start, width] * 2
    )  # so that fields that hang over the edge are whole
    best, where = layers(images)[:, list(channels)].flatten(2).max(2)  # (N, channels)
    across = layers(images[:1]).shape[3]
    patches = []
    for channel in range(len(channels)):
        for i in best[:, channel].topk(n).indices.tolist():
            row, column = divmod(int(where[i, channel]), across)
            patches.append(
                padded[i, row * step : row * step + width, column * step : column * step + width]
            )
    return torch.stack(patches)
