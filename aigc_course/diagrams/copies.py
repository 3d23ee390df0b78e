"""Drawings of the lesson on copies and splits: MinHash, a leak."""

from __future__ import annotations

from aigc_course.diagrams.language import GREY, LOSS, QUERY, VALUE, Drawing

WORDS_A = ("Mia lost her", "lost her red", "her red kite", "red kite .")
WORDS_B = ("Mia lost her", "lost her blue", "her blue kite", "blue kite .")
HASHES = {
    "Mia lost her": (31, 58),
    "lost her red": (77, 12),
    "her red kite": (64, 90),
    "red kite .": (49, 35),
    "lost her blue": (83, 21),
    "her blue kite": (52, 44),
    "blue kite .": (95, 67),
}
"""Shingle -> its values under two hash functions: numbers for the drawing, made up."""


def minhash() -> Drawing:
    """Draw two sets of shingles with two hash values each, and the smallest of them."""
    sentences = (("Mia lost her red kite .", WORDS_A), ("Mia lost her blue kite .", WORDS_B))
    told = (
        f"{title} Smallest hash values {' and '.join(map(str, _smallest(words)))}."
        for title, words in sentences
    )
    drawing = Drawing(
        860,
        330,
        f"Two sentences as sets of four shingles. {' '.join(told)} They agree in the first and "
        "differ in the second.",
    )
    for left, (title, words) in zip((20, 450), sentences, strict=True):
        drawing.title(left + 195, 28, title)
        for i in (0, 1):
            drawing.note(left + 235 + 100 * i, 58, f"hash {i + 1}")
        for row, word in enumerate(words):
            _shingle(drawing, left, 85 + 42 * row, word, _smallest(words))
        drawing.text(left + 85, 274, "smallest")
        drawing.vector(left + 285, 269, _smallest(words), cell=(100, 34), colour=QUERY)
    drawing.note(
        430, 315, "the same smallest value in one of two places; green: the shingle that both share"
    )
    return drawing


def _smallest(words) -> list[int]:
    """Return the smallest value of each of the two hash functions."""
    return [min(HASHES[word][i] for word in words) for i in (0, 1)]


def _shingle(drawing: Drawing, left: float, y: float, word: str, smallest: list[int]) -> None:
    """Draw a shingle with its two hash values, in blue where they are the smallest."""
    colour = VALUE if word in WORDS_A and word in WORDS_B else GREY
    drawing.data(left + 85, y, word, width=150, colour=colour, height=32)
    for i, value in enumerate(HASHES[word]):
        least = value == smallest[i]
        how = {"bold": least, "colour": QUERY if least else GREY}
        drawing.text(left + 235 + 100 * i, y + 5, str(value), **how)


def leak() -> Drawing:
    """Draw copies of one text on both sides of a split, and kept together."""
    drawing = Drawing(
        760,
        250,
        "Two ways to split six texts, two copies each of A, B and C. At random, copies of A and C "
        "are in the training set and in the test set as well: a leak. Kept together, all copies "
        "of A and B are in the training set and both copies of C in the test set.",
    )
    for left, title, training, test in (
        (20, "at random", "ABCB", "AC"),
        (400, "copies kept together", "AABB", "CC"),
    ):
        drawing.title(left + 170, 28, title)
        drawing.frame(left, 50, left + 220, 150, "training set")
        drawing.frame(left + 240, 50, left + 340, 150, "test set")
        for i, name in enumerate(training):
            drawing.data(
                left + 35 + 50 * i, 110, name, width=38, colour=LOSS if name in test else GREY
            )
        for i, name in enumerate(test):
            drawing.data(
                left + 265 + 50 * i, 110, name, width=38, colour=LOSS if name in training else GREY
            )
    drawing.note(
        190,
        180,
        "A and C of the test set were seen in training:|the test measures memory",
        colour=LOSS,
    )
    drawing.note(
        570, 180, "nothing in the test set was seen before:|the test measures what was learned"
    )
    return drawing
