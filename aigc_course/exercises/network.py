"""Exercises on the first network: a neuron, its loss, descent, a gradient by nudges."""

from __future__ import annotations

import functools
import math

import numpy as np

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, QuizQuestion
from aigc_course.training.gradients import numerical_gradient


def neuron(x, w, b):
    """Return the probabilities (N,) that a neuron assigns to N examples: sigmoid(x w + b)."""
    return 1 / (1 + np.exp(-(x @ w + b)))


def _examples():
    """Return probes: examples (N, D), w (D,), b."""
    rng = np.random.default_rng(0)
    sizes = ((6, 2), (1, 3), (5, 1), (3, 64))
    return [(rng.normal(size=(n, d)), rng.normal(size=d), 0.3) for n, d in sizes]


NEURON = Exercise(
    name="network.neuron",
    title="A neuron for many examples",
    minutes=5,
    reference=neuron,
    probes=_examples,
    hints=(
        "Which two steps lead from the inputs to the score, and which one from the score to a "
        "probability?",
        "The score of an example is a sum of products and the bias, and a product of a matrix "
        "and a vector computes such sums for all rows at once. NumPy's exponential takes a "
        "whole array.",
        "p = 1 / (1 + e^(-z)) with z = x w + b.",
    ),
)


@NEURON.mistake("That is the score; the sigmoid, which makes a probability of it, is missing.")
def score_only(x, w, b):
    return x @ w + b


@NEURON.mistake("The bias is missing: add b to every score.")
def no_bias(x, w, b):
    return neuron(x, w, 0)


@NEURON.mistake(
    "Your probabilities belong to the other answer: in the sigmoid, e is raised to minus the score."
)
def other_sign(x, w, b):
    return 1 - neuron(x, w, b)


@NEURON.mistake(
    "Each product is squeezed on its own; add the products of an example and the bias first."
)
def each_input_squeezed(x, w, b):
    return 1 / (1 + np.exp(-(x * w + b)))


@NEURON.mistake("The minus in the sigmoid belongs to the whole score, the bias included.")
def minus_without_bias(x, w, b):
    return neuron(x, w, -b)


@NEURON.mistake("The bias is added once to a score, not to each of its products.")
def bias_added_often(x, w, b):
    return neuron(x, w, b * x.shape[1])


@NEURON.mistake(
    "Python divides first: 1 / 1 + ... is 1 + ...; put the whole denominator in brackets."
)
def brackets_missing(x, w, b):
    return 1 + np.exp(-(x @ w + b))


@NEURON.mistake("The sigmoid is 1 / (1 + e^(-z)): the 1 in the denominator is missing.")
def no_one(x, w, b):
    return np.exp(x @ w + b)


@NEURON.mistake("That is e^(-z) alone; the sigmoid is 1 / (1 + e^(-z)).")
def power_only(x, w, b):
    return np.exp(-(x @ w + b))


@NEURON.hidden()
def draw_neuron(rng):
    n, d = size(rng, 2, 6), size(rng, 2, 5)
    return rng.normal(size=(n, d)), rng.normal(size=d), float(rng.normal())


def mean_loss(p, y):
    """Return the mean surprise at the truth: -ln p where y is 1, -ln(1 - p) where it is 0."""
    return np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p))


LOSS = Exercise(
    name="network.loss",
    title="The loss: mean surprise",
    minutes=10,
    reference=mean_loss,
    probes=lambda: [
        (np.array([0.9, 0.2, 0.5]), np.array([1.0, 0.0, 1.0])),
        (np.array([0.3]), np.array([0.0])),
        (np.array([0.7, 0.6, 0.1, 0.25]), np.array([0.0, 1.0, 1.0, 0.0])),
    ],
    hints=(
        "Which probability did the neuron assign to the answer that is true, when that is 1, and "
        "when it is 0?",
        "Where y is 1 it is p, elsewhere 1 - p. Its surprise is minus the natural logarithm. "
        "Multiplying by y and by 1 - y picks the right one without an `if`.",
        "Minus the mean of: y ln p, plus (1 - y) ln(1 - p).",
    ),
)


