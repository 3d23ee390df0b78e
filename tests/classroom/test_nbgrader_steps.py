"""What stands in the place of nbgrader's own steps; whole rounds are in test_classroom."""

import time

import nbformat
import pytest

from aigc_course.classroom import nbgrader_steps
from aigc_course.classroom.export import marked
from aigc_course.core.errors import CourseError


def cell(source, name="", **kind):
    made = nbformat.v4.new_code_cell(source)
    return marked(made, name, **kind) if name else made


def sources(cells):
    return [one.source for one in cells]


def test_pieces_of_a_split_answer_become_one():
    first, second = "@exercise('a.b')\ndef f(x):", "    return x"
    pieces = [cell(first, "a-b"), cell(second, "a-b"), cell("", "a-b"), cell("1", "a-b-test")]
    whole = nbgrader_steps._whole(pieces)
    assert sources(whole) == [f"{first}\n{second}\n", "1"]


def test_a_copy_of_an_answer_is_no_piece_of_it():
    answer = "@exercise('a.b')\ndef f(x):\n    return x"
    assert len(nbgrader_steps._whole([cell(answer, "a-b"), cell(answer, "a-b")])) == 2
    kept = nbgrader_steps._one_of_each([cell("old", "a-b"), cell("new", "a-b")], {"a-b": None})
    assert [nbgrader_steps.name_of(one) for one in kept] == ["", "a-b"], "the last one counts"


@pytest.mark.parametrize("marks", [None, [], "x", 3, {}, {"grade_id": 3}, {"grade_id": ["x"]}])
def test_strange_marks_are_no_name(marks):
    strange = cell("1")
    strange.metadata["nbgrader"] = marks
    assert nbgrader_steps.name_of(strange) == ""
    (kept,) = nbgrader_steps._one_of_each([strange], {"a": None})
    assert "nbgrader" not in kept.metadata


def test_hidden_tests_are_cut_out_in_one_go():
    source = "require('a')\n### BEGIN HIDDEN TESTS\nseed\n### END HIDDEN TESTS\nafter"
    assert nbgrader_steps.without_hidden(source) == "require('a')\nafter"
    assert nbgrader_steps.without_hidden("a\n### BEGIN HIDDEN TESTS\nseed") == "a"
    start = time.monotonic()
    assert nbgrader_steps.without_hidden("### BEGIN HIDDEN TESTS\n" * 100_000) == ""
    assert time.monotonic() - start < 1


def test_feedback_that_takes_too_long_is_not_made(monkeypatch):
    def endless(*arguments, **more):
        while True:
            pass

    monkeypatch.setattr(nbgrader_steps.SafeFeedback, "SECONDS", 0.2)
    monkeypatch.setattr(nbgrader_steps.HTMLExporter, "from_notebook_node", endless)
    with pytest.raises(CourseError, match=r"longer than 0\.2 s"):
        nbgrader_steps.SafeFeedback().from_notebook_node(nbformat.v4.new_notebook())


def test_only_a_students_own_account_hands_in_where_accounts_have_their_names(
    monkeypatch, tmp_path
):
    owners = {"ann+a+1": "ann", "ann+a+2": "bob", "cat+a+1": "root"}
    monkeypatch.setattr(nbgrader_steps, "_owner", lambda path: owners[path.name])
    collect = nbgrader_steps.CollectPlainFiles.__new__(nbgrader_steps.CollectPlainFiles)
    collect.inbound_path = str(tmp_path)

    def latest(student):
        records = [
            {"username": student, "filename": name, "timestamp": name[-1]}
            for name in owners
            if name.startswith(student)
        ]
        return collect._sort_by_timestamp(records)[0]["filename"]

    assert latest("ann") == "ann+a+1", "the later one is bob's"
    assert latest("cat") == "cat+a+1", "accounts of this machine have other names"
