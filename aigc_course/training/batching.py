"""Shuffled batches whose order depends on a seed alone, so that a resumed run finds its place."""

from __future__ import annotations

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from aigc_course.core.arguments import checked, seeds, whole
from aigc_course.core.errors import CourseError


class _Rows(Dataset):
    """A dataset of tensors of equal length, from which a whole batch is cut at once."""

    def __init__(self, tensors: tuple[torch.Tensor, ...]):
        self.tensors = tensors

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, i):
        return tuple(tensor[i] for tensor in self.tensors)

    __getitems__ = __getitem__  # the DataLoader asks for a list of rows where it can


class _Shuffled(Sampler):
    """A sampler of rows with a new order in each epoch.

    The order depends on the seed and the epoch alone, so that a resumed run finds its place.
    """

    def __init__(self, length: int, seed: int):
        self.length, self.seed, self.epoch = length, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch whose order comes next, counted from 0."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self):
        order = torch.randperm(
            self.length, generator=torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        )
        self.epoch += 1
        return iter(order.tolist())


@checked(batch_size=whole(1), seed=seeds())
def batches(*tensors: torch.Tensor, batch_size: int, seed: int) -> DataLoader:
    """Return a loader of shuffled batches of rows.

    Every pass has a new order, and a last incomplete batch is left out.

    Args:
        tensors: each (N, ...).
        batch_size: rows of a batch, over all devices together; at most N.
        seed: seed of the order.

    Returns:
        A DataLoader of tuples of (batch_size, ...) tensors.

    Raises:
        CourseError: the tensors differ in length, or there are fewer rows than one batch needs.
    """
    rows = _rows_of(tensors)
    if rows < batch_size:
        few = f"batches got {rows} rows, fewer than one batch of {batch_size}"
        raise CourseError(f"{few}; lower batch_size or give more data.")
    # The loader has a generator of its own: otherwise each pass would draw from torch's, and a run
    # resumed in the middle of a pass would draw once more.
    own = torch.Generator().manual_seed(seed)
    return DataLoader(
        _Rows(tensors),
        batch_size,
        sampler=_Shuffled(rows, seed),
        drop_last=True,
        collate_fn=tuple,
        generator=own,
    )


def _rows_of(tensors: tuple[torch.Tensor, ...]) -> int:
    """Return N of tensors (N, ...).

    Raises:
        CourseError: something is no tensor of rows, or the tensors differ in N.
    """
    if not all(isinstance(tensor, torch.Tensor) and tensor.dim() for tensor in tensors):
        came = ", ".join(type(tensor).__name__ for tensor in tensors)
        raise CourseError(f"batches: tensors must be torch tensors of rows, not {came}.")
    lengths = {len(tensor) for tensor in tensors}
    if len(lengths) != 1:
        came = ", ".join(map(str, sorted(lengths))) or "none"
        raise CourseError(f"batches needs tensors with equally many rows; these have {came}.")
    return lengths.pop()
