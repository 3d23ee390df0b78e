"""The options of a training, and the history that it returns."""

from __future__ import annotations

import math
from collections.abc import Callable, Sized
from dataclasses import dataclass, field
from typing import cast

import torch
from torch.utils.data import DataLoader

from aigc_course.core.arguments import (
    check_argument,
    check_arguments,
    function,
    instance,
    one_of,
    optional,
    real,
    whole,
)
from aigc_course.core.errors import CourseError


@dataclass(frozen=True)
class Options:
    """What `fit` and `Run` do beyond the plain loop.

    Attributes:
        optimizer: (parameters, lr=...) -> an optimizer; for `fit` only, as a `Run` gets optimizers.
        schedule: course of the learning rate: "constant", or from `lr` down to 0 as "linear" or
            "cosine"; or a function (step from 0, steps) -> share of `lr`.
        warmup: steps in which the learning rate rises from 0 to `lr`.
        clip: largest norm of the gradient; None does not clip.
        checkpoint: name of the run, kept under `runs/` in the learner's folder and resumed when it
            is there; None keeps nothing.
        save_every: steps between two checkpoints, and between two calls of `watch`.
        watch: (step, model) -> None, called every `save_every` steps and at the end, for curves and
            pictures; it gets the averaged model where there is an average.
        precision: "no", "bf16" or "fp16" (Accelerate's mixed precision).
        tracker: "tensorboard", "wandb" or any other that Accelerate knows; None records nothing.
        show: True draws a progress bar and a live plot, "bar" the bar alone (for many short
            trainings in a cell), False nothing.
        optimizers: (model, lr) -> several optimizers in a list, each for some of the weights (for
            example Muon for matrices beside AdamW for the rest); for `fit`, instead of `optimizer`.
        average: share of the old mean that each step keeps, such as 0.999, in a running mean of the
            weights, `History.average`; None makes no mean.
        whole_batch: whether the loss needs all rows of a batch at once, as a contrastive one does;
            then the batch is not divided when memory runs out.
    """

    optimizer: Callable = torch.optim.AdamW
    schedule: str | Callable = "constant"
    warmup: int = 0
    clip: float | None = None
    checkpoint: str | None = None
    save_every: int = 500
    watch: Callable | None = None
    precision: str = "no"
    tracker: object | None = None
    show: bool | str = True
    optimizers: Callable | None = None
    average: float | None = None
    whole_batch: bool = False


@dataclass
class History:
    """The losses of a training, and how it went.

    Attributes:
        curves: name -> losses, one for each step; a resumed run includes the steps before. A loss
            without a name is called "loss".
        resumed_from: step at which a checkpoint took over, 0 for a fresh start.
        interrupted: whether the learner stopped it.
        average: the model with the running mean of the weights, when `Options.average` asked for
            it.
    """

    curves: dict[str, list[float]] = field(default_factory=dict, repr=False)
    resumed_from: int = 0
    interrupted: bool = False
    average: torch.nn.Module | None = field(default=None, repr=False)

    @property
    def losses(self) -> list[float]:
        """Return the first of the curves; for `fit` it is the only one."""
        return next(iter(self.curves.values()), [])


SCHEDULES = ("constant", "linear", "cosine")
A_LOADER = "a DataLoader; training.batches(x, y, batch_size=..., seed=...) makes one"


def check_options(options: Options) -> None:
    """Refuse options that are out of range.

    Raises:
        CourseError: an option is out of range; the line names it.
    """
    if not callable(options.schedule):
        check_argument("schedule", options.schedule, one_of(*SCHEDULES))
    check_argument("precision", options.precision, one_of("no", "bf16", "fp16"))
    check_argument("show", options.show, one_of(True, "bar", False))
    rules = {
        "optimizer": function(),
        "optimizers": optional(function()),
        "watch": optional(function()),
        "warmup": whole(),
        "save_every": whole(1),
        "clip": optional(real(above=0)),
        "average": optional(real(0, below=1)),
        "whole_batch": one_of(True, False),
    }
    check_arguments("Options", rules, vars(options))


def check_loader(loader: DataLoader | None) -> None:
    """Refuse a loader that is no DataLoader, or has no batch or no length; None is accepted.

    Raises:
        CourseError: the loader is refused; the line says what to do.
    """
    if loader is None:
        return
    check_argument("loader", loader, instance(DataLoader, says=A_LOADER))
    try:
        batches = len(loader)
    except TypeError:
        raise CourseError(
            "loader must have a length; training.batches(x, y, batch_size=..., seed=...) makes one."
        ) from None
    if not batches:
        raise CourseError(
            "loader must hold at least one batch: give more rows, or a smaller batch_size."
        )


def settings_of(options: Options, optimizers: dict, loader: DataLoader | None) -> dict:
    """Return the settings that a checkpoint must have been made with to be taken over.

    The number of steps is not among them, as it may grow.
    """
    return {
        "optimizers": {name: _named(optimizer) for name, optimizer in optimizers.items()},
        "schedule": getattr(options.schedule, "__qualname__", str(options.schedule)),
        "warmup": options.warmup,
        "average": options.average,
        "batch_size": loader and loader.batch_size,
        "rows": loader and len(cast(Sized, loader.dataset)),
        "seed": getattr(getattr(loader, "sampler", None), "seed", None),
    }


def _named(optimizer: torch.optim.Optimizer) -> str:
    """Return class and learning rates of an optimizer, such as "AdamW, lr 0.01"."""
    rates = dict.fromkeys(float(group["lr"]) for group in optimizer.param_groups)
    return f"{type(optimizer).__name__}, lr {', '.join(map(str, rates))}"


def rate(step: int, steps: int, options: Options) -> float:
    """Return the share of the largest learning rate at a step, counted from 0."""
    if step < options.warmup:
        return (step + 1) / (options.warmup + 1)
    if callable(options.schedule):
        return options.schedule(step, steps)
    done = (step - options.warmup) / max(1, steps - options.warmup)
    return {
        "constant": 1.0,
        "linear": 1 - done,
        "cosine": 0.5 + 0.5 * math.cos(math.pi * min(done, 1)),
    }[options.schedule]
