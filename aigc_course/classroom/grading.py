"""The trusted side of grading: a step for nbgrader that runs submissions apart and writes the verdicts; nbgrader gives the marks."""

from __future__ import annotations

import ast
import dataclasses
import functools
from pathlib import Path

from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from aigc_course.classroom import hidden, sandbox, wire
from aigc_course.errors import CourseError
from aigc_course.exercises import catalog, engine
from aigc_course.exercises.compare import Outcome, outcomes
from aigc_course.exercises.types import Exercise, Question

RIGHT = "right."
NOT_SHOWN = "right on the examples that you saw, wrong on others: does it hold for any size and any values?"


@dataclasses.dataclass(frozen=True)
class Check:
    """What a locked test cell asks for: an exercise, and the seeds of its hidden parameters."""

    name: str
    seeds: tuple[int, ...] = ()


class ExecuteApart(NbGraderPreprocessor):
    """Takes the place of nbgrader's `Execute` in `autograde`: no cell of a submission runs in this process or in its kernel."""

    hide = Unicode("", help="Folder that submissions must not see, the course's own.").tag(config=True)

    def preprocess(self, nb, resources):
        """Run the submission apart; give every locked test cell the output that nbgrader turns into points."""
        tests = {i: cell for i, cell in enumerate(nb.cells) if cell.cell_type == "code" and utils.is_grade(cell) and utils.is_locked(cell)}
        asked = {i: _asked(cell.source) for i, cell in tests.items()}
        cells = {i: cell.source for i, cell in enumerate(nb.cells) if cell.cell_type == "code" and i not in tests}
        checks = {check.name: list(check.seeds) for check in asked.values() if isinstance(check, Check)}
        findings = sandbox.run(cells, checks, Path(self.hide) if self.hide else None)
        if not findings.apart:
            self.log.warning("This system does not let submissions run without network; see docs/classroom.md.")
        for i, source in cells.items():
            nb.cells[i].outputs = _shown(findings.texts.get(i, ""), findings.errors.get(i, ""))
            nb.cells[i].execution_count = i + 1
            nb.cells[i].source = source
        for i, check in asked.items():
            tests[i].execution_count = i + 1
            if isinstance(check, Check):
                says = verdict(check, findings.checks[check.name], reason_missing(check.name, cells, findings.errors))
                tests[i].outputs = [_right(check.name) if says == RIGHT else _failure(check.name, says)]
            else:
                tests[i].outputs = [_failure("test cell", check)]
        return nb, resources


class RestoreCells(NbGraderPreprocessor):
    """Gives a submission back the cells that its author deleted; nbgrader's own option stumbles over a missing answer cell."""

    def preprocess(self, nb, resources):
        """Put every cell of the assignment that is missing behind the one that it followed."""
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            assigned = gradebook.find_notebook(about["notebook"], about["assignment"])
            points = {cell.name: cell.max_score for cell in assigned.grade_cells}
            answers = {cell.name for cell in assigned.solution_cells}
            before = -1
            for cell in assigned.source_cells:
                place = next((i for i, mine in enumerate(nb.cells) if mine.metadata.get("nbgrader", {}).get("grade_id") == cell.name), None)
                if place is None:
                    place = before + 1
                    nb.cells.insert(place, _restored(cell, points.get(cell.name), cell.name in answers))
                before = place
        return nb, resources


def _restored(cell, points: float | None, answer: bool):
    """A cell as the assignment has it; an answer cell comes back empty."""
    marks = {"schema_version": 3, "grade_id": cell.name, "grade": points is not None, "solution": answer, "locked": cell.locked, "task": False}
    new = new_code_cell if cell.cell_type == "code" else new_markdown_cell
    made = new("# This cell was missing." if answer else cell.source)
    made.metadata["nbgrader"] = marks | ({} if points is None else {"points": points})
    return made


