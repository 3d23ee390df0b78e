"""Exercises on the first network.

A neuron, its loss, descent, the chain rule, the gradient of a neuron, a small autograd.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion


def neuron(x, w, b):
    """Return the probabilities (N,) that a neuron assigns to N examples: sigmoid(x w + b)."""
    return 1 / (1 + np.exp(-(x @ w + b)))


def _examples(labels: bool = False):
    """Return probes: examples (N, D), labels (N,) of 0 and 1 if wanted, w (D,), b."""
    rng = np.random.default_rng(0)
    made = []
    for n, d in ((6, 2), (1, 3), (5, 1), (3, 64)):
        x, w = rng.normal(size=(n, d)), rng.normal(size=d)
        y = (rng.random(n) > 0.5) * 1.0
        made.append((x, y, w, 0.3) if labels else (x, w, 0.3))
    return made


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


CHAIN = Question(
    name="network.chain",
    title="The chain rule on paper",
    minutes=5,
    reference=12.0,
    explanation="u = 2a + 1 is 3 and grows 2 times as fast as a. u squared grows 2u = 6 times as "
    "fast as u. Together 6 x 2 = 12.",
    mistakes=(
        Mistake(6, "That is how fast u squared grows with u. How fast does u grow with a?"),
        Mistake(
            2, "That is how fast u = 2a + 1 grows with a. How fast does u squared grow with u?"
        ),
        Mistake(8, "Slopes along a chain are multiplied, not added; and u is 2a + 1, not 2a."),
        Mistake(9, "That is the value at a = 1; the slope is asked for."),
        Mistake(4, "The outer slope is 2u, at u = 3, not at a = 1."),
    ),
    hints=(
        "If a grows by a little, how much does u = 2a + 1 grow? And if u grows by a little, how "
        "much does u squared?",
        "The first factor is 2. The second is twice the value of u. Multiply them.",
        "slope = 2u x 2 with u = 2a + 1.",
    ),
)


def neuron_gradient(x, y, w, b):
    """Return the gradients of the mean loss of sigmoid(x w + b) with respect to w and b.

    They are the means over the examples of (p - y) x, (D,), and of p - y.
    """
    error = neuron(x, w, b) - y
    return x.T @ error / len(x), error.mean()


GRADIENT = Exercise(
    name="network.gradient",
    title="The gradient of a neuron",
    minutes=15,
    reference=neuron_gradient,
    probes=lambda: _examples(labels=True),
    hints=(
        "If the score of one example grows a little, how does its loss change? And if a weight "
        "grows a little, how does the score?",
        "Chain rule: the slope of the loss with respect to the score, times the slope of the "
        "score with respect to each weight. The first factor is the error, and the second is the "
        "input that the weight belongs to. Then take the mean over the examples.",
        "With respect to w: the mean of (p - y) x over the examples. There are N errors, and x has "
        "N rows of D numbers: each row must be multiplied by its own error, so turn the errors "
        "into a column of shape (N, 1) first. With respect to b: the mean of p - y.",
    ),
)


@GRADIENT.mistake("The sign is wrong: the gradient points uphill, so it is p - y, not y - p.")
def sign(x, y, w, b):
    g, h = neuron_gradient(x, y, w, b)
    return -g, -h


@GRADIENT.mistake(
    "The errors (N,) multiply the columns of x here: each row needs its own error, so make them a "
    "column, (p - y)[:, None]."
)
def errors_as_a_row(x, y, w, b):
    error = neuron(x, w, b) - y
    return (error * x).mean(0), error.mean()


@GRADIENT.mistake("The loss is the mean over the examples: divide by their number.")
def gradient_sum(x, y, w, b):
    g, h = neuron_gradient(x, y, w, b)
    return g * len(x), h * len(x)


@GRADIENT.mistake("p (1 - p) belongs to squared error; in cross-entropy it cancels.")
def of_squared_error(x, y, w, b):
    p = neuron(x, w, b)
    error = (p - y) * p * (1 - p)
    return x.T @ error / len(x), error.mean()


@GRADIENT.mistake("p is sigmoid(x w + b), a number between 0 and 1.")
def no_sigmoid(x, y, w, b):
    error = x @ w + b - y
    return x.T @ error / len(x), error.mean()


@GRADIENT.mistake("Return two things: the gradient with respect to w and that with respect to b.")
def only_w(x, y, w, b):
    return neuron_gradient(x, y, w, b)[0]


@GRADIENT.mistake("The gradient with respect to w is a mean over the examples as well.")
def w_summed(x, y, w, b):
    g, h = neuron_gradient(x, y, w, b)
    return g * len(x), h


@GRADIENT.mistake(
    "You multiply the mean error by the mean input. Multiply for each example, then take the mean."
)
def means_multiplied(x, y, w, b):
    error = neuron(x, w, b) - y
    return error.mean() * x.mean(0), error.mean()


@GRADIENT.mistake(
    "The order is: first the gradient with respect to w, then that with respect to b."
)
def in_the_other_order(x, y, w, b):
    return neuron_gradient(x, y, w, b)[::-1]


@GRADIENT.mistake("The score of an example has the bias in it, too: p is sigmoid(x w + b).")
def bias_ignored(x, y, w, b):
    return neuron_gradient(x, y, w, 0)


@GRADIENT.mistake("The mean goes over the N examples, not over the D weights.")
def divided_by_weights(x, y, w, b):
    g, h = neuron_gradient(x, y, w, b)
    return g * len(x) / len(w), h


@GRADIENT.mistake("The gradient with respect to b is a mean over the examples as well.")
def b_summed(x, y, w, b):
    g, h = neuron_gradient(x, y, w, b)
    return g, h * len(x)


@GRADIENT.mistake(
    "Each weight is multiplied by its input: the gradient with respect to w is the mean of "
    "(p - y) x."
)
def no_input(x, y, w, b):
    error = (neuron(x, w, b) - y).mean()
    return np.full_like(w, error), error


@GRADIENT.hidden()
def draw_gradient(rng):
    n, d = size(rng, 2, 7), size(rng, 2, 4)
    return (
        rng.normal(size=(n, d)),
        (rng.random(n) > 0.5) * 1.0,
        rng.normal(size=d),
        float(rng.normal()),
    )


def backward(parents, slopes):
    """Return the slope of the last number of a tape with respect to each number on it.

    The slope of the last one is 1. Going back, each number passes its own slope, times the local
    one, to each of its parents, where what arrives is added.
    """
    grads = [0.0] * len(parents)
    grads[-1] = 1.0
    for place in reversed(range(len(parents))):
        for parent, local in zip(parents[place], slopes[place], strict=True):
            grads[parent] += local * grads[place]
    return grads


def _tapes():
    """Return probes: tapes as (parents, slopes), one tuple for each number."""
    return [
        ([(), (), (0, 1)], [(), (), (5.0, 3.0)]),
        ([(), (0,), (1,)], [(), (2.0,), (6.0,)]),
        ([(), (0, 0)], [(), (3.0, 3.0)]),  # a number times itself
        (
            [(), (), (0, 1), (2, 0), (3,), (4, 2)],
            [(), (), (0.5, 2.0), (1.0, 1.0), (-3.0,), (2.0, 0.25)],
        ),
    ]


BACKWARD = Exercise(
    name="network.backward",
    title="Back along the tape",
    minutes=20,
    reference=backward,
    probes=_tapes,
    hints=(
        "The slope of the result with respect to itself is 1. Which numbers can be told theirs "
        "next?",
        "Go from the last place to the first. By the time you come to a number, everything that "
        "was computed from it has passed its part on, so its own slope is complete. Then it passes "
        "its part to each of its parents. A parent that was used twice gets two parts.",
        "slope of a parent = sum over its children of (slope of the child x local slope).",
    ),
)


def _walk(parents, slopes, *, others=0.0, order=reversed, part=lambda local, grad: local * grad):
    """Walk along a tape as `backward` does, for the known mistakes: each changes one thing.

    Args:
        parents, slopes: the tape.
        others: slope that all places but the last begin with.
        order: of the places.
        part: local slope and slope of the child -> what is added to the parent's.
    """
    grads = [others] * (len(parents) - 1) + [1.0]
    for place in order(range(len(parents))):
        for parent, local in zip(parents[place], slopes[place], strict=True):
            grads[parent] += part(local, grads[place])
    return grads


@BACKWARD.mistake("A number that was used twice gets two parts: add them, do not overwrite.")
def overwritten(parents, slopes):
    grads = [0.0] * len(parents)
    grads[-1] = 1.0
    for place in reversed(range(len(parents))):
        for parent, local in zip(parents[place], slopes[place], strict=True):
            grads[parent] = local * grads[place]
    return grads


@BACKWARD.mistake(
    "You go from the first number to the last, so nothing has arrived yet when a number passes "
    "its part on. Begin at the end."
)
def forwards(parents, slopes):
    return _walk(parents, slopes, order=iter)


@BACKWARD.mistake("The slope of the result with respect to itself is 1: begin with that.")
def without_the_one(parents, slopes):
    return [0.0] * len(parents)


@BACKWARD.mistake("Only the last slope begins with 1; what arrives at the others is all they get.")
def ones_everywhere(parents, slopes):
    return _walk(parents, slopes, others=1.0)


@BACKWARD.mistake("Your list is back to front: the first entry belongs to place 0.")
def back_to_front(parents, slopes):
    return backward(parents, slopes)[::-1]


@BACKWARD.mistake("Slopes along a path are multiplied: local slope times that of the child.")
def added_along_the_path(parents, slopes):
    return _walk(parents, slopes, part=lambda local, grad: local + grad)


@BACKWARD.mistake("The slope of the child is missing: a part is local slope times its slope.")
def local_only(parents, slopes):
    return _walk(parents, slopes, part=lambda local, grad: local)


@BACKWARD.hidden(times=5)
def draw_backward(rng):
    n = size(rng, 4, 8)
    parents, slopes = [(), ()], [(), ()]
    for place in range(2, n):
        mine = tuple(int(i) for i in rng.integers(0, place, 2))
        parents.append((place - 1, *mine[1:]))
        slopes.append(tuple(float(s) for s in rng.normal(size=len(parents[-1]))))
    return parents, slopes


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
        "In autograd, a number is used by two later ones. What is its slope?",
        "the sum of what both pass back",
        ("the larger of the two", "the mean of the two", "that of the one computed last"),
        "If it grows a little, both change, and the result gets both effects.",
    ),
)
