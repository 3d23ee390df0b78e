"""Drawings of lesson 04: a neuron, its loss, and how it learns."""

from __future__ import annotations

import math
from collections.abc import Sequence

from aigc_course.diagrams.language import Drawing


def neuron(
    inputs: Sequence[float] = (0.5, 0.8),
    weights: Sequence[float] = (2.0, -1.0),
    bias: float = 0.5,
    names: Sequence[str] = ("x_1", "x_2"),
) -> Drawing:
    """Draw a neuron at work: inputs times weights, plus a bias, squeezed to a probability.

    Args:
        inputs: two numbers.
        weights: two numbers.
        bias: a number.
        names: of the inputs, at most 14 letters each.
    """
    products = [x * w for x, w in zip(inputs, weights, strict=True)]
    z = sum(products) + bias
    p = 1 / (1 + math.exp(-z))
    drawing = Drawing(780, 250, _neuron_told(names, inputs, weights, products, bias, z, p))
    for x, words in ((110, "inputs"), (265, "times weights"), (425, "sum"), (590, "squeezed")):
        drawing.title(x, 28, words)
    total = drawing.operation(425, 110, "+", width=44)
    rows = zip((70, 150), names, inputs, weights, products, strict=True)
    for y, name, x, weight, product in rows:
        times = drawing.layer(265, y, f"× {weight:g}")
        drawing.arrow(drawing.data(110, y, f"{name} = {x:g}"), times)
        drawing.arrow(times, total, f"{product:g}", above=y < 100)
    drawing.arrow(drawing.layer(425, 205, f"bias {bias:g}"), total)
    squeeze = drawing.operation(590, 110, "sigmoid")
    drawing.arrow(total, squeeze, f"z = {z:g}")
    drawing.arrow(squeeze, drawing.data(715, 110, f"p = {p:.2f}"))
    drawing.note(265, 209, "weights and bias are learned")
    return drawing


def _neuron_told(names, inputs, weights, products, bias: float, z: float, p: float) -> str:
    """Return the alternative text of `neuron`."""
    told = " and ".join(f"{name} = {x:g}" for name, x in zip(names, inputs, strict=True))
    return (
        f"A neuron. The inputs {told} are multiplied by the weights {weights[0]:g} and "
        f"{weights[1]:g}. The products {products[0]:g} and {products[1]:g} and the bias {bias:g} "
        f"add up to the score {z:g}, and the sigmoid squeezes the score to the probability {p:.2f}."
    )
