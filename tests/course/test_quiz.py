"""Quizzes: five questions, two of earlier lessons; answers with a reason; a new draw after days."""

import json

import pytest

from aigc_course.core.errors import CourseError
from aigc_course.course import quiz as quizzes
from aigc_course.course import syllabus
from aigc_course.course.quiz import quiz
from aigc_course.exercises.engine import catalog, record
from aigc_course.exercises.engine.types import QuizQuestion

WITH_QUIZ = [topic for topic in catalog.TOPICS if catalog.quiz_of(topic)]


@pytest.fixture
def pools(monkeypatch):
    """Two lessons with questions, of which the second needs the first."""
    made = {
        topic: tuple(
            QuizQuestion(f"{topic} {i}?", "yes", ("no", "perhaps"), f"Because {i}.")
            for i in range(8)
        )
        for topic in ("welcome", "chance")
    }
    monkeypatch.setattr(catalog, "quiz_of", lambda topic: made.get(topic, ()))


def test_three_of_the_lesson_and_two_of_those_before(pools, home):
    topics = [topic for topic, _ in quiz("chance").questions]
    assert topics == ["chance"] * 3 + ["welcome"] * 2
    assert [topic for topic, _ in quiz("welcome").questions] == ["welcome"] * 5


def test_the_same_until_days_have_passed_then_others(pools, home):
    first = quiz("chance")
    assert repr(quiz("chance")) == repr(first)
    path = home / "progress.json"
    kept = json.loads(path.read_text())
    kept["quizzes"]["chance"]["drawn"] = "2026-01-01T00:00:00+00:00"
    path.write_text(json.dumps(kept))
    second = quiz("chance")
    asked = [{question.asks for _, question in one.questions} for one in (first, second)]
    assert not asked[0] & asked[1] and repr(quiz("chance")) == repr(second)


def test_answers_are_judged_with_the_reason_and_kept(pools, home):
    one = quiz("chance")
    assert "Right. Because" in one.answer(0, "yes")
    assert "Not yet. Because" in (told := one.answer(1, "no")) and told.count("So: yes") == 1
    assert record.load("quizzes")["chance"]["right"] == [one.questions[0][1].asks]
    one.answer(0, "no")
    assert record.load("quizzes")["chance"]["right"] == []


def test_nothing_is_kept_in_a_test_run(pools, home, monkeypatch):
    monkeypatch.setenv("PYTEST_VERSION", "9")
    quiz("chance").answer(0, "yes")
    assert not home.exists()


def test_a_damaged_date_draws_anew(pools, home):
    quiz("chance")
    path = home / "progress.json"
    path.write_text(path.read_text().replace('"drawn": "2', '"drawn": "x'))
    assert len(quiz("chance").questions) == 5


def test_without_a_quiz_it_is_told(monkeypatch):
    monkeypatch.setattr(catalog, "quiz_of", lambda topic: ())
    for topic in ("chance", "nothing"):
        with pytest.raises(CourseError, match="There is no quiz"):
            quiz(topic)


@pytest.mark.parametrize("topic", WITH_QUIZ)
def test_the_questions_of_a_lesson(topic):
    questions = catalog.quiz_of(topic)
    assert len(questions) >= 5 and len({q.asks for q in questions}) == len(questions)
    for question in questions:
        choices = (question.right, *question.wrong)
        assert 2 <= len(question.wrong) <= 3 and len(set(choices)) == len(choices)
        assert question.asks.endswith("?") and len(question.reason.split()) >= 6
        longest = max(map(len, question.wrong))
        assert len(question.right) <= 1.6 * longest + 12, "the longest choice gives itself away"


def test_the_right_choice_is_not_always_first(home):
    firsts = [
        quizzes.Quiz(topic, [(topic, q)]).choices[0][0] == q.right
        for topic in WITH_QUIZ
        for q in catalog.quiz_of(topic)
    ]
    assert len(firsts) < 10 or 0.1 < sum(firsts) / len(firsts) < 0.6
    assert syllabus.by_topic()
