"""Exercises on rules and chance: templates, grammars, entropy, temperature, smoothing, copying."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from aigc_course.evaluation.statistics import entropy
from aigc_course.evaluation.text_metrics import longest_copy
from aigc_course.exercises.engine.draws import letters, size
from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion
from aigc_course.generation.sampling import apply_temperature
from aigc_course.models.text.grammar import count_sentences


def count_by_recursion(rules, symbol="START"):
    """Count the sentences of a grammar: a word counts as 1, parts multiply, alternatives add."""
    if symbol not in rules:
        return 1
    return sum(
        math.prod(count_by_recursion(rules, part) for part in alternative.split())
        for alternative in rules[symbol]
    )


_GRAMMARS = (
    {
        "START": ["WHO sleeps", "WHO eats WHAT"],
        "WHO": ["Mia", "Tom", "Leo"],
        "WHAT": ["plums", "pears"],
    },
    {"START": ["A A"], "A": ["x", "y", "B"], "B": ["z", "w"]},
    {"START": ["hello"]},
)


GRAMMAR_SIZE = Exercise(
    name="chance.grammar_size",
    title="Count the sentences of a grammar",
    minutes=10,
    reference=count_sentences,
    probes=lambda: [(rules,) for rules in _GRAMMARS],
    shown=count_by_recursion,
    hints=(
        (
            "In how many ways can a word be written that has no rule? And two parts that stand "
            "one after the other?"
        ),
        (
            "Work from the words upwards. The counts of parts that follow each other multiply, "
            "those of alternatives add up. A symbol inside an alternative asks the same "
            "question again, so the function may call itself."
        ),
        (
            "ways(word) = 1; ways(symbol) = the sum, over its alternatives, of the product of "
            "ways(part) over their parts."
        ),
    ),
)


@GRAMMAR_SIZE.mistake(
    "Parts that stand one after the other multiply: 3 people times 2 foods make 6 sentences, not 5."
)
def sum_everything(rules, symbol="START"):
    if symbol not in rules:
        return 1
    return sum(
        sum(sum_everything(rules, part) for part in alternative.split())
        for alternative in rules[symbol]
    )


@GRAMMAR_SIZE.mistake(
    "You always get 1: alternatives add up, and all of them count (is the "
    "`return` inside the loop?)."
)
def multiply_everything(rules, symbol="START"):
    if symbol not in rules:
        return 1
    return math.prod(
        math.prod(multiply_everything(rules, part) for part in alternative.split())
        for alternative in rules[symbol]
    )


@GRAMMAR_SIZE.mistake(
    "That is the rule for one template with independent gaps; here a symbol "
    "counts only where it is used."
)
def product_of_lengths(rules, symbol="START"):
    return math.prod(len(alternatives) for alternatives in rules.values())


@GRAMMAR_SIZE.mistake("A word without a rule can be written in one way: return 1 for it, not 0.")
def zero_for_words(rules, symbol="START"):
    if symbol not in rules:
        return 0
    return sum(
        math.prod(zero_for_words(rules, part) for part in alternative.split())
        for alternative in rules[symbol]
    )


@GRAMMAR_SIZE.mistake(
    "You walked through letters: split each alternative into its parts, alternative.split()."
)
def counts_letters(rules, symbol="START"):
    if symbol not in rules:
        return 1
    return sum(
        math.prod(counts_letters(rules, letter) for letter in alternative)
        for alternative in rules[symbol]
    )


@GRAMMAR_SIZE.mistake(
    "You counted the alternatives of START only; each symbol in them can be "
    "replaced in several ways."
)
def count_alternatives(rules, symbol="START"):
    return len(rules[symbol])


@GRAMMAR_SIZE.hidden()
def draw_grammar_size(rng):
    words = lambda n: [f"w{i}" for i in range(n)]  # noqa: E731
    return (
        {
            "START": ["A A B", *["A B", "B ends"][: size(rng, 1, 2)]],
            "A": [*words(size(rng, 2, 4)), "very C"],
            "B": words(size(rng, 2, 5)),
            "C": words(size(rng, 2, 3)),
        },
    )


PLOT_BITS = Question(
    name="chance.plot_bits",
    title="Bits of an uneven choice, on paper",
    minutes=5,
    reference=1.5,
    explanation="1/2 * 1 bit + 1/4 * 2 bits + 1/4 * 2 bits = 1.5 bits.",
    mistakes=(
        Mistake(
            1.585,
            (
                "log2(3) holds when the three plots are equally likely; here one comes "
                "half of the time."
            ),
        ),
        Mistake(
            5.0,
            (
                "Weigh each surprise with how often it happens; 1 + 2 + 2 counts them as "
                "if all happened."
            ),
        ),
        Mistake(
            5 / 3,
            "A plain mean of 1, 2 and 2 ignores that the first plot comes twice as often.",
        ),
        Mistake(2.0, "2 bits is the surprise of a rare plot; the frequent one costs only 1."),
    ),
    hints=(
        "How surprising is each plot: which one carries 1 bit, which ones 2?",
        "Entropy is the mean surprise: weigh each surprise with how often it happens.",
        "H = -sum of p log2 p over the three plots.",
    ),
    tolerance=0.006,
)


def entropy_in_one_line(probabilities):
    """Return the entropy in bits: the mean of the surprises, without what never happens."""
    return -sum(p * math.log2(p) for p in probabilities if p > 0)


ENTROPY = Exercise(
    name="chance.entropy",
    title="Entropy in bits",
    minutes=5,
    reference=entropy,
    shown=entropy_in_one_line,
    probes=lambda: [
        ([0.5, 0.25, 0.25],),
        ([1.0, 0.0],),
        ([0.1] * 10,),
        ([0.7, 0.2, 0.1],),
        ([np.float64(0.0), np.float64(1.0)],),  # as np.linspace gives them
    ],
    hints=(
        (
            "How many bits of surprise carries something of probability p, and how often does "
            "that surprise come?"
        ),
        (
            "Entropy is the mean surprise, each weighted with its own probability. The "
            "logarithm of 0 does not exist: leave out what never happens."
        ),
        "H = -sum of p log2 p, over all p that are not 0.",
    ),
)


@ENTROPY.mistake("That is entropy in nats: take log2, not the natural logarithm.")
def nats(p):
    p = np.asarray(p, dtype=float)
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


@ENTROPY.mistake("The sign is wrong: entropy is never negative, and log2 of a probability is.")
def no_minus(p):
    return -entropy(p)


@ENTROPY.mistake("Each surprise -log2 p must be weighted with its own p before you add them.")
def unweighted(p):
    return float(-sum(math.log2(x) for x in p if x > 0))


@ENTROPY.mistake("0 * log2(0) is nan: what never happens adds nothing, so leave p = 0 out.")
def zero_as_nan(p):
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(-(np.asarray(p) * np.log2(p)).sum())


@ENTROPY.mistake("log2(0) breaks it: what never happens adds nothing, so leave p = 0 out.")
def zero_is_not_skipped(p):
    return float(-sum(x * math.log2(x) for x in p))


@ENTROPY.hidden(times=4)
def draw_entropy(rng):
    return ([*rng.dirichlet(np.ones(size(rng, 2, 7))).tolist(), 0.0],)


def power_and_normalise(probabilities, temperature):
    """Return the probabilities to the power 1 / T, divided by their sum."""
    scaled = np.asarray(probabilities) ** (1 / temperature)
    return scaled / scaled.sum()


TEMPERATURE = Exercise(
    name="chance.temperature",
    title="Temperature",
    minutes=10,
    reference=apply_temperature,
    shown=power_and_normalise,
    probes=lambda: [
        (np.array([0.6, 0.3, 0.1]), 0.5),
        (np.array([0.6, 0.3, 0.1]), 2.0),
        (np.array([0.5, 0.5, 0.0]), 1.0),
        (np.array([0.9, 0.1]), 0.7),
    ],
    hints=(
        (
            "Below T = 1 the likely should become likelier. Which power makes large numbers "
            "larger still, compared with small ones?"
        ),
        (
            "Raise every probability to the power 1 / T. Afterwards they no longer sum to 1: "
            "what repairs that?"
        ),
        "q_i = p_i^(1/T) / (sum over all j of p_j^(1/T)).",
    ),
)


@TEMPERATURE.mistake(
    "The exponent is 1 / T: with T below 1 the likely should become "
    "likelier, yours does the opposite."
)
def power_t(p, temperature):
    scaled = np.asarray(p, dtype=float) ** temperature
    return scaled / scaled.sum()


@TEMPERATURE.mistake(
    "Two things: the exponent is 1 / T, not T, and the result must be divided by its sum."
)
def power_t_not_normalised(p, temperature):
    return np.asarray(p, dtype=float) ** temperature


@TEMPERATURE.mistake("The result does not sum to 1: divide by its sum.")
def not_normalised(p, temperature):
    return np.asarray(p, dtype=float) ** (1 / temperature)


@TEMPERATURE.mistake(
    "Dividing all by T and normalising changes nothing; T belongs into the exponent."
)
def divided(p, temperature):
    scaled = np.asarray(p, dtype=float) / temperature
    return scaled / scaled.sum()


@TEMPERATURE.mistake(
    "exp(p / T) is for logits; here p are probabilities already, so use p ** (1 / T)."
)
def softmax_of_probabilities(p, temperature):
    scaled = np.exp(np.asarray(p, dtype=float) / temperature)
    return scaled / scaled.sum()


@TEMPERATURE.hidden(times=4)
def draw_temperature(rng):
    return np.append(rng.dirichlet(np.ones(size(rng, 2, 6))), 0.0), float(rng.uniform(0.3, 3))


def add_k(followers: Counter, vocabulary: list[str], k: float) -> dict[str, float]:
    """Return (count + k) / (total + k V) for every token of the vocabulary; V is its size."""
    total = followers.total() + k * len(vocabulary)
    return {token: (followers[token] + k) / total for token in vocabulary}


ADD_K = Exercise(
    name="chance.add_k",
    title="Add-k smoothing",
    minutes=15,
    reference=add_k,
    probes=lambda: [
        (Counter(red=3, blue=1), ["blue", "green", "red"], 0.5),
        (Counter(a=2), ["a", "b"], 1),
        (Counter(), ["a", "b", "c", "d"], 0.1),
    ],
    hints=(
        (
            "If every token of the vocabulary had been seen k times more, how large would the "
            "total be?"
        ),
        (
            "Each count grows by k, and the total by k for each token of the vocabulary. A "
            "Counter gives 0 for what it does not hold."
        ),
        "P(token) = (count + k) / (total + k V), with V the size of the vocabulary.",
    ),
)


@ADD_K.mistake(
    "k is added to every token of the vocabulary, so the total grows by k times its size, not by k."
)
def k_once_in_total(followers, vocabulary, k):
    return {token: (followers[token] + k) / (followers.total() + k) for token in vocabulary}


@ADD_K.mistake("The probabilities sum to more than 1: the total must grow by what you added.")
def total_without_k(followers, vocabulary, k):
    return {token: (followers[token] + k) / followers.total() for token in vocabulary}


@ADD_K.mistake("Tokens that were never seen are missing: they are the reason for smoothing.")
def seen_only(followers, vocabulary, k):
    total = followers.total() + k * len(followers)
    return {token: (count + k) / total for token, count in followers.items()}


@ADD_K.mistake(
    "The total grows by what you add to every token together: k times the size of the vocabulary."
)
def size_in_total(followers, vocabulary, k):
    total = followers.total() + len(vocabulary)
    return {token: (followers[token] + k) / total for token in vocabulary}


@ADD_K.mistake("You always add 1; add k.")
def always_one(followers, vocabulary, k):
    return add_k(followers, vocabulary, 1)


@ADD_K.hidden()
def draw_add_k(rng):
    vocabulary = [f"w{i}" for i in range(size(rng, 3, 7))]
    return (
        Counter({word: size(rng, 1, 9) for word in vocabulary[:2]}),
        vocabulary,
        float(rng.uniform(0.1, 2)),
    )


def longest_common_run(tokens, known):
    """Return the length of the longest run of tokens that also stands in a known text.

    ends[j] is the length of the run that ends at tokens[j - 1] and at the token just read.
    """
    best = 0
    for text in known:
        ends = [0] * (len(tokens) + 1)
        for token in text:
            ends = [0] + [ends[j] + 1 if tokens[j] == token else 0 for j in range(len(tokens))]
            best = max(best, *ends)
    return best


LONGEST_COPY = Exercise(
    name="chance.longest_copy",
    title="How long is the longest copied passage?",
    minutes=30,
    reference=longest_copy,
    shown=longest_common_run,
    probes=lambda: [
        ("a b c d e".split(), ["x b c d y".split(), "a b".split()]),
        ("the cat sat on the mat".split(), ["on the mat sat the cat".split()]),
        ("a b".split(), ["c d".split()]),
        ("p a q b".split(), ["a b".split()]),
        (["he", "cat", "sat"], [["the", "cat", "ran"]]),
    ],
    hints=(
        (
            "If two tokens are equal, one in your text and one in a known text, how long is "
            "the copied run that ends there?"
        ),
        (
            "It is one longer than the run that ends one token earlier in both texts. Where "
            "the two tokens differ it is 0. So one pass over all pairs of places is enough."
        ),
        (
            "run(i, j) = run(i - 1, j - 1) + 1 where token i equals token j, else 0; the "
            "answer is the largest of all."
        ),
    ),
    seconds=20,
)


@LONGEST_COPY.mistake(
    'You compare letters: "he cat" stands in "the cat", but the token "he" does not.'
)
def as_strings(tokens, known):
    runs = ((i, j) for i in range(len(tokens)) for j in range(i + 1, len(tokens) + 1))
    return max(
        (j - i for i, j in runs if any(" ".join(tokens[i:j]) in " ".join(text) for text in known)),
        default=0,
    )


@LONGEST_COPY.mistake(
    "You compare beginnings only; a copied passage may start anywhere in both texts."
)
def longest_prefix(tokens, known):
    best = 0
    for text in known:
        n = 0
        while n < min(len(tokens), len(text)) and tokens[n] == text[n]:
            n += 1
        best = max(best, n)
    return best


@LONGEST_COPY.mistake("You count shared words in any order; a copy keeps the order without gaps.")
def any_order(tokens, known):
    return max((sum(token in text for token in tokens) for text in known), default=0)


@LONGEST_COPY.mistake("You allow gaps (a common subsequence); a copied passage is unbroken.")
def with_gaps(tokens, known):
    best = 0
    for text in known:
        row = [0] * (len(tokens) + 1)
        for token in text:
            new = [0]
            for j, mine in enumerate(tokens):
                new.append(row[j] + 1 if mine == token else max(row[j + 1], new[j]))
            row = new
        best = max(best, row[-1])
    return best


@LONGEST_COPY.hidden(times=6)
def draw_longest_copy(rng):
    return letters(rng, size(rng, 5, 12)), [letters(rng, size(rng, 3, 12)) for _ in range(3)]


QUIZ = (
    QuizQuestion(
        "A rule replaces A by x, y or z, and START is A A. How many sentences can be written?",
        "9",
        ("6", "3", "27"),
        "Parts that follow each other multiply: three ways for the first, three for the second.",
    ),
    QuizQuestion(
        "An event has the probability 1/8. How large is its surprise?",
        "3 bits",
        ("8 bits", "1/8 bit", "0.8 bits"),
        "Three questions with yes or no find one of eight: minus the logarithm of 1/8 to base 2.",
    ),
    QuizQuestion(
        "How many tokens does an n-gram model with n = 4 look back on?",
        "3",
        ("4", "2", "5"),
        "An n-gram is n tokens in a row, and the last of them is the one that is predicted.",
    ),
    QuizQuestion(
        "A model needs fewer bits for its training tales than the entropy. What does that show?",
        "It knows them by heart.",
        ("It understands them.", "It is smoothed well.", "It has a bug in its counts."),
        "Nobody can predict new tales with fewer bits than the entropy; these are not new to it.",
    ),
    QuizQuestion(
        "Why is an unsmoothed n-gram model surprised without end by some new tales?",
        "They hold an n-gram that it never saw.",
        ("They are longer than others.", "They break the world's rules.", "They use new letters."),
        "What was never seen has the frequency 0, and the logarithm of 0 is minus infinity.",
    ),
    QuizQuestion(
        "What does a temperature below 1 do?",
        "It makes likely tokens likelier.",
        ("It makes all tokens equal.", "It makes rare tokens likelier.", "It removes rare tokens."),
        "Each probability is raised to a power above 1, which shrinks small ones the most.",
    ),
)
