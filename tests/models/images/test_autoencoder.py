"""Classifier, autoencoder, VAE and GAN: shapes, closed forms, equality with torch's own parts,
files that keep them."""

import pytest
import torch
import torch.nn.functional as F

from aigc_course.models.images.autoencoder import Autoencoder, reconstruction_loss


def test_autoencoder_code_and_loss():
    model = Autoencoder(6)
    images = torch.rand(5, 1, 28, 28)
    assert model.encode(images).shape == (5, 6) and model(images).shape == images.shape
    by_hand = (
        F.binary_cross_entropy(model(images).sigmoid(), images, reduction="none")
        .sum((1, 2, 3))
        .mean()
    )
    assert reconstruction_loss(model, (images,)).item() == pytest.approx(by_hand.item(), rel=1e-5)
    clean = torch.zeros_like(images)
    assert reconstruction_loss(model, (images, clean)) != reconstruction_loss(model, (images,))
