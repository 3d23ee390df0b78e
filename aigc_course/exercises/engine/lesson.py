"""What a lesson calls: `@exercise`, `answer`, `hint`, `solution`, and `require` for graded work."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from aigc_course.core.arguments import plain_source
from aigc_course.core.errors import CourseError
from aigc_course.exercises.engine import catalog, record
from aigc_course.exercises.engine.judging import Report, judge, judge_value
from aigc_course.exercises.engine.types import Exercise, Question

Task = TypeVar("Task", Exercise, Question)

verdicts: dict[str, Report] = {}
_hints_given: dict[str, int] = {}


def exercise(name: str) -> Callable[[Callable], Callable]:
    """Decorate an answer, a function or a class, to have it checked.

    Args:
        name: the name of the exercise: `@exercise("chance.entropy")`, say.

    Returns:
        A decorator. It returns the answer when it is right, with its results in a form that later
        cells can use; else the reference.

    Raises:
        CourseError: there is no exercise of that name, or it asks for a value (use `answer`).
    """
    if not isinstance(name, str):
        raise CourseError(
            '@exercise needs the name of the exercise: @exercise("chance.entropy"), say.'
        )
    task = _of_type(name, Exercise, 'answer("{name}", ...)')

    def decorate(learners: Callable) -> Callable:
        report, usable = judge(task, learners)
        tell(report)
        return usable

    return decorate


def answer(name: str, value: float | str | None = None) -> float | str:
    """Give a number or a choice worked out on paper, and have it checked.

    Args:
        name: the name of the question.
        value: the answer; `...` or nothing means not attempted.

    Returns:
        The exact answer, whatever was given: later cells need it.

    Raises:
        CourseError: there is no question of that name, or it asks for a function (use `@exercise`).
    """
    report, exact = judge_value(_of_type(name, Question, '@exercise("{name}")'), value)
    tell(report)
    return exact


def hint(name: str) -> None:
    """Show one more step towards the answer at each call.

    Raises:
        CourseError: there is no exercise of that name.
    """
    task = catalog.find(name)
    step = min(_hints_given.get(name, 0), len(task.hints) - 1)
    _hints_given[name] = step + 1
    record.record(name, hints=step + 1)
    rest = len(task.hints) - step - 1
    last = f'That was the last; solution("{name}") shows an answer.'
    more = f"{rest} more to come." if rest else last
    print(f"Hint {step + 1} of {len(task.hints)}: {task.hints[step]} ({more})")


def solution(name: str) -> None:
    """Show an answer, and record that it was seen.

    A teacher switches this off with the environment variable AIGC_SOLUTIONS=off.

    Raises:
        CourseError: there is no exercise of that name.
    """
    task = catalog.find(name)
    if os.environ.get("AIGC_SOLUTIONS") == "off":
        print("Solutions are switched off in this class; hint(...) still helps.")
        return
    record.record(name, solution_seen=True)
    if isinstance(task, Question):
        print(task.explanation)
    else:
        print(plain_source(task.shown or task.reference))


def require(name: str) -> None:
    """Require that the latest answer given in this session is right, for graded work.

    Raises:
        AssertionError: it is wrong or missing; the message is the diagnosis.
        CourseError: there is no exercise of that name.
    """
    catalog.find(name)
    report = verdicts.get(name) or Report(name, "empty", "no answer was given.")
    if report.state != "right":
        raise AssertionError(str(report))


def tell(report: Report) -> None:
    """Show a report, keep it as the latest of its exercise, and add it to the learner's record."""
    verdicts[report.name] = report
    if report.state != "empty":
        mistake = report.says if report.state == "wrong" else ""
        record.record(report.name, state=report.state, mistake=mistake)
    from IPython import get_ipython
    from IPython.display import display

    display(report) if get_ipython() else print(report)


def _of_type(name: str, kind: type[Task], instead: str) -> Task:
    """Return the task of a name, which must be of one kind.

    Args:
        name: the name of the exercise or question.
        kind: `Exercise` or `Question`.
        instead: how a task of the other kind is answered, with {name} in it.

    Raises:
        CourseError: there is no task of that name, or it is of the other kind.
    """
    task = catalog.find(name)
    if not isinstance(task, kind):
        raise CourseError(f"{name!r} is answered with {instead.format(name=name)}.")
    return task
