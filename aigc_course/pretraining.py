"""Makes the checkpoints that ship with the course, each from its seed: `python3 course.py pretrain tales-gpt`."""

from __future__ import annotations

import functools
import json
import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from tqdm.auto import tqdm

from aigc_course import checkpoints, pretrained, runtime, training
from aigc_course.data import tales
from aigc_course.errors import CourseError
from aigc_course.models.gpt import GPT
from aigc_course.models.hub import to_transformers
from aigc_course.pretraining_recipes import EXPLAINED, RECIPES, Recipe, encode, stream
from aigc_course.text import hub_tokenizer


def make(name: str, steps: int | None = None, n_tales: int | None = None, show: bool = True) -> Path:
    """Train a checkpoint and keep it in the learner's folder; a run that was stopped or killed goes on where it was.

    Args:
        name: a key of `RECIPES`.
        steps: fewer (or more) steps than the recipe's.
        n_tales: fewer (or more) tales.
        show: draw the progress bar.

    Returns:
        Its folder; an older checkpoint there is kept beside it under another name.

    Raises:
        CourseError: there is no such recipe, or the training was interrupted.
    """
    if name not in RECIPES:
        raise CourseError(f"There is no recipe {name!r}; there are {', '.join(RECIPES)}.")
    recipe = replace(RECIPES[name], **{k: v for k, v in (("steps", steps), ("n_tales", n_tales)) if v is not None})
    recipe = replace(recipe, first_steps=min(recipe.first_steps, recipe.steps))
    run = f"pretrain-{name}" + (f"-{recipe.steps}-{recipe.n_tales}" if (steps or n_tales) else "")
    runtime.seed_everything(0)
    tokenizer = hub_tokenizer.wrap(hub_tokenizer.tale_vocabulary(), 256 if name == "tales-gpt" else 160, begin=name != "tales-bert")
    model = recipe.build(len(tokenizer))
    held_out = tales.sample(200, seed=2, form=recipe.form)
    data = training.batches(encode(stream(recipe.n_tales, seed=1, form=recipe.form), tokenizer), batch_size=recipe.batch_size, seed=0)
    curve = _Curve(run, lambda trained: recipe.judge(trained, held_out, tokenizer))
    options = training.Options(
        optimizer=functools.partial(torch.optim.AdamW, betas=(0.9, 0.98), weight_decay=0.01), schedule="linear", warmup=min(500, recipe.steps // 10),
        clip=1.0, checkpoint=run, save_every=-(-recipe.steps // 12), watch=curve, precision=recipe.precision, show=show)  # fmt: skip
    parts = [(recipe.loss, recipe.steps, options)]
    if recipe.first:
        parts.insert(0, (recipe.first, recipe.first_steps, replace(options, checkpoint=f"{run}-first", watch=None)))
    for loss, n, how in parts:
        if training.fit(model, data, loss, n, recipe.lr, how).interrupted:
            raise CourseError(f"Not finished; `python3 course.py pretrain {name}` goes on from there.")
    return _keep(name, recipe, model.cpu().eval(), tokenizer, curve)


class _Curve:
    """Judges the model now and then; what it found lies beside the checkpoints, so that a resumed run has the whole curve."""

    def __init__(self, run: str, judge: Callable):
        self.file, self.judge = checkpoints.folder(run) / "curve.json", judge
        try:
            self.points = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.points = []
        self.last, self.before = time.process_time(), self.points[-1]["cpu_seconds"] if self.points else 0.0

    def __call__(self, step: int, model) -> None:
        spent = time.process_time() - self.last
        training_now = model.training
        model.eval()
        self.before += spent
        self.points = [p for p in self.points if p["step"] < step] + [{"step": step, "cpu_seconds": round(self.before, 1)} | self.judge(model)]
        model.train(training_now)
        runtime.write_safely(self.file, json.dumps(self.points, indent=1).encode())
        tqdm.write("  ".join(f"{key} {value:.4g}" for key, value in self.points[-1].items()))
        self.last = time.process_time()  # judging is not training


def _keep(name: str, recipe: Recipe, model, tokenizer, curve: _Curve) -> Path:
    """Write the checkpoint in Transformers' format, with its card and hashes, and put it into its place at once."""
    target = pretrained.own_folder(name)
    aside = target.with_name(f".{name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(parents=True)
        theirs = to_transformers(model) if isinstance(model, GPT) else model
        theirs.to(torch.bfloat16).save_pretrained(aside)  # always safetensors
        config = json.loads((aside / "config.json").read_text(encoding="utf-8"))
        config["dtype"] = "float32"  # what every CPU computes well with; the file holds half the bytes
        config.pop("transformers_version", None)
        runtime.write_safely(aside / "config.json", (json.dumps(config, indent=1, sort_keys=True) + "\n").encode())
        tokenizer.save_pretrained(aside)
        runtime.write_safely(aside / "curve.json", json.dumps(curve.points, indent=1).encode())
        runtime.write_safely(aside / "README.md", card(name, recipe, theirs, curve.points).encode())
        pretrained.record(aside)
        if target.exists():
            target.rename(runtime.unused_path(target))
        aside.rename(target)
    except OSError as error:
        raise CourseError(f"Cannot keep the checkpoint in {target} ({error.strerror}); make room, or set AIGC_HOME to another folder.") from None
    return target


def card(name: str, recipe: Recipe, model, points: list[dict]) -> str:
    """The model card, in Markdown."""
    parameters = sum(p.numel() for p in model.parameters())
    names = [key for key in points[-1] if key not in ("step", "cpu_seconds")]
    first = f"{recipe.first_steps:,} steps left to right, then " if recipe.first else ""
    rows = [f"| {p['step']:,} | {p['cpu_seconds']:,.0f} | " + " | ".join(f"{p[key]:.3f}" for key in names) + " |" for p in points]
    return f"""# {name}

{recipe.about} Made by the AIGC course; licence CC BY 4.0.

| | |
|---|---|
| class | `{type(model).__name__}` of Hugging Face Transformers; {parameters:,} parameters, stored as bfloat16 |
| data | {recipe.n_tales:,} {recipe.form} tales of `aigc_course.data.tales` (seed 1); card: data/tales.md |
| command | `python3 course.py pretrain {name}` (seed 0) |
| training | {first}{points[-1]['step']:,} steps of {recipe.batch_size} tales, AdamW, rate {recipe.lr:g}, linear decay, precision {recipe.precision} |
| cost | {points[-1]['cpu_seconds']:,.0f} CPU-seconds, no GPU ({platform.machine()}, torch {torch.__version__.split('+')[0]}) |
| tokens | {model.config.vocab_size} whole words; 0 padding, 1 beginning and end, 2 unknown, 3 mask |

## Curve

On tales that it did not see (seed 2). {EXPLAINED[recipe.judge]}

| step | CPU-s | {' | '.join(names)} |
|---|---|{'---|' * len(names)}
""" + "\n".join(rows) + "\n\n" + _LIMITS


_LIMITS = """## Limits

It knows the tiny world of the tales and nothing else: ten names, eight colours, a few things, and no fact of the real world.
"""
