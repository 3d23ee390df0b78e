"""Exercises on word vectors.

Cosine, PPMI, negative sampling, analogies.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from aigc_course.exercises.engine.draws import normal, size
from aigc_course.exercises.engine.observe import with_gradients
from aigc_course.exercises.engine.types import Exercise, QuizQuestion
from aigc_course.models.text.word_vectors import negative_sampling_loss, ppmi


def cosine(a, b):
    """Return the cosine of the angle between two vectors (D,)."""
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


def _two_vectors():
    """Return probes: two vectors of the same length."""
    rng = np.random.default_rng(3)
    return [
        (np.array([3.0, 4.0]), np.array([4.0, 3.0])),
        (np.array([1.0, 0.0]), np.array([0.0, 2.0])),
        (np.array([1.0, 2.0, 2.0]), np.array([-2.0, -4.0, -4.0])),
        (rng.normal(size=5), rng.normal(size=5)),
    ]


COSINE = Exercise(
    name="vectors.cosine",
    title="How similar are two vectors?",
    minutes=5,
    reference=cosine,
    probes=_two_vectors,
    hints=(
        "Which product of two vectors is large when they point the same way?",
        "The inner product grows with the lengths of the vectors, too. Divide by both lengths; "
        "`np.linalg.norm` gives the length of a vector.",
        "cos = a . b / (|a| |b|)",
    ),
)


@COSINE.mistake("The lengths count as well: divide by the length of each vector.")
def inner_product(a, b):
    return a @ b


@COSINE.mistake("Divide by the lengths, not by the squares of the lengths.")
def by_squares(a, b):
    return a @ b / ((a @ a) * (b @ b))


@COSINE.mistake("Divide by the length of b as well.")
def by_one_length(a, b):
    return a @ b / np.linalg.norm(a)


@COSINE.mistake("Divide by the length of a as well.")
def by_the_other_length(a, b):
    return a @ b / np.linalg.norm(b)


@COSINE.mistake("That is the angle itself; its cosine is asked for.")
def angle(a, b):
    return np.arccos(np.clip(cosine(a, b), -1, 1))


@COSINE.mistake("That is 1 minus the cosine, a distance: it is small where vectors are similar.")
def cosine_distance(a, b):
    return 1 - cosine(a, b)


@COSINE.mistake(
    "That is the distance of the two points; vectors of one direction may be far apart."
)
def distance(a, b):
    return np.linalg.norm(a - b)


@COSINE.mistake("The products are added up, to one number.")
def one_number_each(a, b):
    return a * b / (np.linalg.norm(a) * np.linalg.norm(b))


@COSINE.hidden()
def draw_cosine(rng):
    n = size(rng, 2, 6)
    return rng.normal(size=n), rng.normal(size=n)


def ppmi_in_four_lines(counts):
    """Return the PPMI of counts (M, N), in bits.

    It is log2 of the joint probability over the product of the two margins; negative values, and
    the log of 0, become 0.
    """
    p = counts / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log2(p / np.outer(p.sum(1), p.sum(0)))
    return np.where(counts > 0, np.maximum(pmi, 0), 0)


PPMI = Exercise(
    name="vectors.ppmi",
    title="Positive pointwise mutual information",
    minutes=15,
    reference=ppmi,
    shown=ppmi_in_four_lines,
    probes=lambda: [
        (np.array([[0, 4.0, 1], [4, 2, 3], [1, 3, 0]]),),
        (np.array([[5.0, 1], [1, 5]]),),
        (np.array([[1.0, 1], [1, 1]]),),
        (
            np.array([[1.0, 5, 0], [2, 2, 0], [3, 0, 0]]),
        ),  # not symmetric, and a column that was never counted
    ],
    hints=(
        "How often would a and b meet by chance alone, if a comes so often and b so often?",
        (
            "Turn counts into shares of the whole table: of each pair, of each row, of each "
            "column. Compare a pair's share with the product of its row's and its column's. "
            "Where nothing was counted there is no logarithm: put 0 there."
        ),
        "PPMI(a, b) = max(0, log2 of p(a, b) / (p(a) p(b))), and 0 where the count is 0.",
    ),
)


@PPMI.mistake("Negative values are left: the first P stands for positive.")
def pmi_with_negatives(counts):
    counts = np.asarray(counts, dtype=float)
    p = counts / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log2(p / np.outer(p.sum(1), p.sum(0)))
    return np.where(counts > 0, pmi, 0)


@PPMI.mistake("log2(0) is -inf for pairs that never met: set them to 0, and negative values, too.")
def pmi_infinite(counts):
    counts = np.asarray(counts, dtype=float)
    p = counts / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log2(p / np.outer(p.sum(1), p.sum(0)))


@PPMI.mistake(
    "A word that was never counted gives 0 / 0, and that is NaN (not a number): put 0 in its row "
    "and column."
)
def not_a_number_left(counts):
    counts = np.asarray(counts, dtype=float)
    p = counts / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.maximum(np.log2(p / np.outer(p.sum(1), p.sum(0))), 0)


@PPMI.mistake("That is in nats: take log2.")
def nats(counts):
    return ppmi(counts) * np.log(2)


@PPMI.mistake("The logarithm is missing.")
def no_logarithm(counts):
    counts = np.asarray(counts, dtype=float)
    p = counts / counts.sum()
    with np.errstate(invalid="ignore"):
        return p / np.outer(p.sum(1), p.sum(0))


@PPMI.mistake(
    "Everything comes out 0: divide by the total first, and compare with the "
    "product of the two margins."
)
def forgot_the_total(counts):
    counts = np.asarray(counts, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.maximum(np.log2(counts / np.outer(counts.sum(1), counts.sum(0))), 0)


@PPMI.mistake(
    "The sums of rows and of columns must form a table: the product for (a, b) is that of row a "
    "and column b, as np.outer makes it."
)
def margins_side_by_side(counts):
    counts = np.asarray(counts, dtype=float)
    p = counts / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log2(p / (p.sum(1) * p.sum(0)))
    return np.where(counts > 0, np.maximum(pmi, 0), 0)


@PPMI.hidden()
def draw_ppmi(rng):
    n = size(rng, 3, 5)
    counts = rng.integers(0, 6, (n, n)).astype(float) + np.eye(n)
    counts[:, -1] = 0  # never counted
    return (counts + np.eye(n, k=-1),)


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
    name="vectors.negative_sampling",
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
    name="vectors.analogy",
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


QUIZ = (
    QuizQuestion(
        "Two words never stand beside each other. What is their PPMI?",
        "0",
        ("minus infinity", "1", "it cannot be computed"),
        "The logarithm of 0 is not a number to compute with; the positive part puts 0 there.",
    ),
    QuizQuestion(
        "Why compare counts with chance, as PMI does?",
        "Frequent words stand beside everything.",
        (
            "Counts are too large for a computer.",
            "Rare words are more important.",
            "Chance makes the vectors shorter.",
        ),
        "The full stop is beside every word; that it is tells nothing about any of them.",
    ),
    QuizQuestion(
        "Two vectors point the same way, one is twice as long. Their cosine?",
        "1",
        ("2", "0.5", "it depends on their length"),
        "The cosine measures the direction only.",
    ),
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
)
