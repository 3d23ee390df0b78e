"""Drawings of the lesson on words and sentences: a hidden Markov model, Viterbi, trees, roles."""

from __future__ import annotations

from aigc_course.diagrams.language import (
    GENERATED,
    GREY,
    KEY,
    QUERY,
    SMALL,
    VALUE,
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


def trellis() -> Drawing:
    """Draw Viterbi's table for three words and two tags, with the way back."""
    best, back = _viterbi()
    drawing = Drawing(
        800,
        300,
        "Viterbi's table for water fish tanks. "
        + " ".join(
            f"{word}: NOUN {best[t][0]:.4g}, VERB {best[t][1]:.4g}."
            for t, word in enumerate(SENTENCE)
        )
        + " From each word to the next, four arrows; the better one into each box is black. The "
        "way back, in blue, goes from the best box at the end: tanks NOUN, fish NOUN, water VERB.",
    )
    columns, lines = (190, 430, 670), (110, 230)
    for x, word in zip(columns, SENTENCE, strict=True):
        drawing.title(x, 30, word)
    for y, tag in zip(lines, TAGS, strict=True):
        drawing.text(50, y + 5, tag, bold=True)
    boxes = [
        [drawing.data(x, y, f"{best[t][k]:.4g}", width=96) for k, y in enumerate(lines)]
        for t, x in enumerate(columns)
    ]
    for t in (1, 2):
        for k in (0, 1):
            for j in (0, 1):
                chosen = back[t][k] == j
                look = {"width": 2.0} if chosen else {"colour": "#A0A0A0", "width": 1.1}
                drawing.arrow(boxes[t - 1][j].right, boxes[t][k].left, **look)
    _numbers_on_arrows(drawing, columns, lines)
    path = _path(best, back)
    for t, k in enumerate(path):
        x, y = columns[t], lines[k]
        drawing.frame(x - 58, y - 27, x + 58, y + 27, colour=QUERY)
    drawing.note(
        400,
        285,
        "black: the better way into a box, times the word given its tag; dashed: the best path",
    )
    return drawing


def _numbers_on_arrows(drawing: Drawing, columns, lines) -> None:
    """Write the transition probability near the start of each arrow."""
    for x in columns[:2]:
        for j, y in enumerate(lines):
            straight, across = TRANSITION[j][j], TRANSITION[j][1 - j]
            drawing.text(
                x + 120, y - 8 if j == 0 else y + 19, f"{straight:g}", size=SMALL, colour=GREY
            )
            beside = 28 if j == 0 else -18
            drawing.text(x + 100, y + beside, f"{across:g}", size=SMALL, colour=GREY)


def _viterbi() -> tuple[list[list[float]], list[list[int]]]:
    """Return the best probability of each tag at each word, and the tag before it."""
    best = [[START[k] * EMISSION[0][k] for k in (0, 1)]]
    back: list[list[int]] = [[]]
    for seen in EMISSION[1:]:
        ways = [[best[-1][j] * TRANSITION[j][k] for j in (0, 1)] for k in (0, 1)]
        back.append([way.index(max(way)) for way in ways])
        best.append([max(way) * seen[k] for k, way in enumerate(ways)])
    return best, back


def _path(best, back) -> list[int]:
    """Return the tags of the best path, found from its end."""
    path = [best[-1].index(max(best[-1]))]
    for before in reversed(back[1:]):
        path.append(before[path[-1]])
    return path[::-1]


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


def ambiguity() -> Drawing:
    """Draw two trees of one phrase: with the park at the seeing, or at Tom."""
    drawing = Drawing(
        820,
        270,
        "Two trees of: saw Tom in the park. On the left, in the park belongs to the verb phrase "
        "saw Tom: the seeing happened in the park. On the right it belongs to the noun phrase "
        "Tom: it was the Tom in the park who was seen.",
    )
    there = ("PP", ("ADP", "in"), ("NP", "the park"))
    trees = (
        ("VP", ("VP", ("VERB", "saw"), ("NP", "Tom")), there),
        ("VP", ("VERB", "saw"), ("NP", ("NP", "Tom"), there)),
    )
    for tree, left, words in (
        (trees[0], 60, "the seeing was in the park"),
        (trees[1], 480, "the Tom in the park"),
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


def roles() -> Drawing:
    """Draw who did what to whom in one sentence, and where."""
    drawing = Drawing(
        760,
        170,
        "The sentence: Rosa found a blue blanket in the station. Rosa is the agent, who did it; "
        "found is the action; a blue blanket is the patient, to which it was done; in the station "
        "is the place.",
    )
    parts = (
        (85, 90, "Rosa", "agent: who?", QUERY),
        (225, 110, "found", "action: what?", KEY),
        (415, 180, "a blue blanket", "patient: whom, or what?", VALUE),
        (635, 160, "in the station", "place: where?", GENERATED),
    )
    for x, width, words, role, colour in parts:
        shape = drawing.data(x, 70, words, width=width, colour=colour)
        drawing.line(shape.bottom, (x, 112), colour=colour)
        drawing.text(x, 130, role, size=SMALL)
    return drawing
