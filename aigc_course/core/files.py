"""Files that are written completely or not at all, locks between processes, and hashes."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from aigc_course.core.errors import CourseError


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file completely or not at all.

    The data are written to a second file, flushed to disk, and renamed over the old file.

    Raises:
        CourseError: the file cannot be written; an existing file stays unchanged.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
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


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
