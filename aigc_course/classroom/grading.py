"""The trusted side of grading: a step for nbgrader that runs submissions apart and writes the
verdicts; nbgrader gives the marks.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import hashlib
from collections.abc import Iterable

from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool

from aigc_course.classroom import sandbox, serialization
from aigc_course.classroom.memory_limit import memory_limit
from aigc_course.core.errors import CourseError
from aigc_course.exercises.engine import catalog, judging
from aigc_course.exercises.engine.compare import Outcome, outcomes
from aigc_course.exercises.engine.time_limit import TooSlow, with_time_limit
from aigc_course.exercises.engine.types import Exercise, Question

RIGHT = judging.RIGHT
# One sentence for all that can go wrong on hidden arguments: a choice of several would let an
# answer tell them, a hand-in at a time.
NOT_SHOWN = (
    "right on the examples that you saw, but not on others: does it hold for any size and any "
    "values, and in a few seconds?"
)
JUDGING_SECONDS, JUDGING_GB = 60, 2.0  # for what one answer gave, whatever it is
UNREADABLE = "what it gave back cannot be read."


@dataclasses.dataclass(frozen=True)
class Check:
    """What locked test cells ask for: an exercise, the seeds of its hidden parameters, or the
    teacher's own answer to a question.
    """

    name: str
    seeds: tuple[int, ...] = ()
    value: float | str | None = None


class ExecuteApart(NbGraderPreprocessor):
    """Takes the place of nbgrader's `Execute` in `autograde`: no cell of a submission runs in this
    process or in its kernel.
    """

    walls = Bool(
        True, help="Whether submissions are kept apart from this computer; False trusts them all."
    ).tag(config=True)

    def preprocess(self, nb, resources):
        """Run the submission apart; give every locked test cell the output that nbgrader turns into
        points.
        """
        code = {i: cell for i, cell in enumerate(nb.cells) if cell.cell_type == "code"}
        tests = {i: c for i, c in code.items() if utils.is_grade(c) and utils.is_locked(c)}
        cells = {i: cell.source for i, cell in code.items() if i not in tests}
        asked = {i: _asked(cell.source) for i, cell in tests.items()}
        places = {i: check.name for i, check in asked.items() if isinstance(check, Check)}
        checks = merged(asked[i] for i in places)
        own = (resources["nbgrader"]["student"], *(cells[i] for i in sorted(cells)))
        checks = {name: with_seeds_of(check, own) for name, check in checks.items()}
        items = [places.get(i, i) for i in sorted(cells.keys() | places)]
        wanted = {name: for_sandbox(check) for name, check in checks.items()}
        findings = sandbox.run(items, cells, wanted, self.walls)
        for i in cells:
            code[i].outputs = _shown(findings.texts.get(i, ""), findings.errors.get(i, ""))
        for i, check in asked.items():
            if isinstance(check, Check):
                code[i].outputs = [_judged(checks[check.name], findings, cells)]
            else:  # the reason why there is nothing to check
                code[i].outputs = [_failure("test cell", check)]
        for i in cells.keys() | tests.keys():
            code[i].execution_count = i + 1
        return nb, resources


def _judged(check: Check, findings: sandbox.Findings, cells: dict[int, str]):
    """Return the output of a test cell."""
    name = check.name
    missing = reason_missing(name, cells, findings.errors)
    says = verdict(check, findings.examples[name], findings.hidden.get(name, []), missing)
    return _right(name) if says == RIGHT else _failure(name, says)


def merged(checks: Iterable[Check]) -> dict[str, Check]:
    """Collect by name what is asked for: an exercise may have several test cells and seeds."""
    found: dict[str, Check] = {}
    for check in checks:
        before = found.get(check.name, check)
        value = check.value if check.value is not None else before.value
        found[check.name] = Check(
            check.name, tuple(dict.fromkeys(before.seeds + check.seeds)), value
        )
    return found


def with_seeds_of(check: Check, own: tuple[str, ...]) -> Check:
    """Return a check whose seeds belong to one hand-in.

    Whatever an answer finds out about hidden arguments is worth nothing to another student, nor
    for a hand-in that differs in one letter.

    Args:
        check: with the seeds of the teacher's copy.
        own: the student's name and the text of the cells.
    """
    text = "\0".join(own).encode("utf-8", "surrogatepass")
    mixed = (hashlib.sha256(f"{seed}\0".encode() + text).digest() for seed in check.seeds)
    seeds = tuple(int.from_bytes(digest[:8], "big") for digest in mixed)
    return dataclasses.replace(check, seeds=seeds)


def for_sandbox(check: Check) -> sandbox.Asked:
    """Return what the sandbox is to do with an answer."""
    task = catalog.find(check.name)
    return sandbox.Asked(
        getattr(task, "seconds", 1.0),
        check.seeds,
        lambda gave: on_examples(check, gave, "") == RIGHT,
        last_counts=isinstance(task, Question),
    )


def verdict(check: Check, examples: dict, hidden_runs: list[dict], missing: str) -> str:
    """Return `RIGHT`, or one sentence: what is wrong with an answer, by what came back from the
    sandbox, of which nothing is trusted.

    Args:
        check: what is asked.
        examples: one entry of `sandbox.Findings.examples`.
        hidden_runs: one entry of `sandbox.Findings.hidden`.
        missing: what to say when there is no answer.
    """
    says = on_examples(check, examples, missing)
    if says != RIGHT or not check.seeds:
        return says
    if len(hidden_runs) != len(check.seeds):
        return NOT_SHOWN
    pairs = zip(check.seeds, hidden_runs, strict=True)
    return RIGHT if all(_holds(check.name, *pair) for pair in pairs) else NOT_SHOWN


def _holds(name: str, seed: int, gave: dict) -> bool:
    """Tell whether an answer is right on the hidden arguments of a seed."""
    task = catalog.find(name)
    varied = dataclasses.replace(task, probes=functools.partial(task.draw, seed), mistakes=[])
    return _diagnosed(varied, gave, _run_here) == RIGHT


def _run_here(task: Exercise, answer) -> list[Outcome]:
    """Run the reference; return its outcomes in the form that untrusted ones arrive in."""
    return serialization.plain(outcomes(task, answer))


def on_examples(check: Check, gave: dict, missing: str) -> str:
    """Return the same for the examples that learners see."""
    task, state = catalog.find(check.name), str(gave.get("state"))
    plain = {
        "missing": missing,
        "empty": "not attempted.",
        "slow": judging.TOO_SLOW.format(seconds=getattr(task, "seconds", 0)),
        "died": "it ended the process that it ran in (memory, time, or an exit).",
    }
    if state in plain:
        return plain[state]
    if isinstance(task, Question):
        try:
            return (
                judging.diagnose_value(_as_asked(task, check), serialization.decode(gave["value"]))
                or RIGHT
            )
        # data from an untrusted process: whatever is wrong with it, the next submission is graded
        except Exception:
            return UNREADABLE
    return _diagnosed(task, gave, _known)


def _as_asked(task: Question, check: Check) -> Question:
    """Return the question with the answer that the teacher's copy has; the known mistakes belong to
    the course's own.
    """
    own = check.value is not None and check.value != task.reference
    return dataclasses.replace(task, reference=check.value, mistakes=()) if own else task


def _diagnosed(task: Exercise, gave: dict, run) -> str:
    def work() -> str:
        mine = serialization.decode_outcomes(gave["outcomes"])
        return judging.diagnose(task, mine, run) or RIGHT

    try:
        with memory_limit(JUDGING_GB):
            return with_time_limit(JUDGING_SECONDS, work)
    except (Exception, TooSlow):  # as above
        return UNREADABLE


_outcomes_of_known: dict[tuple, list[Outcome]] = {}


def _known(task: Exercise, answer) -> list[Outcome]:
    """Run a reference or a known mistake on the examples, once for a class."""
    key = task.name, answer
    if key not in _outcomes_of_known:
        _outcomes_of_known[key] = _run_here(task, answer)
    return _outcomes_of_known[key]


def reason_missing(name: str, cells: dict[int, str], errors: dict[int, str]) -> str:
    """Tell why there is no answer: the cell that should hold it, and what went wrong there."""
    where = [i for i, source in cells.items() if name in source]
    if not where:
        return (
            f'there is no answer: its cell is missing, or the line that names "{name}" is '
            "gone from it."
        )
    failed = next((errors[i] for i in where if i in errors), "")
    return f"there is no answer, as its cell failed: {failed}" if failed else "there is no answer."


def _asked(source: str) -> Check | str:
    """Read what a test cell asks for; return a sentence to say so when it holds anything else."""
    found = []
    try:
        for statement in ast.parse(source).body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                continue
            call = statement.value
            name, *more = [
                ast.literal_eval(a) for a in (*call.args, *(k.value for k in call.keywords))
            ]
            kinds = {
                ("require", 0): Check(name),
                ("require_hidden", 1): Check(name, tuple(more)),
                ("require_value", 1): Check(name, (), *more),
            }
            found.append(kinds[call.func.id, len(more)])
        check, *others = merged(found).values()
        catalog.find(check.name)
        if others or not all(isinstance(seed, int) for seed in check.seeds):
            raise ValueError
    except CourseError as error:
        return str(error)
    except (ValueError, KeyError, AttributeError, SyntaxError, TypeError):
        return (
            "only require(...), require_hidden(...) and require_value(...) for one exercise "
            "are judged here; mark other work by hand in formgrader."
        )
    return check


def _shown(text: str, error: str) -> list:
    text = text.encode("utf-8", "replace").decode()
    shown = [new_output("stream", name="stdout", text=text)] if text else []
    if error:
        error = error.encode("utf-8", "replace").decode()
        shown.append(new_output("error", ename="Error", evalue=error, traceback=[error]))
    return shown


def _right(name: str):
    return new_output("stream", name="stdout", text=f"✔ {name}: {RIGHT}\n")


def _failure(name: str, says: str):
    """Make the output of a test cell that failed; its value is the reason alone, for `report`."""
    says = says.encode("utf-8", "replace").decode()
    return new_output("error", ename="NotRight", evalue=says, traceback=[f"✘ {name}: {says}"])
