"""Exercises on copies and splits: shingles, similar sets, MinHash, leaks."""

from __future__ import annotations

import numpy as np

from aigc_course.exercises.engine.draws import letters, size
from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion
from aigc_course.text.near_duplicates import PRIME, jaccard, minhash


def shingles(tokens, n=3):
    """Return the set of all runs of n tokens, as tuples."""
    return {tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)}


SHINGLES = Exercise(
    name="copies.shingles",
    title="Shingles",
    minutes=5,
    reference=shingles,
    probes=lambda: [
        ("Mia lost her red kite .".split(), 3),
        (list("abab"), 2),
        (["a", "b"], 3),
        (["a", "b", "c"], 3),
        (list("abc"), 1),
    ],
    hints=(
        "At which places of the text can a run of n tokens begin, and which is the last of them?",
        "The last run begins n tokens before the end. Lists cannot stand in a set; tuples can.",
        "a tuple of the tokens from place i up to place i + n, for all i from 0 to T - n",
    ),
)


@SHINGLES.mistake("The last run is missing: there are len(tokens) - n + 1 of them.")
def last_run_missing(tokens, n=3):
    return {tuple(tokens[i : i + n]) for i in range(len(tokens) - n)}


@SHINGLES.mistake("At the end your runs become shorter than n tokens; stop before that.")
def runs_too_short(tokens, n=3):
    return {tuple(tokens[i : i + n]) for i in range(len(tokens))}


@SHINGLES.mistake("Runs overlap: a new one begins at every token, not only behind the last run.")
def side_by_side(tokens, n=3):
    return {tuple(tokens[i : i + n]) for i in range(0, len(tokens) - n + 1, n)}


@SHINGLES.mistake("A shingle is a tuple of tokens, not a string.")
def runs_as_strings(tokens, n=3):
    return {" ".join(run) for run in shingles(tokens, n)}


@SHINGLES.mistake("The order within a shingle counts: do not sort it.")
def runs_sorted(tokens, n=3):
    return {tuple(sorted(run)) for run in shingles(tokens, n)}


@SHINGLES.hidden()
def draw_shingles(rng):
    return letters(rng, size(rng, 5, 9)), size(rng, 2, 4)


def jaccard_in_two_lines(a, b):
    """Return the share of the elements of two sets that are in both."""
    together = a | b
    return len(a & b) / len(together) if together else 1.0


JACCARD = Exercise(
    name="copies.jaccard",
    title="How much do two sets share?",
    minutes=5,
    reference=jaccard,
    shown=jaccard_in_two_lines,
    probes=lambda: [
        ({1, 2, 3, 4}, {3, 4, 5}),
        ({"a"}, {"a"}),
        ({"a", "b"}, {"c"}),
        (set(), {1, 2}),
        (set(), set()),
        ({("the", "red", "kite"), ("red", "kite", ".")}, {("red", "kite", ".")}),
    ],
    hints=(
        "How many different elements are there in both sets together, and how many of these are "
        "in both?",
        "Divide the size of the intersection by the size of the union. Two empty sets have no "
        "union to divide by: what should two equal sets give?",
        "J(A, B) = |A and B| / |A or B|, and 1 for two empty sets.",
    ),
)


@JACCARD.mistake("Divide by the size of the union, not by the sizes of both sets added up.")
def by_both_sizes(a, b):
    return len(a & b) / (len(a) + len(b)) if a | b else 1.0


@JACCARD.mistake(
    "That is twice the shared part by both sizes, another measure (Dice); divide by the union."
)
def dice(a, b):
    return 2 * len(a & b) / (len(a) + len(b)) if a | b else 1.0


@JACCARD.mistake("Divide by the size of the union, not by that of the smaller set.")
def by_the_smaller(a, b):
    return len(a & b) / min(len(a), len(b)) if a and b else float(a == b)


@JACCARD.mistake("Divide by the size of the union, not by that of the first set.")
def by_the_first(a, b):
    return len(a & b) / len(a) if a else float(a == b)


