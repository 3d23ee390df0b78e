"""The running mean of a model's weights, often a better model than the weights of the last step.

    mean = keep * mean + (1 - keep) * weights,   after each step

Source: Polyak and Juditsky (1992), "Acceleration of stochastic approximation by averaging", for
means of weights; the mean that forgets, with its short memory in the first steps, is that of
TensorFlow's `ExponentialMovingAverage`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.optim.swa_utils import AveragedModel


def average_of(model: torch.nn.Module, keep: float) -> AveragedModel:
    """Return a copy of a model whose weights are a running mean of the model's weights.

    `update_parameters(model)` after each step moves the copy, `.module`, a little towards the
    model, batch normalisation's statistics included.

    Args:
        model: its weights as they are now are the first of the mean.
        keep: share of the old mean that is kept, from 0 to below 1. After step n it is at most
            (n + 1) / (n + 10), so that the first weights, which are random, are soon forgotten.
    """
    average = AveragedModel(model, multi_avg_fn=_follow(keep), use_buffers=True)
    average.n_averaged.fill_(1)
    return average.eval()


def _follow(keep: float) -> Callable:
    """Return the function with which `AveragedModel` moves means towards values.

    It gets means and values of one type, and n, how many values are in the mean so far.
    """
    movable: dict[tuple, list[bool]] = {}

    @torch.no_grad()
    def follow(means: list[torch.Tensor], values: list[torch.Tensor], n: torch.Tensor) -> None:
        kind = values[0].device, values[0].dtype
        if kind not in movable:
            movable[kind] = [_has_mean(value) for value in values]
        share = min(keep, (int(n) + 1) / (int(n) + 10))
        for mean, value, moves in zip(means, values, movable[kind], strict=True):
            if moves:
                mean.lerp_(value, 1 - share)
            else:
                mean.copy_(value)

    return follow


def _has_mean(value: torch.Tensor) -> bool:
    """Return whether the values of a tensor can be averaged.

    Counters and masks with minus infinity cannot; they are copied.
    """
    return value.is_floating_point() and bool(value.isfinite().all())
