"""Commands in a process of their own, and small notebooks to try them on."""

import os
import subprocess
import sys

import nbformat
import pytest

from aigc_course.core import paths
from aigc_course.course import lessons, syllabus

WELCOME = lessons.find("welcome").name


def course(*arguments, timeout=300, **environment):
    """Run `python -m aigc_course` in a process of its own, away from pytest."""
    clean = {
        k: v
        for k, v in os.environ.items()
        if k not in ("PYTEST_VERSION", "PYTEST_CURRENT_TEST", "AIGC_SCALE", "AIGC_FULL")
    }
    return subprocess.run(
        [sys.executable, "-m", "aigc_course", *arguments],
        capture_output=True,
        text=True,
        env={**clean, **environment},
        timeout=timeout,
    )


def one_line(result, *words, status=2):
    assert result.returncode == status, result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    lines = [
        line for line in result.stderr.splitlines() if line.strip() and "%|" not in line
    ]  # but for the progress bar
    assert len(lines) == 1, lines
    for word in words:
        assert word in lines[0], lines


def notebook(path, *cells):
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path
    )
    return path


FIRST = syllabus.Lesson("first", "First", syllabus.START, "what comes first?")


SMALL = syllabus.Lesson("small", "Small", syllabus.TEXT, "what is small?")


@pytest.fixture
def small_course(tmp_path, monkeypatch, home):
    """A course whose second lesson has a notebook that can be changed; the first one has none."""
    root = tmp_path / "course"
    (root / "notebooks").mkdir(parents=True)
    notebook(root / "notebooks" / "01_small.ipynb", "1")
    monkeypatch.setattr(paths, "course_root", lambda: root)
    monkeypatch.setattr(syllabus, "LESSONS", (FIRST, SMALL))
    return root / "notebooks" / "01_small.ipynb"
