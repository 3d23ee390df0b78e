"""The facts of a lesson's text."""

import nbformat
import pytest

from aigc_course import cli
from aigc_course.authoring import facts
from aigc_course.course import lessons


def test_sentences_leave_out_what_is_no_prose():
    text = "# A title\n\nOne. Two words! (Three?)\nIs **four** `code here`?\n\n$$x = 1$$\n\n| a |\n"
    assert facts.sentences(text) == ["One.", "Two words!", "(Three?", "Is **four** `code here`?"]


def test_facts_are_counted(monkeypatch):
    cells = [
        nbformat.v4.new_markdown_cell(
            "A **[neuron](../docs/glossary.md#neuron)** adds `x + y` up."
        ),
        nbformat.v4.new_code_cell("draw.neuron(1)\n# why: because\nx = 1\n\ny = 2  # (B, T)"),
    ]
    monkeypatch.setattr(lessons, "read", lambda path: nbformat.v4.new_notebook(cells=cells))
    found = facts.of_lesson("chance")
    assert found["words"] == 5 and found["words a sentence"] == 5 and found["drawings"] == 1
    assert found["new terms a hundred words"] == 20 and found["comments a hundred lines"] == 50
    assert found["lines of the longest cell"] == 5 and found["cells"] == 2


def test_the_command_prints_a_column_for_each_lesson(capsys):
    assert cli.main(["facts", "00", "chance"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["00", "01"] and lines[1].split()[0] == "words"
    assert len(lines) == 11 and all(len(line.split()) >= 3 for line in lines[1:])


@pytest.mark.parametrize("key", ["99", "nothing"])
def test_an_unknown_lesson_is_told(key, capsys):
    assert cli.main(["facts", key]) == 2 and "There is no lesson" in capsys.readouterr().err
