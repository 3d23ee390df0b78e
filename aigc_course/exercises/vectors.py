"""Exercises on word vectors: company, PPMI, cosine, neighbours."""

from __future__ import annotations

from collections import Counter

import numpy as np

from aigc_course.exercises.engine.draws import letters, size
from aigc_course.exercises.engine.types import Exercise, QuizQuestion
from aigc_course.models.text.word_vectors import ppmi


def company(tokens, window):
    """Return a Counter of pairs (word, neighbour) that stand at most `window` places apart."""
    pairs = Counter()
    for i, word in enumerate(tokens):
        for j in range(max(0, i - window), min(len(tokens), i + window + 1)):
            if j != i:
                pairs[word, tokens[j]] += 1
    return pairs


COMPANY = Exercise(
    name="vectors.company",
    title="Count the company",
    minutes=10,
    reference=company,
    probes=lambda: [
        ("Mia had a red kite .".split(), 2),
        (["a", "b", "a"], 1),
        (["a", "a", "b", "a", "c"], 2),
        (["a"], 3),
        ("a b c d".split(), 5),
    ],
    hints=(
        "Which places are neighbours of place i, and where does the text begin and end?",
        "Go through the places i, and for each through the places j from i - window to i + window "
        "that are in the text. The place itself does not count; an equal word elsewhere does.",
        "one point for the words at places i and j, for all j with 0 < |i - j| <= window",
    ),
)


def _near(tokens, window, *, back=True, forward=True, itself=False, wrap=False):
    """Count as `company` does, for the known mistakes: each changes one thing.

    Args:
        tokens, window: as there.
        back, forward: whether neighbours before and behind count.
        itself: whether a place is its own neighbour.
        wrap: whether a text goes on at its end when one steps out at its beginning.
    """
    pairs = Counter()
    for i, word in enumerate(tokens):
        first, last = i - window * back, i + window * forward
        for j in range(first if wrap else max(0, first), min(len(tokens) - 1, last) + 1):
            if j != i or itself:
                pairs[word, tokens[j % len(tokens)]] += 1
    return pairs


@COMPANY.mistake("Neighbours stand before a word as well as behind it.")
def only_behind(tokens, window):
    return _near(tokens, window, back=False)


@COMPANY.mistake("Neighbours stand behind a word as well as before it.")
def only_before(tokens, window):
    return _near(tokens, window, forward=False)


@COMPANY.mistake("A place is not its own neighbour (an equal word at another place is).")
def own_neighbour(tokens, window):
    return _near(tokens, window, itself=True)


@COMPANY.mistake(
    "Before the first word there is nothing: an index below 0 takes words from the END of a list."
)
def round_the_corner(tokens, window):
    return _near(tokens, window, wrap=True)


@COMPANY.mistake("Your window is one place too small: `window` places to each side.")
def window_too_small(tokens, window):
    return company(tokens, window - 1)


@COMPANY.mistake("Your window is one place too large: at most `window` places to each side.")
def window_too_large(tokens, window):
    return company(tokens, window + 1)


@COMPANY.mistake("Equal words at different places are neighbours, too.")
def never_with_equal_words(tokens, window):
    return Counter({pair: n for pair, n in company(tokens, window).items() if pair[0] != pair[1]})


@COMPANY.mistake("Each pair is noted once; count how often it occurs.")
def each_pair_once(tokens, window):
    return Counter(dict.fromkeys(company(tokens, window), 1))


@COMPANY.hidden(times=4)
def draw_company(rng):
    return letters(rng, size(rng, 4, 9)), size(rng, 1, 3)


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


def nearest(vectors, i, n):
    """Return the n rows most similar to row i by cosine, without itself, the most similar first."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    order = np.argsort(-(unit @ unit[i]), kind="stable")
    return [int(j) for j in order if j != i][:n]


def _tables():
    """Return probes: vectors (V, D), a row, and how many neighbours."""
    rng = np.random.default_rng(5)
    small = np.array([[1.0, 0], [0, 2], [3, 1], [1, 1]])
    return [(small, 0, 2), (small, 1, 3), *((rng.normal(size=(8, 3)), i, 4) for i in (0, 3, 7))]


NEAREST = Exercise(
    name="vectors.nearest",
    title="The nearest words",
    minutes=10,
    reference=nearest,
    probes=_tables,
    hints=(
        "How do you get the cosine of one row with all rows at once?",
        "Divide each row by its length; then inner products are cosines. Sort the rows by them, "
        "from large to small, and leave row i out.",
        "`(-cosines).argsort()` gives the numbers of the rows, the largest cosine first.",
    ),
)


@NEAREST.mistake("The word itself does not count as its neighbour: leave row i out.")
def itself_first(vectors, i, n):
    return [i, *nearest(vectors, i, n - 1)]


@NEAREST.mistake("Those are inner products; divide each row by its length first.")
def by_inner_product(vectors, i, n):
    order = np.argsort(-(vectors @ vectors[i]), kind="stable")
    return [int(j) for j in order if j != i][:n]


@NEAREST.mistake("The least similar come first in your list; turn the order round.")
def least_similar_first(vectors, i, n):
    return nearest(vectors, i, len(vectors))[::-1][:n]


@NEAREST.mistake("The right rows, in the wrong order: the most similar comes first.")
def in_wrong_order(vectors, i, n):
    return nearest(vectors, i, n)[::-1]


@NEAREST.mistake("You sort by distance between the points; the cosine does not look at lengths.")
def by_distance(vectors, i, n):
    order = np.argsort(np.linalg.norm(vectors - vectors[i], axis=1), kind="stable")
    return [int(j) for j in order if j != i][:n]


@NEAREST.mistake("Return the numbers of the rows, not their cosines.")
def cosines_themselves(vectors, i, n):
    return [float(cosine(vectors[i], vectors[j])) for j in nearest(vectors, i, n)]


@NEAREST.hidden(times=4)
def draw_nearest(rng):
    v = size(rng, 6, 10)
    return rng.normal(size=(v, 3)), int(rng.integers(0, v)), 4


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
        "Red and blue have nearly the same vector. What does that mean?",
        "They are used alike.",
        ("They mean the same.", "They stand side by side.", "They are equally frequent."),
        "Vectors hold the company of a word, and the two could stand in each other's place.",
    ),
    QuizQuestion(
        "Pairs of two words are 4 % of all points, and each word has 20 % of them. Their PMI?",
        "0 bits",
        ("2 bits", "1 bit", "-2 bits"),
        "By chance they would meet in 20 % of 20 %, which is just 4 %.",
    ),
)
