"""Exercises on tokens.

Normalising, pairs and merges, bits per character, maximum matching, scoring words.
"""

from __future__ import annotations

import itertools
from collections import Counter
from itertools import pairwise

import numpy as np

from aigc_course.exercises.engine.draws import letters, size
from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion
from aigc_course.text.bpe import count_pairs, merge
from aigc_course.text.segmentation import max_match, scores


def count_pairs_in_loops(words):
    """Return how often each pair of neighbours occurs."""
    pairs = Counter()
    for symbols, count in words.items():
        for i in range(len(symbols) - 1):
            pairs[symbols[i], symbols[i + 1]] += count
    return pairs


COUNT_PAIRS = Exercise(
    name="tokens.count_pairs",
    title="Count neighbours",
    minutes=10,
    reference=count_pairs,
    shown=count_pairs_in_loops,
    probes=lambda: [
        ({("l", "o", "w"): 5, ("l", "o", "g"): 2},),
        ({("a", "a", "a"): 3, ("b",): 7},),
        ({("x", "y"): 1, ("y", "x", "y"): 4},),
        ({(b"l", b"o", b"w"): 2, (b"low", b"e"): 3},),  # the lesson's symbols are bytes
        ({("low",): 5},),  # nothing is left to merge
    ],
    hints=(
        (
            "If the word (l, o, w) stands in the data five times, how often does the pair (l, "
            "o) stand there?"
        ),
        (
            "Go through the neighbours of each word. Each pair counts as often as its word "
            "does, and the same pair may come again, in this word or in another."
        ),
        (
            "count(a, b) = sum over all words of (how often the word stands) x (in how many "
            "places of it b follows a)."
        ),
    ),
)


@COUNT_PAIRS.mistake("Each word counts once with you; it stands for as many as its number says.")
def once_a_word(words):
    return Counter(pair for word in words for pair in pairwise(word))


@COUNT_PAIRS.mistake("You count pairs across the border of two words; no merge may happen there.")
def across_words(words):
    everything = [symbol for word, count in words.items() for _ in range(count) for symbol in word]
    return Counter(pairwise(everything))


@COUNT_PAIRS.mistake("A pair may come twice within one word: a, a, a holds (a, a) two times.")
def each_pair_once_in_a_word(words):
    pairs = Counter()
    for word, count in words.items():
        for pair in set(pairwise(word)):
            pairs[pair] += count
    return pairs


@COUNT_PAIRS.mistake(
    'A pair is the tuple (a, b), not the joined string "ab": ("l", "ow") and '
    '("lo", "w") are two pairs.'
)
def joined(words):
    return Counter({a + b: n for (a, b), n in count_pairs(words).items()})


@COUNT_PAIRS.mistake("Add to what was counted before (+=): the same pair comes in several words.")
def overwritten(words):
    pairs = Counter()
    for word, count in words.items():
        for pair in pairwise(word):
            pairs[pair] = count
    return pairs


@COUNT_PAIRS.mistake("You step over every second pair: after (a, b) comes (b, c), not (c, d).")
def every_second(words):
    pairs = Counter()
    for word, count in words.items():
        for pair in zip(word[::2], word[1::2], strict=False):
            pairs[pair] += count
    return pairs


@COUNT_PAIRS.hidden(times=4)
def draw_count_pairs(rng):
    return ({tuple(letters(rng, size(rng, 1, 6))): size(rng, 2, 9) for _ in range(4)},)


def _with_its_type(answer, arguments):
    """Return the result of an answer together with the name of its type."""
    value = answer(*arguments)
    return {"the type": type(value).__name__, "the result": value}


def merge_in_a_loop(symbols, pair):
    """Return the symbols with every `pair`, from left to right, as one."""
    merged, i = [], 0
    while i < len(symbols):
        if symbols[i : i + 2] == pair:
            merged.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            merged.append(symbols[i])
            i += 1
    return tuple(merged)


