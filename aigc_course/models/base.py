"""What all models share: where their weights lie, evaluation mode, checks of what goes in, and many
inputs in batches.
"""

from __future__ import annotations

import contextlib

import torch
from torch import nn

from aigc_course.core.arguments import check_argument, describe, shaped
from aigc_course.core.errors import CourseError


def device_of(model: nn.Module) -> torch.device:
    """Where a model's weights lie."""
    return next(model.parameters()).device


@contextlib.contextmanager
def evaluating(model: nn.Module):
    """Dropout off, and back as it was, whatever happens."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def check_ids(
    rows: torch.Tensor, model: nn.Module | None = None, name: str = "rows"
) -> torch.Tensor:
    """Return (B, T) token ids when they are that, and the model, if given, knows each; on a GPU an
    unknown one would end the process.

    Raises:
        CourseError: they are not.
    """
    are_ids = shaped("B T")(rows) == "" and 0 not in rows.shape and not rows.is_floating_point()
    if not are_ids:
        wanted = "ids, a (B, T) tensor of integers with at least one row and one token"
        way = "vocabulary.batch makes one"
        raise CourseError(f"{name} must be {wanted} ({way}), not {describe(rows)}.")
    config = getattr(model, "config", None)
    size = getattr(config, "vocab_size", None) or getattr(config, "source_vocab", None)
    if size and not (rows.min() >= 0 and rows.max() < size):
        raise CourseError(
            f"{name} must hold ids from 0 to {size - 1}, not {int(rows.min())} to "
            f"{int(rows.max())}."
        )
    return rows


def check_images(images: torch.Tensor, size: int) -> torch.Tensor:
    """Return (B, 1, size, size) images when they are that.

    Raises:
        CourseError: they are not.
    """
    return check_argument("images", images, shaped(f"B 1 {size} {size}"))


@torch.no_grad()
def apply_in_batches(
    function, images: torch.Tensor, model: nn.Module, size: int = 500
) -> torch.Tensor:
    """Apply a function of `model` to many images, `size` at a time, without gradients: (N, ...) ->
    (N, ...) on the CPU.
    """
    with evaluating(model):
        return torch.cat(
            [function(part.to(device_of(model))).float().cpu() for part in images.split(size)]
        )
