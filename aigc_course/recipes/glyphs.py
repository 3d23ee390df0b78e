"""Recipes of the checkpoints for images of glyph digits: two classifiers, a VAE, a generator."""

from __future__ import annotations

import functools
from collections.abc import Callable

import torch
from torch.nn import functional as F

from aigc_course import pretrained, training
from aigc_course.data.images import glyphs
from aigc_course.evaluation import image_metrics
from aigc_course.models.images import classifier, vae
from aigc_course.models.images.gan import GANConfig, Generator
from aigc_course.pretrained import image_models
from aigc_course.recipes.recipe import Recipe
from aigc_course.training import adversarial


def _images(n: int) -> tuple[torch.Tensor]:
    """Return a tuple with `n` images of glyphs, (n, 1, 28, 28) in [0, 1]."""
    return (glyphs.sample(n, seed=1).images,)


def _labelled(n: int, *, labels: Callable) -> tuple[torch.Tensor, torch.Tensor]:
    """Return images of glyphs, (n, 1, 28, 28) in [0, 1], and their classes (n,)."""
    made = glyphs.sample(n, seed=1)
    return made.images, labels(made)


def font_labels(made: glyphs.Glyphs) -> torch.Tensor:
    """Return the fonts of N glyphs as (N,) indices into `glyphs.FONTS`."""
    return torch.tensor([glyphs.FONTS.index(font) for font in made.factors["font"]])


def digit_labels(made: glyphs.Glyphs) -> torch.Tensor:
    """Return the digits of N glyphs, (N,) from 0 to 9."""
    return torch.from_numpy(made.factors["label"])


def _classifier(n_classes: int) -> classifier.Classifier:
    """Return an untrained classifier."""
    return classifier.Classifier(classifier.ClassifierConfig(n_classes=n_classes))