def verdict(check: Check, gave: dict, missing: str) -> str:
    """`RIGHT`, or one sentence: what is wrong with an answer, by what came back from the sandbox.

    Args:
        check: what is asked.
        gave: one entry of `sandbox.Findings.checks`; nothing in it is trusted.
        missing: what to say when there is no answer.
    """
    task, state = catalog.find(check.name), gave.get("state")
    plain = {"missing": missing, "empty": "not attempted.", "slow": "it ran longer than its time limit; look for a loop that does not end.",
             "died": "it ended the process that it ran in (memory, time, or an exit)."}  # fmt: skip
    if state in plain:
        return plain[state]
    try:
        if isinstance(task, Question) and state == "value":
            return engine.diagnose_value(task, wire.decode(gave["value"])) or RIGHT
        if isinstance(task, Exercise) and state == "outcomes":
            return _verdict_of_runs(task, check.seeds, [wire.decode_outcomes(run) for run in gave["runs"]])
    except Exception as error:  # it is data from an untrusted process: whatever is wrong with it, the next submission is graded
        return f"what it gave back cannot be read ({str(error)[:100]})."
    return "what it gave back cannot be read."


def _verdict_of_runs(task: Exercise, seeds: tuple[int, ...], runs: list[list[Outcome]]) -> str:
    if len(runs) != 1 + len(seeds):
        return "it was not run on all examples."
    if says := engine.diagnose(task, runs[0], _known):
        return says
    for seed, run in zip(seeds, runs[1:], strict=True):
        varied = dataclasses.replace(task, probes=functools.partial(hidden.arguments, task.name, seed))
        if says := engine.diagnose(varied, run, functools.partial(_known, seed=seed)):
            # A diagnosis that is no known mistake names the arguments, and those stay with the teacher.
            return says if says in {mistake.says for mistake in task.mistakes} else NOT_SHOWN
    return RIGHT


_outcomes_of_known: dict[tuple, list[Outcome]] = {}


def _known(task: Exercise, answer, seed: int | None = None) -> list[Outcome]:
    """What a reference or a known mistake does, in the form that untrusted outcomes arrive in; worked out once for a class."""
    key = (task.name, seed, answer)
    if key not in _outcomes_of_known:
        _outcomes_of_known[key] = wire.plain(outcomes(task, answer))
    return _outcomes_of_known[key]


def reason_missing(name: str, cells: dict[int, str], errors: dict[int, str]) -> str:
    """Why there is no answer: the cell that should hold it, and what went wrong there."""
    where = [i for i, source in cells.items() if name in source]
    if not where:
        return "there is no answer: its cell is missing."
    failed = next((errors[i] for i in where if i in errors), "")
    return f"there is no answer, as its cell failed: {failed}" if failed else "there is no answer."


def _asked(source: str) -> Check | str:
    """What a test cell asks for, or, when it holds anything else, the sentence to say so."""
    name, seeds = "", []
    try:
        for statement in ast.parse(source).body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                continue
            call = statement.value
            arguments = [ast.literal_eval(a) for a in (*call.args, *(k.value for k in call.keywords))]
            if call.func.id == "require" and len(arguments) == 1 and name in ("", arguments[0]):
                name = arguments[0]
            elif call.func.id == "require_hidden" and len(arguments) == 2 and name in ("", arguments[0]):
                name, seed = arguments
                seeds.append(int(seed))
            else:
                raise ValueError
        catalog.find(name)
    except CourseError as error:
        return str(error)
    except (ValueError, AttributeError, SyntaxError, TypeError):
        return "only require(...) and require_hidden(...) for one exercise are judged here; mark other work by hand in formgrader."
    return Check(name, tuple(seeds))


def _shown(text: str, error: str) -> list:
    text = text.encode("utf-8", "replace").decode()
    shown = [new_output("stream", name="stdout", text=text)] if text else []
    if error:
        kind, _, message = error.encode("utf-8", "replace").decode().partition(": ")
        shown.append(new_output("error", ename=kind if message else "Error", evalue=message or kind, traceback=[error]))
    return shown


def _right(name: str):
    return new_output("stream", name="stdout", text=f"✔ {name}: {RIGHT}\n")


def _failure(name: str, says: str):
    says = says.encode("utf-8", "replace").decode()
    return new_output("error", ename="NotRight", evalue=f"{name}: {says}", traceback=[f"✘ {name}: {says}"])
