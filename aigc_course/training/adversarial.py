"""The alternating training of lesson 29 for long runs, as a step of `Run`.

It uses the relativistic loss with R1 and keeps a running mean of the generator's weights. The
lesson's own loop is the plain one (DCGAN); this one trains the generator that ships.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

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
from aigc_course.training.batching import batches
from aigc_course.training.options import Options
from aigc_course.training.run import Run


@dataclass(frozen=True)
class GANOptions:
    """Options of a long training of a GAN.

    Attributes:
        steps: steps of both networks; the learning rate is constant for half of them, then falls to
            almost 0.
        batch_size: real images in each step, and as many generated ones.
        lr: learning rate of Adam with betas (0.5, 0.999), for both networks.
        penalty: weight of R1; half of it is multiplied by the squared gradient.
        penalty_every: steps between two penalties, each multiplied by this number (Karras et al.
            2020, "lazy regularization").
        average: share of the old mean that each step keeps; less in the first steps.
        checkpoint: name of the run, which is resumed when it is there; None keeps nothing.
        save_every: steps between two checkpoints and between two calls of `watch`.
        watch: (step, averaged generator) -> None.
        show: whether to draw the progress bar.
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
    """Train a GAN on images and return the generator with the mean of its last weights.

    Source: relativistic loss by Jolicoeur-Martineau (2019), "The relativistic discriminator",
    section 4; with R1 as in Huang et al. (2024), "The GAN is dead; long live the GAN!", section 2
    (who also penalise at generated images).

    Args:
        images: (N, 1, H, W) in [0, 1].
        config: sizes of both networks.
        options: see `GANOptions`.

    Raises:
        CourseError: an option is out of range, a checkpoint of that name belongs to another run,
            a loss is not finite, or the training was interrupted; with a checkpoint the same call
            goes on from there.
    """
    for name in ("steps", "batch_size", "penalty_every", "save_every"):
        check_argument(name, getattr(options, name), whole(1))
    if len(images) < options.batch_size:
        raise CourseError(
            f"The GAN got {len(images)} images, fewer than one batch of "
            f"{options.batch_size}; lower batch_size or give more."
        )
    run = run_of(images, config, options)
    if run.train(options.steps).interrupted:
        way = (
            "the same call goes on from the last checkpoint"
            if options.checkpoint
            else "nothing is kept without a checkpoint"
        )
        raise CourseError(f"Stopped at step {run.done} of {options.steps}; {way}.")
    return cast(Generator, run.trained).eval()


def run_of(images: torch.Tensor, config: GANConfig, options: GANOptions) -> Run:
    """Return the training of a new generator and a new discriminator."""
    models = {
        "generator": Generator(config),
        "discriminator": Discriminator(config, norm=nn.Identity),
    }
    optimizers = {
        name: torch.optim.Adam(model.parameters(), options.lr, (0.5, 0.999))
        for name, model in models.items()
    }

    def step(run: Run, batch: tuple[torch.Tensor]) -> dict[str, torch.Tensor]:
        return _step(run, to_tanh(batch[0]), config.n_latents, options)

    return Run(
        step,
        models,
        optimizers,
        batches(images, batch_size=options.batch_size, seed=0),
        Options(
            schedule=_constant_then_falling,
            average=options.average,
            checkpoint=options.checkpoint,
            save_every=options.save_every,
            watch=options.watch,
            show=options.show,
        ),
        {name: getattr(options, name) for name in ("steps", "penalty", "penalty_every")},
    )


def _constant_then_falling(step: int, steps: int) -> float:
    """Return the share of the learning rate at a step, counted from 0.

    It is 1 for the first half of the steps, then falls linearly to 0.001.
    """
    return min(1.0, 2 * (1 - (step + 1) / steps) + 1e-3)


def _step(run: Run, real: torch.Tensor, n_latents: int, options: GANOptions) -> dict:
    """Make a step of the discriminator, then one of the generator, and return both losses.

    Both are computed in bfloat16, except for the penalty.

    Args:
        run: the training.
        real: real images (B, 1, H, W) in [-1, 1].
        n_latents: length of the noise of one image.
        options: weight and frequency of the penalty.
    """
    generator, discriminator = run.models["generator"], run.models["discriminator"]
    autocast = functools.partial(torch.autocast, run.device.type, torch.bfloat16)
    with autocast():
        z = torch.randn(len(real), n_latents, 1, 1).to(run.device)
        fake = generator(z)  # (B, 1, H, W) in [-1, 1], as the real images
        d_loss = F.softplus(
            discriminator(fake.detach()).float() - discriminator(real).float()
        ).mean()
    penalised = d_loss
    if (run.done + 1) % options.penalty_every == 0:
        tracked = real.clone().requires_grad_()
        penalty = gradient_penalty(discriminator(tracked), tracked)
        penalised = d_loss + options.penalty / 2 * options.penalty_every * penalty
    run.minimise(penalised, "discriminator")
    with autocast():
        g_loss = F.softplus(
            discriminator(real).detach().float() - discriminator(fake).float()
        ).mean()
    run.minimise(g_loss, "generator")
    return {"D": d_loss, "G": g_loss}
