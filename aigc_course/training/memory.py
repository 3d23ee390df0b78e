"""Steps with a batch in smaller parts, for a training that runs out of memory.

The gradients of the parts add up to that of the whole batch:

    mean over N rows = sum over parts of (rows of the part / N) x (mean over the part)

Source: gradients are linear; known as gradient accumulation.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from accelerate.utils.memory import clear_device_cache, should_reduce_batch_size

from aigc_course.core.errors import CourseError


def ran_out(error: BaseException) -> bool:
    """Return whether an error means that the device or the machine has no memory left."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        "CUDNN" not in str(error) and should_reduce_batch_size(error)
    )


def rows_of(batch: object) -> int:
    """Return N of a batch: the length of its first tensor, 0 when there is none."""
    if isinstance(batch, torch.Tensor):
        return len(batch) if batch.dim() else 0
    inside = (
        batch.values()
        if isinstance(batch, Mapping)
        else batch
        if isinstance(batch, list | tuple)
        else ()
    )
    return next((rows for rows in map(rows_of, inside) if rows), 0)


def divided(batch: object, parts: int) -> Iterator[tuple[float, object]]:
    """Yield (share of the rows, rows) for each part of a batch of tensors.

    One part is the batch itself.
    """
    if parts == 1:
        yield 1.0, batch
        return
    rows = rows_of(batch)
    size = math.ceil(rows / parts)
    for start in range(0, rows, size):
        end = min(start + size, rows)
        yield (end - start) / rows, _cut(batch, start, end, rows)


def _cut(batch: Any, start: int, end: int, rows: int) -> Any:
    """Return the rows from `start` to before `end` of a batch of `rows` rows.

    What has another length, or is no tensor, stays as it is.
    """
    if isinstance(batch, torch.Tensor):
        return batch[start:end] if batch.dim() and len(batch) == rows else batch
    if isinstance(batch, Mapping):
        return {key: _cut(value, start, end, rows) for key, value in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(_cut(value, start, end, rows) for value in batch))
    return (
        type(batch)(_cut(value, start, end, rows) for value in batch)
        if type(batch) in (list, tuple)
        else batch
    )


def more_parts(batch: object, parts: int, processes: int) -> int:
    """Free the memory that can be freed, and return twice as many parts.

    Raises:
        CourseError: a part is one row already, the batch has no rows, or several processes would
            have to agree.
    """
    clear_device_cache(garbage_collection=True)
    if processes > 1:
        raise CourseError(
            "Memory ran out in one of several processes: lower batch_size, or the size "
            "of the model."
        )
    if not rows_of(batch):
        raise CourseError(
            "Memory ran out, and the batch holds no tensors whose rows could be taken in "
            "parts: lower batch_size, or the model's size."
        )
    if parts >= rows_of(batch):
        raise CourseError(
            "Memory ran out even with one row at a time: take a smaller model or shorter "
            "rows, and close other programs."
        )
    return 2 * parts


def undivided(batch: object) -> CourseError:
    """Return the error for a step that runs out of memory and needs its batch whole."""
    rows = rows_of(batch)
    at_once = f" with {rows} rows at once" if rows else ""
    return CourseError(
        f"Memory ran out{at_once}, and this step needs its batch whole: lower batch_size, or take "
        "a smaller model."
    )


def notice(batch: object, parts: int, models: Iterable[torch.nn.Module]) -> str:
    """Return the message that tells the learner of the division into parts."""
    rows = rows_of(batch)
    normed = any(
        isinstance(module, torch.nn.modules.batchnorm._BatchNorm)
        for model in models
        for module in model.modules()
    )
    same = (
        "nearly the same gradient (batch normalisation sees the part, not the batch)"
        if normed
        else "the same gradient"
    )
    return (
        f"Memory ran out with {rows} rows at once: from here on each batch goes through in "
        f"parts of {math.ceil(rows / parts)}, with {same}."
    )
