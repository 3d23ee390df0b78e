"""Makes the checkpoints that ship with the course, each from its seed: `python3 course.py pretrain tales-gpt`."""

from __future__ import annotations

import functools
import json
import math
import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from tqdm.auto import tqdm

from aigc_course import checkpoints, metrics, pretrained, runtime, sampling, training
from aigc_course.data import tales
from aigc_course.errors import CourseError
from aigc_course.models.gpt import GPT, GPTConfig
from aigc_course.models.hub import to_transformers
from aigc_course.models.language_model import next_token_loss
from aigc_course.text import hub_tokenizer


@dataclass(frozen=True)
class Recipe:
    """How one checkpoint is made.

    Attributes:
        about: one sentence for its card.
        form: of the tales, "short" or "long".
        n_tales: different tales in the training set, drawn with seed 1.
        build: number of tokens -> the model.
        loss: (model, batch of ids) -> a scalar, for `training.fit`.
        judge: (model, tales, tokenizer) -> name -> number, for the curve.
        steps, batch_size, lr, precision: of the training.
    """

    about: str
    form: str
    n_tales: int
    build: Callable
    loss: Callable
    judge: Callable
    steps: int
    batch_size: int
    lr: float
    precision: str = "no"


def judge_writer(model: GPT, held_out: list[tales.Story], tokenizer) -> dict[str, float]:
    """Bits on held-out tales over the entropy; at temperatures 1 and 0.7 the shares of written tales that are grammatical and consistent."""
    form = "long" if len(held_out[0].facts) > 1 else "short"
    rows = encode(held_out, tokenizer)
    result = {"ratio": model.bits(rows).mean().item() / tales.entropy(form)}
    room = model.config.context_length - 1
    for temperature in (1.0, 0.7):
        written = sampling.generate(model, torch.ones(len(held_out), 1, dtype=torch.long), room, temperature, seed=0, end=1)
        texts = tokenizer.batch_decode(written, skip_special_tokens=True)
        shares = metrics.quality(texts, functools.partial(tales.check, form=form), ())
        result |= {f"{name}_{temperature:g}": shares[name] for name in ("grammatical", "consistent")}
    return result


def judge_reader(model, held_out: list[tales.Story], tokenizer) -> dict[str, float]:
    """Share of words found when one is masked, over the share that the exact posterior of the world would find."""
    found, best = masked_accuracy(model, held_out[:60], tokenizer, places=2)
    return {"found": found, "best": best, "ratio": found / best}


@torch.no_grad()
def masked_accuracy(model, held_out: list[tales.Story], tokenizer, places: int) -> tuple[float, float]:
    """(share found by the model, share found by the world's own posterior) of words masked one at a time, at random places."""
    place = torch.Generator().manual_seed(0)
    found, best, vocabulary = [], [], hub_tokenizer.words_of(tokenizer)
    for tale in held_out:
        for at in torch.randperm(len(tale.tokens), generator=place)[:places].tolist():
            ids = torch.tensor([[1, *tokenizer.convert_tokens_to_ids(tale.tokens), 1]])
            ids[0, at + 1] = tokenizer.mask_token_id
            guess = model(input_ids=ids.to(model.device)).logits[0, at + 1].argmax().item()
            found.append(vocabulary[guess] == tale.tokens[at])
            best.append(_likeliest(tuple(tale.tokens), at) == tale.tokens[at])
    return sum(found) / len(found), sum(best) / len(best)


@functools.cache
def _likeliest(tokens: tuple[str, ...], at: int) -> str:
    return next(iter(tales.posterior(list(tokens), at)))


