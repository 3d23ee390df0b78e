"""Exercises on trained word vectors: random words, negative sampling, analogies, bias."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from aigc_course.exercises.engine.draws import normal, size
from aigc_course.exercises.engine.observe import with_gradients
from aigc_course.exercises.engine.types import Exercise, QuizQuestion
from aigc_course.models.text.word_vectors import negative_sampling_loss


def negative_sampling_in_one_line(positive, negative):
    """Return the loss that pulls the seen pair together and pushes each random one apart."""
    return -(F.logsigmoid(positive) + F.logsigmoid(-negative).sum(-1)).mean()


def _scores():
    """Return probes: scores of seen pairs (B,) and of random ones (B, K)."""
    torch.manual_seed(0)
    return [
        (torch.randn(4), torch.randn(4, 3)),
        (torch.tensor([30.0]), torch.tensor([[-40.0, 2.0]])),
        (torch.zeros(2), torch.zeros(2, 5)),
        (2 * torch.randn(6), 2 * torch.randn(6, 5)),
    ]


NEGATIVE_SAMPLING = Exercise(
    name="skipgram.negative_sampling",
    title="The loss of negative sampling",
    minutes=10,
    reference=negative_sampling_loss,
    shown=negative_sampling_in_one_line,
    probes=_scores,
    observe=with_gradients,
    hints=(
        (
            "What should training do to the score of a pair that was seen, and what to the "
            "scores of random pairs?"
        ),
        (
            'Each pair is a question of its own, "seen or random?", and sigmoid(score) is the '
            'probability of "seen". Pay the surprise at "seen" for the true pair, and at '
            '"random" for each other one: 1 - sigmoid(s) is sigmoid(-s).'
        ),
        (
            "The mean over the batch of: -ln sigmoid(positive) - sum over the K random ones of "
            "ln sigmoid(-negative)."
        ),
    ),
)


@NEGATIVE_SAMPLING.mistake("Random pairs should get a low score: log sigmoid of minus the score.")
def negative_not_negated(positive, negative):
    return -(F.logsigmoid(positive) + F.logsigmoid(negative).sum(-1)).mean()


@NEGATIVE_SAMPLING.mistake("The surprises of the K random pairs are added up; you average them.")
def mean_over_negatives(positive, negative):
    return -(F.logsigmoid(positive) + F.logsigmoid(-negative).mean(-1)).mean()


@NEGATIVE_SAMPLING.mistake("It is a loss: minus the log-probabilities, so that less is better.")
def not_negated(positive, negative):
    return (F.logsigmoid(positive) + F.logsigmoid(-negative).sum(-1)).mean()


@NEGATIVE_SAMPLING.mistake("The logarithm is natural here, not that to base 2: nats, not bits.")
def in_bits(positive, negative):
    return negative_sampling_loss(positive, negative) / math.log(2)


@NEGATIVE_SAMPLING.mistake("The logarithm is missing: F.logsigmoid.")
def no_log(positive, negative):
    return -(torch.sigmoid(positive) + torch.sigmoid(-negative).sum(-1)).mean()


@NEGATIVE_SAMPLING.mistake(
    "Average over the batch, so that the learning rate does not depend on its size."
)
def summed_over_the_batch(positive, negative):
    return -(F.logsigmoid(positive) + F.logsigmoid(-negative).sum(-1)).sum()


@NEGATIVE_SAMPLING.mistake(
    "The random pairs are missing: without them nothing pushes a score down."
)
def seen_only(positive, negative):
    return -F.logsigmoid(positive).mean()


@NEGATIVE_SAMPLING.mistake("The sigmoid is missing: F.logsigmoid of the scores.")
def no_sigmoid_at_all(positive, negative):
    return -(positive - negative.sum(-1)).mean()


@NEGATIVE_SAMPLING.mistake("One number is asked for: the mean over the batch.")
def one_row_each(positive, negative):
    return -(F.logsigmoid(positive) + F.logsigmoid(-negative).sum(-1))


@NEGATIVE_SAMPLING.mistake(
    "Give back the tensor itself: .item() and .detach() cut the gradient, "
    "and nothing could be learned."
)
def detached(positive, negative):
    return negative_sampling_loss(positive, negative).item()


@NEGATIVE_SAMPLING.mistake(
    "That is a softmax over the candidates; here each pair is a yes-or-no question of its own."
)
def softmax(positive, negative):
    return -torch.log_softmax(torch.cat([positive[:, None], negative], 1), 1)[:, 0].mean()


@NEGATIVE_SAMPLING.hidden()
def draw_negative_sampling(rng):
    n = size(rng, 2, 6)
    return normal(rng, n), normal(rng, n, size(rng, 2, 5))


def analogy(a, b, c, vectors):
    """Return the row that is nearest to b - a + c by cosine, except the rows a, b and c.

    Args:
        a, b, c: indices of rows.
        vectors: (V, D), each row of length 1.
    """
    scores = vectors @ (vectors[b] - vectors[a] + vectors[c])
    scores[[a, b, c]] = -np.inf
    return int(scores.argmax())


def _rows_of_length_one(rng, n, d):
    rows = rng.normal(size=(n, d))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _analogies():
    """Return probes: three rows and the vectors; the rows a, b and c would win in some of them."""
    square = np.array([[1.0, 0, 0], [0.8, 0.6, 0], [0.6, 0, 0.8], [0.48, 0.36, 0.8], [0, 1, 0]])
    cases = [(0, 1, 2, square)]
    rng = np.random.default_rng(12)
    for n, d in ((6, 3), (12, 4), (20, 3), (9, 2)):
        a, b, c = (int(i) for i in rng.choice(n, 3, replace=False))
        cases.append((a, b, c, _rows_of_length_one(rng, n, d)))
    for first in "abc":
        cases.append(_won_by(rng, first))
    away = np.array([[1.0, 0], [0.8, 0.6], [0.6, 0.8], [-1, 0], [-0.8, -0.6], [-0.6, -0.8]])
    return [*cases, (0, 1, 2, away)]  # all other rows have negative products


def _won_by(rng, which):
    """Draw until the given row, a, b or c, would have the largest product if it counted."""
    while True:
        a, b, c = (int(i) for i in rng.choice(8, 3, replace=False))
        vectors = _rows_of_length_one(rng, 8, 3)
        best = int((vectors @ (vectors[b] - vectors[a] + vectors[c])).argmax())
        if best == {"a": a, "b": b, "c": c}[which]:
            return a, b, c, vectors


ANALOGY = Exercise(
    name="skipgram.analogy",
    title="A is to B as C is to ...",
    minutes=10,
    reference=analogy,
    probes=_analogies,
    hints=(
        "Which arrow leads from A to B? And where does the same arrow lead from C?",
        "Add the difference of B and A to C, and look for the row with the largest inner product "
        "with that. All rows have length 1, so the order is that of the cosines. The three given "
        "words do not count as answers.",
        "argmax over rows other than a, b, c of v . (v_b - v_a + v_c)",
    ),
)


@ANALOGY.mistake("The three given words do not count as answers: leave them out.")
def given_words_count(a, b, c, vectors):
    return int((vectors @ (vectors[b] - vectors[a] + vectors[c])).argmax())


def _without(*places):
    """Return `analogy` with only some of the three given rows left out, for the known mistakes."""

    def answer(a, b, c, vectors):
        scores = vectors @ (vectors[b] - vectors[a] + vectors[c])
        scores[[(a, b, c)[place] for place in places]] = -np.inf
        return int(scores.argmax())

    return answer


@ANALOGY.mistake("All three given words are left out; you leave out only one of them.")
def only_c_left_out(a, b, c, vectors):
    return _without(2)(a, b, c, vectors)


@ANALOGY.mistake("All three given words are left out; yours may still answer with A.")
def a_may_answer(a, b, c, vectors):
    return _without(1, 2)(a, b, c, vectors)


@ANALOGY.mistake(
    "Leave the given words out with minus infinity: a product of 0 may still be largest."
)
def zeros_in_place(a, b, c, vectors):
    scores = vectors @ (vectors[b] - vectors[a] + vectors[c])
    scores[[a, b, c]] = 0
    return int(scores.argmax())


@ANALOGY.mistake("The difference is turned round: from A to B it is b - a.")
def arrow_turned_round(a, b, c, vectors):
    return analogy(b, a, c, vectors)


@ANALOGY.mistake("You add all three; the arrow from A to B is a difference, b - a.")
def all_added(a, b, c, vectors):
    scores = vectors @ (vectors[a] + vectors[b] + vectors[c])
    scores[[a, b, c]] = -np.inf
    return int(scores.argmax())


@ANALOGY.mistake(
    "The rows are counted anew once the given ones are removed: return the number in `vectors`."
)
def number_in_the_rest(a, b, c, vectors):
    target = vectors[b] - vectors[a] + vectors[c]
    return int(np.argmax(np.delete(vectors, [a, b, c], axis=0) @ target))


@ANALOGY.mistake("You look for the smallest; the most similar row has the largest product.")
def least_similar(a, b, c, vectors):
    scores = vectors @ (vectors[b] - vectors[a] + vectors[c])
    scores[[a, b, c]] = np.inf
    return int(scores.argmin())


@ANALOGY.mistake("You look for the row most similar to C; add the arrow from A to B first.")
def nearest_to_c(a, b, c, vectors):
    scores = vectors @ vectors[c]
    scores[[a, b, c]] = -np.inf
    return int(scores.argmax())


@ANALOGY.mistake("Return the index of the row, not its similarity.")
def similarity_itself(a, b, c, vectors):
    scores = vectors @ (vectors[b] - vectors[a] + vectors[c])
    scores[[a, b, c]] = -np.inf
    return float(scores.max())


@ANALOGY.hidden(times=8)
def draw_analogy(rng):
    if rng.random() < 0.6:
        return _won_by(rng, "abc"[int(rng.integers(0, 3))])
    n = size(rng, 6, 15)
    a, b, c = (int(i) for i in rng.choice(n, 3, replace=False))
    return a, b, c, _rows_of_length_one(rng, n, 3)


def noise_distribution(counts, power):
    """Return counts (V,) to a power, divided by their sum: how often each word is drawn."""
    weights = np.asarray(counts) ** power
    return weights / weights.sum()


NOISE = Exercise(
    name="skipgram.noise",
    title="How often is a random word drawn?",
    minutes=5,
    reference=noise_distribution,
    probes=lambda: [
        (np.array([10_000.0, 16.0]), 0.75),
        (np.array([1.0, 0.0, 4.0, 9.0]), 0.5),
        (np.array([3.0, 1.0]), 1.0),
    ],
    hints=(
        "What must all probabilities add up to?",
        "First the power of each count, then divide by the sum of these powers.",
        "counts ** power / (counts ** power).sum()",
    ),
)


@NOISE.mistake("The result does not add up to 1: divide by the sum.")
def noise_not_normalised(counts, power):
    return np.asarray(counts) ** power


@NOISE.mistake("The power is missing.")
def noise_without_power(counts, power):
    return counts / counts.sum()


@NOISE.mistake(
    "Take the power first and divide by the sum of the powers; yours do not add up to 1."
)
def power_of_shares(counts, power):
    return (counts / counts.sum()) ** power


@NOISE.mistake("The counts are multiplied by the power; raise them to it.")
def times_power(counts, power):
    return counts * power / counts.sum()


@NOISE.mistake("The exponent is `power`, not 1 / power.")
def inverse_power(counts, power):
    return noise_distribution(counts, 1 / power)


@NOISE.hidden(times=3)
def draw_noise(rng):
    return rng.integers(1, 100, size(rng, 3, 6)).astype(float), float(rng.uniform(0.3, 0.9))


def leaning(vector, group, other):
    """Return the mean cosine of a vector with one group of rows, minus that with another."""

    def mean_cosine(rows):
        return np.mean(rows @ vector / (np.linalg.norm(rows, axis=1) * np.linalg.norm(vector)))

    return mean_cosine(group) - mean_cosine(other)


def _groups():
    """Return probes: a vector, and two groups of vectors."""
    rng = np.random.default_rng(8)
    first = (np.array([1.0, 0.0]), np.array([[2.0, 0.0]]), np.array([[0.0, 1.0], [3.0, 4.0]]))
    sizes = ((3, 2), (2, 5))
    return [first, *((rng.normal(size=4), *(rng.normal(size=(n, 4)) for n in s)) for s in sizes)]


LEANING = Exercise(
    name="skipgram.leaning",
    title="How far does a word lean?",
    minutes=10,
    reference=leaning,
    probes=_groups,
    hints=(
        "What is the cosine of the vector with a single row of a group?",
        "Compute the cosines with all rows of the first group and take their mean; do the same "
        "with the other group. The leaning is the difference.",
        "mean of cos(vector, row) over group - mean of cos(vector, row) over other",
    ),
)


@LEANING.mistake("The lengths count as well: those are inner products, not cosines.")
def leaning_without_lengths(vector, group, other):
    return np.mean(group @ vector) - np.mean(other @ vector)


@LEANING.mistake("It is turned round: the first group minus the other one.")
def leaning_turned_round(vector, group, other):
    return leaning(vector, other, group)


@LEANING.mistake("The cosines of a group are averaged, not added up: groups may differ in size.")
def leaning_summed(vector, group, other):
    def mean(rows):
        return leaning(vector, rows, rows[:1]) + leaning(vector, rows[:1], -rows[:1]) / 2

    return len(group) * mean(group) - len(other) * mean(other)


@LEANING.mistake("You take the cosine with the mean vector; take the mean of the cosines.")
def cosine_with_the_mean(vector, group, other):
    return leaning(vector, group.mean(0, keepdims=True), other.mean(0, keepdims=True))


@LEANING.mistake("The length of each row is needed: np.linalg.norm(group, axis=1).")
def one_length_for_all(vector, group, other):
    def cosines(rows):
        return rows @ vector / (np.linalg.norm(rows) * np.linalg.norm(vector))

    return cosines(group).mean() - cosines(other).mean()


@LEANING.mistake("The other group is missing: subtract its mean.")
def first_group_only(vector, group, other):
    unit = group / np.linalg.norm(group, axis=1, keepdims=True)
    return np.mean(unit @ vector) / np.linalg.norm(vector)


@LEANING.mistake("The length of the vector itself counts as well: divide by it.")
def vector_not_shortened(vector, group, other):
    return leaning(vector, group, other) * np.linalg.norm(vector)


@LEANING.hidden(times=3)
def draw_leaning(rng):
    n = size(rng, 2, 5)
    return rng.normal(size=n), rng.normal(size=(size(rng, 2, 4), n)), rng.normal(size=(3, n))


QUIZ = (
    QuizQuestion(
        "Why does skip-gram need random pairs?",
        "Without them nothing pushes a score down.",
        (
            "They make the vectors shorter.",
            "They repair mistakes in the texts.",
            "They bring in words that never occur.",
        ),
        "If only seen pairs count, the loss is smallest when every pair has a large score.",
    ),
    QuizQuestion(
        "Why has skip-gram two vectors for each word?",
        "A word rarely stands beside itself.",
        (
            "One is for capital letters.",
            "One is for training, one for testing.",
            "Two are faster than one.",
        ),
        "A vector is most similar to itself, so with one table this pair would get a large score.",
    ),
    QuizQuestion(
        "Vectors of real texts put some professions near to women. Why?",
        "The vectors copy how texts use them.",
        (
            "The loss has a mistake.",
            "The vectors are too short.",
            "The seed was unlucky.",
        ),
        "A vector holds how words are used, prejudices included.",
    ),
    QuizQuestion(
        "A girl is to she as a boy is to he: the vectors get it right. What is a good control?",
        "to turn the question round",
        ("to ask it again", "to use longer vectors", "to take other colours"),
        "If a question without a good answer gets the same one, the answer shows nothing.",
    ),
    QuizQuestion(
        "A measurement with 16 numbers a word finds no bias. What follows?",
        "Little: with other settings it may show.",
        ("The texts have no bias.", "The vectors are fair.", "The measure is wrong."),
        "A small contrast has no room among 16 axes, though it stands in the text.",
    ),
)