@LOSS.mistake("The loss is a mean: divide by the number of examples.")
def summed(p, y):
    return mean_loss(p, y) * len(p)


@LOSS.mistake("The minus is missing: logarithms of probabilities are negative, a surprise is not.")
def minus_missing(p, y):
    return -mean_loss(p, y)


@LOSS.mistake("Those are bits; here the logarithm is the natural one, to base e.")
def in_bits(p, y):
    return mean_loss(p, y) / math.log(2)


@LOSS.mistake("One of the two terms has the wrong sign: both are minus a logarithm.")
def one_sign_wrong(p, y):
    return np.mean(-y * np.log(p) + (1 - y) * np.log(1 - p))


@LOSS.mistake("The two terms are exchanged: p is the probability of the answer 1.")
def exchanged(p, y):
    return mean_loss(1 - p, y)


@LOSS.mistake(
    "Examples whose answer is 0 count as well: the neuron assigned 1 - p to what is true there."
)
def only_ones(p, y):
    return np.mean(-y * np.log(p))


@LOSS.mistake("You take the surprise at p everywhere; where y is 0, the truth was assigned 1 - p.")
def always_p(p, y):
    return np.mean(-np.log(p))


@LOSS.mistake("That is the squared error; the surprise is minus a logarithm.")
def squared_error(p, y):
    return np.mean((p - y) ** 2)


@LOSS.mistake(
    "That counts mistakes. The loss asks how large the probability of the truth was, each time."
)
def counted(p, y):
    return np.mean((p > 0.5) != (y > 0.5))


@LOSS.mistake(
    "You take the logarithm of the mean. Take it for each example, and then the mean of those."
)
def logarithm_of_the_mean(p, y):
    return -np.log(np.mean(np.where(y == 1, p, 1 - p)))


@LOSS.mistake("One number is asked for: the mean over all examples.")
def one_each(p, y):
    return -y * np.log(p) - (1 - y) * np.log(1 - p)


@LOSS.hidden()
def draw_loss(rng):
    n = size(rng, 3, 7)
    return rng.uniform(0.05, 0.95, n), np.append((rng.random(n - 2) > 0.5) * 1.0, [0.0, 1.0])


def descend(slope, start, rate, steps):
    """Return the steps + 1 places of a walk downhill: each is the last one minus rate x slope."""
    places = [start]
    for _ in range(steps):
        places.append(places[-1] - rate * slope(places[-1]))
    return places


def parabola(w):
    """Return the slope of (w - 2) squared at w."""
    return 2 * (w - 2)


def valley(w):
    """Return the slope of a valley that is steep on its left side."""
    return w**3 - 1


DESCEND = Exercise(
    name="network.descend",
    title="A walk downhill",
    minutes=10,
    reference=descend,
    probes=lambda: [(parabola, 5.0, 0.1, 3), (valley, 0.5, 0.2, 4), (parabola, -1.0, 0.7, 1)],
    hints=(
        "Where the slope is positive, the ground rises to the right. Which way is down?",
        "Go through the steps one by one. At each, ask for the slope at the place where you are "
        "now, and note where you have come to. The start is noted as well.",
        "next place = place - rate x slope(place)",
    ),
)


@DESCEND.mistake("You walk uphill: the step goes against the slope, so it is subtracted.")
def uphill(slope, start, rate, steps):
    return descend(lambda w: -slope(w), start, rate, steps)


@DESCEND.mistake("The start belongs to the walk: the list has steps + 1 places.")
def without_start(slope, start, rate, steps):
    return descend(slope, start, rate, steps)[1:]


@DESCEND.mistake("The last place is missing: after `steps` steps there are steps + 1 places.")
def without_end(slope, start, rate, steps):
    return descend(slope, start, rate, steps)[:-1]


@DESCEND.mistake("Only the last place is returned; return the list of all of them.")
def only_the_end(slope, start, rate, steps):
    return descend(slope, start, rate, steps)[-1]


@DESCEND.mistake(
    "You always use the slope at the start. The ground changes as you walk: ask for the slope "
    "where you are."
)
def slope_of_the_start(slope, start, rate, steps):
    there = slope(start)
    return descend(lambda w: there, start, rate, steps)


