"""Grammars, n-grams, temperature and measures against closed forms."""

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_course.core.errors import CourseError
from aigc_course.data.stories import tales
from aigc_course.evaluation.statistics import entropy, standard_error
from aigc_course.evaluation.text_metrics import distinct, longest_copy, quality
from aigc_course.generation.sampling import apply_temperature
from aigc_course.models.text import grammar
from aigc_course.models.text.ngram import NGram

RULES = {
    "START": ["WHO sleeps", "WHO eats WHAT"],
    "WHO": ["Mia", "Tom", "Leo"],
    "WHAT": ["plums", "pears"],
}
TEXTS = ["a b a b".split(), "a b c".split(), "c a".split()]


def test_sentences_of_a_grammar():
    assert grammar.count_sentences(RULES) == 9
    assert grammar.count_sentences({"START": ["x", "x START"]}) == math.inf


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


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=8), st.floats(0.05, 20))
def test_temperature_keeps_order_and_sum(weights, temperature):
    p = np.array(weights) / sum(weights)
    q = apply_temperature(p, temperature)
    assert q.sum() == pytest.approx(1) and np.argsort(q, kind="stable").tolist()[
        -1
    ] in np.flatnonzero(np.isclose(p, p.max(), rtol=1e-6))
    assert (entropy(q) <= entropy(p) + 1e-9) == (temperature <= 1) or math.isclose(
        entropy(p), entropy(q), abs_tol=1e-6
    )


def test_temperature_limits():
    p = np.array([0.2, 0.5, 0.3, 0.0])
    assert apply_temperature(p, 1).tolist() == pytest.approx(p.tolist())
    assert apply_temperature(p, 0).tolist() == [0, 1, 0, 0]
    assert apply_temperature(p, 1e-3).tolist() == pytest.approx([0, 1, 0, 0])
    assert apply_temperature(p, 1e6)[:3].tolist() == pytest.approx([1 / 3] * 3, abs=1e-5)
    for bad in (-1, math.nan, math.inf, "hot", None):
        with pytest.raises(CourseError):
            apply_temperature(p, bad)


def test_entropy_closed_forms():
    assert (
        entropy([0.5, 0.5]) == 1
        and entropy([1, 0]) == 0
        and entropy([1 / 8] * 8) == pytest.approx(3)
    )
    for bad in ([0.5, 0.6], [-0.5, 1.5], [[1.0]], [], ["a"], None):
        with pytest.raises(CourseError):
            entropy(bad)


def test_standard_error():
    assert (
        standard_error([1, 2, 3, 4]) == pytest.approx(math.sqrt(5 / 3) / 2)
        and standard_error([1]) == math.inf
    )


def test_quality():
    known = [t.text for t in tales.sample(3, seed=1)]
    new = tales.sample(1, seed=2)[0]
    result = quality([known[0], new.text, tales.alter(new, seed=1), "no tale"], tales.check, known)
    assert result == {"grammatical": 0.75, "consistent": 0.5, "new": 0.75, "good": 0.25}
    with pytest.raises(CourseError):
        quality([], tales.check, known)


def test_distinct():
    assert (
        distinct([["a", "b", "a", "b"]], 2) == pytest.approx(2 / 3)
        and distinct([["a"], ["b"]], 1) == 1
    )
    with pytest.raises(CourseError):
        distinct([["a"]], 2)


def _longest_copy_by_definition(tokens, known):
    runs = {
        tuple(text[i:j])
        for text in known
        for i in range(len(text))
        for j in range(i + 1, len(text) + 1)
    }
    return max(
        (
            j - i
            for i in range(len(tokens))
            for j in range(i + 1, len(tokens) + 1)
            if tuple(tokens[i:j]) in runs
        ),
        default=0,
    )


@given(
    st.lists(st.sampled_from("abc"), max_size=8),
    st.lists(st.lists(st.sampled_from("abc"), max_size=8), max_size=4),
)
def test_longest_copy(tokens, known):
    assert longest_copy(tokens, known) == _longest_copy_by_definition(tokens, known)
