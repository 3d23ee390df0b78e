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
        path: of the file; relative to where the notebook runs.
        least: characters that the lesson needs.

    Raises:
        CourseError: there is no such file, it is too short or too long, or it is not text in UTF-8.
    """
    if not isinstance(path, str | Path) or not str(path):
        raise CourseError(
            f"read_text: path must be the path of a text file, a string, not {path!r}."
        )
    try:
        path = Path(path).expanduser()
        if path.exists() and not path.is_file():
            raise CourseError(
                f"{path} is no file of text; give the path of one, or join your texts into one."
            )
        if path.is_file() and path.stat().st_size > LARGEST:
            raise CourseError(
                f"{path} has {path.stat().st_size / 1e6:,.0f} MB; {LARGEST / 1e6:,.0f} "
                "MB are more than a lesson can use: cut it."
            )
        text = path.read_text(encoding="utf-8")
    except RuntimeError:
        raise CourseError(
            f"{path} names the folder of a user who is not here; write the whole path."
        ) from None
    except FileNotFoundError:
        raise CourseError(
            f"There is no file {path} (looked in {Path.cwd()}); give the full path."
        ) from None
    except UnicodeDecodeError as error:
        raise CourseError(
            f"{path} is not text in UTF-8 (byte {error.start}); save it as UTF-8 and try again."
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a zero in it
        raise CourseError(
            f"The path {str(path)!r} cannot be read "
            f"({getattr(error, 'strerror', None) or error}); give another."
        ) from None
    if not text.strip():
        raise CourseError(f"{path} is empty.")
    if len(text) < least:
        raise CourseError(
            f"{path} has {len(text):,} characters; this lesson needs at least {least:,}."
        )
    return text
