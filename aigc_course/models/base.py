"""What all models share: their device, evaluation mode, checks of inputs, and work in batches."""

from __future__ import annotations

import contextlib

import torch
from torch import nn

from aigc_course.core.arguments import check_argument, describe, shaped
from aigc_course.core.errors import CourseError


def device_of(model: nn.Module) -> torch.device:
    """Return the device that a model's weights are on."""
    return next(model.parameters()).device


@contextlib.contextmanager
def evaluating(model: nn.Module):
    """Put a model into evaluation mode for a `with` block, so without dropout.

    Afterwards it is in the mode it was in before, also when the block raised an error.
    """
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def check_ids(
    rows: torch.Tensor, model: nn.Module | None = None, name: str = "rows"
) -> torch.Tensor:
    """Return `rows` if they are (B, T) token ids, each of which the model knows.

    An id outside the vocabulary would end the whole process on a GPU, so it is looked for here.

    Args:
        rows: what should be ids.
        model: the model that is to read them; None checks the shape and the type alone.
        name: what the message calls them.

    Raises:
        CourseError: `rows` is no (B, T) tensor of integers, is empty, or holds an unknown id.
    """
    are_ids = shaped("B T")(rows) == "" and 0 not in rows.shape and not rows.is_floating_point()
    if not are_ids:
        wanted = "ids, a (B, T) tensor of integers with at least one row and one token"
        way = "vocabulary.batch makes one"
        raise CourseError(f"{name} must be {wanted} ({way}), not {describe(rows)}.")
    config = getattr(model, "config", None)
    # A model that translates has two vocabularies; its ids are checked against that of the source.
    size = getattr(config, "vocab_size", None) or getattr(config, "source_vocab", None)
    if size and not (rows.min() >= 0 and rows.max() < size):
        raise CourseError(
            f"{name} must hold ids from 0 to {size - 1}, not {int(rows.min())} to "
            f"{int(rows.max())}."
        )
    return rows


def check_images(images: torch.Tensor, size: int) -> torch.Tensor:
    """Return `images` if their shape is (B, 1, size, size).

    Raises:
        CourseError: they have another shape, or are no tensor.
    """
    return check_argument("images", images, shaped(f"B 1 {size} {size}"))


@torch.no_grad()
def apply_in_batches(
    function, images: torch.Tensor, model: nn.Module, size: int = 500
) -> torch.Tensor:
    """Apply a function of a model to many images, a batch at a time, without gradients.

    Args:
        function: (B, ...) on the model's device -> (B, ...).
        images: (N, ...).
        model: the model that the function uses; in evaluation mode meanwhile.
        size: images in a batch.

    Returns:
        (N, ...) in float32, on the CPU.
    """
    with evaluating(model):
        return torch.cat(
            [function(part.to(device_of(model))).float().cpu() for part in images.split(size)]
        )
