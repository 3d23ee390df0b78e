"""Checks answers: finds not attempted, right or wrong, names the mistake, and says what a lesson
goes on with.
"""

from __future__ import annotations

import contextlib
import html
import inspect
import math
import numbers
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aigc_course.exercises.engine.adapting import adapted
from aigc_course.exercises.engine.compare import Outcome, outcomes, plain, same_behaviour
from aigc_course.exercises.engine.emptiness import is_empty
from aigc_course.exercises.engine.facts import first_difference, shorten
from aigc_course.exercises.engine.time_limit import TooSlow, with_time_limit
from aigc_course.exercises.engine.types import Exercise, Question

RIGHT = "right."
TOO_SLOW = (
    "it ran longer than {seconds:g} s on small examples: a loop that does not end? Or a search "
    "through all possibilities, whose number grows too fast?"
)
_MARKS = {"right": "✔", "wrong": "✘", "empty": "○"}
_COLOURS = {"right": "#009E73", "wrong": "#D55E00", "empty": "#777777"}


@dataclass(frozen=True)
class Report:
    """The result of one check, as text and as HTML.

    Attributes:
        name: of the exercise.
        state: "right", "wrong" or "empty".
        says: one sentence for the learner, told everywhere; of a wrong answer the mistake.
        in_lesson: what holds in a lesson only, "" elsewhere: which version it goes on with.
    """

    name: str
    state: str
    says: str
    in_lesson: str = ""

    @property
    def message(self) -> str:
        """Join all that is to be told."""
        return f"{self.says} {self.in_lesson}".rstrip()

    def __repr__(self) -> str:
        return f"{_MARKS[self.state]} {self.name}: {self.message}"

    def _repr_html_(self) -> str:
        return (
            f'<div style="border-left:4px solid {_COLOURS[self.state]};padding:2px '
            f'8px"><b>{_MARKS[self.state]} {html.escape(self.name)}</b>: '
            f"{html.escape(self.message)}</div>"
        )


def judge(task: Exercise, learners: Callable) -> tuple[Report, Callable]:
    """Check a function or class.

    Returns:
        The report, and what a lesson goes on with: the answer, in a form that later cells can use,
        when it is right; else the reference.
    """
    if is_empty(learners):
        return _not_attempted(task), task.reference
    try:
        with under_its_own_name(learners):
            mine = with_time_limit(task.seconds, lambda: outcomes(task, learners))
    except TooSlow:
        return _wrong(task, TOO_SLOW.format(seconds=task.seconds)), task.reference
    if says := diagnose(task, mine):
        return _wrong(task, says), task.reference
    usable, change = adapted(learners, mine, outcomes(task, task.reference), task.probes())
    converted = f"; its results are converted from {change}" if change else ""
    in_lesson = f"The lesson goes on with your version{converted}."
    return Report(task.name, "right", RIGHT, in_lesson), usable


def diagnose(
    task: Exercise,
    mine: list[Outcome],
    run: Callable[[Exercise, Callable], list[Outcome]] = outcomes,
) -> str:
    """Tell what is wrong with an answer, by what it did on the probes: the known mistake, or where
    it first differs; "" when it is right.

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
        if any(same_behaviour(mine, run(task, answer)) for answer in mistake.answers):
            return mistake.says
    if all(outcome.value is None and not outcome.error for outcome in mine):
        return (
            "it always returns None: is the `return` missing? (print shows a value, return "
            "gives it back.)"
        )
    return first_difference(task, mine, right)


def judge_value(task: Question, value: object) -> tuple[Report, float | str]:
    """Check a number or a choice.

    Returns:
        The report, and what a lesson goes on with: always the exact answer, as one that is right
        within the tolerance may still be too far off for a later cell.
    """
    if value is None or value is ...:
        return _not_attempted(task), task.reference
    if says := diagnose_value(task, value):
        return _wrong(task, says), task.reference
    return Report(task.name, "right", RIGHT), task.reference


def diagnose_value(task: Question, value: object) -> str:
    """Tell what is wrong with a number or a choice: the known mistake, or that it is not the
    answer; "" when it is right.
    """
    value = plain(value)
    if _same_value(task, value, task.reference):
        return ""
    for mistake in task.mistakes:
        if _same_value(task, value, mistake.answer):
            return mistake.says
    wants_number = isinstance(task.reference, numbers.Real)
    if isinstance(value, numbers.Real if wants_number else str):
        return f"{shorten(value)} is not the answer."
    kind = "a number" if wants_number else "a string"
    return f"{shorten(value)} is not the answer; it should be {kind}."


def _same_value(task: Question, value: Any, wanted: Any) -> bool:
    if isinstance(wanted, str):
        return isinstance(value, str) and value.strip().lower() == wanted.lower()
    try:
        return isinstance(value, numbers.Real) and math.isclose(
            value, wanted, abs_tol=task.tolerance
        )
    except OverflowError:  # 10 ** 400
        return False


def _not_attempted(task: Exercise | Question) -> Report:
    return Report(task.name, "empty", f'not attempted yet. hint("{task.name}") gives a first step.')


def _wrong(task: Exercise | Question, says: str) -> Report:
    in_lesson = f'(The course\'s own answer is used below; hint("{task.name}") helps.)'
    return Report(task.name, "wrong", says, in_lesson)


@contextlib.contextmanager
def under_its_own_name(learners: Callable):
    """Let an answer call itself: its name is bound only after the decorator is done, or still means
    an older answer.
    """
    module = sys.modules.get(str(getattr(learners, "__module__", "")))
    of_class = vars(module) if inspect.isclass(learners) and module else {}
    space = getattr(learners, "__globals__", of_class)
    name, missing = str(getattr(learners, "__name__", "")), object()
    before = space.get(name, missing)
    space[name] = learners
    try:
        yield
    finally:
        if before is missing:
            del space[name]
        else:
            space[name] = before
