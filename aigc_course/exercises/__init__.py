"""Exercises that name the mistake and never block the lesson.

    @exercise("chance.entropy")
    def entropy(probabilities): ...

An empty body counts as not attempted, a right answer is the one that the lesson uses, a wrong one
is told its mistake and the lesson goes on with the reference. `answer` does the same for a number
or a choice.
"""

from aigc_course.exercises.engine.lesson import (
    answer,
    exercise,
    hint,
    require,
    solution,
)

__all__ = ["answer", "exercise", "hint", "require", "solution"]
