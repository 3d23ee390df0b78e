"""Drawings of the lesson on backpropagation: a tape."""

from __future__ import annotations

from aigc_course.diagrams.language import GREY, LOSS, SMALL, Drawing


def tape(a: float = 2, b: float = 3) -> Drawing:
    """Draw a small computation, 2 (a b + a), as a tape: places, parents, slopes that come back.

    Args:
        a, b: the two inputs.
    """
    values = (a, b, a * b, a * b + a, 2 * (a * b + a))
    slopes = (2 * b + 2, 2 * a, 2, 2, 1)
    drawing = Drawing(800, 290, _tape_told(values, slopes))
    names = ("a", "b", "a b", "a b + a", "2 (a b + a)")
    boxes = []
    for place, (name, value, slope) in enumerate(zip(names, values, slopes, strict=True)):
        x = 80 + 158 * place
        boxes.append(drawing.data(x, 120, f"{name} = {value:g}", width=134 if place == 4 else 124))
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
