"""The checkpoints of the image lessons, each from its seed: two judges, a VAE and the generator of
a GAN.
"""

from __future__ import annotations

import functools
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch.nn import functional as F

from aigc_course import pretrained, runtime, training
from aigc_course.core.errors import CourseError
from aigc_course.data.images import glyphs
from aigc_course.evaluation import image_metrics
from aigc_course.models.images import classifier, vae
from aigc_course.models.images.gan import GANConfig, Generator
from aigc_course.pretrained import image_models
from aigc_course.recipes.curve import Curve, keep
from aigc_course.training import adversarial


@dataclass(frozen=True)
class ImageRecipe:
    """How one checkpoint is made.

    Attributes:
        about: one sentence for its card.
        train: (recipe, glyphs, name of the run, `Curve`, show) -> the trained model.
        judge: model -> name -> number, for the curve.
        explained: what the judge measures, for the card.
        steps, batch_size, lr: of the training.
        method: of the training, for the card.
        images: in the training set, drawn with seed 1.
        limits: what is wrong with it, for the card.
    """

    about: str
    train: Callable
    judge: Callable
    explained: str
    steps: int
    batch_size: int
    lr: float
    method: str
    limits: str
    images: int = 60_000


def make(name: str, steps: int | None = None, images: int | None = None, show: bool = True) -> Path:
    """Train a checkpoint and keep it in the learner's folder; a run that was stopped or killed goes
    on where it was.

    Raises:
        CourseError: the training was interrupted.
    """
    recipe = replace(
        RECIPES[name], **{k: v for k, v in (("steps", steps), ("images", images)) if v is not None}
    )
    run = f"pretrain-{name}" + (
        f"-{recipe.steps}-{recipe.images}" if (steps, images) != (None, None) else ""
    )
    runtime.seed_everything(0)
    curve = Curve(run, recipe.judge)
    model = (
        recipe.train(recipe, glyphs.sample(recipe.images, seed=1), run, curve, show).cpu().eval()
    )
    curve.finish(recipe.steps, model)
    return keep(
        name,
        lambda folder: image_models.save(model, folder, half=True),
        card(name, recipe, model, curve),
        curve,
    )


def font_labels(made: glyphs.Glyphs) -> torch.Tensor:
    """(N,) index into `glyphs.FONTS`."""
    return torch.tensor([glyphs.FONTS.index(font) for font in made.factors["font"]])


def digit_labels(made: glyphs.Glyphs) -> torch.Tensor:
    """(N,) digit 0 to 9."""
    return torch.from_numpy(made.factors["label"])


