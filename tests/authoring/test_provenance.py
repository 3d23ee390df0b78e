"""Outputs go stale by what a lesson ran, and by nothing else."""

import hashlib
import json
import subprocess
import sys

import nbformat
import pytest

from aigc_course.authoring import provenance
from aigc_course.authoring.provenance import meaning

FIGURES = '''"""Figures."""

from aigc_course.plots.style import BLUE, show


def bars(values):
    """Draw bars."""
    return show(values, _width(values), BLUE)


def _width(values):
    return 1 / len(values)


def never_called():
    return 0


class Table:
    """Rows."""

    width = 3

    def __init__(self, rows):
        self.rows = rows

    def head(self):
        return self.rows[: self.width]
'''
STYLE = """BLUE, RED = SHADES = ("blue", "red")
UNUSED = 1


def show(*things):
    return things
"""
CELLS = ("from aigc_course import plots\nplots.bars([1, 2])  # look", "print(plots.RED)")
RAN = {
    "aigc_course.plots.figures": ["Table.__init__", "_width", "bars"],
    "aigc_course.plots.style": ["show"],
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small library, and a notebook that ran a part of it."""
    plots = tmp_path / "aigc_course" / "plots"
    plots.mkdir(parents=True)
    (plots / "__init__.py").write_text(
        "from aigc_course.plots.figures import bars\nfrom aigc_course.plots.style import RED\n"
    )
    (plots / "figures.py").write_text(FIGURES)
    (plots / "style.py").write_text(STYLE)
    monkeypatch.setattr(provenance, "PACKAGE", tmp_path / "aigc_course")
    monkeypatch.setattr(provenance.paths, "course_root", lambda: tmp_path)
    (tmp_path / "data.json").write_text("[1]")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    about = provenance.record(notebook, RAN, ["data.json"])
    notebook.metadata["aigc_course"] = nbformat.from_dict(json.loads(json.dumps(about)))
    assert provenance.changes(notebook) == []
    return plots, notebook


@pytest.mark.parametrize(
    ("file", "old", "new", "stale"),
    [
        ("figures.py", "Draw bars.", "Draw horizontal bars.", []),
        ("figures.py", "return 0", "return 1  # never called", []),
        ("figures.py", "1 / len(", "1 / len(  # so many\n        ", []),
        ("figures.py", "class Table", "def new():\n    return 2\n\n\nclass Table", []),
        ("figures.py", "[: self.width]", "[: self.width + 1]", []),  # a method that did not run
        ("figures.py", "1 / len", "2 / len", ["aigc_course.plots.figures"]),
        ("figures.py", "width = 3", "width = 4", ["aigc_course.plots.figures"]),
        ("figures.py", "self.rows = rows", "self.rows = 2 * rows", ["aigc_course.plots.figures"]),
        ("figures.py", "def _width", "def _widths", ["aigc_course.plots.figures"]),
        ("style.py", "UNUSED = 1", "UNUSED = 2", []),
        ("style.py", '"blue"', '"navy"', ["aigc_course.plots.style"]),
        ("style.py", "return things", "return None", ["aigc_course.plots.style"]),
        ("style.py", "UNUSED = 1", 'UNUSED = 1\nprint("loud")', ["aigc_course.plots.style"]),
        ("__init__.py", "import bars\n", "import bars  # all\n", []),
        ("../../data.json", "1", "2", ["data.json"]),
    ],
)
def test_what_makes_outputs_stale(package, file, old, new, stale):
    plots, notebook = package
    path = plots / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1) + " ")
    assert provenance.changes(notebook) == stale


def test_a_module_or_file_that_is_gone_makes_outputs_stale(package):
    plots, notebook = package
    (plots / "style.py").unlink()
    (plots.parents[1] / "data.json").unlink()
    assert {"aigc_course.plots.style", "data.json"} <= set(provenance.changes(notebook))


def test_cells_count_by_their_meaning(package):
    _, notebook = package
    notebook.cells[0].source = notebook.cells[0].source.replace("# look", "# look here")
    assert provenance.changes(notebook) == []
    notebook.cells[1].source = "print(plots.RED, 1)"
    assert provenance.changes(notebook) == ["cells"]


def test_a_constant_counts_for_the_lesson_that_names_it(package):
    """RED is used by a cell alone, through the package that hands it on."""
    plots, notebook = package
    notebook.cells.pop()
    about = provenance.record(notebook, {"aigc_course.plots.figures": ["bars"]}, [])
    assert "aigc_course.plots.style" in about["made_from"]  # BLUE, by `bars`
    (plots / "figures.py").write_text(FIGURES.replace(", BLUE)", ")"))
    about = provenance.record(notebook, {"aigc_course.plots.figures": ["bars"]}, [])
    assert "aigc_course.plots.style" not in about["made_from"]


def test_docstrings_and_comments_have_no_meaning():
    assert meaning('"""Doc."""\nx = 1  # why\n') == meaning("x = 1") != meaning("x = 2")
    code = 'def f():\n    """Doc\n    more."""\n    return "# no comment"\n'
    assert meaning(code) == 'def f():\n    return "# no comment"'
    assert meaning("%matplotlib inline\n") == "%matplotlib inline\n"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("f(a, b)", "f(\n    a,\n    b,\n)", True),
        ("f(a + b, [1])", "f(\n    a  # why\n    + b,\n    [\n        1\n    ],\n)", True),
        ("x = [\n    1,\n\n    2]", "x = [1, 2]", True),
        ("f(a, b)", "f(\n    a,\n    b + 1,\n)", False),
        ('f("""a\n  b""")', 'f("""a\n b""")', False),
        ("if x:\n    y\n    z", "if x:\n    y\nz", False),
        ("def f(\n    a,\n):\n    return a", "def f(a):\n    return a", True),
        ("x = f'{f(\"a\")}'\ny = g(\n    1)", "x = f'{f(\"a\")}'\ny = g(1)", True),
    ],
)
def test_line_breaks_inside_brackets_have_no_meaning(one, other, same):
    assert (meaning(one) == meaning(other)) == same


def test_meaning_is_the_same_on_every_python_version():
    """Text with a nested f-string, whose syntax tree is written differently from Python 3.12 on."""
    source = '"""Doc."""\nx = f"{\' \'.join(y)} {z!r}"  # comment\n'
    assert hashlib.sha256(meaning(source).encode()).hexdigest()[:8] == "e5404a1a"


RECORD = """
from aigc_course.authoring import recording
recording.start()
from aigc_course import runtime
from aigc_course.core import paths
from aigc_course.models.text.ngram import NGram
NGram(2).fit([["a", "b"]])
runtime.scale()
paths.course_file("data/curves/scaling.json").read_text(encoding="utf-8")
paths.course_file("data/tales.md").read_text(encoding="utf-8")
import inspect, json
assert NGram.fit.__doc__.startswith("Count") and "__ran__" not in inspect.getsource(NGram.fit)
print(json.dumps([recording.ran(), recording.read()]))
"""


def test_what_runs_is_recorded():
    result = subprocess.run([sys.executable, "-c", RECORD], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    ran, read = json.loads(result.stdout)
    assert {"NGram.__init__", "NGram.fit"} <= set(ran["aigc_course.models.text.ngram"])
    assert "NGram.generate" not in ran["aigc_course.models.text.ngram"]
    assert "scale" in ran["aigc_course.runtime"] and "promise" not in ran["aigc_course.runtime"]
    assert read == ["data/curves/scaling.json"]  # a card changes no result


def test_a_new_lesson_changes_only_what_draws_the_map():
    syllabus, drawn = "aigc_course.course.syllabus", "aigc_course.course.map"
    found = "aigc_course.exercises.engine.catalog"
    some = {"cells": "1", syllabus: "2", found: "3"}
    assert provenance.that_count(some) == {"cells": "1"}
    assert provenance.that_count(some | {drawn: "4"}) == {"cells": "1", syllabus: "2", drawn: "4"}
