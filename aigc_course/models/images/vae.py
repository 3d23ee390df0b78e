"""The variational autoencoder: an encoder that gives a distribution, a decoder that
generates, and a bound on the likelihood.

    image x (B, P) -> encode -> mean, log_variance (B, Z);  z = mean + std * noise;  decode ->
    logits of the pixels (B, P)

Shapes: B batch, P pixels, Z latent numbers, K samples an image. All likelihoods are in nats an
image.

Source: Kingma and Welling (2014), "Auto-encoding variational Bayes"; the equations' numbers below
are theirs.
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
        n_latents: Z.
        hidden: widths of the encoder's hidden layers; the decoder has them the other way round.
        size: height and width of the images.
    """

    n_latents: int = 16
    hidden: tuple[int, ...] = (400, 200)
    size: int = 28


class VAE(nn.Module):
    """Two multilayer perceptrons with a Gaussian between them.

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
        self.encoder = mlp((pixels, *config.hidden, 2 * config.n_latents))
        self.decoder = mlp((config.n_latents, *reversed(config.hidden), pixels))

    def encode(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Images (B, 1, H, W) in [0, 1] -> mean and log_variance of q(z | x), each (B, Z)."""
        return self.encoder(check_images(images, self.config.size).flatten(1)).chunk(2, dim=1)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Latents (..., Z) -> logits of the pixels (..., 1, H, W); their sigmoid is the probability
        of white.
        """
        if not isinstance(z, torch.Tensor) or z.shape[-1:] != (self.config.n_latents,):
            came = f"shape {tuple(z.shape)}" if isinstance(z, torch.Tensor) else type(z).__name__
            raise CourseError(
                f"z must be a tensor with {self.config.n_latents} numbers in its last "
                f"axis, not {came}."
            )
        return self.decoder(z).unflatten(-1, (1, self.config.size, self.config.size))

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Images (B, 1, H, W) -> logits (B, 1, H, W), mean (B, Z), log_variance (B, Z)."""
        mean, log_variance = self.encode(images)
        return self.decode(reparameterize(mean, log_variance)), mean, log_variance

    @torch.no_grad()
    def reconstruct(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, 1, H, W) -> reconstructed from the mean of their latents, in [0, 1]."""
        return self.decode(self.encode(images.to(device_of(self)))[0]).sigmoid().cpu()

    @torch.no_grad()
    @checked(n=whole(), seed=seeds())
    def sample(self, n: int, seed: int) -> torch.Tensor:
        """n new images (n, 1, H, W) in [0, 1]: z from N(0, I), then the decoder."""
        z = torch.randn(n, self.config.n_latents, generator=torch.Generator().manual_seed(seed))
        return self.decode(z.to(device_of(self))).sigmoid().cpu()


def mlp(widths: Sequence[int]) -> nn.Sequential:
    """Linear layers of these widths with a ReLU between any two."""
    layers = [
        layer for a, b in itertools.pairwise(widths) for layer in (nn.Linear(a, b), nn.ReLU())
    ]
    return nn.Sequential(*layers[:-1])


def reparameterize(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """z ~ N(mean, exp(log_variance)), same shape, so that gradients reach both (section 2.4)."""
    return mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)


def kl_to_standard(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, 1)) of each number, same shape, in nats (appendix
    B).
    """
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance)


def pixel_loss(logits: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """-log p(x | z) of each image, its pixels summed: (B, 1, H, W) twice -> (B,) nats.

    A likelihood when pixels are 0 or 1. For grey pixels it is the cross-entropy of two Bernoulli
    distributions: good to train with, never 0, and no likelihood (the density that it stands for
    does not integrate to 1; Loaiza-Ganem and Cunningham, 2019).
    """
    return F.binary_cross_entropy_with_logits(logits, images, reduction="none").flatten(1).sum(1)


def negative_elbo(
    model: VAE, images: torch.Tensor, beta: float = 1.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """-ELBO of each image with one sample of z (equation 3), and the KL of each latent: images (B,
    1, H, W) -> (B,), (B, Z) nats.
    """
    logits, mean, log_variance = model(images)
    kl = kl_to_standard(mean, log_variance)
    return pixel_loss(logits, images) + beta * kl.sum(1), kl


def elbo_loss(model: VAE, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Mean -ELBO of a batch, for `training.fit`."""
    return negative_elbo(model, batch[0])[0].mean()


@torch.no_grad()
@checked(model=instance("VAE"), images=tensor("N 1 H W", low=0, high=1), seed=seeds())
def evaluate(model: VAE, images: torch.Tensor, seed: int = 0) -> float:
    """Mean -ELBO in nats of many images (N, 1, H, W)."""
    device = device_of(model)
    with evaluating(model), torch.random.fork_rng():
        torch.manual_seed(seed)
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
    """Lower bound on log p(x) from K samples: images (B, 1, H, W) -> (B,) nats; K = 1 is the ELBO,
    more never loosens it on average.

        log 1/K sum_k p(x | z_k) p(z_k) / q(z_k | x)

    Source: Burda, Grosse and Salakhutdinov (2015), "Importance weighted autoencoders", equation 8.
    """
    if len(images) > 20:  # K times as many pictures are generated at once: in parts
        return torch.cat([importance_bound(model, part, k) for part in images.split(20)])
    images = images.to(device_of(model))
    mean, log_variance = model.encode(images)
    std = (0.5 * log_variance).exp()
    noise = torch.randn(k, *mean.shape, device=mean.device)
    z = mean + std * noise
    log_p_x = (
        -F.binary_cross_entropy_with_logits(
            model.decode(z), images.expand(k, *images.shape), reduction="none"
        )
        .flatten(2)
        .sum(2)
    )
    log_ratio = -0.5 * (z**2 - noise**2).sum(2) + 0.5 * log_variance.sum(
        1
    )  # log p(z) - log q(z | x), the 2 pi cancel
    return (torch.logsumexp(log_p_x + log_ratio, 0) - math.log(k)).cpu()
