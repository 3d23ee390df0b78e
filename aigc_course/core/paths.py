"""Folders and files of the course: the learner's own folder, the cache, and what ships with the
package.
"""

from __future__ import annotations

import os
from pathlib import Path

from aigc_course.core import machine
from aigc_course.core.arguments import checked, string
from aigc_course.core.errors import CourseError

DRIVE = Path("/content/drive/MyDrive")  # where Colab shows a mounted Google Drive


def home() -> Path:
    """The learner's own folder, made when missing: copies of lessons, progress, runs, downloads.

    `AIGC_HOME` overrides the usual place of the system; in Colab a mounted Google Drive is taken,
    as all else is gone after a session.

    Raises:
        CourseError: the folder cannot be made or written to.
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
        path.mkdir(parents=True, exist_ok=True)
    except RuntimeError:  # "~nobody"
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


def cache() -> Path:
    """Where downloads and what is costly to make are kept: `AIGC_CACHE`, one folder for many users,
    or the learner's own.

    Whoever can write to a shared cache must be trusted: what lies there is read as it is, or, where
    there is one, by its checksum.

    Raises:
        CourseError: `AIGC_CACHE` names no folder.
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
    """The folder that holds `notebooks/` and `data/`: the checkout, or their copy inside an
    installed package.
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
    """Path of a file that ships with the course, such as "data/tales.md".

    Raises:
        CourseError: there is no such file.
    """
    path = course_root() / name
    if not path.is_file():
        raise CourseError(f"The course has no file {name}; install it again, or get a fresh copy.")
    return path


def repository() -> str:
    """Address of the course's repository: from `pyproject.toml` in a checkout, else from the
    installed package's metadata.
    """
    import importlib.metadata
    import tomllib

    project = course_root() / "pyproject.toml"
    if project.is_file():
        return tomllib.loads(project.read_text(encoding="utf-8"))["project"]["urls"]["Repository"]
    urls = importlib.metadata.metadata("aigc-course").get_all("Project-URL") or []
    return next(url.split(", ")[1] for url in urls if url.startswith("Repository, "))
