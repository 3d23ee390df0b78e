"""Drawings of the welcome: two ways to make content, two kinds of question, the families."""

from __future__ import annotations

import math

from aigc_course.diagrams.language import GENERATED, GREY, INK, KEY, LAYER, QUERY, SMALL, Drawing


def two_ways() -> Drawing:
    """Draw how content is made by rules that a person wrote, and by learning from examples."""
    drawing = Drawing(
        760,
        210,
        "Two ways to make content. By rule: a person writes rules, and the rules make new "
        "content. By learning: examples go into training, training makes a model, and the model "
        "makes new content.",
    )
    for y, name, parts in (
        (55, "by rule", (("a person", 250), ("rules", 460), ("new content", 660))),
        (150, "by learning", (("examples", 250), ("a model", 460), ("new content", 660))),
    ):
        drawing.title(20, y + 5, name, anchor="start")
        (a, x1), (b, x2), (c, x3) = parts
        first = drawing.data(x1, y, a, width=110)
        draw = drawing.layer if b == "a model" else drawing.data
        second = draw(x2, y, b, width=110)
        third = drawing.data(x3, y, c, width=130, colour=GENERATED)
        drawing.arrow(first, second, "writes" if y == 55 else "training")
        drawing.arrow(second, third)
    drawing.note(400, 198, "blue and round: it has numbers that were learned; pink: generated")
    return drawing


def two_questions() -> Drawing:
    """Draw the same two groups of points for a discriminative and for a generative model."""
    drawing = Drawing(
        760,
        290,
        "The same points twice, threes as dots and eights as crosses. Left: a discriminative "
        "model draws a border between the two groups. Right: a generative model knows where each "
        "group lies, here two ellipses, and draws new points in them.",
    )
    threes = ((-70, -20), (-45, 25), (-80, 35), (-55, -5), (-30, 50), (-95, 10), (-60, 60))
    eights = ((50, -55), (75, -20), (40, -15), (95, -45), (65, 5), (88, -75), (30, -70))
    for middle, title, says in (
        (190, "discriminative: which is it?", "a border is enough"),
        (570, "generative: what can it be?", "pink: new points, drawn from the model"),
    ):
        drawing.title(middle, 28, title)
        for x, y in threes:
            drawing.dot(middle + x, 145 + y, colour=QUERY, radius=5)
        for x, y in eights:
            drawing.cross(middle + x, 145 + y, colour=KEY)
        drawing.note(middle, 272, says)
        drawing.note(middle, 254, "dots: threes; crosses: eights")
    drawing.line((105, 60), (270, 245), width=2.4)
    for x, y, wide, high, new in (
        (-62, 22, 62, 70, ((-80, -8), (-40, 5), (-72, 55))),
        (63, -39, 62, 70, ((60, -35), (78, -58), (48, -78))),
    ):
        ring = [
            (
                570 + x + wide * math.cos(t / 20 * math.pi),
                145 + y + high * math.sin(t / 20 * math.pi),
            )
            for t in range(41)
        ]
        drawing.curve(ring, colour=GREY, width=1.6, dashed=True)
        for a, b in new:
            drawing.dot(570 + a, 145 + b, colour=GENERATED, radius=6)
    return drawing


FAMILIES = (
    ("rules", "a person writes them", "nothing is learned", GREY),
    ("n-grams", "count what follows what", "no long memory", LAYER),
    ("RNN, LSTM", "carry a memory along", "memory fades", LAYER),
    ("GPT", "look back at everything", "much data and computing", LAYER),
)
PICTURES = (
    ("VAE", "a map of pictures", "soft pictures", LAYER),
    ("GAN", "a forger and a detective", "may draw a few kinds only", LAYER),
    ("diffusion", "take noise out, bit by bit", "many steps a picture", LAYER),
)
"""Name of a family, its idea, and what it gives up."""


def families() -> Drawing:
    """Draw the families of generators, each with its idea and what it gives up."""
    drawing = Drawing(
        850,
        330,
        "Families of generators. For text: "
        + "; ".join(f"{name}: {idea}, gives up: {cost}" for name, idea, cost, _ in FAMILIES)
        + ". For pictures: "
        + "; ".join(f"{name}: {idea}, gives up: {cost}" for name, idea, cost, _ in PICTURES)
        + ".",
    )
    for y, title, row, step, first in (
        (75, "text", FAMILIES, 195, 140),
        (225, "pictures", PICTURES, 230, 230),
    ):
        drawing.title(20, y + 5, title, anchor="start")
        before = None
        for i, (name, idea, cost, colour) in enumerate(row):
            x = first + 20 + step * i
            shape = drawing.layer(x, y, name, width=120, colour=colour)
            drawing.text(x, y + 46, idea, size=SMALL, colour=INK)
            drawing.note(x, y + 66, cost)
            if before and row is FAMILIES:
                drawing.arrow(before, shape, colour=GREY)
            before = shape
    drawing.note(425, 318, "below each name: its idea, and in grey what it gives up or costs")
    return drawing
