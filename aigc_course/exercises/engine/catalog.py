"""The exercises of the course by name; those of a lesson stand in the module of its topic."""

from __future__ import annotations

import importlib

from aigc_course.core.errors import CourseError
from aigc_course.course import syllabus
from aigc_course.exercises.engine.types import Exercise, Question, QuizQuestion

TOPICS = tuple(lesson.topic for lesson in syllabus.present())
"""First parts of exercises' names, in the order of the lessons."""


def exercises_of(topic: str) -> dict[str, Exercise | Question]:
    """Return the exercises of a topic by name, in the order of the lesson."""
    module = importlib.import_module(f"aigc_course.exercises.{topic}")
    tasks = (item for item in vars(module).values() if isinstance(item, Exercise | Question))
    return {task.name: task for task in tasks}


def quiz_of(topic: str) -> tuple[QuizQuestion, ...]:
    """Return the quiz questions of a topic, () where it has none yet."""
    return getattr(importlib.import_module(f"aigc_course.exercises.{topic}"), "QUIZ", ())


def find(name: str) -> Exercise | Question:
    """Find an exercise by its name.

    Raises:
        CourseError: there is none of that name.
    """
    topic = str(name).partition(".")[0]
    known = exercises_of(topic) if topic in TOPICS else {}
    if not isinstance(name, str) or name not in known:
        where = (
            f"; topic {topic!r} has {', '.join(known)}"
            if known
            else f"; topics are {', '.join(TOPICS)}"
        )
        raise CourseError(f"There is no exercise {name!r}{where}.")
    return known[name]
