"""The training loop of lesson 03 as one function, on top of Hugging Face Accelerate.

    >>> loader = batches(inputs, targets, batch_size=64, seed=0)            # doctest: +SKIP
    >>> history = fit(model, loader, loss_fn, steps=1000, lr=3e-3)          # doctest: +SKIP

The same script runs on many devices: `accelerate launch --multi_gpu --num_processes 8 script.py`.
The batch stays the same, so every one of the eight works on an eighth of it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import torch
from accelerate import Accelerator, DataLoaderConfiguration
from accelerate.state import AcceleratorState
from accelerate.utils import gather_object
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
from aigc_course.core.paths import home
from aigc_course.training import checkpoints, memory
from aigc_course.training.options import (
    History,
    Options,
    check,
    rate,
    settings,
)
from aigc_course.training.progress import Monitor, stop_button

_LOADER = "a DataLoader; training.batches(x, y, batch_size=..., seed=...) makes one"


@checked(
    model=instance(torch.nn.Module, says="a torch.nn.Module"),
    loader=instance(DataLoader, says=_LOADER),
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
    """Train `model` for `steps` batches; it changes in place.

    Args:
        model: moved to the fastest device there is.
        loader: made by `batches` (or any DataLoader with a length; a resumed run finds its place
            only with `batches`).
        loss_fn: (model, batch) -> a scalar, the mean over the rows of the batch. On several devices
            each takes the mean over its part and the parts count alike; a mean over the tokens of
            rows of different length is then only nearly the same.
        steps: optimizer steps in all, those before a resumed checkpoint included.
        lr: the largest learning rate.
        options: see `Options`.

    Interrupting it (the stop button) ends it after the step it is in, keeps what was learned, and
    writes a checkpoint if one is wanted. When memory runs out, a batch goes through the model in
    two parts, or four and so on, whose gradients add up to that of the whole; for a model with
    batch normalisation, or a loss that is no mean over rows, it is only nearly the same, and it
    says so for the former.

    Source: stochastic gradient descent; Robbins and Monro (1951). AdamW: Loshchilov and Hutter
    (2019).

    Raises:
        CourseError: an argument is out of range, the loss is not finite, a checkpoint is damaged or
            belongs to another model or run, or one row alone is too much for the memory.
    """
    options = options or Options()
    check(options, model, loader)
    sampler, made_by = loader.sampler, settings(loader, lr, options)
    epoch = getattr(sampler, "epoch", 0)
    run, loader = _prepared(model, loader, loss_fn, steps, lr, options)
    loader.iteration = epoch  # a second fit on one loader goes on with new orders
    try:
        run.resume(loader, steps, made_by)
        run.go(loader, steps)
    except KeyboardInterrupt:
        run.stopped(steps)
    finally:
        if hasattr(sampler, "epoch"):  # also when this one was resumed and had nothing left to do
            sampler.epoch = epoch + math.ceil(len(run.history.losses) / len(loader))
        run.end()
    return run.history


def _prepared(
    model, loader, loss_fn, steps: int, lr: float, options: Options
) -> tuple[_Run, DataLoader]:
    """Model, optimizer, schedule and data, on their device."""
    accelerator = _accelerator(options)
    optimizer = options.optimizer(model.parameters(), lr=lr)
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: rate(step, steps, options)
    )
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    if options.tracker:
        accelerator.init_trackers("aigc_course")
    return _Run(accelerator, model, optimizer, scheduler, loss_fn, options), loader


class _Run:
    """One call of `fit`: the loop and what it keeps."""

    def __init__(self, accelerator, model, optimizer, scheduler, loss_fn, options: Options):
        self.accelerator, self.model, self.optimizer, self.scheduler = (
            accelerator,
            model,
            optimizer,
            scheduler,
        )
        self.loss_fn, self.options = loss_fn, options
        self.history = History()
        self.waiting: list[
            torch.Tensor
        ] = []  # losses still on the device: reading each at once would make it wait
        self.parts = 1  # that a batch goes through the model in
        self.whole = True  # between two steps, not in the middle of one

    def resume(self, loader, steps: int, made_by: dict) -> None:
        """Take the last checkpoint of this name over, if there is one and it was made by the same
        settings.
        """
        self.made_by, name = made_by, self.options.checkpoint
        state = checkpoints.load(name, self.accelerator.unwrap_model(self.model)) if name else None
        if state is None:
            return
        with checkpoints.understood(name):
            other = {
                key: value for key, value in state["made_by"].items() if made_by.get(key) != value
            }
            if other or len(state["losses"]) > steps:
                what = f"with {other}" if other else f"for {len(state['losses'])} steps already"
                raise CourseError(
                    f"The run {name!r} was trained {what}; choose another name, or "
                    f"delete {checkpoints.folder(name)}."
                )
            checkpoints.restore(self.optimizer, state["optimizer"])
            checkpoints.check_alike(state["scheduler"], self.scheduler.state_dict())
            if state["scheduler"]["last_epoch"] != len(state["losses"]):
                raise ValueError("the schedule is at another step")
            self.scheduler.load_state_dict(state["scheduler"])
            self.history.losses = state["losses"].tolist()
            step = self.history.resumed_from = len(self.history.losses)
            passes, loader.skip_batches = divmod(step, len(loader))
            loader.iteration += passes
            checkpoints.set_random_state(
                state["random"][self.accelerator.process_index % len(state["random"])]
            )
        self.accelerator.print(f"Resumed {name!r} at step {step} of {steps}.")

    def go(self, loader, steps: int) -> None:
        """The loop of lesson 03, until `steps` are done."""
        self.model.train()
        every = max(1, steps // 200)
        show = self.accelerator.is_main_process and self.options.show
        with (
            Monitor(steps, len(self.history.losses), show=show) as monitor,
            stop_button() as pressed,
        ):
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
                        # between two steps: what is kept is whole, and a resumed run equals an
                        # unbroken one
                        if pressed:
                            raise KeyboardInterrupt
                    loader.skip_batches = 0
                    self.read()
            finally:
                self.read()
                monitor.update(self.history.losses)

    def step(self, batch) -> None:
        self.whole, parts = False, self.parts
        while (loss := self.backward(batch)) is None:
            self.parts = memory.more_parts(batch, self.parts, self.accelerator.num_processes)
        if self.parts > parts:
            self.accelerator.print(memory.notice(batch, self.parts, self.model))
        if self.options.clip is not None:
            self.accelerator.clip_grad_norm_(self.model.parameters(), self.options.clip)
        try:
            self.optimizer.step()
        except (
            RuntimeError,
            MemoryError,
        ) as error:  # its first step makes room for its own numbers, smaller parts do not help
            if memory.ran_out(error):
                raise CourseError(
                    "Memory ran out for the optimizer's own numbers: take a smaller "
                    "model, or an optimizer that keeps less."
                ) from None
            raise
        self.scheduler.step()
        self.waiting.append(loss)
        self.whole = True

    def backward(self, batch) -> torch.Tensor | None:
        """Gradients of one batch, in parts; its loss, or None when memory ran out."""
        self.optimizer.zero_grad()
        total = 0.0
        try:
            for share, part in memory.divided(batch, self.parts):
                loss = self.loss_fn(self.model, part)
                if (
                    not isinstance(loss, torch.Tensor)
                    or loss.numel() != 1
                    or not loss.requires_grad
                ):
                    raise CourseError(
                        "fit: loss_fn must give one number as a tensor that depends on "
                        "the model's parameters, loss.mean() say."
                    )
                self.accelerator.backward(loss * share if self.parts > 1 else loss)
                total = total + loss.detach().reshape(()) * share
        except (RuntimeError, MemoryError) as error:
            if not memory.ran_out(error):
                raise
            return None
        return total

    def pause(self, step: int) -> None:
        """Every `save_every` steps: let the caller look, then keep a checkpoint, so that a run that
        goes on from it has nothing to look at again.
        """
        try:
            if self.options.watch and self.accelerator.is_main_process:
                self.options.watch(step, self.accelerator.unwrap_model(self.model))
        finally:  # also when `watch` fails
            if self.options.checkpoint:
                self.save()

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
                raise CourseError(
                    f"The loss is {loss} at step {step}: try a smaller lr, or "
                    "Options(clip=1.0), on a fresh model."
                )

    def stopped(self, steps: int) -> None:
        """After an interrupt: keep what there is and say how to go on."""
        self.history.interrupted = True
        done, way = len(self.history.losses), "Call fit again to train it further"
        if self.options.checkpoint and done and self.whole:
            self.save()
            way = (
                f"It is kept as checkpoint {self.options.checkpoint!r}: run the cell again "
                "to go on from there"
            )
        elif (
            self.options.checkpoint
        ):  # pressed twice, in the middle of a step: what is half done is not kept
            way = (
                "Run the cell again to go on from the last checkpoint of "
                f"{self.options.checkpoint!r}"
            )
        print(f"Stopped after {done} of {steps} steps; the model keeps what it learned. {way}.")

    def end(self) -> None:
        self.accelerator.unwrap_model(
            self.model, keep_fp32_wrapper=False
        )  # mixed precision wraps `forward`: take that off again
        if self.options.tracker:
            self.accelerator.end_training()

    def save(self) -> None:
        self.read()
        random, failure = gather_object([checkpoints.random_state()]), ""
        if self.accelerator.is_main_process:
            state = {
                "optimizer": self.optimizer.state_dict(),
                "scheduler": self.scheduler.state_dict(),
                "made_by": self.made_by,
                "losses": torch.tensor(self.history.losses, dtype=torch.float64),
                "random": random,
            }
            try:
                checkpoints.save(
                    self.options.checkpoint,
                    self.accelerator.unwrap_model(self.model),
                    state,
                    len(self.history.losses),
                )
            except CourseError as error:
                failure = str(error)
        if failure := "".join(gather_object([failure])):  # all processes stop together
            raise CourseError(failure)


def _accelerator(options: Options) -> Accelerator:
    # Accelerate keeps one precision a process; every fit has its own
    AcceleratorState._reset_state()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a missing tracker is told below
        accelerator = Accelerator(
            mixed_precision=options.precision,
            log_with=options.tracker,
            step_scheduler_with_optimizer=False,
            project_dir=home() / "runs",
            dataloader_config=DataLoaderConfiguration(split_batches=True),
        )
    if options.tracker and not accelerator.log_with:
        raise CourseError(
            f"The tracker {options.tracker!r} is not installed; install it, or leave tracker=None."
        )
    return accelerator
