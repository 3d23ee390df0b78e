"""The variational autoencoder (VAE): an encoder, a decoder, and a lower bound on the likelihood.

    image x (B, P) -> encode -> mean, log_variance (B, Z)
    z = mean + std * noise (B, Z) -> decode -> logits of the pixels (B, P)

The encoder gives a distribution over z for each image; the decoder generates images from z.

Shapes: B batch, P = H * W pixels, Z latent numbers, K samples for each image. All likelihoods are
in nats per image.

Source: Kingma and Welling (2014), "Auto-encoding variational Bayes"; the numbers of equations and
sections below are theirs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.core.arguments import (
    check_argument,
    checked,
    instance,
    seeds,
    tensor,
    whole,
)
from aigc_course.core.errors import CourseError
from aigc_course.models.base import check_images, device_of, evaluating


@dataclass(frozen=True)
class VAEConfig:
    """Sizes of a `VAE`.

    Attributes:
        n_latents: Z, latent numbers of an image.
        hidden: widths of the encoder's hidden layers; the decoder has them in the opposite order.
        size: H and W, height and width of the images.
    """

    n_latents: int = 16
    hidden: tuple[int, ...] = (400, 200)
    size: int = 28


class VAE(nn.Module):
    """A variational autoencoder of two multilayer perceptrons with a Gaussian between them.

    Args:
        config: sizes.

    Raises:
        CourseError: a size is out of range.
    """

    def __init__(self, config: VAEConfig):
        super().__init__()
        if not isinstance(config.hidden, tuple) or not config.hidden:
            raise CourseError(
                "hidden must be a tuple with at least one width, (400, 200) say, not "
                f"{config.hidden!r}."
            )
        for value in (config.n_latents, config.size, *config.hidden):
            check_argument("every size of a VAEConfig", value, whole(1))
        self.config, pixels = config, config.size**2
        # The encoder gives two numbers for each latent: a mean and a log variance.
        self.encoder = mlp((pixels, *config.hidden, 2 * config.n_latents))  # (B, P) -> (B, 2 Z)
        self.decoder = mlp(
            (config.n_latents, *reversed(config.hidden), pixels)
        )  # (..., Z) -> (..., P)

    def encode(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the mean and log_variance of q(z | x), each (B, Z).

        Args:
            images: x, (B, 1, H, W) in [0, 1].

        Raises:
            CourseError: the images have another shape.
        """
        # (B, 1, H, W) -> (B, P) -> (B, 2 Z) -> two of (B, Z)
        return self.encoder(check_images(images, self.config.size).flatten(1)).chunk(2, dim=1)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Return the logits of the pixels: latents (..., Z) -> (..., 1, H, W).

        The sigmoid of a logit is the probability that the pixel is white.

        Raises:
            CourseError: `z` is no tensor with Z numbers in its last axis.
        """
        if not isinstance(z, torch.Tensor) or z.shape[-1:] != (self.config.n_latents,):
            came = f"shape {tuple(z.shape)}" if isinstance(z, torch.Tensor) else type(z).__name__
            raise CourseError(
                f"z must be a tensor with {self.config.n_latents} numbers in its last "
                f"axis, not {came}."
            )
        # (..., Z) -> (..., P) -> (..., 1, H, W)
        return self.decoder(z).unflatten(-1, (1, self.config.size, self.config.size))

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return (logits, mean, log_variance) of images, with one random z for each.

        Args:
            images: (B, 1, H, W) in [0, 1].

        Returns:
            logits (B, 1, H, W), mean (B, Z), log_variance (B, Z).
        """
        mean, log_variance = self.encode(images)  # (B, Z) each
        return self.decode(reparameterize(mean, log_variance)), mean, log_variance

    @torch.no_grad()
    def reconstruct(self, images: torch.Tensor) -> torch.Tensor:
        """Return images reconstructed from the mean of their latents, on the CPU.

        Args:
            images: (B, 1, H, W) in [0, 1].

        Returns:
            (B, 1, H, W) in [0, 1].
        """
        # [0] is the mean, (B, Z); no z is drawn.
        return self.decode(self.encode(images.to(device_of(self)))[0]).sigmoid().cpu()

    @torch.no_grad()
    @checked(n=whole(), seed=seeds())
    def sample(self, n: int, seed: int) -> torch.Tensor:
        """Return n new images (n, 1, H, W) in [0, 1], on the CPU: decoded z from N(0, I).

        Args:
            n: number of images.
            seed: of z.
        """
        # Drawn on the CPU, so that a seed means the same z on every device: (n, Z).
        z = torch.randn(n, self.config.n_latents, generator=torch.Generator().manual_seed(seed))
        return self.decode(z.to(device_of(self))).sigmoid().cpu()


def mlp(widths: Sequence[int]) -> nn.Sequential:
    """Return a multilayer perceptron: linear layers with a ReLU between each two.

    Args:
        widths: of the input, of each hidden layer, and of the output.
    """
    layers = [
        layer for a, b in itertools.pairwise(widths) for layer in (nn.Linear(a, b), nn.ReLU())
    ]
    return nn.Sequential(*layers[:-1])  # no ReLU after the last linear layer


