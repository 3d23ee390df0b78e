"""Commands, and above all bad input: one clear line, a way out, no traceback, nothing
overwritten."""

import threading

import nbformat
import pytest
from command import FIRST, SMALL, WELCOME, course, notebook, one_line, small_course  # noqa: F401 (a fixture)

from aigc_course import cli
from aigc_course.core import files, paths
from aigc_course.core.errors import CourseError
from aigc_course.course import lessons, syllabus


def test_a_folder_where_a_copy_should_be(tmp_path):
    (tmp_path / "notebooks" / f"{WELCOME}.ipynb").mkdir(parents=True)
    for command in (("lab",), ("reset", "welcome")):
        one_line(course(*command, AIGC_HOME=str(tmp_path)), "cannot be read", "move it away")


def rename(small_course, monkeypatch, topic="small"):
    """The lesson moves to the first place and gets a new title."""
    moved = small_course.with_name("00_tiny.ipynb")
    small_course.rename(moved)
    tiny = syllabus.Lesson(topic, "Tiny", syllabus.TEXT, "what is small?")
    monkeypatch.setattr(syllabus, "LESSONS", (tiny, FIRST))
    return moved


def with_topic(path, topic, *cells):
    node = nbformat.read(notebook(path, *cells), 4)
    node.metadata["aigc_course"] = {"topic": topic, "number": path.name[:2]}
    nbformat.write(node, path)


def test_an_untouched_copy_follows_its_lesson_to_a_new_name(small_course, monkeypatch):
    with_topic(small_course, "small", "1")
    assert lessons.sync_copies() == []
    folder = lessons.find("small").copy.parent
    moved = rename(small_course, monkeypatch)
    assert lessons.sync_copies() == ["Lessons have new names: 01_small is now 00_tiny."]
    assert [p.name for p in folder.iterdir()] == ["00_tiny.ipynb"]
    notebook(moved, "2")
    assert lessons.sync_copies() == []  # untouched, so updated
    assert (folder / "00_tiny.ipynb").read_bytes() == moved.read_bytes()


def test_an_edited_copy_keeps_its_old_name_and_is_told_where_it_belongs(small_course, monkeypatch):
    with_topic(small_course, "small", "1")
    lessons.sync_copies()
    old = lessons.find("small").copy
    with_topic(old, "small", "mine")
    mine = old.read_bytes()
    moved = rename(small_course, monkeypatch)
    for _ in range(2):  # as long as it lies there
        (notice,) = lessons.sync_copies()
        assert str(old) in notice and "today's lesson 00_tiny" in notice
    assert old.read_bytes() == mine
    assert old.with_name("00_tiny.ipynb").read_bytes() == moved.read_bytes()
    old.unlink()
    assert lessons.sync_copies() == []


def test_a_copy_from_before_topics_is_known_by_its_title(small_course, monkeypatch):
    lessons.sync_copies()
    monkeypatch.setattr(syllabus, "LESSONS", (SMALL, FIRST))
    small_course.rename(small_course.with_name("00_small.ipynb"))
    assert lessons.sync_copies() == ["Lessons have new names: 01_small is now 00_small."]


def test_a_copy_of_a_lesson_that_is_gone_is_kept(small_course, monkeypatch):
    lessons.sync_copies()
    old = lessons.find("small").copy
    before = old.read_bytes()
    rename(small_course, monkeypatch, topic="other")
    (notice,) = lessons.sync_copies()
    assert str(old) in notice and "no lesson of today" in notice and old.read_bytes() == before


def test_copies_are_made_updated_and_never_overwritten(small_course):
    lesson = lessons.find("1")
    (small_course.parent / "images").mkdir()
    (small_course.parent / "images" / "badge.svg").write_text("<svg/>")
    assert lessons.sync_copies() == [] and lesson.copy.read_bytes() == small_course.read_bytes()
    assert (lesson.copy.parent / "images" / "badge.svg").read_text() == "<svg/>"
    notebook(small_course, "2")
    assert (
        lessons.sync_copies() == [] and lesson.copy.read_bytes() == small_course.read_bytes()
    )  # untouched, so updated
    notebook(lesson.copy, "mine")
    mine = lesson.copy.read_bytes()
    assert lessons.sync_copies() == [] and lesson.copy.read_bytes() == mine
    notebook(small_course, "3")
    notices = lessons.sync_copies()
    assert len(notices) == 1 and "newer version" in notices[0] and lesson.copy.read_bytes() == mine


