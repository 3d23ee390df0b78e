"""Classifier, autoencoder, VAE and GAN: shapes, closed forms, equality with torch's own parts,
files that keep them."""

import pytest
import torch

from aigc_course.core.errors import CourseError
from aigc_course.data.images import glyphs
from aigc_course.models.images import gan
from aigc_course.training import adversarial, checkpoints


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