def _fit(recipe: ImageRecipe, model, loader, loss, run: str, curve: Curve, show: bool):
    options = training.Options(
        schedule="cosine",
        warmup=min(100, recipe.steps // 10),
        checkpoint=run,
        save_every=-(-recipe.steps // 10),
        watch=curve,
        show=show,
    )
    if training.fit(model, loader, loss, recipe.steps, recipe.lr, options).interrupted:
        raise CourseError("Not finished; the same command goes on from there.")
    return model


def _train_judge(
    recipe: ImageRecipe,
    made: glyphs.Glyphs,
    run: str,
    curve: Curve,
    show: bool,
    *,
    labels: Callable,
    n_classes: int,
):
    model = classifier.Classifier(classifier.ClassifierConfig(n_classes=n_classes))
    loader = training.batches(made.images, labels(made), batch_size=recipe.batch_size, seed=0)
    return _fit(
        recipe,
        model,
        loader,
        lambda net, batch: F.cross_entropy(net(batch[0]), batch[1]),
        run,
        curve,
        show,
    )


def _train_vae(recipe: ImageRecipe, made: glyphs.Glyphs, run: str, curve: Curve, show: bool):
    loader = training.batches(made.images, batch_size=recipe.batch_size, seed=0)
    return _fit(recipe, vae.VAE(vae.VAEConfig()), loader, vae.elbo_loss, run, curve, show)


def _train_gan(recipe: ImageRecipe, made: glyphs.Glyphs, run: str, curve: Curve, show: bool):
    options = adversarial.GANOptions(
        recipe.steps,
        recipe.batch_size,
        recipe.lr,
        checkpoint=run,
        save_every=-(-recipe.steps // 20),
        watch=curve,
        show=show,
    )
    return adversarial.train(made.images, GANConfig(width=64, d_width=64), options)


@functools.cache
def held_out(n: int = 2000, seed: int = 2) -> glyphs.Glyphs:
    """Glyphs that no recipe trains on."""
    return glyphs.sample(n, seed=seed)


def judge_names(model: classifier.Classifier, labels: Callable) -> dict[str, float]:
    """Accuracy on 5,000 held-out glyphs."""
    made = held_out(5000)
    return {"accuracy": classifier.accuracy(model, made.images, labels(made))}


def judge_vae(model: vae.VAE) -> dict[str, float]:
    """-ELBO in nats, and the share of reconstructions that the judge of digits reads right."""
    made, judge = held_out(), pretrained.load_image_model("glyphs-judge")
    return {
        "nats": vae.evaluate(model, made.images),
        "read": classifier.accuracy(judge, model.reconstruct(made.images), digit_labels(made)),
    }


def judge_painter(model: Generator) -> dict[str, float]:
    """What the two judges find in 2,000 samples: sure, entropy, fonts, precision and recall."""
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


RECIPES = {
    "glyphs-judge": ImageRecipe(
        "Names glyph digits; the course's judge of generated ones.",
        functools.partial(_train_judge, labels=digit_labels, n_classes=10),
        functools.partial(judge_names, labels=digit_labels),
        "*accuracy*: share of 5,000 that it names right.",
        2_000,
        128,
        3e-3,
        "AdamW, cosine decay",
        (
            "It knows clean glyph digits. On anything else - handwriting, broken or "
            "half-made digits - it still gives an answer, often a sure one."
        ),
    ),
    "glyphs-fonts": ImageRecipe(
        "Names the font of a glyph digit, to see how many fonts a generator draws.",
        functools.partial(_train_judge, labels=font_labels, n_classes=len(glyphs.FONTS)),
        functools.partial(judge_names, labels=font_labels),
        "*accuracy*: share of 5,000 whose font of 21 it names right.",
        12_000,
        128,
        2e-3,
        "AdamW, cosine decay",
        (
            "Some digits look alike in two fonts once the strokes are thick; a named font is "
            "an indication, a count over thousands is not far off."
        ),
    ),
    "glyphs-vae": ImageRecipe(
        "A variational autoencoder of glyph digits: 784-400-200-16-200-400-784.",
        _train_vae,
        judge_vae,
        (
            "*nats*: -ELBO on grey pixels, cross-entropy and KL summed. *read*: share of "
            "reconstructions that glyphs-judge reads right."
        ),
        40_000,
        128,
        2e-3,
        "AdamW, cosine decay",
        (
            "Samples from N(0, I) are softer than glyphs, and a good part of them lies "
            "between two digits."
        ),
    ),
    "glyphs-gan": ImageRecipe(
        "The generator of a GAN (DCGAN layers) that paints glyph digits.",
        _train_gan,
        judge_painter,
        "Of 2,000 samples: *sure*: share that glyphs-judge names with at least 0.9. "
        "*entropy* of its names over the largest. *fonts* of 21 that "
        "come at least a tenth as often as among real ones. *precision*, *recall* in its "
        "features against 2,000 real ones (k = 3; real ones "
        "have 0.94, 0.95).",
        30_000,
        64,
        5e-4,
        (
            "Adam (0.5, 0.999), relativistic loss with R1, rate falling in the second half, "
            "mean of the generator's weights"
        ),
        "Of 200 looked at (`sample(200, seed=7)`) about 175 are digits that a person "
        "names at once. The other 25 are two digits in one "
        "(1 and 3, 1 and 4, 2 and 5), thin ones with an open or doubled stroke (5, 6, 8, "
        "9), or small blurs; holes of fat digits are sometimes "
        "grey. A picture cannot be ordered: what comes depends on the noise alone.",
    ),
}


def card(name: str, recipe: ImageRecipe, model, curve: Curve) -> str:
    """The model card, in Markdown."""
    parameters, last = sum(p.numel() for p in model.parameters()), curve.points[-1]
    return f"""# {name}

{recipe.about} Made by the AIGC course; licence CC BY 4.0.

| | |
|---|---|
| class | `{type(model).__name__}` of the course, `pretrained.load_image_model("{name}")`; {parameters:,} parameters, stored as bfloat16 |
| data | {recipe.images:,} glyph digits of `aigc_course.data.images.glyphs` (seed 1); card: data/glyphs.md |
| command | `python3 course.py pretrain {name}` (seed 0) |
| training | {last["step"]:,} steps of {recipe.batch_size} images, {recipe.method}, rate {recipe.lr:g} |
| cost | {last["cpu_seconds"]:,.0f} CPU-seconds, no GPU ({platform.machine()}, torch {torch.__version__.split("+")[0]}) |

## Curve

On glyphs that it did not see (seed 2). {recipe.explained}

{curve.table()}
## Limits

{recipe.limits}
"""  # noqa: E501 (lines of a card)
