"""Grammars, n-grams, temperature and measures against closed forms."""

import math

from aigc_course.models.text import grammar

RULES = {
    "START": ["WHO sleeps", "WHO eats WHAT"],
    "WHO": ["Mia", "Tom", "Leo"],
    "WHAT": ["plums", "pears"],
}


def test_sentences_of_a_grammar():
    assert grammar.count_sentences(RULES) == 9
    assert grammar.count_sentences({"START": ["x", "x START"]}) == math.inf
