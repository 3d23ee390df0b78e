"""The learner's own files, read with clear errors."""

from __future__ import annotations

from pathlib import Path

from aigc_course.errors import CourseError


def read_text(path: str | Path) -> str:
    """Read a text file in UTF-8.

    Raises:
        CourseError: there is no such file, it is empty, or it is not text in UTF-8.
    """
    path = Path(path).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CourseError(f"There is no file {path} (looked in {Path.cwd()}); give the full path.") from None
    except UnicodeDecodeError as error:
        raise CourseError(f"{path} is not text in UTF-8 (byte {error.start}); save it as UTF-8 and try again.") from None
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from None
    if not text.strip():
        raise CourseError(f"{path} is empty.")
    return text
