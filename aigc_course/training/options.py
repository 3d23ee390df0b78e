"""What `training.fit` does beyond the plain loop, and what it gives back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch.utils.data import DataLoader

from aigc_course.core.arguments import (
    check_argument,
    check_arguments,
    function,
    one_of,
    optional,
    real,
    whole,
)
from aigc_course.core.errors import CourseError


@dataclass(frozen=True)
class Options:
    """What `fit` does beyond the plain loop.

    Attributes:
        optimizer: (parameters, lr=...) -> an optimizer.
        schedule: "constant", or from `lr` down to 0: "linear" or "cosine".
        warmup: steps in which the learning rate rises from 0 to `lr`.
        clip: largest norm of the gradient; None leaves it alone.
        checkpoint: name of the run, kept under `runs/` in the learner's folder and resumed when it
            is there; None keeps nothing.
        save_every: steps between two checkpoints, and between two calls of `watch`.
        watch: (step, model) -> None, called every `save_every` steps and at the end, for curves and
            pictures.
        precision: "no", "bf16" or "fp16" (Accelerate's mixed precision).
        tracker: "tensorboard", "wandb" or any other that Accelerate knows; None records nothing.
        show: True draws a progress bar and a live plot, "bar" the bar alone (for short trainings,
            many in a cell), False nothing.
    """

    optimizer: Callable = torch.optim.AdamW
    schedule: str = "constant"
    warmup: int = 0
    clip: float | None = None
    checkpoint: str | None = None
    save_every: int = 500
    watch: Callable | None = None
    precision: str = "no"
    tracker: object | None = None
    show: bool | str = True


@dataclass
class History:
    """What a training run saw.

    Attributes:
        losses: one a step, in the unit of the loss function; a resumed run includes the steps
            before.
        resumed_from: step at which a checkpoint took over, 0 for a fresh start.
        interrupted: whether the learner stopped it.
    """

    losses: list[float] = field(default_factory=list, repr=False)
    resumed_from: int = 0
    interrupted: bool = False


def check(options: Options, model: torch.nn.Module, loader: DataLoader) -> None:
    """Refuse options that are out of range, a model without anything to train, and a loader without
    a batch.

    Raises:
        CourseError: the line names what it is.
    """
    try:
        batches = len(loader)
    except TypeError:
        raise CourseError(
            "fit: loader must have a length; training.batches(x, y, batch_size=..., "
            "seed=...) makes one."
        ) from None
    if not batches:
        raise CourseError(
            "fit: loader must hold at least one batch: give more rows, or a smaller batch_size."
        )
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise CourseError("fit: model must have parameters to train.")
    check_argument("schedule", options.schedule, one_of(*SCHEDULES))
    check_argument("precision", options.precision, one_of("no", "bf16", "fp16"))
    check_argument("show", options.show, one_of(True, "bar", False))
    rules = {
        "optimizer": function(),
        "watch": optional(function()),
        "warmup": whole(),
        "save_every": whole(1),
        "clip": optional(real(above=0)),
    }
    check_arguments("Options", rules, vars(options))


def settings(loader: DataLoader, lr: float, options: Options) -> dict:
    """What a checkpoint must have been made with to be taken over; the number of steps may grow."""
    optimizer = getattr(options.optimizer, "__qualname__", type(options.optimizer).__qualname__)
    return {
        "lr": float(lr),
        "schedule": options.schedule,
        "warmup": options.warmup,
        "optimizer": optimizer,
        "batch_size": loader.batch_size,
        "rows": len(loader.dataset),
        "seed": getattr(loader.sampler, "seed", None),
    }


SCHEDULES = ("constant", "linear", "cosine")


def rate(step: int, steps: int, options) -> float:
    """Share of the largest learning rate at a step."""
    if step < options.warmup:
        return (step + 1) / (options.warmup + 1)
    done = (step - options.warmup) / max(1, steps - options.warmup)
    return {
        "constant": 1.0,
        "linear": 1 - done,
        "cosine": 0.5 + 0.5 * math.cos(math.pi * min(done, 1)),
    }[options.schedule]
