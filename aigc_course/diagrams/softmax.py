"""Drawings of the lesson on many answers: softmax, the loss behind it, batches."""

from __future__ import annotations

import math
from collections.abc import Sequence

from aigc_course.diagrams.language import LOSS, SMALL, Drawing


def softmax(
    scores: Sequence[float] = (2, 1, 0), names: Sequence[str] = ("three", "eight", "nine")
) -> Drawing:
    """Draw softmax at work on three scores.

    Args:
        scores: three numbers.
        names: of the answers.
    """
    powers = [math.exp(s) for s in scores]
    shares = [power / sum(powers) for power in powers]
    rows = list(zip(names, scores, powers, shares, strict=True))
    told = "; ".join(
        f"{name}: score {score:g}, power {power:.2f}, probability {share:.3f}"
        for name, score, power, share in rows
    )
    drawing = Drawing(760, 262, f"Softmax. {told}. The powers add up to {sum(powers):.2f}.")
    for x, words in ((90, "answer"), (230, "score"), (400, "e to the score"), (620, "probability")):
        drawing.title(x, 28, words)
    for i, (name, score, power, share) in enumerate(rows):
        y = 75 + 55 * i
        drawing.text(90, y + 5, name)
        before = drawing.data(230, y, f"{score:g}", width=60)
        after = drawing.data(400, y, f"{power:.2f}", width=80)
        drawing.arrow(before, after)
        drawing.arrow(after, drawing.data(620, y, f"{share:.3f}", width=80), f"÷ {sum(powers):.2f}")
    drawing.note(400, 238, f"together {sum(powers):.2f}")
    drawing.note(620, 238, "together 1")
    return drawing


def batches() -> Drawing:
    """Draw an epoch: the examples shuffled, cut into batches, one step for each."""
    drawing = Drawing(
        800,
        220,
        "An epoch. A row of twelve examples is shuffled and cut into three batches of four. Each "
        "batch gives one step of the weights; after the last one, the epoch is over, and all "
        "examples are shuffled again.",
    )
    drawing.title(95, 28, "examples")
    drawing.vector(95, 95, [1, 2, 3, 4], cell=(38, 30))
    drawing.vector(95, 125, [5, 6, 7, 8], cell=(38, 30))
    drawing.vector(95, 155, [9, 10, 11, 12], cell=(38, 30))
    mix = drawing.operation(245, 125, "shuffle")
    drawing.arrow((171, 125), mix)
    drawing.title(440, 28, "batches")
    drawing.title(670, 28, "steps")
    rows = (([7, 2, 12, 5], 70), ([1, 9, 4, 11], 125), ([8, 3, 10, 6], 180))
    for i, (row, y) in enumerate(rows):
        batch = drawing.vector(440, y, row, cell=(38, 30))
        drawing.arrow(mix.right, batch.left, width=1.3)
        step = drawing.operation(670, y, f"step {i + 1}")
        drawing.arrow(batch, step, "its gradient")
        if i:
            drawing.arrow((670, y - 38), step, width=1.3)  # one step after the other
    return drawing


def loss_of_three(three: float = 2, eight: float = 1, nine: float = 0) -> Drawing:
    """Draw three scores, their probabilities, the loss if an eight is true, and the slopes back.

    Args:
        three, eight, nine: the scores.
    """
    scores = {"three": three, "eight": eight, "nine": nine}
    largest = max(scores.values())  # subtracted, so that no power grows beyond all numbers
    powers = {name: math.exp(score - largest) for name, score in scores.items()}
    shares = {name: power / sum(powers.values()) for name, power in powers.items()}
    loss = -math.log(shares["eight"])
    errors = {name: share - (name == "eight") for name, share in shares.items()}
    told = "; ".join(
        f"{name}: score {scores[name]:g}, probability {shares[name]:.3f}, slope {errors[name]:+.3f}"
        for name in scores
    )
    alt = f"Three answers, of which eight is true. {told}. The loss is {loss:.2f}."
    drawing = Drawing(820, 310, alt)
    titles = ((65, "answer"), (195, "score"), (500, "probability"), (710, "loss"))
    for x, words in titles:
        drawing.title(x, 28, words)
    soft = drawing.operation(340, 141, "softmax")
    end = drawing.loss(710, 141, f"-ln {shares['eight']:.3f} = {loss:.2f}")
    for i, name in enumerate(scores):
        y = 75 + 66 * i
        drawing.text(65, y + 5, name)
        before = drawing.data(195, y, f"{scores[name]:g}", width=64)
        after = drawing.data(500, y, f"{shares[name]:.3f}", width=76)
        drawing.arrow(before.right, soft.left, width=1.2)
        drawing.arrow(soft.right, after.left, width=1.2)
        drawing.text(195, y + 34, f"slope {errors[name]:+.3f}", size=SMALL, colour=LOSS)
    drawing.arrow((538, 141), end)
    truth = drawing.data(710, 75, "truth: eight")
    drawing.arrow(truth, end)
    drawing.curve([(710, 163), (710, 288), (122, 288), (122, 105)], colour=LOSS, dashed=True)
    for i in range(3):
        drawing.gradient((122, 105 + 66 * i), (138, 105 + 66 * i))
    drawing.text(450, 278, "slopes of the loss: probability - truth", size=SMALL, colour=LOSS)
    return drawing
