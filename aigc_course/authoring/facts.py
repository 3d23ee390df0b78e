"""The facts of a lesson's text, for its author: a mirror, not a limit."""

from __future__ import annotations

import re

from aigc_course.course import lessons
from aigc_course.course.first_cell import MARK
from aigc_course.exercises.engine import catalog

_TERM = re.compile(r"\*\*\[?([^*\]]+)\]?(?:\([^)]*\))?\*\*")
_DRAWN = re.compile(r"^draw\.\w+\(", re.M)


def of_lesson(key: str) -> dict[str, float]:
    """Return what can be counted in a lesson: name of a fact -> number.

    Args:
        key: number, topic or name of the lesson.

    Raises:
        CourseError: there is no such lesson.
    """
    lesson = lessons.find(key)
    cells = lessons.read(lesson.path).cells
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    code = [
        cell.source
        for cell in cells
        if cell.cell_type == "code" and not cell.source.startswith(MARK)
    ]
    text = "\n\n".join(prose)
    n_words, lengths = len(_words(text)), [len(_words(sentence)) for sentence in sentences(text)]
    terms = {term.lower() for term in _TERM.findall(text)}
    lines = [line for source in code for line in source.splitlines() if line.strip()]
    tasks = catalog.exercises_of(lesson.topic).values()
    return {
        "words": n_words,
        "words a sentence": round(sum(lengths) / max(1, len(lengths)), 1),
        "new terms a hundred words": round(100 * len(terms) / max(1, n_words), 2),
        "drawings": sum(len(_DRAWN.findall(source)) for source in code),
        "cells": len(cells),
        "lines of the longest cell": max(len(source.splitlines()) for source in code),
        "comments a hundred lines": round(100 * _comments(lines) / max(1, len(lines)), 1),
        "exercises": len(tasks),
        "minutes of the exercises": sum(task.minutes for task in tasks),
        "minutes": lesson.record.minutes,
    }


def sentences(markdown: str) -> list[str]:
    """Return the sentences of prose: no headings, tables, code, or formulas that stand alone."""
    text = re.sub(r"```.*?```|\$\$.*?\$\$|<[^>]+>", " ", markdown, flags=re.S)
    found = []
    for paragraph in re.split(r"\n\s*\n|\n(?=[-*\d|#])", text):
        if paragraph.strip() and not re.match(r"\s*(#|\||!\[|\[!)", paragraph):
            found += re.split(r"(?<=[.?!:])[*)]*\s+(?=[A-Z\"*`$(])", " ".join(paragraph.split()))
    return [sentence for sentence in found if _words(sentence)]


def _words(text: str) -> list[str]:
    """Return the words of a text; code and a formula count as one each."""
    text = re.sub(r"\]\([^)]*\)", "]", re.sub(r"`[^`]*`|\$[^$]*\$", " code ", text))
    return re.findall(r"[^\W\d_][\w'-]*|\d[\d.,]*", text)


def _comments(lines: list[str]) -> int:
    """Return how many lines of code hold a comment for the reader."""
    return sum("# " in line and "NBVAL" not in line for line in lines)
