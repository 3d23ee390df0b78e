"""The course as a wheel, and an environment that sees the libraries but not the course."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def without_course_variables():
    return {
        k: v for k, v in os.environ.items() if not k.startswith(("AIGC_", "PYTEST", "PYTHONPATH"))
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A fresh environment that sees the installed libraries, but not the course: a path in a .pth
    file is not searched for other .pth files.
    """
    folder = tmp_path_factory.mktemp("bare") / "env"
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    find = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(find, capture_output=True, text=True, check=True).stdout.strip())
    here = next(p for p in map(Path, sys.path) if (p / "torch").is_dir())
    (site / "libraries.pth").write_text(str(here))
    missing = subprocess.run(
        [str(python), "-c", "import torch, aigc_course"],
        capture_output=True,
        text=True,
        cwd=folder,
        env=without_course_variables(),
    )
    assert "No module named 'aigc_course'" in missing.stderr, missing.stderr
    return python
