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
NUMBER = {lesson.topic: lesson.number for lesson in syllabus.present()}
"""Topic -> number, as the course has them before a test changes anything."""
EARLY, LATE = NUMBER["headlines"], NUMBER["gpt"]  # neighbours, which some tests exchange
DUMMY_AT = int(NUMBER["rnn"])  # where the new lesson of some tests stands


def number(topic, up=0):
    """The number of a lesson, so many places further on."""
    return f"{int(NUMBER[topic]) + up:02}"


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
    order(monkeypatch, "gpt", "headlines")
    old = (f"{EARLY}_headlines", f"{LATE}_attention_and_gpt")
    new = (f"{LATE}_headlines", f"{EARLY}_attention_and_gpt")
    assert int(LATE) == int(EARLY) + 1
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
    order(monkeypatch, "headlines", "gpt")
    stamp.stamp()
    assert contents(copy) == before, "and back, byte for byte"


def check_what_follows(after):
    """The parts of every kind, after two neighbours were exchanged."""
    text = {name: content.decode() for name, content in after.items() if name.endswith(".md")}
    notebooks = {
        name[10:12]: nbformat.reads(content.decode(), 4)
        for name, content in after.items()
        if name.endswith(".ipynb")
    }
    first = {n: notebook.cells[0].source for n, notebook in notebooks.items()}
    own = {n: one.metadata["aigc_course"] for n, one in notebooks.items()}
    assert first[EARLY].startswith(f"# {EARLY} Attention and GPT\n")
    assert f"/blob/main/notebooks/{EARLY}_attention_and_gpt.ipynb)" in first[EARLY]
    assert (own[LATE]["topic"], own[LATE]["number"]) == ("headlines", LATE)
    said = {
        n: "\n".join(cell.source for cell in notebook.cells) for n, notebook in notebooks.items()
    }
    gpt = f"[{EARLY} Attention and GPT]({EARLY}_attention_and_gpt.ipynb)"
    assert f"**Next**: {gpt}: how" in said[number("lstm")]
    translation = said[number("translation")]
    assert f"**Back**: [{LATE}]({LATE}_headlines.ipynb), [map]" in translation
    assert f"Lesson {EARLY} builds one, and explains" in said["00"]
    assert f"headlines ([{LATE}]({LATE}_headlines.ipynb)), attention" in said["00"]
    assert f"the causal mask of lesson {EARLY}." in translation
    assert f"BLEU (lesson {LATE})" in translation
    assert f"the loop of lesson {number('softmax')}" in said[EARLY], "of another lesson"
    assert 'plots.picture("headlines"' in said[LATE]
    rows = re.findall(r"^\| \[(\d\d) ([^\]]*)\]\([^)]*\) \| \d+ min \|", text["README.md"], re.M)
    at = int(EARLY)
    assert rows[at : at + 2] == [(EARLY, "Attention and GPT"), (LATE, "Headlines")]
    assert f"*From lesson {LATE}: a generator of headlines" in text["README.md"]
    assert f"export {LATE} --out teaching/source" in text["README.md"]
    assert f"lessons {number('conv')} to {number('gan')}" in text["README.md"].lower()
    costs = list(tables.rows_of(text["docs/costs.md"], "lessons"))
    assert costs[at - 1 : at + 2] == [
        f"{number('lstm')}_lstm",
        f"{EARLY}_attention_and_gpt",
        f"{LATE}_headlines",
    ]
    assert re.search(rf"\| \d+ \| {EARLY} \| attention by hand", text["docs/classroom.md"])
    assert f"nbgrader autograde {LATE}_headlines" in text["docs/classroom.md"]
    glossary = text["docs/glossary.md"]
    assert re.search(rf"### attention\n\n.* Lesson {EARLY}\.\n", glossary)
    many = rf"### temperature\n\n.* Lessons {NUMBER['chance']} and {LATE}\.\n"
    assert re.search(many, glossary)
    assert f"which lesson {EARLY} shows" in text["benchmarks/README.md"]
    assert f"which lesson {EARLY} shows" in after["benchmarks/scaling.py"].decode()


