"""The training loop of lesson 03 as one function, on top of Hugging Face Accelerate.

    >>> loader = batches(inputs, targets, batch_size=64, seed=0)            # doctest: +SKIP
    >>> history = fit(model, loader, loss_fn, steps=1000, lr=3e-3)          # doctest: +SKIP

The same script runs on many devices: `accelerate launch --multi_gpu --num_processes 8 script.py`. The batch stays
the same, so every one of the eight works on an eighth of it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from accelerate import Accelerator, DataLoaderConfiguration
from accelerate.state import AcceleratorState
from accelerate.utils import gather_object
from torch.utils.data import DataLoader

from aigc_course import checkpoints
from aigc_course.batching import batches
from aigc_course.errors import CourseError, check_choice, check_count
from aigc_course.live import Monitor
from aigc_course.runtime import home
from aigc_course.schedules import SCHEDULES, rate

__all__ = ["SCHEDULES", "History", "Options", "batches", "fit", "rate"]


@dataclass(frozen=True)
class Options:
    """What `fit` does beyond the plain loop.

    Attributes:
        optimizer: (parameters, lr=...) -> an optimizer.
        schedule: "constant", or from `lr` down to 0: "linear" or "cosine".
        warmup: steps in which the learning rate rises from 0 to `lr`.
        clip: largest norm of the gradient; None leaves it alone.
        checkpoint: name of the run, kept under `runs/` in the learner's folder and resumed when it is there; None keeps nothing.
        save_every: steps between two checkpoints, and between two calls of `watch`.
        watch: (step, model) -> None, called every `save_every` steps and at the end, for curves and pictures.
        precision: "no", "bf16" or "fp16" (Accelerate's mixed precision).
        tracker: "tensorboard", "wandb" or any other that Accelerate knows; None records nothing.
        show: True draws a progress bar and a live plot, "bar" the bar alone (for short trainings, many in a cell), False nothing.
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
        losses: one a step, in the unit of the loss function; a resumed run includes the steps before.
        resumed_from: step at which a checkpoint took over, 0 for a fresh start.
        interrupted: whether the learner stopped it.
    """

    losses: list[float] = field(default_factory=list, repr=False)
    resumed_from: int = 0
    interrupted: bool = False


def fit(model: torch.nn.Module, loader: DataLoader, loss_fn: Callable, steps: int, lr: float, options: Options | None = None) -> History:
    """Train `model` for `steps` batches; it changes in place.

    Args:
        model: moved to the fastest device there is.
        loader: made by `batches` (or any DataLoader with a length; a resumed run finds its place only with `batches`).
        loss_fn: (model, batch) -> a scalar, the mean over the rows of the batch. On several devices each takes the mean over its
            part and the parts count alike; a mean over the tokens of rows of different length is then only nearly the same.
        steps: optimizer steps in all, those before a resumed checkpoint included.
        lr: the largest learning rate.
        options: see `Options`.

    Interrupting it (the stop button) keeps what was learned, and writes a checkpoint if one is wanted.

    Source: stochastic gradient descent; Robbins and Monro (1951). AdamW: Loshchilov and Hutter (2019).

    Raises:
        CourseError: an argument is out of range, the loss is not finite, or a checkpoint belongs to another model or run.
    """
    options = options or Options()
    _check(loader, steps, lr, options)
    accelerator = _accelerator(options)
    epoch, made_by = getattr(loader.sampler, "epoch", 0), _settings(loader, lr, options)
    optimizer = options.optimizer(model.parameters(), lr=lr)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, steps, options))
    prepared, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    loader.iteration = epoch  # a second fit on one loader goes on with new orders
    run = _Run(accelerator, prepared, optimizer, scheduler, loss_fn, options)
    if options.tracker:
        accelerator.init_trackers("aigc_course")
    try:
        run.resume(loader, steps, made_by)
        run.go(loader, steps)
    except KeyboardInterrupt:
        run.stopped(steps)
    finally:
        accelerator.unwrap_model(prepared, keep_fp32_wrapper=False)  # mixed precision wraps `forward`: take that off again
        if options.tracker:
            accelerator.end_training()
    return run.history


class _Run:
    """One call of `fit`: the loop and what it keeps."""

    def __init__(self, accelerator, model, optimizer, scheduler, loss_fn, options: Options):
        self.accelerator, self.model, self.optimizer, self.scheduler = accelerator, model, optimizer, scheduler
        self.loss_fn, self.options = loss_fn, options
        self.history = History()
        self.waiting: list[torch.Tensor] = []  # losses still on the device: reading each at once would make it wait

    def resume(self, loader, steps: int, made_by: dict) -> None:
        """Take the last checkpoint of this name over, if there is one and it was made by the same settings."""
        self.made_by, name = made_by, self.options.checkpoint
        state = checkpoints.load(name, self.accelerator.unwrap_model(self.model)) if name else None
        if state is None:
            return
        other = {key: value for key, value in state["made_by"].items() if made_by[key] != value}
        if other or len(state["losses"]) > steps:
            what = f"with {other}" if other else f"for {len(state['losses'])} steps already"
            raise CourseError(f"The run {name!r} was trained {what}; choose another name, or delete {checkpoints.folder(name)}.")
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.history.losses = state["losses"].tolist()
        step = self.history.resumed_from = len(self.history.losses)
        passes, loader.skip_batches = divmod(step, len(loader))
        loader.iteration += passes
        self.accelerator.print(f"Resumed {name!r} at step {step} of {steps}.")
        checkpoints.set_random_state(state["random"][self.accelerator.process_index % len(state["random"])])

    def go(self, loader, steps: int) -> None:
        """The loop of lesson 03, until `steps` are done."""
        self.model.train()
        every = max(1, steps // 200)
        with Monitor(steps, len(self.history.losses), show=self.accelerator.is_main_process and self.options.show) as monitor:
            try:
                while (done := len(self.history.losses)) < steps:
                    for step, batch in enumerate(loader, start=done + 1):
                        self.step(batch)
                        if step % every == 0 or step == steps:
                            self.read()
                            monitor.update(self.history.losses)
                        if step % self.options.save_every == 0 or step == steps:
                            self.pause(step)
                        if step == steps:
                            break
                    loader.skip_batches = 0
                    self.read()
            finally:
                self.read()
                monitor.update(self.history.losses)

    def step(self, batch) -> None:
        loss = self.loss_fn(self.model, batch)
        self.optimizer.zero_grad()
        self.accelerator.backward(loss)
        if self.options.clip is not None:
            self.accelerator.clip_grad_norm_(self.model.parameters(), self.options.clip)
        self.optimizer.step()
        self.scheduler.step()
        self.waiting.append(loss.detach())

    def pause(self, step: int) -> None:
        """Every `save_every` steps: keep a checkpoint, let the caller look."""
        if self.options.checkpoint:
            self.save()
        if self.options.watch and self.accelerator.is_main_process:
            self.options.watch(step, self.accelerator.unwrap_model(self.model))

    def read(self) -> None:
        """Bring the losses over from the device, averaged over all processes."""
        if not self.waiting:
            return
        losses = self.accelerator.reduce(torch.stack(self.waiting).float(), "mean").tolist()
        self.waiting = []
        start = len(self.history.losses)
        self.history.losses += losses
        for step, loss in enumerate(losses, start + 1):
            if self.options.tracker:
                self.accelerator.log({"loss": loss}, step=step)
            if not math.isfinite(loss):
                raise CourseError(f"The loss is {loss} at step {step}: try a smaller lr, or Options(clip=1.0), on a fresh model.")

    def stopped(self, steps: int) -> None:
        """After an interrupt: keep what there is and say how to go on."""
        self.history.interrupted = True
        done, way = len(self.history.losses), "Call fit again to train it further"
        if self.options.checkpoint and done:
            self.save()
            way = f"It is kept as checkpoint {self.options.checkpoint!r}: run the cell again to go on from there"
        print(f"Stopped after {done} of {steps} steps; the model keeps what it learned. {way}.")

    def save(self) -> None:
        self.read()
        random, failure = gather_object([checkpoints.random_state()]), ""
        if self.accelerator.is_main_process:
            state = {"optimizer": self.optimizer.state_dict(), "scheduler": self.scheduler.state_dict(), "made_by": self.made_by,
                     "losses": torch.tensor(self.history.losses, dtype=torch.float64), "random": random}
            try:
                checkpoints.save(self.options.checkpoint, self.accelerator.unwrap_model(self.model), state, len(self.history.losses))
            except CourseError as error:
                failure = str(error)
        if failure := "".join(gather_object([failure])):  # all processes stop together
            raise CourseError(failure)


def _check(loader, steps, lr, options) -> None:
    check_count("steps", steps, 1)
    if isinstance(lr, bool) or not isinstance(lr, int | float) or not 0 < lr < math.inf:
        raise CourseError(f"lr must be a positive number, not {lr!r}.")
    if not isinstance(options, Options):
        raise CourseError(f"options must be training.Options(...), not {type(options).__name__}.")
    check_choice("schedule", options.schedule, SCHEDULES)
    check_choice("precision", options.precision, ("no", "bf16", "fp16"))
    check_choice("show", options.show, (True, "bar", False))
    check_count("warmup", options.warmup)
    check_count("save_every", options.save_every, 1)
    if options.clip is not None and not (isinstance(options.clip, int | float) and options.clip > 0):
        raise CourseError(f"clip must be a positive number or None, not {options.clip!r}.")
    if not isinstance(loader, DataLoader):
        came = type(loader).__name__
        raise CourseError(f"fit needs its batches as a DataLoader, not {came}; training.batches(x, y, batch_size=..., seed=...) makes one.")
    if not len(loader):
        raise CourseError("The loader holds no batch: give more rows, or a smaller batch_size.")


def _accelerator(options: Options) -> Accelerator:
    AcceleratorState._reset_state()  # Accelerate keeps one precision a process; every fit has its own
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a missing tracker is told below
        accelerator = Accelerator(
            mixed_precision=options.precision, log_with=options.tracker, step_scheduler_with_optimizer=False, project_dir=home() / "runs",
            dataloader_config=DataLoaderConfiguration(split_batches=True),
        )  # fmt: skip
    if options.tracker and not accelerator.log_with:
        raise CourseError(f"The tracker {options.tracker!r} is not installed; install it, or leave tracker=None.")
    return accelerator


def _settings(loader: DataLoader, lr: float, options: Options) -> dict:
    """What a checkpoint must have been made with to be taken over; the number of steps may grow."""
    optimizer = getattr(options.optimizer, "__qualname__", type(options.optimizer).__qualname__)
    return {"lr": float(lr), "schedule": options.schedule, "warmup": options.warmup, "optimizer": optimizer,
            "batch_size": loader.batch_size, "rows": len(loader.dataset), "seed": getattr(loader.sampler, "seed", None)}  # fmt: skip
