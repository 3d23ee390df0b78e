"""Drawings of the lesson on tokens: three sizes of token, merges, the longest word."""

from __future__ import annotations

from aigc_course.diagrams.language import GENERATED, GREY, QUERY, SMALL, TRUE, VALUE, Drawing


def sizes() -> Drawing:
    """Draw one text as characters, as pieces of words, and as words."""
    drawing = Drawing(
        780,
        260,
        "The text unlucky kites in three rows. As characters it has thirteen tokens, of a small "
        "vocabulary. As pieces of words it has four, un, lucky, kite and s. As words it has two, "
        "of a vocabulary without end.",
    )
    rows = (
        ("characters", list("unlucky") + list("kites"), "many tokens,|few kinds"),
        ("pieces", ["un", "lucky", "kite", "s"], "something|between"),
        ("words", ["unlucky", "kites"], "few tokens,|kinds without end"),
    )
    for row, (name, tokens, says) in enumerate(rows):
        y = 50 + 80 * row
        drawing.title(20, y + 5, name, anchor="start")
        x = 135.0
        for i, token in enumerate(tokens):
            wide = 34 * len(token) + (len(token) - 1) * 4
            x += 24 if "".join(tokens[:i]) == "unlucky" else 0
            drawing.data(x + wide / 2, y, token, width=wide, height=38)
            x += wide + 4
        drawing.note(680, y - 4, says)
    return drawing


def merges() -> Drawing:
    """Draw how merges join the letters of a word that was not in the data."""
    drawing = Drawing(
        640,
        300,
        "The word lowest is encoded by merges, from the bottom. Its letters are l, o, w, e, s, t. "
        "Merge 1 joins e and s, merge 2 joins es and t, merge 3 joins l and o, merge 4 joins lo "
        "and w. Two tokens are left: low and est.",
    )
    places = {letter: 90 + 85 * i for i, letter in enumerate("lowest")}
    tops = {letter: drawing.data(x, 265, letter, width=40) for letter, x in places.items()}
    joins = (
        ("e", "s", 205, "es"),
        ("es", "t", 145, "est"),
        ("l", "o", 205, "lo"),
        ("lo", "w", 145, "low"),
    )
    for number, (left, right, y, name) in enumerate(joins, 1):
        a, b = tops.pop(left), tops.pop(right)
        last = name in ("est", "low")
        box = drawing.data((a.x + b.x) / 2, y, name, width=70, colour=QUERY if last else GREY)
        for part in (a, b):
            drawing.line(part.top, box.bottom)
        drawing.note(box.x + 48, y + 4, f"{number}", anchor="start")
        tops[name] = box
    drawing.text(320, 80, "tokens: low, est", bold=True)
    drawing.note(320, 40, "numbers: the order in which the merges were learned")
    return drawing


def longest_word() -> Drawing:
    """Draw a row of letters cut by a reader, and by maximum matching."""
    drawing = Drawing(
        640,
        230,
        "The letters themanran. A reader cuts them into the, man, ran. Maximum matching takes the "
        "longest word each time: them, an, ran.",
    )
    wide, left = 46, 150
    letters = drawing.vector(left + wide * 4.5, 115, list("themanran"), cell=(wide, 36))
    for y, words, colour, name in (
        (50, ("the", "man", "ran"), TRUE, "a reader"),
        (180, ("them", "an", "ran"), GENERATED, "longest first"),
    ):
        at = left
        drawing.text(20, y + 5, name, anchor="start", size=SMALL)
        for word in words:
            size = wide * len(word)
            right = word == "ran" or y == 50
            drawing.data(at + size / 2, y, word, width=size - 6, colour=VALUE if right else colour)
            at += size
    drawing.text(20, letters.y + 5, "the text", anchor="start", size=SMALL)
    return drawing
