"""Drawings of the lesson on the LSTM: its cell gate by gate, what is kept, and the GRU."""

from __future__ import annotations

import math

from aigc_course.diagrams.language import GREY, SMALL, Drawing


def gates(
    shown: int = 3, c: float = 0.8, f: float = 0.9, i: float = 0.5, g: float = 0.6, o: float = 0.2
) -> Drawing:
    """Draw one step of an LSTM, gate by gate.

    Args:
        shown: how many gates are drawn in full: 1 (forget), 2 (and input), 3 (and output).
        c: the old cell.
        f, i, o: forget gate, input gate and output gate, from 0 to 1.
        g: the candidate, from -1 to 1.
    """
    kept, written = f * c, i * g
    new = kept + written
    h = o * math.tanh(new)
    drawing = Drawing(840, 345, _gates_told(shown, (c, f, i, g, o), (kept, written, new, h)))
    drawing.title(14, 26, "the cell", anchor="start")
    old = drawing.data(64, 80, f"c = {c:.2f}", width=92)
    keep = drawing.operation(205, 80, "×")
    drawing.arrow(old, keep)
    forget = drawing.layer(205, 225, f"forget|f = {f:.2f}", width=92)
    drawing.arrow(forget, keep)
    if shown > 1:
        add = drawing.operation(400, 80, "+")
        drawing.arrow(keep, add, f"{kept:.2f}")
        write = drawing.operation(400, 150, "×")
        drawing.arrow(write, add, f"{written:.2f}")
        gate = drawing.layer(340, 225, f"input|i = {i:.2f}", width=86)
        candidate = drawing.layer(462, 225, f"candidate|g = {g:.2f}", width=104)
        drawing.arrow(gate.top, write, width=1.5)
        drawing.arrow(candidate.top, write, width=1.5)
        drawing.arrow(add, drawing.data(770, 80, f"c = {new:.2f}", width=92))
    else:
        drawing.arrow(keep, drawing.data(400, 80, f"{kept:.2f}", width=70))
    if shown > 2:
        _shown(drawing, new, o)
    _feed(drawing, [205, 340, 462, 575][: (1, 3, 4)[shown - 1]])
    return drawing


def _shown(drawing: Drawing, cell: float, o: float) -> None:
    """Draw how the output gate shows the cell."""
    bend = drawing.operation(660, 140, "tanh")
    drawing.arrow((660, 80), bend)
    out = drawing.operation(660, 225, "×")
    drawing.arrow(bend, out, f"{math.tanh(cell):.2f}")
    drawing.arrow(drawing.layer(575, 225, f"output|o = {o:.2f}", width=88), out)
    drawing.arrow(out, drawing.data(770, 225, f"h = {o * math.tanh(cell):.2f}", width=92))


def _feed(drawing: Drawing, places: list[int]) -> None:
    """Draw how input and old state reach all gates."""
    given = drawing.data(74, 312, "x and old h", width=112)
    drawing.line(given.right, (places[-1], 312), width=1.5)
    for x in places:
        drawing.arrow((x, 312), (x, 249), width=1.5)


def _gates_told(shown: int, given, made) -> str:
    """Return the alternative text of `gates`."""
    c, f, i, g, o = (f"{number:.2f}" for number in given)
    kept, written, new, h = (f"{number:.2f}" for number in made)
    told = (
        f"One step of an LSTM. The old cell is {c}. The forget gate, {f}, is computed from the "
        f"input and the old state; times the cell it gives {kept}."
    )
    if shown > 1:
        told += (
            f" The input gate, {i}, times the candidate, {g}, gives {written}, which is added: the "
            f"new cell is {new}."
        )
    if shown > 2:
        told += f" The output gate, {o}, times the tanh of the cell is the new state h, {h}."
    return told


def memory() -> Drawing:
    """Draw a cell over four steps: 0.8 is written once, kept twice, and shown at the end."""
    steps = ((0, 1, 0.8, 0), (1, 0, 0.3, 0), (1, 0, -0.9, 0), (1, 0, 0.1, 1))  # f, i, g, o
    c, cells = 0.0, []
    for f, i, g, _ in steps:
        c = f * c + i * g
        cells.append(c)
    told = [
        f"keep {f:g}, write {i:g} times {g:g}, show {o:g}: c = {c:.2f}"
        for (f, i, g, o), c in zip(steps, cells, strict=True)
    ]
    drawing = Drawing(800, 230, "A cell over four steps. " + "; ".join(told) + ".")
    for y, words in ((40, "gates"), (115, "cell c"), (190, "state h")):
        drawing.text(14, y + 5, words, anchor="start", bold=True)
    before = None
    for t, ((_, i, g, o), c) in enumerate(zip(steps, cells, strict=True)):
        x = 190 + 170 * t
        box = drawing.data(x, 115, f"{c:.2f}", width=66)
        words = f"write {g:g}" if i else "keep"
        drawing.text(x, 45, words + (", show" if o else ""), size=SMALL)
        drawing.arrow((x, 56), box, width=1.2)
        if before:
            drawing.arrow(before, box)
        look = {} if o else {"colour": GREY}
        drawing.arrow(
            box, drawing.data(x, 190, f"{o * math.tanh(c):.2f}", width=66, **look), width=1.2
        )
        before = box
    return drawing


def gru(h: float = 0.8, z: float = 0.9, n: float = -0.4) -> Drawing:
    """Draw one step of a GRU: a mixture of the old state and a candidate.

    Args:
        h: the old state.
        z: the update gate: the share of the old state that is kept.
        n: the candidate.
    """
    new = (1 - z) * n + z * h
    drawing = Drawing(
        780,
        250,
        f"One step of a GRU. The update gate z is {z:.2f}. The old state, {h:.2f}, counts {z:.2f}, "
        f"and the candidate, {n:.2f}, counts {1 - z:.2f}: the new state is {new:.2f}. A reset gate "
        "decides how much of the old state the candidate sees.",
    )
    old = drawing.data(74, 70, f"old h = {h:.2f}", width=118)
    reset = drawing.layer(215, 190, "reset|gate r", width=82)
    candidate = drawing.layer(370, 190, f"candidate|n = {n:.2f}", width=110)
    update = drawing.layer(540, 190, f"update|z = {z:.2f}", width=92)
    mix = drawing.operation(540, 70, f"{z:.2f} of h, {1 - z:.2f} of n", width=190)
    drawing.arrow(old, mix)
    drawing.arrow(update, mix)
    drawing.arrow((370, 166), (480, 87), via=[(370, 120), (480, 120)], width=1.5)
    drawing.arrow(reset, candidate)
    drawing.arrow(old.bottom, reset, via=[(74, 190)], width=1.5)
    drawing.arrow(mix, drawing.data(710, 70, f"h = {new:.2f}", width=100))
    drawing.note(370, 240, "all three also read the input x, and both gates the old h")
    return drawing
