"""What all recipes share: the training of a checkpoint from its seed, and the model card."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from aigc_course import pretrained, runtime, training
from aigc_course.core.errors import CourseError
from aigc_course.recipes.curve import Curve, keep


def fit(recipe: Recipe, options: training.Options) -> nn.Module:
    """Train a new model with `training.fit`, first with the recipe's first loss if it has one.

    Args:
        recipe: what is trained, and on what.
        options: options of the main part of the training.

    Raises:
        CourseError: the training was interrupted.
    """
    model = recipe.build()
    rows = training.batches(*recipe.data(recipe.examples), batch_size=recipe.batch_size, seed=0)
    parts = [(recipe.loss, recipe.steps, options)]
    if recipe.first:
        earlier = replace(options, checkpoint=f"{options.checkpoint}-first", watch=None)
        parts.insert(0, (recipe.first, recipe.first_steps, earlier))
    for loss, steps, how in parts:
        if training.fit(model, rows, loss, steps, recipe.lr, how).interrupted:
            raise CourseError("Not finished; the same command goes on from there.")
    return model


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that is needed to make one checkpoint.

    Attributes:
        data: number of examples -> the training set as tensors of one length, drawn with seed 1.
        examples: that number.
        of: what the examples are, for the card.
        unit: what one of them is, in the plural, for the card.
        build: () -> the untrained model.
        loss: (model, batch) -> a scalar, for `training.fit`.
        first: loss of a first part of the training, or None.
        first_steps: steps of that part.
        steps, batch_size, lr: number of steps, rows of a batch and largest learning rate.
        options: other options of the training; at most a tenth of all steps are used as warm-up.
        saves: how often the model is kept and judged, evenly over the run.
        method: optimizer, schedule and the like in words, for the card.
        train: (recipe, options) -> the trained model; `fit` unless a model needs another way.
        judge: model -> dictionary of names and numbers, for the curve.
        explained: what the judge measures, for the card.
        write: (model, folder) -> None; writes weights and configuration.
        facts: () -> more rows of the card's table, name -> text.
        limits: the weaknesses of the model, for the card.
    """

    data: Callable[[int], tuple[torch.Tensor, ...]]
    examples: int
    of: str
    unit: str
    build: Callable[[], nn.Module]
    loss: Callable | None
    steps: int
    batch_size: int
    lr: float
    options: training.Options
    saves: int
    method: str
    judge: Callable[[nn.Module], dict[str, float]]
    explained: str
    write: Callable[[nn.Module, Path], object]
    limits: str
    first: Callable | None = None
    first_steps: int = 0
    train: Callable[[Recipe, training.Options], nn.Module] = fit
    facts: Callable[[], dict[str, str]] = dict


def make(
    name: str, recipe: Recipe, steps: int | None, examples: int | None, show: bool = True
) -> Path:
    """Train a checkpoint by its recipe and keep it in the learner's folder.

    Args:
        name: name of the checkpoint.
        recipe: how it is made.
        steps, examples: other numbers than the recipe's, or None.
        show: whether to draw the progress bar.

    Returns:
        The folder of the checkpoint.

    Raises:
        CourseError: the training was interrupted.
    """
    run = f"pretrain-{name}"
    recipe = replace(recipe, steps=steps or recipe.steps, examples=examples or recipe.examples)
    recipe = replace(recipe, first_steps=min(recipe.first_steps, recipe.steps))
    if (steps, examples) != (None, None):
        run += f"-{recipe.steps}-{recipe.examples}"
    curve = Curve(run, recipe.judge)
    options = replace(
        recipe.options,
        warmup=min(recipe.options.warmup, recipe.steps // 10),
        checkpoint=run,
        save_every=-(-recipe.steps // recipe.saves),
        watch=curve,
        show=show,
    )
    runtime.seed_everything(0)
    model = recipe.train(recipe, options).cpu().eval()
    curve.finish(recipe.steps, model)
    text = card(name, recipe, model, curve)
    return keep(name, lambda folder: recipe.write(model, folder), text, curve)


def card(name: str, recipe: Recipe, model: nn.Module, curve: Curve) -> str:
    """Return the model card, in Markdown."""
    seconds = curve.points[-1]["cpu_seconds"]
    machine = f"{platform.machine()}, torch {torch.__version__.split('+')[0]}"
    rows = facts(name, recipe, model)
    more = {"cost": f"{seconds:,.0f} CPU-seconds, no GPU ({machine})", **recipe.facts()}
    table = "".join(f"| {row} | {text} |\n" for row, text in (rows | more).items())
    return (
        f"# {name}\n\n{about(name)}\n\n| | |\n|---|---|\n{table}\n## Curve\n\n"
        f"{judged(recipe)}\n\n{curve.table()}\n## Limits\n\n{recipe.limits}\n"
    )


def about(name: str) -> str:
    """Return the line below a card's title."""
    record = pretrained.BY_NAME[name]
    return f"{record.about} Made by the AIGC course; licence {record.licence}."


def facts(name: str, recipe: Recipe, model: nn.Module) -> dict[str, str]:
    """Return the rows of a card that are the same on every machine, name -> text."""
    record = pretrained.BY_NAME[name]
    source = {
        "text": "of Hugging Face Transformers",
        "images": f'of the course, `pretrained.load_image_model("{name}")`',
    }[record.medium]
    parameters = sum(parameter.numel() for parameter in model.parameters())
    first = f"{recipe.first_steps:,} steps left to right, then " if recipe.first else ""
    return {
        "class": f"`{record.kind}` {source}; {parameters:,} parameters, stored as bfloat16",
        "data": f"{recipe.examples:,} {recipe.of}",
        "command": f"`python3 course.py pretrain {name}` (seed 0)",
        "training": f"{first}{recipe.steps:,} steps of {recipe.batch_size} {recipe.unit}, "
        f"{recipe.method}, rate {recipe.lr:g}",
    }


def judged(recipe: Recipe) -> str:
    """Return the line above a card's curve."""
    return f"On {recipe.unit} that it did not see (seed 2). {recipe.explained}"
