"""Turns a lesson into an nbgrader assignment: its exercises as answer cells, locked tests with points, hidden parameters; no training."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import secrets
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from aigc_course import lessons, publish, runtime
from aigc_course.errors import CourseError
from aigc_course.exercises import catalog
from aigc_course.exercises.types import Exercise, Question

MINUTES_A_POINT = 5
CONFIG = "nbgrader_config.py"


@dataclass(frozen=True)
class Found:
    """An exercise as it stands in a lesson.

    Attributes:
        stub: the source to fill in; of a cell that goes on to use the answer, only the statement that asks for it.
        text: what the lesson says about it, Markdown.
        target: the variable that takes the answer of a question, "" for a function.
    """

    name: str
    stub: str
    text: str
    target: str = ""


def export(number: str, out: Path, seed: int | None = None) -> Path:
    """Write the assignment of a lesson as nbgrader wants it, `out/NAME/NAME.ipynb`, and nbgrader's settings beside `out` when there are none.

    Args:
        number: of the lesson.
        out: the course's `source` folder.
        seed: of the hidden parameters; None draws one.

    Returns:
        The notebook's path.

    Raises:
        CourseError: there is no such lesson, or the assignment is there already.
    """
    lesson = lessons.find(number)
    path = out / lesson.name / f"{lesson.name}.ipynb"
    if path.exists():
        raise CourseError(f"{path} is there already and may hold your own changes; move it away, or choose another --out.")
    notebook = assignment(lessons.read(lesson.path), secrets.randbelow(10**9) if seed is None else seed)
    runtime.write_safely(path, nbformat.writes(notebook).encode())
    settings = out.absolute().parent / CONFIG
    if not settings.exists():
        runtime.write_safely(settings, (Path(__file__).parent / CONFIG).read_bytes())
    elif "ExecuteApart" not in settings.read_text(encoding="utf-8"):
        ours = Path(__file__).parent / CONFIG
        raise CourseError(f"{path} is written, but {settings} is your own and does not name ExecuteApart: copy the lines of {ours} into it.")
    return path


def assignment(lesson, seed: int):
    """The assignment of a lesson, both nbformat's NotebookNode.

    Raises:
        CourseError: the lesson has no exercises.
    """
    found = list(exercises(lesson))
    if not found:
        raise CourseError("This lesson has no exercises to grade.")
    title = lesson.cells[0].source.splitlines()[0].removeprefix("# ")
    answers = [_answer_cell(one) for one in found]
    cells = [
        new_markdown_cell(f"# Assignment: {title}\n\n{_HOW}"),
        _marked(new_code_cell(publish.first_cell(runtime.repository())), "install"),
        _marked(new_code_cell(_setup(lesson, "\n".join(cell.source for cell in answers))), "setup"),
    ]
    for one, answer in zip(found, answers, strict=True):
        task, name = catalog.find(one.name), one.name.replace(".", "-")
        points = max(1, round(task.minutes / MINUTES_A_POINT))
        cells.append(new_markdown_cell(f"{one.text}\n\n*{points} {'point' if points == 1 else 'points'}*"))
        cells.append(_marked(answer, name, solution=True, locked=False))
        cells.append(_marked(new_code_cell(_test(task, seed)), f"{name}-test", grade=True, points=points))
    for i, cell in enumerate(cells):
        cell.id = f"cell-{i:02d}"
    return new_notebook(cells=cells, metadata={"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}})


_HOW = """Fill in the cells with three dots and run them. The cell below each says whether it is right, and names the mistake when it is a
known one; `hint("...")` gives one step more at each call. When you hand in, your answers are run again, on values that you do not see. Leave the test
cells as they are, and every cell where it stands. The lesson explains everything here: keep it open beside this."""


def exercises(lesson) -> Iterator[Found]:
    """The exercises of a lesson in order (nbformat's NotebookNode)."""
    text = ""
    for cell in lesson.cells:
        if cell.cell_type == "markdown":
            text = cell.source
            continue
        for node in ast.parse(cell.source).body if re.search(r"@exercise\(|answer\(", cell.source) else ():
            name, target = _named(node)
            if name:
                first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
                stub = "\n".join(cell.source.splitlines()[first - 1 : node.end_lineno])
                yield Found(name, stub, _about(text, catalog.find(name)), target)


def _named(node: ast.stmt) -> tuple[str, str]:
    """(name of the exercise that this statement asks for, variable that takes its answer), empty when it asks for none."""
    calls = getattr(node, "decorator_list", None) or [getattr(node, "value", None)]
    for call in calls:
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("exercise", "answer") and call.args:
            target = node.targets[0].id if isinstance(node, ast.Assign) else "value"
            return ast.literal_eval(call.args[0]), target if call.func.id == "answer" else ""
    return "", ""


def _about(text: str, task: Exercise | Question) -> str:
    """The part of the lesson's text that belongs to the exercise, under a heading of its own."""
    parts = [re.sub(r"\A###? [^\n]*\n*", "", part).strip() for part in re.split(r"^(?=###? |\*\*On paper\*\*)", text, flags=re.M)]
    about = parts[-1] or "\n\n".join(filter(None, parts))  # a bare heading: what stands before it says what is meant
    return f"### {task.title}\n\n{about}".rstrip()


def _answer_cell(one: Found):
    task = catalog.find(one.name)
    if isinstance(task, Question):
        return new_code_cell(
            f"# Your answer in place of the three dots:\n{one.target} = (\n    ### BEGIN SOLUTION\n    {task.reference!r}\n    ### END SOLUTION\n)\n"
            f'{one.target} = answer("{one.name}", {one.target})'
        )
    head, body = one.stub.splitlines(), body_of(task.shown or task.reference, one.stub)
    head = head[: ast.parse(one.stub).body[0].body[-1].lineno - 1]
    return new_code_cell("\n".join([*head, "    ### BEGIN SOLUTION", textwrap.indent(body, "    "), "    ### END SOLUTION"]))


def body_of(function, stub: str) -> str:
    """A body for a stub: `function` as an inner one with what it needs, and a call of it."""
    imports, sources = _with_needs(function)
    given = [argument.arg for argument in ast.parse(stub).body[0].args.args]
    return "\n".join([*imports, *([""] if imports else []), "\n\n".join(sources), "", f"return {function.__name__}({', '.join(given)})"])


def _with_needs(function) -> tuple[list[str], list[str]]:
    """Imports for the names that a function takes from its module, and sources: its own, and of helpers that live with the exercises."""
    source = textwrap.dedent(inspect.getsource(function)).rstrip()
    imports, sources = [], [source]
    for name in sorted({node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)} - {function.__name__}):
        if name not in function.__globals__ or hasattr(builtins, name):
            continue
        value = function.__globals__[name]
        home = getattr(value, "__module__", None) or function.__module__
        if isinstance(value, ModuleType):
            imports.append(f"import {value.__name__}" + (f" as {name}" if value.__name__ != name else ""))
        elif home.startswith("aigc_course.exercises.") and inspect.isfunction(value):
            more, helpers = _with_needs(value)
            imports, sources = imports + more, helpers + sources
        else:
            imports.append(f"from {home if hasattr(sys.modules.get(home), name) else function.__module__} import {name}")
    return sorted(set(imports)), list(dict.fromkeys(sources))


