"""Grammars, n-grams, temperature and measures against closed forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_course.core.errors import CourseError
from aigc_course.data.stories import headlines, tales
from aigc_course.evaluation import text_metrics
from aigc_course.evaluation.text_metrics import distinct, longest_copy, quality


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


def test_bleu():
    score, signature = text_metrics.bleu(
        ["the cat sat on the mat"], [["the cat sat on the mat", "other"]]
    )
    assert score == pytest.approx(100) and "tok:13a" in signature and "version" in signature
    uneven, _ = text_metrics.bleu(
        ["the cat sat on the mat", "a b c d e"],
        [["x y z", "the cat sat on the mat"], ["a b c d e"]],
    )
    assert uneven == pytest.approx(100)
    # Runs of one to four words: 3 of 4, 2 of 3, 1 of 2 and 0 of 1, smoothed to 1/2; no penalty, as
    # long as its reference.
    assert text_metrics.bleu(["a b c x"], [["a b c d"]])[0] == pytest.approx(
        100 * (3 / 4 * 2 / 3 * 1 / 2 * 1 / 2) ** 0.25, abs=0.01
    )
    chinese = headlines.sample(1, seed=0)[0].chinese
    assert (
        text_metrics.bleu([chinese], [[chinese]], "zh")[0] == pytest.approx(100)
        and text_metrics.bleu([chinese], [[chinese]])[0] == 0
    )
    assert "tok:zh" in text_metrics.bleu([chinese], [[chinese]], "zh")[1]


def test_rouge():
    scores = text_metrics.rouge(["the cat sat"], ["the cat ran fast"])
    assert (
        scores["rouge1"] == pytest.approx(2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4))
        and scores["rougeL"] == scores["rouge1"]
    )
    chinese = text_metrics.rouge(["狮队胜"], ["狮队负"], "zh")
    assert chinese["rouge1"] == pytest.approx(2 / 3) and chinese["rouge2"] == pytest.approx(1 / 2)
    assert (
        text_metrics.rouge(["狮队胜"], ["狮队胜"])["rouge1"] == 0
    )  # what the default tokeniser makes of Chinese


def test_relevance():
    stories = headlines.sample(10, seed=0)
    topics = [story.facts[0]["topic"] for story in stories]
    assert text_metrics.relevance([s.text for s in stories], topics, headlines.check) == 1
    wrong = [headlines.TOPICS[(headlines.TOPICS.index(t) + 1) % 6] for t in topics]
    assert text_metrics.relevance([s.text for s in stories], wrong, headlines.check) == 0
