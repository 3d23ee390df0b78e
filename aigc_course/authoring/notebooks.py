"""The notebooks of the course as they are stored, and as they must be by the syllabus."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat

from aigc_course.authoring import provenance
from aigc_course.authoring.provenance import meaning
from aigc_course.authoring.references import Stamped
from aigc_course.authoring.store import cell_metadata, notebook_text
from aigc_course.core import paths
from aigc_course.core.errors import CourseError
from aigc_course.course import lessons, syllabus
from aigc_course.course.first_cell import MARK, badge, first_cell

_BADGE = re.compile(r"\[!\[Open in Colab\]\([^)]*\)\]\([^)]*\)")
_NEXT = re.compile(r"^\*\*Next\*\*.*$", re.M)
_PICTURE = re.compile(r'(?<=\bplots\.picture\()"[^"]*"')


@dataclass(frozen=True)
class Notebook:
    """A notebook as it is stored.

    Attributes:
        path: path of the file.
        text: content of the file.
        topic: topic of its lesson.
        number: number that it was last stamped with, "" for a new one.
    """

    path: Path
    text: str
    topic: str
    number: str


def found() -> list[Notebook]:
    """Return the notebooks of the course, one for each lesson that exists.

    Raises:
        CourseError: a lesson has none or several, or one belongs to no lesson.
    """
    there = [_look(path) for path in sorted((paths.course_root() / "notebooks").glob("*.ipynb"))]
    topics = [one.topic for one in there]
    for lesson in syllabus.present():
        if (n := topics.count(lesson.topic)) != 1:
            raise CourseError(
                f"Lesson {lesson.topic!r} must have one notebook, and {n} say that they are it: "
                f"write notebooks/{lesson.name}.ipynb, mark the lesson as planned in "
                "course/syllabus.py, or go back to an earlier state with git. Nothing was written."
            )
    for one in there:
        if one.topic not in {lesson.topic for lesson in syllabus.present()}:
            raise CourseError(
                f"notebooks/{one.path.name} belongs to no lesson: give it a record in "
                "course/syllabus.py, or remove it. Nothing was written."
            )
    return there


def _look(path: Path) -> Notebook:
    """Read a notebook with its topic and number."""
    own = lessons.read(path).metadata.get("aigc_course", {})
    topic = own.get("topic") or _topic_of_title(path)
    return Notebook(path, path.read_text(encoding="utf-8"), topic, own.get("number", ""))


def _topic_of_title(path: Path) -> str:
    """Return the topic of a new notebook, "" when there is none.

    The name of its file must hold its title, "NN_first_network".
    """
    slug = path.stem[3:]
    return next((one.topic for one in syllabus.present() if one.slug == slug), "")


def renewed(
    one: Notebook, stamped: Stamped, with_address: Callable[[str], str]
) -> tuple[syllabus.Lesson, str]:
    """Return the lesson of a notebook, and the text that the notebook must have.

    Args:
        one: the notebook as it is stored.
        stamped: numbers and names of lessons when it was last stamped.
        with_address: text -> the text with the repository's address in its links.
    """
    lesson, notebook = syllabus.by_topic()[one.topic], nbformat.reads(one.text, as_version=4)
    own = dict(notebook.metadata.get("aigc_course", {}))
    fresh = not provenance.changes(notebook)
    same, address = True, paths.repository()
    for cell in notebook.cells:
        said = stamped.renewed(cell.source, f"notebooks/{one.path.name}")
        if cell.cell_type == "markdown":
            cell.source = _markdown(with_address(said), lesson, address)
        elif cell.cell_type == "code":
            same &= said == cell.source or meaning(said) == meaning(cell.source)
            _renew_code(cell, said, lesson, address)
    notebook.cells[0].source = _title(notebook.cells[0].source, lesson)
    own |= {"topic": lesson.topic, "number": lesson.number}
    if fresh and same:  # nothing changed that changes an output
        own |= provenance.record(notebook, own["ran"], own["read"])
    notebook.metadata["aigc_course"] = nbformat.from_dict(own)
    return lesson, notebook_text(notebook)


def _renew_code(cell, said: str, lesson: syllabus.Lesson, address: str) -> None:
    """Update a code cell in place: its references, its picture, and the first cell."""
    cell.source = _PICTURE.sub(f'"{lesson.topic}"', said)
    if cell.source.startswith(MARK):
        cell.source = first_cell(address)
        cell.metadata = nbformat.from_dict(cell_metadata(cell))


def _markdown(source: str, lesson: syllabus.Lesson, address: str) -> str:
    """Return the source of a Markdown cell with the badge and the line to the next lesson."""
    source = _BADGE.sub(badge(address, lesson.name), source)
    return _NEXT.sub(lambda _: _next(lesson), source)


def _title(source: str, lesson: syllabus.Lesson) -> str:
    """Return the source of a notebook's title cell with number, title and minutes."""
    source = re.sub(r"\A# .*", f"# {lesson.number} {lesson.title}", source)
    return re.sub(r"(?<=^\*About )\d+(?= minutes)", str(lesson.minutes), source, flags=re.M)


def _next(lesson: syllabus.Lesson) -> str:
    """Return the last line of a notebook, with links to the next lesson and to earlier ones."""
    there = syllabus.present()
    at = there.index(lesson)
    if at + 1 < len(there):
        after = there[at + 1]
        ahead = f"[{after.number} {after.title}]({after.name}.ipynb): {after.question}"
    else:
        ahead = _to_come(lesson)
    if not at:
        return f"**Next**: {ahead}"
    back = [f"[map]({there[0].name}.ipynb)"]
    if at > 1:
        back.insert(0, f"[{there[at - 1].number}]({there[at - 1].name}.ipynb)")
    return f"**Next**: {ahead} **Back**: {', '.join(back)}."


def _to_come(lesson: syllabus.Lesson) -> str:
    """Return what stands in the place of a next lesson after the last one that exists."""
    later = syllabus.LESSONS[syllabus.LESSONS.index(lesson) + 1 :]
    for one in later:
        if not one.within:
            return f"*{one.title}* ({one.question}) is still to come."
    return "something of your own."