@JACCARD.mistake("Two empty sets are equal: return 1 for them.")
def empty_is_different(a, b):
    return len(a & b) / len(a | b) if a | b else 0.0


@JACCARD.mistake("That is how different they are: the similarity is 1 minus this.")
def distance(a, b):
    return 1 - jaccard(a, b)


@JACCARD.mistake("That is the number of shared elements; divide it by the size of the union.")
def how_many_shared(a, b):
    return float(len(a & b))


@JACCARD.hidden(times=5)
def draw_jaccard(rng):
    return tuple({int(i) for i in rng.integers(0, 9, size(rng, 2, 8))} for _ in range(2))


def minhash_in_a_loop(x, a, b):
    """Return the smallest value of each hash function over a set."""
    smallest = []
    for i in range(len(a)):
        values = (a[i] * x + b[i]) % 2147483647
        smallest.append(values.min())
    return np.array(smallest)


def _hashed_sets():
    """Return probes: hashes (N,) of the elements of a set, and K hash functions."""
    rng = np.random.default_rng(0)
    return [
        (np.array([5, 2, 9]), np.array([3, 1]), np.array([1, 4])),
        (np.array([7]), np.array([2_000_000_000]), np.array([1_000_000_000])),
        (rng.integers(0, PRIME, 44), rng.integers(1, PRIME, 6), rng.integers(0, PRIME, 6)),
    ]


MINHASH = Exercise(
    name="copies.minhash",
    title="The signature of a set",
    minutes=15,
    reference=minhash,
    shown=minhash_in_a_loop,
    probes=_hashed_sets,
    hints=(
        "One hash function gives one number for each element. How many of them are kept?",
        "For each hash function, compute its values for all elements at once, take the rest after "
        "division by the prime number, and keep the smallest. A loop over the functions will do; "
        "without one, the K numbers a and b must become columns of shape (K, 1).",
        "s_i = min over x of (a_i x + b_i) mod P.",
    ),
)


@MINHASH.mistake("Keep the smallest value of each hash function, not the largest.")
def largest(x, a, b):
    return ((a[:, None] * x + b[:, None]) % PRIME).max(axis=1)


@MINHASH.mistake("Take the rest after division by the prime, 2147483647.")
def no_rest(x, a, b):
    return (a[:, None] * x + b[:, None]).min(axis=1)


@MINHASH.mistake("One number for each hash function: the minimum goes over the elements.")
def smallest_of_each_element(x, a, b):
    return ((a[:, None] * x + b[:, None]) % PRIME).min(axis=0)


@MINHASH.mistake("Take the rest first and the smallest then: the rest can turn the order round.")
def rest_of_the_smallest(x, a, b):
    return (a[:, None] * x + b[:, None]).min(axis=1) % PRIME


@MINHASH.mistake("One number for each hash function is asked for, not one for all of them.")
def one_for_all(x, a, b):
    return ((a[:, None] * x + b[:, None]) % PRIME).min()


@MINHASH.mistake("The b of each hash function is missing: a x + b.")
def no_b(x, a, b):
    return minhash(x, a, np.zeros_like(b))


@MINHASH.hidden(times=5)
def draw_minhash(rng):
    k = size(rng, 2, 5)
    return (
        rng.integers(0, PRIME, size(rng, 6, 12)),
        rng.integers(1, PRIME, k),
        rng.integers(0, PRIME, k),
    )


