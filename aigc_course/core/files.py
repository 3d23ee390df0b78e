"""Files that are written whole or not at all, locks between processes, and hashes."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from aigc_course.core.errors import CourseError


def write_atomically(path: Path, data: bytes) -> None:
    """Write a whole file or nothing: aside, flushed to disk, then renamed over the old one.

    Raises:
        CourseError: the file cannot be written; an old one stays as it was.
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
    """While inside, no other process is inside for the same path; in a folder that cannot be
    written to, everybody is, as nobody can write.

    Args:
        path: what is to be written; the lock lies beside it.
        seconds: to wait for the others.

    Raises:
        CourseError: the others took longer.
    """
    import filelock

    beside = path.with_name(f".{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.touch()
        with contextlib.suppress(OSError):  # another user's
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
    """`path`, or the first of path-2, path-3 ... that does not exist, so that nothing is
    overwritten.
    """
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
