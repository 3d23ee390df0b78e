"""Drawings of the lesson on the chain rule: a chain of slopes, the slopes of a neuron."""

from __future__ import annotations

import itertools
import math

from aigc_course.diagrams.language import GREY, LOSS, SMALL, Drawing


def chain(w: float = 1, x: float = 0.3) -> Drawing:
    """Draw the chain from a weight to the loss of an eight, and the slopes on the way back.

    Args:
        w: the weight.
        x: its input. The rest of the score, -0.55, is that of picture E.
    """
    z = w * x - 0.55
    p = 1 / (1 + math.exp(-z))
    local = (x, p * (1 - p), -1 / p)
    by_p, by_z = local[2], local[2] * local[1]
    slopes = (by_z * x + 0.0, by_z, by_p, 1)
    drawing = Drawing(800, 240, _chain_told(w, z, p, local, slopes))
    drawing.title(70, 30, "forwards")
    boxes = [
        drawing.layer(80, 85, f"w = {w:g}"),
        drawing.data(290, 85, f"z = {z:.2f}"),
        drawing.data(500, 85, f"p = {p:.3f}"),
        drawing.loss(700, 85, f"loss {-math.log(p):.2f}"),
    ]
    steps = (f"× {x:g}, and the rest", "sigmoid", "-ln p")
    for (one, other), words in zip(itertools.pairwise(boxes), steps, strict=True):
        drawing.arrow(one, other, words)
    for one, other, words in (
        (boxes[3], boxes[2], f"× ({local[2]:.3f})"),
        (boxes[2], boxes[1], f"× {local[1]:.3f}"),
        (boxes[1], boxes[0], f"× {x:g}" if x >= 0 else f"× ({x:g})"),
    ):
        drawing.gradient((one.x - 4, 150), (other.x + 4, 150), words, above=False)
    for box, slope in zip(boxes, slopes, strict=True):
        drawing.text(box.x, 190, f"{slope:.3f}".removesuffix(".000"), bold=True, colour=LOSS)
    drawing.note(400, 222, "below each box: how fast the loss grows with it")
    drawing.text(80, 133, "backwards", bold=True)
    return drawing


def _chain_told(w: float, z: float, p: float, local, slopes) -> str:
    """Return the alternative text of `chain`."""
    return (
        "A chain of three steps: the weight w changes the score z, the score changes the "
        f"probability p, the probability changes the loss. Forwards, above: w = {w:g} gives "
        f"z = {z:.2f}, p = {p:.3f} and a loss of {-math.log(p):.2f}. Backwards, below, the slopes "
        f"of the three steps: {local[0]:g}, {local[1]:.3f} and {local[2]:.3f}. How fast the loss "
        f"grows with each: with the loss itself 1, with p {slopes[2]:.3f}, with z {slopes[1]:.3f}, "
        f"with w {slopes[0]:.3f}."
    )


def neuron_slopes() -> Drawing:
    """Draw how the error of one example becomes the slopes of a neuron's numbers."""
    drawing = Drawing(
        780,
        290,
        "One neuron and picture E. On the left its inputs, upper -0.1 and lower 0.3, and a 1 for "
        "the bias. They are multiplied by w1, w2 and b, and the sum becomes p = 0.438; the truth "
        "is 1. The error p - y = -0.562 goes back along a dashed arrow, and each number gets the "
        "error times its own input: 0.056, -0.169 and -0.562.",
    )
    for x, words in ((75, "inputs"), (240, "learned numbers"), (675, "error")):
        drawing.title(x, 30, words)
    total = drawing.operation(420, 132, "sum, sigmoid")
    rows = zip(
        (70, 132, 194),
        ("upper -0.1", "lower 0.3", "1"),
        ("w1 = 0.5", "w2 = 1", "b = -0.5"),
        ("× (-0.1) = 0.056", "× 0.3 = -0.169", "× 1 = -0.562"),
        strict=True,
    )
    for y, given, learned, slope in rows:
        number = drawing.layer(240, y, learned, width=96, height=32)
        drawing.arrow(drawing.data(75, y, given, width=92), number)
        drawing.arrow(number.right, total)
        drawing.text(248, y + 33, f"-0.562 {slope}", size=SMALL, colour=LOSS)
    guess = drawing.data(545, 132, "p = 0.438", width=88)
    drawing.arrow(total, guess)
    error = drawing.data(685, 132, "p - y = -0.562", width=130)
    drawing.arrow(guess, error)
    drawing.text(685, 96, "true answer y = 1", size=SMALL, colour=GREY)
    drawing.curve([(685, 149), (685, 264), (146, 264), (146, 99)], colour=LOSS, dashed=True)
    for y in (99, 161, 223):
        drawing.gradient((146, y), (164, y))
    drawing.text(462, 256, "the error goes back, times each input", size=SMALL, colour=LOSS)
    return drawing
