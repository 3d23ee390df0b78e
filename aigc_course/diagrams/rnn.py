"""Drawings of the lesson on recurrent networks: unrolled, at work, padding, its own text."""

from __future__ import annotations

import math

from aigc_course.diagrams.language import GENERATED, GREY, LOSS, SMALL, Drawing


def unrolled() -> Drawing:
    """Draw a recurrent network as a loop, and the same network unrolled over three steps."""
    drawing = Drawing(
        820,
        276,
        "On the left a recurrent network: an input goes into a layer, the new state comes out, and "
        "an arrow leads the state back into the same layer. On the right the same network unrolled "
        "over three steps: the state h0 goes into the layer with input x1 and becomes h1, with x2 "
        "it becomes h2, with x3 it becomes h3. It is the same layer each time.",
    )
    drawing.title(110, 28, "as a loop")
    drawing.title(540, 28, "unrolled in time")
    layer = drawing.layer(110, 135, "one step", width=96)
    drawing.arrow(drawing.data(110, 230, "input x"), layer)
    drawing.arrow(layer, drawing.data(110, 60, "state h"))
    drawing.arrow((158, 122), (158, 148), via=[(205, 122), (205, 148)])
    drawing.note(212, 140, "the state,", anchor="start")
    drawing.note(212, 157, "once more", anchor="start")
    before = drawing.data(330, 135, "h_0")
    for t, x in enumerate((440, 580, 720), start=1):
        step = drawing.layer(x, 135, "one step", width=84)
        drawing.arrow(drawing.data(x, 230, f"x_{t}"), step)
        drawing.arrow(before, step)
        if t == 3:
            drawing.arrow(step, drawing.data(x, 60, "h_3"))
        else:
            drawing.text(x + 70, 118, f"h_{t}", size=SMALL)
        before = step
    drawing.note(580, 264, "the same weights at every step")
    return drawing


def three_steps(first: float = 1, back: float = 0.9) -> Drawing:
    """Draw three steps of a network with two numbers of state, whose weights swap the two.

    Args:
        first: the input of the first step; those of the others are 0.
        back: the weight by which each number of the state reaches the other one.
    """
    states = [(0.0, 0.0)]
    for x in (first, 0.0, 0.0):
        one, other = states[-1]
        states.append((math.tanh(x + back * other), math.tanh(back * one)))
    told = ", then ".join(f"{a:.2f} and {b:.2f}" for a, b in states[1:])
    drawing = Drawing(
        800,
        240,
        f"Three steps of a network with two numbers of state. The inputs are {first:g}, 0 and 0. "
        f"Each number of the state reaches the other one with the weight {back:g}. The state is "
        f"first 0 and 0, then {told}.",
    )
    before = None
    for t, (a, b) in enumerate(states):
        x = 80 + 210 * t
        box = drawing.vector(x, 95, [f"{a:.2f}", f"{b:.2f}"], upright=True, cell=(64, 32))
        drawing.text(x, 50, f"h_{t}", size=SMALL)
        if before:
            step = drawing.layer(x - 105, 95, "step", width=58)
            drawing.arrow(before, step)
            drawing.arrow(step, box)
            given = drawing.data(x - 105, 190, f"x = {first if t == 1 else 0:g}", width=72)
            drawing.arrow(given, step)
        before = box
    drawing.note(400, 232, f"in each step: the numbers swap, times {back:g}; then tanh")
    return drawing


def characters(letters: str = "Mia") -> Drawing:
    """Draw a recurrent language model that reads a beginning and predicts each next character.

    Args:
        letters: two to four characters.
    """
    inputs = ["start", *letters]
    targets = [*letters, "space"]
    alt = (
        "A recurrent language model, unrolled. At each step it reads a character and predicts the "
        + "next one: "
        + "; ".join(f"after {a} comes {b}" for a, b in zip(inputs, targets, strict=True))
        + ". Each prediction is compared with the true character, and that true character is the "
        "next input."
    )
    drawing = Drawing(830, 330, alt)
    for y, words in ((45, "truth"), (105, "probabilities"), (180, "state"), (255, "input")):
        drawing.text(14, y + 5, words, anchor="start", bold=True)
    before = None
    for t, (given, target) in enumerate(zip(inputs, targets, strict=True)):
        x = 215 + 165 * t
        truth = drawing.data(x, 45, target, width=64)
        guess = drawing.data(x, 105, "p of each", width=92)
        step = drawing.layer(x, 180, "one step", width=92)
        read = drawing.data(x, 255, given, width=64)
        drawing.arrow(read, step)
        drawing.arrow(step, guess)
        drawing.arrow(truth, guess, "loss", colour=LOSS)
        if before:
            drawing.arrow(before, step)
        before = step
    drawing.note(215, 305, "the truth of a step is the input of the next one", anchor="start")
    return drawing


def padding() -> Drawing:
    """Draw a batch of three texts of different length, filled up with padding."""
    rows = (
        ("M", "i", "a", "!", "", ""),
        ("O", "m", "a", "r", "s", "!"),
        ("A", "!", "", "", "", ""),
    )
    drawing = Drawing(
        640,
        190,
        "A batch of three texts, one a row: Mia!, Omars! and A!. They are filled up to six places "
        "with grey boxes that hold 0, the padding: two in the first row, none in the second, four "
        "in the third. Of 18 places 12 count in the loss.",
    )
    for i, row in enumerate(rows):
        for j, letter in enumerate(row):
            x, y = 70 + 58 * j, 45 + 50 * i
            look = {} if letter else {"colour": GREY, "fill": "#D9D9D9"}
            drawing.data(x, y, letter or "0", width=46, **look)
    drawing.note(430, 50, "white: counts in the loss", anchor="start")
    drawing.note(430, 80, "grey: padding, must not count", anchor="start")
    drawing.note(430, 130, "mean loss = sum of the white|ones / 12, not / 18", anchor="start")
    return drawing


def two_ways() -> Drawing:
    """Draw teacher forcing, where the true text is read, beside writing, where the own text is."""
    drawing = Drawing(
        820,
        330,
        "Above, teacher forcing: the network reads the true letters M, i and a; whatever it "
        "predicts, the next input is the true letter. Below, writing: each letter that was drawn "
        "is the next input. After M it draws o in place of i, so from then on it reads its own Mo.",
    )
    for top, title, given, said, own in (
        (20, "training: teacher forcing", ("M", "i", "a"), ("o ?", "a ?", "space ?"), False),
        (180, "writing: running free", ("M", "o", "r"), ("o", "r", "i"), True),
    ):
        drawing.title(14, top + 12, title, anchor="start")
        before = None
        for t, (letter, word) in enumerate(zip(given, said, strict=True)):
            x = 270 + 200 * t
            step = drawing.layer(x, top + 70, "one step", width=88)
            made = own and t > 0
            read = drawing.data(x, top + 125, letter, width=44, **_look(made))
            out = drawing.data(x + 88, top + 35, word, width=72, **_look(True))
            drawing.arrow(read, step)
            drawing.arrow(step.right, out.bottom, via=[(x + 88, top + 70)], width=1.4)
            if before:
                drawing.arrow(before, step, width=1.4)
            if own and t < 2:
                drawing.arrow(
                    (x + 124, top + 35),
                    (x + 178, top + 125),
                    via=[(x + 140, top + 35), (x + 140, top + 125)],
                    colour=GENERATED,
                    dashed=True,
                )
            before = step
    return drawing


def _look(generated: bool) -> dict:
    """Return the colour of a letter that the network made itself."""
    return {"colour": GENERATED} if generated else {}
