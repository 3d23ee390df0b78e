"""The syllabus is whole, and lessons, exercises, pictures and the map agree with it."""

import importlib
import itertools
import re
from dataclasses import replace

import pytest

from aigc_course import pretrained
from aigc_course.core import paths
from aigc_course.course import lessons, map, syllabus
from aigc_course.course.progress import progress
from aigc_course.exercises.engine import catalog

ROOT = paths.course_root()


def test_topics_and_titles_are_different_and_fit_names():
    topics = [lesson.topic for lesson in syllabus.LESSONS]
    slugs = [lesson.slug for lesson in syllabus.LESSONS]
    assert len(set(topics)) == len(topics) and len(set(slugs)) == len(slugs)
    assert all(re.fullmatch(r"[a-z]+", topic) for topic in topics)
    assert all(re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", slug) for slug in slugs)


def test_numbers_count_the_lessons_that_exist():
    assert [lesson.number for lesson in syllabus.present()] == [
        f"{n:02}" for n in range(len(syllabus.present()))
    ]
    planned = [lesson for lesson in syllabus.LESSONS if lesson.planned]
    assert planned and not any(lesson.number or lesson.name for lesson in planned)


def test_a_notebook_an_exercise_module_and_a_picture_for_each_lesson_that_exists():
    names = [f"{lesson.name}.ipynb" for lesson in syllabus.present()]
    assert sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb")) == names
    pictures = {path.stem for path in (ROOT / "data" / "pictures").glob("*.png")} - {"progress"}
    assert pictures == {lesson.topic for lesson in syllabus.present()}
    modules = {path.stem for path in (ROOT / "aigc_course" / "exercises").glob("[!_]*.py")}
    assert modules == set(catalog.TOPICS) == {lesson.topic for lesson in syllabus.present()}
    for topic in catalog.TOPICS:
        importlib.import_module(f"aigc_course.exercises.{topic}")
        assert all(name.startswith(f"{topic}.") for name in catalog.exercises_of(topic))


def test_records_of_lessons_that_exist_are_whole():
    for lesson in syllabus.LESSONS:
        assert lesson.part in syllabus.PARTS and lesson.question.endswith("?")
        assert lesson.question[0].islower() and set(lesson.courses) <= set(syllabus.COURSES)
        assert bool(lesson.minutes and lesson.builds) != lesson.planned
    parts = [syllabus.PARTS.index(lesson.part) for lesson in syllabus.LESSONS]
    assert parts == sorted(parts), "the parts stand one after the other"


def test_what_a_lesson_needs_comes_before_it():
    """A lesson that exists needs only such as exist."""
    topics = [lesson.topic for lesson in syllabus.LESSONS]
    by_topic = syllabus.by_topic()
    for i, lesson in enumerate(syllabus.LESSONS):
        assert set(lesson.needs) <= set(topics[:i]), lesson.topic
        assert lesson.needs or i == 0
        if not lesson.planned:
            assert not [need for need in lesson.needs if by_topic[need].planned]


def test_fifty_four_lessons_and_two_short_courses():
    assert len(syllabus.LESSONS) == 54
    for course, lessons_in_it in (("language", 24), ("pictures", 19)):
        assert sum(course in lesson.courses for lesson in syllabus.LESSONS) == lessons_in_it


def test_what_waits_within_a_lesson_waits_within_one_that_exists():
    by_topic = syllabus.by_topic()
    for lesson in syllabus.LESSONS:
        if lesson.within:
            assert lesson.planned and not by_topic[lesson.within].planned
    held = [lesson for lesson in syllabus.LESSONS if "pictures" in lesson.courses and lesson.within]
    assert {by_topic[one.within] for one in held} <= set(syllabus.short_course("pictures"))


def test_the_order_of_today():
    """The one place in which it is written again: who moves a lesson changes this line, too."""
    order = (
        "welcome chance ngrams cleaning copies tokens words viterbi sentences meaning network "
        "chainrule backprop deep softmax overfit fitting neural vectors skipgram rnn bptt lstm "
        "headlines gpt translation pretrained conv vae gan"
    )
    assert [lesson.topic for lesson in syllabus.present()] == order.split()


@pytest.mark.parametrize("lesson", lessons.all_lessons(), ids=lambda lesson: lesson.topic)
def test_the_notebook_knows_its_lesson(lesson):
    notebook = lessons.read(lesson.path)
    own = notebook.metadata["aigc_course"]
    assert (own["topic"], own["number"]) == (lesson.topic, lesson.number)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert re.findall(r'plots\.picture\("(\w*)"', code) == [lesson.topic]


def test_checkpoints_are_used_where_their_records_say():
    for lesson in lessons.all_lessons():
        source = "\n".join(cell.source for cell in lessons.read(lesson.path).cells)
        named = set(re.findall(r'"((?:tales|glyphs)-\w+)"', source))
        named |= {"glyphs-judge"} if "judge_of(" in source else set()
        recorded = {one.name for one in pretrained.CHECKPOINTS if lesson.topic in one.lessons}
        assert named == recorded, lesson.topic


# --- the map
# ----------------------------------------------------------------------------------------------


def test_every_lesson_has_a_place_of_its_own():
    for shown in (syllabus.on_map(), syllabus.LESSONS, syllabus.present()):
        places = map.places_of(shown)
        assert len(set(places.values())) == len(places) == len(shown)
        assert all(0 <= column < map.COLUMNS for column, _ in places.values())
        for before, lesson in itertools.pairwise(shown):
            (x0, y0), (x1, y1) = places[before.topic], places[lesson.topic]
            same = (before.part, lesson.part) in {(part, part) for part in syllabus.PARTS}
            assert abs(x0 - x1) + abs(y0 - y1) == 1 or not same, "beside the one before"


def test_lines_join_neighbours_of_which_one_needs_the_other():
    places = map.places_of(syllabus.on_map())
    drawn = map.lines(places)
    assert (places["welcome"], places["chance"]) in drawn
    at = {place: topic for topic, place in places.items()}
    for need, lesson in drawn:
        assert at[need] in syllabus.by_topic()[at[lesson]].needs


def test_planned_lessons_have_no_number_and_a_dashed_frame():
    drawn = map.progress_map(progress().counts())
    assert "Diffusion" in drawn and "Word vectors" not in drawn  # the latter stands in a lesson
    planned = [lesson for lesson in syllabus.on_map() if lesson.planned]
    assert drawn.count("stroke-dasharray") == len(planned) == 20
    assert not any(re.match(r"\d\d ", " ".join(map.label(lesson))) for lesson in planned)


def test_the_map_shows_what_is_done_and_nothing_for_a_lesson_without_exercises(monkeypatch):
    drawn = map.progress_map({"chance": (3, 1, 2)})
    assert drawn.count("✔ 3  ✘ 1  ○ 2") == 1 and drawn.count("<text") - drawn.count("bold") == 2
    extra = replace(syllabus.by_topic()["diffusion"], planned=False, minutes=60)
    changed = [extra if one.topic == "diffusion" else one for one in syllabus.LESSONS]
    monkeypatch.setattr(syllabus, "LESSONS", tuple(changed))
    number = len(lessons.all_lessons())
    assert f"{number} Diffusion" in map.progress_map({})
