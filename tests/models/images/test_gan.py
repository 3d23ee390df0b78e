"""Classifier, autoencoder, VAE and GAN: shapes, closed forms, equality with torch's own parts,
files that keep them."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.core.errors import CourseError
from aigc_course.models.images import gan


def test_sampling_uses_and_leaves_running_statistics():
    torch.manual_seed(0)
    model = gan.Generator(gan.GANConfig(n_latents=4, width=2, size=8))
    model(3 * torch.randn(50, 4, 1, 1))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    z = torch.randn(1, 4, 1, 1, generator=torch.Generator().manual_seed(1))
    alone = model.sample(1, seed=1)
    assert model.training and all(
        torch.equal(before[key], value) for key, value in model.state_dict().items()
    )
    assert torch.equal(alone, gan.to_unit(model.eval()(z)))


def test_gan_shapes_sizes_and_first_weights():
    torch.manual_seed(0)
    generator, discriminator = gan.Generator(gan.GANConfig()), gan.Discriminator(gan.GANConfig())
    images = generator(torch.randn(7, 64, 1, 1))
    assert (
        images.shape == (7, 1, 28, 28)
        and images.abs().max() <= 1
        and discriminator(images).shape == (7,)
    )
    weights = torch.cat(
        [
            p.flatten()
            for m in (generator, discriminator)
            for n, p in m.named_parameters()
            if p.dim() == 4
        ]
    )
    assert weights.std().item() == pytest.approx(0.02, rel=0.02)
    assert torch.equal(gan.to_tanh(gan.to_unit(images)), images) or torch.allclose(
        gan.to_tanh(gan.to_unit(images)), images, atol=1e-6
    )
    with pytest.raises(CourseError, match=r"\(B, 64, 1, 1\)"):
        generator(torch.randn(7, 64))
    with pytest.raises(CourseError, match="multiple of 4"):
        gan.Generator(gan.GANConfig(size=30))
    assert not [m for m in discriminator.modules() if isinstance(m, nn.Sigmoid)]


def test_gan_losses_are_cross_entropies():
    real, fake = torch.randn(9), torch.randn(9)
    bce = F.binary_cross_entropy_with_logits
    assert torch.allclose(
        gan.discriminator_loss(real, fake), bce(real, torch.ones(9)) + bce(fake, torch.zeros(9))
    )
    assert torch.allclose(gan.generator_loss(fake), bce(fake, torch.ones(9)))


def test_gradient_penalty_of_a_line_is_its_slope_squared():
    real = torch.randn(5, 3, requires_grad=True)
    assert gan.gradient_penalty(
        real @ torch.tensor([1.0, 2.0, -2.0]), real
    ).item() == pytest.approx(9.0)
