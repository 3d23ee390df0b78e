"""Cleaning against a known truth, tokenisers there and back on any text, word boundaries, splits
that share nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_course.data.stories import headlines, tales
from aigc_course.text import segmentation


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
