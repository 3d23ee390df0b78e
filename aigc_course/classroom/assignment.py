"""What the cells of an assignment call.

Answers are checked, and their mistakes named, as in a lesson, but nothing of the course's own is
put in their place.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from aigc_course.core.errors import CourseError
from aigc_course.exercises.engine import catalog, judging, lesson
from aigc_course.exercises.engine.types import Question

hint = lesson.hint


class NotRight(AssertionError):
    """The error of a latest answer that is wrong or missing; IPython shows it in one line."""

    def _render_traceback_(self) -> list[str]:
        return [f"✘ {self}"]


def exercise(name: str) -> Callable[[Callable], Callable]:
    """Decorate an answer, a function or a class, to have it checked.

    Returns:
        A decorator. It shows whether the answer is right and returns the answer as it is.

    Raises:
        CourseError: there is no exercise of that name.
    """
    task = catalog.find(name)

    def decorate(learners: Callable) -> Callable:
        _tell(judging.judge(task, learners)[0])
        return learners

    return decorate


def answer(name: str, value: float | str | None = None) -> float | str | None:
    """Give a number or a choice worked out on paper, and have it checked.

    Returns:
        The value as it was given.

    Raises:
        CourseError: there is no question of that name.
    """
    _tell(judging.judge_value(catalog.find(name), value)[0])
    return value


def require(name: str) -> None:
    """Require that the latest answer is right on the examples; learners see this in test cells.

    Raises:
        NotRight: it is wrong or missing; the message is the diagnosis.
        CourseError: there is no exercise of that name.
    """
    task = catalog.find(name)
    missing = judging.Report(name, "empty", "no answer was given: run the cell above.")
    report = lesson.verdicts.get(name, missing)
    if report.state != "right":
        raise NotRight(f"{name}: {report.says}")
    graded = "" if isinstance(task, Question) else ": right on the examples; graded on others, too"
    print(f"✔ {name}{graded}")


def _tell(report: judging.Report) -> None:
    """Show a report without what holds in a lesson only."""
    lesson.tell(dataclasses.replace(report, in_lesson=""))


def require_hidden(name: str, seed: int) -> None:
    """Name the seed of an exercise's hidden arguments, in the teacher's test cells.

    Only the course's own runner, which reads such cells and does not run them, can judge by it.

    Raises:
        CourseError: always, as plain nbgrader would run the check inside the student's own kernel.
    """
    raise CourseError(_BY_THE_RUNNER.format(name=name))


def require_value(name: str, value: float | str) -> None:
    """Name the right answer to a question, in the teacher's test cells.

    A teacher may change it along with the question.

    Raises:
        CourseError: always, as in `require_hidden`.
    """
    raise CourseError(_BY_THE_RUNNER.format(name=name))


_BY_THE_RUNNER = (
    "{name} is judged by the course's runner: nbgrader_config.py from `classroom export` "
    "must stand in the teaching folder, "
    "and nbgrader must be started there."
)