def test_a_lesson_moved_far_renumbers_all_between(copy, monkeypatch):
    before = contents(copy)
    topics = [lesson.topic for lesson in syllabus.present()]
    moved = [*topics[:3], "conv", *[topic for topic in topics[3:] if topic != "conv"]]
    everywhere = syllabus.LESSONS
    order(monkeypatch, *moved)
    stamp.stamp()
    readme = (copy / "README.md").read_text(encoding="utf-8")
    torn = f"Lessons 03, {number('vae')} and {number('gan')} have one setting"
    assert torn in readme, "no longer a range"
    welcome = (copy / "notebooks" / "00_welcome.ipynb").read_text(encoding="utf-8")
    assert "see and repair ([03](03_convolutional_networks.ipynb)), a map" in welcome
    gpt = number("gpt", up=1)
    assert f"attention and GPT ([{gpt}]({gpt}_attention_and_gpt.ipynb))" in welcome
    assert stamp.stamp() == []
    monkeypatch.setattr(syllabus, "LESSONS", everywhere)
    stamp.stamp()
    differ = {name for name, text in contents(copy).items() if before.get(name) != text}
    assert differ == {"README.md"}, "the one with a torn range"


def test_a_new_title_follows(copy, monkeypatch):
    changed = [
        replace(one, title="News", minutes=60) if one.topic == "headlines" else one
        for one in syllabus.LESSONS
    ]
    monkeypatch.setattr(syllabus, "LESSONS", tuple(changed))
    stamp.stamp()
    title = nbformat.read(copy / "notebooks" / f"{EARLY}_news.ipynb", 4).cells[0].source
    assert title.startswith(f"# {EARLY} News\n") and "*About 60 minutes with" in title
    gpt = copy / "notebooks" / f"{LATE}_attention_and_gpt.ipynb"
    assert f"Before: [{EARLY} News]({EARLY}_news.ipynb)" in gpt.read_text(encoding="utf-8")
    row = f"| [{EARLY} News](notebooks/{EARLY}_news.ipynb) | 60 min |"
    assert row in (copy / "README.md").read_text(encoding="utf-8")


DUMMY = syllabus.Lesson(
    topic="dummy",
    title="Dummy lesson",
    part=syllabus.TEXT,
    question="is it there?",
    needs=("skipgram",),
    minutes=60,
    builds="nothing",
    lab="nothing at all",
)


def with_dummy(monkeypatch):
    at = 1 + [one.topic for one in syllabus.LESSONS].index("skipgram")
    monkeypatch.setattr(
        syllabus, "LESSONS", (*syllabus.LESSONS[:at], DUMMY, *syllabus.LESSONS[at:])
    )


def test_a_new_lesson_is_a_record_and_a_notebook(copy, monkeypatch, record_property):
    """In the middle of the course; what the author writes, and what the command rewrites."""
    before = contents(copy)
    with_dummy(monkeypatch)
    at, then = number("rnn"), number("rnn", up=1)
    new = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(f"# A title\n\nAs in lesson {at}.\n\n**Next**: ?"),
            nbformat.v4.new_code_cell('plots.picture("?", alt="nothing")'),
        ]
    )
    nbformat.write(new, copy / "notebooks" / f"{at}_dummy_lesson.ipynb")
    changed = stamp.stamp()
    notebook = nbformat.read(copy / "notebooks" / f"{at}_dummy_lesson.ipynb", 4)
    assert notebook.metadata["aigc_course"] == {"topic": "dummy", "number": at}
    assert notebook.cells[1].source == 'plots.picture("dummy", alt="nothing")'
    before_it = number("skipgram")
    assert notebook.cells[0].source == (
        f"# {at} Dummy lesson\n\nAs in lesson {then}.\n\n**Next**: [{then} Recurrent networks]"
        f"({then}_recurrent_networks.ipynb): how can a network remember? **Back**: "
        f"[{before_it}]({before_it}_skip_gram_and_bias.ipynb), [map](00_welcome.ipynb)."
    )
    row = f"| [{at} Dummy lesson](notebooks/{at}_dummy_lesson.ipynb) | 60 min | - | - | nothing |"
    assert row in (copy / "README.md").read_text(encoding="utf-8")
    tasks = (copy / "aigc_course/data/stories/tale_tasks.py").read_text("utf-8")
    assert f"lesson {number('pretrained', up=1)}" in tasks
    assert stamp.stamp() == []
    touched = {name for name, text in contents(copy).items() if before.get(name) != text}
    record_property("files rewritten by stamp for a lesson in the middle", len(changed))
    print(f"{len(touched)} files written by the command: {', '.join(sorted(touched))}")


def test_a_notebook_without_a_lesson_and_a_lesson_without_a_notebook_are_refused(copy, monkeypatch):
    before = contents(copy)
    other = copy / "notebooks" / f"{NUMBER['gan']}_something.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), other)
    with pytest.raises(CourseError, match=r"_something\.ipynb belongs to no lesson"):
        stamp.stamp()
    other.unlink()
    with_dummy(monkeypatch)
    with pytest.raises(CourseError, match=r"'dummy' must have one notebook, and 0 say"):
        stamp.stamp()
    assert contents(copy) == before