_ALWAYS = ("math", "random", "collections", "numpy", "torch")


def _setup(lesson, answers: str) -> str:
    """The lesson's own imports, as far as answers use them or could."""
    lines = ["import os"]
    for node in (node for cell in lesson.cells[2:] if cell.cell_type == "code" for node in ast.parse(cell.source).body):
        if not isinstance(node, ast.Import | ast.ImportFrom) or getattr(node, "module", "") == "aigc_course.exercises":
            continue
        root = (getattr(node, "module", None) or node.names[0].name).split(".")[0]
        node.names = [alias for alias in node.names if root in _ALWAYS or re.search(rf"\b{alias.asname or alias.name}\b", answers)]
        lines += [ast.unparse(node)] if node.names else []
    return "\n".join([*dict.fromkeys(lines), "", "from aigc_course.exercises import answer, exercise, hint, require", "",
                      'os.environ["AIGC_SOLUTIONS"] = "off"  # solution(...) is for the lesson'])  # fmt: skip


def _test(task: Exercise | Question, seed: int) -> str:
    lines = [f'require("{task.name}")']
    if isinstance(task, Exercise):
        lines += ["### BEGIN HIDDEN TESTS", "from aigc_course.classroom import require_hidden", "",
                  f'require_hidden("{task.name}", {seed})', "### END HIDDEN TESTS"]  # fmt: skip
    return "\n".join(lines)


def _marked(cell, grade_id: str, **kind):
    """A cell with nbgrader's marks; without more it is read-only."""
    marks = {"schema_version": 3, "grade_id": grade_id, "grade": False, "solution": False, "locked": True, "task": False}
    cell.metadata["nbgrader"] = marks | kind
    return cell