def test_reset_keeps_the_edited_copy(small_course):
    lesson = lessons.find("01_small")
    assert "no copy yet" in lessons.reset("01")
    assert "original already" in lessons.reset("01")
    for i in range(3):
        lesson.copy.write_text(f"mine {i}")
        assert "kept as" in lessons.reset("01")
        assert lesson.copy.read_bytes() == small_course.read_bytes()
    kept = sorted(p.name for p in lesson.copy.parent.iterdir())
    assert kept == [
        "01_small-mine-2.ipynb",
        "01_small-mine-3.ipynb",
        "01_small-mine.ipynb",
        "01_small.ipynb",
    ]
    assert (lesson.copy.parent / "01_small-mine-2.ipynb").read_text() == "mine 1"


def test_a_copy_that_cannot_be_read_is_told(small_course):
    lessons.sync_copies()
    lessons.find("1").copy.write_text("{broken")
    notices = lessons.sync_copies()
    assert len(notices) == 1 and "reset 01" in notices[0]
    with pytest.raises(CourseError, match="reset 01"):
        lessons.read(lessons.find("1").copy)


def test_a_copy_that_differs_from_what_runs_is_told(small_course, capsys):
    lessons.sync_copies()
    assert not lessons.find("1").edited()
    notebook(lessons.find("1").copy, "mine")
    assert lessons.find("1").edited()
    assert cli.main(["run", "01", "--scale", "smoke"]) == 0
    assert (
        f"Your edited copy: python3 course.py run {lessons.find('1').copy}"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize("damage", ["{", "[]", "3", '"x"', "null"])
def test_copies_survive_a_damaged_record(small_course, damage):
    lessons.sync_copies()
    (paths.home() / "copied.json").write_text(damage)
    assert "original already" in lessons.reset("01")
    notebook(lessons.find("1").copy, "mine")
    mine = lessons.find("1").copy.read_bytes()
    lessons.sync_copies()
    assert lessons.find("1").copy.read_bytes() == mine


def edited(lesson, text):
    """The learner saves the copy with a cell of their own."""
    with_topic(lesson.copy, "small", text)
    return lesson.copy.read_bytes()


def test_resets_at_once_keep_every_copy(small_course):
    """Four processes bring the original back while the learner goes on saving."""
    with_topic(small_course, "small", "1")
    lessons.sync_copies()
    lesson, saved = lessons.find("small"), set()
    for turn in range(6):
        saved.add(edited(lesson, f"mine {turn}"))
        threads = [threading.Thread(target=lessons.reset, args=("small",)) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert lesson.copy.read_bytes() == lesson.path.read_bytes()
    kept = {path.read_bytes() for path in lesson.copy.parent.glob("*-mine*.ipynb")}
    assert kept == saved


def test_reset_waits_for_another_process(small_course, monkeypatch):
    """The check, the renaming and the copying are one step."""
    with_topic(small_course, "small", "1")
    lessons.sync_copies()
    edited(lessons.find("small"), "mine")
    monkeypatch.setattr(lessons, "_reset", lambda lesson: pytest.fail("it did not wait"))
    with files.lock(lessons._record()):
        thread = threading.Thread(target=lambda: failed.append(reset_failed()))
        failed = []
        thread.start()
        thread.join(0.5)
        assert thread.is_alive() and not failed
    thread.join()
    assert failed == ["it did not wait"]


def reset_failed():
    try:
        lessons.reset("small")
    except BaseException as error:
        return str(error)
    return ""


@pytest.mark.parametrize("moment", ["before it is moved", "after it was moved"])
def test_what_is_saved_while_a_newer_version_is_copied_stays(small_course, monkeypatch, moment):
    with_topic(small_course, "small", "1")
    lessons.sync_copies()
    lesson, mine = lessons.find("small"), []
    with_topic(small_course, "small", "2")  # a newer version
    rename = lessons._rename

    def saving(path, target):
        if moment.startswith("before"):
            mine.append(edited(lesson, "mine"))
        rename(path, target)
        if moment.startswith("after"):
            mine.append(edited(lesson, "mine"))

    monkeypatch.setattr(lessons, "_rename", saving)
    lessons.sync_copies()
    monkeypatch.setattr(lessons, "_rename", rename)
    assert lesson.copy.read_bytes() == mine[0]
    (notice,) = lessons.sync_copies()
    assert "your copy is left alone" in notice and lesson.copy.read_bytes() == mine[0]
    assert [path.name for path in lesson.copy.parent.iterdir()] == [lesson.copy.name]


@pytest.mark.parametrize("saved_again", [False, True])
def test_a_copy_that_was_moved_when_the_process_ended_comes_back(small_course, saved_again):
    with_topic(small_course, "small", "1")
    lessons.sync_copies()
    lesson = lessons.find("small")
    mine = edited(lesson, "mine")
    lesson.copy.rename(lesson.copy.with_name(f".replaced-{lesson.copy.name}"))
    later = edited(lesson, "later") if saved_again else mine
    lessons.sync_copies()
    assert lesson.copy.read_bytes() == later
    there = {path.read_bytes() for path in lesson.copy.parent.iterdir()}
    assert there == {mine, later}


DRAWING = '<img src="data:image/svg+xml;base64,PHN2Zy8+" alt="A drawing.">'


def with_outputs(path):
    """A lesson whose cells have a printed result, a picture, a drawing, and nothing."""
    new = nbformat.v4.new_output
    shown = [
        new("stream", name="stdout", text="the answer"),
        new("display_data", data={"image/png": "AAAA", "text/plain": "<Figure>"}),
        new("execute_result", execution_count=3, data={"text/html": DRAWING}),
    ]
    node = nbformat.read(notebook(path, "1", "2", "draw.neuron()", "4"), 4)
    for cell, output in zip(node.cells, shown, strict=False):
        cell.outputs, cell.execution_count = [output], 3
    nbformat.write(node, path)


def test_copies_come_without_outputs_but_with_drawings(small_course):
    with_outputs(small_course)
    before = small_course.read_bytes()
    assert lessons.sync_copies() == []
    lesson = lessons.find("small")
    copy = lessons.read(lesson.copy)
    outputs = [cell.outputs for cell in copy.cells]
    assert outputs[:2] == [[], []] and outputs[3:] == [[]]
    assert outputs[2][0]["data"]["text/html"] == DRAWING
    assert not any(cell.execution_count for cell in copy.cells)
    assert [cell.source for cell in copy.cells] == [
        c.source for c in lessons.read(small_course).cells
    ]
    assert small_course.read_bytes() == before and not lesson.edited()
    assert lessons.sync_copies() == [] and "original already" in lessons.reset("small")


def test_a_copy_with_outputs_from_an_older_version_is_replaced(small_course):
    """Until 0.1 copies held the outputs of their originals."""
    with_outputs(small_course)
    lesson = lessons.find("small")
    files.write_atomically(lesson.copy, small_course.read_bytes())
    lessons._note_copy(lesson.name, small_course.read_bytes())
    assert lessons.sync_copies() == [] and b"the answer" not in lesson.copy.read_bytes()


def test_a_lesson_that_was_only_run_is_the_learners(small_course):
    with_outputs(small_course)
    lessons.sync_copies()
    lesson = lessons.find("small")
    with_outputs(lesson.copy)
    mine = lesson.copy.read_bytes()
    assert lesson.edited() and lessons.sync_copies() == [] and lesson.copy.read_bytes() == mine


def test_the_glossary_is_copied_and_an_edited_one_kept(small_course):
    original = paths.course_root() / "docs" / "glossary.md"
    copy = paths.home() / "docs" / "glossary.md"
    original.parent.mkdir(exist_ok=True)
    for text in ("one", "two"):
        original.write_text(text)
        lessons.sync_copies()
        assert copy.read_text() == text
    copy.write_text("mine")
    original.write_text("three")
    lessons.sync_copies()
    assert copy.read_text() == "mine"
