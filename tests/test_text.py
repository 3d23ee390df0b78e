"""Cleaning against a known truth, tokenisers there and back on any text, word boundaries, splits
that share nothing.
"""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_course.core.errors import CourseError
from aigc_course.data.stories import headlines, tales
from aigc_course.data.text import web_pages
from aigc_course.text import cleaning, segmentation, splitting
from aigc_course.text.bpe import BPE, count_pairs, merge, split_words
from aigc_course.text.vocabulary import Vocabulary

TEXTS = [tale.text for tale in tales.sample(300, seed=1)]
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


@pytest.mark.parametrize("language", web_pages.LANGUAGES)
def test_pages_show_every_fault_and_their_duplicates(language):
    pages = web_pages.sample(1000, seed=2, language=language)
    faults = {fault for page in pages for fault in page.faults}
    assert faults >= {
        "invisible characters",
        "HTML",
        "entities",
        "navigation",
        "script",
        "unclosed tag",
        "utf-8-sig",
        "utf-16",
    }
    assert ("cp1252" if language == "en" else "gb18030") in faults
    marks = {
        "HTML": "<html",
        "entities": "&#",
        "navigation": "<nav",
        "script": "<script",
        "curly quote": "\u2019",
        "tags inside": "</",
    }
    for page in pages:  # what is named is really there
        raw = page.raw.decode(
            next(
                (f for f in page.faults if f in ("utf-8-sig", "utf-16", "cp1252", "gb18030")),
                "utf-8",
            )
        )
        raw = raw.replace("&#8217;", "\u2019")
        assert all(marks[fault] in raw for fault in page.faults if fault in marks), page
        hidden = any(unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\t" for c in raw)
        named = "invisible characters" in page.faults
        assert hidden == named or ("&#" in raw and named)  # an entity may stand for it
    by_source = {}
    for page in pages:
        assert by_source.setdefault(page.source, (page.text, page.topic)) == (page.text, page.topic)
    assert 0.15 < 1 - len(by_source) / len(pages) < 0.25
    assert web_pages.sample(20, seed=3, duplicates=0)[5].source == 5


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


def bpe(n=300):
    return BPE.train(TEXTS, n)


def test_training_is_the_naive_algorithm():
    from collections import Counter

    words = {
        tuple(bytes([b]) for b in word.encode()): n
        for word, n in Counter(w for text in TEXTS for w in split_words(text)).items()
    }
    merges = []
    for _ in range(60):
        pairs = count_pairs(words)
        merges.append(min(pairs, key=lambda pair: (-pairs[pair], pair)))
        words = {merge(word, merges[-1]): n for word, n in words.items()}
    assert BPE.train(TEXTS, 60).merges == merges


TOKENIZER, THEIRS = bpe(), bpe().to_hugging_face()


@settings(max_examples=300)
@given(ANY_TEXT)
def test_any_text_comes_back(text):
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == text and "".join(split_words(text)) == text


@settings(max_examples=300)
@given(
    st.text(
        st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("aehot 01.,'\n\t")),
        max_size=60,
    )
)
def test_equal_to_hugging_face(text):
    assert (
        THEIRS.encode(text).ids == TOKENIZER.encode(text)
        and THEIRS.decode(TOKENIZER.encode(text)) == text
    )


def test_no_token_reaches_across_words():
    assert all(b" " not in token[1:] for token in TOKENIZER.tokens if token.strip())
    assert (
        len(BPE.train(["aaaa"], 100).merges) == 2
    )  # then the word is one token, and nothing is left to merge


@pytest.mark.parametrize(
    "call",
    [
        lambda: BPE([(b"ab", b"c")]),
        lambda: BPE.train("one text", 5),
        lambda: BPE.train(TEXTS, -1),
        lambda: TOKENIZER.decode([10**6]),
        lambda: TOKENIZER.decode([-1]),
        lambda: TOKENIZER.encode(b"bytes"),
        lambda: cleaning.normalize(b"x"),
        lambda: splitting.split([1, 2, 3], (0.5, 0.6), seed=0),
        lambda: splitting.split([1], (0.5, 0.5), seed=0),
        lambda: splitting.split([], (), seed=0),
        lambda: segmentation.scores([["ab"]], [["a"]]),
        lambda: Vocabulary([]),
        lambda: Vocabulary(["the cat"]),
        lambda: Vocabulary([["a"]]).decode([99]),
        lambda: Vocabulary([["a"]]).decode([-1]),
        lambda: Vocabulary([["a"]]).batch([]),
        lambda: segmentation.scores([["ab"]], []),
        lambda: Vocabulary([["a"]]).encode("text"),
        lambda: Vocabulary([["a"]]).batch([["a", "a"]], 2),
        lambda: web_pages.sample(3, seed=0, duplicates=1),
        lambda: web_pages.sample(3, seed=0, language="fr"),
    ],
)
def test_bad_arguments(call):
    with pytest.raises(CourseError):
        call()


@given(
    st.text("研究生命起源在图书馆x", max_size=20),
    st.sets(st.text("研究生命起源在图书馆", min_size=1, max_size=4)),
)
def test_maximum_matching_loses_nothing(text, words):
    found = segmentation.max_match(text, words)
    assert "".join(found) == text and all(len(word) == 1 or word in words for word in found)
    for i, word in enumerate(found):  # none could have been longer
        rest = "".join(found[i:])
        assert not any(rest.startswith(other) and len(other) > len(word) for other in words)


def test_segmentation_on_the_worlds():
    for world in (tales, headlines):
        stories = world.sample(300, seed=1)
        words = {word for story in stories[:200] for word in story.chinese_words}
        true = [story.chinese_words for story in stories[200:]]
        joined = ["".join(words) for words in true]
        mine = segmentation.scores([segmentation.max_match(text, words) for text in joined], true)
        jieba = segmentation.scores([segmentation.segment(text) for text in joined], true)
        single = segmentation.scores([list(text) for text in joined], true)
        assert mine["F1"] > 0.98 > 0.9 > jieba["F1"] > 0.75 > 0.65 > single["F1"]


def test_scores_by_hand():
    assert segmentation.scores([["ab", "c"]], [["a", "b", "c"]]) == pytest.approx(
        {"precision": 1 / 2, "recall": 1 / 3, "F1": 0.4}
    )


def test_jieba_is_quiet(capfd):
    segmentation._jieba.cache_clear()
    segmentation.segment("有一天")
    assert capfd.readouterr() == ("", "")


@given(st.lists(st.integers(0, 30), min_size=20, max_size=80), st.integers(0, 5))
def test_a_split_shares_nothing(items, seed):
    if len(set(items)) < 5:
        return
    parts = splitting.split(items, (0.6, 0.2, 0.2), seed=seed, key=lambda item: item)
    assert sorted(item for part in parts for item in part) == sorted(items)
    assert parts == splitting.split(items, (0.6, 0.2, 0.2), seed=seed, key=lambda item: item)
    for i in range(3):
        for j in range(i):
            assert not set(parts[i]) & set(parts[j])


def test_vocabulary():
    vocabulary = Vocabulary([["b", "a", "b"]], first=["<x>"], least=1)
    assert (
        vocabulary.tokens == ["<pad>", "<end>", "<unk>", "<x>", "a", "b"] and len(vocabulary) == 6
    )
    assert vocabulary.batch([["a"], ["<x>", "b", "new"]]).tolist() == [[4, 1, 0, 0], [3, 5, 2, 1]]
    assert vocabulary.decode([4, 0, 5, 1, 4]) == ["a", "b"]
    assert Vocabulary([["b", "a", "b"]], least=2).encode(["a", "b"]) == [2, 3]
