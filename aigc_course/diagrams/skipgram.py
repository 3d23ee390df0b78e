"""Drawings of the lesson on skip-gram: the guessing game, and an analogy."""

from __future__ import annotations

from aigc_course.diagrams.language import (
    GENERATED,
    GREY,
    KEY,
    QUERY,
    SMALL,
    TRUE,
    Drawing,
)


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
