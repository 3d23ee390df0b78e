"""Drawings of the lesson on headlines: the newsroom, dropout, and what a knob keeps."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from aigc_course.diagrams.language import GENERATED, GREY, INK, SMALL, Drawing


def newsroom() -> Drawing:
    """Draw the way from raw pages to a published page, and back by the readers' votes."""
    drawing = Drawing(
        840,
        250,
        "A newsroom around a model. Above: raw pages are collected, cleaned, freed of copies and "
        "split; the model is trained. Below, from right to left: it generates headlines, these are "
        "tidied, scored and published with a label. Votes of the readers lead back to the model's "
        "settings.",
    )
    above = [
        drawing.data(75, 60, "raw pages"),
        drawing.operation(245, 60, "clean, no copies", width=150),
        drawing.operation(430, 60, "split", width=80),
        drawing.layer(600, 60, "train the model", width=140),
    ]
    for one, other in itertools.pairwise(above):
        drawing.arrow(one, other)
    generate = drawing.data(745, 160, "headlines", colour=GENERATED)
    drawing.arrow(above[-1].right, generate.top, "generate", via=[(745, 60)])
    tidy = drawing.operation(580, 160, "tidy", width=76)
    score = drawing.operation(430, 160, "score", width=80)
    page = drawing.data(255, 160, "page, with a label", colour=GENERATED)
    drawing.arrow(generate, tidy)
    drawing.arrow(tidy, score)
    drawing.arrow(score, page)
    way = [(255, 222), (650, 222)]
    drawing.arrow(page.bottom, (650, 84), "votes of readers: adjust", via=way, dashed=True)
    return drawing


def dropout(share: float = 0.5) -> Drawing:
    """Draw dropout: in training some numbers of a state are set to 0, later all are used.

    Args:
        share: of the numbers that are set to 0; the others are divided by what is left.
    """
    numbers, dropped = (0.4, -0.2, 0.8, 0.6, -0.5, 0.2), (1, 2, 4)
    factor = 1 / (1 - share)
    kept = [0.0 if i in dropped else number * factor for i, number in enumerate(numbers)]
    drawing = Drawing(
        780,
        190,
        f"Dropout. A state of six numbers. In training, {len(dropped)} of them, drawn at random, "
        f"are set to 0, and the others are multiplied by {factor:g}. Another step draws others. "
        "When the model is used, all numbers stay as they are.",
    )
    drawing.title(14, 30, "training", anchor="start")
    drawing.title(14, 150, "use", anchor="start")
    before = drawing.vector(230, 60, [f"{n:.1f}" for n in numbers], cell=(44, 30))
    draw = drawing.sample(440, 60, "draw")
    drawing.arrow(before, draw)
    after = drawing.vector(630, 60, [f"{n:.1f}" for n in kept], cell=(44, 30))
    drawing.arrow(draw, after)
    for i in dropped:
        drawing.cross(630 + 44 * (i - 2.5), 98, colour=GREY)
    drawing.vector(230, 150, [f"{n:.1f}" for n in numbers], cell=(44, 30))
    drawing.note(440, 155, "all of them, unchanged", anchor="start")
    return drawing


def knobs(
    probabilities: Sequence[float] = (0.40, 0.25, 0.15, 0.10, 0.06, 0.04),
    top_k: int = 3,
    top_p: float = 0.85,
) -> Drawing:
    """Draw what top-k and top-p keep of a distribution over six words.

    Args:
        probabilities: in falling order, adding up to 1.
        top_k: how many are kept.
        top_p: the probability that must be reached.
    """
    reached, by_p = 0.0, 0
    while reached < top_p - 1e-9:
        reached += probabilities[by_p]
        by_p += 1
    shown = ", ".join(f"{p:.2f}" for p in probabilities)
    drawing = Drawing(
        720,
        245,
        f"Six words with the probabilities {shown}. Top-k with k = {top_k} keeps the first "
        f"{top_k}. Top-p with p = {top_p:g} keeps the first {by_p}, which together reach "
        f"{reached:.2f}.",
    )
    base = 170
    for i, p in enumerate(probabilities):
        x = 90 + 62 * i
        drawing.line(
            (x, base), (x, base - 340 * p), colour=INK if i < by_p else "#AAAAAA", width=36
        )
        drawing.text(x, base + 18, f"{p:.2f}", size=SMALL)
    for kept, y, words in ((top_k, 206, f"k = {top_k}"), (by_p, 230, f"p = {top_p:g}")):
        drawing.line((70, y), (90 + 62 * (kept - 1) + 20, y), colour=GENERATED, width=4)
        drawing.text(450, y + 5, f"top-{words}: keeps {kept}", size=SMALL, anchor="start")
    return drawing
