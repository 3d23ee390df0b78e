"""Drawings of the lesson on over-fitting: two losses, three parts, folds."""

from __future__ import annotations

import math

from aigc_course.diagrams.language import GREY, KEY, LOSS, QUERY, SMALL, Drawing


def three_parts() -> Drawing:
    """Draw what training, validation and test set are each asked."""
    drawing = Drawing(
        780,
        200,
        "A row of examples is cut into three parts. The training set, the largest, gives the "
        "slopes. The validation set chooses: when to stop, which learning rate. The test set "
        "judges, once, at the very end.",
    )
    for x, width, name, task in (
        (210, 340, "training set", "gives the slopes|in every step"),
        (475, 170, "validation set", "chooses: when to stop,|which learning rate"),
        (660, 180, "test set", "judges, once,|at the very end"),
    ):
        drawing.data(x, 70, name, width=width, height=44)
        drawing.arrow((x, 94), (x, 128))
        drawing.note(x, 148, task)
    drawing.text(40, 34, "all examples, shuffled", size=SMALL, colour=GREY, anchor="start")
    return drawing


def early_stopping() -> Drawing:
    """Draw the two losses of a network that begins to learn by heart."""
    drawing = Drawing(
        700,
        300,
        "Two losses against training steps. The training loss falls all the time. The validation "
        "loss falls at first, reaches its lowest point, and then rises again. A dashed line marks "
        "that point: there we keep the weights. A little later, when it has been no lower for a "
        "while, training stops.",
    )
    left, base = 70, 245
    drawing.arrow((left, base), (640, base), width=1.4)
    drawing.arrow((left, base), (left, 35), width=1.4)
    drawing.text(640, base + 38, "steps", size=SMALL, colour=GREY, anchor="end")
    drawing.text(left - 6, 26, "loss", size=SMALL, colour=GREY, anchor="start")
    heights = [62 + 130 * math.exp(-k / 19) + 0.011 * max(0, k - 25) ** 2 for k in range(106)]
    best, stop = heights.index(min(heights)), 62
    training = [(left + 5 * k, base - 8 - 180 * math.exp(-k / 26)) for k in range(106)]
    drawing.curve(training[: stop + 1], colour=QUERY, width=2.4)
    drawing.curve(training[stop:], colour=QUERY, width=2.4, dashed=True)
    seen = [(left + 5 * k, base - height) for k, height in enumerate(heights)]
    drawing.curve(seen[: stop + 1], colour=KEY, width=2.4)
    drawing.curve(seen[stop:], colour=KEY, width=2.4, dashed=True)
    drawing.line((90, 208), (109, 208), colour=QUERY, width=2.4)
    drawing.text(116, 212, "training loss", size=SMALL, anchor="start")
    drawing.line((90, 228), (109, 228), colour=KEY, width=2.4)
    drawing.text(116, 232, "validation loss", size=SMALL, anchor="start")
    for place, words, y in ((best, "keep these weights", 60), (stop, "stop here", 130)):
        drawing.line((seen[place][0], base), (seen[place][0], y), colour=LOSS, dashed=True)
        drawing.text(seen[place][0] + 8, y + 4, words, size=SMALL, colour=LOSS, anchor="start")
    return drawing


def folds() -> Drawing:
    """Draw five-fold cross-validation: in each row another fold is kept for validation."""
    drawing = Drawing(
        760,
        250,
        "Five-fold cross-validation as five rows of five boxes. In each row another box, one fold, "
        "is kept for validation, and the four others are learned from.",
    )
    for row in range(5):
        y = 50 + 40 * row
        drawing.text(70, y + 5, f"training {row + 1}", size=SMALL)
        for fold in range(5):
            kept = fold == row
            words = "validate" if kept else "learn"
            colour = KEY if kept else QUERY
            drawing.data(190 + 118 * fold, y, words, width=110, height=32, colour=colour)
    for fold in range(5):
        drawing.note(190 + 118 * fold, 24, f"fold {fold + 1}")
    return drawing
