"""Drawings of the lesson on rules and chance: a grammar at work, surprise, an n-gram, smoothing."""

from __future__ import annotations

from aigc_course.diagrams.language import GREY, QUERY, SMALL, Drawing


def rewriting() -> Drawing:
    """Draw how a grammar rewrites START, step by step, until only words are left."""
    drawing = Drawing(
        760,
        280,
        "A grammar at work. START is rewritten as PERSON MET PERSON PLACE and a full stop. PERSON "
        "becomes Leo, MET becomes ran into, the second PERSON becomes Mia, PLACE becomes in the "
        "park. Read along the bottom: Leo ran into Mia in the park.",
    )
    start = drawing.layer(380, 40, "START", width=90)
    parts = ("PERSON", "MET", "PERSON", "PLACE", ".")
    words = ("Leo", "ran into", "Mia", "in the park", "")
    for i, (part, word) in enumerate(zip(parts, words, strict=True)):
        x = 90 + 145 * i
        box = (
            drawing.layer(x, 140, part, width=96) if word else drawing.data(x, 140, part, width=50)
        )
        drawing.arrow(start.bottom, box.top, width=1.4)
        if word:
            drawing.arrow(box, drawing.data(x, 235, word, width=112))
    drawing.note(600, 36, "blue: symbols, to be rewritten", anchor="middle")
    drawing.note(600, 54, "white: words, which stay", anchor="middle")
    return drawing


def halving() -> Drawing:
    """Draw surprise as the number of times that the possibilities are halved."""
    drawing = Drawing(
        760,
        230,
        "Eight equally likely plots as a row of eight boxes. One yes-or-no question leaves four, "
        "a second one leaves two, a third one leaves one. So an event of probability one eighth "
        "takes three questions, and carries a surprise of three bits.",
    )
    rows = ((8, "8 equally likely: probability 1/8 each"), (4, "1 bit: half of them are left"))
    rows += ((2, "2 bits: a quarter"), (1, "3 bits: one of eight"))
    for i, (left, words) in enumerate(rows):
        y = 40 + 50 * i
        shades = [1.0 if k < left else 0.0 for k in range(8)]
        drawing.vector(220, y, [""] * 8, cell=(44, 30), shades=shades, colour=QUERY)
        drawing.text(420, y + 5, words, size=SMALL, anchor="start")
    return drawing


def walk() -> Drawing:
    """Draw the bigrams of two tiny tales as a graph that one can walk through."""
    drawing = Drawing(
        830,
        230,
        "The pairs of words of Mia had a kite. and Tom had a red kite. as a graph. From the start, "
        "arrows with probability one half each lead to Mia and to Tom; from both to had with 1, "
        "from had to a with 1, from a to kite and to red with one half each, from red to kite with "
        "1, from kite to the full stop, and from there to the end.",
    )
    start = drawing.operation(50, 110, "<s>", width=60)
    mia, tom = drawing.data(170, 60, "Mia", width=64), drawing.data(170, 160, "Tom", width=64)
    had, a = drawing.data(290, 110, "had", width=60), drawing.data(390, 110, "a", width=50)
    red, kite = drawing.data(490, 170, "red", width=56), drawing.data(590, 110, "kite", width=62)
    stop, end = drawing.data(690, 110, ".", width=40), drawing.operation(785, 110, "</s>", width=66)
    for one, other, p, above in (
        (start, mia, "1/2", True),
        (start, tom, "1/2", False),
        (mia, had, "1", True),
        (tom, had, "1", False),
        (had, a, "1", True),
        (a, kite, "1/2", True),
        (a, red, "1/2", False),
        (red, kite, "1", False),
        (kite, stop, "1", True),
        (stop, end, "1", True),
    ):
        drawing.arrow(one.right, other.left, p, above=above, width=1.5)
    return drawing


def smoothing() -> Drawing:
    """Draw how a smoothed model asks ever shorter contexts."""
    drawing = Drawing(
        800,
        190,
        "How a smoothed model finds the probability of the word after: Mia had a. It asks how "
        "often it followed Mia had a, then had a, then a, then how often the word comes at all, "
        "and at last every word is equally likely. Each answer is mixed with the next.",
    )
    boxes = (
        (95, "after|Mia had a", 110),
        (255, "after|had a", 100),
        (405, "after|a", 90),
        (555, "anywhere", 100),
        (715, "all words|alike", 110),
    )
    before = None
    for i, (x, words, width) in enumerate(boxes):
        box = drawing.data(x, 85, words, width=width)
        if before:
            drawing.arrow(before, box, "mix")
        drawing.note(x, 145, ("3 words", "2 words", "1 word", "no context", "nothing known")[i])
        before = box
    drawing.text(95, 30, "knows most, seen least", size=SMALL, colour=GREY)
    drawing.text(690, 30, "knows least, always there", size=SMALL, colour=GREY)
    return drawing
