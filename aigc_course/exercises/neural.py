"""Exercises on neural n-grams: contexts, vectors that are looked up, parameters, bits."""

from __future__ import annotations

import math

import numpy as np

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion


def look_up(table, ids):
    """Return the rows of the ids, side by side: (N, n x D) from a table (V, D) and ids (N, n)."""
    return table[ids].reshape(len(ids), -1)


def _tables():
    """Return probes: tables (V, D) and ids (N, n)."""
    rng = np.random.default_rng(2)
    return [
        (np.array([[0.1, 0.2], [1.0, 2.0], [-3.0, 4.0]]), np.array([[1, 2], [2, 0]])),
        (rng.normal(size=(6, 3)), rng.integers(0, 6, (4, 2))),
        (rng.normal(size=(5, 2)), rng.integers(0, 5, (3, 4))),
    ]


LOOK_UP = Exercise(
    name="neural.look_up",
    title="Look up, side by side",
    minutes=5,
    reference=look_up,
    probes=_tables,
    hints=(
        "What does NumPy give for a table with an array of row numbers in square brackets?",
        "With ids of shape (N, n) it gives an array (N, n, D). Put the n vectors of each example "
        "into one row, the first word's first.",
        "Row i of the result: e of id (i, 1), then e of id (i, 2), and so on.",
    ),
)


@LOOK_UP.mistake("Put the n vectors of an example side by side into one row: (N, n x D).")
def not_flattened(table, ids):
    return table[ids]


@LOOK_UP.mistake("The vectors of the words are added up; put them side by side.")
def added_up(table, ids):
    return table[ids].sum(1)


@LOOK_UP.mistake("The vectors of the words are averaged; put them side by side.")
def averaged(table, ids):
    return table[ids].mean(1)


@LOOK_UP.mistake("The first word's vector comes first; yours are back to front.")
def last_word_first(table, ids):
    return look_up(table, ids[:, ::-1])


@LOOK_UP.mistake(
    "The numbers of the words are mixed: all D numbers of the first word come first, then those "
    "of the second."
)
def mixed_up(table, ids):
    return table[ids].transpose(0, 2, 1).reshape(len(ids), -1)


@LOOK_UP.mistake("There is one row for each example, not one long row for all.")
def one_long_row(table, ids):
    return table[ids].reshape(-1)


@LOOK_UP.hidden()
def draw_look_up(rng):
    v, d = size(rng, 4, 8), size(rng, 2, 4)
    return rng.normal(size=(v, d)), rng.integers(0, v, (size(rng, 2, 4), size(rng, 2, 4)))


def windows(ids, context):
    """Return the `context` ids before each place, padded with 0, and the id at each place.

    Args:
        ids: T token ids.
        context: how many ids to look back on.

    Returns:
        Lists of T contexts, each of `context` ids, and of T ids.
    """
    row = [0] * context + list(ids)
    return [row[i : i + context] for i in range(len(ids))], list(ids)


WINDOWS = Exercise(
    name="neural.windows",
    title="Contexts and what follows",
    minutes=10,
    reference=windows,
    probes=lambda: [([5, 7, 6], 2), ([3, 8, 4, 9, 2], 3), ([4], 3), ([6, 2, 5], 1)],
    hints=(
        "What stands before the first token, when there is nothing?",
        "Put `context` zeros in front of the ids. Then the context of each place begins at that "
        "same place in the longer row.",
        "context number i = row[i], ..., row[i + context - 1], with row = zeros, then ids.",
    ),
)


@WINDOWS.mistake("The context ends before the token that follows: that one is to be predicted.")
def with_the_answer(ids, context):
    row = [0] * context + list(ids)
    return [row[i + 1 : i + 1 + context] for i in range(len(ids))], list(ids)


@WINDOWS.mistake("The first tokens have a context, too: padding stands for what is not there.")
def only_full_ones(ids, context):
    ids = list(ids)
    places = range(context, len(ids))
    return [ids[i - context : i] for i in places], [ids[i] for i in places]


@WINDOWS.mistake("The padding stands before the text, not after it.")
def padded_behind(ids, context):
    ids = list(ids)
    return [(ids[max(0, i - context) : i] + [0] * context)[:context] for i in range(len(ids))], ids


@WINDOWS.mistake("The oldest token comes first in a context; yours is back to front.")
def newest_first(ids, context):
    before, follows = windows(ids, context)
    return [one[::-1] for one in before], follows


@WINDOWS.mistake("A context has `context` tokens; yours has one less.")
def one_short(ids, context):
    before, follows = windows(ids, context)
    return [one[1:] for one in before], follows


@WINDOWS.mistake("The order is: first the contexts, then the tokens that follow.")
def windows_turned_round(ids, context):
    return windows(ids, context)[::-1]


@WINDOWS.mistake("The last token is predicted as well: there is a context for each of the T ids.")
def without_the_last(ids, context):
    before, follows = windows(ids, context)
    return before[:-1], follows[:-1]


@WINDOWS.hidden()
def draw_windows(rng):
    return [int(i) for i in rng.integers(1, 30, size(rng, 3, 8))], size(rng, 1, 4)


PARAMETERS = Question(
    name="neural.parameters",
    title="What the network learns",
    minutes=5,
    reference=108.0,
    explanation="The table has 10 x 3 = 30 numbers, however many words are looked up in it. The "
    "hidden layer has 2 x 3 inputs, so 6 x 4 + 4 = 28, and the last one 4 x 10 + 10 = 50.",
    mistakes=(
        Mistake(138, "There is one table; both words are looked up in the same one."),
        Mistake(94, "The neurons of both layers have a bias each: 4 and 10 more."),
        Mistake(96, "The vectors of two words stand side by side: the hidden layer has 6 inputs."),
        Mistake(78, "The table is learned, too: 10 rows of 3 numbers."),
        Mistake(98, "The neurons of the last layer have a bias each, too."),
        Mistake(104, "The neurons of the hidden layer have a bias each, too."),
        Mistake(1000, "That is the table of an n-gram that looks back two words: 10 x 10 x 10."),
    ),
    hints=(
        "Three things are learned: the table and two layers. How many inputs has the hidden layer?",
        "The table: words times numbers a word. A layer: inputs times neurons, and a bias for "
        "each neuron. The inputs of the hidden layer are the numbers of both words.",
        "V x D + (2 x D) x H + H + H x V + V",
    ),
)


