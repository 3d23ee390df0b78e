"""Lessons as graded work: assignments for nbgrader, answers run apart and judged on hidden parameters, a report for the teacher."""

from aigc_course.classroom.hidden import require_hidden

__all__ = ["require_hidden"]