@DESCEND.mistake("The learning rate is missing: a step is rate times the slope.")
def without_rate(slope, start, rate, steps):
    return descend(slope, start, 1, steps)


@DESCEND.mistake("You take one step too many: the list has steps + 1 places, the start included.")
def one_too_many(slope, start, rate, steps):
    return descend(slope, start, rate, steps + 1)


@DESCEND.mistake("Every step begins at the start again; it begins where the last one ended.")
def always_from_the_start(slope, start, rate, steps):
    return [start, *[start - rate * slope(start)] * steps]


@DESCEND.mistake(
    "Your steps all have the same length. A step is rate times the slope, so it is shorter where "
    "the ground is flat."
)
def sign_only(slope, start, rate, steps):
    return descend(lambda w: np.sign(slope(w)), start, rate, steps)


def slope_towards(middle, w):
    """Return the slope of (w - middle) squared at w."""
    return 2 * (w - middle)


@DESCEND.hidden()
def draw_descend(rng):
    slope = functools.partial(slope_towards, float(rng.normal()))
    return slope, float(rng.normal()), float(rng.uniform(0.05, 0.45)), size(rng, 1, 6)


def squares(w):
    """Return the sum of the squares of all numbers, and the product of the first and last."""
    return float((w**2).sum() + w[0] * w[-1])


def cubes(w):
    """Return a sum whose slope changes quickly."""
    return float((w**3).sum() + 2 * w[0])


def gradient_by_nudges(loss, place, nudge=1e-3):
    """Return the slopes (D,) of a function at a place, by central differences."""
    slopes = []
    for i in range(len(place)):
        above, below = place.copy(), place.copy()
        above[i] += nudge
        below[i] -= nudge
        slopes.append((loss(above) - loss(below)) / (2 * nudge))
    return np.array(slopes)


NUMERICAL = Exercise(
    name="network.numerical_gradient",
    title="The gradient by nudges",
    minutes=15,
    reference=numerical_gradient,
    shown=gradient_by_nudges,
    probes=lambda: [
        (cubes, np.array([1.0, -2.0, 0.5]), 0.1),
        (squares, np.array([0.3]), 0.01),
        (squares, np.array([2.0, 1.0, -1.0, 0.5]), 0.1),
    ],
    hints=(
        "If you want to know what one of the weights does, what must the others do meanwhile?",
        "Go through the entries one by one. For each, make two copies of the place, raise that "
        "entry in one of them, lower it in the other, and ask for both losses. How far apart are "
        "the two copies?",
        "slope of entry i = (loss with it raised - loss with it lowered) / (2 x nudge)",
    ),
)


def _measured(loss, place, nudge, *, keep=False, together=False):
    """Measure as `numerical_gradient` does, for the known mistakes: each changes one thing.

    Args:
        loss, place, nudge: as there.
        keep: whether an entry that was nudged stays so.
        together: whether all entries are nudged at once.
    """
    slopes, above, below = [], place.copy(), place.copy()
    for i in range(len(place)):
        if not keep:
            above, below = place.copy(), place.copy()
        moved = slice(None) if together else i
        above[moved] += nudge
        below[moved] -= nudge
        slopes.append((loss(above) - loss(below)) / (2 * nudge))
    return np.array(slopes)


@NUMERICAL.mistake("All entries are nudged at once: move one, and leave the others as they are.")
def all_at_once(loss, place, nudge=1e-3):
    return _measured(loss, place, nudge, together=True)


@NUMERICAL.mistake(
    "Entries that were nudged stay so while you measure the next ones: begin with a fresh copy of "
    "the place each time."
)
def nudges_stay(loss, place, nudge=1e-3):
    return _measured(loss, place, nudge, keep=True)


@NUMERICAL.mistake(
    "You nudge upwards only. Where the ground is curved that is the slope of a place beside; nudge "
    "to both sides."
)
def to_one_side(loss, place, nudge=1e-3):
    unit = np.eye(len(place))
    return np.array([(loss(place + nudge * e) - loss(place)) / nudge for e in unit])


