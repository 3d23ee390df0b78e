"""Classifier, autoencoder, VAE and GAN: shapes, closed forms, equality with torch's own parts,
files that keep them."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from aigc_course.core.errors import CourseError
from aigc_course.models.images import classifier, gan, vae
from aigc_course.pretrained import image_models

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
