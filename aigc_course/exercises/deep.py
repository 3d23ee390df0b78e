"""Exercises on deep networks.

A hidden layer, why layers collapse without ReLU, softmax, cross-entropy, accuracy, parameters.
"""

from __future__ import annotations

import math

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


PARAMETERS = Question(
    name="deep.parameters",
    title="Count the parameters",
    minutes=5,
    reference=9610.0,
    explanation="64 x 128 weights and 128 biases are 8,320 in the hidden layer; 128 x 10 weights "
    "and 10 biases are 1,290 in the last one.",
    mistakes=(
        Mistake(9472, "Every neuron has a bias, too: 128 in the hidden layer, 10 in the last."),
        Mistake(9600, "The neurons of the last layer have a bias each, too."),
        Mistake(9482, "The neurons of the hidden layer have a bias each, too."),
        Mistake(8320, "That is the hidden layer; the last layer has weights and biases as well."),
        Mistake(
            8192, "Those are the weights of the hidden layer; add its biases, and the last layer."
        ),
        Mistake(1290, "That is the last layer; the hidden layer has weights and biases as well."),
        Mistake(202, "Those are the numbers that pass through; count the arrows between them."),
        Mistake(81920, "The layers follow each other: add their weights, do not multiply them."),
    ),
    hints=(
        "How many numbers come into one hidden neuron, and what does it have for each of them?",
        "A layer of H neurons with D inputs has a weight for each pair, and a bias for each "
        "neuron. Add both layers.",
        "D x H + H for each layer.",
    ),
)


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


def softmax(scores):
    """Return probabilities (N, K) from scores (N, K): e to each score over the sum of its row.

    The largest score of a row is subtracted first, which changes nothing but keeps e from growing
    beyond what the computer can write.
    """
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


SOFTMAX = Exercise(
    name="deep.softmax",
    title="Softmax",
    minutes=10,
    reference=softmax,
    probes=lambda: [
        (np.array([[2.0, 1.0, 0.0]]),),
        (np.array([[0.0, 0.0], [1.0, -1.0], [3.0, 5.0]]),),
        (np.array([[1000.0, 999.0, 0.0], [-1000.0, -1001.0, -1000.0]]),),
        (np.array([[1000.0, 0.0, 0.0, 0.0], [1.0, 2.0, 3.0, 4.0]]),),
        (np.array([[1000.0, 990.0], [1.0, 2.0]]),),
    ],
    hints=(
        "What makes any number positive, and what makes positive numbers add up to one?",
        "Raise e to each score, then divide by the sum of the row. e to the power of 1,000 is more "
        "than a computer can write; but subtracting the same number from all scores of a row "
        "changes nothing, so subtract the largest.",
        "e^(s - m) / sum of all e^(s - m) of the row, with m the largest score of the row.",
    ),
)


@SOFTMAX.mistake("Each row is one example: divide by the sum of the row, not of everything.")
def of_everything(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


@SOFTMAX.mistake(
    "e to the power of 1,000 is infinite for a computer, and infinite divided by infinite is NaN, "
    "not a number. Subtract the largest score of the row first."
)
def overflows(scores):
    with np.errstate(all="ignore"):
        powers = np.exp(scores)
        return powers / powers.sum(axis=1, keepdims=True)


@SOFTMAX.mistake(
    "Subtract the largest score of the row, not the mean: a single large one is still too large."
)
def mean_subtracted(scores):
    with np.errstate(all="ignore"):
        powers = np.exp(scores - scores.mean(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


@SOFTMAX.mistake(
    "You subtract the largest score of the whole table; in rows with small scores all powers then "
    "become 0. Take the largest of each row."
)
def largest_of_all(scores):
    with np.errstate(all="ignore"):
        powers = np.exp(scores - scores.max())
        return powers / powers.sum(axis=1, keepdims=True)


@SOFTMAX.mistake("The scores themselves can be negative: raise e to them before dividing.")
def no_exponential(scores):
    with np.errstate(all="ignore"):
        return scores / scores.sum(axis=1, keepdims=True)


@SOFTMAX.mistake("The column is one answer, the row one example: sum along axis 1.")
def by_column(scores):
    return softmax(scores.T).T


@SOFTMAX.mistake("Those are sigmoids, which need not add up to one; divide by the sum of the row.")
def sigmoids(scores):
    with np.errstate(all="ignore"):
        return 1 / (1 + np.exp(-scores))


@SOFTMAX.mistake("Divide by the sum of the row; so far the numbers do not add up to one.")
def not_divided(scores):
    return np.exp(scores - scores.max(axis=1, keepdims=True))


@SOFTMAX.hidden()
def draw_softmax(rng):
    return (rng.normal(size=(size(rng, 2, 4), size(rng, 2, 5))) * 3,)


def cross_entropy(probabilities, answers):
    """Return the mean of -ln of the probability that each example's true answer was assigned."""
    rows = np.arange(len(answers))
    return -np.log(probabilities[rows, answers]).mean()


def _assigned():
    """Return probes: probabilities (N, K) and the numbers of the true answers (N,)."""
    return [
        (np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]), np.array([0, 1])),
        (np.array([[0.25, 0.75]]), np.array([0])),
        (np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]]), np.array([2, 1, 0])),
    ]


CROSS_ENTROPY = Exercise(
    name="deep.cross_entropy",
    title="Cross-entropy of many answers",
    minutes=10,
    reference=cross_entropy,
    probes=_assigned,
    hints=(
        "Which one number of each row says how well the true answer was predicted?",
        "Pick from row i the column answers[i]; an array of row numbers (np.arange makes one) "
        "beside the array of answers picks all of them at once. Then the surprise of each, and "
        "the mean.",
        "The mean over the rows of -ln p, with p the entry of the true answer.",
    ),
)


