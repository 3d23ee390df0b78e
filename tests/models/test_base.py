"""Classifier, autoencoder, VAE and GAN: shapes, closed forms, equality with torch's own parts,
files that keep them."""

import pytest
import torch

from aigc_course.core.errors import CourseError
from aigc_course.models import base
from aigc_course.models.images import classifier, gan, vae
from aigc_course.models.images.autoencoder import Autoencoder


@pytest.mark.parametrize(
    "images",
    [
        torch.rand(2, 28, 28),
        torch.rand(2, 3, 28, 28),
        torch.rand(2, 1, 27, 28),
        torch.rand(2, 784),
        "x",
    ],
)
def test_wrong_images_are_told(images):
    for model in (
        classifier.Classifier(classifier.ClassifierConfig()),
        Autoencoder(3),
        vae.VAE(vae.VAEConfig()),
        gan.Discriminator(gan.GANConfig()),
    ):
        with pytest.raises(CourseError, match=r"\(B, 1, 28, 28\)"):
            model(images)


@pytest.mark.parametrize("config", [{"size": 30}, {"n_classes": 0}, {"width": 1.5}])
def test_wrong_sizes_are_told(config):
    with pytest.raises(CourseError):
        classifier.Classifier(classifier.ClassifierConfig(**config))


def test_in_parts_changes_nothing():
    model = Autoencoder(4, size=8, width=2)
    model.train()
    images = torch.rand(11, 1, 8, 8)
    assert (
        torch.allclose(
            base.apply_in_batches(model, images, model, size=3), model(images), atol=1e-6
        )
        and model.training
    )


def small_vae():
    torch.manual_seed(0)
    return vae.VAE(vae.VAEConfig(n_latents=3, hidden=(20, 10), size=8))


def test_samples_depend_on_their_seed_alone():
    for model in (small_vae(), gan.Generator(gan.GANConfig(n_latents=4, width=2, size=8))):
        a, _, b, c = (
            model.sample(5, seed=1),
            torch.randn(3),
            model.sample(5, seed=1),
            model.sample(5, seed=2),
        )
        assert (
            torch.equal(a, b)
            and not torch.equal(a, c)
            and a.shape == (5, 1, 8, 8)
            and a.min() >= 0
            and a.max() <= 1
        )
