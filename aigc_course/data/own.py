"""The learner's own files, read with clear errors."""

from __future__ import annotations

from pathlib import Path

from aigc_course.errors import CourseError


def read_text(path: str | Path, least: int = 1) -> str:
    """Read a text file in UTF-8.

    Args:
        path: of the file; relative to where the notebook runs.
        least: characters that the lesson needs.

    Raises:
        CourseError: there is no such file, it is too short, or it is not text in UTF-8.
    """
    if not isinstance(path, str | Path) or not str(path):
        raise CourseError(f"the path of a text file must be a string, not {path!r}.")
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
    if len(text) < least:
        raise CourseError(f"{path} has {len(text):,} characters; this lesson needs at least {least:,}.")
    return text
