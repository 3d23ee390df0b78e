"""Recipes of the checkpoints that read and generate tales: two GPTs and a BERT."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import torch

from aigc_course import training
from aigc_course.core import files
from aigc_course.data.stories import tales
from aigc_course.evaluation import text_metrics
from aigc_course.generation import sampling
from aigc_course.models.text.gpt import GPT, GPTConfig, causal_mask
from aigc_course.models.text.language_model import next_token_loss, trim
from aigc_course.pretrained.convert import to_transformers
from aigc_course.recipes.recipe import Recipe
from aigc_course.text import tale_tokenizer

CONTEXT = {"short": 160, "long": 256}
"""Form of tales -> tokens that a model of them can look back on."""


@functools.cache
def _tokenizer(form: str, begin: bool = True):
    """Return Transformers' tokenizer of whole words.

    Args:
        form: "short" or "long"; sets the largest number of tokens.
        begin: whether it puts token 1 before a text by itself.
    """
    return tale_tokenizer.wrap(tale_tokenizer.tale_vocabulary(), CONTEXT[form], begin=begin)


@functools.cache
def _held_out(form: str) -> list[tales.Story]:
    """Return 200 tales of a form that no recipe trains on."""
    return tales.sample(200, seed=2, form=form)


def _training_set(n: int, *, form: str) -> tuple[torch.Tensor]:
    """Return a tuple with the ids of `n` tales, (n, T), padded with 0."""
    return (encode(stream(n, seed=1, form=form), _tokenizer(form)),)


def encode(stories: Iterable[tales.Story], tokenizer) -> torch.Tensor:
    """Encode tales as ids (N, T): the beginning, the words, the end, padding."""
    rows = [
        torch.tensor([1, *tokenizer.convert_tokens_to_ids(story.tokens), 1], dtype=torch.int16)
        for story in stories
    ]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True).long()


def stream(n: int, seed: int, form: str) -> Iterator[tales.Story]:
    """Return an iterator over the tales of `tales.sample`.

    The tales are made one at a time, as 150,000 at once would fill gigabytes.
    """
    rng, world = random.Random(seed), tales.world(form)
    return (world.write(rng) for _ in range(n))


def judge_writer(model: GPT, *, form: str) -> dict[str, float]:
    """Measure the bits of a GPT on held-out tales, and the quality of tales that it generates.

    Returns:
        "ratio", bits over the entropy of the world; "grammatical_T" and "consistent_T", shares of
        the generated tales at temperatures T of 1 and 0.7.
    """
    held_out, tokenizer = _held_out(form), _tokenizer(form)
    rows = encode(held_out, tokenizer)
    result = {"ratio": model.bits(rows).mean().item() / tales.entropy(form)}
    room = model.config.context_length - 1
    for temperature in (1.0, 0.7):
        generated = sampling.generate(
            model, torch.ones(len(held_out), 1, dtype=torch.long), room, temperature, seed=0, end=1
        )
        texts = tokenizer.batch_decode(generated, skip_special_tokens=True)
        shares = text_metrics.quality(texts, functools.partial(tales.check, form=form), ())
        result |= {
            f"{name}_{temperature:g}": shares[name] for name in ("grammatical", "consistent")
        }
    return result


def judge_reader(model) -> dict[str, float]:
    """Measure how many words a BERT finds when one word at a time is masked.

    Returns:
        "found", the share that the model finds; "best", the share that the exact posterior of the
        world finds; "ratio", the first over the second.
    """
    tokenizer = _tokenizer("short", begin=False)
    found, best = masked_accuracy(model, _held_out("short")[:60], tokenizer, places=2)
    return {"found": found, "best": best, "ratio": found / best}


@torch.no_grad()
def masked_accuracy(
    model, held_out: list[tales.Story], tokenizer, places: int
) -> tuple[float, float]:
    """Measure the accuracy on words that are masked one at a time, at random places.

    Args:
        model: a masked model of Transformers.
        held_out: tales.
        tokenizer: Transformers' tokenizer, without a token at the beginning.
        places: number of words to mask in each tale.

    Returns:
        (share that the model finds, share that the world's own posterior finds).
    """
    place = torch.Generator().manual_seed(0)
    found, best, vocabulary = [], [], tale_tokenizer.words_of(tokenizer)
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
    """Return the word that is most probable at a place by the world's own posterior."""
    return next(iter(tales.posterior(list(tokens), at)))


def masked_word_loss(model, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Return the cross-entropy of a masked model on hidden words, in nats.

    In each row, from one word up to two in five are hidden; all of them become <mask>.

    Source: Devlin et al. (2019), "BERT", section 3.1; there 15 %, of which a fifth are not masked
    but changed or left.

    Args:
        model: a masked model of Transformers.
        batch: ids (B, T), padded with 0, in a tuple.
    """
    rows = trim(batch[0])
    words = rows > 1
    chance = torch.rand(rows.shape, device=rows.device).masked_fill(~words, 2)
    hidden = chance < torch.rand(len(rows), 1, device=rows.device) * 0.4
    hidden |= chance == chance.min(1, keepdim=True).values  # hide at least one word
    logits = model(input_ids=rows.masked_fill(hidden, 3), attention_mask=(rows != 0).long()).logits
    return torch.nn.functional.cross_entropy(logits[hidden], rows[hidden])


def left_to_right_loss(model, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Return the loss of a masked model that is trained as a GPT for a while, in nats.

    It predicts the next tokens, under a causal mask. In this way it quickly learns to look words
    up; from masked words alone it did not learn that in 8,000 steps (it found 0.76 of the words,
    and facts by chance), as only one word in five is asked for, always with the same <mask>.

    Source: Dong et al. (2019), "Unified language model pre-training" (UniLM), one network for both
    directions.

    Args:
        model: a masked model of Transformers.
        batch: ids (B, T), padded with 0, in a tuple.
    """

    def logits_of(tokens: torch.Tensor) -> torch.Tensor:
        T = tokens.shape[1]
        mask = causal_mask(T, T).to(tokens.device).expand(len(tokens), 1, T, T)
        return model(input_ids=tokens, attention_mask=mask).logits

    return next_token_loss(logits_of, batch)


def _gpt(**sizes) -> GPT:
    """Return an untrained GPT for tales."""
    vocab_size = len(_tokenizer("short"))
    return GPT(GPTConfig(vocab_size, **sizes))


def _bert():
    """Return an untrained BERT for short tales."""
    from transformers import BertConfig, BertForMaskedLM

    return BertForMaskedLM(
        BertConfig(
            vocab_size=len(_tokenizer("short")),
            hidden_size=128,
            num_hidden_layers=3,
            num_attention_heads=4,
            intermediate_size=512,
            max_position_embeddings=CONTEXT["short"],
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=1,
        )
    )


def _write(model, folder: Path, *, form: str, begin: bool = True) -> None:
    """Write a model and its tokenizer into a folder, in Transformers' format."""
    theirs = to_transformers(model) if isinstance(model, GPT) else model
    theirs.to(torch.bfloat16).save_pretrained(folder)  # always safetensors
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["dtype"] = "float32"  # every CPU computes well with it; the file holds half the bytes
    config.pop("transformers_version", None)
    files.write_atomically(
        folder / "config.json", (json.dumps(config, indent=1, sort_keys=True) + "\n").encode()
    )
    _tokenizer(form, begin).save_pretrained(folder)


def _facts() -> dict[str, str]:
    """Return the row of the card that describes the tokens."""
    size = len(_tokenizer("short"))
    return {"tokens": f"{size} whole words; 0 padding, 1 beginning and end, 2 unknown, 3 mask"}


def _recipe(form: str, **differs) -> Recipe:
    """Return a recipe with what all recipes of this module share."""
    shared = {
        "data": functools.partial(_training_set, form=form),
        "of": f"{form} tales of `aigc_course.data.stories.tales` (seed 1); card: data/tales.md",
        "unit": "tales",
        "saves": 12,
        "options": _OPTIONS,
        "method": "AdamW, linear decay",
        "write": functools.partial(_write, form=form),
        "facts": _facts,
        "limits": "It knows the tiny world of the tales and nothing else: ten names, eight "
        "colours, a few things, and no fact of the real world.",
    }
    return Recipe(**(shared | differs))


_OPTIONS = training.Options(
    optimizer=functools.partial(torch.optim.AdamW, betas=(0.9, 0.98), weight_decay=0.01),
    schedule="linear",
    warmup=500,
    clip=1.0,
)
_WRITER = (
    "*ratio*: bits a tale over the entropy of the world (1 is perfect). *grammatical_T*, "
    "*consistent_T*: shares of 200 tales generated at temperature T that the checker accepts."
)
_READER = (
    "*found*: share of masked words that it predicts, 120 places. *best*: share that the exact "
    "posterior of the world predicts."
)

RECIPES = {
    "tales-gpt": _recipe(
        "long",
        examples=150_000,
        build=functools.partial(
            _gpt, context_length=CONTEXT["long"], n_layers=2, n_heads=8, d_model=256
        ),
        loss=next_token_loss,
        judge=functools.partial(judge_writer, form="long"),
        explained=_WRITER,
        steps=30_000,
        batch_size=8,
        lr=2e-3,
        options=replace(_OPTIONS, precision="bf16"),
        method="AdamW, linear decay, precision bf16",
    ),
    "tales-gpt2": _recipe(
        "short",
        examples=100_000,
        build=functools.partial(
            _gpt,
            context_length=CONTEXT["short"],
            n_layers=2,
            n_heads=4,
            d_model=128,
            positions="learned",
        ),
        loss=next_token_loss,
        judge=functools.partial(judge_writer, form="short"),
        explained=_WRITER,
        steps=20_000,
        batch_size=16,
        lr=3e-3,
    ),
    "tales-bert": _recipe(
        "short",
        examples=100_000,
        build=_bert,
        loss=masked_word_loss,
        first=left_to_right_loss,
        first_steps=4_000,
        judge=judge_reader,
        explained=_READER,
        steps=20_000,
        batch_size=16,
        lr=2e-3,
        write=functools.partial(_write, form="short", begin=False),
    ),
}
