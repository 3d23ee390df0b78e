"""How each checkpoint that ships is trained and judged: data, model, losses, steps."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch

from aigc_course.data.stories import tales
from aigc_course.evaluation import text_metrics
from aigc_course.generation import sampling
from aigc_course.models.text.gpt import GPT, GPTConfig, causal_mask
from aigc_course.models.text.language_model import next_token_loss, trim
from aigc_course.text import tale_tokenizer


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
        first: loss of a first training before it, or None.
        first_steps: of that one.
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
    first: Callable | None = None
    first_steps: int = 0


def judge_writer(model: GPT, held_out: list[tales.Story], tokenizer) -> dict[str, float]:
    """Bits on held-out tales over the entropy; at temperatures 1 and 0.7 the shares of written
    tales that are grammatical and consistent.
    """
    form = "long" if len(held_out[0].facts) > 1 else "short"
    rows = encode(held_out, tokenizer)
    result = {"ratio": model.bits(rows).mean().item() / tales.entropy(form)}
    room = model.config.context_length - 1
    for temperature in (1.0, 0.7):
        written = sampling.generate(
            model, torch.ones(len(held_out), 1, dtype=torch.long), room, temperature, seed=0, end=1
        )
        texts = tokenizer.batch_decode(written, skip_special_tokens=True)
        shares = text_metrics.quality(texts, functools.partial(tales.check, form=form), ())
        result |= {
            f"{name}_{temperature:g}": shares[name] for name in ("grammatical", "consistent")
        }
    return result


def judge_reader(model, held_out: list[tales.Story], tokenizer) -> dict[str, float]:
    """Share of words found when one is masked, over the share that the exact posterior of the world
    would find.
    """
    found, best = masked_accuracy(model, held_out[:60], tokenizer, places=2)
    return {"found": found, "best": best, "ratio": found / best}


@torch.no_grad()
def masked_accuracy(
    model, held_out: list[tales.Story], tokenizer, places: int
) -> tuple[float, float]:
    """(share found by the model, share found by the world's own posterior) of words masked one at a
    time, at random places.
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
    return next(iter(tales.posterior(list(tokens), at)))


def masked_word_loss(model, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Hide some words of each row (from one up to two in five, all <mask>) and ask for them: ids
    (B, T), padded with 0 -> nats.

    Source: Devlin et al. (2019), "BERT", section 3.1; there 15 %, of which a fifth are not masked
    but changed or left.
    """
    rows = trim(batch[0])
    words = rows > 1
    chance = torch.rand(rows.shape, device=rows.device).masked_fill(~words, 2)
    hidden = chance < torch.rand(len(rows), 1, device=rows.device) * 0.4
    hidden |= chance == chance.min(1, keepdim=True).values  # at least one
    logits = model(input_ids=rows.masked_fill(hidden, 3), attention_mask=(rows != 0).long()).logits
    return torch.nn.functional.cross_entropy(logits[hidden], rows[hidden])


def left_to_right_loss(model, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Train a masked model as a GPT for a while: next tokens, under a causal mask. Ids (B, T),
    padded with 0 -> nats.

    Looking words up is learned here quickly; from masked words alone it was not, in 8,000 steps
    (0.76 of the words found, facts by chance): one word in five asks, and asks with the same
    <mask>. One network for both directions: Dong et al. (2019), "Unified language model
    pre-training" (UniLM).
    """

    def logits_of(tokens: torch.Tensor) -> torch.Tensor:
        T = tokens.shape[1]
        mask = causal_mask(T, T).to(tokens.device).expand(len(tokens), 1, T, T)
        return model(input_ids=tokens, attention_mask=mask).logits

    return next_token_loss(logits_of, batch)


def _bert(vocab_size: int):
    from transformers import BertConfig, BertForMaskedLM

    return BertForMaskedLM(
        BertConfig(
            vocab_size=vocab_size,
            hidden_size=128,
            num_hidden_layers=3,
            num_attention_heads=4,
            intermediate_size=512,
            max_position_embeddings=160,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=1,
        )
    )


RECIPES = {
    "tales-gpt": Recipe(
        "A GPT (rotary positions, stored as GPT-NeoX) that writes long tales.",
        "long",
        150_000,
        lambda V: GPT(GPTConfig(V, 256, n_layers=2, n_heads=8, d_model=256)),
        next_token_loss,
        judge_writer,
        30_000,
        8,
        2e-3,
        "bf16",
    ),
    "tales-gpt2": Recipe(
        "A GPT-2 (learned positions) that writes short tales.",
        "short",
        100_000,
        lambda V: GPT(GPTConfig(V, 160, n_layers=2, n_heads=4, d_model=128, positions="learned")),
        next_token_loss,
        judge_writer,
        20_000,
        16,
        3e-3,
    ),
    "tales-bert": Recipe(
        "A BERT that fills in masked words of short tales.",
        "short",
        100_000,
        _bert,
        masked_word_loss,
        judge_reader,
        20_000,
        16,
        2e-3,
        first=left_to_right_loss,
        first_steps=4_000,
    ),
}


def encode(stories: Iterable[tales.Story], tokenizer) -> torch.Tensor:
    """Tales -> (N, T) ids: the beginning, the words, the end, padding."""
    rows = [
        torch.tensor([1, *tokenizer.convert_tokens_to_ids(story.tokens), 1], dtype=torch.int16)
        for story in stories
    ]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True).long()


def stream(n: int, seed: int, form: str) -> Iterator[tales.Story]:
    """The tales of `tales.sample`, one at a time: 150,000 at once fill gigabytes."""
    rng, world = random.Random(seed), tales.world(form)
    return (world.write(rng) for _ in range(n))


EXPLAINED = {
    judge_writer: "*ratio*: bits a tale over the entropy of the world (1 is perfect). "
    "*grammatical_T*, *consistent_T*: shares of 200 tales "
    "written at temperature T that the checker accepts.",
    judge_reader: (
        "*found*: share of words that it names when one is masked, 120 places. *best*: share "
        "that the exact posterior of the world names."
    ),
}
"""What each judge measures, for the cards."""
