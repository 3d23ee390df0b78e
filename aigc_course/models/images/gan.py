"""The deep convolutional GAN: a generator that makes images of noise, a discriminator that tells
generated ones from real ones.

    z (B, Z, 1, 1) -> Generator -> image (B, 1, 28, 28) in [-1, 1] -> Discriminator -> logit of
    "real" (B,)

Source: Goodfellow et al. (2014), "Generative adversarial nets"; Radford, Metz and Chintala (2016)
for the layers, the first weights and Adam's settings ("DCGAN", sections 3 and 4; for the first
scales of batch norm see `initialise`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.core.arguments import (
    check_argument,
    checked,
    multiple_of,
    seeds,
    shaped,
    whole,
)
from aigc_course.models.base import check_images, device_of, evaluating


@dataclass(frozen=True)
class GANConfig:
    """Sizes of both networks.

    Attributes:
        n_latents: Z, numbers of noise an image.
        width: channels before the last layer of the generator; twice as many one layer earlier.
        d_width: channels after the first layer of the discriminator.
        size: height and width of the images, a multiple of 4.
    """

    n_latents: int = 64
    width: int = 32
    d_width: int = 32
    size: int = 28


class Generator(nn.Module):
    """Generates images: three transposed convolutions, each but the last with batch norm and ReLU,
    and a tanh.

    Args:
        config: sizes.

    Raises:
        CourseError: a size is out of range.
    """

    def __init__(self, config: GANConfig):
        super().__init__()
        _check(config)
        self.config, C, small = config, config.width, config.size // 4
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(config.n_latents, 2 * C, small, bias=False),
            nn.BatchNorm2d(2 * C),
            nn.ReLU(),  # (B, 2 C, H/4, W/4)
            nn.ConvTranspose2d(2 * C, C, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(C),
            nn.ReLU(),  # (B, C, H/2, W/2)
            nn.ConvTranspose2d(C, 1, 4, stride=2, padding=1),
            nn.Tanh(),
        )
        self.apply(initialise)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Noise (B, Z, 1, 1) -> images (B, 1, H, W) in [-1, 1]."""
        check_argument("z", z, shaped(f"B {self.config.n_latents} 1 1"))
        return self.layers(z)

    @torch.no_grad()
    @checked(n=whole(1), seed=seeds())
    def sample(self, n: int, seed: int) -> torch.Tensor:
        """n new images (n, 1, H, W) in [0, 1], with the running statistics of batch norm."""
        z = torch.randn(
            n, self.config.n_latents, 1, 1, generator=torch.Generator().manual_seed(seed)
        )
        with evaluating(self):
            return torch.cat(
                [to_unit(self(part.to(device_of(self)))).cpu() for part in z.split(500)]
            )


class Discriminator(nn.Module):
    """Judges: two strided convolutions with leaky ReLU and one over what is left; a logit, no
    sigmoid.

    Args:
        config: sizes.
        norm: a layer for the middle, `nn.BatchNorm2d` (as in the paper) or `nn.Identity`.
    """

    def __init__(self, config: GANConfig, norm: Callable = nn.BatchNorm2d):
        super().__init__()
        _check(config)
        self.config, C = config, config.d_width
        self.layers = nn.Sequential(
            nn.Conv2d(1, C, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),  # (B, C, H/2, W/2)
            nn.Conv2d(C, 2 * C, 4, stride=2, padding=1, bias=norm is nn.Identity),
            norm(2 * C),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * C, 1, config.size // 4),
            nn.Flatten(0),
        )
        self.apply(initialise)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, 1, H, W) in [-1, 1] -> logits (B,): above 0 it says real."""
        return self.layers(check_images(images, self.config.size))


def _check(config: GANConfig) -> None:
    for name in ("n_latents", "width", "d_width", "size"):
        check_argument(name, getattr(config, name), whole(1))
    check_argument("size", config.size, multiple_of(4))  # halved twice


def initialise(layer: nn.Module) -> None:
    """Draw the first weights of a layer as DCGANs do, in place; made for `module.apply`.

    Convolutions get N(0, 0.02), mean and standard deviation. The paper (section 4) says this of all
    weights and does not name batch norm. Its scales get N(1, 0.02) here, so that a normalised
    channel keeps its size at first: that is not in the paper, but in its authors' code
    (`train_uncond_dcgan.py`) and in PyTorch's DCGAN example after it.
    """
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)
        nn.init.zeros_(layer.bias)


def to_unit(images: torch.Tensor) -> torch.Tensor:
    """[-1, 1] of the generator -> [0, 1] of the course's images."""
    return (images + 1) / 2


def to_tanh(images: torch.Tensor) -> torch.Tensor:
    """[0, 1] of the course's images -> [-1, 1] of the generator."""
    return images * 2 - 1


def discriminator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """-log D(real) - log(1 - D(fake)), means over the batch, from logits (B,): what D minimises
    (2014, algorithm 1).
    """
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def generator_loss(fake: torch.Tensor) -> torch.Tensor:
    """-log D(fake), the mean over the batch, from logits (B,): the non-saturating loss (2014,
    section 3).
    """
    return F.softplus(-fake).mean()


def gradient_penalty(logits: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """R1: mean squared length of the gradient of D at real images (which must require gradients).

    Source: Mescheder, Geiger and Nowozin (2018), "Which training methods for GANs do actually
    converge?", equation 9.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
    return gradient.flatten(1).square().sum(1).mean()
