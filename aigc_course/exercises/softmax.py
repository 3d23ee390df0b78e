"""Exercises on many answers: softmax, cross-entropy and its slopes, accuracy, parameters."""

from __future__ import annotations

import math

import numpy as np

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion


def softmax(scores):
    """Return probabilities (N, K) from scores (N, K): e to each score over the sum of its row.

    The largest score of a row is subtracted first, which changes nothing but keeps e from growing
    beyond what the computer can write.
    """
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


SOFTMAX = Exercise(
    name="softmax.softmax",
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


@SOFTMAX.mistake("Each row has a sum of its own: divide by it, not by the sum of the whole table.")
def one_sum_for_all(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum()


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
    name="softmax.cross_entropy",
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
    name="softmax.accuracy",
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


def score_slopes(probabilities, answers):
    """Return the slopes (N, K) of each example's loss with respect to its scores: p - truth."""
    slopes = np.array(probabilities, dtype=float)
    slopes[np.arange(len(answers)), answers] -= 1
    return slopes


SLOPES = Exercise(
    name="softmax.slopes",
    title="The slopes of the scores",
    minutes=5,
    reference=score_slopes,
    probes=_assigned,
    hints=(
        "What should the probability of the true answer be, and what that of each other answer?",
        "The slope is the error: the probability minus 1 at the true answer, minus 0 elsewhere. "
        "Copy the table first, then change one entry in each row.",
        "p - 1 in the column of the true answer, p in all others.",
    ),
)


@SLOPES.mistake("The sign: probability minus what it should be, so p - 1 at the true answer.")
def truth_minus(probabilities, answers):
    return -score_slopes(probabilities, answers)


@SLOPES.mistake("At the true answer the slope is p - 1, which is negative; you have 1 - p.")
def turned_at_the_truth(probabilities, answers):
    slopes = np.array(probabilities, dtype=float)
    rows = np.arange(len(answers))
    slopes[rows, answers] = 1 - slopes[rows, answers]
    return slopes


@SLOPES.mistake("The slopes of one example each are asked for; do not divide by their number.")
def slopes_of_mean(probabilities, answers):
    return score_slopes(probabilities, answers) / len(answers)


@SLOPES.mistake("That takes 1 off the columns of all answers in every row; take it off once a row.")
def off_every_row(probabilities, answers):
    slopes = np.array(probabilities, dtype=float)
    slopes[:, np.unique(answers)] -= 1
    return slopes


@SLOPES.mistake("Those are the probabilities; take 1 off that of the true answer.")
def nothing_off(probabilities, answers):
    return np.array(probabilities, dtype=float)


@SLOPES.mistake("The other answers have a slope, too: their probability, which should be 0.")
def truth_only(probabilities, answers):
    rows = np.arange(len(answers))
    slopes = np.zeros(np.shape(probabilities))
    slopes[rows, answers] = np.asarray(probabilities)[rows, answers] - 1
    return slopes


@SLOPES.mistake("That is the slope with respect to the probability; go on to the score.")
def of_probability(probabilities, answers):
    rows = np.arange(len(answers))
    slopes = np.zeros(np.shape(probabilities))
    slopes[rows, answers] = -1 / np.asarray(probabilities)[rows, answers]
    return slopes


@SLOPES.hidden()
def draw_slopes(rng):
    return draw_cross_entropy(rng)


PARAMETERS = Question(
    name="softmax.parameters",
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


QUIZ = (
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
    QuizQuestion(
        "The true answer has probability 0.3. The slope of the loss with respect to its score?",
        "-0.7",
        ("0.3", "0.7", "-0.3"),
        "The slope is the error, the probability minus what it should be: 0.3 - 1.",
    ),
    QuizQuestion(
        "Why take a step after 32 examples, and not after all of them?",
        "A rough estimate of the slope is enough, and many more steps are taken.",
        (
            "The slope of 32 examples is more exact than that of all.",
            "The loss of 32 examples is smaller.",
            "More than 32 examples do not fit into the network.",
        ),
        "The slope of a batch is rough, but an epoch then has 37 steps in place of one.",
    ),
)