BANDS = Question(
    name="copies.bands",
    title="Do they meet?",
    minutes=5,
    reference=0.47,
    tolerance=0.006,
    explanation="They agree in a band with 0.5^5 = 0.031, and miss each other in it with 0.969. In "
    "20 bands they miss each other with 0.969^20 = 0.53, so they meet with 0.47.",
    mistakes=(
        Mistake(0.03125, "That is one band; there are 20 of them, and one meeting is enough."),
        Mistake(0.53, "That is the probability that they never meet; 1 minus it is asked for."),
        Mistake(0.625, "Probabilities of 20 tries cannot be added; multiply those of missing."),
        Mistake(0.5, "That is their similarity; they must agree in all five numbers of a band."),
    ),
    hints=(
        "With which probability do they agree in all five numbers of one band?",
        "With which probability do they NOT agree in a band, and not in any of the 20?",
        "1 - (1 - 0.5^5)^20",
    ),
)


def leak(train, test, key):
    """Return the share of the texts in `test` whose key is also that of a text in `train`."""
    known = {key(text) for text in train}
    return sum(key(text) in known for text in test) / len(test)


def first_word(text):
    """Return the first word of a text, in small letters."""
    return text.split()[0].lower()


LEAK = Exercise(
    name="copies.leak_share",
    title="How large is the leak?",
    minutes=5,
    reference=leak,
    probes=lambda: [
        (["A cat.", "A dog."], ["a cat.", "A fox."], str.lower),
        (["Mia ran", "Tom sat"], ["mia sat", "Ada ran", "TOM ran"], first_word),
        (["x"], ["y", "y"], str.lower),
        (["x", "x", "y"], ["X", "x", "z"], str.lower),
    ],
    hints=(
        "When does a text of the test set count as seen?",
        "Make a set of the keys of all training texts. Then look up the key of each test text.",
        "(number of test texts whose key is known) / (number of test texts)",
    ),
)


@LEAK.mistake("The key is missing: copies need not be equal letter by letter.")
def equal_texts_only(train, test, key):
    return leak(train, test, str)


@LEAK.mistake("You count the training texts that stand in the test set; it is the other way round.")
def leak_turned_round(train, test, key):
    return leak(test, train, key)


@LEAK.mistake("That is a number of texts; divide it by the size of the test set.")
def leak_as_a_number(train, test, key):
    return leak(train, test, key) * len(test)


@LEAK.mistake("That is the share that was NOT seen.")
def share_of_clean_ones(train, test, key):
    return 1 - leak(train, test, key)


@LEAK.mistake("Each text of the test set counts, also one that stands in it twice.")
def each_key_once(train, test, key):
    known, asked = {key(text) for text in train}, {key(text) for text in test}
    return len(known & asked) / len(asked)


@LEAK.hidden(times=4)
def draw_leak(rng):
    def some(n):
        return ["".join(rng.choice(list("aAbB"), 2)) for _ in range(n)]

    return some(size(rng, 2, 5)), some(size(rng, 4, 8)), str.lower


QUIZ = (
    QuizQuestion(
        "Two texts share 30 shingles of 40 different ones. How often do their MinHashes agree?",
        "in about three of four places",
        ("in all places", "in about half of the places", "never"),
        "The probability of agreeing at a place is the Jaccard similarity, 30 / 40.",
    ),
    QuizQuestion(
        "A model needs fewer bits for test texts than their entropy. What do you suspect?",
        "Copies of the test texts were in the training set.",
        (
            "The model is better than the truth.",
            "The test set is too large.",
            "The entropy fell during training.",
        ),
        "On really new texts nobody can need less than the entropy on average.",
    ),
    QuizQuestion(
        "A text of 10 tokens: how many shingles of three tokens has it?",
        "8",
        ("10", "7", "3"),
        "A run of three can begin at each token but the last two.",
    ),
    QuizQuestion(
        "Why do bands help to find near-copies among a million texts?",
        "Only texts that meet in a box are compared.",
        ("They make signatures shorter.", "They sort texts by length.", "They remove copies."),
        "Similar texts nearly always share a band, and others hardly ever do.",
    ),
    QuizQuestion(
        "Each photo of a person is in your data five times. How do you split?",
        "all photos of a person on one side",
        ("at random", "by the size of the photos", "four to train, one to test"),
        "What belongs together must not be on both sides, or the test measures memory.",
    ),
)
