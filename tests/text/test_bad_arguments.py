"""Cleaning against a known truth, tokenisers there and back on any text, word boundaries, splits
that share nothing."""

import pytest

from aigc_course.core.errors import CourseError
from aigc_course.data.stories import tales
from aigc_course.data.text import web_pages
from aigc_course.text import cleaning, segmentation, splitting
from aigc_course.text.bpe import BPE
from aigc_course.text.vocabulary import Vocabulary

TEXTS = [tale.text for tale in tales.sample(300, seed=1)]


def bpe(n=300):
    return BPE.train(TEXTS, n)


TOKENIZER, THEIRS = bpe(), bpe().to_hugging_face()


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