def to_bits(loss, tokens):
    """Return the bits of a text with a mean loss in nats a token."""
    return loss / np.log(2) * tokens


TO_BITS = Exercise(
    name="neural.to_bits",
    title="From a loss to bits a tale",
    minutes=5,
    reference=to_bits,
    probes=lambda: [(0.83, 47), (1.0, 10), (2.5, 3), (math.log(2), 8)],
    hints=(
        "The loss is a mean over the tokens, in nats. How many bits is a nat?",
        "A bit is ln 2 = 0.693 nats, so a number of nats is a larger number of bits. First find "
        "the bits of one token, then those of all.",
        "loss / ln 2 x number of tokens",
    ),
)


@TO_BITS.mistake("Those are nats; a bit is ln 2 nats, so there are more bits.")
def still_nats(loss, tokens):
    return loss * tokens


@TO_BITS.mistake("A nat is more than a bit: divide by ln 2, do not multiply.")
def times_ln_2(loss, tokens):
    return loss * math.log(2) * tokens


@TO_BITS.mistake("That is one token; multiply by how many there are.")
def bits_of_one_token(loss, tokens):
    return loss / math.log(2)


@TO_BITS.mistake("The loss is a mean already: multiply by the number of tokens.")
def divided_by_tokens(loss, tokens):
    return loss / math.log(2) / tokens


@TO_BITS.mistake("That is the logarithm of the loss; only the unit must change.")
def logarithm_of_the_loss(loss, tokens):
    return math.log2(loss) * tokens


@TO_BITS.hidden(times=3)
def draw_to_bits(rng):
    return float(rng.uniform(0.3, 3)), size(rng, 20, 60)


def share_never_seen(known, asked):
    """Return the share of the contexts `asked` that are not among those `known`."""
    known = set(known)
    return sum(context not in known for context in asked) / len(asked)


NEVER_SEEN = Exercise(
    name="neural.never_seen",
    title="How many contexts are new?",
    minutes=5,
    reference=share_never_seen,
    probes=lambda: [
        ([("a", "b"), ("b", "c"), ("a", "b")], [("a", "b"), ("c", "c"), ("c", "c"), ("b", "c")]),
        ([("x",)], [("x",), ("x",)]),
        ([("x",), ("y",)], [("z",)]),
    ],
    hints=(
        "When you meet a context, what do you have to know about the ones that were read?",
        "Make a set of the contexts that were read; to look something up in a list takes long. "
        "Count those that are not in it, each time that they occur.",
        "share = (contexts asked that are not known) / (all contexts asked)",
    ),
)


@NEVER_SEEN.mistake("That is the share that HAS been seen; the others are asked for.")
def seen_ones(known, asked):
    return 1 - share_never_seen(known, asked)


@NEVER_SEEN.mistake("A context that occurs twice counts twice: go through all that are asked.")
def each_once(known, asked):
    return len(set(asked) - set(known)) / len(asked)


@NEVER_SEEN.mistake("That is a number of contexts; divide by how many are asked.")
def a_number(known, asked):
    return share_never_seen(known, asked) * len(asked)


@NEVER_SEEN.mistake("The two are exchanged: which of those asked are not among those known?")
def never_seen_exchanged(known, asked):
    return share_never_seen(asked, known)


@NEVER_SEEN.hidden()
def draw_never_seen(rng):
    def contexts(n):
        return [tuple(int(i) for i in pair) for pair in rng.integers(0, 3, (n, 2))]

    return contexts(size(rng, 3, 7)), contexts(size(rng, 4, 9))


QUIZ = (
    QuizQuestion(
        "Why does counting need so many texts when it looks back a dozen words?",
        "Most such contexts were seen once or never.",
        (
            "Long contexts have no probability.",
            "Long contexts have no next word.",
            "Smoothing does not work for them.",
        ),
        "With every word the possible contexts become many times more; the texts do not.",
    ),
    QuizQuestion(
        "Why does the network need fewer texts than counting?",
        "It need not see a context as a whole.",
        (
            "It counts faster than a table.",
            "It looks at fewer words at a time.",
            "It needs no smoothing.",
        ),
        "Its hidden neurons read each word by itself, so what they know holds in new combinations.",
    ),
    QuizQuestion(
        "A table has 150 words and 24 numbers a word. How many numbers are looked up for a context "
        "of 12 words?",
        "12 x 24 = 288",
        ("150 x 24 = 3,600", "24", "12"),
        "Each of the twelve words gives its row of 24 numbers, and they stand side by side.",
    ),
    QuizQuestion(
        "A network predicts the next word with a mean loss of 1 nat, and a tale has 40 tokens. "
        "About how many bits does a tale cost?",
        "58",
        ("40", "28", "1"),
        "40 nats, and a nat is 1.44 bits.",
    ),
    QuizQuestion(
        "Random vectors that stay as they are turn out to be as good as learned ones. What does "
        "that show?",
        "The gain does not come from the learned vectors here.",
        (
            "Vectors are of no use to any network.",
            "The network has not learned anything.",
            "The learning rate was too small.",
        ),
        "Taking a part away and measuring again, an ablation, tells how much it was worth there.",
    ),
)
