"""Turns a lesson into an nbgrader assignment: its exercises as answer cells, locked tests with
points, hidden parameters; no training.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import secrets
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from aigc_course.core import arguments as core_arguments
from aigc_course.core import files
from aigc_course.core import paths as core_paths
from aigc_course.core.errors import CourseError
from aigc_course.course import first_cell, lessons
from aigc_course.exercises.engine import catalog
from aigc_course.exercises.engine.facts import shorten
from aigc_course.exercises.engine.types import Exercise, Question

MINUTES_A_POINT, MOST_POINTS = 5, 4
CONFIG = "nbgrader_config.py"
# Tags of cells in a lesson: the statement of an exercise, complete in itself, and the cell that
# asks for the answer.
TASK, EXERCISE = "task", "exercise"


@dataclass(frozen=True)
class Found:
    """An exercise as it stands in a lesson.

    Attributes:
        stub: the source to fill in; of a cell that goes on to use the answer, only the statement
            that asks for it.
        text: the statement, Markdown.
        target: the variable that takes the answer of a question, "" for a function.
    """

    name: str
    stub: str
    text: str
    target: str = ""


def export(numbers: Sequence[str], out: Path, seed: int | None = None) -> list[Path]:
    """Write assignments as nbgrader wants them, `out/NAME/NAME.ipynb`, and nbgrader's settings
    beside `out` when there are none.

    Args:
        numbers: of the lessons.
        out: the teaching folder's `source`.
        seed: of the hidden parameters; None draws one for each lesson.

    Returns:
        What was written. All is looked at before anything is written.

    Raises:
        CourseError: there is no such lesson, an assignment is there already, or the place does not
            suit nbgrader.
    """
    found = {
        out / lesson.name / f"{lesson.name}.ipynb": lesson for lesson in map(lessons.find, numbers)
    }
    _check_place(out, list(found))
    for path, lesson in found.items():
        notebook = assignment(
            lessons.read(lesson.path), secrets.randbelow(2**63) if seed is None else seed
        )
        files.write_atomically(path, nbformat.writes(notebook).encode())
    settings = out.absolute().parent / CONFIG
    if settings.exists():
        return list(found)
    files.write_atomically(settings, (Path(__file__).parent / CONFIG).read_bytes())
    return [settings, *found]


def _check_place(out: Path, paths: list[Path]) -> None:
    if out.name != "source":
        raise CourseError(
            f"nbgrader looks for assignments in a folder named source: --out {out / 'source'}, say."
        )
    if not all(folder.is_dir() for folder in (out, out.parent) if folder.exists()):
        raise CourseError(
            f"{out} cannot be a folder, as a file of that name is there; choose another --out."
        )
    if there := [path for path in paths if path.exists()]:
        raise CourseError(
            f"{there[0]} is there already and may hold your own changes; move it away, "
            "or choose another --out. Nothing was written."
        )
    settings, ours = out.absolute().parent / CONFIG, Path(__file__).parent / CONFIG
    if settings.exists() and "ExecuteApart" not in settings.read_text(encoding="utf-8"):
        raise CourseError(
            f"{settings} is your own and does not name ExecuteApart: copy the lines of "
            f"{ours} into it. Nothing was written."
        )


def assignment(lesson, seed: int):
    """Make the assignment of a lesson, both nbformat's NotebookNode.

    Raises:
        CourseError: the lesson has no exercises.
    """
    found = list(exercises(lesson))
    if not found:
        raise CourseError("This lesson has no exercises to grade.")
    title = lesson.cells[0].source.splitlines()[0].removeprefix("# ")
    answers = [_answer_cell(one) for one in found]
    cells = [
        new_markdown_cell(
            f"# Assignment: {title}\n\n{_HOW.format(name=title.lower().replace(' ', '_'))}"
        ),
        marked(new_code_cell(first_cell.first_cell(core_paths.repository())), "install"),
        marked(new_code_cell(_setup(lesson, "\n".join(cell.source for cell in answers))), "setup"),
    ]
    for one, answer in zip(found, answers, strict=True):
        task, name = catalog.find(one.name), one.name.replace(".", "-")
        points = min(MOST_POINTS, max(1, round(task.minutes / MINUTES_A_POINT)))
        cells.append(
            new_markdown_cell(
                f"{one.text}\n\n{_example(task, one)}*{points} "
                f"{'point' if points == 1 else 'points'}*"
            )
        )
        cells.append(marked(answer, name, solution=True, locked=False))
        cells.append(
            marked(new_code_cell(_test(task, seed)), f"{name}-test", grade=True, points=points)
        )
    for i, cell in enumerate(cells):
        cell.id = f"cell-{i:02d}"
    return new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        },
    )


_HOW = """Fill in the cells with three dots and run them. Below each stands whether it is right,
and which mistake was made when it is a known one; `hint("...")` gives one step more at
each call. When you hand in, your answers are run again, on values that you do not see:
with the packages of the course alone, without network, in a few seconds each. Leave the
test cells as they are, and every cell where it stands. What is meant is explained in
lesson `{name}.ipynb`: keep it open beside this."""


def exercises(lesson) -> Iterator[Found]:
    """Find the exercises of a lesson, an nbformat NotebookNode, in order, with their statements."""
    statement = ""
    for cell in lesson.cells:
        tags = cell.metadata.get("tags", ())
        if TASK in tags:
            statement = cell.source
        if EXERCISE in tags:
            yield from _asked_for(cell.source, statement)


def _asked_for(source: str, statement: str) -> Iterator[Found]:
    for node in ast.parse(source).body:
        name, target = _named(node)
        if name:
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
            stub = "\n".join(source.splitlines()[first - 1 : node.end_lineno])
            yield Found(name, stub, statement, target)


def _named(node: ast.stmt) -> tuple[str, str]:
    """Read the name of the exercise that a line of code asks for and the variable that takes its
    answer; both empty when it asks for none.
    """
    calls = getattr(node, "decorator_list", None) or [getattr(node, "value", None)]
    for call in calls:
        if (
            isinstance(call, ast.Call)
            and getattr(call.func, "id", "") in ("exercise", "answer")
            and call.args
        ):
            target = node.targets[0].id if isinstance(node, ast.Assign) else "value"
            return ast.literal_eval(call.args[0]), target if call.func.id == "answer" else ""
    return "", ""


def _example(task: Exercise | Question, one: Found) -> str:
    """Write one call and what it gives, when both fit in a line."""
    if isinstance(task, Question):
        return ""
    arguments = task.probes()[0]
    try:
        gives = shorten(task.reference(*arguments))
    except Exception:  # some are called with more than their arguments, inside a training step say
        return ""
    call = f"{ast.parse(one.stub).body[0].name}({', '.join(map(shorten, arguments))})"
    return (
        f"For example, `{call}` gives `{gives}`.\n\n"
        if len(call) < 160 and " object at " not in call + gives
        else ""
    )


def _answer_cell(one: Found):
    task = catalog.find(one.name)
    if isinstance(task, Question):
        return new_code_cell(
            f"# Your answer in place of the three dots:\n{one.target} = (\n    ### BEGIN "
            f"SOLUTION\n    {task.reference!r}\n    ### END SOLUTION\n)\n"
            f'{one.target} = answer("{one.name}", {one.target})'
        )
    head, body = one.stub.splitlines(), body_of(right_answer(task), one.stub)
    head = head[: ast.parse(one.stub).body[0].body[-1].lineno - 1]
    return new_code_cell(
        "\n".join(
            [*head, "    ### BEGIN SOLUTION", textwrap.indent(body, "    "), "    ### END SOLUTION"]
        )
    )


def right_answer(task: Exercise) -> Callable:
    """Pick the course's short answer, or the reference where the short one has no name to be
    written under.
    """
    return task.shown if task.shown and task.shown.__name__ != "<lambda>" else task.reference


def body_of(function, stub: str) -> str:
    """Write a body for a stub: `function` as an inner one with what it needs, and a call of it."""
    imports, sources = _with_needs(function)
    given = [argument.arg for argument in ast.parse(stub).body[0].args.args]
    return "\n".join(
        [
            *imports,
            *([""] if imports else []),
            "\n\n".join(sources),
            "",
            f"return {function.__name__}({', '.join(given)})",
        ]
    )


def _with_needs(function) -> tuple[list[str], list[str]]:
    """Collect imports for the names that a function takes from its module, and sources: its own,
    and those of helpers that live with the exercises.
    """
    source = core_arguments.plain_source(function).rstrip()
    imports, sources = [], [source]
    for name in sorted(names_from_outside(source)):
        if name not in function.__globals__ or hasattr(builtins, name):
            continue
        value = function.__globals__[name]
        home = getattr(value, "__module__", None) or function.__module__
        if isinstance(value, ModuleType):
            imports.append(
                f"import {value.__name__}" + (f" as {name}" if value.__name__ != name else "")
            )
        elif home.startswith("aigc_course.exercises.") and inspect.isfunction(value):
            more, helpers = _with_needs(value)
            imports, sources = imports + more, helpers + sources
        else:
            source_module = home if hasattr(sys.modules.get(home), name) else function.__module__
            imports.append(f"from {source_module} import {name}")
    return sorted(set(imports)), list(dict.fromkeys(sources))


def names_from_outside(source: str) -> set[str]:
    """Collect the names that a function uses and does not bind itself."""
    nodes = list(ast.walk(ast.parse(source)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    bound |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return {node.id for node in names} - bound


_ALWAYS = ("math", "random", "collections", "numpy", "torch")


def _setup(lesson, answers: str) -> str:
    """Collect the lesson's own imports, as far as answers use them or could."""
    lines = ["import os"]
    for node in (
        node
        for cell in lesson.cells[2:]
        if cell.cell_type == "code"
        for node in ast.parse(cell.source).body
    ):
        if (
            not isinstance(node, ast.Import | ast.ImportFrom)
            or getattr(node, "module", "") == "aigc_course.exercises"
        ):
            continue
        root = (getattr(node, "module", None) or node.names[0].name).split(".")[0]
        node.names = [
            alias
            for alias in node.names
            if root in _ALWAYS or re.search(rf"\b{alias.asname or alias.name}\b", answers)
        ]
        lines += [ast.unparse(node)] if node.names else []
    return "\n".join(
        [
            *dict.fromkeys(lines),
            "",
            "from aigc_course.classroom import answer, exercise, hint, require",
            "",
            'os.environ["AIGC_SOLUTIONS"] = "off"  # solution(...) is for the lesson',
        ]
    )


def _test(task: Exercise | Question, seed: int) -> str:
    kind, hidden = (
        ("require_hidden", seed)
        if isinstance(task, Exercise)
        else ("require_value", task.reference)
    )
    return "\n".join(
        [
            f'require("{task.name}")',
            "### BEGIN HIDDEN TESTS",
            f"from aigc_course.classroom import {kind}",
            "",
            f'{kind}("{task.name}", {hidden!r})',
            "### END HIDDEN TESTS",
        ]
    )


def marked(cell, grade_id: str, **kind):
    """Give a cell (nbformat's NotebookNode) nbgrader's marks; without more it is read-only."""
    marks = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": False,
        "solution": False,
        "locked": True,
        "task": False,
    }
    cell.metadata["nbgrader"] = marks | kind
    return cell