MERGE = Exercise(
    name="tokens.merge",
    title="Merge a pair",
    minutes=10,
    reference=merge,
    shown=merge_in_a_loop,
    probes=lambda: [
        (("l", "o", "w", "l", "o"), ("l", "o")),
        (("a", "a", "a"), ("a", "a")),
        (("x", "y", "x"), ("y", "x")),
        (("a", "b"), ("c", "d")),
        (("b", "a", "b"), ("a", "b")),
        ((b"a", b"b", b"a"), (b"a", b"b")),  # the lesson's symbols are bytes
        (("a",), ("a", "b")),
    ],
    observe=_with_its_type,
    hints=(
        (
            "Once a symbol has been merged with its neighbour, may it be merged again with the "
            "next one?"
        ),
        (
            "Walk from left to right. Where this symbol and the next are the pair, write down "
            "both as one and go two steps on; else write down the symbol and go one step on. "
            "Adding joins strings and bytes alike."
        ),
        (
            "a, a, a with the pair (a, a) becomes aa, a. The result is a tuple, as it will be "
            "a key of a dictionary."
        ),
    ),
)


@MERGE.mistake("In a, a, a you merged twice: once a symbol is used, go on after it.")
def overlapping(symbols, pair):
    out = []
    for i, symbol in enumerate(symbols):
        if tuple(symbols[i : i + 2]) == pair:
            out.append(pair[0] + pair[1])
        elif i == 0 or tuple(symbols[i - 1 : i + 1]) != pair:
            out.append(symbol)
    return tuple(out)


@MERGE.mistake("Only the first occurrence is merged; do all of them.")
def first_only(symbols, pair):
    for i in range(len(symbols) - 1):
        if tuple(symbols[i : i + 2]) == pair:
            return (*symbols[:i], pair[0] + pair[1], *symbols[i + 2 :])
    return tuple(symbols)


@MERGE.mistake("The second symbol of the pair is still there after the merge: go two steps on.")
def forgets_the_second(symbols, pair):
    out = []
    for i, symbol in enumerate(symbols):
        out.append(pair[0] + pair[1] if tuple(symbols[i : i + 2]) == pair else symbol)
    return tuple(out)


@MERGE.mistake("Return a tuple: words are keys of a dictionary, and a list cannot be one.")
def as_a_list(symbols, pair):
    return list(merge(symbols, pair))


@MERGE.mistake("You also merged the pair the other way round; (y, x) is not (x, y).")
def any_order(symbols, pair):
    merged, i = [], 0
    while i < len(symbols):
        together = tuple(symbols[i : i + 2]) in (pair, pair[::-1])
        merged.append(symbols[i] + symbols[i + 1] if together else symbols[i])
        i += 2 if together else 1
    return tuple(merged)


@MERGE.hidden(times=6)
def draw_merge(rng):
    return tuple(letters(rng, size(rng, 2, 9), "ab")), tuple(letters(rng, 2, "ab"))


BITS_PER_CHARACTER = Question(
    name="tokens.bits_per_character",
    title="From bits per token to bits per character",
    minutes=5,
    reference=0.75,
    explanation="3 bits a token, 60 tokens: 180 bits for the text of 240 characters, so 0.75 "
    "bits a character.",
    mistakes=(
        Mistake(
            12.0,
            (
                "You multiplied with the characters a token has; a token of four "
                "characters spreads its bits over them."
            ),
        ),
        Mistake(3.0, "3 bits is what a token costs; a token here is four characters long."),
        Mistake(180.0, "That is the whole text; divide by its characters."),
        Mistake(4.0, "That is characters a token; what does each of them cost?"),
    ),
    hints=(
        "How many bits does the whole text cost?",
        "Spread them evenly over the characters of the text, whatever the tokens were.",
        "bits per character = bits per token x tokens / characters.",
    ),
)


def match_by_slices(text, words):
    """Split a text into the longest words that match, from left to right.

    At each place, lengths are tried from the longest down to 1.
    """
    found = []
    while text:
        n = max((n for n in range(1, len(text) + 1) if text[:n] in words), default=1)
        found.append(text[:n])
        text = text[n:]
    return found