@NUMERICAL.mistake("The two places are 2 nudges apart: divide by 2 x nudge.")
def divided_by_one_nudge(loss, place, nudge=1e-3):
    return 2 * numerical_gradient(loss, place, nudge)


@NUMERICAL.mistake(
    "That is the difference of the losses; a slope is divided by the way, 2 x nudge."
)
def not_divided(loss, place, nudge=1e-3):
    return numerical_gradient(loss, place, nudge) * 2 * nudge


@NUMERICAL.mistake("The sign is wrong: the loss above minus the loss below, in that order.")
def below_minus_above(loss, place, nudge=1e-3):
    return -numerical_gradient(loss, place, nudge)


@NUMERICAL.mistake("You return losses; the slope is their difference, divided by 2 x nudge.")
def losses_above(loss, place, nudge=1e-3):
    return np.array([loss(place + nudge * e) for e in np.eye(len(place))])


@NUMERICAL.mistake("One number is returned; there is a slope for each of the D entries.")
def one_slope(loss, place, nudge=1e-3):
    return float(numerical_gradient(loss, place, nudge).sum())


def leaning_bowl(middle, w):
    """Return a loss whose lowest place is near `middle`."""
    return float(((w - middle) ** 2).sum() + (w**3).sum() / 5)


@NUMERICAL.hidden()
def draw_numerical(rng):
    d = size(rng, 2, 5)
    loss = functools.partial(leaning_bowl, rng.normal(size=d))
    return loss, rng.normal(size=d), float(rng.uniform(0.05, 0.2))


QUIZ = (
    QuizQuestion(
        "Two inputs of a neuron are 1 and 2, its weights 3 and -1, its bias 0. What is the score?",
        "1",
        ("5", "3", "0"),
        "Each input is multiplied by its weight, and the products are added: 3 - 2 = 1.",
    ),
    QuizQuestion(
        "The score of a neuron with a sigmoid is 0. Which probability does it assign?",
        "0.5",
        ("0", "1", "it depends on the weights"),
        "The sigmoid of 0 is 1 / (1 + 1). The line where the score is 0 is the border between "
        "the two answers.",
    ),
    QuizQuestion(
        "The slope of the loss with respect to a weight is -2. What makes the loss smaller?",
        "a slightly larger weight",
        ("a slightly smaller weight", "a larger learning rate", "a larger slope"),
        "A negative slope says that the loss falls as the weight grows, so we move against the "
        "slope: up.",
    ),
    QuizQuestion(
        "Why does training use the loss and not the number of mistakes?",
        "A small change of a weight changes the loss, but mostly not the count.",
        (
            "Counting mistakes takes longer on a computer.",
            "The count can become negative.",
            "The loss is always smaller than the count.",
        ),
        "The count stays the same until an example changes sides, so its slope is 0 nearly "
        "everywhere and shows no way down.",
    ),
    QuizQuestion(
        "What happens when the learning rate is far too large?",
        "A step lands on the other side of the valley, higher than before.",
        (
            "Training takes longer, and ends at the same place.",
            "The gradient becomes zero.",
            "The loss falls faster at every step.",
        ),
        "The slope describes the ground at one place only. A long step leaves the part where it "
        "is true.",
    ),
    QuizQuestion(
        "A neuron assigned 0.9 to the wrong answer. How large is its loss there?",
        "-ln 0.1, about 2.3",
        ("-ln 0.9, about 0.1", "0.9", "0.1"),
        "The surprise is that at the true answer, which was assigned only 0.1.",
    ),
    QuizQuestion(
        "You measure the slope with respect to one of three weights. What happens to the others?",
        "They stay as they are.",
        ("They are nudged by the same amount.", "They are set to 0.", "They follow the slope."),
        "The slope with respect to one weight says how the loss changes when this one alone moves.",
    ),
    QuizQuestion(
        "A neuron is right on 99 % of its training set and on 93 % of a test set. What will it "
        "get right of new pictures?",
        "about 93 %",
        ("about 99 %", "96 %, the mean of the two", "about half of them"),
        "The test set holds pictures that it has not learned from, and so do new ones.",
    ),
)
