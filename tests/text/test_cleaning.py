"""Cleaning against a known truth, tokenisers there and back on any text, word boundaries, splits
that share nothing."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_course.core.errors import CourseError
from aigc_course.data.text import web_pages
from aigc_course.text import cleaning

ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates among them


@pytest.mark.parametrize("language", web_pages.LANGUAGES)
def test_cleaning_finds_the_truth(language):
    pages = web_pages.sample(2000, seed=1, language=language)
    assert web_pages.score(cleaning.clean(page.raw for page in pages), pages) == {
        "precision": 1.0,
        "recall": 1.0,
        "too many": 0.0,
    }
    raw = web_pages.score([page.raw.decode("utf-8", "replace") for page in pages], pages)
    assert raw["recall"] < 0.3  # it was dirty


def test_decode():
    text = "Tea’s price: 3 £ — naïve"
    assert (
        cleaning.decode(text.encode("cp1252"))
        == text
        == cleaning.decode(text.encode())
        == cleaning.decode(text.encode("utf-8-sig"))
    )
    assert cleaning.decode(text.encode("utf-16")) == text
    assert cleaning.decode("狮队击败熊队".encode("gb18030")) == "狮队击败熊队"
    damaged = "狮队击败熊队，球迷歌唱".encode()[:-1]
    assert cleaning.decode(damaged) == "狮队击败熊队，球迷歌\ufffd"
    with pytest.raises(CourseError, match="bytes"):
        cleaning.decode("text")


@given(st.binary(max_size=80))
def test_any_bytes_can_be_cleaned(raw):
    assert isinstance(cleaning.clean_page(raw), str)


def test_html_is_parsed_not_matched():
    page = (
        "<style>p{}</style><p>2 &lt; 3 &amp;&nbsp;<b>4</b> > 1</p><script>if (a < b) { "
        "x('<p>no</p>') }</script>"
    )
    assert cleaning.normalize(cleaning.html_to_text(page)) == "2 < 3 & 4 > 1"
    page = (
        "<title>Daily</title><p>Lions win</p><p>Bears lose</p>x<br>y<ul><li>a</li><li>b</li></ul>"
    )
    assert cleaning.normalize(cleaning.html_to_text(page)) == "Lions win Bears lose x y a b"


def test_what_looks_the_same_becomes_the_same():
    assert cleaning.normalize("e\u200b\u0301") == cleaning.normalize("e\u0301") == "é"
    assert cleaning.normalize("A\u00ad\u030a") == "Å"


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f469\u200d\U0001f680",  # a woman and a rocket: an astronaut
        "\U0001f469\U0001f3fd\u200d\U0001f680",  # the same with a colour of skin
        "\U0001f3f3\ufe0f\u200d\U0001f308",  # a white flag and a rainbow
        "\u2764\ufe0f\u200d\U0001f525",  # a heart and a fire
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: "I want"
        "\u0915\u094d\u200d\u0937",  # Hindi: the first letter in its half form
    ],
)
def test_joiners_stay_where_they_are_seen(text):
    assert cleaning.normalize(text) == text
    assert cleaning.normalize(f"\u200d {text}\u200c ") == text  # at the borders nobody sees them
    for joiner in "\u200c\u200d":
        if joiner in text:  # twice looks the same, and so does one with a zero-width space
            assert cleaning.normalize(text.replace(joiner, 2 * joiner)) == text
            assert cleaning.normalize(text.replace(joiner, f"\u200b{joiner}")) == text


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
def test_joiners_that_nobody_sees_go(joiner):
    for before, after in (
        ("ne", "ws"),
        ("新", "闻"),
        ("x", "\U0001f680"),
        ("\u0645", "\u060c"),
        ("", "a"),
    ):
        assert cleaning.normalize(before + joiner + after) == before + after
    assert cleaning.normalize("\U0001f469\u200c\U0001f680") == "\U0001f469\U0001f680"
    assert cleaning.normalize(f"e{joiner}\u0301") == "é"


JOINERS = "\u200c\u200d\ufe0f\U0001f469\U0001f680\u0645\u06cc\u060c\u0915\u094d\u0937\u2190\u0338"


@given(
    st.one_of(
        ANY_TEXT,
        st.text("eA\u200b\u0301\u00ad\u030a \n\u00a0\x00", max_size=12),
        st.text(JOINERS + "e\u200b\u0301 ", max_size=12),
    )
)
def test_normalise_once_is_enough(text):
    once = cleaning.normalize(text)
    assert cleaning.normalize(once) == once
    hidden = {c for c in once if unicodedata.category(c) in ("Cc", "Cf")}
    assert hidden <= {"\u200c", "\u200d"} and "  " not in once and once == once.strip()


def test_deduplicate_keeps_the_first_and_the_order():
    assert cleaning.deduplicate(["B b.", "A", "b B", "a!"]) == ["B b.", "A"]
