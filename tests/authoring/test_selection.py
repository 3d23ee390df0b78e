"""`test --changed` chooses lessons whose code, exercises or library functions changed; others take
turns.
"""

import subprocess

import nbformat
import pytest

from aigc_course.authoring import selection
from aigc_course.core import paths
from aigc_course.core.errors import CourseError
from aigc_course.course import lessons


def git(folder, *arguments):
    # Neither the settings of a person nor of a machine, and a name for the commits.
    who = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A small repository with a notebook for each lesson, each of one text and one code cell."""
    monkeypatch.setattr(paths, "course_root", lambda: tmp_path)
    (tmp_path / "notebooks").mkdir()
    for record in lessons.syllabus.present():
        cells = [nbformat.v4.new_markdown_cell("Text."), nbformat.v4.new_code_cell("x = 1")]
        notebook = nbformat.v4.new_notebook(cells=cells)
        own = {"topic": record.topic, "made_from": {"ran": "before"}}
        notebook.metadata["aigc_course"] = own
        nbformat.write(notebook, tmp_path / "notebooks" / f"{record.name}.ipynb")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "before")
    return tmp_path


def change(path, what):
    """Change one part of a notebook."""
    notebook = nbformat.read(path, as_version=4)
    if what == "prose":
        notebook.cells[0].source = "Other text."
    if what == "comment":
        notebook.cells[1].source = "x = 1  # as in lesson 03"
    if what == "code":
        notebook.cells[1].source = "x = 2"
    if what == "library":
        notebook.metadata["aigc_course"]["made_from"]["ran"] = "after"
    nbformat.write(notebook, path)


@pytest.mark.parametrize(
    "what, chosen", [("prose", 0), ("comment", 0), ("code", 1), ("library", 1)]
)
def test_a_lesson_is_chosen_for_its_code_and_what_it_ran_not_for_its_prose(
    repository, what, chosen
):
    lesson = lessons.all_lessons()[3]
    change(lesson.path, what)
    found = selection.since("HEAD")
    assert found.changed == (lesson,) * chosen
    assert found.files == (f"notebooks/{lesson.name}.ipynb",)
    assert lesson not in found.rotating or not chosen


def test_a_lesson_that_got_another_name_is_compared_with_what_it_was(repository):
    there = lessons.all_lessons()
    for lesson in there[4:6]:
        old = repository / "notebooks" / f"9{lesson.name}.ipynb"
        git(repository, "mv", str(lesson.path), str(old))
    git(repository, "commit", "--quiet", "-m", "other names")
    for lesson in there[4:6]:
        old = repository / "notebooks" / f"9{lesson.name}.ipynb"
        git(repository, "mv", str(old), str(lesson.path))
    assert selection.since("HEAD").changed == ()
    change(there[5].path, "code")
    assert selection.since("HEAD").changed == (there[5],)


def test_a_new_lesson_is_chosen(repository):
    lesson = lessons.all_lessons()[2]
    git(repository, "rm", "--quiet", str(lesson.path))
    git(repository, "commit", "--quiet", "-m", "without it")
    change_of = lessons.all_lessons()[3]
    lesson.path.write_bytes(change_of.path.read_bytes())
    notebook = nbformat.read(lesson.path, as_version=4)
    notebook.metadata["aigc_course"]["topic"] = lesson.topic
    nbformat.write(notebook, lesson.path)
    assert selection.since("HEAD").changed == (lesson,)


def test_a_lesson_is_chosen_for_its_exercises(repository):
    lesson = lessons.all_lessons()[5]
    module = repository / "aigc_course" / "exercises" / f"{lesson.topic}.py"
    module.parent.mkdir(parents=True)
    module.write_text("x = 1\n")
    git(repository, "add", ".")
    found = selection.since("HEAD")
    assert found.changed == () and found.judged == (lesson,)
    change(lesson.path, "code")
    found = selection.since("HEAD")
    assert found.changed == (lesson,) and found.judged == ()


def test_where_most_lessons_changed_no_other_has_its_turn(repository):
    there = lessons.all_lessons()
    half = len(there) // 2
    for lesson in there[:half]:
        change(lesson.path, "code")
    assert selection.since("HEAD").rotating
    for lesson in there[half : half + 1]:
        change(lesson.path, "code")
    assert selection.since("HEAD").rotating == ()


def test_each_lesson_has_its_turn(repository):
    there = lessons.all_lessons()
    seen = set()
    for i in range(len(there)):
        seen |= set(selection.since("HEAD").rotating)
        git(repository, "commit", "--quiet", "--allow-empty", "-m", str(i))
    assert seen == set(there)


def test_without_a_commit_to_compare_with_everything_is_chosen(repository):
    """All commits here are newer than a landing."""
    found = selection.since()
    assert found.commit == "" and list(found.changed) == lessons.all_lessons()
    assert f"notebooks/{lessons.all_lessons()[0].name}.ipynb" in found.files


def test_an_unknown_commit_is_named(repository):
    with pytest.raises(CourseError, match="no commit 'nowhere'"):
        selection.since("nowhere")
