"""Exercises on clean text: UTF-8 by hand, one spelling, similar texts, MinHash."""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, QuizQuestion
from aigc_course.text.cleaning import normalize
from aigc_course.text.near_duplicates import PRIME, jaccard, minhash


def utf8(code):
    """Return the bytes of a character in UTF-8, as a list of whole numbers.

    Args:
        code: its code point, below 65,536.

    Source: RFC 3629, section 3.
    """
    if code < 128:
        return [code]
    if code < 2048:
        return [192 + code // 64, 128 + code % 64]
    return [224 + code // 4096, 128 + code // 64 % 64, 128 + code % 64]


UTF8 = Exercise(
    name="cleaning.utf8",
    title="UTF-8 by hand",
    minutes=15,
    reference=utf8,
    probes=lambda: [(code,) for code in (65, 233, 26032, 127, 128, 2047, 2048, 8364, 0, 65533)],
    hints=(
        "A character with a number below 2048 gets two bytes. How many of its eleven binary "
        "digits go into the second one?",
        "Six, so the number is cut by division by 64: the quotient goes into the first byte and "
        "the remainder into the second. For three bytes, cut once more. Then add the marks: 128 "
        "to a following byte, 192 to the first of two, 224 to the first of three.",
        "n < 128: n alone. n < 2048: 192 + (n div 64), 128 + (n mod 64). Else: 224 + (n div 4096), "
        "128 + ((n div 64) mod 64), 128 + (n mod 64).",
    ),
)


@UTF8.mistake("The bytes have no marks: add 192 or 224 to the first and 128 to those that follow.")
def without_marks(code):
    marks = {1: [0], 2: [192, 128], 3: [224, 128, 128]}
    return [byte - mark for byte, mark in zip(utf8(code), marks[len(utf8(code))], strict=True)]


@UTF8.mistake("The bytes are back to front: the first holds the highest part of the number.")
def lowest_part_first(code):
    return utf8(code)[::-1]


@UTF8.mistake("Characters from 2048 on need three bytes.")
def two_bytes_at_most(code):
    return [code] if code < 128 else [192 + code // 64, 128 + code % 64]


@UTF8.mistake("From 128 on, one byte is not enough: its first binary digit says that more follow.")
def one_byte_up_to_255(code):
    return [code] if code < 256 else utf8(code)


@UTF8.mistake("Characters below 128 are a single byte, the number itself.")
def two_bytes_at_least(code):
    return utf8(code) if code >= 2048 else [192 + code // 64, 128 + code % 64]


@UTF8.mistake("The byte in the middle holds six binary digits only: take the rest after 64.")
def middle_not_cut(code):
    return [*utf8(code)[:1], 128 + code // 64, 128 + code % 64] if code >= 2048 else utf8(code)


@UTF8.mistake("128 itself needs two bytes: one byte is for numbers below 128.")
def border_of_one_byte(code):
    return [code] if code == 128 else utf8(code)


@UTF8.mistake("2048 itself needs three bytes: two bytes are for numbers below 2048.")
def border_of_two_bytes(code):
    return [192 + code // 64, 128 + code % 64] if code == 2048 else utf8(code)


@UTF8.mistake("Numbers are asked for, not the bytes written as text.")
def as_hexadecimal(code):
    return [hex(byte) for byte in utf8(code)]


@UTF8.hidden(times=8)
def draw_utf8(rng):
    low, high = ((0, 128), (128, 2048), (2048, 55_000))[int(rng.integers(0, 3))]
    return (int(rng.integers(low, high)),)


def normalize_in_three_lines(text):
    """Return a text in NFC with single spaces and without control or format characters.

    White space goes first, as a line break is a control character, too.
    """
    text = " ".join(unicodedata.normalize("NFC", text).split())
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf"))
    return " ".join(text.split())


NORMALIZE = Exercise(
    name="cleaning.normalize",
    title="One spelling for what looks the same",
    minutes=15,
    reference=normalize,
    shown=normalize_in_three_lines,
    probes=lambda: [
        ("  New  tram\n links\u00a0it ",),
        ("so\u00adft\u200b hy\x07phen",),
        ("cafe\u0301 na\u00efve 新闻!",),
        ("a\x00 b\r\nc",),
        ("½ ﬁg \u200b x",),
        ("",),
    ],
    hints=(
        (
            "In which three ways can two texts differ that look the same: how letters are "
            "composed, how they are spaced, and what else?"
        ),
        (
            "Compose first. White space must become spaces before invisible characters go, "
            "because a line break is one of them. What is dropped may leave two spaces side by "
            "side."
        ),
        (
            "Order: NFC; runs of white space to one space; drop the categories Cc and Cf; runs "
            "of spaces to one again, none at the ends."
        ),
    ),
)


@NORMALIZE.mistake(
    "Characters that nobody sees are still there: drop those of category Cc "
    "(control) and Cf (format)."
)
def spaces_only(text):
    return " ".join(unicodedata.normalize("NFC", text).split())


@NORMALIZE.mistake("You threw away every letter beyond ASCII: é and 新 are text.")
def ascii_only(text):
    return " ".join(text.encode("ascii", "ignore").decode().split())


@NORMALIZE.mistake(
    "A line break is a control character, too: turn white space into spaces "
    "before you drop controls."
)
def controls_first(text):
    text = "".join(
        c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) not in ("Cc", "Cf")
    )
    return re.sub(r"\s+", " ", text).strip()


@NORMALIZE.mistake(
    "e + accent and é look the same but are not equal: "
    "unicodedata.normalize('NFC', text) composes them."
)
def not_composed(text):
    text = "".join(
        c for c in re.sub(r"\s+", " ", text) if unicodedata.category(c) not in ("Cc", "Cf")
    )
    return re.sub(" +", " ", text).strip()


@NORMALIZE.mistake(
    "NFD takes letters and accents apart; NFC puts them together (both look "
    "the same on the screen)."
)
def nfd(text):
    return unicodedata.normalize("NFD", normalize(text))


@NORMALIZE.mistake("NFKC changes what is written: ½ becomes 1⁄2. NFC only composes.")
def compatibility(text):
    return normalize(unicodedata.normalize("NFKC", text))


@NORMALIZE.mistake("Spaces at the beginning or the end are left.")
def not_stripped(text):
    text = "".join(
        c
        for c in re.sub(r"\s+", " ", unicodedata.normalize("NFC", text))
        if unicodedata.category(c) not in ("Cc", "Cf")
    )
    return re.sub(" +", " ", text)


@NORMALIZE.mistake("Punctuation is gone: drop only control and format characters.")
def printable(text):
    return "".join(
        c for c in " ".join(unicodedata.normalize("NFC", text).split()) if c.isalnum() or c == " "
    )


@NORMALIZE.hidden(times=6)
def draw_normalize(rng):
    pieces = [
        "  ",
        "\u00a0",
        "\u00ad",
        "\u200b",
        "\x07",
        "\r\n",
        "\t",
        "e\u0301",
        "ﬂ",
        "¼",
        "news",
        "Ärger",
        "新闻",
        "！",
        "a\x00b",
        "x",
    ]
    return ("".join(pieces[i] for i in rng.integers(0, len(pieces), 14)),)


def jaccard_in_two_lines(a, b):
    """Return the share of the elements of two sets that are in both."""
    together = a | b
    return len(a & b) / len(together) if together else 1.0


JACCARD = Exercise(
    name="cleaning.jaccard",
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
    name="cleaning.minhash",
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


QUIZ = (
    QuizQuestion(
        "A page shows donâ€™t where don’t should stand. What went wrong?",
        "Its bytes were read with the wrong encoding.",
        (
            "The author made a mistake.",
            "The font lacks the apostrophe.",
            "The page was copied too often.",
        ),
        "One apostrophe became three characters: UTF-8 bytes, each read as a character.",
    ),
    QuizQuestion(
        "Why is HTML read by a parser and not by a regular expression?",
        "Tags are nested, and < can stand in a script or as an entity.",
        (
            "A parser is faster.",
            "Regular expressions know no angle brackets.",
            "A parser corrects spelling.",
        ),
        "A parser knows the grammar of HTML; a pattern only sees characters.",
    ),
    QuizQuestion(
        "Two texts look the same on the screen, and == says they differ. A likely reason?",
        "An accent is a character of its own in one of them.",
        (
            "One of them is longer on paper.",
            "Python compares addresses.",
            "They were written on different days.",
        ),
        "Composed and decomposed letters look the same; NFC gives them one spelling.",
    ),
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
)