def test_a_run_that_was_broken_off_is_noticed(copy, monkeypatch):
    """The new file was written, the old one is still there."""
    shutil.copy(
        copy / "notebooks" / f"{EARLY}_headlines.ipynb",
        copy / "notebooks" / f"{LATE}_headlines.ipynb",
    )
    with pytest.raises(CourseError, match="'headlines' must have one notebook, and 2 say"):
        stamp.stamp()


@pytest.mark.parametrize(
    "said", ["as in lesson 88", "Lessons 06 and 94", "[x](88_gone.ipynb)", "course.py run 90"]
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
    (copy / "notebooks" / f"{LATE}_attention_and_gpt.ipynb").unlink()
    with pytest.raises(CourseError, match=r"there is none of that number|no such lesson"):
        stamp.stamp()


# --- references
# -------------------------------------------------------------------------------------------


@pytest.fixture
def shifted(monkeypatch):
    """A course in which the lessons from `DUMMY_AT` on have moved one up."""
    old = Stamped(
        {one.number: one.topic for one in syllabus.present()},
        {one.name: one.topic for one in syllabus.present()},
    )
    with_dummy(monkeypatch)
    return lambda text: old.renewed(text, "a text")


A, B, C, D = (f"{DUMMY_AT + i:02}" for i in range(4))  # four lessons that move up by one
LAST = f"{DUMMY_AT - 1:02}"  # the last one that stays


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("lesson 03", "lesson 03"),
        (f"Lesson {A}'s loop", f"Lesson {B}'s loop"),
        (f"lessons {A}, {B} and {C}", f"lessons {B}, {C} and {D}"),
        (f"lessons {A} to {C}.", f"lessons {B} to {D}."),
        (f"lessons 03 to {A}", f"lessons 03 to {LAST} and {B}"),
        (f"lessons 01 to {B}", f"lessons 01 to {LAST}, {B} and {C}"),
        (f"(see lesson\n    {A})", f"(see lesson\n    {B})"),
        (f"[{A}]({A}_recurrent_networks.ipynb)", f"[{B}]({B}_recurrent_networks.ipynb)"),
        (
            f"[the RNN](../notebooks/{A}_recurrent_networks.ipynb)",
            f"[the RNN](../notebooks/{B}_recurrent_networks.ipynb)",
        ),
        (
            f"[{A} Old title]({A}_recurrent_networks.ipynb)",
            f"[{B} Recurrent networks]({B}_recurrent_networks.ipynb)",
        ),
        (f"course.py reset {A}`", f"course.py reset {B}`"),
        (f"classroom export {A} --out", f"classroom export {B} --out"),
        (f"release/{A}_recurrent_networks/", f"release/{B}_recurrent_networks/"),
        (
            f"| word | lesson |\n|---|---|\n| RNN | {A}, {B} |",
            f"| word | lesson |\n|---|---|\n| RNN | {B}, {C} |",
        ),
        (
            f"| word | number |\n|---|---|\n| RNN | {A} |",
            f"| word | number |\n|---|---|\n| RNN | {A} |",
        ),
        (
            f"lesson 4, {A}, 14_000, {A}_other, less than {B}",
            f"lesson 4, {A}, 14_000, {A}_other, less than {B}",
        ),
        ("a lesson 045, lesson 06%", "a lesson 045, lesson 06%"),
    ],
)
def test_references(shifted, before, after):
    assert shifted(before) == after


# --- outputs
# ----------------------------------------------------------------------------------------------


def test_outputs_stay_fresh_unless_code_changed_in_meaning(copy, monkeypatch):
    path = copy / "notebooks" / f"{NUMBER['translation']}_translation.ipynb"

    def write(comment):
        notebook = nbformat.read(path, 4)
        notebook.cells[-1] = nbformat.v4.new_code_cell(comment, id=notebook.cells[-1].id)
        own = notebook.metadata["aigc_course"]
        own |= provenance.record(notebook, own["ran"], own["read"])
        path.write_text(store.notebook_text(notebook), encoding="utf-8")

    def is_fresh():
        return not provenance.changes(nbformat.read(path, 4))

    write(f"# as in lesson {LATE}")
    order(monkeypatch, "gpt", "headlines")
    stamp.stamp()
    assert f"lesson {EARLY}" in path.read_text(encoding="utf-8") and is_fresh()
    write(f'print("as in lesson {EARLY}")')
    order(monkeypatch, "headlines", "gpt")
    stamp.stamp()
    assert f"lesson {LATE}" in path.read_text(encoding="utf-8") and not is_fresh()


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
