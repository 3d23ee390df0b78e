"""The map of the course names every lesson that is there."""

import IPython.display

from aigc_course.course import map, syllabus


def test_course_map_names_every_lesson_that_is_there(monkeypatch):
    shown = []
    monkeypatch.setattr(
        IPython.display, "display", lambda figure, metadata: shown.append(metadata["image/png"])
    )
    map.draw()
    assert len(shown) == 1
    lessons = [f"{lesson.number} {lesson.title}" for lesson in syllabus.present()]
    assert all(lesson in shown[0]["alt"] for lesson in lessons)
