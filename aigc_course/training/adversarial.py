"""Lesson 11's alternating loop for long runs: relativistic loss with R1, a mean of the generator's
weights, checkpoints.

The lesson's own loop is the plain one (DCGAN); this is the recipe of the generator that ships.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.core.arguments import check_argument, whole
from aigc_course.core.errors import CourseError
from aigc_course.models.images.gan import (
    Discriminator,
    GANConfig,
    Generator,
    gradient_penalty,
    to_tanh,
)
from aigc_course.training import checkpoints
from aigc_course.training.progress import Monitor


@dataclass(frozen=True)
class GANOptions:
    """How a GAN is trained for long.

    Attributes:
        steps: of both networks; the learning rate is constant for half of them, then falls to 0.
        batch_size: real images a step, and as many painted ones.
        lr: of Adam with betas (0.5, 0.999), for both.
        penalty: weight of R1, half of it times the squared gradient.
        penalty_every: steps between two penalties, each so many times stronger (Karras et al. 2020,
            "lazy regularization").
        average: share of the old mean that each step keeps, towards the end.
        checkpoint: name of the run, resumed when it is there.
        save_every: steps between two checkpoints and two calls of `watch`.
        watch: (step, averaged generator) -> None.
        show: draw the progress bar.
    """

    steps: int
    batch_size: int = 64
    lr: float = 5e-4
    penalty: float = 0.5
    penalty_every: int = 4
    average: float = 0.999
    checkpoint: str | None = None
    save_every: int = 1000
    watch: Callable | None = None
    show: bool = True


def train(images: torch.Tensor, config: GANConfig, options: GANOptions) -> Generator:
    """Train on images (N, 1, H, W) in [0, 1] and return the generator with the mean of the weights
    of its last steps. On the CPU, in bfloat16.

    Source: relativistic loss by Jolicoeur-Martineau (2019), "The relativistic discriminator",
    section 4; with R1 as in Huang et al. (2024), "The GAN is dead; long live the GAN!", section 2
    (who penalise at painted images, too).

    Raises:
        CourseError: an option is out of range, a checkpoint of that name belongs to another run,
            the losses are not finite, or it was interrupted; with a checkpoint the same call goes
            on from there.
    """
    for name in ("steps", "batch_size", "penalty_every", "save_every"):
        check_argument(name, getattr(options, name), whole(1))
    if len(images) < options.batch_size:
        raise CourseError(
            f"The GAN got {len(images)} images, fewer than one batch of "
            f"{options.batch_size}; lower batch_size or give more."
        )
    run = _Run(images, config, options)
    done = run.resume()
    with Monitor(options.steps, done, show=options.show) as monitor:
        try:
            for step in range(done + 1, options.steps + 1):
                run.step(step)
                if step % 50 == 0 or step == options.steps:
                    monitor.update(run.losses)
                if step % options.save_every == 0 or step == options.steps:
                    run.pause(step)
        except KeyboardInterrupt:
            way = (
                "the same call goes on from the last checkpoint"
                if options.checkpoint
                else "nothing is kept without a checkpoint"
            )
            raise CourseError(
                f"Stopped at step {len(run.losses)} of {options.steps}; {way}."
            ) from None
    return run.networks["average"].eval()


class _Run:
    """Both networks, their optimizers, and the mean."""

    def __init__(self, images: torch.Tensor, config: GANConfig, options: GANOptions):
        self.images, self.options, self.losses = images, options, []
        generator, discriminator = Generator(config), Discriminator(config, norm=nn.Identity)
        average = copy.deepcopy(generator)
        self.networks = nn.ModuleDict(
            {"generator": generator, "discriminator": discriminator, "average": average}
        )
        self.optimizers = [
            torch.optim.Adam(net.parameters(), options.lr, (0.5, 0.999))
            for net in (generator, discriminator)
        ]

    def resume(self) -> int:
        """Take the last checkpoint over; returns the steps done."""
        state = (
            checkpoints.load(self.options.checkpoint, self.networks)
            if self.options.checkpoint
            else None
        )
        if state is None:
            return 0
        if state.get("made_by") != self.made_by() or len(state["losses"]) > self.options.steps:
            raise CourseError(
                f"The run {self.options.checkpoint!r} was made with other settings "
                f"({state.get('made_by')}); choose another name, "
                f"or delete {checkpoints.folder(self.options.checkpoint)}."
            )
        with checkpoints.understood(self.options.checkpoint):
            for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
                checkpoints.restore(optimizer, kept)
            self.losses = state["losses"].tolist()
            checkpoints.set_random_state(state["random"])
        return len(self.losses)

    def made_by(self) -> dict:
        """What a checkpoint must have been made with to be taken over."""
        options = self.options
        return {
            "steps": options.steps,
            "batch_size": options.batch_size,
            "lr": options.lr,
            "penalty": options.penalty,
            "penalty_every": options.penalty_every,
            "average": options.average,
            "images": len(self.images),
        }

    def batch(self, step: int) -> torch.Tensor:
        """The real images of a step, in [-1, 1]: an order for each pass, from its number alone."""
        size = self.options.batch_size
        passes, at = divmod(step - 1, len(self.images) // size)
        if at == 0 or not hasattr(self, "order"):
            self.order = torch.randperm(
                len(self.images), generator=torch.Generator().manual_seed(passes)
            )
        return to_tanh(self.images[self.order[at * size : (at + 1) * size]])

    def step(self, step: int) -> None:
        """D's step, then G's, then the mean."""
        options, (to_g, to_d) = self.options, self.optimizers
        generator, discriminator, average = (
            self.networks[name] for name in ("generator", "discriminator", "average")
        )
        for optimizer in self.optimizers:
            optimizer.param_groups[0]["lr"] = options.lr * min(
                1.0, 2 * (1 - step / options.steps) + 1e-3
            )
        real = self.batch(step)
        with torch.autocast("cpu", torch.bfloat16):
            fake = generator(torch.randn(len(real), generator.config.n_latents, 1, 1))
            loss = F.softplus(
                discriminator(fake.detach()).float() - discriminator(real).float()
            ).mean()
        self.losses.append(loss.item())
        if step % options.penalty_every == 0:
            tracked = real.clone().requires_grad_()
            loss = loss + options.penalty / 2 * options.penalty_every * gradient_penalty(
                discriminator(tracked), tracked
            )
        to_d.zero_grad()
        loss.backward()
        to_d.step()
        with torch.autocast("cpu", torch.bfloat16):
            other = F.softplus(
                discriminator(real).detach().float() - discriminator(fake).float()
            ).mean()
        to_g.zero_grad()
        other.backward()
        to_g.step()
        _follow(average, generator, min(options.average, (step + 1) / (step + 10)))

    def pause(self, step: int) -> None:
        """Let the caller look, keep a checkpoint."""
        if not all(value == value and abs(value) < 1e6 for value in self.losses[-50:]):
            raise CourseError(f"The loss is {self.losses[-1]} at step {step}: try a smaller lr.")
        try:
            if self.options.watch:
                self.options.watch(step, self.networks["average"])
        finally:  # also when `watch` fails
            if self.options.checkpoint:
                state = {
                    "made_by": self.made_by(),
                    "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                    "losses": torch.tensor(self.losses, dtype=torch.float64),
                    "random": checkpoints.random_state(),
                }
                checkpoints.save(self.options.checkpoint, self.networks, state, step)


@torch.no_grad()
def _follow(average: nn.Module, model: nn.Module, keep: float) -> None:
    """Move an averaged copy of a network a little towards it, batch norm's statistics included."""
    for mine, its in zip(
        [*average.parameters(), *average.buffers()],
        [*model.parameters(), *model.buffers()],
        strict=True,
    ):
        mine.lerp_(its, 1 - keep) if mine.is_floating_point() else mine.copy_(its)
