"""The selection of what the slow tests must run again: lessons and library parts that changed."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from dataclasses import dataclass

import nbformat

from aigc_course.authoring import provenance
from aigc_course.core import paths
from aigc_course.core.errors import CourseError
from aigc_course.course import lessons
from aigc_course.course.lessons import LessonFile

LAST_LANDING = "4 hours ago"  # changes are tested before they are that old


@dataclass(frozen=True)
class Selection:
    """What changed since a commit.

    Attributes:
        commit: commit compared with; "" when there is none, and everything counts as changed.
        files: paths in the checkout that differ.
        changed: lessons whose code, or the library code that they run, differ.
        judged: other lessons whose exercises differ.
        rotating: some of the rest, different ones after each commit; none where more than half of
            all lessons changed.
    """

    commit: str
    files: tuple[str, ...]
    changed: tuple[LessonFile, ...]
    judged: tuple[LessonFile, ...]
    rotating: tuple[LessonFile, ...]

    def as_environment(self) -> str:
        """Return it as JSON, for the environment variable that `tests/conftest.py` reads."""
        names = [lesson.name for lesson in (*self.changed, *self.rotating)]
        judged = [lesson.name for lesson in self.judged]
        return json.dumps({"lessons": names, "judged": judged, "files": self.files})


def since(commit: str = "") -> Selection:
    """Compare the checkout, uncommitted changes included, with a commit.

    Args:
        commit: anything that git understands; "" is the newest commit that is older than four
            hours.

    Raises:
        CourseError: git does not know the commit.
    """
    commit = _commit(commit)
    there = lessons.all_lessons()
    if not commit:
        return Selection("", _git("ls-files"), tuple(there), (), ())
    files = _git("diff", "--name-only", commit)
    before = _notebooks_of(commit)
    changed = [lesson for lesson in there if _differs(lesson, before)]
    others = [lesson for lesson in there if lesson not in changed]
    judged = [one for one in others if f"aigc_course/exercises/{one.topic}.py" in files]
    turn = int(_git("rev-list", "--count", "HEAD")[0])
    share = -(-len(there) // 12) if len(others) >= len(changed) else 0  # one in twelve
    rotating = [others[(turn + i) % len(others)] for i in range(min(share, len(others)))]
    return Selection(commit, files, tuple(changed), tuple(judged), tuple(rotating))


def _commit(name: str) -> str:
    """Return the hash of a commit; for "", that of the newest one older than `LAST_LANDING`, or "".

    Raises:
        CourseError: git does not know the commit.
    """
    if not name:
        found = _git("rev-list", "-1", f"--before={LAST_LANDING}", "HEAD")
        return found[0] if found else ""
    try:
        return _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")[0]
    except CourseError:
        raise CourseError(
            f"git knows no commit {name!r}; `git log` lists those there are."
        ) from None


def _notebooks_of(commit: str) -> dict[str, nbformat.NotebookNode]:
    """Return topic -> the lesson's notebook at a commit, whatever name it had then."""
    names = _git("ls-tree", "--name-only", commit, "notebooks/")
    found = {}
    for name in names:
        if name.endswith(".ipynb"):
            notebook = nbformat.reads("\n".join(_git("show", f"{commit}:{name}")), as_version=4)
            found[notebook.metadata.get("aigc_course", {}).get("topic", "")] = notebook
    return found


def _differs(lesson: LessonFile, before: dict) -> bool:
    """Return whether a lesson's code changed, or what its outputs were made from.

    Args:
        lesson: one of today's lessons.
        before: topic -> notebook at the commit compared with.
    """
    if lesson.topic not in before:
        return True
    return _made_of(before[lesson.topic]) != _made_of(lessons.read(lesson.path))


def _made_of(notebook) -> tuple:
    """Return the code of a notebook and what its outputs were made from.

    Neither prose nor comments count, nor the numbers of lessons, which follow from the syllabus.
    """
    code = tuple(_meaning(cell.source) for cell in notebook.cells if cell.cell_type == "code")
    made_from = notebook.metadata.get("aigc_course", {}).get("made_from") or {}
    return code, provenance.that_count(made_from)


def _meaning(source: str) -> str:
    """Return code without its comments; code that only Jupyter understands as it is."""
    try:
        return ast.dump(ast.parse(re.sub(r"\blesson \d\d\b", "lesson", source)))
    except SyntaxError:
        return source


def _git(*arguments: str) -> tuple[str, ...]:
    """Return the lines that a git command prints.

    Raises:
        CourseError: there is no git, no repository, or the command fails.
    """
    try:
        result = subprocess.run(
            ["git", *arguments], cwd=paths.course_root(), capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise CourseError(
            f"`git {' '.join(arguments)}` failed; is this a clone? ({error})"
        ) from None
    return tuple(result.stdout.decode("utf-8").splitlines())
