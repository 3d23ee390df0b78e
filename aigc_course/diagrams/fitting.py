"""Drawings of the lesson on training well: momentum, Adam, a rate that rises and falls."""

from __future__ import annotations

from aigc_course.diagrams.language import GREY, LOSS, QUERY, SMALL, Drawing


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
    drawing.text(556, base - 26, "nearly 0 at the end", size=SMALL, anchor="middle")
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
