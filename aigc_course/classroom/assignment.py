"""What an assignment's cells call: answers are checked and named as in a lesson, but nothing of the
course's own is put in their place.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from aigc_course.core.errors import CourseError
from aigc_course.exercises.engine import catalog, judging, lesson
from aigc_course.exercises.engine.types import Question

hint = lesson.hint


class NotRight(AssertionError):
    """The latest answer is wrong or missing; shown in one line."""

    def _render_traceback_(self) -> list[str]:
        return [f"✘ {self}"]


def exercise(name: str) -> Callable[[Callable], Callable]:
    """Decorate an answer, a function or a class; say whether it is right, and give it back as it
    is.

    Raises:
        CourseError: there is no exercise of that name.
    """
    task = catalog.find(name)

    def decorate(learners: Callable) -> Callable:
        _tell(judging.judge(task, learners)[0])
        return learners

    return decorate


def answer(name: str, value: float | str | None = None) -> float | str | None:
    """Give a number or a choice worked out on paper; say whether it is right, and give it back as
    it is.

    Raises:
        CourseError: there is no question of that name.
    """
    _tell(judging.judge_value(catalog.find(name), value)[0])
    return value


def require(name: str) -> None:
    """Pass when the latest answer is right on the examples: the test cell that learners see.

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
    """Keep in the teacher's test cells the seed of hidden parameters. Only the course's own
    runner can judge by it.

    Raises:
        CourseError: always, as plain nbgrader would run the check inside the student's own kernel.
    """
    raise CourseError(_BY_THE_RUNNER.format(name=name))


def require_value(name: str, value: float | str) -> None:
    """Keep in the teacher's test cells the answer to a question; a teacher may change it along
    with the question.

    Raises:
        CourseError: always, as above.
    """
    raise CourseError(_BY_THE_RUNNER.format(name=name))


_BY_THE_RUNNER = (
    "{name} is judged by the course's runner: nbgrader_config.py from `classroom export` "
    "must stand in the teaching folder, "
    "and nbgrader must be started there."
)
