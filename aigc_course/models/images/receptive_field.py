"""Receptive fields of a convolutional network, and the patches that activate its channels most."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.core.errors import CourseError


def receptive_field(layers: Sequence[nn.Module]) -> tuple[int, int, int]:
    """Return (width, step, start) of the receptive field, in pixels.

    Number i in a row of the last layer depends on the `width` pixels that begin at start + i *
    step. `start` is negative where padding adds pixels.

    Args:
        layers: convolutions, pooling and activations, in order, without dilation; kernel, stride
            and padding are alike in both directions.
    """
    width, step, start = 1, 1, 0  # a pixel depends on itself alone
    for layer in layers:
        if hasattr(layer, "kernel_size"):  # activations have none and change nothing
            kernel, stride, padding = (
                v if isinstance(v, int) else v[0]
                for v in (layer.kernel_size, layer.stride, layer.padding)
            )
            # Neighbouring numbers of the layer below lie `step` pixels apart.
            width, start, step = width + (kernel - 1) * step, start - padding * step, step * stride
    return width, step, start


@torch.no_grad()
def top_activating_patches(
    layers: nn.Sequential, images: torch.Tensor, channels: Sequence[int], n: int = 8
) -> torch.Tensor:
    """Return the patches of images that activate channels most, at most one of each image.

    Args:
        layers: convolutions, activations and pooling; a patch is one receptive field wide.
        images: (N, 1, H, W).
        channels: indices of channels of the last layer.
        n: patches for each channel.

    Returns:
        (len(channels) * n, width, width): n of the first channel, then n of the second, and so on.

    Source: after Zeiler and Fergus (2014), "Visualizing and understanding convolutional networks",
    figure 2.

    Raises:
        CourseError: there are fewer than n images.
    """
    if len(images) < n:
        raise CourseError(
            f"exciting needs at least {n} images, one for each patch; got {len(images)}."
        )
    width, step, start = receptive_field(layers)
    # Receptive fields may reach beyond the edge: (N, H - start + width, W - start + width).
    padded = F.pad(images[:, 0], [-start, width] * 2)
    # Largest activation of each channel in each image, and its place: both (N, len(channels)).
    best, where = layers(images)[:, list(channels)].flatten(2).max(2)
    across = layers(images[:1]).shape[3]  # numbers in a row of the last layer
    patches = []
    for channel in range(len(channels)):
        for i in best[:, channel].topk(n).indices.tolist():
            row, column = divmod(int(where[i, channel]), across)
            # Padding moved the image by -start, so the field now begins at row * step.
            patches.append(
                padded[i, row * step : row * step + width, column * step : column * step + width]
            )
    return torch.stack(patches)  # (len(channels) * n, width, width)
