"""Drawings of the lesson on rules and chance: a grammar at work, and surprise."""

from __future__ import annotations

import math

from aigc_course.diagrams.language import KEY, QUERY, SMALL, Drawing


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


def uneven(p: float = 0.25) -> Drawing:
    """Draw the surprise of both sides of a coin, and their mean.

    Args:
        p: probability of heads, above 0 and below 1.
    """
    sides = (("heads", p), ("tails", 1 - p))
    bits = [-math.log2(share) for _, share in sides]
    mean = sum(share * bit for (_, share), bit in zip(sides, bits, strict=True))
    drawing = Drawing(
        760,
        300,
        f"A coin that falls on heads with probability {p:.2f}. Heads carries {bits[0]:.2f} bits, "
        f"tails {bits[1]:.2f}. Two boxes: their width is how often a side comes, their height how "
        f"surprising it is. The mean, the entropy, is {mean:.2f} bits.",
    )
    left, base, wide, high = 60, 260, 380, 52
    drawing.arrow((left, base), (left, 20), width=1.4)
    drawing.line((left, base), (left + wide, base))
    drawing.text(left + 12, 26, "surprise, bits", size=SMALL, anchor="start")
    for n in (1, 2, 3, 4):
        drawing.line((left - 5, base - high * n), (left, base - high * n))
        drawing.text(left - 18, base - high * n + 5, f"{n}", size=SMALL)
    start = float(left)
    for i, ((name, share), bit) in enumerate(zip(sides, bits, strict=True)):
        end, top, colour = start + wide * share, base - high * bit, (QUERY, KEY)[i]
        corners = [(start, base), (start, top), (end, top), (end, base)]
        drawing.area(corners, colour)
        drawing.curve([*corners, corners[0]], colour=colour)
        words = f"{name}: {share:.2f} of the throws, {bit:.2f} bits"
        drawing.line((470, 106 + 34 * i), (488, 106 + 34 * i), colour=colour, width=5)
        drawing.text(496, 111 + 34 * i, words, size=SMALL, anchor="start")
        start = end
    drawing.line((left, base - high * mean), (left + wide, base - high * mean), dashed=True)
    drawing.line((470, 174), (488, 174), dashed=True)
    drawing.text(496, 179, f"mean surprise: {mean:.2f} bits", size=SMALL, anchor="start")
    drawing.text(left + wide / 2, base + 24, "how often each side comes", size=SMALL)
    return drawing