def masked_word_loss(model, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Hide some words of each row (from one up to two in five, all <mask>) and ask for them: ids (B, T), padded with 0 -> nats.

    Source: Devlin et al. (2019), "BERT", section 3.1; there 15 %, of which a fifth are not masked but changed or left.
    """
    rows = batch[0][:, : int((batch[0] != 0).any(0).nonzero().max()) + 1]
    words = rows > 1
    chance = torch.rand(rows.shape, device=rows.device).masked_fill(~words, 2)
    hidden = chance < torch.rand(len(rows), 1, device=rows.device) * 0.4
    hidden |= chance == chance.min(1, keepdim=True).values  # at least one
    logits = model(input_ids=rows.masked_fill(hidden, 3), attention_mask=(rows != 0).long()).logits
    return torch.nn.functional.cross_entropy(logits[hidden], rows[hidden])


def _bert(vocab_size: int):
    from transformers import BertConfig, BertForMaskedLM

    return BertForMaskedLM(BertConfig(
        vocab_size=vocab_size, hidden_size=128, num_hidden_layers=3, num_attention_heads=4, intermediate_size=512, max_position_embeddings=160,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, pad_token_id=0, bos_token_id=1, eos_token_id=1))  # fmt: skip


RECIPES = {
    "tales-gpt": Recipe(
        "A GPT (rotary positions, stored as GPT-NeoX) that writes long tales.", "long", 200_000,
        lambda V: GPT(GPTConfig(V, 256, n_layers=2, n_heads=8, d_model=256)), next_token_loss, judge_writer, 40_000, 8, 2e-3, "bf16"),
    "tales-gpt2": Recipe(
        "A GPT-2 (learned positions) that writes short tales.", "short", 100_000,
        lambda V: GPT(GPTConfig(V, 160, n_layers=2, n_heads=4, d_model=128, positions="learned")), next_token_loss, judge_writer, 20_000, 16, 3e-3),
    "tales-bert": Recipe(
        "A BERT that fills in masked words of short tales.", "short", 100_000, _bert, masked_word_loss, judge_reader, 20_000, 16, 1e-3),
}  # fmt: skip


def encode(stories: list[tales.Story], tokenizer) -> torch.Tensor:
    """Tales -> (N, T) ids: the beginning, the words, the end, padding."""
    rows = [[1, *tokenizer.convert_tokens_to_ids(story.tokens), 1] for story in stories]
    return torch.tensor([row + [0] * (max(map(len, rows)) - len(row)) for row in rows])


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
    run = f"pretrain-{name}" + (f"-{recipe.steps}-{recipe.n_tales}" if (steps or n_tales) else "")
    runtime.seed_everything(0)
    tokenizer = hub_tokenizer.wrap(hub_tokenizer.tale_vocabulary(), 256 if name == "tales-gpt" else 160, begin=name != "tales-bert")
    model = recipe.build(len(tokenizer))
    held_out = tales.sample(200, seed=2, form=recipe.form)
    data = training.batches(encode(tales.sample(recipe.n_tales, seed=1, form=recipe.form), tokenizer), batch_size=recipe.batch_size, seed=0)
    curve = _Curve(run, lambda trained: recipe.judge(trained, held_out, tokenizer))
    options = training.Options(
        optimizer=functools.partial(torch.optim.AdamW, betas=(0.9, 0.98), weight_decay=0.01), schedule="linear", warmup=min(500, recipe.steps // 10),
        clip=1.0, checkpoint=run, save_every=max(1, recipe.steps // 20), watch=curve, precision=recipe.precision, show=show)  # fmt: skip
    history = training.fit(model, data, recipe.loss, recipe.steps, recipe.lr, options)
    if history.interrupted:
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
        config["dtype"] = "float32"  # what a CPU is quickest with; the file holds half the bytes
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
    rows = [f"| {p['step']:,} | {p['cpu_seconds']:,.0f} | " + " | ".join(f"{p[key]:.3f}" for key in names) + " |" for p in points]
    return f"""# {name}

{recipe.about} Made by the AIGC course; licence CC BY 4.0.

| | |
|---|---|
| class | `{type(model).__name__}` of Hugging Face Transformers; {parameters:,} parameters, stored as bfloat16 |
| data | {recipe.n_tales:,} {recipe.form} tales of `aigc_course.data.tales` (seed 1); card: data/tales.md |
| command | `python3 course.py pretrain {name}` (seed 0) |
| training | {points[-1]['step']:,} steps of {recipe.batch_size} tales, AdamW, largest learning rate {recipe.lr:g}, linear decay, precision {recipe.precision} |
| cost | {points[-1]['cpu_seconds']:,.0f} CPU-seconds, no GPU ({platform.machine()}, torch {torch.__version__.split('+')[0]}) |
| tokens | {model.config.vocab_size} whole words; 0 padding, 1 beginning and end, 2 unknown, 3 mask |

## Curve

On tales that it did not see (seed 2). {_EXPLAINED[recipe.judge]}

| step | CPU-s | {' | '.join(names)} |
|---|---|{'---|' * len(names)}
""" + "\n".join(rows) + "\n\n" + _LIMITS


_EXPLAINED = {
    judge_writer: "*ratio*: bits a tale over the entropy of the world (1 is perfect). *grammatical_T*, *consistent_T*: shares of 200 tales "
                  "written at temperature T that the checker accepts.",
    judge_reader: "*found*: share of words that it names when one is masked, 120 places. *best*: share that the exact posterior of the world names.",
}  # fmt: skip
_LIMITS = """## Limits

It knows the tiny world of the tales and nothing else: ten names, eight colours, a few things, and no fact of the real world.
"""
