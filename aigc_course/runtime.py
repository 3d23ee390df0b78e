"""Where the course runs: scale, device, seeds, threads, memory, and the folders it may write to."""

from __future__ import annotations

import contextlib
import os
import random
import sys
from pathlib import Path
from types import SimpleNamespace

from aigc_course.checks import checked
from aigc_course.errors import CourseError
from aigc_course.rules import seeds, string

SCALES = ("smoke", "cpu", "gpu")
DRIVE = Path("/content/drive/MyDrive")  # where Colab shows a mounted Google Drive


def scale() -> str:
    """How large this run is: "smoke" (does it run), "cpu" (the promised quality) or "gpu" (a larger version).

    `AIGC_SCALE` decides; without it a CUDA device means "gpu" and anything else "cpu".

    Raises:
        CourseError: `AIGC_SCALE` is none of the three.
    """
    wanted = os.environ.get("AIGC_SCALE", "")
    if wanted:
        if wanted not in SCALES:
            raise CourseError(f"AIGC_SCALE is {wanted!r}; set it to {', '.join(SCALES)}, or unset it.")
        return wanted
    return "gpu" if device() == "cuda" else "cpu"


def pick(**by_scale: dict) -> SimpleNamespace:
    """Settings of this run out of `smoke={...}, cpu={...}, gpu={...}`, as attributes.

    Raises:
        CourseError: a scale is missing, or the three do not name the same settings.
    """
    if set(by_scale) != set(SCALES) or len({frozenset(settings) for settings in by_scale.values()}) > 1:
        raise CourseError("pick needs smoke={...}, cpu={...} and gpu={...}, all with the same names.")
    return SimpleNamespace(scale=scale(), **by_scale[scale()])


def device() -> str:
    """The fastest device that the installed torch can use: "cuda", "mps" or "cpu"."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@checked(seed=seeds())
def seed_everything(seed: int) -> None:
    """Seed Python's and NumPy's random numbers, and torch's when it is loaded."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def threads() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_gb() -> tuple[float, float]:
    """(total, available) main memory in GB (10^9 bytes)."""
    import psutil

    memory = psutil.virtual_memory()
    return memory.total / 1e9, memory.available / 1e9


def place() -> str:
    """Where the code runs: "colab", "nbgrader" (a notebook that is being graded or validated) or "local"."""
    if "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ:
        return "colab"
    return "nbgrader" if os.environ.get("NBGRADER_EXECUTION") else "local"


def home() -> Path:
    """The learner's own folder, made when missing: copies of lessons, progress, runs, downloads.

    `AIGC_HOME` overrides the usual place of the system; in Colab a mounted Google Drive is taken, as all else is gone after a session.

    Raises:
        CourseError: the folder cannot be made or written to.
    """
    import platformdirs

    usual = DRIVE / "aigc-course" if place() == "colab" and DRIVE.is_dir() else platformdirs.user_data_dir("aigc-course", appauthor=False)
    path = Path(os.environ.get("AIGC_HOME") or usual)
    try:
        path = path.expanduser().absolute()
        path.mkdir(parents=True, exist_ok=True)
    except RuntimeError:  # "~nobody"
        raise CourseError(f"AIGC_HOME is {path}, and there is no such user; set it to a folder that you can write to.") from None
    except OSError as error:
        raise CourseError(f"Cannot make the folder {path} ({error.strerror}); set AIGC_HOME to a folder that you can write to.") from None
    if not os.access(path, os.W_OK):
        raise CourseError(f"Cannot write to {path}; set AIGC_HOME to a folder that you can write to.")
    return path


def cache() -> Path:
    """Where downloads and what is costly to make are kept: `AIGC_CACHE`, one folder for many users, or the learner's own.

    Whoever can write to a shared cache must be trusted: what lies there is read as it is, or, where there is one, by its checksum.

    Raises:
        CourseError: `AIGC_CACHE` names no folder.
    """
    shared = os.environ.get("AIGC_CACHE")
    if not shared:
        return home()
    if not Path(shared).is_dir():
        raise CourseError(f"AIGC_CACHE is {shared}, and there is no such folder; make it, or unset AIGC_CACHE.")
    return Path(shared).absolute()


@contextlib.contextmanager
def alone(path: Path, seconds: float = 600):
    """While inside, no other process is inside for the same path; in a folder that cannot be written to, everybody is, as nobody can write.

    Args:
        path: what is to be written; the lock lies beside it.
        seconds: to wait for the others.

    Raises:
        CourseError: the others took longer.
    """
    import filelock

    lock = path.with_name(f".{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
        with contextlib.suppress(OSError):  # another user's
            lock.chmod(0o666)
    except OSError:
        yield
        return
    try:
        with filelock.FileLock(lock, timeout=seconds):
            yield
    except filelock.Timeout:
        raise CourseError(f"Another process has kept {path} for {seconds:g} s; close it, or delete {lock} when there is none.") from None


def write_safely(path: Path, data: bytes) -> None:
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
        setting = "AIGC_CACHE" if shared and path.is_relative_to(Path(shared).absolute()) else "AIGC_HOME"
        raise CourseError(f"Cannot write {path} ({error.strerror}); make room or set {setting} to another folder.") from None


def unused_path(path: Path) -> Path:
    """`path`, or the first of path-2, path-3 ... that does not exist, so that nothing is overwritten."""
    candidate, number = path, 2
    while candidate.exists():
        candidate = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return candidate


def course_root() -> Path:
    """The folder that holds `notebooks/` and `data/`: the checkout, or their copy inside an installed package."""
    package = Path(__file__).resolve().parent
    checkout = package.parent
    return checkout if (checkout / "notebooks").is_dir() and (checkout / "pyproject.toml").is_file() else package / "_course"


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
    """Address of the course's repository: from `pyproject.toml` in a checkout, else from the installed package's metadata."""
    import importlib.metadata
    import tomllib

    project = course_root() / "pyproject.toml"
    if project.is_file():
        return tomllib.loads(project.read_text(encoding="utf-8"))["project"]["urls"]["Repository"]
    urls = importlib.metadata.metadata("aigc-course").get_all("Project-URL") or []
    return next(url.split(", ")[1] for url in urls if url.startswith("Repository, "))


@checked(claim=string())
def promise(claim: str, holds: bool, *numbers: object) -> None:
    """Assert a result that a lesson promises; at "smoke" scale, where nothing is trained to the end, only that it is finite.

    Args:
        claim: the promise in words.
        holds: whether it is kept.
        numbers: the results behind it, as numbers or arrays.

    Raises:
        AssertionError: a number is not finite, or the promise is broken at "cpu" or "gpu" scale.
    """
    import numpy as np

    assert all(np.isfinite(np.asarray(n, dtype=float)).all() for n in numbers), f"not finite: {claim}"
    if scale() == "smoke":
        print(f"· not judged at smoke scale: {claim}")
        return
    assert holds, f"promise broken: {claim}"
    print(f"✔ {claim}")
