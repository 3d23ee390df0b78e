"""Finds lessons, reads them, and keeps the learner's copies apart from the originals."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from aigc_course.core import files
from aigc_course.core import paths as core_paths
from aigc_course.core.errors import CourseError


@dataclass(frozen=True)
class Lesson:
    """One numbered notebook of the course.

    Attributes:
        number: two digits, "01".
        path: the original; learners work on a copy.
    """

    number: str
    path: Path

    @property
    def name(self) -> str:
        """File name without its ending, "01_rules_and_chance"."""
        return self.path.stem

    @property
    def copy(self) -> Path:
        """The learner's copy, in their own folder."""
        return core_paths.home() / "notebooks" / self.path.name

    def edited(self) -> bool:
        """Whether the learner has a copy that differs from the original."""
        return self.copy.exists() and _digest(self.copy) != _digest(self.path)


def all_lessons() -> list[Lesson]:
    """Every lesson in reading order."""
    paths = sorted((core_paths.course_root() / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    return [Lesson(path.name[:2], path) for path in paths]


def find(number: str) -> Lesson:
    """A lesson by its number: "01", "1" or "01_rules_and_chance".

    Raises:
        CourseError: there is no such lesson.
    """
    match = re.match(r"(\d{1,2})(?:_|$)", str(number))
    for lesson in all_lessons():
        if match and lesson.number == match[1].zfill(2):
            return lesson
    known = (
        ", ".join(lesson.number for lesson in all_lessons())
        or "none: the folder notebooks/ is empty"
    )
    raise CourseError(f"There is no lesson {number!r}; lessons are {known}.")


def read(path: Path):
    """Read a notebook (nbformat's NotebookNode).

    Raises:
        CourseError: the file is missing or is not a notebook.
    """
    try:
        import nbformat
    except ImportError:
        raise CourseError('nbformat is missing: pip install "aigc-course[lab]"') from None
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except FileNotFoundError:
        raise CourseError(f"There is no file {path}.") from None
    except Exception as error:  # nbformat raises many kinds, json's and jsonschema's among them
        problem = (
            str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
        )
        raise CourseError(
            f"{path} is not a notebook that can be read ({problem}). {_way_out(path)}"
        ) from None
    return notebook


def _way_out(path: Path) -> str:
    lesson = next((lesson for lesson in all_lessons() if lesson.path.name == path.name), None)
    if lesson is None:
        return "Open it in a text editor, or go back to an earlier copy."
    if path.parent == lesson.path.parent:
        return f"Get a fresh copy of the course, or `git checkout -- notebooks/{path.name}`."
    return (
        f"`python3 course.py reset {lesson.number}` brings the original back and keeps this "
        "file under another name."
    )


def reset(number: str) -> str:
    """Bring the original of a lesson back; an edited copy is kept under another name. Returns what
    was done.
    """
    lesson = find(number)
    if not lesson.copy.exists():
        _copy(lesson)
        return f"{lesson.name}: there was no copy yet; {lesson.copy} is the original."
    if not lesson.edited():
        return f"{lesson.name}: {lesson.copy} is the original already."
    kept = files.unused_path(lesson.copy.with_stem(f"{lesson.name}-mine"))
    try:
        lesson.copy.rename(kept)
    except OSError as error:
        raise CourseError(
            f"{lesson.copy} cannot be renamed ({error.strerror}); make its folder "
            "writable, or set AIGC_HOME."
        ) from None
    _copy(lesson)
    return f"{lesson.name}: the original is back; your copy is kept as {kept}."


def sync_copies() -> list[str]:
    """Give the learner a copy of every lesson and update copies that were never touched; returns
    notices.

    A copy that differs from what was once copied is the learner's: it stays as it is.
    """
    with files.lock(_record()):
        return _sync()


def _sync() -> list[str]:
    notices = []
    copied = _copied()
    for lesson in all_lessons():
        # A copy that differs from the original, yet is what was copied last, was never touched: the
        # original is newer.
        if not lesson.copy.exists() or (
            lesson.edited() and copied.get(lesson.name) == _digest(lesson.copy)
        ):
            _copy(lesson)
        elif lesson.edited() and copied.get(lesson.name) != _digest(lesson.path):
            notices.append(
                f"Lesson {lesson.number} has a newer version; your copy is left alone. "
                f"`python3 course.py reset {lesson.number}` "
                "brings the new one and keeps yours."
            )
        notices += _unreadable(lesson)
    return notices


def _unreadable(lesson: Lesson) -> list[str]:
    try:
        json.loads(lesson.copy.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return [f"{lesson.copy} cannot be read as a notebook. {_way_out(lesson.copy)}"]
    return []


def _copy(lesson: Lesson) -> None:
    for picture in (lesson.path.parent / "images").glob("*"):
        beside = lesson.copy.parent / "images" / picture.name
        if not beside.exists():
            files.write_atomically(beside, picture.read_bytes())
    files.write_atomically(lesson.copy, lesson.path.read_bytes())
    copied = _copied() | {lesson.name: _digest(lesson.path)}
    files.write_atomically(_record(), json.dumps(copied, indent=1).encode())


def _copied() -> dict[str, str]:
    """Lesson name -> digest of the original that was copied last."""
    try:
        record = json.loads(_record().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _record() -> Path:
    return core_paths.home() / "copied.json"


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CourseError(
            f"{path} cannot be read ({error.strerror}); move it away and start again."
        ) from None
