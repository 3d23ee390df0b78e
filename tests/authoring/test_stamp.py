"""`course.py stamp`: whatever repeats the syllabus follows it, and nothing else changes."""

import json
import re
import shutil
from dataclasses import replace

import nbformat
import pytest

from aigc_course.authoring import provenance, stamp, store, tables
from aigc_course.authoring.references import Stamped
from aigc_course.core import paths
from aigc_course.core.errors import CourseError
from aigc_course.course import lessons, syllabus

ROOT = paths.course_root()


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of all that the command may write, in which it works."""
    root = tmp_path / "course"
    for name in ("notebooks", "docs", "benchmarks", "aigc_course"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "data", root / "data", ignore=shutil.ignore_patterns("pretrained"))
    for name in ("README.md", "CONTRIBUTING.md", "CITATION.cff", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    monkeypatch.setattr(paths, "course_root", lambda: root)
    return root


def contents(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def order(monkeypatch, *topics):
    """The syllabus with these lessons exchanged among the places that they have."""
    places = sorted(i for i, one in enumerate(syllabus.LESSONS) if one.topic in topics)
    changed = list(syllabus.LESSONS)
    for place, topic in zip(places, topics, strict=True):
        changed[place] = syllabus.by_topic()[topic]
    monkeypatch.setattr(syllabus, "LESSONS", tuple(changed))


def test_all_that_repeats_the_syllabus_is_as_it_must_be():
    assert stamp.changes() == {}, "run: python3 course.py stamp"


def test_two_lessons_exchanged_and_everything_follows(copy, monkeypatch):
    before = contents(copy)
    numbers = {lesson.topic: lesson.number for lesson in syllabus.present()}
    order(monkeypatch, "gpt", "lstm")
    old, new = (
        ("11_lstm_headlines", "12_attention_and_gpt"),
        (
            "12_lstm_headlines",
            "11_attention_and_gpt",
        ),
    )
    assert numbers["lstm"] == "11" and numbers["gpt"] == "12"
    changed = stamp.stamp()
    after = contents(copy)
    assert set(changed) == {
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    }
    assert before.keys() - after.keys() == {f"notebooks/{name}.ipynb" for name in old}
    assert after.keys() - before.keys() == {f"notebooks/{name}.ipynb" for name in new}
    everything = b"\n".join(after.values()).decode(errors="replace")
    assert not [name for name in old if name in everything]
    check_what_follows(after)
    assert stamp.stamp() == [], "once is enough"
    order(monkeypatch, "lstm", "gpt")
    stamp.stamp()
    assert contents(copy) == before, "and back, byte for byte"


def check_what_follows(after):
    """The parts of every kind, after lessons 11 and 12 were exchanged."""
    text = {name: content.decode() for name, content in after.items() if name.endswith(".md")}
    notebooks = {
        name[10:12]: nbformat.reads(content.decode(), 4)
        for name, content in after.items()
        if name.endswith(".ipynb")
    }
    first = {number: notebook.cells[0].source for number, notebook in notebooks.items()}
    own = {number: one.metadata["aigc_course"] for number, one in notebooks.items()}
    assert first["11"].startswith("# 11 Attention and GPT\n")
    assert "/blob/main/notebooks/11_attention_and_gpt.ipynb)" in first["11"]
    assert (own["12"]["topic"], own["12"]["number"]) == ("lstm", "12")
    said = {
        number: "\n".join(cell.source for cell in notebook.cells)
        for number, notebook in notebooks.items()
    }
    assert "**Next**: [11 Attention and GPT](11_attention_and_gpt.ipynb): how" in said["10"]
    assert "**Back**: [12](12_lstm_headlines.ipynb), [map]" in said["13"]
    assert "Lesson 11 builds one, and explains" in said["00"]
    assert "headlines ([12](12_lstm_headlines.ipynb)), attention" in said["00"]
    assert "the causal mask of lesson 11." in said["13"] and "BLEU (lesson 12)" in said["13"]
    assert "the loop of lesson 07" in said["11"], "of another lesson"
    assert 'plots.picture("lstm"' in said["12"]
    rows = re.findall(
        r"^\| \[(\d\d) ([^\]]*)\]\([^)]*\) \| \d+ min \| (\d+) s", text["README.md"], re.M
    )
    assert rows[11:13] == [("11", "Attention and GPT", "97"), ("12", "LSTM headlines", "95")]
    assert "*From lesson 12: a generator of headlines" in text["README.md"]
    assert "export 12 --out teaching/source" in text["README.md"]
    assert "lessons 15 to 17" in text["README.md"].lower()
    costs = list(tables.rows_of(text["docs/costs.md"], "lessons"))
    assert costs[10:13] == ["10_recurrent_networks", "11_attention_and_gpt", "12_lstm_headlines"]
    assert "| 11 | 11 | attention by hand" in text["docs/classroom.md"]
    assert "nbgrader autograde 12_lstm_headlines" in text["docs/classroom.md"]
    assert re.search(r"### attention\n\n.* Lesson 11\.\n", text["docs/glossary.md"])
    assert re.search(r"### temperature\n\n.* Lessons 01 and 12\.\n", text["docs/glossary.md"])
    assert "which lesson 11 shows" in text["benchmarks/README.md"]
    assert "which lesson 11 shows" in after["benchmarks/scaling.py"].decode()


def test_a_lesson_moved_far_renumbers_all_between(copy, monkeypatch):
    before = contents(copy)
    topics = [lesson.topic for lesson in syllabus.present()]
    moved = [*topics[:3], "conv", *[topic for topic in topics[3:] if topic != "conv"]]
    everywhere = syllabus.LESSONS
    order(monkeypatch, *moved)
    stamp.stamp()
    readme = (copy / "README.md").read_text(encoding="utf-8")
    assert "Lessons 03, 16 and 17 have one setting" in readme, "no longer a range"
    welcome = (copy / "notebooks" / "00_welcome.ipynb").read_text(encoding="utf-8")
    assert "see and repair ([03](03_convolutional_networks.ipynb)), a map" in welcome
    assert "attention and GPT ([13](13_attention_and_gpt.ipynb))" in welcome
    assert stamp.stamp() == []
    monkeypatch.setattr(syllabus, "LESSONS", everywhere)
    stamp.stamp()
    differ = {name for name, text in contents(copy).items() if before.get(name) != text}
    assert differ == {"README.md"}, "the one with a torn range"


def test_a_new_title_follows(copy, monkeypatch):
    changed = [
        replace(one, title="LSTM", minutes=60) if one.topic == "lstm" else one
        for one in syllabus.LESSONS
    ]
    monkeypatch.setattr(syllabus, "LESSONS", tuple(changed))
    stamp.stamp()
    title = nbformat.read(copy / "notebooks" / "11_lstm.ipynb", 4).cells[0].source
    assert title.startswith("# 11 LSTM\n") and "*About 60 minutes with" in title
    gpt = (copy / "notebooks" / "12_attention_and_gpt.ipynb").read_text(encoding="utf-8")
    assert "Before: [11 LSTM](11_lstm.ipynb)" in gpt
    assert "| [11 LSTM](notebooks/11_lstm.ipynb) | 60 min |" in (copy / "README.md").read_text()


DUMMY = syllabus.Lesson(
    topic="dummy",
    title="Dummy lesson",
    part=syllabus.TEXT,
    question="is it there?",
    needs=("vectors",),
    minutes=60,
    builds="nothing",
    lab="nothing at all",
)


def with_dummy(monkeypatch):
    at = 1 + [one.topic for one in syllabus.LESSONS].index("vectors")
    monkeypatch.setattr(
        syllabus, "LESSONS", (*syllabus.LESSONS[:at], DUMMY, *syllabus.LESSONS[at:])
    )


def test_a_new_lesson_is_a_record_and_a_notebook(copy, monkeypatch, record_property):
    """In the middle of the course; what the author writes, and what the command rewrites."""
    before = contents(copy)
    with_dummy(monkeypatch)
    new = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# A title\n\nAs in lesson 10.\n\n**Next**: ?"),
            nbformat.v4.new_code_cell('plots.picture("?", alt="nothing")'),
        ]
    )
    nbformat.write(new, copy / "notebooks" / "10_dummy_lesson.ipynb")
    changed = stamp.stamp()
    notebook = nbformat.read(copy / "notebooks" / "10_dummy_lesson.ipynb", 4)
    assert notebook.metadata["aigc_course"] == {"topic": "dummy", "number": "10"}
    assert notebook.cells[1].source == 'plots.picture("dummy", alt="nothing")'
    assert notebook.cells[0].source == (
        "# 10 Dummy lesson\n\nAs in lesson 11.\n\n**Next**: [11 Recurrent networks]"
        "(11_recurrent_networks.ipynb): how can a network remember? **Back**: "
        "[09](09_word_vectors.ipynb), [map](00_welcome.ipynb)."
    )
    assert "| [10 Dummy lesson](notebooks/10_dummy_lesson.ipynb) | 60 min | - | - | nothing |" in (
        copy / "README.md"
    ).read_text(encoding="utf-8")
    assert "lesson 15" in (copy / "aigc_course/data/stories/tale_tasks.py").read_text("utf-8")
    assert stamp.stamp() == []
    touched = {name for name, text in contents(copy).items() if before.get(name) != text}
    record_property("files rewritten by stamp for a lesson in the middle", len(changed))
    print(f"{len(touched)} files written by the command: {', '.join(sorted(touched))}")


def test_a_notebook_without_a_lesson_and_a_lesson_without_a_notebook_are_refused(copy, monkeypatch):
    before = contents(copy)
    nbformat.write(nbformat.v4.new_notebook(), copy / "notebooks" / "17_something.ipynb")
    with pytest.raises(CourseError, match=r"17_something\.ipynb belongs to no lesson"):
        stamp.stamp()
    (copy / "notebooks" / "17_something.ipynb").unlink()
    with_dummy(monkeypatch)
    with pytest.raises(CourseError, match=r"'dummy' must have one notebook, and 0 say"):
        stamp.stamp()
    assert contents(copy) == before


def test_a_run_that_was_broken_off_is_noticed(copy, monkeypatch):
    """The new file was written, the old one is still there."""
    shutil.copy(
        copy / "notebooks" / "11_lstm_headlines.ipynb",
        copy / "notebooks" / "12_lstm_headlines.ipynb",
    )
    with pytest.raises(CourseError, match="'lstm' must have one notebook, and 2 say"):
        stamp.stamp()


@pytest.mark.parametrize(
    "said", ["as in lesson 18", "Lessons 06 and 44", "[x](18_gone.ipynb)", "course.py run 50"]
)
def test_a_reference_to_no_lesson_is_refused_before_anything_is_written(copy, said):
    page = copy / "docs" / "reliability.md"
    page.write_text(f"{page.read_text(encoding='utf-8')}\n{said}\n", encoding="utf-8")
    before = contents(copy)
    with pytest.raises(CourseError, match=r"docs/reliability\.md .*Nothing was written"):
        stamp.stamp()
    assert contents(copy) == before


def test_a_lesson_that_was_taken_out_is_missed_where_it_was_named(copy, monkeypatch):
    kept = tuple(one for one in syllabus.LESSONS if one.topic != "gpt")
    monkeypatch.setattr(syllabus, "LESSONS", kept)
    (copy / "notebooks" / "12_attention_and_gpt.ipynb").unlink()
    with pytest.raises(CourseError, match=r"there is none of that number|no such lesson"):
        stamp.stamp()


# --- references
# -------------------------------------------------------------------------------------------


@pytest.fixture
def shifted(monkeypatch):
    """A course in which the lessons from 10 on have moved one up."""
    old = Stamped(
        {one.number: one.topic for one in syllabus.present()},
        {one.name: one.topic for one in syllabus.present()},
    )
    with_dummy(monkeypatch)
    return lambda text: old.renewed(text, "a text")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("lesson 03", "lesson 03"),
        ("Lesson 10's loop", "Lesson 11's loop"),
        ("lessons 10, 11 and 12", "lessons 11, 12 and 13"),
        ("lessons 11 to 13.", "lessons 12 to 14."),
        ("lessons 03 to 10", "lessons 03 to 09 and 11"),
        ("lessons 01 to 11", "lessons 01 to 09, 11 and 12"),
        ("(see lesson\n    10)", "(see lesson\n    11)"),
        ("[10](10_recurrent_networks.ipynb)", "[11](11_recurrent_networks.ipynb)"),
        (
            "[the RNN](../notebooks/10_recurrent_networks.ipynb)",
            "[the RNN](../notebooks/11_recurrent_networks.ipynb)",
        ),
        (
            "[10 Old title](10_recurrent_networks.ipynb)",
            "[11 Recurrent networks](11_recurrent_networks.ipynb)",
        ),
        ("course.py reset 10`", "course.py reset 11`"),
        ("classroom export 10 --out", "classroom export 11 --out"),
        ("release/10_recurrent_networks/", "release/11_recurrent_networks/"),
        (
            "| word | lesson |\n|---|---|\n| RNN | 10, 11 |",
            "| word | lesson |\n|---|---|\n| RNN | 11, 12 |",
        ),
        (
            "| word | number |\n|---|---|\n| RNN | 10 |",
            "| word | number |\n|---|---|\n| RNN | 10 |",
        ),
        (
            "lesson 4, 10, 14_000, 10_other, less than 11",
            "lesson 4, 10, 14_000, 10_other, less than 11",
        ),
        ("a lesson 045, lesson 06%", "a lesson 045, lesson 06%"),
    ],
)
def test_references(shifted, before, after):
    assert shifted(before) == after


# --- outputs
# ----------------------------------------------------------------------------------------------


def test_outputs_stay_fresh_unless_code_changed_in_meaning(copy, monkeypatch):
    path = copy / "notebooks" / "13_translation.ipynb"

    def write(comment):
        notebook = nbformat.read(path, 4)
        notebook.cells[-1] = nbformat.v4.new_code_cell(comment, id=notebook.cells[-1].id)
        own = notebook.metadata["aigc_course"]
        own |= provenance.record(notebook, own["ran"], own["read"])
        path.write_text(store.notebook_text(notebook), encoding="utf-8")

    def is_fresh():
        return not provenance.changes(nbformat.read(path, 4))

    write("# as in lesson 12")
    order(monkeypatch, "gpt", "lstm")
    stamp.stamp()
    assert "lesson 11" in path.read_text(encoding="utf-8") and is_fresh()
    write('print("as in lesson 11")')
    order(monkeypatch, "lstm", "gpt")
    stamp.stamp()
    assert "lesson 12" in path.read_text(encoding="utf-8") and not is_fresh()


# --- tables
# -----------------------------------------------------------------------------------------------


def test_marks_that_are_missing_are_told():
    with pytest.raises(CourseError, match="<!-- lessons -->"):
        tables.renewed("README.md", "no marks here", "")


def test_checkpoints_of_the_readme_are_those_that_ship():
    listed = tables.between((ROOT / "README.md").read_text(encoding="utf-8"), "checkpoints")
    folders = sorted(path.name for path in (ROOT / "data" / "pretrained").iterdir())
    assert sorted(re.findall(r"^\| \[([\w-]+)\]", listed, re.M)) == folders


def test_metadata_of_a_stamped_notebook_is_valid_json():
    for lesson in lessons.all_lessons():
        assert json.loads(lesson.path.read_text(encoding="utf-8"))["metadata"]["aigc_course"]
