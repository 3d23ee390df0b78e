"""Classifier, autoencoder, VAE and GAN: shapes, closed forms, equality with torch's own parts,
files that keep them."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from aigc_course.models.images import vae


@given(mean=st.floats(-3, 3), log_variance=st.floats(-3, 3))
def test_kl_is_torchs(mean, log_variance):
    mean, log_variance = (
        torch.tensor(mean, dtype=torch.float64),
        torch.tensor(log_variance, dtype=torch.float64),
    )
    q, p = (
        torch.distributions.Normal(mean, (0.5 * log_variance).exp()),
        torch.distributions.Normal(mean * 0, mean * 0 + 1),
    )
    value = vae.kl_to_standard(mean, log_variance)
    assert value > -1e-12 and torch.allclose(
        value, torch.distributions.kl_divergence(q, p), atol=1e-9
    )


def test_reparameterised_samples_have_mean_and_variance():
    torch.manual_seed(0)
    z = vae.reparameterize(torch.full((200_000,), 1.5), torch.full((200_000,), -1.0))
    assert z.mean().item() == pytest.approx(1.5, abs=0.01) and z.var().item() == pytest.approx(
        math.exp(-1), abs=0.01
    )


def small_vae():
    torch.manual_seed(0)
    return vae.VAE(vae.VAEConfig(n_latents=3, hidden=(20, 10), size=8))


def test_elbo_is_both_terms_summed():
    model, images = small_vae(), torch.rand(6, 1, 8, 8)
    torch.manual_seed(1)
    each, kl = vae.negative_elbo(model, images)
    torch.manual_seed(1)
    logits, mean, log_variance = model(images)
    by_hand = F.binary_cross_entropy_with_logits(logits, images, reduction="none").sum(
        (1, 2, 3)
    ) + vae.kl_to_standard(mean, log_variance).sum(1)
    assert torch.allclose(each, by_hand) and kl.shape == (6, 3)
    torch.manual_seed(1)
    assert vae.elbo_loss(model, (images,)).item() == pytest.approx(by_hand.mean().item(), rel=1e-6)
    assert vae.evaluate(model, images, seed=4) == vae.evaluate(model, images, seed=4)


def test_importance_bound_against_an_exact_likelihood():
    """With a decoder that ignores z the likelihood is known, and with q = p every sample says it
    exactly.
    """
    model, images = small_vae(), torch.rand(5, 1, 8, 8).round()
    with torch.no_grad():
        for part in (
            model.decoder[0],
            model.encoder[-1],
        ):  # the decoder cannot see z; q(z | x) = N(0, 1)
            part.weight.zero_()
        model.encoder[-1].bias.zero_()
        exact = -vae.pixel_loss(model.decode(torch.zeros(5, 3)), images)
    for k in (1, 7):
        assert torch.allclose(vae.importance_bound(model, images, k), exact, atol=1e-4)


def test_importance_bound_grows_with_samples_and_meets_the_elbo():
    torch.manual_seed(2)
    model, images = small_vae(), torch.rand(3, 1, 8, 8).round()
    with torch.no_grad():
        model.encoder[-1].bias += 1.0  # a bad q: the bound is loose
    one, many = (
        torch.stack([vae.importance_bound(model, images, k) for _ in range(300)]).mean(0)
        for k in (1, 100)
    )
    elbo = -torch.stack([vae.negative_elbo(model, images)[0].detach() for _ in range(300)]).mean(0)
    assert (many > one + 0.3).all() and torch.allclose(one, elbo, atol=0.4)
