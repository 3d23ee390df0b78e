"""Drawings of the lesson on training well: three parts, two losses, momentum, Adam, a rate."""

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


def momentum() -> Drawing:
    """Draw the velocity of a weight when slopes agree, and when they contradict each other."""
    drawing = Drawing(
        760,
        190,
        "Momentum in numbers. Slopes that agree, 1, 1, 1, 1: the velocity grows, 1, 1.9, 2.71, "
        "3.44. Slopes that contradict each other, 5, -5, 5, -5: the velocity stays small, 5, "
        "-0.5, 4.55, -0.91.",
    )
    for y, title, slopes in (
        (75, "slopes agree", (1, 1, 1, 1)),
        (145, "slopes disagree", (5, -5, 5, -5)),
    ):
        drawing.text(95, y + 5, title, bold=True)
        velocities, v = [], 0.0
        for slope in slopes:
            v = 0.9 * v + slope
            velocities.append(f"{v:.3g}")
        drawing.vector(330, y, slopes, colour=LOSS)
        drawing.vector(620, y, velocities, cell=(56, 30))
        drawing.arrow((425, y), (500, y), "0.9 v + slope")
    drawing.title(330, 34, "slopes, step by step")
    drawing.title(620, 34, "velocity v")
    return drawing


def rates() -> Drawing:
    """Draw a learning rate that rises in a warm-up and then falls to 0."""
    drawing = Drawing(
        620,
        230,
        "The learning rate against the step. In the warm-up it rises along a line to its largest "
        "value; from there it falls along a line, to 0 at the last step.",
    )
    left, base = 70, 180
    drawing.arrow((left, base), (580, base), width=1.4)
    drawing.arrow((left, base), (left, 30), width=1.4)
    drawing.text(580, base + 38, "step", size=SMALL, colour=GREY, anchor="end")
    drawing.text(left + 10, 30, "learning rate", size=SMALL, colour=GREY, anchor="start")
    drawing.curve([(left, base - 12), (left + 90, 60), (560, base)], colour=QUERY, width=2.6)
    drawing.line((left + 90, base), (left + 90, 60), colour=GREY, dashed=True)
    drawing.text(left + 45, base + 20, "warm-up", size=SMALL, colour=GREY)
    drawing.text(left + 100, 56, "the whole rate", size=SMALL, anchor="start")
    drawing.text(556, base - 26, "0 at the end", size=SMALL, anchor="middle")
    return drawing


def adam() -> Drawing:
    """Draw what Adam keeps for one weight, and how a step comes from it."""
    drawing = Drawing(
        800,
        240,
        "Adam, for one weight. The slope enters a running mean m of the slopes, and its square a "
        "running mean v of the squares. The step is the learning rate times m divided by the root "
        "of v.",
    )
    slope = drawing.data(80, 120, "slope g", colour=LOSS)
    mean = drawing.data(330, 65, "m: mean of the slopes", width=230)
    square = drawing.data(330, 175, "v: mean of their squares", width=230)
    drawing.arrow(slope.right, mean.left, width=1.5)
    drawing.arrow(slope.right, square.left, width=1.5)
    ratio = drawing.operation(570, 120, "m ÷ √v")
    drawing.arrow(mean.right, ratio.left)
    drawing.arrow(square.right, ratio.left)
    drawing.arrow(ratio, drawing.data(725, 120, "step"), "× rate")
    drawing.note(330, 110, "which way, on average?")
    drawing.note(330, 220, "how large are slopes here?")
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
