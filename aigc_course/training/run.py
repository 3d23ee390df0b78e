"""One training of any kind: `Run` repeats a step, with all that belongs to a training.

A *step* says what happens once. `Run` makes it happen a thousand times, with progress and plot, the
stop button, checkpoints, several devices, an average of the weights, and a way on when memory runs
out.

    >>> def step(run, batch):                                               # doctest: +SKIP
    ...     generator, discriminator = run.models["generator"], run.models["discriminator"]
    ...     real, fake = batch[0], generator(noise())
    ...     d_loss = discriminator_loss(discriminator(real), discriminator(fake.detach()))
    ...     run.minimise(d_loss, "discriminator")
    ...     g_loss = generator_loss(discriminator(fake))
    ...     run.minimise(g_loss, "generator")
    ...     return {"D": d_loss, "G": g_loss}
    >>> history = Run(step, models, optimizers, loader).train(1000)         # doctest: +SKIP

`fit` is a `Run` whose step minimises one loss of one model. `Run` is built on Accelerate.
"""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from accelerate import Accelerator, DataLoaderConfiguration
from accelerate.state import AcceleratorState
from accelerate.utils import gather_object
from torch.utils.data import DataLoader

from aigc_course.core.arguments import (
    check_argument,
    describe,
    function,
    instance,
    optional,
    whole,
)
from aigc_course.core.errors import CourseError
from aigc_course.core.paths import home
from aigc_course.training import checkpoints, memory
from aigc_course.training.averages import average_of
from aigc_course.training.options import (
    History,
    Options,
    check_loader,
    check_options,
    rate,
    settings_of,
)
from aigc_course.training.progress import Monitor, stop_button
from aigc_course.training.recorder import Recorder


