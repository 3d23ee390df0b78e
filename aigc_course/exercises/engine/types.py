"""What an exercise is made of: a task, its known mistakes as code, hints, and a hidden draw.

ENTROPY = Exercise(name="chance.entropy", title=..., reference=entropy, probes=..., hints=...)

@ENTROPY.mistake("Those are nats: take the logarithm to base 2.")
def nats(probabilities): ...

@ENTROPY.hidden(times=4)
def draw_entropy(rng): ...
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer and what to tell whoever gives it.

    Attributes:
        answer: the wrong function or class (of an `Exercise`) or the wrong value (of a `Question`).
        says: the name of the mistake and how to mend it, one sentence.
        others: further answers that make the same mistake, with other constants say.
    """

    answer: object
    says: str
    others: tuple = ()

    @property
    def answers(self) -> tuple:
        """Collect every answer that is known to make this mistake."""
        return self.answer, *self.others


@dataclass
class Exercise:
    """A function or class to write.

    Attributes:
        name: "topic.what", unique in the course.
        title: what to do, in a few words.
        minutes: about how long it takes.
        reference: a right answer; the library's own where there is one.
        probes: makes the arguments, one tuple a trial, in the shapes and types that the lesson
            passes in; each answer gets copies of its own.
        hints: steps towards the answer, one a call: a question, an idea, a formula. No code of
            the answer: that is for `solution` alone.
        observe: (answer, arguments) -> what is compared; calls the answer by default.
        seconds: time limit of the whole check.
        shown: a short right answer for `solution`, where the reference is the library's longer one.
        mistakes: known wrong answers, added by `mistake`; the first that behaves like the
            learner's is named.
        draw_one: draws the hidden arguments of one trial, set by `hidden`.
        n_hidden: hidden trials.
    """

    name: str
    title: str
    minutes: int
    reference: Callable
    probes: Callable[[], list[tuple]]
    hints: tuple[str, ...]
    observe: Callable[[Callable, tuple], object] = field(
        default=lambda answer, arguments: answer(*arguments)
    )
    seconds: float = 10
    shown: Callable | None = None
    mistakes: list[Mistake] = field(default_factory=list)
    draw_one: Callable[[np.random.Generator], tuple] | None = None
    n_hidden: int = 0

    def mistake(self, says: str, **values: tuple) -> Callable[[Callable], Callable]:
        """Decorate a wrong answer: it becomes a known mistake, told with these words.

        Args:
            says: what is wrong and how to mend it.
            values: an argument of the wrong answer -> values with which it is the same mistake,
                `eps=(1e-8, 1e-6)` say.
        """

        def add(answer: Callable) -> Callable:
            others = tuple(
                functools.partial(answer, **{name: value})
                for name, several in values.items()
                for value in several
            )
            self.mistakes.append(Mistake(answer, says, others))
            return answer

        return add

    def hidden(self, times: int = 3) -> Callable[[Callable], Callable]:
        """Decorate a function that draws hidden arguments: rng -> the tuple of one trial.

        Args:
            times: trials that a submission is graded on.
        """

        def keep(draw_one: Callable) -> Callable:
            self.draw_one, self.n_hidden = draw_one, times
            return draw_one

        return keep

    def draw(self, seed: int) -> list[tuple]:
        """Draw the hidden arguments of a grading, one tuple a trial; the same for the same seed."""
        if self.draw_one is None:
            return []
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        return [self.draw_one(rng) for _ in range(self.n_hidden)]


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


@dataclass(frozen=True)
class QuizQuestion:
    """A short question for the end of a lesson, and for later lessons that come back to it.

    Attributes:
        asks: the question, plain text.
        right: the right choice.
        wrong: two or three wrong choices.
        reason: why the right one is right, one or two sentences.
    """

    asks: str
    right: str
    wrong: tuple[str, ...]
    reason: str
