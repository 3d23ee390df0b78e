"""Exercises on clean text: UTF-8 by hand, encodings, one spelling, precision and recall."""

from __future__ import annotations

import re
import unicodedata

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, QuizQuestion
from aigc_course.text.cleaning import normalize


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


def read(raw):
    """Return the text of bytes: as UTF-8 if all of them fit, otherwise as Windows-1252."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


READ = Exercise(
    name="cleaning.read",
    title="Guess the encoding",
    minutes=5,
    reference=read,
    probes=lambda: [
        ("café".encode(),),
        ("café".encode("cp1252"),),
        ("Mia’s kite costs 5 €".encode("cp1252"),),
        ("新闻".encode(),),
        (b"plain",),
        (b"",),
    ],
    hints=(
        "Which of the two encodings refuses bytes that do not fit?",
        "Try UTF-8 first, and catch the error that it raises. Only then take the other one, in "
        "which nearly every byte is some character.",
        "the text by UTF-8, and when UnicodeDecodeError is raised, the text by the other encoding",
    ),
)


@READ.mistake("Windows-1252 fits nearly any bytes, so it must come second: try UTF-8 first.")
def western_first(raw):
    return raw.decode("cp1252", errors="replace")


@READ.mistake("With errors='replace' UTF-8 never refuses; without it, it says what does not fit.")
def utf8_always(raw):
    return raw.decode("utf-8", errors="replace")


@READ.mistake("Latin-1 has no quotes and no euro sign where Windows-1252 has them: take cp1252.")
def as_latin1(raw):
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@READ.mistake("Bytes that fit nowhere are not dropped: the second encoding is used for ALL bytes.")
def what_does_not_fit_dropped(raw):
    return raw.decode("utf-8", errors="ignore")


@READ.hidden(times=5)
def draw_read(rng):
    word = "".join(rng.choice(list("aeéèüñ€’ok"), size(rng, 4, 9)))
    return (word.encode("utf-8" if rng.random() < 0.5 else "cp1252"),)


def precision_and_recall(found, true):
    """Return the share of `found` that is in `true`, and the share of `true` that is in `found`."""
    right = len(found & true)
    return right / len(found), right / len(true)


SCORES = Exercise(
    name="cleaning.scores",
    title="Precision and recall",
    minutes=5,
    reference=precision_and_recall,
    probes=lambda: [
        ({1, 2, 3, 4, 5}, {1, 2, 3, 9}),
        ({"a"}, {"a", "b", "c", "d"}),
        ({"x", "y"}, {"z"}),
    ],
    hints=(
        "Which elements are right? And of what are they a share, in each of the two?",
        "The right ones are in both sets. Divide their number once by the size of what was found, "
        "and once by the size of what is true.",
        "precision = right / found, recall = right / true",
    ),
)


@SCORES.mistake("The two are exchanged: precision first, the share of what was FOUND.")
def recall_first(found, true):
    return precision_and_recall(true, found)


@SCORES.mistake("Both are divided by what was found; recall is a share of the true ones.")
def both_of_found(found, true):
    share = len(found & true) / len(found)
    return share, share


@SCORES.mistake("Both are divided by the true ones; precision is a share of what was found.")
def both_of_true(found, true):
    share = len(found & true) / len(true)
    return share, share


@SCORES.mistake("You divide by all different elements; that is another measure, of similarity.")
def of_the_union(found, true):
    share = len(found & true) / len(found | true)
    return share, share


@SCORES.mistake("Two numbers are asked for: the precision and the recall.")
def precision_only(found, true):
    return len(found & true) / len(found)


@SCORES.mistake("Those are numbers of right ones; divide them, to get shares.")
def numbers_of_right_ones(found, true):
    return len(found & true), len(found & true)


@SCORES.hidden(times=4)
def draw_scores(rng):
    def some():
        return {int(i) for i in rng.integers(0, 9, size(rng, 3, 8))}

    return some(), some()


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
        "Somebody returns ten texts. All ten are right, and a hundred are true. What is low?",
        "the recall",
        ("the precision", "both", "neither"),
        "Of what was returned everything is right, but nine of ten true texts are missing.",
    ),
    QuizQuestion(
        "Bytes do not fit UTF-8, but each is a character of Windows-1252. What is sure?",
        "Only that they are not UTF-8.",
        ("that they are Windows-1252", "that they are Chinese", "that the file is broken"),
        "Nearly any bytes fit an encoding of one byte a character, so fitting it proves little.",
    ),
)