class Run:
    """A training: models, their optimizers, and what one step does with them.

    Args:
        step: (run, batch) -> the losses to record: one number, or numbers by name. It calls
            `run.minimise` or `run.minimise_in_parts`, as often as it likes.
        models: one model, or models by name. They are moved to the fastest device there is and set
            to training mode, and a checkpoint keeps them all.
        optimizers: one optimizer, or optimizers by name, over weights of the models. The schedule
            of the options changes all their learning rates.
        loader: gives the batches; made by `batches` (or any DataLoader with a length; a resumed run
            finds its place only with `batches`). Without one, `batch` is the number of the step,
            from 1, and the step makes its own data, such as a policy that learns from its own text.
        options: see `Options`; an average is one of the first model.
        settings: numbers and words by name that a checkpoint must have been made with to be taken
            over, beyond those of options, optimizers and loader.

    Attributes:
        models, optimizers: by name; during the training as Accelerate prepared them.
        average: an `AveragedModel` of the first model, or None.
        history: the losses so far.
        done: how many steps are done.
        accelerator: Hugging Face's `Accelerator`, during the training.

    Raises:
        CourseError: an argument or an option is out of range.
    """

    def __init__(
        self,
        step: Callable[[Run, Any], object],
        models: torch.nn.Module | Mapping[str, torch.nn.Module],
        optimizers: torch.optim.Optimizer | Mapping[str, torch.optim.Optimizer],
        loader: DataLoader | None = None,
        options: Options | None = None,
        settings: dict | None = None,
    ):
        wanted = optional(instance(Options, says="training.Options(...)"))
        self.options = check_argument("options", options, wanted) or Options()
        check_options(self.options)
        check_loader(loader)
        self.step = check_argument("step", step, function())
        self.models = _by_name("model", models, torch.nn.Module)
        self.optimizers = _by_name("optimizer", optimizers, torch.optim.Optimizer)
        self.loader: Any = loader
        self._check_together()
        own = check_argument("settings", settings, optional(instance(dict, says="a dictionary")))
        self.made_by = settings_of(self.options, self.optimizers, loader) | (own or {})
        keep = self.options.average
        self.average = None if keep is None else average_of(self.model, keep)
        self.history = History(average=None if self.average is None else self.average.module)
        self.done = self.steps = 0
        self.parts = 1  # number of parts in which a batch goes through the model
        self.whole = True  # False in the middle of a step

    def _check_together(self) -> None:
        """Refuse names of models that cannot be kept, and a precision that does not fit.

        Raises:
            CourseError: a name is refused, or "fp16" meets several optimizers.
        """
        names = [name for name in self.models if not _is_good_name(name)]
        if names:
            raise CourseError(f"Run: models must be named otherwise than {', '.join(names)}.")
        if self.options.precision == "fp16" and len(self.optimizers) > 1:
            raise CourseError(
                'precision "fp16" works with one optimizer only; take "bf16" for several.'
            )

    # --- for a step ---

    @property
    def model(self) -> torch.nn.Module:
        """Return the first of the models."""
        return next(iter(self.models.values()))

    @property
    def device(self) -> torch.device:
        """Return the device of models and batches during the training."""
        return self.accelerator.device

    def minimise(self, loss: torch.Tensor, *names: str) -> torch.Tensor:
        """Move weights one step down the gradient of a loss.

        Args:
            loss: one number that depends on the weights.
            names: names of the optimizers that make their step; without names, all.

        Returns:
            The loss without its gradient.

        Raises:
            CourseError: the loss is not one number, or depends on no weight.
        """
        optimizers = self._chosen(names)
        _check_loss("minimise: loss must be", loss)
        for optimizer in optimizers:
            optimizer.zero_grad()
        self.accelerator.backward(loss)
        self._update(optimizers)
        return loss.detach()

    def minimise_in_parts(
        self, loss_fn: Callable[[Any], torch.Tensor], batch: object, *names: str
    ) -> torch.Tensor:
        """Move weights one step down the gradient of a loss over a batch, in parts if necessary.

        When memory runs out, this batch and all later ones go through in two parts, or four and so
        on, whose gradients add up to that of the whole.

        Args:
            loss_fn: rows of the batch -> one number, the mean over these rows.
            batch: tensors with the same number of rows.
            names: names of the optimizers that make their step; without names, all.

        Returns:
            The loss without its gradient.

        Raises:
            CourseError: the loss is not one number, or one row alone is too much for the memory.
        """
        optimizers, parts = self._chosen(names), self.parts
        while (loss := self._gradients(loss_fn, batch, optimizers)) is None:
            if self.options.whole_batch:
                raise memory.undivided(batch)
            self.parts = memory.more_parts(batch, self.parts, self.accelerator.num_processes)
        if self.parts > parts:
            self.accelerator.print(memory.notice(batch, self.parts, self.models.values()))
        self._update(optimizers)
        return loss

    def _chosen(self, names: tuple[str, ...]) -> list:
        """Return the optimizers of these names; without names, all.

        Raises:
            CourseError: there is no optimizer of a name.
        """
        if unknown := set(names) - set(self.optimizers):
            raise CourseError(
                f"There is no optimizer {', '.join(map(repr, sorted(unknown)))}; there are "
                f"{', '.join(self.optimizers)}."
            )
        return [self.optimizers[name] for name in names or self.optimizers]

    def _gradients(self, loss_fn, batch, optimizers: list) -> torch.Tensor | None:
        """Compute the gradients of one batch, in parts.

        Returns:
            The loss of the batch, or None when memory ran out.
        """
        for optimizer in optimizers:
            optimizer.zero_grad()
        total: Any = 0.0
        try:
            for share, part in memory.divided(batch, self.parts):
                loss = loss_fn(part)
                _check_loss("loss_fn must give", loss)
                self.accelerator.backward(loss * share if self.parts > 1 else loss)
                total = total + loss.detach().reshape(()) * share
        except (RuntimeError, MemoryError) as error:
            if not memory.ran_out(error):
                raise
            return None
        return total

    def _update(self, optimizers: list) -> None:
        """Clip the gradients, and let each optimizer make its step.

        Raises:
            CourseError: memory ran out for the optimizer's own numbers.
        """
        if self.options.clip is not None:
            weights = [
                weight
                for optimizer in optimizers
                for group in optimizer.param_groups
                for weight in group["params"]
            ]
            self.accelerator.clip_grad_norm_(weights, self.options.clip)
        try:
            for optimizer in optimizers:
                optimizer.step()
        except (RuntimeError, MemoryError) as error:
            if not memory.ran_out(error):
                raise
            # An optimizer makes room for its own numbers in its first step, and smaller parts of
            # the batch would not help.
            raise CourseError(
                "Memory ran out for the optimizer's own numbers: take a smaller model, or an "
                "optimizer that keeps less."
            ) from None

    # --- the training ---

    def train(self, steps: int) -> History:
        """Make steps until `steps` are done, those before a resumed checkpoint included.

        The stop button ends the training after the current step, keeps what was learned, and writes
        a checkpoint if one is wanted.

        Returns:
            The losses of all steps, see `History`.

        Raises:
            CourseError: `steps` is out of range, a loss is not finite, a checkpoint is damaged or
                belongs to another model or run, memory ran out, or this run has trained before.
        """
        self.steps = check_argument("steps", steps, whole(1))
        if self.done:
            raise CourseError("This Run has trained; make a new one to train its models further.")
        sampler: Any = getattr(self.loader, "sampler", None)
        epoch = getattr(sampler, "epoch", 0)  # a second training goes on with new orders
        with self._prepared(epoch):
            try:
                self._resume()
                self._loop()
            except KeyboardInterrupt:
                self._stopped()
            finally:
                if hasattr(sampler, "epoch"):  # also when resumed with nothing left to do
                    sampler.epoch = epoch + math.ceil(self.done / len(self.loader))
        return self.history

    def advance(self, batch: object) -> None:
        """Make one step with a batch; `train` calls this for every batch."""
        self.whole = False
        self._set_rates(rate(self.done, self.steps, self.options))
        try:
            losses = self.step(self, batch)
        except (RuntimeError, MemoryError) as error:
            if memory.ran_out(error):
                raise memory.undivided(batch) from None
            raise
        if self.average is not None:
            self.average.update_parameters(self.accelerator.unwrap_model(self.model))
        self.recorder.note(losses)
        self.done += 1
        self.whole = True

    @property
    def trained(self) -> torch.nn.Module:
        """Return the average, or without one the first model; to be called once training began."""
        if self.average is not None:
            return self.average.module
        return self.accelerator.unwrap_model(self.model)

    @contextlib.contextmanager
    def _prepared(self, epoch: int) -> Iterator[None]:
        """Prepare models, optimizers and loader for the device, within a `with` block.

        Args:
            epoch: epoch of the loader that comes next, counted from 0.
        """
        given = self.models, self.optimizers, self.loader
        self.accelerator = _accelerator(self.options)
        self.recorder = Recorder(self.history.curves, self.accelerator)
        self.rates = [
            [group["lr"] for group in optimizer.param_groups]
            for optimizer in self.optimizers.values()
        ]
        try:
            self._place(epoch)
            yield
        finally:
            for model in self.models.values():  # mixed precision wraps `forward`: undo that
                self.accelerator.unwrap_model(model, keep_fp32_wrapper=False)
            self._set_rates(1.0)
            self.models, self.optimizers, self.loader = given
            if self.options.tracker:
                self.accelerator.end_training()

    def _place(self, epoch: int) -> None:
        """Let Accelerate prepare models, optimizers and loader.

        Raises:
            CourseError: the batch must stay whole, and there are several processes.
        """
        accelerator, loaders = self.accelerator, [] if self.loader is None else [self.loader]
        if self.options.whole_batch and accelerator.num_processes > 1:
            raise CourseError("whole_batch: several processes would divide the batch; use one.")
        prepared = iter(
            accelerator.prepare(*self.models.values(), *self.optimizers.values(), *loaders)
        )
        self.models = {name: next(prepared) for name in self.models}
        self.optimizers = {name: next(prepared) for name in self.optimizers}
        self.loader = next(prepared, None)
        if self.loader is not None:
            self.loader.iteration = epoch
        if self.average is not None:
            self.average.module.to(accelerator.device)
        if self.options.tracker:
            accelerator.init_trackers("aigc_course")

    def _set_rates(self, share: float) -> None:
        """Set all learning rates to a share of their original values."""
        for optimizer, rates in zip(self.optimizers.values(), self.rates, strict=True):
            for group, lr in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = lr * share

    def _loop(self) -> None:
        """Make the steps that are left, with display, `watch` and checkpoints in between.

        Raises:
            KeyboardInterrupt: the stop button was pressed; the step was finished.
        """
        every = max(1, self.steps // 200)
        show = self.accelerator.is_main_process and self.options.show
        for model in self.models.values():
            model.train()
        with Monitor(self.steps, self.done, show=show) as monitor, stop_button() as pressed:
            try:
                for batch in self._batches():
                    self.advance(batch)
                    last = self.done == self.steps
                    if last or self.done % every == 0:
                        self.recorder.read()
                        monitor.update(self.history.curves)
                    if last or self.done % self.options.save_every == 0:
                        self._pause()
                    # Stop between two steps: what is kept is whole, and a resumed run equals one
                    # that was never stopped.
                    if pressed and not last:
                        raise KeyboardInterrupt
            finally:
                self.recorder.read()
                monitor.update(self.history.curves)

    def _batches(self) -> Iterator[object]:
        """Yield the batches of the steps that are left, pass after pass.

        Without a loader, yield the numbers of these steps, counted from 1.
        """
        while self.done < self.steps:
            numbers = range(self.done + 1, self.steps + 1)
            for batch in numbers if self.loader is None else self.loader:
                yield batch
                if self.done == self.steps:
                    return
            if self.loader is not None:
                self.loader.skip_batches = 0

    def _pause(self) -> None:
        """Call `watch`, then save a checkpoint.

        In this order, a run that goes on from the checkpoint has nothing to watch again.
        """
        try:
            if self.options.watch and self.accelerator.is_main_process:
                self.options.watch(self.done, self.trained)
        finally:  # also when `watch` fails
            if self.options.checkpoint:
                self._save(self.options.checkpoint)

    def _stopped(self) -> None:
        """Keep what was learned before an interrupt, and tell how to go on."""
        self.history.interrupted = True
        name, way = self.options.checkpoint, "Train it again to go further"
        if name and self.done and self.whole:
            self._save(name)
            way = f"It is kept as checkpoint {name!r}: run the cell again to go on from there"
        elif name:  # pressed again, in the middle of a step: half a step is not kept
            way = f"Run the cell again to go on from the last checkpoint of {name!r}"
        self.accelerator.print(
            f"Stopped after {self.done} of {self.steps} steps; the model keeps what it learned. "
            f"{way}."
        )

    # --- its checkpoints ---

    def _weights(self) -> torch.nn.Module:
        """Return all models and the average as one module; a single model as it is."""
        parts = {name: self.accelerator.unwrap_model(m) for name, m in self.models.items()}
        if self.average is not None:
            parts["average"] = self.average
        return torch.nn.ModuleDict(parts) if len(parts) > 1 else parts.popitem()[1]

    def _save(self, name: str) -> None:
        """Save a checkpoint with all that the run needs to go on.

        Raises:
            CourseError: it cannot be written; all processes raise this together.
        """
        self.recorder.read()
        random, failure = gather_object([checkpoints.random_state()]), ""
        if self.accelerator.is_main_process:
            curves = torch.tensor(list(self.history.curves.values()), dtype=torch.float64)
            state = {
                "optimizers": {name: o.state_dict() for name, o in self.optimizers.items()},
                "made_by": self.made_by,
                "names": list(self.history.curves),
                "losses": curves.T.contiguous() if len(curves) > 1 else curves[0],
                "random": random,
            }
            try:
                checkpoints.save(name, self._weights(), state, self.done)
            except CourseError as error:
                failure = str(error)
        if failure := "".join(gather_object([failure])):  # all processes stop together
            raise CourseError(failure)

    def _resume(self) -> None:
        """Resume from the last checkpoint of the run's name, if there is one.

        Raises:
            CourseError: the checkpoint is unusable, or was made with other settings.
        """
        name = self.options.checkpoint
        if name is None or (state := checkpoints.load(name, self._weights())) is None:
            return
        with checkpoints.understood(name):
            self._check_made_by(name, state)
            self._take_over(state)
        self.history.resumed_from = self.done
        self.accelerator.print(f"Resumed {name!r} at step {self.done} of {self.steps}.")

    def _check_made_by(self, name: str, state: dict) -> None:
        """Refuse a checkpoint that was made with other settings, or has more steps than wanted.

        Raises:
            CourseError: the checkpoint is of another run.
            ValueError: settings are missing.
        """
        kept, done = state["made_by"], len(state["losses"])
        other = {key: kept[key] for key in kept if self.made_by.get(key) != kept[key]}
        if kept.keys() != self.made_by.keys() and not other:
            raise ValueError("settings are missing")
        if other or done > self.steps:
            what = f"with {other}" if other else f"for {done} steps already"
            raise CourseError(
                f"The run {name!r} was trained {what}; choose another name, or delete "
                f"{checkpoints.folder(name)}."
            )

    def _take_over(self, state: dict) -> None:
        """Restore optimizers, losses, place in the data and random state from a checkpoint.

        Raises:
            ValueError: it does not fit this run; other errors are turned by `understood`, too.
        """
        done = len(state["losses"])
        checkpoints.check_alike(list(state["optimizers"]), list(self.optimizers))
        for name, optimizer in self.optimizers.items():
            checkpoints.restore(optimizer, state["optimizers"][name])
        if self.average is not None and int(self.average.n_averaged) != done + 1:
            raise ValueError("the average is of another step")
        names, losses = state["names"], state["losses"].reshape(done, -1)
        checkpoints.check_alike(names, ["a name"] * losses.shape[1])
        if len(set(names)) < len(names):
            raise ValueError("two losses of one name")
        self.history.curves.update(zip(names, losses.T.tolist(), strict=True))
        self.done = done
        if self.loader is not None:
            passes, self.loader.skip_batches = divmod(done, len(self.loader))
            self.loader.iteration += passes
        random = state["random"]
        checkpoints.set_random_state(random[self.accelerator.process_index % len(random)])


def _by_name(kind: str, given: object, cls: type) -> dict:
    """Return one thing, or things by name, as a dictionary.

    Args:
        kind: what they are, "model" for example; also the name of a single one.
        given: a `cls`, or several by name.
        cls: their class.

    Raises:
        CourseError: `given` is neither.
    """
    named = {kind: given} if isinstance(given, cls) else given
    if (
        not isinstance(named, Mapping)
        or not named
        or not all(isinstance(k, str) and isinstance(v, cls) for k, v in named.items())
    ):
        raise CourseError(
            f"Run: {kind}s must be a {cls.__name__}, or several by name in a dictionary, not "
            f"{describe(given)}."
        )
    return dict(named)


def _is_good_name(name: str) -> bool:
    """Return whether a model can be kept under this name, beside an average."""
    return bool(name) and "." not in name and name != "average" and not hasattr(_ANY, name)


_ANY = torch.nn.ModuleDict()


def _check_loss(must: str, loss: object) -> None:
    """Refuse a loss that is not one number, or depends on no parameter.

    Raises:
        CourseError: the loss is refused; the line begins with `must`.
    """
    if not isinstance(loss, torch.Tensor) or loss.numel() != 1 or not loss.requires_grad:
        raise CourseError(
            f"{must} one number as a tensor that depends on the model's parameters, loss.mean() "
            "say."
        )


def _accelerator(options: Options) -> Accelerator:
    """Return a new Accelerator with the precision and the tracker of the options.

    Raises:
        CourseError: the tracker is not installed.
    """
    # Accelerate keeps one precision for the whole process, but every training has its own.
    AcceleratorState._reset_state()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a missing tracker is reported below
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
