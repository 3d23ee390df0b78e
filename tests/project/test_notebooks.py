"""Notebooks are clean, small, up to date with their code, and built as CONTRIBUTING.md says. nbval
runs them beside this file.
"""

import ast
import base64
import re
import statistics

import pytest

from aigc_course.authoring import provenance, secrets, store
from aigc_course.core import paths
from aigc_course.course import first_cell, lessons, syllabus

LESSONS = lessons.all_lessons()
each = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.topic)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_lessons():
    assert [lesson.record for lesson in LESSONS] == list(syllabus.present())


@each
def test_every_cell_ran_in_order_without_errors(lesson):
    cells = code_cells(lessons.read(lesson.path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [o for cell in cells for o in cell.outputs if o.output_type == "error"]


@each
def test_nothing_marked_as_checked_is_silently_skipped(lesson):
    """nbval does not compare a cell without a count, and has nothing to compare in one without
    outputs.
    """
    marked = [
        cell
        for cell in code_cells(lessons.read(lesson.path))
        if "NBVAL_CHECK_OUTPUT" in cell.source
    ]
    assert len(marked) >= 3
    for cell in marked:
        assert cell.execution_count and cell.outputs, cell.source[:60]
        assert any(
            o.output_type == "stream" or "text/plain" in o.get("data", {}) for o in cell.outputs
        ), cell.source[:60]
        assert cell.source.startswith("# NBVAL_CHECK_OUTPUT\n")
        assert "RUN." not in cell.source, "a checked output must not depend on the scale"


@each
def test_stored_outputs_are_as_new_as_the_code(lesson):
    """How the record is made and read is tested in tests/authoring/test_provenance.py."""
    changed = provenance.changes(lessons.read(lesson.path))
    assert not changed, f"run: python3 course.py store {lesson.topic} ({', '.join(changed[:5])})"


@each
def test_stored_outputs_are_clean(lesson):
    text = lesson.path.read_text(encoding="utf-8")
    notebook = lessons.read(lesson.path)
    assert len(text.encode()) < 700_000
    secrets.check(notebook)
    assert (
        set(notebook.metadata) == {"kernelspec", "language_info", "aigc_course"}
        and notebook.nbformat_minor >= 5
    )
    assert [cell.id for cell in notebook.cells] == [
        f"cell-{i:02d}" for i in range(len(notebook.cells))
    ]
    for cell in code_cells(notebook):
        assert not cell.metadata.get("execution")
        for output in cell.outputs:
            assert output.get("name") != "stderr"
            shown = output.get("text", "") + "".join(
                str(v) for k, v in output.get("data", {}).items() if k.startswith("text")
            )
            assert (
                not re.search(r"/(home|root|tmp|Users|work)/", shown) and " at 0x" not in shown
            ), shown[:200]
            assert not [kind for kind in output.get("data", {}) if "widget" in kind]


@each
def test_every_figure_has_alternative_text(lesson):
    figures = [
        o
        for cell in code_cells(lessons.read(lesson.path))
        for o in cell.outputs
        if "image/png" in o.get("data", {})
    ]
    drawings = [
        o
        for cell in code_cells(lessons.read(lesson.path))
        for o in cell.outputs
        if o.get("data", {}).get("text/plain", "").startswith("Drawing: ")
    ]
    assert len(figures) >= 3 and len(figures) + len(drawings) >= 4
    for output in figures:
        assert len(output.metadata["image/png"]["alt"]) > 20


@each
def test_anatomy(lesson):
    notebook = lessons.read(lesson.path)
    title = notebook.cells[0].source
    assert (
        re.match(rf"# {lesson.number} \w", title)
        and "Open in Colab" in title
        and "minutes" in title
        and "Before" in title
    )
    assert [f"{i}." in title for i in (1, 2, 3)] == [True] * 3 and "\n4." not in title
    assert code_cells(notebook)[0].source == first_cell.first_cell(paths.repository())
    # A cell does one thing. How many cells and words an idea takes is for its reader to say.
    lengths = [
        len(re.findall(r"^ *[^ #\n]", cell.source, re.M)) for cell in code_cells(notebook)[1:]
    ]
    assert statistics.median(lengths) <= 15 and max(lengths) <= 30, lengths
    everything = "\n".join(cell.source for cell in notebook.cells)
    for part in (
        "redict",
        "## Recap",
        "ommon error",
        "urther reading",
        "**Next**",
        "widgets.",
        "Optional" if lesson.topic != "welcome" else "Recap",
    ):
        assert part in everything, part
    assert "from __future__" not in everything


@each
def test_every_training_shows_how_long_it_takes(lesson):
    """`fit` has a bar; a loop by hand whose length depends on the scale counts its steps with
    one.
    """
    for cell in code_cells(lessons.read(lesson.path)):
        loops = re.findall(r"^ *(?:for|while) .*RUN\..*", cell.source, re.M)
        if re.search(r"\.backward\(\)|autograd\.grad\(|\.step\(\)", cell.source):
            assert all("progress_steps(" in loop for loop in loops), loops
        assert "show=False" not in cell.source or "len(losses), 0.02" in cell.source, cell.source


@each
def test_what_only_installs_is_folded_away(lesson):
    cells = code_cells(lessons.read(lesson.path))
    assert cells[0].metadata == {"jupyter": {"source_hidden": True}} and not [
        cell for cell in cells[1:] if cell.metadata.get("jupyter")
    ]


def test_no_two_lessons_define_one_name():
    """What a lesson built is imported by later ones, never built again."""
    home = {}
    for lesson in LESSONS:
        for cell in code_cells(lessons.read(lesson.path)):
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    assert home.setdefault(node.name, lesson.topic) == lesson.topic, node.name


@each
def test_code_cells_are_tidy(lesson, tmp_path):
    import subprocess
    import sys

    source = "\n\n".join(cell.source for cell in code_cells(lessons.read(lesson.path))[1:])
    path = tmp_path / "lesson.py"
    # Learners call these in cells of their own.
    imported = [
        name
        for name in ("hint", "solution", "progress")
        if re.search(rf"^from aigc_course.exercises import .*\b{name}\b", source, re.M)
    ]
    path.write_text("\n\n".join([source, *imported]), encoding="utf-8")
    rules = [
        "check",
        "--isolated",
        "--select",
        "E501,F,UP,PTH",
        "--line-length",
        "120",
        "--target-version",
        "py311",
        str(path),
    ]
    result = subprocess.run([sys.executable, "-m", "ruff", *rules], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


@each
def test_the_picture_at_the_top_is_the_one_that_the_lesson_makes(lesson):
    cells = code_cells(lessons.read(lesson.path))
    made = [
        store.picture_of(cell)["image/png"]
        for cell in cells
        if "cover" in cell.metadata.get("tags", ())
    ]
    shown = [
        store.picture_of(cell)["image/png"] for cell in cells if "plots.picture(" in cell.source
    ]
    kept = paths.course_root() / "data" / "pictures" / f"{lesson.topic}.png"
    assert len(made) == 1 and made[0] in shown and base64.b64decode(made[0]) == kept.read_bytes()
