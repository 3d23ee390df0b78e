"""Drawings of the lesson on sentences: trees, two readings, the chart."""

from __future__ import annotations

from aigc_course.diagrams.language import (
    GREY,
    QUERY,
    Drawing,
)


def _branches(drawing: Drawing, tree, places: dict[str, float], base: float, level: float) -> float:
    """Draw a tree of nested tuples above its words, and return where its root stands.

    Args:
        drawing: to draw in.
        tree: (label, child, ...); a child is a tree or a word.
        places: word -> its x.
        base: y of the words.
        level: pixels from one level to the next.
    """
    if isinstance(tree, str):
        return places[tree]
    below = [_branches(drawing, child, places, base, level) for child in tree[1:]]
    x, y = (below[0] + below[-1]) / 2, base - level * _height(tree)
    for child, x_below in zip(tree[1:], below, strict=True):
        top = base - 16 if isinstance(child, str) else base - level * _height(child) - 14
        drawing.line((x, y + 6), (x_below, top), colour=GREY, width=1.3)
    drawing.text(x, y, tree[0], bold=True, size=14, colour=QUERY)
    return x


def _height(tree) -> int:
    """Return how many levels a tree has above its words."""
    return 0 if isinstance(tree, str) else 1 + max(map(_height, tree[1:]))


def ambiguity(
    below: tuple[str, str] = ("the seeing was in the park", "the Tom in the park"),
) -> Drawing:
    """Draw two trees of one phrase: with the park at the seeing, or at Tom.

    Args:
        below: what is written below each of them.
    """
    drawing = Drawing(
        820,
        270,
        "Two trees of: saw Tom in the park. On the left, in the park belongs to the verb phrase "
        "saw Tom: the seeing happened in the park. On the right it belongs to the noun phrase "
        f"Tom: it was the Tom in the park who was seen. Below them stands: {'; '.join(below)}.",
    )
    there = ("PP", ("ADP", "in"), ("NP", "the park"))
    trees = (
        ("VP", ("VP", ("VERB", "saw"), ("NP", "Tom")), there),
        ("VP", ("VERB", "saw"), ("NP", ("NP", "Tom"), there)),
    )
    for tree, left, words in (
        (trees[0], 60, below[0]),
        (trees[1], 480, below[1]),
    ):
        places = {word: left + 95 * i for i, word in enumerate(("saw", "Tom", "in", "the park"))}
        for word, x in places.items():
            drawing.text(x, 225, word)
        _branches(drawing, tree, places, 225, 46)
        drawing.note(left + 140, 258, words)
    drawing.line((410, 40), (410, 230), colour="#BBBBBB")
    return drawing


def sentence_tree() -> Drawing:
    """Draw the tree of one sentence, in which every branch joins two parts."""
    drawing = Drawing(
        640,
        300,
        "The tree of: Mia found a kite in the park. The sentence S is joined from the noun phrase "
        "NP Mia and a verb phrase VP. This VP is joined from the VP found a kite and the "
        "prepositional phrase PP in the park; found a kite from the VERB found and the NP a kite; "
        "in the park from the ADP in and the NP the park.",
    )
    words = ("Mia", "found", "a kite", "in", "the park")
    there = ("PP", ("ADP", "in"), ("NP", "the park"))
    found = ("VP", ("VERB", "found"), ("NP", "a kite"))
    places = {word: 80 + 118 * i for i, word in enumerate(words)}
    for word, x in places.items():
        drawing.text(x, 275, word)
    _branches(drawing, ("S", ("NP", "Mia"), ("VP", found, there)), places, 275, 58)
    return drawing


CELLS = {
    (0, 1): "NP", (1, 2): "VERB", (2, 3): "NP", (3, 4): "ADP", (4, 5): "NP",
    (1, 3): "VP", (0, 3): "S", (3, 5): "PP", (2, 5): "NP", (1, 5): "VP, VP", (0, 5): "S, S",
}  # fmt: skip
"""(start, end) -> what this stretch of `Mia saw Tom in the park` can be."""


def chart() -> Drawing:
    """Draw the chart of a sentence: a cell for every stretch of words."""
    words = ("Mia", "saw", "Tom", "in", "the park")
    told = ", ".join(f"{' '.join(words[a:b])}: {label}" for (a, b), label in CELLS.items())
    drawing = Drawing(
        640,
        330,
        "A chart in the shape of a triangle. At the bottom is a cell for each word, above them one "
        "for each stretch of two words, then of three, and so on to the whole sentence on top. "
        f"Filled are: {told}.",
    )
    wide, high, left, base = 100, 42, 60, 255
    for start in range(5):
        for end in range(start + 1, 6):
            x = left + wide * (start + (end - start) / 2)
            y = base - high * (end - start - 1)
            label = CELLS.get((start, end), "")
            fill = None if label else "#F4F4F4"
            drawing.data(x, y, label, width=wide - 8, height=high - 8, fill=fill)
    for i, word in enumerate(words):
        drawing.text(left + wide * (i + 0.5), base + 42, word)
    for gap in range(6):
        drawing.note(left + wide * gap, base + 66, f"{gap}")
    drawing.note(left + 5 * wide + 20, base + 66, "gaps", anchor="start")
    for length, words_of in (
        (5, "the whole sentence"),
        (4, "four"),
        (3, "three"),
        (2, "two"),
    ):
        x, y = left + wide * (5.5 - length / 2) + 6, base - high * (length - 1) + 5
        drawing.note(x, y, words_of, anchor="start")
    return drawing
