"""Drawings of the lesson on clean text: the steps, UTF-8, a page as a tree."""

from __future__ import annotations

from aigc_course.diagrams.language import GREY, KEY, LOSS, QUERY, SMALL, Drawing

STEPS = (
    ("decode", r"b'caf\xc3\xa9'", "bytes"),
    ("parse", "<b>café</b> ...", "characters"),
    ("normalise", "café  &  tea", "the text of a page"),
    ("deduplicate", "A, B, A", "many texts"),
    ("split", "A, B", "every text once"),
)
"""Each step, an example of what goes in, and what that is."""


def steps() -> Drawing:
    """Draw the way from raw bytes to three sets of clean text."""
    drawing = Drawing(
        850,
        190,
        "Five steps in a row. Decode makes characters of bytes, parse takes the text out of a "
        "page, normalise gives it one spelling, deduplicate keeps every text once, and split "
        "parts the texts into training, validation and test set.",
    )
    before = None
    for i, (name, example, what) in enumerate(STEPS):
        x = 88 + 155 * i
        box = drawing.operation(x, 70, name, width=114)
        drawing.text(x - 14, 125, example, size=SMALL)
        drawing.note(x - 14, 148, what)
        drawing.arrow(before or (8, 70), box)
        before = box
    for i, name in enumerate(("train", "validate", "test")):
        drawing.arrow(before, (780, 32 + 38 * i), colour=GREY)
        drawing.note(784, 36 + 38 * i, name, anchor="start")
    drawing.note(430, 178, "below each step: an example of what goes in, and what it is")
    return drawing


def utf8() -> Drawing:
    """Draw how the number of one character becomes two bytes."""
    drawing = Drawing(
        700,
        270,
        "The character é has the number 233, in binary 00011 101001 with eleven digits. The first "
        "five digits follow the mark 110 and make the byte 195. The last six follow the mark 10 "
        "and make the byte 169.",
    )
    drawing.text(20, 52, "é is number 233", anchor="start")
    drawing.vector(310, 47, list("00011"), cell=(26, 34), colour=QUERY)
    drawing.vector(500, 47, list("101001"), cell=(26, 34), colour=KEY)
    drawing.note(310, 20, "the first five digits")
    drawing.note(500, 20, "the last six")
    drawing.text(20, 152, "in two bytes", anchor="start")
    drawing.vector(206, 147, list("110"), cell=(26, 34), colour=GREY)
    drawing.vector(310, 147, list("00011"), cell=(26, 34), colour=QUERY)
    drawing.vector(448, 147, list("10"), cell=(26, 34), colour=GREY)
    drawing.vector(552, 147, list("101001"), cell=(26, 34), colour=KEY)
    drawing.arrow((310, 66), (310, 126), colour=QUERY)
    drawing.arrow((500, 66), (552, 126), colour=KEY)
    drawing.text(271, 200, "192 + 3 = 195", size=SMALL)
    drawing.text(526, 200, "128 + 41 = 169", size=SMALL)
    drawing.note(206, 225, "mark: first of two bytes")
    drawing.note(470, 225, "mark: a byte that follows")
    drawing.note(
        350, 255, "0 to 127 is one byte that begins with 0, so plain English text stays as it was"
    )
    return drawing


def page_tree() -> Drawing:
    """Draw a small page as the tree that a parser sees."""
    drawing = Drawing(
        660,
        280,
        "A page as a tree. The page has two parts, p and script. Inside p stand the text Tea & "
        "milk and the part b, with the text 2 < 3. The script is struck out: nobody reads it.",
    )
    page = drawing.data(300, 40, "page", width=80, colour=GREY)
    p = drawing.data(170, 115, "p", width=60, colour=GREY)
    script = drawing.data(480, 115, "script", width=80, colour=GREY)
    first = drawing.data(90, 200, "Tea & milk:", width=110)
    b = drawing.data(250, 190, "b", width=60, colour=GREY)
    bold = drawing.data(250, 255, "2 < 3", width=80)
    code = drawing.data(480, 200, "if (a < b) ...", width=120, colour=GREY)
    for upper, lower in ((page, p), (page, script), (p, first), (p, b), (b, bold), (script, code)):
        drawing.line(upper.bottom, lower.top)
    drawing.line((405, 90), (560, 232), colour=LOSS, width=2.4)
    drawing.line((405, 232), (560, 90), colour=LOSS, width=2.4)
    drawing.note(600, 165, "for the|browser|only")
    return drawing
