"""Grammars, n-grams, temperature and measures against closed forms."""

import math
import random
from collections import Counter

import numpy as np
import pytest

from aigc_course.core.errors import CourseError
from aigc_course.data.stories import tales
from aigc_course.evaluation.text_metrics import distinct, quality
from aigc_course.models.text.ngram import NGram

TEXTS = ["a b a b".split(), "a b c".split(), "c a".split()]


def test_relative_frequencies():
    model = NGram(2, "none").fit(TEXTS)
    assert model.probability("b", ["a"]) == pytest.approx(3 / 4)
    assert model.probability("c", ["a"]) == 0
    assert model.bits("a b".split()) == pytest.approx(-math.log2(2 / 3 * 3 / 4 * 1 / 3))
    assert model.bits("b".split()) == math.inf


def test_witten_bell_by_hand():
    """P(c | a): nothing seen, so t/(c + t) of the unigram, itself mixed with 1/V."""
    model = NGram(2).fit(TEXTS)
    unigram_c = (2 + 4 * 1 / 4) / (12 + 4)
    assert model.probability("c", ["a"]) == pytest.approx((0 + 2 * unigram_c) / (4 + 2))


@pytest.mark.parametrize("smoothing", ["none", "witten-bell"])
@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_distributions_sum_to_one_and_agree_with_single_probabilities(order, smoothing):
    model = NGram(order, smoothing).fit(t.tokens for t in tales.sample(50, seed=1))
    tokens = tales.sample(1, seed=1)[0].tokens
    context = ["<s>"] * (order - 1)
    for token in tokens:
        p = model.probabilities(context)
        assert p.sum() == pytest.approx(1) and (p >= 0).all()
        assert p[model.vocabulary.index(token)] == pytest.approx(model.probability(token, context))
        context.append(token)
    short = tokens[:1]  # a context shorter than n - 1 tokens: the model uses what there is
    assert model.probabilities(short)[model.vocabulary.index(tokens[1])] == pytest.approx(
        model.probability(tokens[1], short)
    )


def test_a_short_context_is_used_whole():
    model, trigram = (
        NGram(order).fit(t.tokens for t in tales.sample(500, seed=1)) for order in (4, 3)
    )
    assert model.probability("red", ["had", "a"]) == pytest.approx(
        trigram.probability("red", ["had", "a"])
    )


def test_generation_follows_the_probabilities():
    model = NGram(1, "none").fit([["a"] * 3 + ["b"]])
    drawn = Counter(
        token for seed in range(3000) for token in model.generate(random.Random(seed), max_tokens=1)
    )
    assert drawn["a"] / drawn.total() == pytest.approx(
        3 / 4, abs=0.03
    )  # given that it is no end: 3 of 4


def test_generation_ends_prompts_and_repeats():
    model = NGram(6).fit(t.tokens for t in tales.sample(100, seed=1))
    assert model.generate(random.Random(1)) == model.generate(random.Random(1))
    assert model.generate(random.Random(1), max_tokens=4, prompt=["Mia", "had"])[:2] == [
        "Mia",
        "had",
    ]
    assert len(model.generate(random.Random(1), max_tokens=4)) <= 4
    assert NGram(3, "none").fit(TEXTS).generate(random.Random(1), prompt=["x", "y"]) == ["x", "y"]
    assert model.generate(random.Random(1), temperature=0) == model.generate(
        random.Random(2), temperature=0
    )


def test_cross_entropy_is_above_the_truth_and_memorising_below():
    train, test = tales.sample(1500, seed=1), tales.sample(100, seed=2)
    model = NGram(14).fit(t.tokens for t in train)
    assert (
        np.mean([model.bits(t.tokens) for t in train[:100]])
        < tales.entropy()
        < np.mean([model.bits(t.tokens) for t in test])
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda: NGram(0),
        lambda: NGram(2, "magic"),
        lambda: NGram(2).fit([]),
        lambda: NGram(2).fit(["a string"]),
        lambda: NGram("2"),
        lambda: NGram(2).generate(random.Random(0)),
        lambda: NGram(2).bits(["a"]),
        lambda: NGram(2).probability("a", []),
        lambda: NGram(2).fit(tales.sample(2, seed=1)),
        lambda: NGram(2).fit(TEXTS).bits(tales.sample(1, seed=1)[0]),
        lambda: NGram(2).fit(TEXTS).bits("a b"),
        lambda: NGram(2).fit(TEXTS).generate(0),
        lambda: tales.tokenize(tales.sample(1, seed=1)[0]),
        lambda: quality("abc", tales.check, []),
        lambda: distinct(TEXTS, 0),
    ],
)
def test_ngram_bad_arguments(call):
    with pytest.raises(CourseError):
        call()
