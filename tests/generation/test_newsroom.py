"""Tidying, publishing with a label, collecting votes; BLEU, ROUGE and relevance on both
languages."""

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
