"""What a class did: nbgrader's marks with the reason for each, and which mistakes were made how
often; a CSV and an HTML page.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import nbformat

from aigc_course.classroom import submission_files
from aigc_course.core import files as core_files
from aigc_course.core.errors import CourseError
from aigc_course.exercises.engine import catalog
from aigc_course.exercises.engine.judging import RIGHT

UNREADABLE = f"not graded: {submission_files.UNREADABLE}"
NOT_GRADED = (
    "not graded: nbgrader could not process it (its log says why), or autograde has not run "
    "since it was handed in"
)
# What no answer needs: the checker's modules, frames and processes, the teacher's files.
WATCH = (
    "aigc_course.exercises",
    "catalog",
    "__closure__",
    "_getframe",
    "f_locals",
    "gradebook",
    "submitted",
    "subprocess",
    "umount",
    "os.write",
)


# The setup cell of an assignment is locked and not looked at: answers need no module of the course.
_MODULES = re.compile(r"(?:from|import)\s+(aigc_course(?:\.\w+)*)")


@dataclass(frozen=True)
class Mark:
    """One exercise of one student.

    Attributes:
        score: points given, of `most`.
        why: "right." or what is wrong.
        note: what a teacher may want to look at, "" for nothing.
    """

    assignment: str
    student: str
    exercise: str
    score: float
    most: float
    why: str
    note: str = ""


def marks(course: Path) -> list[Mark]:
    """Read every mark in nbgrader's gradebook, with the reason that the autograded notebook gives.

    Args:
        course: the folder with nbgrader_config.py and gradebook.db.

    Raises:
        CourseError: there is no gradebook yet.
    """
    from nbgrader.api import Gradebook

    if not course.is_dir():
        raise CourseError(f"There is no folder {course}; name the one with nbgrader_config.py.")
    if not (course / "gradebook.db").is_file():
        raise CourseError(
            f"{course} holds no gradebook.db: run `nbgrader generate_assignment` and "
            "`nbgrader autograde` there first."
        )
    found = []
    with Gradebook(f"sqlite:///{(course / 'gradebook.db').absolute()}") as gradebook:
        for assignment in gradebook.assignments:
            places = [
                path
                for folder in ("submitted", submission_files.REFUSED)
                for path in course.glob(f"{folder}/*/{assignment.name}")
            ]
            students = sorted({path.parent.name for path in places})
            found += [
                mark
                for student in students
                for notebook in assignment.notebooks
                for mark in _marks_of(gradebook, course, student, notebook)
            ]
    return found


def _marks_of(gradebook, course: Path, student: str, notebook) -> list[Mark]:
    """Read the marks of one student's notebook, in the order of the assignment."""
    assignment = notebook.assignment.name
    path = course / "autograded" / student / assignment / f"{notebook.name}.ipynb"
    asked = _in_order(notebook)
    if not path.is_file():
        why = _why_not(course, student, assignment, notebook.name)
        return [
            Mark(assignment, student, _exercise(cell.name), 0.0, cell.max_score, why)
            for cell in asked
        ]
    scores = _scores(gradebook, student, notebook)
    graded = nbformat.read(path, as_version=4)
    cells, noted = _cells(graded), _note(graded)
    found = []
    for cell in asked:
        why, score = _why(cells.get(cell.name)), scores.get(cell.name, 0.0)
        changed = "points were changed after grading" if (score > 0) != (why == RIGHT) else ""
        name, note = _exercise(cell.name), changed or noted
        found.append(Mark(assignment, student, name, score, cell.max_score, why, note))
    return found


def _in_order(notebook) -> list:
    """Sort the test cells as they stand in the assignment."""
    places = [cell.name for cell in notebook.source_cells]
    return sorted(
        notebook.grade_cells,
        key=lambda cell: places.index(cell.name) if cell.name in places else len(places),
    )


