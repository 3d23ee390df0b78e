"""Figures carry alternative text; widgets answer at once and show what the model gave."""

from IPython.utils.capture import capture_output

from aigc_course.course import map, syllabus


def test_course_map_names_every_lesson_that_is_there():
    with capture_output() as captured:
        map.draw()
    alt = captured.outputs[0].metadata["image/png"]["alt"]
    assert all(f"{lesson.number} {lesson.title}" in alt for lesson in syllabus.present())