MAX_MATCH = Exercise(
    name="tokens.max_match",
    title="Maximum matching",
    minutes=20,
    reference=max_match,
    shown=match_by_slices,
    probes=lambda: [
        ("研究生命起源", {"研究", "研究生", "生命", "起源", "命"}),
        ("他在图书馆里", {"图书", "图书馆", "在"}),
        ("有一天", {"有一天", "一天", "有"}),
        ("新龙", set()),
        ("学学", {"学", "学学", "学学学"}),
    ],
    hints=(
        "Which is the longest known word that begins at the place where you are?",
        (
            "Begin with the longest slice and shorten it until it is a known word. If none is, "
            "one character stands alone. Then go on behind it."
        ),
        (
            "Next word = the longest beginning of the rest that is in the dictionary, or else "
            "its first character; the new rest is what follows."
        ),
    ),
)


@MAX_MATCH.mistake("You take the shortest word; maximum matching takes the longest.")
def shortest(text, words):
    found = []
    while text:
        n = min((n for n in range(1, len(text) + 1) if text[:n] in words), default=1)
        found.append(text[:n])
        text = text[n:]
    return found


@MAX_MATCH.mistake("A character that begins no known word is lost; keep it as a word of its own.")
def drops_unknown(text, words):
    found = []
    while text:
        n = max((n for n in range(1, len(text) + 1) if text[:n] in words), default=0)
        found += [text[:n]] if n else []
        text = text[n or 1 :]
    return found


@MAX_MATCH.mistake(
    "After an unknown character all the rest became one word; let only that character stand alone."
)
def glues_unknown(text, words):
    found = []
    while text:
        n = max((n for n in range(1, len(text) + 1) if text[:n] in words), default=len(text))
        found.append(text[:n])
        text = text[n:]
    return found


@MAX_MATCH.mistake("You match from the end: a variant in real use; here begin at the front.")
def from_the_end(text, words):
    found = []
    while text:
        n = max((n for n in range(1, len(text) + 1) if text[-n:] in words), default=1)
        found.insert(0, text[-n:])
        text = text[:-n]
    return found


@MAX_MATCH.mistake("Words may be longer than two characters.")
def two_at_most(text, words):
    found = []
    while text:
        n = 2 if text[:2] in words and len(text) > 1 else 1
        found.append(text[:n])
        text = text[n:]
    return found


@MAX_MATCH.hidden(times=6)
def draw_max_match(rng):
    text = "".join(letters(rng, 8, "天地人大小"))
    starts = rng.integers(0, 6, 5)
    return text, {text[start : start + size(rng, 1, 4)] for start in starts}


def word_f1(predicted, true):
    """Return the F1 of words found at their exact place in one text."""
    return scores([predicted], [true])["F1"]


def f1_by_spans(predicted, true):
    """Return the F1 of words found at their exact place in one text.

    A word is right when both its ends are, which a set of (start, end) tells.
    """

    def places(words):
        ends = [sum(map(len, words[:i])) for i in range(len(words) + 1)]
        return {(ends[i], ends[i + 1]) for i in range(len(words))}

    right = len(places(predicted) & places(true))
    return 2 * right / (len(predicted) + len(true))


WORD_F1 = Exercise(
    name="tokens.word_f1",
    title="Score a segmentation",
    minutes=20,
    reference=word_f1,
    shown=f1_by_spans,
    probes=lambda: [
        (["有", "一天", "他"], ["有一天", "他"]),
        (["他", "他们", "他"], ["他", "他", "们他"]),
        (["a", "b", "cd"], ["a", "b", "c", "d"]),
        (["ab", "a"], ["a", "ba"]),
        (["a", "ba"], ["ab", "a"]),
        (["ba", "a", "b"], ["b", "a", "ab"]),
        (["x"], ["x"]),
    ],
    hints=(
        "Which two numbers say exactly where in the text a word stands?",
        (
            "Give each word its start and its end. A word is right when a true word has the "
            "same two. Precision asks it of the words found, recall of the true ones."
        ),
        "F1 = 2 x (words right) / (words found + true words).",
    ),
)


