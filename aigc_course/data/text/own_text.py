"""The learner's own files, read with clear errors."""

from __future__ import annotations

from pathlib import Path

from aigc_course.core.arguments import checked, whole
from aigc_course.core.errors import CourseError

LARGEST = 200_000_000  # bytes


@checked(least=whole())
def read_text(path: str | Path, least: int = 1) -> str:
    """Read a text file in UTF-8.

    Args:
        path: path of the file, relative to the folder in which the notebook runs.
        least: number of characters that the lesson needs.

    Raises:
        CourseError: there is no such file, it is too short or too long, or it is not text in UTF-8.
    """
    if not isinstance(path, str | Path) or not str(path):
        needed = "the path of a text file, a string"
        raise CourseError(f"read_text: path must be {needed}, not {path!r}.")
    text = _read(path)
    if not text.strip():
        raise CourseError(f"{path} is empty.")
    if len(text) < least:
        needed = f"this lesson needs at least {least:,}"
        raise CourseError(f"{path} has {len(text):,} characters; {needed}.")
    return text


def _read(path: str | Path) -> str:
    """Read a whole file and raise every problem as a `CourseError` of one line."""
    try:
        path = Path(path).expanduser()
        if path.exists() and not path.is_file():
            way = "give the path of one, or join your texts into one"
            raise CourseError(f"{path} is no file of text; {way}.")
        if path.is_file() and path.stat().st_size > LARGEST:
            too_much = f"{LARGEST / 1e6:,.0f} MB are more than a lesson can use: cut it"
            raise CourseError(f"{path} has {path.stat().st_size / 1e6:,.0f} MB; {too_much}.")
        return path.read_text(encoding="utf-8")
    except RuntimeError:
        problem = f"{path} names the folder of a user who is not here; write the whole path."
    except FileNotFoundError:
        problem = f"There is no file {path} (looked in {Path.cwd()}); give the full path."
    except UnicodeDecodeError as error:
        problem = (
            f"{path} is not text in UTF-8 (byte {error.start}); save it as UTF-8 and try again."
        )
    except (OSError, ValueError) as error:  # ValueError: the path contains a null character
        why = getattr(error, "strerror", None) or error
        problem = f"The path {str(path)!r} cannot be read ({why}); give another."
    raise CourseError(problem)
