"""Drawings of the lesson on neural n-grams: the table of vectors, and the network."""

from __future__ import annotations

from collections.abc import Sequence

from aigc_course.diagrams.language import (
    LAYER,
    SMALL,
    TRUE,
    Drawing,
    Shape,
)

WORDS = ("Mia", "Lena", "lost", "found", "a")
TABLE = ((0.9, 0.1, -0.3), (0.8, 0.2, -0.4), (-0.5, 1.1, 0.2), (-0.6, 1.0, -0.9), (0.1, -0.7, 0.6))


def lookup() -> Drawing:
    """Draw a table of vectors, from which two words fetch their rows."""
    drawing = Drawing(
        760,
        270,
        "A table with a row of three numbers for each of the words Mia, Lena, lost, found and a. "
        "The rows of Mia and Lena are similar. The words found and a are looked up: their rows, "
        "-0.6, 1.0, -0.9 and 0.1, -0.7, 0.6, stand side by side as one vector of six numbers.",
    )
    drawing.title(60, 28, "words before")
    drawing.title(275, 28, "the table (learned)")
    drawing.title(600, 28, "side by side")
    rows = {}
    for i, (word, numbers) in enumerate(zip(WORDS, TABLE, strict=True)):
        y = 66 + 38 * i
        drawing.text(200, y + 5, word, anchor="end", size=SMALL)
        values = [f"{n:.1f}" for n in numbers]
        rows[word] = drawing.vector(280, y, values, cell=(48, 30), colour=LAYER)
    for word, y in (("found", 142), ("a", 218)):
        asked = drawing.data(60, y, word, width=64)
        drawing.arrow(asked.right, (160, rows[word].y), width=1.3)
    for word, x in (("found", 528), ("a", 672)):
        values = [f"{n:.1f}" for n in TABLE[WORDS.index(word)]]
        part = drawing.vector(x, 85, values, cell=(48, 30))
        drawing.arrow(rows[word].right, part.bottom, via=[(x, rows[word].y)], width=1.3)
    drawing.note(600, 50, "the input of the network")
    return drawing


def neural_ngram(words: Sequence[str] = ("Mia", "found", "a"), answer: str = "red") -> Drawing:
    """Draw a neural n-gram: words become vectors, the vectors one long one, then two layers.

    Args:
        words: the words before.
        answer: the word that comes.
    """
    drawing = Drawing(
        830,
        330,
        f"A neural n-gram. Each of the words {', '.join(words)} is looked up in a table and gives "
        "a vector. The vectors, side by side, go through a hidden layer with ReLU and a last layer "
        "that gives a score to every word; softmax turns them into probabilities. The loss is the "
        f"surprise at the word that is true, {answer}.",
    )
    for x, text in ((62, "words"), (190, "table"), (335, "vectors"), (610, "two layers")):
        drawing.title(x, 28, text)
    table = drawing.layer(190, 165, "a row|for|each|word", width=80, height=210)
    hidden = drawing.layer(530, 165, "hidden|layer,|ReLU", width=84, height=120)
    for i, word in enumerate(words):
        y = 85 + 80 * i
        drawing.arrow(drawing.data(62, y, word, width=80), (table.left[0], y))
        shades = (0.2 + 0.2 * i, 0.6, 0.1, 0.4)
        vector = drawing.vector(335, y, [""] * 4, cell=(22, 26), shades=shades, colour=LAYER)
        drawing.arrow((table.right[0], y), vector.left)
        drawing.arrow(vector.right, hidden.left, width=1.3)
    out = drawing.layer(645, 165, "last|layer", width=66, height=120)
    drawing.arrow(hidden, out)
    squeeze = drawing.operation(765, 165, "softmax")
    drawing.arrow(out, squeeze)
    _judged(drawing, squeeze, answer)
    return drawing


def _judged(drawing: Drawing, squeeze: Shape, answer: str) -> None:
    """Draw the loss below the softmax, and the true word that it needs."""
    loss = drawing.loss(squeeze.x, 270)
    drawing.arrow(squeeze, loss)
    truth = drawing.data(610, 270, answer, width=70, colour=TRUE)
    drawing.arrow(truth, loss)
    drawing.note(truth.left[0] - 10, 275, "the truth", anchor="end")