@WORD_F1.mistake(
    "You compare which words occur; compare where they stand, as (start, end) in the text."
)
def as_sets_of_words(predicted, true):
    right = len(set(predicted) & set(true))
    return 2 * right / (len(set(predicted)) + len(set(true)))


@WORD_F1.mistake(
    "You count equal words wherever they stand; a word is right only at its "
    "own place, (start, end)."
)
def bag_of_words(predicted, true):
    return 2 * (Counter(predicted) & Counter(true)).total() / (len(predicted) + len(true))


@WORD_F1.mistake(
    "After one extra word all later ones count as wrong: compare places in "
    "the text, not in the list."
)
def position_in_the_list(predicted, true):
    right = sum(a == b for a, b in zip(predicted, true, strict=False))
    return 2 * right / (len(predicted) + len(true))


@WORD_F1.mistake("That is precision: right words among those found. F1 asks for recall as well.")
def precision(predicted, true):
    return scores([predicted], [true])["precision"]


@WORD_F1.mistake("That is recall: right words among the true ones. F1 asks for precision as well.")
def recall(predicted, true):
    return scores([predicted], [true])["recall"]


@WORD_F1.mistake("F1 is the harmonic mean, 2 P R / (P + R), not the plain mean.")
def mean_of_both(predicted, true):
    s = scores([predicted], [true])
    return (s["precision"] + s["recall"]) / 2


@WORD_F1.mistake(
    "You compare one end of each word only; its beginning and its end must both be right."
)
def boundaries(predicted, true):
    def ends(words):
        return {sum(map(len, words[:i])) for i in range(1, len(words) + 1)}

    return 2 * len(ends(predicted) & ends(true)) / (len(predicted) + len(true))


@WORD_F1.mistake(
    "You look which words both lists share; a word must also stand at the same place of the text."
)
def words_in_both_lists(predicted, true):
    return 2 * len(set(predicted) & set(true)) / (len(predicted) + len(true))


@WORD_F1.hidden(times=6)
def draw_word_f1(rng):
    text = "".join(letters(rng, 9, "ab"))

    def cut():
        places = [
            0,
            *sorted(rng.choice(np.arange(1, 9), size(rng, 1, 5), replace=False).tolist()),
            9,
        ]
        return [text[a:b] for a, b in itertools.pairwise(places)]

    return cut(), cut()


QUIZ = (
    QuizQuestion(
        "Why are byte-pair encodings so often begun with bytes and not with characters?",
        "Then no text of any script is unknown.",
        (
            "Bytes make the tokens longer.",
            "Bytes are quicker to count.",
            "Characters have no frequencies.",
        ),
        "Every text is a row of bytes, and all 256 of them are in the vocabulary.",
    ),
    QuizQuestion(
        "Which pair does byte-pair encoding merge next?",
        "the one that occurs most often now",
        (
            "the one that stands first in the text",
            "the one whose token is longest",
            "the one that the model finds hardest",
        ),
        "It counts the pairs of neighbours as they are after all earlier merges.",
    ),
    QuizQuestion(
        "Model A needs 4 bits a token, model B 1.5 bits a token, each with tokens of its own. "
        "Which is better?",
        "It cannot be said without bits per character.",
        ("B, since it needs fewer bits.", "A, since its tokens are larger.", "Both are equal."),
        "Tokens of different size cannot be compared; bits for the same text can.",
    ),
    QuizQuestion(
        "You encode a new word. In which order are the merges applied?",
        "in the order in which they were learned",
        ("the longest first", "the most frequent in this word first", "from left to right"),
        "Later merges join what earlier ones have made.",
    ),
    QuizQuestion(
        "Maximum matching cuts themanran into them, an, ran. Why?",
        "It takes the longest word that begins at a place.",
        (
            "It begins at the end.",
            "It does not know the word the.",
            "It takes the most probable path.",
        ),
        "It never looks back, so an early long word can spoil what follows.",
    ),
)
