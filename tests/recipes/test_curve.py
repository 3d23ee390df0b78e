"""Classifier, autoencoder, VAE and GAN: shapes, closed forms, equality with torch's own parts,
files that keep them."""

import torch

from aigc_course.models.images import classifier, gan, vae
from aigc_course.pretrained import image_models
from aigc_course.recipes.curve import Curve

MODELS = [
    classifier.Classifier(classifier.ClassifierConfig(n_classes=3, size=8, width=2, n_features=4)),
    vae.VAE(vae.VAEConfig(n_latents=2, hidden=(6, 5), size=8)),
    gan.Generator(gan.GANConfig(n_latents=3, width=2, size=8)),
]


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
