"""Drawings of the lesson on the first network: a neuron, its loss, and how it learns."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from aigc_course.diagrams.language import GREY, LOSS, QUERY, SMALL, Drawing
from aigc_course.diagrams.svg import Point


def neuron(
    inputs: Sequence[float] = (-0.1, 0.3),
    weights: Sequence[float] = (0.5, 1.0),
    bias: float = -0.5,
    names: Sequence[str] = ("upper", "lower"),
) -> Drawing:
    """Draw a neuron at work: inputs times weights, plus a bias, squeezed to a probability.

    Args:
        inputs: two numbers.
        weights: two numbers.
        bias: a number.
        names: of the inputs, at most 10 letters each.
    """
    products = [x * w for x, w in zip(inputs, weights, strict=True)]
    z = sum(products) + bias
    p = 1 / (1 + math.exp(-z))
    drawing = Drawing(800, 250, _neuron_told(names, inputs, weights, products, bias, z, p))
    for x, words in ((100, "inputs"), (265, "times weights"), (430, "sum"), (600, "squeezed")):
        drawing.title(x, 28, words)
    total = drawing.operation(430, 110, "+", width=44)
    rows = zip((70, 150), names, inputs, weights, products, strict=True)
    for y, name, x, weight, product in rows:
        times = drawing.layer(265, y, f"× {weight:g}")
        drawing.arrow(drawing.data(100, y, f"{name}  {x:g}"), times)
        drawing.arrow(times, total, f"{product:.3g}", above=y < 100)
    drawing.arrow(drawing.layer(430, 205, f"bias {bias:g}"), total)
    squeeze = drawing.operation(600, 110, "sigmoid")
    drawing.arrow(total, squeeze, f"z = {z:.3g}")
    drawing.arrow(squeeze, drawing.data(735, 110, f"p = {p:.2f}"))
    drawing.note(265, 209, "blue: what is learned")
    return drawing


def _neuron_told(names, inputs, weights, products, bias: float, z: float, p: float) -> str:
    """Return the alternative text of `neuron`."""
    told = " and ".join(f"{name} = {x:g}" for name, x in zip(names, inputs, strict=True))
    return (
        f"A neuron. The inputs {told} are multiplied by the weights {weights[0]:g} and "
        f"{weights[1]:g}. The products {products[0]:.3g} and {products[1]:.3g} and the bias "
        f"{bias:g} add up to the score {z:.3g}, and the sigmoid squeezes the score to the "
        f"probability {p:.2f}."
    )


def _axes(drawing: Drawing, corner: Point, size: Point, labels: tuple[str, str]) -> None:
    """Draw two axes with their names.

    Args:
        drawing: to draw in.
        corner: where they cross, lower left.
        size: width and height in pixels.
        labels: of the level axis, below its end, and of the upright one, above it.
    """
    x, y = corner
    drawing.arrow((x, y), (x + size[0], y), width=1.4)
    drawing.arrow((x, y), (x, y - size[1]), width=1.4)
    drawing.text(x + size[0], y + 38, labels[0], size=SMALL, colour=GREY, anchor="end")
    drawing.text(x - 6, y - size[1] - 8, labels[1], size=SMALL, colour=GREY, anchor="start")


def surprise() -> Drawing:
    """Draw the surprise at the truth against the probability that it was assigned."""
    drawing = Drawing(
        700,
        300,
        "The curve of minus the natural logarithm of p, the probability that was assigned to the "
        "true answer. At p = 1 the surprise is 0, at 0.96 it is 0.04, at 0.438 it is 0.83, at 0.1 "
        "it is 2.3, and towards p = 0 it grows without end.",
    )
    left, base, wide, high = 80, 250, 440, 70

    def at(p: float) -> Point:
        return left + wide * p, base + high * math.log(p)

    _axes(drawing, (left, base), (wide + 40, 215), ("probability of the truth", "surprise"))
    drawing.curve([at(k / 100) for k in range(5, 101)], colour=LOSS, width=2.6)
    for p, words, dx, dy in (
        (0.96, "0.96: surprise 0.04", 0, -22),
        (0.438, "0.438: surprise 0.83", 12, -10),
        (0.1, "0.1: surprise 2.30", 14, 4),
    ):
        x, y = at(p)
        drawing.dot(x, y, LOSS, 5)
        drawing.text(x + dx, y + dy, words, size=SMALL, anchor="start")
    for p in (0, 0.5, 1):
        drawing.text(left + wide * p, base + 20, f"{p:g}", size=SMALL, colour=GREY)
    for height in (1, 2):
        drawing.line((left - 5, base - high * height), (left, base - high * height))
        drawing.text(left - 20, base - high * height + 5, f"{height}", size=SMALL, colour=GREY)
    return drawing


def valley() -> Drawing:
    """Draw the loss as a valley, with the slope at one place and steps towards the bottom."""
    drawing = Drawing(
        680,
        300,
        "The loss against one weight is a valley. At the start, high on the left side, a dashed "
        "line touches it: the slope, which falls to the right and is negative. Arrows show the "
        "steps to the right; they become shorter as the ground becomes flat near the bottom.",
    )
    left, base = 70, 250

    def at(w: float) -> Point:
        return left + 110 * (w + 1), base - 26 - 24 * (w - 2) ** 2

    _axes(drawing, (left, base), (560, 215), ("weight", "loss"))
    drawing.curve([at(-0.75 + k / 25) for k in range(126)], width=2.4)
    places = [-0.5, 0.75, 1.37, 1.69]
    x, y = at(places[0])
    slope = 2 * 24 * (places[0] - 2) / 110
    ends = [(x + shift, y - shift * slope) for shift in (-25, 128)]
    drawing.line(*ends, colour=LOSS, width=2, dashed=True)
    drawing.text(x + 62, y + 100, "slope: so steep", size=SMALL, colour=LOSS, anchor="end")
    for start, end in itertools.pairwise(places):
        drawing.dot(*at(start), QUERY, 5)
        drawing.arrow((at(start)[0], base - 10), (at(end)[0], base - 10), colour=QUERY)
    drawing.dot(*at(places[-1]), QUERY, 5)
    drawing.text(at(0.1)[0], base - 20, "steps", size=SMALL, colour=QUERY)
    drawing.text(at(2)[0], base - 34, "bottom", size=SMALL, colour=GREY)
    return drawing


def loop() -> Drawing:
    """Draw the loop of learning: predict, compare, go back, step."""
    drawing = Drawing(
        760,
        220,
        "The loop of learning. Examples go through the neuron, which gives probabilities; with "
        "the true answers they give the loss. The gradient goes back from the loss to the weights, "
        "and a step against it changes them. Then the loop begins again.",
    )
    examples = drawing.data(90, 80, "examples")
    model = drawing.layer(280, 80, "neuron|weights, bias")
    guess = drawing.data(470, 80, "probabilities")
    loss = drawing.loss(660, 80)
    answers = drawing.data(660, 170, "true answers")
    drawing.arrow(examples, model)
    drawing.arrow(model, guess)
    drawing.arrow(guess, loss)
    drawing.text(375, 44, "1 predict", size=SMALL)
    drawing.text(575, 44, "2 compare", size=SMALL)
    drawing.arrow(answers, loss)
    drawing.gradient((630, 96), (310, 106), "3  gradient", via=[(630, 140), (310, 140)])
    drawing.text(240, 184, "4  step: weights move against the gradient")
    drawing.arrow((250, 166), (250, 106))
    return drawing
