"""The training loop of lesson 13 as one function.

    >>> loader = batches(inputs, targets, batch_size=64, seed=0)            # doctest: +SKIP
    >>> history = fit(model, loader, loss_fn, steps=1000, lr=3e-3)          # doctest: +SKIP

The same script runs on many devices: `accelerate launch --multi_gpu --num_processes 8 script.py`.
The batch stays the same, so every one of the eight works on an eighth of it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.utils.data import DataLoader

from aigc_course.core.arguments import (
    checked,
    function,
    instance,
    optional,
    real,
    whole,
)
from aigc_course.core.errors import CourseError
from aigc_course.training.options import A_LOADER, History, Options, check_options
from aigc_course.training.run import Run


@checked(
    model=instance(torch.nn.Module, says="a torch.nn.Module"),
    loader=instance(DataLoader, says=A_LOADER),
    loss_fn=function(),
    steps=whole(1),
    lr=real(above=0),
    options=optional(instance(Options, says="training.Options(...)")),
)
def fit(
    model: torch.nn.Module,
    loader: DataLoader,
    loss_fn: Callable,
    steps: int,
    lr: float,
    options: Options | None = None,
) -> History:
    """Train `model` with `steps` batches; it changes in place.

    The stop button ends the training after the current step, keeps what was learned, and writes a
    checkpoint if one is wanted. When memory runs out, a batch goes through the model in two parts,
    or four and so on, whose gradients add up to that of the whole. It is only nearly the same with
    batch normalisation (a message says so) or a loss that is no mean over rows. A loss that needs
    the whole batch asks for `Options(whole_batch=True)`.

    Source: Robbins and Monro (1951); AdamW by Loshchilov and Hutter (2019).

    Args:
        model: moved to the fastest device there is.
        loader: from `batches`; with another, which needs a length, resuming loses the place in it.
        loss_fn: (model, batch) -> a scalar, the mean over the rows of the batch, or over a device's
            part of it; all parts have the same weight.
        steps: optimizer steps in all, those before a resumed checkpoint included.
        lr: the largest learning rate.
        options: see `Options`.

    Raises:
        CourseError: an argument is out of range, the loss is not finite, a checkpoint does not
            belong to this run, or the memory is too small.
    """
    options = options or Options()
    check_options(options)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise CourseError("fit: model must have parameters to train.")

    def step(run: Run, batch: object) -> torch.Tensor:
        return run.minimise_in_parts(lambda rows: loss_fn(run.model, rows), batch)

    return Run(step, model, _optimizers(model, lr, options), loader, options).train(steps)


def _optimizers(model: torch.nn.Module, lr: float, options: Options) -> dict:
    """Return the optimizer, or several for different weights, by name.

    Raises:
        CourseError: two optimizers share a weight.
    """
    if options.optimizers is None:
        return {"optimizer": options.optimizer(model.parameters(), lr=lr)}
    several = list(options.optimizers(model, lr))
    weights = [id(w) for one in several for group in one.param_groups for w in group["params"]]
    if len(set(weights)) < len(weights):
        raise CourseError("Options: optimizers must not share a weight: each would move it.")
    return {f"optimizer {number}": one for number, one in enumerate(several, 1)}
