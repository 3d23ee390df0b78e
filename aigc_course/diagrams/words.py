"""Drawings of the lesson on the tags of words: a hidden Markov model."""

from __future__ import annotations

from aigc_course.diagrams.language import (
    GREY,
    Drawing,
    Shape,
)

TAGS = ("NOUN", "VERB")
SENTENCE = ("water", "fish", "tanks")
START = (0.8, 0.2)
TRANSITION = ((0.3, 0.7), (0.8, 0.2))
EMISSION = ((0.25, 0.6), (0.4, 0.1), (0.3, 0.05))
"""A toy model of three words: P(tag first), P(tag | tag before), and P(word | tag) a word a row."""


def markov_model() -> Drawing:
    """Draw a hidden Markov model: a chain of tags, each of which writes a word."""
    drawing = Drawing(
        760,
        250,
        "A hidden Markov model. A chain of three tags, VERB, NOUN and NOUN, goes from left to "
        "right; each arrow says how probable this tag is after the one before. From each tag an "
        "arrow goes down to the word that it writes: water, fish, tanks. The tags are hidden, the "
        "words are seen.",
    )
    chain = (("VERB", "water", "0.6"), ("NOUN", "fish", "0.4"), ("NOUN", "tanks", "0.3"))
    drawing.text(60, 90, "start", colour=GREY)
    before: Shape | None = None
    steps = ("0.2", "0.8", "0.3")
    for i, (tag, word, p) in enumerate(chain):
        x = 210 + 200 * i
        hidden = drawing.data(x, 85, tag, width=90, height=44, colour=GREY)
        start = before or (85, 85)
        drawing.arrow(start, hidden, steps[i])
        seen = drawing.data(x, 195, word, width=90)
        drawing.arrow(hidden, seen, p)
        before = hidden
    drawing.note(700, 80, "hidden:|the tags")
    drawing.note(700, 190, "seen:|the words")
    drawing.note(400, 28, "along: this tag after the one before; down: this word, given its tag")
    return drawing
