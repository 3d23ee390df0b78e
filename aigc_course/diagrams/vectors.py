"""Drawings of the lesson on word vectors: a window, a product of thin tables, skip-gram."""

from __future__ import annotations

from collections.abc import Sequence

from aigc_course.diagrams.language import (
    GENERATED,
    GREY,
    KEY,
    LAYER,
    QUERY,
    SMALL,
    TRUE,
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
    drawing.note(395, 48, "a row: the vector of one word", anchor="start")
    return drawing


def skip_gram() -> Drawing:
    """Draw how skip-gram scores a seen pair and two random ones."""
    drawing = Drawing(
        830,
        320,
        "Skip-gram. The word kite is the centre and is looked up in a first table, u. The word red "
        "was seen near it; the words ten and Hugo were drawn at random. These three are looked up "
        "in a second table, v. The inner products with the vector of kite are the scores 2, -1 and "
        "0. The sigmoid gives the probability that a pair was seen, 0.88, 0.27 and 0.50. The truth "
        "is seen for red and random for the others; the loss compares them.",
    )
    for x, words in ((70, "words"), (210, "tables"), (430, "scores"), (570, "seen?")):
        drawing.title(x, 28, words)
    drawing.title(740, 28, "truth")
    first = drawing.layer(210, 70, "u: centre", width=110)
    drawing.arrow(drawing.data(70, 70, "kite", width=76, colour=QUERY), first)
    second = drawing.layer(210, 215, "v:|context", width=110, height=170)
    rows = (("red", 155, "2", "0.88", "seen"), ("ten", 215, "-1", "0.27", "random"))
    rows += (("Hugo", 275, "0", "0.50", "random"),)
    for word, y, score, p, truth in rows:
        colour = KEY if truth == "seen" else GENERATED
        drawing.arrow(drawing.data(70, y, word, width=76, colour=colour), (second.left[0], y))
        product = drawing.operation(340, y, "·", width=34)
        drawing.arrow((second.right[0], y), product)
        drawing.arrow(first.right, product.top if y == 155 else (328, y - 12), width=1.2)
        number = drawing.data(430, y, score, width=54)
        drawing.arrow(product, number)
        answer = drawing.data(570, y, p, width=64)
        drawing.arrow(number, answer, "sigmoid")
        drawing.data(740, y, truth, width=84, colour=TRUE)
        drawing.line((answer.right[0] + 8, y), (690, y), colour=GREY, dashed=True)
    drawing.note(655, 120, "the loss compares")
    drawing.text(352, 110, "inner product", size=SMALL, colour=GREY, anchor="start")
    return drawing


def analogy() -> Drawing:
    """Draw an analogy as two equal arrows between four words in a plane."""
    drawing = Drawing(
        560,
        230,
        "Four words in a plane: queen and king, woman and man. The arrow from queen to king is "
        "drawn a second time from woman, and ends near man.",
    )
    places = {"queen": (110, 80), "king": (330, 50), "woman": (180, 190), "man": (410, 165)}
    for word, (x, y) in places.items():
        drawing.dot(x, y, QUERY, 6)
        drawing.text(x, y + 26 if y > 100 else y - 14, word)
    drawing.arrow((118, 79), (322, 51), colour=KEY)
    drawing.arrow((188, 189), (392, 161), colour=KEY, dashed=True)
    drawing.note(285, 222, "the same arrow from woman", anchor="start")
    return drawing
