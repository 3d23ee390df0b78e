"""Files that students hand in: taken over without following a link, and read however an editor
wrote them.
"""

from __future__ import annotations

import codecs
import json
import os
import stat
from pathlib import Path

import nbformat

from aigc_course.core import files
from aigc_course.core.errors import CourseError

MOST_BYTES = 20_000_000  # of one file, and of one notebook
MOST_FILES = 200
MOST_CELLS, MOST_CHARACTERS = 1_000, 1_000_000  # of a notebook, without outputs and pictures
REFUSED = "refused"  # folder in the teaching folder for what is no plain file
# Lines that stand in the teacher's copy alone; a student who hands them in has seen it.
TEACHERS_MARKS = ("### BEGIN HIDDEN TESTS", "### BEGIN SOLUTION")
UNREADABLE = "the file cannot be read as a notebook; ask for it again"
_MARKS_OF_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read(path: Path):
    """Return a notebook that was handed in, as an nbformat NotebookNode of version 4.

    UTF-8 and UTF-16 are read, with or without the mark that some editors put first.

    Raises:
        CourseError: it is no plain file, too large, no notebook, or holds what only the teacher's
            copy holds.
    """
    text = _text(path)
    for line in TEACHERS_MARKS:
        if line in text:
            raise CourseError(
                f"{path.name} holds {line!r}, which stands in the teacher's copy alone: it is not "
                "graded; talk to its author."
            )
    try:
        cells = json.loads(text)["cells"]
        size = sum(map(len, map(_source, cells)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise CourseError(UNREADABLE) from None
    if len(cells) > MOST_CELLS or size > MOST_CHARACTERS:
        raise CourseError(
            f"{path.name} has more than {MOST_CELLS:,} cells or {MOST_CHARACTERS:,} characters of "
            "code and text."
        )
    return nbformat.v4.new_notebook(cells=list(map(_cell, cells)))


def _source(cell: dict) -> str:
    """Return the source of a cell, which is text or a list of its lines."""
    source = cell["source"]
    text = source if isinstance(source, str) else "".join(source)
    return text.encode("utf-8", "replace").decode()  # without halves of a character


def _cell(cell: dict):
    """Make a cell anew, of its source and its name in an assignment alone.

    Outputs are made again; whatever else stood in the file can cost nbformat hours, or make it
    refuse the notebook.
    """
    kinds = {"markdown": nbformat.v4.new_markdown_cell, "raw": nbformat.v4.new_raw_cell}
    made = kinds.get(str(cell.get("cell_type")), nbformat.v4.new_code_cell)(_source(cell))
    if name := name_in(cell.get("metadata")):
        made.metadata["nbgrader"] = {"grade_id": name[:200]}
    return made


def name_in(metadata: object) -> str:
    """Return the name that a cell has in an assignment by its metadata, "" when it has none."""
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return name if isinstance(name, str) else ""


def _text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        CourseError: it is no plain file, too large, or no text.
    """
    data = _bytes(path)
    marked = [encoding for mark, encoding in _MARKS_OF_ENCODINGS if data.startswith(mark)]
    # The text of a notebook begins with a brace.
    unmarked = {b"{\x00": "utf-16-le", b"\x00{": "utf-16-be"}.get(data[:2], "utf-8")
    encoding = marked[0] if marked else unmarked
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise CourseError(UNREADABLE) from None


def _bytes(path: Path) -> bytes:
    """Return the content of a plain file.

    Raises:
        CourseError: it is none, or too large.
    """
    try:
        return files.read_plain(path, MOST_BYTES, links=False)
    except OSError as error:
        raise CourseError(f"{path.name} cannot be read ({error.strerror}).") from None


def copy(source: Path, target: Path) -> list[str]:
    """Copy the files of a hand-in; return the names of what was left out.

    Left out are links, whatever is no plain file, and what is too large or too much. Another
    program may change `source` meanwhile: what was looked at is what is copied.

    Raises:
        CourseError: `source` itself is no folder.
    """
    if source.is_symlink() or not source.is_dir():
        raise CourseError(f"{source} is no folder.")
    target.mkdir(parents=True)
    left_out, n = [], 0
    for folder, folders, names, descriptor in os.fwalk(source, follow_symlinks=False):
        inside = Path(folder).relative_to(source)
        for name in list(folders):
            n += 1
            if n > MOST_FILES or stat.S_ISLNK(
                os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode
            ):
                left_out.append(str(inside / name))
            elif len(inside.parts) < 10:
                (target / inside / name).mkdir()
        folders[:] = folders if len(inside.parts) < 10 else []
        for name in names:
            n += 1
            if n > MOST_FILES or not _copied(name, descriptor, target / inside / name):
                left_out.append(str(inside / name))
    return left_out


def _copied(name: str, folder: int, target: Path) -> bool:
    try:
        data = files.read_plain(Path(name), MOST_BYTES, links=False, folder=folder)
    except OSError:
        return False
    target.write_bytes(data)
    return True


def set_aside(submitted: Path) -> None:
    """Move whatever is no plain file from a submission into `REFUSED` in the teaching folder.

    Args:
        submitted: teaching folder / "submitted" / student / assignment.
    """
    found = [folder for folder in (submitted.parent, submitted) if folder.is_symlink()][:1]
    if not found:
        for folder, folders, names in os.walk(submitted):
            every = [Path(folder) / name for name in (*folders, *names)]
            found += [path for path in every if not _is_plain(path)]
    for number, path in enumerate(found):
        place = aside_of(submitted) / f"{number}-{path.name[:50]}"
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
        except OSError:
            path.unlink()


def aside_of(submitted: Path) -> Path:
    """Return the folder for what is moved out of a submission's folder."""
    return submitted.parents[2] / REFUSED / submitted.parent.name / submitted.name


def _is_plain(path: Path) -> bool:
    mode = path.lstat().st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)