def _scores(gradebook, student: str, notebook) -> dict[str, float]:
    """Read a submission's points for each test cell; none where it was never graded."""
    from nbgrader.api import MissingEntry

    try:
        graded = gradebook.find_submission_notebook(
            notebook.name, notebook.assignment.name, student
        )
    except MissingEntry:
        return {}
    return {grade.name: grade.score or 0.0 for grade in graded.grades}


def _why_not(course: Path, student: str, assignment: str, notebook: str) -> str:
    path = course / "submitted" / student / assignment / f"{notebook}.ipynb"
    aside = submission_files.aside_of(path.parent)
    if not path.is_file() and aside.is_dir():
        return f"not graded: {path.name} is a link or no plain file; it was moved to {aside}"
    if not path.is_file():
        return f"not graded: {path.name} was not handed in"
    if set(student) & set("[]*?"):
        return "not graded: nbgrader finds no folder with []*? in its name; rename it, grade again"
    try:
        submission_files.read(path)
    except CourseError as error:
        return f"not graded: {error}"
    return NOT_GRADED


def _exercise(grade_id: str) -> str:
    """Read the name of an exercise off its cells, which have a dash for the dot."""
    return grade_id.removesuffix("-test").replace("-", ".", 1)


def _cells(notebook) -> dict[str, object]:
    """Find the cells of an autograded notebook by their names."""
    return {
        cell.metadata["nbgrader"]["grade_id"]: cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id")
    }


def _why(cell) -> str:
    if cell is None:
        return "its test cell is missing"
    errors = [output.evalue for output in cell.outputs if output.output_type == "error"]
    return errors[0] if errors else RIGHT


