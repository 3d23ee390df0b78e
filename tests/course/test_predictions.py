"""Predictions: without effect when left alone, kept when made, resolved by what came."""

import re

import pytest

from aigc_course.core.errors import CourseError
from aigc_course.course import predictions
from aigc_course.course.predictions import outcome, predict
from aigc_course.course.progress import progress
from aigc_course.exercises.engine import record
from aigc_course.widgets.choices import choice_buttons


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(predictions, "_asked", {})


def ask(chosen=None):
    predict("chance.n", "Which n?", "2", "4", "7")
    return predictions._choose("chance.n", chosen) if chosen else ""


def test_left_alone_it_has_no_effect(home, capsys):
    ask()
    outcome("chance.n", "4")
    said = capsys.readouterr().out
    assert "Predict: Which n?" in said and "B  4" in said and "The answer is: 4." in said
    assert record.load("predictions") == {} and "predictions" not in repr(progress())


@pytest.mark.parametrize(
    ("chosen", "says", "right"), [("4", "That is what came", 1), ("7", "What came is: 4", 0)]
)
def test_a_prediction_is_kept_and_resolved(home, capsys, chosen, says, right):
    assert f"<b>{chosen}</b>" in ask(chosen)
    outcome("chance.n", "4")
    assert f"You predicted: {chosen}" in (said := capsys.readouterr().out) and says in said
    entry = record.load("predictions")["chance.n"]
    assert (entry["chosen"], entry["came"]) == (chosen, "4")
    assert f"{right} of 1 predictions came true" in repr(progress())
    assert f"{right} of 1 predictions" in progress()._repr_html_()


def test_it_can_be_changed_until_the_outcome_is_shown(home, capsys):
    ask("7")
    predictions._choose("chance.n", "2")
    outcome("chance.n", "4")
    assert "changes nothing" in predictions._choose("chance.n", "4")
    assert record.load("predictions")["chance.n"]["chosen"] == "2"
    outcome("chance.n", "4")
    assert capsys.readouterr().out.count("You predicted: 2.") == 2


def test_a_second_round_does_not_count(home, capsys):
    ask("7")
    outcome("chance.n", "4")
    ask("4")
    outcome("chance.n", "4")
    assert "You predicted: 4. That is what came." in capsys.readouterr().out
    entry = record.load("predictions")["chance.n"]
    assert (entry["chosen"], entry["came"]) == ("7", "4")


def test_a_choice_survives_the_kernel(home, capsys, monkeypatch):
    ask("7")
    monkeypatch.setattr(predictions, "_asked", {})  # as in a new kernel
    outcome("chance.n", "4")
    assert "You predicted: 7." in capsys.readouterr().out


def test_nothing_is_kept_in_a_test_run(home, monkeypatch, capsys):
    monkeypatch.setenv("PYTEST_VERSION", "9")
    ask("4")
    outcome("chance.n", "4")
    assert "That is what came" in capsys.readouterr().out and not home.exists()


@pytest.mark.parametrize("choices", [("one",), ("a", "a"), tuple("abcdefg")])
def test_choices_must_be_some_and_different(choices):
    with pytest.raises(CourseError, match="two to six choices"):
        predict("chance.n", "Which?", *choices)


def test_buttons_answer_and_show_which_was_chosen():
    clicked = []
    box = choice_buttons(("2", "4"), "4", lambda choice: clicked.append(choice) or f"got {choice}")
    buttons, line = box.children[0].children, box.children[1]
    assert [b.description for b in buttons] == ["A", "B"]
    assert [b.button_style for b in buttons] == ["", "primary"]
    buttons[0].click()
    assert clicked == ["2"] and line.value == "got 2"
    assert [b.button_style for b in buttons] == ["primary", ""]


def test_words_cannot_become_code(home):
    from aigc_course.widgets.choices import question_html

    shown = question_html("<script>", ["<b>x</b>", "y"], "<i>")
    assert not re.search("<(script|i>|b>x)", shown)
    assert "<script>" not in predictions.Outcome("<script>", "")._repr_html_()
