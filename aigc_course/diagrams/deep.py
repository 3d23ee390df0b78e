"""Drawings of the lesson on deep networks: two layers, why they need a bend, slopes through it."""

from __future__ import annotations

from aigc_course.diagrams.language import GREY, SMALL, Drawing


def two_layers(x1: float = 2, x2: float = 1) -> Drawing:
    """Draw four hidden neurons and one output neuron at work on two inputs.

    Args:
        x1, x2: the inputs.
    """
    sums = (x1 + x2, -x1 - x2, x1 - x2, x2 - x1)
    kept = [max(0.0, s) for s in sums]
    z = kept[0] + kept[1] - kept[2] - kept[3]
    drawing = Drawing(800, 330, _two_layers_told(x1, x2, sums, kept, z))
    for x, words in ((70, "inputs"), (260, "hidden layer"), (445, "after ReLU"), (650, "output")):
        drawing.title(x, 28, words)
    inputs = [
        drawing.data(70, 125, f"upper {x1:g}", width=90),
        drawing.data(70, 215, f"lower {x2:g}", width=90),
    ]
    result = drawing.layer(650, 170, "output|neuron", width=84)
    names = ("upper + lower", "-upper - lower", "upper - lower", "lower - upper")
    rows = zip(names, sums, kept, ("× 1", "× 1", "× (-1)", "× (-1)"), strict=True)
    for i, (name, total, number, weight) in enumerate(rows):
        y = 74 + 64 * i
        neuron = drawing.layer(260, y, name, width=132)
        for one in inputs:
            drawing.arrow(one.right, neuron.left, width=1.2)
        after = drawing.data(445, y, f"{number:g}", width=52)
        drawing.arrow(neuron, after, f"{total:g}")
        drawing.arrow(after.right, result.left, width=1.2)
        nearer = y + 0.3 * (170 - y)  # where the arrow is at x = 512
        drawing.text(512, nearer + (-10, -10, -16, 22)[i], weight, size=SMALL, anchor="start")
    drawing.arrow(result, drawing.data(755, 170, f"z = {z:g}", width=72))
    return drawing


def _two_layers_told(x1: float, x2: float, sums, kept, z: float) -> str:
    """Return the alternative text of `two_layers`."""
    return (
        f"A network of two layers. The inputs are {x1:g} and {x2:g}. Four hidden neurons compute "
        f"their sum, minus their sum, their difference and minus their difference: "
        f"{', '.join(f'{s:g}' for s in sums)}. ReLU makes of them "
        f"{', '.join(f'{k:g}' for k in kept)}. The output neuron adds the first two and subtracts "
        f"the others: the score is {z:g}."
    )


def relu() -> Drawing:
    """Draw ReLU: flat at 0 for negative sums, then straight up."""
    drawing = Drawing(
        420,
        230,
        "The function ReLU. For negative sums it is flat at 0; from 0 on it is a straight line "
        "that rises as fast as the sum: 2 stays 2.",
    )
    middle, base, unit = 190, 180, 40
    drawing.arrow((40, base), (370, base), width=1.4)
    drawing.arrow((middle, base), (middle, 30), width=1.4)
    drawing.text(370, base + 38, "sum", size=SMALL, colour=GREY, anchor="end")
    drawing.text(middle + 10, 36, "ReLU of it", size=SMALL, colour=GREY, anchor="start")
    drawing.curve([(50, base), (middle, base), (middle + 3.5 * unit, base - 3.5 * unit)], width=3)
    for place in (-3, -2, -1, 0, 1, 2, 3):
        drawing.text(middle + unit * place, base + 20, f"{place}", size=SMALL, colour=GREY)
    for place, words, dx in ((-2, "-2 becomes 0", -62), (2, "2 stays 2", 12)):
        y = base - unit * max(0, place)
        drawing.dot(middle + unit * place, y, radius=5)
        drawing.text(
            middle + unit * place + dx,
            y - 12 if place < 0 else y + 14,
            words,
            size=SMALL,
            anchor="start",
        )
    return drawing


def collapse() -> Drawing:
    """Draw two layers without ReLU, and the single layer that does the same."""
    drawing = Drawing(
        800,
        240,
        "On the left two layers without ReLU: two inputs, two sums, one result. The first input "
        "reaches the first sum with weight 1 and the second with weight 3; the second input "
        "reaches the second sum with weight 2. In the result the first sum counts 2 and the second "
        "-1. On the right a single neuron that gives the same result: its weight of the second "
        "input is -2, and that of the first is asked for.",
    )
    drawing.title(210, 28, "two layers, no ReLU")
    drawing.title(650, 28, "the same in one")
    first = [drawing.data(60, 90, "x_1"), drawing.data(60, 190, "x_2")]
    sums = [drawing.layer(220, 90, "+", width=50), drawing.layer(220, 190, "+", width=50)]
    end = drawing.layer(370, 140, "+", width=50)
    drawing.arrow(first[0], sums[0], "× 1")
    drawing.arrow(first[1], sums[1], "× 2", above=False)
    drawing.arrow(first[0].right, sums[1].left)
    drawing.text(128, 152, "× 3", size=SMALL, anchor="end")
    drawing.arrow(sums[0].right, end.left)
    drawing.text(300, 104, "× 2", size=SMALL, anchor="start")
    drawing.arrow(sums[1].right, end.left)
    drawing.text(300, 190, "× (-1)", size=SMALL, anchor="start")
    drawing.operation(480, 140, "=", width=44)
    alone = [drawing.data(560, 90, "x_1"), drawing.data(560, 190, "x_2")]
    one = drawing.layer(730, 140, "+", width=50)
    for start, words, y in ((alone[0], "× ?", 100), (alone[1], "× (-2)", 190)):
        drawing.arrow(start.right, one.left)
        drawing.text(640, y, words, size=SMALL, anchor="start")
    return drawing


def relu_back() -> Drawing:
    """Draw slopes on their way back through ReLU: passed on where a neuron is on, else stopped."""
    drawing = Drawing(
        720,
        330,
        "Slopes of the score on their way back, for the inputs 2 and 1. Four hidden neurons have "
        "the sums 3, -3, 1 and -1. Behind the ReLU the slopes 1, 1, -1 and -1 arrive, the output "
        "neuron's weights. Where the sum is above 0 the slope passes: 1 for the first neuron, -1 "
        "for the third. Where it is below 0, nothing passes: 0 for the second and the fourth.",
    )
    titles = ((90, "sum"), (300, "after ReLU"), (600, "output neuron"))
    for x, words in titles:
        drawing.title(x, 28, words)
    drawing.layer(600, 186, "z = 2", width=84, height=256)
    for i, (total, arrives) in enumerate(((3, 1), (-3, 1), (1, -1), (-1, -1))):
        y = 82 + 68 * i
        on = total > 0
        drawing.data(90, y, f"{total}", width=60)
        drawing.data(300, y, f"{max(0, total)}", width=60)
        drawing.arrow((120, y - 9), (270, y - 9), "on" if on else "off", width=1.2)
        drawing.arrow((330, y - 9), (558, y - 9), f"× {_signed(arrives)}", width=1.2)
        passes = arrives if on else 0
        drawing.gradient((558, y + 9), (330, y + 9), f"slope {arrives} arrives", above=False)
        words = f"slope {passes} passes" if on else "stopped: 0"
        drawing.gradient((270, y + 9), (120, y + 9), words, above=False)
    return drawing


def _signed(number: int) -> str:
    return f"({number})" if number < 0 else f"{number}"
