"""The exercises of the course by name; those of a lesson stand in the module of its topic."""

from __future__ import annotations

import importlib
import importlib.util

from aigc_course.core.errors import CourseError
from aigc_course.course import syllabus
from aigc_course.exercises.engine.types import Exercise, Question, QuizQuestion


def topics() -> tuple[str, ...]:
    """Return the first parts of exercises' names, in the order of the lessons."""
    return tuple(lesson.topic for lesson in syllabus.present() if _has_module(lesson.topic))


def _has_module(topic: str) -> bool:
    """Return whether there is a module with the exercises of a topic."""
    named = topic.isidentifier() and topic != "engine"
    return bool(named and importlib.util.find_spec(f"{_EXERCISES}.{topic}"))


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
    # By its module, not by the syllabus: a new lesson is no change for those that exist.
    known = exercises_of(topic) if _has_module(topic) else {}
    if not isinstance(name, str) or name not in known:
        raise CourseError(f"There is no exercise {name!r}{_instead(topic, known)}.")
    return known[name]


def _instead(topic: str, known: dict) -> str:
    """Return what there is in place of an exercise that is not there."""
    if known:
        return f"; topic {topic!r} has {', '.join(known)}"
    return f"; topics are {', '.join(topics())}"


_EXERCISES = "aigc_course.exercises"
