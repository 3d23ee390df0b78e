"""Tidying, publishing with a label, collecting votes; BLEU, ROUGE and relevance on both
languages.
"""

import pytest

from aigc_course.core.errors import CourseError
from aigc_course.data.stories import headlines
from aigc_course.evaluation import text_metrics
from aigc_course.generation import newsroom


def test_tidy():
    texts = [
        "",
        "short",
        "a headline that is long enough",
        "a headline  that is long enough ",
        "a known headline, long enough",
    ]
    assert newsroom.tidy(texts, known=["a known headline, long enough"]) == [
        "A headline that is long enough"
    ]
    assert newsroom.tidy(["lions beat bears", "Lions beat bears"], shortest=5) == [
        "Lions beat bears"
    ]
    assert newsroom.tidy(["lions beat bears", ""], known=["Lions beat bears"], shortest=0) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_says_that_it_is_machine_made(language):
    from bs4 import BeautifulSoup

    page = newsroom.page("News <1>", {"sport & co": ["Lions < Bears"]}, language)
    soup = BeautifulSoup(page, "html.parser")
    assert soup.find(role="note").text == newsroom.LABEL[language] and soup.html["lang"] == language
    assert soup.find("meta", attrs={"name": "digitalsourcetype"})["content"].endswith(
        "trainedAlgorithmicMedia"
    )
    assert (
        soup.h1.text == "News <1>"
        and soup.h2.text == "sport & co"
        and soup.li.text == "Lions < Bears"
    )
    assert (
        "src=" not in page and "<script" not in page and "<link" not in page
    )  # nothing is loaded from elsewhere


def test_publishing_overwrites_nothing(tmp_path):
    first = newsroom.publish(tmp_path / "sub" / "page.html", "one")
    second = newsroom.publish(tmp_path / "sub" / "page.html", "two")
    assert (
        first.read_text() == "one" and second.read_text() == "two" and second.name == "page-2.html"
    )


def test_votes_are_kept_and_damaged_lines_left_out(tmp_path):
    path = tmp_path / "votes.jsonl"
    assert newsroom.votes(path) == []
    newsroom.vote(path, "Lions “win” 狮队", "good", "me")
    with path.open("a") as file:
        file.write('{"text": 1\nnull\n{"verdict": "good"}\n')
    newsroom.vote(str(path), "x", "bad", "checker")
    newsroom.vote(path, "line\u2028two\x85three \ud800", "bad", "me")
    assert newsroom.votes(path).pop()["text"] == "line\u2028two\x85three \ud800"
    assert [(v["text"], v["verdict"], v["reader"]) for v in newsroom.votes(path)[:2]] == [
        ("Lions “win” 狮队", "good", "me"),
        ("x", "bad", "checker"),
    ]
    with pytest.raises(CourseError, match="good"):
        newsroom.vote(path, "x", "great", "me")
    with pytest.raises(CourseError, match="Cannot write"):
        newsroom.vote(tmp_path / "votes.jsonl" / "x", "x", "bad", "me")


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


@pytest.mark.parametrize(
    "call",
    [
        lambda: text_metrics.bleu([], []),
        lambda: text_metrics.bleu(["a"], []),
        lambda: text_metrics.bleu(["a"], ["a"]),
        lambda: text_metrics.bleu(["a", "b"], [["a"], "b"]),
        lambda: text_metrics.bleu("abc", [["a"], ["b"], ["c"]]),
        lambda: text_metrics.rouge("abc", "abd"),
        lambda: text_metrics.bleu(["a"], [[]]),
        lambda: text_metrics.bleu(["a"], [["a"]], "fr"),
        lambda: text_metrics.rouge(["a"], []),
        lambda: text_metrics.rouge([], []),
        lambda: text_metrics.relevance(["a"], [], headlines.check),
        lambda: newsroom.page("x", {}, "fr"),
    ],
)
def test_bad_arguments(call):
    with pytest.raises(CourseError):
        call()
