"""Checks answers: finds not attempted, right or wrong, names the mistake, and keeps the lesson
going.
"""

from __future__ import annotations

import contextlib
import dis
import html
import inspect
import math
import numbers
import sys
from collections.abc import Callable
from dataclasses import dataclass

from aigc_course.exercises.engine.compare import (
    Outcome,
    TooSlow,
    first_difference,
    outcomes,
    same_behaviour,
    shorten,
    with_time_limit,
)
from aigc_course.exercises.engine.types import Exercise, Question


@dataclass(frozen=True)
class Report:
    """The result of one check, as text and as HTML.

    Attributes:
        state: "right", "wrong" or "empty".
        message: one sentence for the learner.
    """

    name: str
    state: str
    message: str

    def __repr__(self) -> str:
        return f"{_MARKS[self.state]} {self.name}: {self.message}"

    def _repr_html_(self) -> str:
        colour = {"right": "#009E73", "wrong": "#D55E00", "empty": "#777777"}[self.state]
        return (
            f'<div style="border-left:4px solid {colour};padding:2px '
            f'8px"><b>{_MARKS[self.state]} {html.escape(self.name)}</b>: '
            f"{html.escape(self.message)}</div>"
        )


_MARKS = {"right": "✔", "wrong": "✘", "empty": "○"}


def judge(task: Exercise, learners: Callable) -> tuple[Report, str]:
    """Check a function or class; returns the report and the name of the known mistake ("" when
    there is none).
    """
    if is_empty(learners):
        return Report(
            task.name, "empty", f'not attempted yet. hint("{task.name}") gives a first step.'
        ), ""
    try:
        with under_its_own_name(learners):
            mine = with_time_limit(task.seconds, lambda: outcomes(task, learners))
    except TooSlow:
        return _wrong(
            task, f"it ran longer than {task.seconds:g} s; look for a loop that does not end."
        )
    says = diagnose(task, mine)
    return (
        _wrong(task, says)
        if says
        else (Report(task.name, "right", "right. The lesson goes on with your version."), "")
    )


def diagnose(
    task: Exercise,
    mine: list[Outcome],
    run: Callable[[Exercise, Callable], list[Outcome]] = outcomes,
) -> str:
    """What is wrong with an answer, by what it did on the probes: the known mistake, or where it
    first differs; "" when it is right.

    Args:
        task: its probes are what `mine` was run on.
        mine: one outcome a probe.
        run: how the reference and the known mistakes are run.
    """
    right = run(task, task.reference)
    if len(mine) != len(right):
        return "it was not run on all examples."
    if any(outcome.changed for outcome in mine):
        return "your version changes the arguments that it is given; work on a copy."
    if same_behaviour(mine, right):
        return ""
    for mistake in task.mistakes:
        if same_behaviour(mine, run(task, mistake.answer)):
            return mistake.says
    if all(outcome.value is None and not outcome.error for outcome in mine):
        return (
            "it always returns None: is the `return` missing? (print shows a value, return "
            "gives it back.)"
        )
    return first_difference(task, mine, right)


def judge_value(task: Question, value: object) -> tuple[Report, str]:
    """Check a number or a choice; returns the report and the name of the known mistake."""
    if value is None or value is ...:
        return Report(
            task.name, "empty", f'not attempted yet. hint("{task.name}") gives a first step.'
        ), ""
    says = diagnose_value(task, value)
    return _wrong(task, says) if says else (Report(task.name, "right", "right."), "")


def diagnose_value(task: Question, value: object) -> str:
    """What is wrong with a number or a choice: the known mistake, or that it is not the answer; ""
    when it is right.
    """
    if _same_value(task, value, task.reference):
        return ""
    for mistake in task.mistakes:
        if _same_value(task, value, mistake.answer):
            return mistake.says
    kind = numbers.Real if isinstance(task.reference, numbers.Real) else str
    advice = (
        ""
        if isinstance(value, kind)
        else f"; it should be {'a number' if kind is numbers.Real else 'a string'}"
    )
    return f"{shorten(value)} is not the answer{advice}."


@contextlib.contextmanager
def under_its_own_name(learners: Callable):
    """Let an answer call itself: its name is bound only after the decorator is done, or still means
    an older answer.
    """
    module = sys.modules.get(getattr(learners, "__module__", None))
    space = getattr(
        learners, "__globals__", vars(module) if inspect.isclass(learners) and module else {}
    )
    name, missing = getattr(learners, "__name__", ""), object()
    before = space.get(name, missing)
    space[name] = learners
    try:
        yield
    finally:
        if before is missing:
            del space[name]
        else:
            space[name] = before


def _same_value(task: Question, value: object, wanted: object) -> bool:
    if isinstance(wanted, str):
        return isinstance(value, str) and value.strip().lower() == wanted.lower()
    try:
        return isinstance(value, numbers.Real) and math.isclose(
            value, wanted, abs_tol=task.tolerance
        )
    except OverflowError:  # 10 ** 400
        return False


def _wrong(task: Exercise | Question, says: str) -> tuple[Report, str]:
    return Report(
        task.name,
        "wrong",
        f'{says} (The course\'s own answer is used below; hint("{task.name}") helps.)',
    ), says


def is_empty(answer: object) -> bool:
    """Whether a function or class has no body beyond a docstring, `...`, `pass` or `raise
    NotImplementedError`.
    """
    if inspect.isclass(answer):
        own = [
            v for k, v in vars(answer).items() if inspect.isfunction(v) or not k.startswith("__")
        ]
        return all(inspect.isfunction(v) and is_empty(v) for v in own)
    code = getattr(answer, "__code__", None)
    if code is None:
        return False
    steps = [
        step
        for step in dis.get_instructions(code)
        if step.opname not in ("RESUME", "NOP", "PRECALL", "CACHE", "COPY_FREE_VARS")
    ]
    if all(
        step.opname in ("LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "POP_TOP")
        and step.argval in (None, ...)
        for step in steps
    ):
        return True
    return code.co_names == ("NotImplementedError",) and any(
        step.opname == "RAISE_VARARGS" for step in steps
    )
