"""Exercises on deep networks.

A hidden layer, why layers collapse without ReLU, slopes through ReLU, and neurons that are dead.
"""

from __future__ import annotations

import numpy as np

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion


def hidden_layer(x, W, b):
    """Return the outputs (N, H) of a layer of H neurons with ReLU: max(0, x W^T + b)."""
    return np.maximum(0, x @ W.T + b)


def _layers():
    """Return probes: examples (N, D), weights (H, D), biases (H,)."""
    rng = np.random.default_rng(0)
    sizes = ((4, 2, 3), (1, 3, 2), (5, 2, 4), (2, 64, 8))
    return [
        (rng.normal(size=(n, d)), rng.normal(size=(h, d)), rng.normal(size=h)) for n, d, h in sizes
    ]


HIDDEN = Exercise(
    name="deep.hidden",
    title="A hidden layer",
    minutes=5,
    reference=hidden_layer,
    probes=_layers,
    hints=(
        "Each neuron of the layer has a row of weights. Which product computes the weighted sums "
        "of all neurons for all examples at once?",
        "Rows of x meet rows of W, so W is turned on its side. The bias of a neuron is added to "
        "its whole column. Then everything below 0 becomes 0.",
        "max(0, x W^T + b), number by number.",
    ),
)


@HIDDEN.mistake("The ReLU is missing: what is below 0 becomes 0.")
def no_relu(x, W, b):
    return x @ W.T + b


@HIDDEN.mistake("The biases are missing: add b to the sums before the ReLU.")
def no_bias(x, W, b):
    return np.maximum(0, x @ W.T)


@HIDDEN.mistake("The bias belongs inside: add it before the ReLU, not after it.")
def bias_outside(x, W, b):
    return np.maximum(0, x @ W.T) + b


@HIDDEN.mistake("That is a sigmoid; the ReLU leaves what is above 0 as it is.")
def sigmoid_instead(x, W, b):
    return 1 / (1 + np.exp(-(x @ W.T + b)))


@HIDDEN.mistake("That is the absolute value; the ReLU makes 0 of what is below 0.")
def absolute(x, W, b):
    return np.abs(x @ W.T + b)


@HIDDEN.mistake("The minimum keeps what is below 0; the ReLU is the maximum with 0.")
def minimum(x, W, b):
    return np.minimum(0, x @ W.T + b)


@HIDDEN.hidden()
def draw_hidden(rng):
    n, d, h = size(rng, 2, 5), size(rng, 2, 4), size(rng, 2, 5)
    return rng.normal(size=(n, d)), rng.normal(size=(h, d)), rng.normal(size=h)


COLLAPSE = Question(
    name="deep.collapse",
    title="Two layers in one",
    minutes=5,
    reference=-1.0,
    explanation="The first input reaches the first hidden sum with 1 and the second with 3; these "
    "count 2 and -1. So it counts 2 x 1 + (-1) x 3 = -1.",
    mistakes=(
        Mistake(5, "The second sum counts with a minus."),
        Mistake(
            2, "That is the way through the first hidden sum; there is one through the second."
        ),
        Mistake(
            -3, "That is the way through the second hidden sum; there is one through the first."
        ),
        Mistake(1, "The second sum is subtracted from twice the first, not the other way round."),
    ),
    hints=(
        "On which two ways does the first input reach the result?",
        "Along a way the weights are multiplied; what arrives on several ways is added.",
        "Sum over the ways of the product of the weights along each.",
    ),
)


def merged(W1, b1, w2, b2):
    """Return weights (D,) and bias of the one neuron that equals two layers without ReLU."""
    return w2 @ W1, float(w2 @ b1 + b2)


def _two_layers():
    """Return probes: weights (H, D), biases (H,) of a layer; weights (H,), bias of a neuron."""
    rng = np.random.default_rng(3)
    fixed = (np.array([[1.0, 0.0], [1.0, 4.0]]), np.array([1.0, 0.0]), np.array([2.0, 3.0]), 0.5)
    sizes = ((3, 2), (2, 4), (3, 3))
    drawn = [
        (rng.normal(size=(h, d)), rng.normal(size=h), rng.normal(size=h), 0.25) for h, d in sizes
    ]
    return [fixed, *drawn]


MERGE = Exercise(
    name="deep.merge",
    title="One neuron for two layers",
    minutes=10,
    reference=merged,
    probes=_two_layers,
    hints=(
        "Put h = W1 x + b1 into z = w2 h + b2. What stands before x, and what stands without x?",
        "The weights of the paths are a product of w2 and W1. The biases of the first layer reach "
        "the result with the weights w2.",
        "w = w2 W1, b = w2 b1 + b2.",
    ),
)


