"""Makes the checkpoints that ship with the course, each from its seed: `python3 course.py pretrain
tales-gpt`.
"""

from __future__ import annotations

import functools
import json
import platform
from dataclasses import replace
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from aigc_course import runtime, training
from aigc_course.core import files
from aigc_course.core.arguments import checked, optional, string, whole
from aigc_course.core.errors import CourseError
from aigc_course.data.stories import tales
from aigc_course.models.text.gpt import GPT
from aigc_course.pretrained.convert import to_transformers
from aigc_course.recipes import glyphs
from aigc_course.recipes.curve import Curve, keep
from aigc_course.recipes.tales import EXPLAINED, RECIPES, Recipe, encode, stream
from aigc_course.text import tale_tokenizer


@checked(name=string(), steps=optional(whole(1)), examples=optional(whole(1)))
def make(
    name: str, steps: int | None = None, examples: int | None = None, show: bool = True
) -> Path:
    """Train a checkpoint and keep it in the learner's folder; a run that was stopped or killed goes
    on where it was.

    Args:
        name: a key of `RECIPES`, or of `pretraining_images.RECIPES`.
        steps: fewer (or more) steps than the recipe's.
        examples: fewer (or more) tales, or images.
        show: draw the progress bar.

    Returns:
        Its folder; an older checkpoint there is kept beside it under another name.

    Raises:
        CourseError: there is no such recipe, or the training was interrupted.
    """
    if name in glyphs.RECIPES:
        return glyphs.make(name, steps, examples, show)
    if name not in RECIPES:
        raise CourseError(
            f"There is no recipe {name!r}; there are {', '.join([*RECIPES, *glyphs.RECIPES])}."
        )
    recipe = replace(
        RECIPES[name],
        **{k: v for k, v in (("steps", steps), ("n_tales", examples)) if v is not None},
    )
    recipe = replace(recipe, first_steps=min(recipe.first_steps, recipe.steps))
    run = f"pretrain-{name}" + (
        f"-{recipe.steps}-{recipe.n_tales}" if (steps, examples) != (None, None) else ""
    )
    runtime.seed_everything(0)
    tokenizer = tale_tokenizer.wrap(
        tale_tokenizer.tale_vocabulary(),
        256 if name == "tales-gpt" else 160,
        begin=name != "tales-bert",
    )
    model = recipe.build(len(tokenizer))
    held_out = tales.sample(200, seed=2, form=recipe.form)
    data = training.batches(
        encode(stream(recipe.n_tales, seed=1, form=recipe.form), tokenizer),
        batch_size=recipe.batch_size,
        seed=0,
    )
    curve = Curve(run, lambda trained: recipe.judge(trained, held_out, tokenizer))
    options = training.Options(
        optimizer=functools.partial(torch.optim.AdamW, betas=(0.9, 0.98), weight_decay=0.01),
        schedule="linear",
        warmup=min(500, recipe.steps // 10),
        clip=1.0,
        checkpoint=run,
        save_every=-(-recipe.steps // 12),
        watch=curve,
        precision=recipe.precision,
        show=show,
    )
    _train(name, recipe, model, data, options)
    model = model.cpu().eval()
    curve.finish(recipe.steps, model)
    theirs = to_transformers(model) if isinstance(model, GPT) else model
    return keep(
        name,
        lambda folder: _write(folder, theirs, tokenizer),
        card(name, recipe, theirs, curve),
        curve,
    )


def _train(
    name: str, recipe: Recipe, model: torch.nn.Module, data: DataLoader, options: training.Options
) -> None:
    """Both parts of a training, or its only one."""
    parts = [(recipe.loss, recipe.steps, options)]
    if recipe.first:
        parts.insert(
            0,
            (
                recipe.first,
                recipe.first_steps,
                replace(options, checkpoint=f"{options.checkpoint}-first", watch=None),
            ),
        )
    for loss, n, how in parts:
        if training.fit(model, data, loss, n, recipe.lr, how).interrupted:
            raise CourseError(
                f"Not finished; `python3 course.py pretrain {name}` goes on from there."
            )


def _write(folder: Path, model, tokenizer) -> None:
    """A model in Transformers' format."""
    model.to(torch.bfloat16).save_pretrained(folder)  # always safetensors
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["dtype"] = "float32"  # what every CPU computes well with; the file holds half the bytes
    config.pop("transformers_version", None)
    files.write_atomically(
        folder / "config.json", (json.dumps(config, indent=1, sort_keys=True) + "\n").encode()
    )
    tokenizer.save_pretrained(folder)


def card(name: str, recipe: Recipe, model, curve: Curve) -> str:
    """The model card, in Markdown."""
    parameters = sum(p.numel() for p in model.parameters())
    last = curve.points[-1]
    first = f"{recipe.first_steps:,} steps left to right, then " if recipe.first else ""
    return f"""# {name}

{recipe.about} Made by the AIGC course; licence CC BY 4.0.

| | |
|---|---|
| class | `{type(model).__name__}` of Hugging Face Transformers; {parameters:,} parameters, stored as bfloat16 |
| data | {recipe.n_tales:,} {recipe.form} tales of `aigc_course.data.stories.tales` (seed 1); card: data/tales.md |
| command | `python3 course.py pretrain {name}` (seed 0) |
| training | {first}{last["step"]:,} steps of {recipe.batch_size} tales, AdamW, rate {recipe.lr:g}, linear decay, precision {recipe.precision} |
| cost | {last["cpu_seconds"]:,.0f} CPU-seconds, no GPU ({platform.machine()}, torch {torch.__version__.split("+")[0]}) |
| tokens | {model.config.vocab_size} whole words; 0 padding, 1 beginning and end, 2 unknown, 3 mask |

## Curve

On tales that it did not see (seed 2). {EXPLAINED[recipe.judge]}

{curve.table()}
{_LIMITS}"""  # noqa: E501 (lines of a card)


_LIMITS = """## Limits

It knows the tiny world of the tales and nothing else: ten names, eight colours, a few things, and no fact of the real world.
"""  # noqa: E501 (lines of a card)
