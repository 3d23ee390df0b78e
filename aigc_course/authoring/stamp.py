"""Write the address of the repository into badges, links and first cells."""

import re

import nbformat

from aigc_course.authoring.store import cell_metadata, notebook_text
from aigc_course.core import files, paths
from aigc_course.course import lessons
from aigc_course.course.first_cell import MARK, badge, first_cell

_BADGE = re.compile(r"\[!\[Open in Colab\]\([^)]*\)\]\([^)]*\)")
_ADDRESS = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+(?=/(?:blob|tree)/main/)")


def stamp() -> list[str]:
    """Write the repository's address from `pyproject.toml` into badges, links and first cells.

    Returns:
        The names of changed files.
    """
    address = paths.repository()
    changed = []
    for lesson in lessons.all_lessons():
        text = lesson.path.read_text(encoding="utf-8")
        notebook = nbformat.reads(text, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = _ADDRESS.sub(
                    address, _BADGE.sub(badge(address, lesson.name), cell.source)
                )
            elif cell.source.startswith(MARK):
                cell.source = first_cell(address)
                cell.metadata = nbformat.from_dict(cell_metadata(cell))
        stamped = notebook_text(notebook)
        if stamped != text:
            files.write_atomically(lesson.path, stamped.encode())
            changed.append(lesson.path.name)
    for name in ("README.md", "CITATION.cff"):
        path = paths.course_root() / name
        text = path.read_text(encoding="utf-8")
        before = re.search(
            r"(?:git clone |repository-code: )https://github\.com/([\w.-]+/[\w.-]+)", text
        )
        stamped = (
            text.replace(before[1], address.removeprefix("https://github.com/")) if before else text
        )
        if stamped != text:
            files.write_atomically(path, stamped.encode())
            changed.append(name)
    return changed
