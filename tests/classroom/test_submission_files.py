"""Files from students: no link is followed, nothing waits, and what can be read is read."""

import json
import os
import subprocess
import time

import attacks
import nbformat
import pytest

from aigc_course.classroom import report, submission_files
from aigc_course.core.errors import CourseError

TEXT = nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 'ü'")]))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_encodings_of_editors_are_read(tmp_path, encoding):
    path = tmp_path / "a.ipynb"
    path.write_bytes(TEXT.encode(encoding))
    assert submission_files.read(path).cells[0].source == "x = 'ü'"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"{" + b"[" * 100_000, "cannot be read"),
        (b'{"cells": {"a": 1}, "metadata": 3}', "cannot be read"),
        (b" " * 20_000_001, "20,000,000 bytes"),
        (TEXT.replace("x = ", "### BEGIN SOLUTION\\n").encode(), "BEGIN SOLUTION"),
        (TEXT.replace("x = ", "### BEGIN HIDDEN TESTS\\n").encode(), "BEGIN HIDDEN TESTS"),
    ],
)
def test_what_is_refused_is_named(tmp_path, content, says):
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)
    with pytest.raises(CourseError, match=says):
        submission_files.read(path)


def test_notebooks_without_end_are_refused(tmp_path):
    path = tmp_path / "a.ipynb"
    for cells in (["1"] * 1_001, ["x" * 1_000_001]):
        notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
        path.write_text(nbformat.writes(notebook))
        with pytest.raises(CourseError, match="1,000 cells or 1,000,000 characters"):
            submission_files.read(path)


def test_links_pipes_and_devices_are_not_read(tmp_path):
    (tmp_path / "right.ipynb").write_text(TEXT)
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "right.ipynb")
    (tmp_path / "zeros.ipynb").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    start = time.monotonic()
    for name in ("link", "zeros", "pipe", "folder", "missing"):
        with pytest.raises(CourseError, match=f"{name}.ipynb cannot be read"):
            submission_files.read(tmp_path / f"{name}.ipynb")
    assert time.monotonic() - start < 2


@pytest.fixture
def handed_in(tmp_path):
    """A hand-in with files, links, a pipe and folders."""
    secret = tmp_path / "teacher"
    secret.mkdir()
    (secret / "solution.ipynb").write_text("secret")
    folder = tmp_path / "inbound" / "ann+a+1"
    (folder / "data").mkdir(parents=True)
    (folder / "a.ipynb").write_text(TEXT)
    (folder / "data" / "own.csv").write_text("1")
    (folder / "link.txt").symlink_to(secret / "solution.ipynb")
    (folder / "all").symlink_to(secret, target_is_directory=True)
    (folder / "zeros").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe")
    return folder


