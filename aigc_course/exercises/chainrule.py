"""Exercises on the chain rule: slopes along a chain, the gradient of a neuron, a check of it."""

from __future__ import annotations

import numpy as np

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion


def neuron(x, w, b):
    """Return the probabilities (N,) that a neuron assigns to N examples: sigmoid(x w + b)."""
    return 1 / (1 + np.exp(-(x @ w + b)))


def _examples():
    """Return probes: examples (N, D), labels (N,) of 0 and 1, w (D,), b."""
    rng = np.random.default_rng(0)
    made = []
    for n, d in ((6, 2), (1, 3), (5, 1), (3, 64)):
        x, w = rng.normal(size=(n, d)), rng.normal(size=d)
        made.append((x, (rng.random(n) > 0.5) * 1.0, w, 0.3))
    return made


def chain_slopes(slopes):
    """Return the slope of a chain's end with respect to each number on it, from n local slopes.

    There are n + 1: the last is 1, and each is the next one times the local slope between them.
    """
    found = [1.0]
    for local in reversed(slopes):
        found.insert(0, found[0] * local)
    return found


LINKS = Exercise(
    name="chainrule.chain_slopes",
    title="Back along a chain",
    minutes=10,
    reference=chain_slopes,
    probes=lambda: [([0.3, 0.246, -2.284],), ([2.0, 5.0],), ([-3.0],), ([0.5, 4.0, -1.0, 3.0],)],
    hints=(
        "How fast does the last number grow with itself? And with the one just before it?",
        "Begin at the end with 1 and go back. Each number is reached over one more link, so its "
        "slope is that of the number behind it times one more local slope. The list is in the "
        "order of the chain.",
        "slope of number i = local slope i x slope of number i + 1; the last slope is 1.",
    ),
)


@LINKS.mistake("The end of the chain is missing: its slope with respect to itself is 1.")
def without_the_end(slopes):
    return chain_slopes(slopes)[:-1]


@LINKS.mistake("Your list is back to front: the first entry belongs to the start of the chain.")
def end_first(slopes):
    return chain_slopes(slopes)[::-1]


@LINKS.mistake(
    "You multiply from the start of the chain. What counts for a number are the links between it "
    "and the end."
)
def from_the_start(slopes):
    return [1.0, *np.cumprod(slopes).tolist()]


@LINKS.mistake("Slopes along a chain are multiplied, not added.")
def added_up(slopes):
    return [1.0 + sum(slopes[i:]) for i in range(len(slopes))] + [1.0]


@LINKS.mistake("Those are the local slopes; multiply each by the slope of the number behind it.")
def local_slopes_alone(slopes):
    return [*slopes, 1.0]


@LINKS.mistake("One number is returned: the slope at the start. A slope for each number is asked.")
def only_the_start(slopes):
    return chain_slopes(slopes)[0]


@LINKS.hidden()
def draw_links(rng):
    return ([float(s) for s in rng.normal(size=size(rng, 3, 6))],)


def sigmoid_slope(z):
    """Return the slopes of the sigmoid at scores z (N,): p (1 - p), with p = sigmoid(z)."""
    p = 1 / (1 + np.exp(-z))
    return p * (1 - p)


SIGMOID = Exercise(
    name="chainrule.sigmoid_slope",
    title="The slope of the sigmoid",
    minutes=5,
    reference=sigmoid_slope,
    probes=lambda: [
        (np.array([0.0, -0.25, 3.0]),),
        (np.linspace(-6, 6, 7),),
        (np.array([1.5]),),
    ],
    hints=(
        "Which probability does the sigmoid give to each score?",
        "Compute p for every score at once, then multiply it by what is missing to 1.",
        "p times what is missing from it to 1, where p is the sigmoid of z.",
    ),
)


@SIGMOID.mistake("Those are the probabilities; the slope is p times 1 - p.")
def probability_itself(z):
    return 1 / (1 + np.exp(-z))


@SIGMOID.mistake("p is the sigmoid of the score: put z into it first.")
def score_for_probability(z):
    return z * (1 - z)


@SIGMOID.mistake("A factor is missing: p times (1 - p).")
def missing_to_one(z):
    return 1 - 1 / (1 + np.exp(-z))