@MERGE.mistake("The biases of the first layer reach the result as well, with the weights w2.")
def second_bias_only(W1, b1, w2, b2):
    return w2 @ W1, float(b2)


@MERGE.mistake("The bias of the second layer is missing.")
def first_bias_only(W1, b1, w2, b2):
    return w2 @ W1, float(w2 @ b1)


@MERGE.mistake("Each bias of the first layer is multiplied by its weight in w2 on the way.")
def biases_added(W1, b1, w2, b2):
    return w2 @ W1, float(b1.sum() + b2)


@MERGE.mistake("Along a path the weights are multiplied: each row of W1 by its number in w2.")
def weights_added(W1, b1, w2, b2):
    return W1.sum(axis=0), float(w2 @ b1 + b2)


@MERGE.mistake("That keeps the paths apart; add up what reaches the result from each input.")
def paths_apart(W1, b1, w2, b2):
    return w2[:, None] * W1, float(w2 @ b1 + b2)


@MERGE.hidden()
def draw_merge(rng):
    h, d = size(rng, 2, 4), size(rng, 2, 4)
    return rng.normal(size=(h, d)), rng.normal(size=h), rng.normal(size=h), float(rng.normal())


BY_HAND = Question(
    name="deep.by_hand",
    title="Two layers with a pencil",
    minutes=3,
    reference=-2.0,
    explanation="The sums are -2, 2, 4 and -4, and after ReLU they are 0, 2, 4 and 0. The score is "
    "0 + 2 - 4 - 0 = -2.",
    mistakes=(
        Mistake(
            0,
            "Is ReLU missing? Sums below 0 become 0. Or is it the difference? 1 - (-3) is 4.",
        ),
        Mistake(6, "The last two are subtracted, as in the drawing; you add them."),
        Mistake(
            2,
            "The first two are added, the last two subtracted; and the second input is -3, not 3.",
        ),
        Mistake(-4, "Of the first pair, the second neuron is on: minus the sum is 2."),
        Mistake(-6, "The first two are added: minus the sum is 2, and it counts with a plus."),
    ),
    hints=(
        "Which four sums do the hidden neurons compute, and which of them are below 0?",
        "The sum of the inputs, its opposite, the difference, its opposite; what is below 0 "
        "becomes 0. The first two are added, the last two subtracted.",
        "z = ReLU(s) + ReLU(-s) - ReLU(d) - ReLU(-d), with s the sum and d the difference.",
    ),
)


def relu_back(sums, arriving):
    """Return the slopes (N, H) that pass back through ReLU: where the sum is above 0."""
    return arriving * (sums > 0)


def _sums_and_slopes():
    """Return probes: sums before the ReLU and slopes that arrive behind it, (N, H) each."""
    rng = np.random.default_rng(1)
    fixed = (np.array([[3.0, -3.0, 1.0, -1.0]]), np.array([[1.0, 1.0, -1.0, -1.0]]))
    drawn = [(rng.normal(size=shape), rng.normal(size=shape)) for shape in ((4, 3), (2, 5))]
    at_zero = (np.array([[0.0, 2.0], [-1.0, 0.0]]), np.array([[3.0, 1.0], [2.0, -4.0]]))
    return [fixed, *drawn, at_zero]


RELU_BACK = Exercise(
    name="deep.relu_back",
    title="Back through ReLU",
    minutes=5,
    reference=relu_back,
    probes=_sums_and_slopes,
    hints=(
        "How fast does ReLU's output grow with its input, where that is above 0, and where it is "
        "below?",
        "Its own slope is 1 above 0 and 0 below. By the chain rule, what arrives is multiplied by "
        "this slope. A comparison of an array gives True and False, which count as 1 and 0.",
        "arriving slope x (1 if the sum is above 0, else 0), number by number.",
    ),
)


@RELU_BACK.mistake("Those are the outputs of ReLU; the slopes that arrive are asked to pass it.")
def forward_again(sums, arriving):
    return np.maximum(0, sums)


@RELU_BACK.mistake("It is the sum that decides what passes, not the sign of the arriving slope.")
def relu_of_slopes(sums, arriving):
    return np.maximum(0, arriving)


@RELU_BACK.mistake("ReLU's slope is 1 where the sum is above 0, however large the sum is.")
def times_the_output(sums, arriving):
    return arriving * np.maximum(0, sums)


@RELU_BACK.mistake("At a sum of exactly 0 nothing passes: the sum must be above 0.")
def at_zero_too(sums, arriving):
    return arriving * (sums >= 0)


@RELU_BACK.mistake("The other way round: a slope passes where the sum is above 0.")
def where_off(sums, arriving):
    return arriving * (sums < 0)


@RELU_BACK.mistake("Those are ReLU's own slopes; multiply them by the slopes that arrive.")
def own_slopes(sums, arriving):
    return (sums > 0) * 1.0


