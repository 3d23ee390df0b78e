"""Files that students hand in: taken over without following a link, and read however an editor
wrote them.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

import nbformat

from aigc_course.core import files
from aigc_course.core.errors import CourseError

MOST_BYTES = 20_000_000  # of one file, and of one notebook
MOST_FILES = 200
MOST_TOGETHER = 100_000_000  # bytes of one hand-in
DEEPEST = 10  # folders in folders
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


def is_fit(name: str) -> bool:
    """Return whether the folder of a hand-in may be called so: what a terminal shows as it is.

    A line break stops nbgrader for a whole class, and bytes that are no text stop others.
    """
    return name.isprintable() and not name.startswith((".", " ")) and len(name) > 0


def copy(source: Path, target: Path) -> list[str]:
    """Copy the files of a hand-in; return the names of what was left out.

    Left out are links, whatever is no plain file, what has an unfit name, and what is too large or
    too much; notebooks come first. Another program may change `source` meanwhile: what was looked
    at is what is copied.

    Raises:
        CourseError: `source` itself is no folder, or cannot be read.
    """
    if source.is_symlink() or not source.is_dir():
        raise CourseError(f"{source} is no folder.")
    try:
        top = os.open(source, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError as error:
        raise CourseError(f"{source} cannot be read ({error.strerror}).") from None
    target.mkdir(parents=True)
    taken = _Taken(target)
    try:
        taken.folder(top, Path())
    finally:
        os.close(top)
    return taken.left_out


class _Taken:
    """What is taken over of one hand-in.

    Attributes:
        target: the folder that it is copied to.
        left_out: names of what was left out, inside the hand-in.
        n: files and folders so far.
        room: bytes that may still come.
    """

    def __init__(self, target: Path):
        self.target, self.left_out = target, []
        self.n, self.room = 0, MOST_TOGETHER

    def folder(self, descriptor: int, inside: Path) -> None:
        """Copy what a folder holds.

        Args:
            descriptor: of the open folder.
            inside: its path inside the hand-in.
        """
        names = os.listdir(descriptor)
        for name in sorted(names, key=lambda name: (not name.endswith(".ipynb"), name)):
            self.n += 1
            fits = name.isprintable() and (name != "timestamp.txt" or inside.parts)
            try:
                if not fits or self.n > MOST_FILES:
                    raise OSError
                if stat.S_ISDIR(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode):
                    self._one_folder(name, descriptor, inside / name)
                else:
                    self._one_file(name, descriptor, inside / name)
            except OSError:  # gone meanwhile, or not readable, too
                self.left_out.append(str(inside / name))

    def _one_folder(self, name: str, above: int, inside: Path) -> None:
        """Copy a folder.

        Raises:
            OSError: it lies too deep, or cannot be opened as a folder.
        """
        if len(inside.parts) > DEEPEST:
            raise OSError
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
        descriptor = os.open(name, flags, dir_fd=above)
        try:
            (self.target / inside).mkdir()
            self.folder(descriptor, inside)
        finally:
            os.close(descriptor)

    def _one_file(self, name: str, above: int, inside: Path) -> None:
        """Copy a file.

        Raises:
            OSError: it is no plain file, too large, or there is no more room.
        """
        most = min(MOST_BYTES, self.room)
        data = files.read_plain(Path(name), most, links=False, folder=above)
        self.room -= len(data)
        (self.target / inside).write_bytes(data)


def prepare(teaching: Path) -> list[str]:
    """Put in order what lies in `submitted/`, so that nothing in one hand-in stops the others.

    Folders with unfit names and what is no plain file are moved to `REFUSED`. A hand-in that was
    put there by hand gets the secret without which nbgrader releases no feedback to anybody.

    Args:
        teaching: the teaching folder.

    Returns:
        A line for each hand-in or student that was moved away as a whole.
    """
    told = []
    for student in _inside(teaching / "submitted"):
        if not is_fit(student.name) or student.is_symlink():
            told.append(_refuse(student, teaching / REFUSED))
            continue
        for submitted in _inside(student):
            if not is_fit(submitted.name):
                told.append(_refuse(submitted, teaching / REFUSED / student.name))
            elif line := set_right(submitted):
                told.append(line)
    return told


def set_right(submitted: Path) -> str:
    """Put one hand-in in order.

    Args:
        submitted: teaching folder / "submitted" / student / assignment.

    Returns:
        A line when it had to be moved away as a whole, else "".

    Raises:
        OSError: not even that can be done.
    """
    try:
        set_aside(submitted)
        secret = submitted / "submission_secret.txt"
        if submitted.is_dir() and not secret.exists():
            secret.write_text(secrets.token_hex(64))
    except OSError:
        return _refuse(submitted, aside_of(submitted).parent)
    return ""


def _inside(folder: Path) -> list[Path]:
    """Return what a folder holds, [] for none."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _refuse(path: Path, folder: Path) -> str:
    """Move a file or folder into another folder; return a line that says so."""
    name = path.name.encode("utf-8", "backslashreplace").decode()
    name = "".join(c if c.isprintable() else "?" for c in name)[:100]
    folder.mkdir(parents=True, exist_ok=True)
    place = files.unused_path(folder / name)
    if not path.is_symlink():
        with contextlib.suppress(OSError):
            path.chmod(0o700)
    path.replace(place)
    return f"moved away, as nbgrader cannot work with it: {str(path)!a}, now {place}"


def set_aside(submitted: Path) -> None:
    """Move whatever is no plain file from a submission into `REFUSED` in the teaching folder.

    Args:
        submitted: teaching folder / "submitted" / student / assignment.

    Raises:
        OSError: something cannot be moved, nor deleted.
    """
    found = [folder for folder in (submitted.parent, submitted) if folder.is_symlink()][:1]
    for number, path in enumerate(found or list(_strange(submitted))):
        name = "".join(c for c in ascii(path.name) if c.isalnum() or c in "._-")[:50]
        place = aside_of(submitted) / f"{number}-{name}"
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
        except OSError:
            path.unlink()


def _strange(submitted: Path) -> Iterator[Path]:
    """Yield what is no plain file in a submission, or has an unfit name, or lies too deep.

    Folders are made readable on the way: an archive can carry any mode.
    """
    waiting = [submitted]
    while waiting:
        folder = waiting.pop()
        with contextlib.suppress(OSError):
            folder.chmod(folder.lstat().st_mode | stat.S_IRWXU)
        for path in sorted(folder.iterdir()):
            mode = path.lstat().st_mode
            deep = len(path.relative_to(submitted).parts) > DEEPEST
            taken = path.name in ("timestamp.txt", "submission_secret.txt")
            plain = stat.S_ISREG(mode) or (stat.S_ISDIR(mode) and not deep and not taken)
            if not plain or not path.name.isprintable():
                yield path
            elif stat.S_ISDIR(mode):
                waiting.append(path)


def aside_of(submitted: Path) -> Path:
    """Return the folder for what is moved out of a submission's folder."""
    return submitted.parents[2] / REFUSED / submitted.parent.name / submitted.name
