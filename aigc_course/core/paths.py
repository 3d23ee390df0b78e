"""Folders of the course: the learner's folder, the cache, and the files of the package."""

from __future__ import annotations

import os
from pathlib import Path

from aigc_course.core import machine
from aigc_course.core.arguments import checked, string
from aigc_course.core.errors import CourseError

MOST_BYTES = 3_500  # of a folder's path: of 4,096 on Linux, the rest is for the files in it
DRIVE = Path("/content/drive/MyDrive")  # where Colab shows a mounted Google Drive


def home() -> Path:
    """Return the learner's own folder, created when missing.

    It holds copies of lessons, progress, runs and downloads. `AIGC_HOME` overrides the system's
    usual place. In Colab a mounted Google Drive is used, because everything else is lost after a
    session.

    Raises:
        CourseError: the folder cannot be created or written to.
    """
    import platformdirs

    usual = (
        DRIVE / "aigc-course"
        if machine.host() == "colab" and DRIVE.is_dir()
        else platformdirs.user_data_dir("aigc-course", appauthor=False)
    )
    path = Path(os.environ.get("AIGC_HOME") or usual)
    try:
        path = path.expanduser().absolute()
        _check_length(path)
        path.mkdir(parents=True, exist_ok=True)
    except RuntimeError:  # a path such as "~nobody" where no such user exists
        raise CourseError(
            f"AIGC_HOME is {path}, and there is no such user; set it to a folder that "
            "you can write to."
        ) from None
    except OSError as error:
        raise CourseError(
            f"Cannot make the folder {path} ({error.strerror}); set AIGC_HOME to a "
            "folder that you can write to."
        ) from None
    if not os.access(path, os.W_OK):
        raise CourseError(
            f"Cannot write to {path}; set AIGC_HOME to a folder that you can write to."
        )
    return path


def _check_length(path: Path) -> None:
    """Refuse a folder in which files would have longer paths than systems allow.

    Raises:
        CourseError: its path is that long.
    """
    if len(os.fsencode(path)) > MOST_BYTES:
        raise CourseError(
            f"The path of your folder has more than {MOST_BYTES:,} bytes ({str(path)[:60]}...); "
            "set AIGC_HOME to a shorter one."
        )


def cache() -> Path:
    """Return the folder for downloads and for results that are costly to compute.

    It is `AIGC_CACHE`, which many users can share, or else the learner's own folder.

    Everyone who can write to a shared cache must be trusted: its files are used as they are, or
    checked against a checksum where there is one.

    Raises:
        CourseError: `AIGC_CACHE` is not a folder.
    """
    shared = os.environ.get("AIGC_CACHE")
    if not shared:
        return home()
    if not Path(shared).is_dir():
        raise CourseError(
            f"AIGC_CACHE is {shared}, and there is no such folder; make it, or unset AIGC_CACHE."
        )
    return Path(shared).absolute()


def course_root() -> Path:
    """Return the folder that holds `notebooks/` and `data/`.

    It is the checkout, or the copy inside an installed package.
    """
    package = Path(__file__).resolve().parents[1]
    checkout = package.parent
    return (
        checkout
        if (checkout / "notebooks").is_dir() and (checkout / "pyproject.toml").is_file()
        else package / "_course"
    )


@checked(name=string(1))
def course_file(name: str) -> Path:
    """Return the path of a file that ships with the course, such as "data/tales.md".

    Raises:
        CourseError: there is no such file.
    """
    path = course_root() / name
    if not path.is_file():
        raise CourseError(f"The course has no file {name}; install it again, or get a fresh copy.")
    return path


def repository() -> str:
    """Return the address of the course's repository.

    It comes from `pyproject.toml` in a checkout, otherwise from the installed package's metadata.
    """
    import importlib.metadata
    import tomllib

    project = course_root() / "pyproject.toml"
    if project.is_file():
        return tomllib.loads(project.read_text(encoding="utf-8"))["project"]["urls"]["Repository"]
    urls = importlib.metadata.metadata("aigc-course").get_all("Project-URL") or []
    return next(url.split(", ")[1] for url in urls if url.startswith("Repository, "))
