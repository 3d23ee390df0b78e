"""Drawings of the lesson on n-grams: a walk through pairs of words, and smoothing."""

from __future__ import annotations

from aigc_course.diagrams.language import GREY, SMALL, Drawing


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
