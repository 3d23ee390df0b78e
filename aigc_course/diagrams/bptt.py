"""Drawings of the lesson on gradients through time: the way back, factors, windows, clipping."""

from __future__ import annotations

from aigc_course.diagrams.language import GREY, LOSS, SMALL, Drawing
from aigc_course.plots import style


def through_time() -> Drawing:
    """Draw how the slope of a loss goes back through three steps, and passes each on to W."""
    drawing = Drawing(
        820,
        300,
        "Back-propagation through time. Three steps lead from h0 to h3 and to the loss. Dashed "
        "arrows go back from the loss to the third, the second and the first step. From each step "
        "another one goes down to the one weight matrix W, where the three parts are added.",
    )
    drawing.title(60, 28, "forwards", anchor="start")
    before = drawing.data(60, 85, "h_0")
    steps = []
    for t, x in enumerate((190, 360, 530), start=1):
        step = drawing.layer(x, 85, f"step {t}", width=80)
        drawing.arrow(before, step)
        steps.append(step)
        before = step
    loss = drawing.loss(730, 85)
    drawing.arrow(before, loss, "h_3")
    for t in (1, 2):
        drawing.text(190 + 170 * t - 85, 76, f"h_{t}", size=SMALL)
    back = [*steps, loss]
    for one, other, words in (
        (3, 2, "slope at h3"),
        (2, 1, "slope at h2"),
        (1, 0, "slope at h1"),
    ):
        drawing.gradient((back[one].x - 8, 142), (back[other].x + 8, 142), words, above=False)
    drawing.layer(360, 250, "W: parts of all steps, added", width=260)
    for step, x in zip(steps, (270, 360, 450), strict=True):
        drawing.gradient((step.x, 172), (x, 228))
    return drawing


def factors(one: float = 0.5, other: float = 2.0) -> Drawing:
    """Draw what six factors in a row make of a slope: with one factor it fades, with another grows.

    Args:
        one, other: the two factors.
    """
    rows = [[factor**k for k in range(7)] for factor in (one, other)]
    told = [", ".join(f"{number:.3g}" for number in row) for row in rows]
    drawing = Drawing(
        820,
        180,
        f"A slope of 1 goes six steps back. Multiplied by {one:g} at each step it becomes "
        f"{told[0]}. Multiplied by {other:g} it becomes {told[1]}.",
    )
    for factor, row, y in ((one, rows[0], 60), (other, rows[1], 130)):
        drawing.text(14, y + 5, f"factor {factor:g}", anchor="start", bold=True)
        before = None
        for k, number in enumerate(row):
            box = drawing.data(770 - 105 * k, y, f"{number:.3g}", width=66)
            if before:
                drawing.gradient(before.left, box.right)
            before = box
    drawing.note(770, 170, "the loss")
    drawing.note(140, 170, "six steps back")
    return drawing


def truncated(steps: int = 8, window: int = 4) -> Drawing:
    """Draw truncated back-propagation: states go on, slopes end at the border of a window.

    Args:
        steps: how many are drawn.
        window: steps of a window.
    """
    drawing = Drawing(
        820,
        214,
        f"Truncated back-propagation through time. {steps} steps in windows of {window}. Solid "
        "arrows carry the state on from step to step, also over the border of a window. Dashed "
        "arrows carry slopes back, but only within a window.",
    )
    before = None
    for t in range(steps):
        x = 70 + 96 * t
        step = drawing.layer(x, 80, f"{t + 1}", width=46)
        if before:
            drawing.arrow(before, step, width=1.6)
            if t % window:
                drawing.gradient((x - 6, 128), (before.x + 6, 128))
            else:
                drawing.text(x - 48, 178, "slopes stop here", size=SMALL, colour=LOSS)
        before = step
    for start in range(0, steps, window):
        left, right = 70 + 96 * start - 40, 70 + 96 * (min(start + window, steps) - 1) + 40
        drawing.frame(left, 24, right, 160, f"window {start // window + 1}")
    drawing.note(410, 202, "the state goes on, the slope does not")
    return drawing


def clipped(x: float = 4.0, y: float = 1.5, largest: float = 2.0) -> Drawing:
    """Draw a gradient of two numbers, clipped by its length and clipped number by number.

    Args:
        x, y: the gradient.
        largest: the largest length, or the largest size of a number.
    """
    length = (x**2 + y**2) ** 0.5
    factor = min(1.0, largest / length)
    by_norm = (x * factor, y * factor)
    by_value = tuple(max(-largest, min(largest, number)) for number in (x, y))
    drawing = Drawing(
        760,
        260,
        f"A gradient with the numbers {x:g} and {y:g}, of length {length:.2f}. Clipped to the "
        f"length {largest:g} it becomes {by_norm[0]:.2f} and {by_norm[1]:.2f}, in the same "
        f"direction. Clipped number by number it becomes {by_value[0]:g} and {by_value[1]:g}, and "
        "the direction has changed.",
    )
    drawing.note(330, 50, f"length at most {largest:g}", anchor="start")
    drawing.note(560, 50, f"each at most {largest:g}", anchor="start")
    drawing.note(330, 75, "dashed: the old direction", anchor="start")
    _vector(drawing, 40, "as it is", (x, y), style.BLACK)
    _vector(drawing, 330, "by its length", by_norm, style.BLUE, (x, y))
    _vector(drawing, 560, "number by number", by_value, style.ORANGE, (x, y))
    return drawing


def _vector(drawing: Drawing, left: float, title: str, tip, colour: str, old=None) -> None:
    """Draw a vector of two numbers between axes, and the direction of an old one, dashed."""
    unit, ground = 56, 215
    drawing.title(left, 28, title, anchor="start")
    right = left + (140 if old else 240)
    drawing.arrow((left, ground), (right, ground), width=1.1, colour=GREY)
    drawing.arrow((left, ground), (left, 90), width=1.1, colour=GREY)
    if old:
        end = left + old[0] * unit * 0.6, ground - old[1] * unit * 0.6
        drawing.line((left, ground), end, colour="#BBBBBB", dashed=True)
    end = left + tip[0] * unit, ground - tip[1] * unit
    drawing.arrow((left, ground), end, colour=colour, width=3)
    drawing.note(left, 245, f"({tip[0]:.2f}, {tip[1]:.2f})", anchor="start")