def _classifier_loss(model, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Return the cross-entropy of images (B, 1, H, W) and classes (B,), in nats."""
    return F.cross_entropy(model(batch[0]), batch[1])


def _generator() -> Generator:
    """Return an untrained generator."""
    return Generator(_GAN)


def _train_gan(recipe: Recipe, options: training.Options) -> Generator:
    """Train both networks of the GAN with their own loop and return the generator."""
    (images,) = recipe.data(recipe.examples)
    how = adversarial.GANOptions(
        recipe.steps,
        recipe.batch_size,
        recipe.lr,
        checkpoint=options.checkpoint,
        save_every=options.save_every,
        watch=options.watch,
        show=options.show,
    )
    return adversarial.train(images, _GAN, how)


@functools.cache
def held_out(n: int = 2000, seed: int = 2) -> glyphs.Glyphs:
    """Return `n` glyphs that no recipe trains on."""
    return glyphs.sample(n, seed=seed)


def judge_accuracy(model: classifier.Classifier, labels: Callable) -> dict[str, float]:
    """Measure the accuracy of a classifier on 5,000 held-out glyphs.

    Args:
        model: the classifier.
        labels: glyphs -> their classes (N,).

    Returns:
        "accuracy", from 0 to 1.
    """
    made = held_out(5000)
    return {"accuracy": classifier.accuracy(model, made.images, labels(made))}


def judge_vae(model: vae.VAE) -> dict[str, float]:
    """Measure the loss of a VAE and the quality of its reconstructions, on held-out glyphs.

    Returns:
        "nats", -ELBO in nats, and "read", the share of reconstructions that glyphs-judge classifies
        as their digit.
    """
    made, judge = held_out(), pretrained.load_image_model("glyphs-judge")
    return {
        "nats": vae.evaluate(model, made.images),
        "read": classifier.accuracy(judge, model.reconstruct(made.images), digit_labels(made)),
    }


def judge_generator(model: Generator) -> dict[str, float]:
    """Measure the quality and the variety of 2,000 samples with two classifiers.

    Returns:
        "sure", the share of which glyphs-judge is sure; "entropy" of its classes over the largest;
        "fonts" of 21 that are covered; "precision" and "recall" in its features.
    """
    images = model.sample(2000, seed=5)
    made, judge, fonts = (
        held_out(),
        pretrained.load_image_model("glyphs-judge"),
        pretrained.load_image_model("glyphs-fonts"),
    )
    row = image_metrics.compare_sets(judge, {"samples": images}, made.images)[0]
    return {
        "sure": row["judge is sure"],
        "entropy": row["class entropy"],
        "fonts": image_metrics.classes_covered(fonts, images, made.images),
        "precision": row["precision"],
        "recall": row["recall"],
    }


def _recipe(**differs) -> Recipe:
    """Return a recipe with what all recipes of this module share."""
    shared = {
        "data": _images,
        "examples": 60_000,
        "of": "glyph digits of `aigc_course.data.images.glyphs` (seed 1); card: data/glyphs.md",
        "unit": "glyphs",
        "saves": 10,
        "options": training.Options(schedule="cosine", warmup=100),
        "method": "AdamW, cosine decay",
        "write": functools.partial(image_models.save, half=True),
    }
    return Recipe(**(shared | differs))


_GAN = GANConfig(width=64, d_width=64)

RECIPES = {
    "glyphs-judge": _recipe(
        data=functools.partial(_labelled, labels=digit_labels),
        build=functools.partial(_classifier, 10),
        loss=_classifier_loss,
        judge=functools.partial(judge_accuracy, labels=digit_labels),
        explained="*accuracy*: share of 5,000 that it classifies right.",
        steps=2_000,
        batch_size=128,
        lr=3e-3,
        limits="It knows clean glyph digits. On anything else - handwriting, broken or half-made "
        "digits - it still gives an answer, often with a high probability.",
    ),
    "glyphs-fonts": _recipe(
        data=functools.partial(_labelled, labels=font_labels),
        build=functools.partial(_classifier, len(glyphs.FONTS)),
        loss=_classifier_loss,
        judge=functools.partial(judge_accuracy, labels=font_labels),
        explained="*accuracy*: share of 5,000 whose font of 21 it classifies right.",
        steps=12_000,
        batch_size=128,
        lr=2e-3,
        limits="Some digits look alike in two fonts once the strokes are thick; a predicted font "
        "is an indication, a count over thousands is not far off.",
    ),
    "glyphs-vae": _recipe(
        build=lambda: vae.VAE(vae.VAEConfig()),
        loss=vae.elbo_loss,
        judge=judge_vae,
        explained="*nats*: -ELBO on grey pixels, cross-entropy and KL summed. *read*: share of "
        "reconstructions that glyphs-judge classifies right.",
        steps=40_000,
        batch_size=128,
        lr=2e-3,
        limits="Samples from N(0, I) are softer than glyphs, and a good part of them lies between "
        "two digits.",
    ),
    "glyphs-gan": _recipe(
        build=_generator,
        loss=None,
        train=_train_gan,
        judge=judge_generator,
        explained="Of 2,000 samples: *sure*: share of which glyphs-judge assigns at least 0.9 to "
        "one class. *entropy* of its classes over the largest. *fonts* of 21 that come at least a "
        "tenth as often as among real ones. *precision*, *recall* in its features against 2,000 "
        "real ones (k = 3; real ones have 0.94, 0.95).",
        steps=30_000,
        batch_size=64,
        lr=5e-4,
        saves=20,
        method="Adam (0.5, 0.999), relativistic loss with R1, rate falling in the second half, "
        "mean of the generator's weights",
        limits="Of 200 looked at (`sample(200, seed=7)`) about 175 are digits that a person "
        "recognises at once. The other 25 are two digits in one (1 and 3, 1 and 4, 2 and 5), thin "
        "ones with an open or doubled stroke (5, 6, 8, 9), or small blurs; holes of fat digits "
        "are sometimes grey. No digit can be asked for: what comes depends on the noise alone.",
    ),
}
