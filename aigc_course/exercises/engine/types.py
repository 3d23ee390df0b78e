"""What an exercise is made of: data that the engine checks answers against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer and what to tell whoever gives it.

    Attributes:
        answer: the wrong function or class (of an `Exercise`) or the wrong value (of a `Question`).
        says: the name of the mistake and how to mend it, one sentence.
    """

    answer: object
    says: str


@dataclass(frozen=True)
class Exercise:
    """A function or class to write.

    Attributes:
        name: "topic.what", unique in the course.
        title: what to do, in a few words.
        minutes: about how long it takes.
        reference: a right answer; the library's own where there is one.
        probes: makes the arguments, one tuple a trial; each answer gets copies of its own.
        mistakes: known wrong answers; the first that behaves like the learner's is named.
        hints: steps towards the answer, one a call.
        observe: (answer, arguments) -> what is compared; calls the answer by default.
        seconds: time limit of the whole check.
        shown: a short right answer for `solution`, where the reference is the library's longer one.
    """

    name: str
    title: str
    minutes: int
    reference: Callable
    probes: Callable[[], list[tuple]]
    mistakes: tuple[Mistake, ...]
    hints: tuple[str, ...]
    observe: Callable[[Callable, tuple], object] = field(
        default=lambda answer, arguments: answer(*arguments)
    )
    seconds: float = 10
    shown: Callable | None = None


@dataclass(frozen=True)
class Question:
    """A number or a choice to work out on paper.

    Attributes:
        reference: the right value, a number or a string.
        explanation: how to get there, shown by `solution`.
        tolerance: absolute, for numbers.
    """

    name: str
    title: str
    minutes: int
    reference: float | str
    explanation: str
    mistakes: tuple[Mistake, ...]
    hints: tuple[str, ...]
    tolerance: float = 0.01
