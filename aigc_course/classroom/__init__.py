"""Lessons as graded work: assignments for nbgrader, answers run apart and judged on hidden
parameters, a report for the teacher.
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