@SIGMOID.mistake("The sign in the power: the sigmoid is 1 / (1 + e^-z), so p grows with z.")
def negative_slope(z):
    return -sigmoid_slope(z)


@SIGMOID.mistake("That is (1 - p) squared or p squared; one factor is p, the other 1 - p.")
def one_factor_twice(z):
    return (1 / (1 + np.exp(-z))) ** 2


@SIGMOID.hidden()
def draw_sigmoid(rng):
    return (rng.normal(size=size(rng, 2, 6)) * 2,)


CHAIN = Question(
    name="chainrule.chain",
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
    error = 1 / (1 + np.exp(-(x @ w + b))) - y
    return x.T @ error / len(x), error.mean()


GRADIENT = Exercise(
    name="chainrule.gradient",
    title="The gradient of a neuron",
    minutes=15,
    reference=neuron_gradient,
    probes=_examples,
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


def largest_gap(found, by_nudges):
    """Return the largest difference, without its sign, between two gradients (D,)."""
    return float(np.abs(found - by_nudges).max())


GAP = Exercise(
    name="chainrule.gap",
    title="A gradient check",
    minutes=5,
    reference=largest_gap,
    probes=lambda: [
        (np.array([1.0, -2.0, 3.0]), np.array([1.0, -2.5, 3.1])),
        (np.array([0.5, 0.25]), np.array([0.25, 0.75])),
        (np.array([2.0]), np.array([2.0])),
        (np.array([-1.0, 4.0, 0.0]), np.array([-1.5, 4.25, 0.75])),
    ],
    hints=(
        "Which of the differences would show that something is wrong?",
        "Subtract one from the other, leave out the signs, and take the largest.",
        "max over i of |found_i - by_nudges_i|.",
    ),
)


@GAP.mistake("Leave out the signs first: a large negative difference is a large one, too.")
def signed_gap(found, by_nudges):
    return float((found - by_nudges).max())


@GAP.mistake("A mean hides one wrong slope among many right ones; take the largest.")
def mean_gap(found, by_nudges):
    return float(np.abs(found - by_nudges).mean())


@GAP.mistake("Compare number by number; you compare the largest of each.")
def gap_of_largest(found, by_nudges):
    return float(abs(found.max() - by_nudges.max()))


@GAP.mistake("One number is asked for: the largest of the differences.")
def every_gap(found, by_nudges):
    return np.abs(found - by_nudges)


@GAP.mistake("The differences are added up; take the largest of them.")
def sum_of_gaps(found, by_nudges):
    return float(np.abs(found - by_nudges).sum())


@GAP.hidden()
def draw_gap(rng):
    d = size(rng, 3, 6)
    return rng.normal(size=d), rng.normal(size=d)


QUIZ = (
    QuizQuestion(
        "A score grows 3 times as fast as a weight, and the loss -0.5 times as fast as the score. "
        "What is the slope of the loss with respect to the weight?",
        "-1.5",
        ("2.5", "-0.5", "-6"),
        "Slopes along a chain are multiplied: 3 times -0.5.",
    ),
    QuizQuestion(
        "A neuron says eight with the probability 0.9, but the picture is a three. What is the "
        "slope of the loss with respect to its score?",
        "0.9",
        ("-0.1", "0.1", "2.3"),
        "It is the error p - y, here 0.9 - 0. A larger score would make the loss larger.",
    ),
    QuizQuestion(
        "Where is the slope of the sigmoid largest?",
        "where it gives one half",
        ("where it is near 1", "where it is near 0", "everywhere the same"),
        "p (1 - p) is 1/4 at p = 1/2, and close to 0 where p is close to 0 or 1.",
    ),
    QuizQuestion(
        "What is a gradient check?",
        "slopes by formula are compared with nudges",
        (
            "the loss is looked at now and then",
            "a gradient that is too long is cut",
            "a second test set",
        ),
        "Nudges are slow but hard to get wrong, so they tell whether a derived formula is right.",
    ),
    QuizQuestion(
        "A neuron gets twice as many weights. What do all slopes by nudges cost?",
        "about four times as much",
        ("about twice as much", "the same", "about a tenth more"),
        "Twice as many losses are needed, and each has twice as many numbers to multiply.",
    ),
)