@RELU_BACK.mistake("Where a neuron is off, nothing passes back: put 0 there.")
def all_pass(sums, arriving):
    return arriving * 1.0


@RELU_BACK.hidden()
def draw_relu_back(rng):
    n, h = size(rng, 2, 5), size(rng, 2, 6)
    return rng.normal(size=(n, h)), rng.normal(size=(n, h))


def dead_neurons(sums):
    """Return how many of H neurons are off for all of N examples, from their sums (N, H)."""
    return int((sums <= 0).all(axis=0).sum())


def _some_dead():
    """Return probes: sums (N, H) of which some columns are below 0 in every row."""
    rng = np.random.default_rng(2)
    mixed = rng.normal(size=(6, 5)) + np.array([-9.0, 0.0, 9.0, -9.0, -9.0])
    alive = rng.normal(size=(4, 3)) + 5
    return [
        (np.array([[1.0, -2.0, -1.0], [-3.0, -1.0, 2.0], [2.0, -4.0, -2.0]]),),
        (np.array([[-1.0, 2.0], [-1.0, -2.0], [-3.0, -1.0]]),),
        (mixed,),
        (alive,),
        (-alive,),
        (np.array([[0.0, 1.0, -1.0], [-2.0, 0.0, 3.0]]),),  # 0 is not positive
    ]


DEAD = Exercise(
    name="deep.dead",
    title="How many neurons are dead?",
    minutes=5,
    reference=dead_neurons,
    probes=_some_dead,
    hints=(
        "What does the column of a dead neuron look like in this table?",
        "A neuron is dead if its sum is above 0 in no row. Ask that of each column, then count.",
        "The number of columns whose largest sum is not above 0.",
    ),
)


@DEAD.mistake("That counts every sum that is not above 0; a neuron is dead if its whole column is.")
def single_sums(sums):
    return int((sums <= 0).sum())


@DEAD.mistake("That counts examples; a neuron is a column: look along axis 0.")
def by_rows(sums):
    return int((sums <= 0).all(axis=1).sum())


@DEAD.mistake("A neuron that is off for some examples lives; it is dead if it is off for all.")
def off_somewhere(sums):
    return int((sums <= 0).any(axis=0).sum())


@DEAD.mistake("A sum of 0 is not positive, so a neuron with nothing above it is off, too.")
def strictly_below(sums):
    return int((sums < 0).all(axis=0).sum())


@DEAD.mistake("Those are the neurons that live; count the others.")
def living(sums):
    return int((sums > 0).any(axis=0).sum())


@DEAD.mistake("That is a share; count the neurons.")
def share_dead(sums):
    return float((sums <= 0).all(axis=0).mean())


@DEAD.mistake("You say which neurons are dead; count them, one number is asked for.")
def yes_or_no_dead(sums):
    return (sums <= 0).all(axis=0)


@DEAD.hidden()
def draw_dead(rng):
    n, h = size(rng, 3, 6), size(rng, 3, 6)
    return (rng.normal(size=(n, h)) + rng.choice([-9.0, 0.0, 9.0], h),)


QUIZ = (
    QuizQuestion(
        "What is ReLU of -3 and of 2?",
        "0 and 2",
        ("-3 and 2", "3 and 2", "0 and 1"),
        "It makes 0 of what is below 0, and leaves the rest as it is.",
    ),
    QuizQuestion(
        "Two layers without anything between them: what are they together?",
        "one layer",
        ("a deeper network", "a network that cannot learn", "two neurons"),
        "A weighted sum of weighted sums is a weighted sum; only a bend between them makes more.",
    ),
    QuizQuestion(
        "Why do the weights of a hidden layer begin as random numbers?",
        "Equal neurons would get equal slopes, and stay equal.",
        (
            "Zero is too far from the best weights.",
            "Random numbers are smaller than others.",
            "The loss would be infinite otherwise.",
        ),
        "All neurons of a layer see the same inputs; only different weights make them different.",
    ),
    QuizQuestion(
        "A slope of 0.4 arrives behind a ReLU whose sum is -2. What passes back?",
        "0",
        ("0.4", "-0.8", "-2"),
        "ReLU is flat below 0: its own slope there is 0, and the chain rule multiplies by it.",
    ),
    QuizQuestion(
        "A neuron with ReLU is off for every example. What will training make of it?",
        "nothing: its weights stay",
        ("it is switched on soon", "its weights grow", "its weights become 0"),
        "No slope passes back through it for any example, so they stay as they are.",
    ),
    QuizQuestion(
        "What does an optimizer such as torch.optim.SGD do?",
        "it changes the parameters",
        ("it computes the slopes", "it computes the loss", "it chooses the examples"),
        "The slopes come from backward; the optimizer subtracts the learning rate times each.",
    ),
)
