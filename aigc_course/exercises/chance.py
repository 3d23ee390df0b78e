"""Exercises on rules and chance: grammars, surprise and entropy, temperature."""

from __future__ import annotations

import math

import numpy as np

from aigc_course.evaluation.statistics import entropy
from aigc_course.exercises.engine.draws import size
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


def derive(rules, choices):
    """Return the sentence of a leftmost derivation: each choice replaces the leftmost symbol."""
    parts, choices = ["START"], list(choices)
    while any(part in rules for part in parts):
        place = next(i for i, part in enumerate(parts) if part in rules)
        parts[place : place + 1] = rules[parts[place]][choices.pop(0)].split()
    return " ".join(parts)


_CHOICES = (
    (_GRAMMARS[0], [1, 1, 0]),
    (_GRAMMARS[0], [0, 2]),
    (_GRAMMARS[1], [0, 2, 1, 0]),
    (_GRAMMARS[1], [0, 1, 2, 0]),
    (_GRAMMARS[2], [0]),
    ({"START": ["Ada A"], "A": ["x", "y"]}, [0, 1]),  # a symbol's letters inside a word
)


DERIVE = Exercise(
    name="chance.derive",
    title="Follow the choices",
    minutes=15,
    reference=derive,
    probes=lambda: list(_CHOICES),
    hints=(
        "Which part of the sentence must be replaced next, and by what?",
        "Keep the sentence as a list of parts, at first START alone. While one of them is a "
        "symbol, find the first such part and put the parts of its alternative in its place.",
        "parts = parts before + rules[symbol][choice].split() + parts after",
    ),
)


def _derived(rules, choices, *, first=0, last=False, all_alike=False):
    """Derive as `derive` does, for the known mistakes: each changes one thing.

    Args:
        rules, choices: as there.
        first: number of the first alternative.
        last: whether the rightmost symbol is replaced.
        all_alike: whether all places of a symbol are replaced by the same choice.
    """
    parts, choices = ["START"], list(choices)
    while places := [i for i, part in enumerate(parts) if part in rules]:
        symbol = parts[places[-1 if last else 0]]
        alternatives = rules[symbol]
        chosen = alternatives[(choices.pop(0) if choices else 0) - first].split()
        if all_alike:
            parts = [p for part in parts for p in (chosen if part == symbol else [part])]
        else:
            place = places[-1 if last else 0]
            parts[place : place + 1] = chosen
    return " ".join(parts)


@DERIVE.mistake("You replace the symbol furthest to the RIGHT; take the one furthest to the left.")
def rightmost(rules, choices):
    return _derived(rules, choices, last=True)


@DERIVE.mistake("Alternatives are counted from 0: choice 0 is the first of them.")
def counted_from_one(rules, choices):
    return _derived(rules, choices, first=1)


@DERIVE.mistake("Only one place is replaced by a choice; the next equal symbol has its own.")
def all_places_at_once(rules, choices):
    return _derived(rules, choices, all_alike=True)


@DERIVE.mistake("Return one string: the words, joined by spaces.")
def a_list_of_words(rules, choices):
    return derive(rules, choices).split()


@DERIVE.mistake("The words are joined without spaces.")
def without_spaces(rules, choices):
    return derive(rules, choices).replace(" ", "")


@DERIVE.mistake("Symbols are left in your sentence: go on until there is none.")
def stopped_too_early(rules, choices):
    return rules["START"][choices[0]]


@DERIVE.hidden(times=5)
def draw_derive(rng):
    rules = {
        "START": ["A B A", "B A"],
        "A": ["x", "very C", "y"],
        "B": ["likes", "sees C and"],
        "C": ["red", "blue", "green"],
    }
    return rules, [int(i) for i in rng.integers(0, 2, 12)]


def surprise(probabilities):
    """Return the bits of surprise of choices made one after the other: -log2 p, added up."""
    return sum(-math.log2(p) for p in probabilities)


SURPRISE = Exercise(
    name="chance.surprise",
    title="The surprise of a chain of choices",
    minutes=5,
    reference=surprise,
    probes=lambda: [([0.5, 0.25],), ([0.125],), ([1.0, 0.5, 0.1],), ([0.3, 0.3, 0.9, 0.02],)],
    hints=(
        "How many bits does a single choice of probability p carry?",
        "Minus the logarithm of p to base 2. Choices that follow each other add up their bits, "
        "because their probabilities multiply.",
        "the sum of -log2 p over all choices",
    ),
)


@SURPRISE.mistake("Those are nats; for bits take the logarithm to base 2.")
def surprise_in_nats(probabilities):
    return surprise(probabilities) * math.log(2)


@SURPRISE.mistake("The minus is missing: a surprise is never negative.")
def surprise_without_minus(probabilities):
    return -surprise(probabilities)


@SURPRISE.mistake("Each choice happened, so its bits count in full: do not weigh them with p.")
def surprise_weighted(probabilities):
    return sum(-p * math.log2(p) for p in probabilities)


@SURPRISE.mistake("That is the mean; the bits of all choices are added up.")
def mean_surprise(probabilities):
    return surprise(probabilities) / len(probabilities)


@SURPRISE.mistake("Probabilities of choices that follow each other multiply; you added them up.")
def surprise_of_the_sum(probabilities):
    return -math.log2(sum(probabilities))


@SURPRISE.mistake("The logarithm is missing: that is the probability of all choices together.")
def probability_of_all(probabilities):
    return math.prod(probabilities)


@SURPRISE.hidden(times=3)
def draw_surprise(rng):
    return ([float(p) for p in rng.uniform(0.05, 0.95, size(rng, 2, 6))],)


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
    "e to the power p / T belongs to another formula; raise each probability itself: p ** (1 / T)."
)
def softmax_of_probabilities(p, temperature):
    scaled = np.exp(np.asarray(p, dtype=float) / temperature)
    return scaled / scaled.sum()


@TEMPERATURE.hidden(times=4)
def draw_temperature(rng):
    return np.append(rng.dirichlet(np.ones(size(rng, 2, 6))), 0.0), float(rng.uniform(0.3, 3))


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
        "An event is sure to happen. How large is its surprise?",
        "0 bits",
        ("1 bit", "as large as can be", "100 bits"),
        "Minus the logarithm of 1 is 0: what was sure tells nothing new.",
    ),
    QuizQuestion(
        "Four plots are equally likely. What is the entropy of the plot?",
        "2 bits",
        ("4 bits", "1 bit", "1/4 bit"),
        "Two questions with yes or no find one of four, whichever it is.",
    ),
    QuizQuestion(
        "A coin falls on heads nine times in ten. How large is its entropy?",
        "less than 1 bit",
        ("exactly 1 bit", "more than 1 bit", "9/10 bit per head"),
        "A fair coin has 1 bit, the most that two sides can have; this one is easier to guess.",
    ),
    QuizQuestion(
        "What is the price of a generator made of rules?",
        "Somebody has to write each rule and each word.",
        ("It makes mistakes now and then.", "It needs many examples.", "Nobody can check it."),
        "What rules write is right, and can be checked; but all of it was put in by hand.",
    ),
    QuizQuestion(
        "What does a temperature below 1 do?",
        "It makes likely tokens likelier.",
        ("It makes all tokens equal.", "It makes rare tokens likelier.", "It removes rare tokens."),
        "Each probability is raised to a power above 1, which shrinks small ones the most.",
    ),
)
