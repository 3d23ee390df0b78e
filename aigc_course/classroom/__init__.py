"""Lessons as graded work, with nbgrader.

Assignments are made from lessons, answers run apart from the grader and are judged on hidden
arguments, and a report tells the teacher what a class did.
"""

from aigc_course.classroom.assignment import (
    answer,
    exercise,
    hint,
    require,
    require_hidden,
    require_value,
)

__all__ = ["answer", "exercise", "hint", "require", "require_hidden", "require_value"]
