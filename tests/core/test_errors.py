"""Scale, folders, safe writing."""

from aigc_course.core.errors import CourseError


def test_a_course_error_shows_one_line_in_jupyter():
    assert CourseError("what and how")._render_traceback_() == ["CourseError: what and how"]