def reparameterize(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Return z ~ N(mean, exp(log_variance)), so that gradients reach both (section 2.4).

    Args:
        mean: (B, Z).
        log_variance: (B, Z).

    Returns:
        (B, Z).
    """
    # exp(log_variance / 2) is the standard deviation.
    return mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)


def kl_to_standard(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Return KL(N(mean, exp(log_variance)) || N(0, 1)) of each number, in nats (appendix B).

    Args:
        mean: (B, Z).
        log_variance: (B, Z).

    Returns:
        (B, Z).
    """
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance)


def pixel_loss(logits: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """Return -log p(x | z) of each image, summed over its pixels.

    It is a likelihood when pixels are 0 or 1. For grey pixels it is the cross-entropy of two
    Bernoulli distributions: good to train with, never 0, and no likelihood (the density that it
    stands for does not integrate to 1; Loaiza-Ganem and Cunningham, 2019).

    Args:
        logits: (B, 1, H, W).
        images: x, (B, 1, H, W) in [0, 1].

    Returns:
        (B,) nats.
    """
    # (B, 1, H, W) -> (B, P) -> (B,)
    return F.binary_cross_entropy_with_logits(logits, images, reduction="none").flatten(1).sum(1)


def negative_elbo(
    model: VAE, images: torch.Tensor, beta: float = 1.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the -ELBO of each image with one sample of z (equation 3), and the KL of each latent.

    Args:
        model: the VAE.
        images: (B, 1, H, W) in [0, 1].
        beta: weight of the KL; 1 gives the ELBO.

    Returns:
        -ELBO (B,) and KL (B, Z), in nats.
    """
    logits, mean, log_variance = model(images)
    kl = kl_to_standard(mean, log_variance)  # (B, Z)
    return pixel_loss(logits, images) + beta * kl.sum(1), kl  # (B,), (B, Z)


def elbo_loss(model: VAE, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Return the mean -ELBO of a batch, a scalar in nats per image, for `training.fit`.

    Args:
        model: the VAE.
        batch: its first tensor holds the images (B, 1, H, W); others are ignored.
    """
    return negative_elbo(model, batch[0])[0].mean()


@torch.no_grad()
@checked(model=instance("VAE"), images=tensor("N 1 H W", low=0, high=1), seed=seeds())
def evaluate(model: VAE, images: torch.Tensor, seed: int = 0) -> float:
    """Return the mean -ELBO of many images, in nats per image.

    Args:
        model: the VAE.
        images: (N, 1, H, W) in [0, 1].
        seed: of the samples of z; other random numbers are not affected.
    """
    device = device_of(model)
    with evaluating(model), torch.random.fork_rng():
        torch.manual_seed(seed)  # after the fork, so the caller's random numbers stay
        return (
            torch.cat(
                [negative_elbo(model, part.to(device))[0].cpu() for part in images.split(1000)]
            )
            .mean()
            .item()
        )


@torch.no_grad()
@checked(model=instance("VAE"), images=tensor("N 1 H W", low=0, high=1), k=whole(1, 100_000))
def importance_bound(model: VAE, images: torch.Tensor, k: int) -> torch.Tensor:
    """Return a lower bound on log p(x) from K samples of z for each image.

        log 1/K sum_k p(x | z_k) p(z_k) / q(z_k | x)

    K = 1 gives the ELBO; on average, larger K never make the bound looser.

    Args:
        model: the VAE.
        images: x, (B, 1, H, W) in [0, 1].
        k: K.

    Returns:
        (B,) nats, on the CPU.

    Source: Burda, Grosse and Salakhutdinov (2015), "Importance weighted autoencoders", equation 8.
    """
    if len(images) > 20:  # K images are decoded for each one, so a few at a time fit in memory
        return torch.cat([importance_bound(model, part, k) for part in images.split(20)])
    images = images.to(device_of(model))
    mean, log_variance = model.encode(images)  # (B, Z) each
    std = (0.5 * log_variance).exp()  # (B, Z)
    noise = torch.randn(k, *mean.shape, device=mean.device)  # (K, B, Z)
    z = mean + std * noise  # (K, B, Z)
    # (K, B, 1, H, W) -> (K, B, P) -> (K, B)
    log_p_x = (
        -F.binary_cross_entropy_with_logits(
            model.decode(z), images.expand(k, *images.shape), reduction="none"
        )
        .flatten(2)
        .sum(2)
    )
    # log p(z) - log q(z | x), in which log(2 pi) cancels: (K, B)
    log_ratio = -0.5 * (z**2 - noise**2).sum(2) + 0.5 * log_variance.sum(1)
    # The log of a mean over K, computed without overflow: (B,)
    return (torch.logsumexp(log_p_x + log_ratio, 0) - math.log(k)).cpu()
