"""Drawings of the lesson on the best path: the table of Viterbi."""

from __future__ import annotations

from aigc_course.diagrams.language import GREY, QUERY, SMALL, Drawing
from aigc_course.diagrams.words import EMISSION, SENTENCE, START, TAGS, TRANSITION


def trellis() -> Drawing:
    """Draw Viterbi's table for three words and two tags, with the way back."""
    best, back = _viterbi()
    drawing = Drawing(
        800,
        320,
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
    _probabilities(drawing, columns, lines)
    path = _path(best, back)
    for t, k in enumerate(path):
        x, y = columns[t], lines[k]
        drawing.frame(x - 58, y - 27, x + 58, y + 27, colour=QUERY)
    drawing.note(
        400,
        308,
        "black: the better way into a box. Dashed: the best path.",
    )
    return drawing


def _probabilities(drawing: Drawing, columns, lines) -> None:
    """Write each transition probability near its arrow, each word's probability below its box."""
    for t, x in enumerate(columns):
        for k, y in enumerate(lines):
            drawing.note(x, y + 42, f"word: × {EMISSION[t][k]:g}")
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
