"""What an assignment's cells call: answers are checked and named as in a lesson, but nothing of the course's own is put in their place."""

from __future__ import annotations

from collections.abc import Callable

from aigc_course.exercises import catalog, engine
from aigc_course.exercises.types import Question

hint = engine.hint


class NotRight(AssertionError):
    """The latest answer is wrong or missing; shown in one line."""

    def _render_traceback_(self) -> list[str]:
        return [f"✘ {self}"]


def exercise(name: str) -> Callable[[Callable], Callable]:
    """Decorate an answer, a function or a class; says whether it is right, and gives it back as it is.

    Raises:
        CourseError: there is no exercise of that name.
    """
    task = catalog.find(name)

    def decorate(learners: Callable) -> Callable:
        _tell(*engine.judge(task, learners))
        return learners

    return decorate


def answer(name: str, value: float | str | None = None) -> float | str | None:
    """Give a number or a choice worked out on paper; says whether it is right, and gives it back as it is.

    Raises:
        CourseError: there is no question of that name.
    """
    _tell(*engine.judge_value(catalog.find(name), value))
    return value


def require(name: str) -> None:
    """The test cell that learners see: passes when the latest answer is right on the examples.

    Raises:
        NotRight: it is wrong or missing; the message is the diagnosis.
        CourseError: there is no exercise of that name.
    """
    task = catalog.find(name)
    report = engine._verdicts.get(name) or engine.Report(name, "empty", "no answer was given: run the cell above.")
    if report.state != "right":
        raise NotRight(f"{name}: {report.message}")
    print(f"✔ {name}" + ("" if isinstance(task, Question) else ": right on the examples; graded on others, too"))


def _tell(report: engine.Report, mistake: str) -> None:
    """Show a report without the words that hold in a lesson alone."""
    message = report.message.partition(" (The course's own answer")[0].partition(" The lesson goes on")[0]
    engine._tell(engine.Report(report.name, report.state, message), mistake)
