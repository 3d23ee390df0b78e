"""Write what follows from the syllabus, the records of checkpoints and the address of the
repository wherever it stands: names of notebooks, titles, badges, links, references in prose,
tables.

Every notebook knows its topic, and the number that it was last stamped with, from its metadata;
so the numbers that texts still have are understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import nbformat

from aigc_course.authoring import provenance, tables
from aigc_course.authoring.provenance import meaning
from aigc_course.authoring.references import Stamped
from aigc_course.authoring.store import cell_metadata, notebook_text
from aigc_course.core import files, paths
from aigc_course.core.errors import CourseError
from aigc_course.course import lessons, syllabus
from aigc_course.course.first_cell import MARK, badge, first_cell

_BADGE = re.compile(r"\[!\[Open in Colab\]\([^)]*\)\]\([^)]*\)")
_ADDRESS = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+(?=/(?:blob|tree)/main/)")
_NEXT = re.compile(r"^\*\*Next\*\*.*$", re.M)
_PICTURE = re.compile(r'(?<=\bplots\.picture\()"\w*"')
_TEXTS = (
    "README.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "docs/*.md",
    "data/*.md",
    "benchmarks/*.md",
    "benchmarks/*.py",
    "aigc_course/**/*.py",
    "aigc_course/jupyter/*.json",
)


def stamp() -> list[str]:
    """Write every text and notebook of the course as it must be now.

    Returns:
        The names of those that changed.

    Raises:
        CourseError: notebooks and syllabus do not fit together, or a text refers to a lesson that
            is not there; nothing was written.
    """
    root, changed = paths.course_root(), changes()
    for name, content in changed.items():
        if content is not None:
            files.write_atomically(root / name, content.encode())
    for name, content in changed.items():
        if content is None:
            (root / name).unlink()
    return list(changed)


def changes() -> dict[str, str | None]:
    """What `stamp` would write: path inside the course folder -> the text, None for an old name of
    a notebook. Empty when all is as it must be.
    """
    root, found = paths.course_root(), _notebooks()
    numbers = {one.number: one.topic for one in found if one.number}
    if not numbers:  # a course that was never stamped
        numbers = {one.path.stem[:2]: one.topic for one in found}
    stamped = Stamped(numbers, {one.path.stem: one.topic for one in found})
    names = sorted(path for pattern in _TEXTS for path in root.glob(pattern) if path.is_file())
    before = {_inside(path): path.read_text(encoding="utf-8") for path in names}
    after = {name: stamped.renewed(_with_address(text), name) for name, text in before.items()}
    costs = after.get("docs/costs.md", "")
    after = {name: tables.renewed(name, text, costs) for name, text in after.items()}
    for one in found:
        before[_inside(one.path)] = one.text
        after.setdefault(_inside(one.path), None)
        after[f"notebooks/{_record(one).name}.ipynb"] = _notebook(one, stamped)
    return {name: text for name, text in after.items() if before.get(name) != text}


@dataclass(frozen=True)
class _Notebook:
    """A notebook as it lies there.

    Attributes:
        path: of the file.
        text: its content.
        topic: of its lesson.
        number: that it was last stamped with, "" for a new one.
    """

    path: Path
    text: str
    topic: str
    number: str


def _notebooks() -> list[_Notebook]:
    """Every notebook of the course, one for each lesson that exists."""
    found = []
    for path in sorted((paths.course_root() / "notebooks").glob("*.ipynb")):
        own = lessons.read(path).metadata.get("aigc_course", {})
        topic = own.get("topic") or _topic_of_title(path)
        found.append(
            _Notebook(path, path.read_text(encoding="utf-8"), topic, own.get("number", ""))
        )
    topics = [one.topic for one in found]
    for lesson in syllabus.present():
        if topics.count(lesson.topic) != 1:
            raise CourseError(
                f"Lesson {lesson.topic!r} must have one notebook, and {topics.count(lesson.topic)} "
                f"say that they are it: write notebooks/{lesson.name}.ipynb, mark the lesson as "
                "planned in course/syllabus.py, or go back to an earlier state with git. Nothing "
                "was written."
            )
    for one in found:
        if one.topic not in {lesson.topic for lesson in syllabus.present()}:
            raise CourseError(
                f"{_inside(one.path)} belongs to no lesson: give it a record in "
                "course/syllabus.py, or remove it. Nothing was written."
            )
    return found


def _topic_of_title(path: Path) -> str:
    """The topic of a new notebook, whose name must hold its title, "04_first_network"."""
    slug = path.stem[3:]
    return next((one.topic for one in syllabus.present() if one.slug == slug), "")


def _inside(path: Path) -> str:
    return path.relative_to(paths.course_root()).as_posix()


def _record(notebook: _Notebook) -> syllabus.Lesson:
    return syllabus.by_topic()[notebook.topic]


def _notebook(one: _Notebook, stamped: Stamped) -> str:
    """A notebook as it must be now."""
    lesson, notebook = _record(one), nbformat.reads(one.text, as_version=4)
    own = dict(notebook.metadata.get("aigc_course", {}))
    fresh = not provenance.changes(notebook)
    same = True
    for cell in notebook.cells:
        said = stamped.renewed(cell.source, one.path.name)
        if cell.cell_type == "code":
            same &= said == cell.source or meaning(said) == meaning(cell.source)
            _stamp_code(cell, said, lesson)
        elif cell.cell_type == "markdown":
            cell.source = _markdown(said, lesson)
    notebook.cells[0].source = _title(notebook.cells[0].source, lesson)
    own |= {"topic": lesson.topic, "number": lesson.number}
    if fresh and same:  # what changed does not change an output
        own |= provenance.record(notebook, own["ran"], own["read"])
    notebook.metadata["aigc_course"] = nbformat.from_dict(own)
    return notebook_text(notebook)


def _stamp_code(cell, said: str, lesson: syllabus.Lesson) -> None:
    cell.source = _PICTURE.sub(f'"{lesson.topic}"', said)
    if cell.source.startswith(MARK):
        cell.source = first_cell(paths.repository())
        cell.metadata = nbformat.from_dict(cell_metadata(cell))


def _markdown(source: str, lesson: syllabus.Lesson) -> str:
    source = _BADGE.sub(badge(paths.repository(), lesson.name), _with_address(source))
    return _NEXT.sub(lambda _: _next(lesson), source)


def _title(source: str, lesson: syllabus.Lesson) -> str:
    """The first cell of a notebook, with number, title and minutes."""
    source = re.sub(r"\A# .*", f"# {lesson.number} {lesson.title}", source)
    return re.sub(r"(?<=^\*About )\d+(?= minutes)", str(lesson.minutes), source, flags=re.M)


def _next(lesson: syllabus.Lesson) -> str:
    """The line at a notebook's end that leads to the next lesson and back to the one before."""
    there = syllabus.present()
    at = there.index(lesson)
    if at + 1 < len(there):
        ahead = f"{_link(there[at + 1])}: {there[at + 1].question}"
    else:
        ahead = _to_come(lesson)
    if not at:
        return f"**Next**: {ahead}"
    back = [f"[map]({there[0].name}.ipynb)"]
    if at > 1:
        back.insert(0, f"[{there[at - 1].number}]({there[at - 1].name}.ipynb)")
    return f"**Next**: {ahead} **Back**: {', '.join(back)}."


def _to_come(lesson: syllabus.Lesson) -> str:
    later = [one for one in syllabus.LESSONS if one.planned and not one.within]
    at = syllabus.LESSONS.index(lesson)
    for one in later:
        if syllabus.LESSONS.index(one) > at:
            return f"*{one.title}* ({one.question}) is still to come."
    return "something of your own."


def _link(lesson: syllabus.Lesson) -> str:
    return f"[{lesson.number} {lesson.title}]({lesson.name}.ipynb)"


def _with_address(text: str) -> str:
    """A text with the repository's address of `pyproject.toml`."""
    address = paths.repository()
    text = _ADDRESS.sub(address, text)
    before = re.search(
        r"(?:git clone |repository-code: )https://github\.com/([\w.-]+/[\w.-]+)", text
    )
    if before:
        now = address.removeprefix("https://github.com/")
        for quoted in (str, lambda name: quote(name, safe="")):
            text = text.replace(quoted(before[1]), quoted(now))
    return text
