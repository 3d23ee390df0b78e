"""Commands, and above all bad input: one clear line, a way out, no traceback, nothing
overwritten."""

import nbformat
import pytest
from command import course, notebook

from aigc_course.core.errors import CourseError
from aigc_course.course import execute


def test_the_page_keeps_alternative_texts(tmp_path):
    picture = "from aigc_course import plots; plots.bars(['a'], [1], 'x', 'one bar')"
    result = course(
        "run",
        str(notebook(tmp_path / "small.ipynb", picture)),
        "--html",
        "--out",
        str(tmp_path / "out"),
    )
    page = (tmp_path / "out" / "small.html").read_text()
    assert result.returncode == 0 and 'alt="one bar"' in page and "No description" not in page


def test_a_dead_kernel_is_told(tmp_path):
    node = nbformat.read(notebook(tmp_path / "dies.ipynb", "import os; os._exit(1)"), 4)
    with pytest.raises(CourseError, match="kernel died"):
        execute.run(node, tmp_path, name="dies")
