"""Write what follows from the syllabus, the records of checkpoints and the repository's address.

This is names of notebooks, titles, badges, links, references in prose, and tables, wherever they
stand.

Every notebook knows its topic, and the number that it was last stamped with, from its metadata;
so the numbers that texts still have are understood.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from aigc_course.authoring import notebooks, pictures, tables
from aigc_course.authoring.references import Stamped
from aigc_course.core import files, paths

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
_ADDRESS = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+(?=/(?:blob|tree)/main/)")
_NAMED = re.compile(
    r"(?:git clone |repository-code: )https://github\.com/(?P<name>[\w.-]+/[\w.-]+)"
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
    """Return what `stamp` would write; empty when all is as it must be.

    Returns:
        Path inside the course folder -> the text, None for an old name of a notebook.
    """
    root, address, found = paths.course_root(), paths.repository(), notebooks.found()
    stamped = _stamped(found)
    there = sorted(path for pattern in _TEXTS for path in root.glob(pattern))
    before = {_inside(path): path.read_text(encoding="utf-8") for path in there}
    after = {
        name: stamped.renewed(with_address(text, address), name) for name, text in before.items()
    }
    costs = after.get("docs/costs.md", "")
    after = {name: tables.renewed(name, text, costs) for name, text in after.items()}
    if (picture := root / pictures.NAME).exists():
        before[pictures.NAME] = picture.read_text(encoding="utf-8")
    after[pictures.NAME] = pictures.progress_svg()
    for one in found:
        before[_inside(one.path)] = one.text
        after.setdefault(_inside(one.path), None)
        lesson, text = notebooks.renewed(one, stamped, lambda text: with_address(text, address))
        after[f"notebooks/{lesson.name}.ipynb"] = text
    return {name: text for name, text in after.items() if before.get(name) != text}


def _stamped(found: list[notebooks.Notebook]) -> Stamped:
    """Return the numbers and names of lessons when the notebooks were last stamped."""
    numbers = {one.number: one.topic for one in found if one.number}
    if not numbers:  # a course that was never stamped
        numbers = {one.path.stem[:2]: one.topic for one in found}
    return Stamped(numbers, {one.path.stem: one.topic for one in found})


def _inside(path: Path) -> str:
    """Return a path as it is inside the course folder, with "/" between its parts."""
    return path.relative_to(paths.course_root()).as_posix()


def with_address(text: str, address: str) -> str:
    """Return a text with the repository's address in its links, `git clone` and citation."""
    text = _ADDRESS.sub(address, text)
    before = _NAMED.search(text)
    if before:
        name = address.removeprefix("https://github.com/")
        text = text.replace(before["name"], name)
        text = text.replace(quote(before["name"], safe=""), quote(name, safe=""))
    return text
