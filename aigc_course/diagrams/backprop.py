"""Drawings of the lesson on backpropagation: a chain of slopes, and a tape."""

from __future__ import annotations

import itertools

from aigc_course.diagrams.language import GREY, LOSS, SMALL, Drawing


def chain() -> Drawing:
    """Draw the chain from a weight to the loss, and the slopes on the way back."""
    drawing = Drawing(
        800,
        240,
        "A chain of three steps: the weight w changes the score z, the score changes the "
        "probability p, the probability changes the loss. Forwards, above: w = 1 gives z = -0.25, "
        "p = 0.44 and a loss of 0.83. Backwards, below, the slopes of the three steps: 0.3, 0.246 "
        "and -2.284. How fast the loss grows with each: with the loss itself 1, with p -2.284, "
        "with z -0.562, with w -0.169.",
    )
    drawing.title(70, 30, "forwards")
    boxes = [
        drawing.layer(80, 85, "w = 1"),
        drawing.data(290, 85, "z = -0.25"),
        drawing.data(500, 85, "p = 0.438"),
        drawing.loss(700, 85, "loss 0.83"),
    ]
    steps = ("× input + rest", "sigmoid", "-ln p")
    for (one, other), words in zip(itertools.pairwise(boxes), steps, strict=True):
        drawing.arrow(one, other, words)
    for one, other, words in (
        (boxes[3], boxes[2], "× -2.284"),
        (boxes[2], boxes[1], "× 0.246"),
        (boxes[1], boxes[0], "× 0.3"),
    ):
        drawing.gradient((one.x - 4, 150), (other.x + 4, 150), words, above=False)
    for box, slope in zip(boxes, ("-0.169", "-0.562", "-2.284", "1"), strict=True):
        drawing.text(box.x, 190, slope, bold=True, colour=LOSS)
    drawing.note(400, 222, "below each box: how fast the loss grows with it")
    drawing.text(80, 133, "backwards", bold=True)
    return drawing


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
        drawing.text(240, y + 33, f"-0.562 {slope}", size=SMALL, colour=LOSS)
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


def tape(a: float = 2, b: float = 3) -> Drawing:
    """Draw a small computation, 2 (a b + a), as a tape: places, parents, slopes that come back.

    Args:
        a, b: the two inputs.
    """
    values = (a, b, a * b, a * b + a, 2 * (a * b + a))
    slopes = (2 * b + 2, 2 * a, 2, 2, 1)
    drawing = Drawing(800, 290, _tape_told(values, slopes))
    names = ("a", "b", "a b", "a b + a", "× 2")
    boxes = []
    for place, (name, value, slope) in enumerate(zip(names, values, slopes, strict=True)):
        x = 80 + 158 * place
        boxes.append(drawing.data(x, 120, f"{name} = {value:g}", width=124))
        drawing.text(x, 95, f"place {place}", size=SMALL, colour=GREY)
        sum_of = f"{2 * b:g} + 2 = " if place == 0 else ""
        drawing.text(x, 274, f"slope {sum_of}{slope:g}", colour=LOSS)
    drawing.arrow(boxes[1], boxes[2])
    drawing.arrow(boxes[2], boxes[3])
    drawing.arrow(boxes[3], boxes[4])
    drawing.arrow((80, 82), (396, 82), via=[(80, 60), (396, 60)])
    drawing.arrow((70, 82), (554, 82), via=[(70, 34), (554, 34)])
    steps = ((4, 3, "1 × 2 = 2"), (3, 2, "2 × 1 = 2"), (2, 1, f"2 × {a:g} = {2 * a:g}, from a b"))
    for start, end, words in steps:
        drawing.gradient((boxes[start].x - 6, 172), (boxes[end].x + 6, 172), words)
    drawing.gradient((390, 206), (90, 206), f"2 × {b:g} = {2 * b:g}, from a b")
    drawing.gradient((548, 240), (90, 240), "2 × 1 = 2, from a b + a")
    return drawing


def _tape_told(values, slopes) -> str:
    """Return the alternative text of `tape`."""
    a, b, product, total, result = (f"{value:g}" for value in values)
    return (
        f"A tape of five numbers. Place 0 holds a = {a}, place 1 holds b = {b}, place 2 their "
        f"product {product}, place 3 the sum of the product and a, {total}, and place 4 twice "
        f"that, {result}. Dashed arrows bring slopes back: 1 at place 4, 2 at place 3, 2 at place "
        f"2, {slopes[1]:g} at place 1, and at place 0 two parts arrive, {slopes[0] - 2:g} from the "
        f"product and 2 from the sum, together {slopes[0]:g}."
    )
