"""Classifier, autoencoder, VAE and GAN: shapes, closed forms, equality with torch's own parts,
files that keep them.
"""

import json
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import nn

from aigc_course.core.errors import CourseError
from aigc_course.data.images import glyphs
from aigc_course.models import base
from aigc_course.models.images import classifier, gan, vae
from aigc_course.models.images.autoencoder import Autoencoder, reconstruction_loss
from aigc_course.pretrained import image_models
from aigc_course.recipes.curve import Curve
from aigc_course.training import adversarial, checkpoints


def test_classifier_shapes_and_probabilities():
    model = classifier.Classifier(
        classifier.ClassifierConfig(n_classes=7, size=12, width=3, n_features=5)
    )
    images = torch.rand(9, 1, 12, 12)
    assert model(images).shape == (9, 7) and model.features(images).shape == (9, 5)
    p = classifier.probabilities(model, images)
    assert torch.allclose(p.sum(1), torch.ones(9)) and torch.allclose(p, model(images).softmax(1))
    assert (
        classifier.accuracy(model, images, p.argmax(1)) == 1
        and classifier.accuracy(model, images, p.argmin(1)) == 0
    )


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


MODELS = [
    classifier.Classifier(classifier.ClassifierConfig(n_classes=3, size=8, width=2, n_features=4)),
    vae.VAE(vae.VAEConfig(n_latents=2, hidden=(6, 5), size=8)),
    gan.Generator(gan.GANConfig(n_latents=3, width=2, size=8)),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_files_give_the_same_model_back(model, tmp_path):
    again = image_models.load(image_models.save(model, tmp_path / "a"))
    assert type(again) is type(model) and again.config == model.config and not again.training
    assert all(
        torch.equal(a, b)
        for a, b in zip(model.state_dict().values(), again.state_dict().values(), strict=True)
    )
    half = image_models.load(image_models.save(model, tmp_path / "b", half=True))
    assert all(p.dtype == torch.float32 for p in half.parameters())
    assert (tmp_path / "b" / "model.safetensors").stat().st_size < (
        tmp_path / "a" / "model.safetensors"
    ).stat().st_size
    assert sorted(f.name for f in (tmp_path / "a").iterdir()) == [
        "config.json",
        "model.safetensors",
    ]


def test_files_that_do_not_fit_are_told(tmp_path):
    with pytest.raises(CourseError, match="no model in"):
        image_models.load(tmp_path / "nowhere")
    mine = type("Generator", (nn.Linear,), {})(2, 2)  # a class of the same name from a notebook
    for model in (nn.Linear(2, 2), mine):
        with pytest.raises(CourseError, match="model must be one of the course's Classifier"):
            image_models.save(model, tmp_path / "x")
    folder = image_models.save(MODELS[0], tmp_path / "a")
    weights = load_file(str(folder / "model.safetensors"))
    config = (folder / "config.json").read_text()
    for bad in (
        config.replace("Classifier", "Trojan"),
        config.replace('"width": 2', '"width": 3'),
        config.replace("width", "breadth"),
        "{",
        "[]",
    ):
        (folder / "config.json").write_text(bad)
        with pytest.raises(CourseError, match="holds no model"):
            image_models.load(folder)
    (folder / "config.json").write_text(config)
    save_file({"x": weights["head.bias"]}, str(folder / "model.safetensors"))
    with pytest.raises(CourseError, match="holds no model"):
        image_models.load(folder)
    (folder / "model.safetensors").write_bytes(b"\x80\x04no pickle is read here")
    with pytest.raises(CourseError, match="holds no model"):
        image_models.load(folder)
    assert json.loads(config)["class"] == "Classifier"


def test_every_image_comes_once_a_pass_in_a_new_order():
    images = torch.arange(40.0)[:, None, None, None].expand(-1, 1, 8, 8) / 40
    run = adversarial.run_of(
        images,
        gan.GANConfig(n_latents=4, width=2, d_width=2, size=8),
        adversarial.GANOptions(20, batch_size=8),
    )
    passes = [torch.cat([real[:, 0, 0, 0] for (real,) in run.loader]) for _ in range(2)]
    assert all(
        torch.equal(p.sort().values, images[:, 0, 0, 0]) for p in passes
    ) and not torch.equal(*passes)


def train_gan(steps, watch=None, save_every=3):
    torch.manual_seed(0)
    images = glyphs.sample(40, seed=1, size=8).images
    options = adversarial.GANOptions(
        steps, batch_size=8, checkpoint="small-gan", save_every=save_every, watch=watch, show=False
    )
    return adversarial.train(
        images, gan.GANConfig(n_latents=4, width=2, d_width=2, size=8), options
    )


def test_a_stopped_gan_goes_on_as_if_nothing_had_happened(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "one"))
    whole = train_gan(12)
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "two"))

    def stop(step, model):
        if step == 6:
            raise KeyboardInterrupt

    with pytest.raises(CourseError, match="goes on from the last checkpoint"):
        train_gan(12, stop)
    with pytest.raises(CourseError, match=r"trained with .'steps': 12"):
        train_gan(6)
    assert checkpoints.folder("small-gan").exists()
    torch.randn(5)  # other random numbers in between
    again = train_gan(12)
    assert all(
        torch.equal(a, b)
        for a, b in zip(whole.state_dict().values(), again.state_dict().values(), strict=True)
    )


def test_what_a_gan_cannot_be_trained_with_is_told():
    images = torch.rand(10, 1, 8, 8)
    for options, words in (
        (adversarial.GANOptions(0), "steps"),
        (adversarial.GANOptions(5, batch_size=64), "fewer than one batch"),
        (adversarial.GANOptions(5, penalty_every=0), "penalty_every"),
    ):
        with pytest.raises(CourseError, match=words):
            adversarial.train(images, gan.GANConfig(size=8), options)


def test_judging_changes_nothing_that_comes_after(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path))
    model = MODELS[0]
    curve = Curve("a-run", lambda model: {"drawn": torch.randn(3).sum().item()})
    torch.manual_seed(0)
    expected = torch.randn(4)
    torch.manual_seed(0)
    model.train()
    curve(1, model)
    assert torch.equal(torch.randn(4), expected) and model.training
    curve(2, model)
    torch.manual_seed(0)
    image_models.load(image_models.save(model, tmp_path / "m"))
    assert torch.equal(torch.randn(4), expected), "loading uses no random numbers up"
    again = Curve("a-run", lambda model: {"drawn": 0.0})  # resumed from step 1
    again(2, model)
    again.finish(2, model)
    again.finish(3, model)
    assert [p["step"] for p in again.points] == [1, 2, 3] and again.points[1]["cpu_seconds"] < 60
