"""The deep convolutional GAN (DCGAN): a generator of images and a discriminator of real ones.

    z (B, Z, 1, 1) -> Generator -> image (B, 1, H, W) in [-1, 1] -> Discriminator -> logit (B,)

The generator makes images from noise; the discriminator tells them from real images, and its logit
is that of "real".

Shapes: B batch, Z numbers of noise, C channels, H and W height and width.

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
    """Sizes of both networks of a GAN.

    Attributes:
        n_latents: Z, numbers of noise for each image.
        width: C of the generator, channels before its last layer; one layer earlier there are twice
            as many.
        d_width: C of the discriminator, channels after its first layer.
        size: H and W, height and width of the images, a multiple of 4.
    """

    n_latents: int = 64
    width: int = 32
    d_width: int = 32
    size: int = 28


class Generator(nn.Module):
    """The generator of a DCGAN: three transposed convolutions from noise to images.

    All but the last are followed by batch norm and ReLU, the last by tanh.

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
            # Noise of one pixel grows to H/4 x W/4. No bias before batch norm, which has its own.
            nn.ConvTranspose2d(config.n_latents, 2 * C, small, bias=False),  # (B, 2 C, H/4, W/4)
            nn.BatchNorm2d(2 * C),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * C, C, 4, stride=2, padding=1, bias=False),  # (B, C, H/2, W/2)
            nn.BatchNorm2d(C),
            nn.ReLU(),
            nn.ConvTranspose2d(C, 1, 4, stride=2, padding=1),  # (B, 1, H, W)
            nn.Tanh(),  # in [-1, 1]
        )
        self.apply(initialise)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Return the images generated from noise: (B, Z, 1, 1) -> (B, 1, H, W) in [-1, 1].

        Raises:
            CourseError: the noise has another shape.
        """
        check_argument("z", z, shaped(f"B {self.config.n_latents} 1 1"))
        return self.layers(z)  # (B, 1, H, W)

    @torch.no_grad()
    @checked(n=whole(1), seed=seeds())
    def sample(self, n: int, seed: int) -> torch.Tensor:
        """Return n new images (n, 1, H, W) in [0, 1], on the CPU.

        Batch norm uses its running statistics, so an image does not depend on the others.

        Args:
            n: number of images, at least 1.
            seed: of the noise.
        """
        # Drawn on the CPU, so that a seed means the same noise on every device.
        z = torch.randn(
            n, self.config.n_latents, 1, 1, generator=torch.Generator().manual_seed(seed)
        )
        # z is (n, Z, 1, 1); 500 at a time bound the memory that is needed.
        with evaluating(self):
            return torch.cat(
                [to_unit(self(part.to(device_of(self)))).cpu() for part in z.split(500)]
            )


class Discriminator(nn.Module):
    """The discriminator of a DCGAN: three convolutions from an image to a logit.

    The first two are strided and followed by leaky ReLU, the last covers all of what is left; there
    is no sigmoid.

    Args:
        config: sizes.
        norm: the class of the layer after the second convolution: `nn.BatchNorm2d` (as in the
            paper) or `nn.Identity`.

    Raises:
        CourseError: a size is out of range.
    """

    def __init__(self, config: GANConfig, norm: Callable = nn.BatchNorm2d):
        super().__init__()
        _check(config)
        self.config, C = config, config.d_width
        self.layers = nn.Sequential(
            nn.Conv2d(1, C, 4, stride=2, padding=1),  # (B, C, H/2, W/2)
            nn.LeakyReLU(0.2),
            # (B, 2 C, H/4, W/4)
            nn.Conv2d(C, 2 * C, 4, stride=2, padding=1, bias=norm is nn.Identity),
            norm(2 * C),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * C, 1, config.size // 4),  # (B, 1, 1, 1)
            nn.Flatten(0),  # (B,)
        )
        self.apply(initialise)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return a logit for each image: (B, 1, H, W) in [-1, 1] -> (B,).

        Above 0 the discriminator holds the image to be real, with more than probability 1/2.

        Raises:
            CourseError: the images have another shape.
        """
        return self.layers(check_images(images, self.config.size))  # (B,)


def _check(config: GANConfig) -> None:
    """Check the sizes in a configuration.

    Raises:
        CourseError: one is below 1, or the size of the images is no multiple of 4.
    """
    for name in ("n_latents", "width", "d_width", "size"):
        check_argument(name, getattr(config, name), whole(1))
    check_argument("size", config.size, multiple_of(4))  # each network halves or doubles it twice


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
    """Return images in [0, 1], the course's range, from images in [-1, 1], the generator's."""
    return (images + 1) / 2


def to_tanh(images: torch.Tensor) -> torch.Tensor:
    """Return images in [-1, 1], the generator's range, from images in [0, 1], the course's."""
    return images * 2 - 1


def discriminator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Return what the discriminator D minimizes: -log D(real) - log(1 - D(fake)), in nats.

    Args:
        real: (B,) logits of real images.
        fake: (B,) logits of generated images.

    Returns:
        A scalar; each term is a mean over the batch.

    Source: Goodfellow et al. (2014), algorithm 1.
    """
    # With D = sigmoid(logit): -log D = softplus(-logit) and -log(1 - D) = softplus(logit).
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def generator_loss(fake: torch.Tensor) -> torch.Tensor:
    """Return the non-saturating loss of the generator, -log D(fake), in nats.

    Args:
        fake: (B,) logits of generated images.

    Returns:
        A scalar, the mean over the batch.

    Source: Goodfellow et al. (2014), section 3.
    """
    # D = sigmoid(logit), so -log D = softplus(-logit).
    return F.softplus(-fake).mean()


def gradient_penalty(logits: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """Return R1: the mean squared length of the gradient of D at real images.

    Args:
        logits: (B,) of the discriminator for the real images.
        real: (B, 1, H, W), the images, which must require gradients.

    Source: Mescheder, Geiger and Nowozin (2018), "Which training methods for GANs do actually
    converge?", equation 9.
    """
    # The gradient of a sum is that of each logit by its own image: (B, 1, H, W).
    # `create_graph` lets the penalty be differentiated by the weights of D.
    (gradient,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
    return gradient.flatten(1).square().sum(1).mean()  # (B, P) -> (B,) -> scalar
