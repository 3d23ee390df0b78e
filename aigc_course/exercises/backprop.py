"""Exercises on backpropagation: the chain rule, the gradient of a neuron, a small autograd."""

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
    name="backprop.chain_slopes",
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


CHAIN = Question(
    name="backprop.chain",
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
    name="backprop.gradient",
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
        ([(), (0, 0)], [(), (0.5, -0.5)]),  # a number divided by itself
        (
            [(), (), (0, 1), (2, 0), (3,), (4, 2)],
            [(), (), (0.5, 2.0), (1.0, 1.0), (-3.0,), (2.0, 0.25)],
        ),
    ]


BACKWARD = Exercise(
    name="backprop.backward",
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


def times(a, b):
    """Return the product of two numbers, and its local slopes with respect to both."""
    return a * b, (b, a)


TIMES = Exercise(
    name="backprop.times",
    title="Teach the tape to multiply",
    minutes=5,
    reference=times,
    probes=lambda: [(5.0, 3.0), (-2.0, 4.0), (0.5, 0.25), (1.5, -0.5)],
    hints=(
        "If a grows by 0.01, by how much does a times b grow?",
        "It grows by 0.01 times b. So the slope with respect to a is the other number, and the "
        "same holds for b.",
        "The product, and the pair (b, a).",
    ),
)


@TIMES.mistake("The slopes are exchanged: the product grows b times as fast as a.")
def own_number(a, b):
    return a * b, (a, b)


@TIMES.mistake("Those are the slopes of a sum; a product grows b times as fast as a.")
def slopes_of_a_sum(a, b):
    return a * b, (1.0, 1.0)


@TIMES.mistake("The value is that of the sum; the product is asked for.")
def sum_for_product(a, b):
    return a + b, (b, a)


@TIMES.mistake("Return two things: the value, and a pair of slopes.")
def slopes_without_value(a, b):
    return b, a


@TIMES.mistake("Return a pair: the value first, then the two slopes together as a tuple.")
def three_results(a, b):
    return a * b, b, a


@TIMES.hidden()
def draw_times(rng):
    a, b = rng.uniform(0.5, 3, 2)
    return float(a), float(-b)


QUIZ = (
    QuizQuestion(
        "A score grows 3 times as fast as a weight, and the loss -0.5 times as fast as the score. "
        "What is the slope of the loss with respect to the weight?",
        "-1.5",
        ("2.5", "-0.5", "-6"),
        "Slopes along a chain are multiplied: 3 times -0.5.",
    ),
    QuizQuestion(
        "A neuron with cross-entropy assigned 0.9 to an answer that is false. What is the slope "
        "of the loss with respect to its score?",
        "0.9",
        ("-0.1", "0.1", "2.3"),
        "It is the error p - y, here 0.9 - 0. A larger score would make the loss larger.",
    ),
    QuizQuestion(
        "A network has a million weights. About what does one gradient by backpropagation cost?",
        "as much as a few losses",
        ("two million losses", "a million losses", "nothing"),
        "The way back passes every number of the tape once, however many weights there are.",
    ),
    QuizQuestion(
        "What must be kept until the way back is done?",
        "the numbers of the way forward",
        ("nothing but the loss", "all earlier losses", "the test set"),
        "Local slopes depend on the values, such as p (1 - p), so the tape is kept.",
    ),
    QuizQuestion(
        "In a loop of PyTorch the slopes are never cleared. What does each step use?",
        "the sum of the slopes of all steps so far",
        ("the slope of this step", "the slope of the first step", "the mean of all slopes"),
        "`backward` adds new slopes to those in `.grad`.",
    ),
    QuizQuestion(
        "In autograd, a number is used by two later ones. What is its slope?",
        "the sum of what both pass back",
        ("the larger of the two", "the mean of the two", "that of the one computed last"),
        "If it grows a little, both change, and the result gets both effects.",
    ),
)