def test_only_plain_files_are_collected(handed_in, tmp_path):
    left_out = submission_files.copy(handed_in, tmp_path / "out")
    assert sorted(left_out) == ["all", "link.txt", "pipe", "zeros"]
    there = [p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*")]
    assert sorted(there) == ["a.ipynb", "data", "data/own.csv"]


def test_a_hand_in_that_is_a_link_is_not_collected(handed_in, tmp_path):
    link = tmp_path / "inbound" / "bob+a+1"
    link.symlink_to(tmp_path / "teacher", target_is_directory=True)
    with pytest.raises(CourseError, match="is no folder"):
        submission_files.copy(link, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_large_files_and_many_are_left_out(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    with (source / "large").open("wb") as file:
        file.truncate(submission_files.MOST_BYTES + 1)
    for i in range(submission_files.MOST_FILES + 50):
        (source / f"f{i}").touch()
    deep = source
    for _ in range(40):
        deep = deep / "d"
        deep.mkdir()
    left_out = submission_files.copy(source, tmp_path / "out")
    assert "large" in left_out and len(left_out) >= 50
    assert len(list((tmp_path / "out").rglob("*"))) <= submission_files.MOST_FILES + 10


def test_links_in_a_submission_are_set_aside_and_named(handed_in, tmp_path):
    course = tmp_path / "teaching"
    submitted = course / "submitted" / "ann" / "a"
    submitted.parent.mkdir(parents=True)
    handed_in.rename(submitted)
    (submitted / "a.ipynb").unlink()
    (submitted / "a.ipynb").symlink_to(tmp_path / "teacher" / "solution.ipynb")
    submission_files.set_aside(submitted)
    moved = submission_files.aside_of(submitted)
    assert moved == course / "refused" / "ann" / "a"
    assert sorted(path.name[2:] for path in moved.iterdir()) == [
        *("a.ipynb", "all", "link.txt", "pipe", "zeros")
    ]
    assert [p.name for p in submitted.iterdir()] == ["data"]
    said = report._why_not(course, "ann", "a", "a")
    assert "is a link" in said and str(moved) in said
    assert (tmp_path / "teacher" / "solution.ipynb").read_text() == "secret"


def test_a_link_that_cannot_be_moved_is_removed(tmp_path, monkeypatch):
    """A path so long that its new place has none."""
    submitted = tmp_path / "teaching" / "submitted" / "ann" / "a"
    submitted.mkdir(parents=True)
    (submitted / "link").symlink_to("/etc/passwd")

    def refuse(self, target):
        raise OSError(36, "File name too long")

    monkeypatch.setattr(submission_files.Path, "replace", refuse)
    submission_files.set_aside(submitted)
    assert list(submitted.iterdir()) == []


def test_a_folder_that_is_a_link_is_set_aside_itself(tmp_path):
    course = tmp_path / "teaching"
    (course / "source" / "a").mkdir(parents=True)
    (course / "source" / "a" / "a.ipynb").write_text(json.dumps({}))
    (course / "submitted" / "ann").mkdir(parents=True)
    submitted = course / "submitted" / "ann" / "a"
    submitted.symlink_to(course / "source" / "a", target_is_directory=True)
    submission_files.set_aside(submitted)
    assert not submitted.exists() and (course / "source" / "a" / "a.ipynb").exists()


def test_what_else_stood_in_a_file_does_not_matter(tmp_path):
    """Outputs and settings that nbformat takes minutes over, or refuses."""
    path, name = tmp_path / "a.ipynb", {"nbgrader": {"grade_id": "a-b", "points": 99}}
    cells = [
        {"cell_type": "code", "source": ["x = 1\n", "y"], "outputs": [{}] * 100_000},
        {"cell_type": "code", "source": "no outputs", "id": "not an id", "metadata": name},
        {
            "cell_type": "markdown",
            "source": "half \ud83d",
            "attachments": {"a": {"b": "c" * 10**6}},
        },
        {"cell_type": "other", "source": "", "metadata": [1]},
    ]
    path.write_text(json.dumps({"cells": cells[:3], "nbformat": 4}))
    start = time.monotonic()
    notebook = submission_files.read(path)
    assert time.monotonic() - start < 2
    nbformat.validate(notebook)
    assert [cell.source for cell in notebook.cells] == ["x = 1\ny", "no outputs", "half ?"]
    assert notebook.cells[1].metadata == {"nbgrader": {"grade_id": "a-b"}}
    assert "attachments" not in notebook.cells[2]
    path.write_text(json.dumps({"cells": cells[3:]}))
    assert submission_files.read(path).cells[0].cell_type == "code"


def test_folders_count_too(tmp_path):
    source = tmp_path / "in"
    for i in range(submission_files.MOST_FILES + 50):
        (source / f"d{i}").mkdir(parents=True)
    submission_files.copy(source, tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) == submission_files.MOST_FILES


def test_notebooks_are_taken_over_first(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    for i in range(submission_files.MOST_FILES + 50):
        (source / f"Picture {i}.png").touch()
    (source / "z.ipynb").write_text(TEXT)
    submission_files.copy(source, tmp_path / "out")
    assert (tmp_path / "out" / "z.ipynb").read_text() == TEXT


def test_a_hand_in_has_a_size_in_all(tmp_path, monkeypatch):
    monkeypatch.setattr(submission_files, "MOST_TOGETHER", 5_000)
    source = tmp_path / "in"
    source.mkdir()
    for i in range(9):
        (source / f"f{i}").write_bytes(b"x" * 1_000)
    left_out = submission_files.copy(source, tmp_path / "out")
    assert len(left_out) == 4 and len(list((tmp_path / "out").iterdir())) == 5


def test_what_is_gone_or_unreadable_while_it_is_copied_is_left_out(tmp_path, monkeypatch):
    source = tmp_path / "in"
    (source / "gone").mkdir(parents=True)
    (source / "a.ipynb").write_text(TEXT)
    (source / "timestamp.txt").mkdir()
    (source / "\x1b[31mred.txt").touch()
    look = os.stat

    def stat(name, **how):
        if name == "gone":
            raise FileNotFoundError(2, "No such file")
        return look(name, **how)

    monkeypatch.setattr(submission_files.os, "stat", stat)
    left_out = submission_files.copy(source, tmp_path / "out")
    assert sorted(left_out) == ["\x1b[31mred.txt", "gone", "timestamp.txt"]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["a.ipynb"]
    monkeypatch.setattr(submission_files.os, "open", lambda *_, **__: stat("gone"))
    with pytest.raises(CourseError, match="cannot be read"):
        submission_files.copy(source, tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.fixture
def teaching(tmp_path):
    """A teaching folder with three hand-ins that were put there by hand."""
    for student in ("ann", "bob", "zoe"):
        folder = tmp_path / "submitted" / student / "a"
        folder.mkdir(parents=True)
        (folder / "a.ipynb").write_text(TEXT)
    yield tmp_path
    for path in tmp_path.iterdir():  # deeper than Python's own functions go
        subprocess.run(["rm", "-rf", str(path)], check=True)


def test_a_hand_in_put_there_by_hand_gets_a_secret(teaching):
    (teaching / "submitted" / "ann" / "a" / "submission_secret.txt").write_text("mine")
    assert submission_files.prepare(teaching) == []
    secrets = [
        (teaching / "submitted" / student / "a" / "submission_secret.txt").read_text()
        for student in ("ann", "bob", "zoe")
    ]
    assert secrets[0] == "mine" and len(set(secrets)) == 3 and min(map(len, secrets[1:])) > 60
    assert submission_files.prepare(teaching) == [], "nothing more to do"


@pytest.mark.parametrize("name", ["\nmal", "a\x1b[2Jb", ".hidden", " space", "jos\udce9"])
def test_a_student_of_a_strange_name_is_moved_away(teaching, name):
    strange = teaching / "submitted" / name
    (strange / "a").mkdir(parents=True)
    (line,) = submission_files.prepare(teaching)
    assert line.isprintable() and "moved away" in line and not strange.exists()
    assert sorted(p.name for p in (teaching / "submitted").iterdir()) == ["ann", "bob", "zoe"]
    assert len(list((teaching / "refused").iterdir())) == 1


def test_pipes_deep_folders_and_odd_modes_stop_nobody(teaching):
    folder = teaching / "submitted" / "bob" / "a"
    os.mkfifo(folder / "timestamp.txt")
    (teaching / "submitted" / "zoe" / "a" / "timestamp.txt").mkdir()
    (folder / "locked").mkdir()
    (folder / "locked" / "link").symlink_to("/etc/passwd")
    (folder / "locked").chmod(0o444)
    attacks.nest(folder)
    assert submission_files.prepare(teaching) == []
    left = sorted(p.name for p in folder.rglob("*"))
    deep = ["d"] * submission_files.DEEPEST
    assert left == ["a.ipynb", *deep, "locked", "submission_secret.txt"]
    assert len(list(submission_files.aside_of(folder).iterdir())) == 3
    assert not (teaching / "submitted" / "zoe" / "a" / "timestamp.txt").exists()


def test_a_hand_in_that_cannot_be_put_in_order_is_moved_as_a_whole(teaching, monkeypatch):
    def fails(submitted):
        if submitted.parent.name == "bob":
            raise OSError(36, "File name too long")

    monkeypatch.setattr(submission_files, "set_aside", fails)
    (line,) = submission_files.prepare(teaching)
    assert "bob" in line and not (teaching / "submitted" / "bob" / "a").exists()
    assert (teaching / "refused" / "bob" / "a" / "a.ipynb").read_text() == TEXT
    assert (teaching / "submitted" / "zoe" / "a" / "a.ipynb").exists()