@CROSS_ENTROPY.mistake("The loss is a mean: divide by the number of examples.")
def loss_summed(probabilities, answers):
    return cross_entropy(probabilities, answers) * len(answers)


@CROSS_ENTROPY.mistake("The minus is missing: a surprise is not negative.")
def loss_negative(probabilities, answers):
    return -cross_entropy(probabilities, answers)


@CROSS_ENTROPY.mistake("Those are bits; take the natural logarithm.")
def loss_in_bits(probabilities, answers):
    return cross_entropy(probabilities, answers) / math.log(2)


@CROSS_ENTROPY.mistake(
    "You take the largest probability of each row; take that of the true answer."
)
def of_the_largest(probabilities, answers):
    return -np.log(probabilities.max(axis=1)).mean()


@CROSS_ENTROPY.mistake(
    "You average over all entries; only that of the true answer counts in a row."
)
def of_all_entries(probabilities, answers):
    return -np.log(probabilities).mean()


@CROSS_ENTROPY.mistake(
    "The logarithm of the mean is not the mean of the logarithms; take it first."
)
def log_of_mean(probabilities, answers):
    return -np.log(probabilities[np.arange(len(answers)), answers].mean())


@CROSS_ENTROPY.mistake(
    "That takes the columns of all answers from every row. Pair each row number with its answer: "
    "from row i only the column answers[i]."
)
def columns_of_every_row(probabilities, answers):
    return -np.log(probabilities[:, answers]).mean()


@CROSS_ENTROPY.mistake("One number is asked for: take the mean over the examples.")
def one_loss_each(probabilities, answers):
    return -np.log(probabilities[np.arange(len(answers)), answers])


@CROSS_ENTROPY.hidden()
def draw_cross_entropy(rng):
    n, k = size(rng, 2, 6), size(rng, 2, 5)
    return rng.dirichlet(np.ones(k), n), rng.integers(0, k, n)


def accuracy(scores, answers):
    """Return the share of examples whose largest score is that of the true answer."""
    return (scores.argmax(1) == answers).mean()


def _judged():
    """Return probes: scores (N, K) and the numbers of the true answers (N,)."""
    rng = np.random.default_rng(5)
    return [
        (np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]]), np.array([0, 2])),
        (np.array([[-1.0, -2.0], [5.0, 4.0], [0.0, 1.0], [1.0, 0.0]]), np.array([0, 1, 1, 0])),
        (rng.normal(size=(9, 4)), rng.integers(0, 4, 9)),
    ]


ACCURACY = Exercise(
    name="deep.accuracy",
    title="How many are right?",
    minutes=5,
    reference=accuracy,
    probes=_judged,
    hints=(
        "Which answer does a row of scores speak for?",
        "The place of the largest score of each row is the answer; compare it with the true one, "
        "and take the mean of what is right.",
        "The mean over the rows of: argmax of the row = true answer.",
    ),
)


@ACCURACY.mistake("That is the number of right ones; divide it by the number of examples.")
def number_right(scores, answers):
    return (scores.argmax(1) == answers).sum()


@ACCURACY.mistake("That is the share that is wrong.")
def share_wrong(scores, answers):
    return (scores.argmax(1) != answers).mean()


@ACCURACY.mistake("You take the smallest score of each row; the largest one is the answer.")
def smallest(scores, answers):
    return (scores.argmin(1) == answers).mean()


@ACCURACY.mistake("One example is a row: look for the largest score along axis 1.")
def along_the_columns(scores, answers):
    best = scores.argmax(0)
    return np.mean([best[k] == i for i, k in enumerate(answers)])


@ACCURACY.mistake("One number is asked for: the mean over all examples.")
def yes_or_no_each(scores, answers):
    return (scores.argmax(1) == answers) * 1.0


@ACCURACY.mistake("That is a share in percent; return a number between 0 and 1.")
def in_percent(scores, answers):
    return 100 * accuracy(scores, answers)


@ACCURACY.mistake("You look for the largest score of the whole table; look in each row: axis 1.")
def of_the_whole_table(scores, answers):
    return (scores.argmax() == answers).mean()


@ACCURACY.hidden()
def draw_accuracy(rng):
    n, k = size(rng, 5, 9), size(rng, 2, 5)
    return rng.normal(size=(n, k)), rng.integers(0, k, n)


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
        "All scores of a softmax grow by 5. What happens to its probabilities?",
        "Nothing changes.",
        ("They grow.", "They become more equal.", "The largest comes closer to 1."),
        "Every power of e grows by the same factor, and the division takes it out again.",
    ),
    QuizQuestion(
        "A network must choose among 10 answers and knows nothing. Its loss?",
        "ln 10, about 2.3",
        ("ln 2, about 0.7", "10", "0.1"),
        "It assigns 0.1 to each answer, so the surprise at the true one is -ln 0.1.",
    ),
    QuizQuestion(
        "What does F.cross_entropy of PyTorch expect?",
        "scores, before the softmax",
        ("probabilities, after the softmax", "scores, after a sigmoid", "the answers only"),
        "It applies the softmax itself; a second one makes the network learn badly, in silence.",
    ),
    QuizQuestion(
        "There are 1,200 examples, and batches of 32. How many steps are an epoch?",
        "37",
        ("32", "1,200", "1"),
        "1,200 by 32 is 37.5, and the loader of this course leaves an incomplete batch out.",
    ),
)