def _note(notebook) -> str:
    """Name what a notebook's own code reaches for that no answer needs, and the modules of the
    course that it takes.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and not _locked(cell)]
    code = "\n".join(cell.source for cell in cells)
    seen = [word for word in WATCH if word in code]
    taken = sorted(set(_MODULES.findall(code)))
    return f"look at it: its code names {', '.join(seen + taken)}" if seen or taken else ""


def _locked(cell) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("locked"))


def write(course: Path, out: Path) -> list[Path]:
    """Write `marks.csv`, `totals.csv` and `report.html` into a new folder of `out`, named after the
    time; returns their paths.

    Raises:
        CourseError: there is no gradebook, or nothing was handed in.
    """
    found = marks(course)
    if not found:
        raise CourseError(f"Nothing was handed in yet: {course / 'submitted'} is empty.")
    if out.exists() and not out.is_dir():
        raise CourseError(f"{out} is a file; choose another --out.")
    folder = core_files.unused_path(out / f"{datetime.now():%Y-%m-%d-%H%M}")
    rows = [["assignment", "student", "exercise", "points", "of", "why", "note"]]
    rows += [
        [m.assignment, m.student, m.exercise, f"{m.score:g}", f"{m.most:g}", m.why, m.note]
        for m in found
    ]
    sums = [["assignment", "student", "points", "of"]]
    for assignment, student in dict.fromkeys((m.assignment, m.student) for m in found):
        mine = [m for m in found if (m.assignment, m.student) == (assignment, student)]
        sums.append(
            [
                assignment,
                student,
                f"{sum(m.score for m in mine):g}",
                f"{sum(m.most for m in mine):g}",
            ]
        )
    files = {
        "marks.csv": _table(rows),
        "totals.csv": _table(sums),
        "report.html": page(found).encode("utf-8", "backslashreplace"),
    }
    for name, data in files.items():
        core_files.write_atomically(folder / name, data)
    return [folder / name for name in files]


def _table(rows: list[list[str]]) -> bytes:
    """Write CSV as spreadsheets read it: UTF-8 with its mark."""
    table = io.StringIO()
    csv.writer(table).writerows([_safe(value) for value in row] for row in rows)
    return table.getvalue().encode("utf-8-sig")


def _safe(text: str) -> str:
    """Write a cell that no spreadsheet takes for a formula, whatever it skips before one."""
    text = text.encode("utf-8", "backslashreplace").decode()  # a name from another system
    # Where cells are parted by semicolons, one may begin in the middle.
    text = re.sub(r"([;\t\r\n]\s*)(?=[=+\-@])", r"\1'", text)
    risky = text.lstrip()[:1] in ("=", "+", "-", "@") or text[:1] in ("\t", "\r", "\n")
    return f"'{text}" if risky else text


def page(found: Sequence[Mark]) -> str:
    """Write the report as one HTML page: for each assignment a row a student, and the mistakes with
    how many made them.
    """
    parts = []
    for assignment in dict.fromkeys(mark.assignment for mark in found):
        mine = [mark for mark in found if mark.assignment == assignment]
        parts += [f"<h2>{html.escape(assignment)}</h2>", _mistakes(mine), _students(mine)]
    return _PAGE.format(body="\n".join(parts))


def _mistakes(found: Sequence[Mark]) -> str:
    rows = []
    for exercise in dict.fromkeys(mark.exercise for mark in found):
        mine = [mark for mark in found if mark.exercise == exercise]
        right, title = sum(mark.why == RIGHT for mark in mine), _title(exercise)
        share = 100 * right / len(mine)
        bar = (
            f'<span class="bar"><span style="width:{share:.0f}%"></span></span> {right} of '
            f"{len(mine)}"
        )
        rows.append(
            f"<tr><th>{html.escape(exercise)}<br><small>{html.escape(title)}</small></th><td>{bar}</td><td>{_counted(mine)}</td></tr>"
        )
    return (
        "<table class='mistakes'><tr><th>exercise</th><th>right</th><th>what went wrong, "
        f"how many</th></tr>{''.join(rows)}</table>"
    )


def _title(exercise: str) -> str:
    try:
        return catalog.find(exercise).title
    except CourseError:  # a teacher's own cell
        return ""


def _counted(mine: Sequence[Mark]) -> str:
    counts = Counter(mark.why for mark in mine if mark.why != RIGHT)
    return "".join(f"<div><b>{n} x</b> {html.escape(why)}</div>" for why, n in counts.most_common())


def _students(found: Sequence[Mark]) -> str:
    exercises = list(dict.fromkeys(mark.exercise for mark in found))
    rows = []
    for student in dict.fromkeys(mark.student for mark in found):
        mine = {mark.exercise: mark for mark in found if mark.student == student}
        cells = "".join(_cell(mine.get(exercise)) for exercise in exercises)
        total = f"{sum(m.score for m in mine.values()):g} of {sum(m.most for m in mine.values()):g}"
        notes = "; ".join(dict.fromkeys(m.note for m in mine.values() if m.note))
        rows.append(
            f"<tr><th>{html.escape(student)}</th><td>{total}</td>{cells}<td>{html.escape(notes)}</td></tr>"
        )
    heads = "".join(f"<th>{html.escape(exercise)}</th>" for exercise in exercises)
    first = f"<tr><th>student</th><th>points</th>{heads}<th>note</th></tr>"
    return f"<table>{first}{''.join(rows)}</table>"


def _cell(mark: Mark | None) -> str:
    if mark is None:
        return "<td></td>"
    kind = "right" if mark.why == RIGHT else "wrong"
    return (
        f'<td class="{kind}"><b>{"✔" if kind == "right" else "✘"} '
        f"{mark.score:g}</b><br><small>{html.escape(mark.why)}</small></td>"
    )


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Marks and mistakes</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2em; color: #222; }}
table {{ border-collapse: collapse; margin: 0 0 2em; }}
th, td {{ border: 1px solid #ccc; padding: 4px 8px; text-align: left; vertical-align: top; max-width: 22em; }}
.mistakes td {{ max-width: 50em; }}
small {{ color: #444; font-weight: normal; }}
.right b {{ color: #00664a; }} .wrong b {{ color: #a94700; }}
.bar {{ display: inline-block; width: 80px; height: .8em; background: #ddd; }} .bar span {{ display: block; height: 100%; background: #0072B2; }}
</style>
<h1>Marks and mistakes</h1>
{body}
</html>
"""  # noqa: E501 (text of a file)
