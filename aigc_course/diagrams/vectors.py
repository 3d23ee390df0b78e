"""Drawings of the lesson on word vectors: a window, a product of thin tables, skip-gram."""

from __future__ import annotations

from collections.abc import Sequence

from aigc_course.diagrams.language import (
    GREY,
    KEY,
    LAYER,
    QUERY,
    Drawing,
)


def company(
    words: Sequence[str] = ("Mia", "had", "a", "red", "kite", ".", "One", "day"), centre: int = 3
) -> Drawing:
    """Draw the window around one word of a sentence: its company.

    Args:
        words: of the sentence, at most eight.
        centre: index of the word whose company is counted.
    """
    near = [i for i in range(len(words)) if 0 < abs(i - centre) <= 2]
    drawing = Drawing(
        800,
        170,
        f"The sentence {' '.join(words)}. Around the word {words[centre]} lies a window of two "
        f"words to each side. The pairs of {words[centre]} with "
        f"{', '.join(words[i] for i in near)} get a point each.",
    )
    places = [60 + 97 * i for i in range(len(words))]
    for i, (x, word) in enumerate(zip(places, words, strict=True)):
        colour = QUERY if i == centre else KEY if i in near else GREY
        fill = None if i == centre or i in near else "#FFFFFF"
        drawing.data(x, 95, word, width=80, colour=colour, fill=fill)
    for i in near:
        height = 52 if abs(i - centre) == 1 else 28
        middle = places[centre] + (6 if i > centre else -6) * (1 if height > 40 else 2)
        drawing.arrow((middle, 78), (places[i], 78), via=[(middle, height), (places[i], height)])
    drawing.frame(places[near[0]] - 47, 15, places[near[-1]] + 47, 125)
    drawing.note(places[centre], 150, "the window: two words to each side")
    return drawing


def factors() -> Drawing:
    """Draw a table of words and their company as a product of thin tables."""
    drawing = Drawing(
        800,
        270,
        "A table with a row for each of 151 words and a column for each of 151 words as company is "
        "nearly the product of three: a thin table with 16 numbers for each word, 16 weights of "
        "the directions, and a flat table with 16 numbers for each word as company. A row of the "
        "thin table is the vector of a word.",
    )
    whole = drawing.data(125, 140, "PPMI", width=150, height=150)
    drawing.note(125, 240, "company: 151")
    drawing.note(40, 50, "words: 151", anchor="start")
    drawing.operation(250, 140, "≈", width=40)
    thin = drawing.layer(340, 140, "", width=46, height=150)
    drawing.note(340, 240, "16 numbers a word")
    drawing.operation(420, 140, "×", width=36)
    drawing.layer(500, 140, "16|weights", width=76, height=56)
    drawing.operation(580, 140, "×", width=36)
    drawing.layer(700, 140, "", width=150, height=46)
    drawing.note(700, 190, "16 numbers for each|word as company")
    for shape, colour in ((whole, GREY), (thin, LAYER)):
        y = 110
        drawing.line((shape.left[0], y), (shape.right[0], y), colour=colour)
        drawing.line((shape.left[0], y + 14), (shape.right[0], y + 14), colour=colour)
    drawing.arrow((395, 60), (364, 112))
    words = "a row, times the roots of the weights:|the vector of one word"
    drawing.note(395, 32, words, anchor="start")
    return drawing
