"""Files that are written completely or not at all, locks between processes, and hashes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO

from aigc_course.core.errors import CourseError


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file completely or not at all.

    The data are written to a second file, flushed to disk, and renamed over the old file.

    Raises:
        CourseError: the file cannot be written; an existing file stays unchanged.
    """
    _write(path, data, Path.replace)


def write_new(path: Path, data: bytes) -> bool:
    """Write a file completely, unless one of that name is there.

    Returns:
        Whether it was written; an existing file stays unchanged, however late it came.

    Raises:
        CourseError: the file cannot be written.
    """
    written = []
    _write(path, data, lambda aside, path: written.append(_named(aside, path)))
    return written == [True]


def _named(aside: Path, path: Path) -> bool:
    """Give a file its name when that is free; return whether it was."""
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        aside.unlink()
        return False
    except OSError:  # a file system without links
        if path.exists():
            aside.unlink()
            return False
        aside.rename(path)
        return True
    aside.unlink()
    return True


def _write(path: Path, data: bytes, put_in_place: Callable[[Path, Path], object]) -> None:
    """Write to a second file, flush it to disk, and put it in its place.

    Raises:
        CourseError: the file cannot be written.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        put_in_place(aside, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        shared = os.environ.get("AIGC_CACHE")
        setting = (
            "AIGC_CACHE" if shared and path.is_relative_to(Path(shared).absolute()) else "AIGC_HOME"
        )
        raise CourseError(
            f"Cannot write {path} ({error.strerror}); make room or set {setting} to another folder."
        ) from None


def open_plain(path: Path | str, *, links: bool = True, folder: int | None = None) -> IO[bytes]:
    """Open a file for reading that is a plain one; a pipe or a device is not waited for.

    Args:
        path: path of the file.
        links: whether a link to a plain file will do.
        folder: file descriptor of the folder that `path` is in.

    Raises:
        OSError: it cannot be opened, or is no plain file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    flags |= 0 if links else getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(os.fspath(path), flags, **({} if folder is None else {"dir_fd": folder}))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no plain file")
    return os.fdopen(descriptor, "rb")


def read_plain(path: Path, most: int, **how) -> bytes:
    """Return the content of a plain file.

    Args:
        path: path of the file.
        most: bytes that it may have.
        how: arguments of `open_plain`.

    Raises:
        OSError: it cannot be read, is no plain file, or is larger.
    """
    with open_plain(path, **how) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes")
    return data


@contextlib.contextmanager
def lock(path: Path, seconds: float = 600):
    """Keep other processes out of the `with` block for the same path.

    In a folder that cannot be written to, nobody is kept out, because nobody can write there.

    Args:
        path: file to be written; the lock file is placed beside it.
        seconds: longest time to wait for other processes.

    Raises:
        CourseError: the wait took longer than `seconds`.
    """
    import filelock

    beside = path.with_name(f".{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.touch()
        with contextlib.suppress(OSError):  # the lock file belongs to another user
            beside.chmod(0o666)
    except OSError:
        yield
        return
    try:
        with filelock.FileLock(beside, timeout=seconds):
            yield
    except filelock.Timeout:
        raise CourseError(
            f"Another process has kept {path} for {seconds:g} s; close it, or delete "
            f"{beside} when there is none."
        ) from None


def unused_path(path: Path) -> Path:
    """Return `path`, or the first of path-2, path-3 ... that does not exist."""
    candidate, number = path, 2
    while candidate.exists():
        candidate = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return candidate


def put_aside(path: Path) -> Path:
    """Rename a file that cannot be read, so that it is kept, and return its new path."""
    aside = unused_path(path.with_stem(f"{path.stem}-unreadable"))
    path.rename(aside)
    return aside


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
