"""Five short questions at the end of a lesson: three about it, two about lessons before.

The questions stand in the exercise module of each topic, as `QUIZ`. Asked again after days, a quiz
draws new ones.
"""

from __future__ import annotations

import html
import random
import zlib
from datetime import UTC, datetime

from aigc_course.core.errors import CourseError
from aigc_course.course import syllabus
from aigc_course.exercises.engine import catalog, record
from aigc_course.exercises.engine.types import QuizQuestion
from aigc_course.plots import GREEN, ORANGE

OWN, EARLIER = 3, 2
DAYS = 2
"""After so many days, a quiz that is asked again draws other questions."""


class Quiz:
    """The questions of one quiz; the last line of a cell shows it.

    Attributes:
        topic: of the lesson.
        questions: (topic, question) in the order in which they are asked.
        choices: for each question, its choices in the order in which they are shown.
    """

    def __init__(self, topic: str, questions: list[tuple[str, QuizQuestion]]):
        self.topic, self.questions = topic, questions
        self.choices = []
        for _, question in questions:
            choices = [question.right, *question.wrong]
            random.Random(zlib.crc32(question.asks.encode())).shuffle(choices)
            self.choices.append(tuple(choices))

    def answer(self, i: int, choice: str) -> str:
        """Judge the answer to a question, keep it, and return what to tell, as HTML.

        Args:
            i: number of the question, from 0.
            choice: one of its choices.
        """
        question = self.questions[i][1]
        right = choice == question.right

        def change(entry: dict) -> None:
            known = [asks for asks in entry["right"] if asks != question.asks]
            entry["right"] = [*known, question.asks] if right else known

        record.note("quizzes", self.topic, _new(self), change)
        colour, verdict = (GREEN, "✔ Right.") if right else (ORANGE, "✘ Not yet.")
        told = f"{choice}: {verdict} {question.reason}"
        told += "" if right else f" So: {question.right}"
        frame = f"border-left:4px solid {colour};padding-left:8px"
        return f'<div style="{frame}">{html.escape(told)}</div>'

    def __repr__(self) -> str:
        from aigc_course.widgets.choices import question_text

        shown = zip(self.questions, self.choices, strict=True)
        return "\n".join(
            question_text(question.asks, choices, f"{i}.")
            for i, ((_, question), choices) in enumerate(shown, 1)
        )

    def _ipython_display_(self) -> None:
        from IPython.display import HTML, display

        from aigc_course.widgets.choices import choice_buttons, question_html

        for i, (topic, question) in enumerate(self.questions):
            number = syllabus.by_topic()[topic].number
            title = f"{i + 1}." if topic == self.topic else f"{i + 1} (from lesson {number})."
            display(HTML(question_html(question.asks, self.choices[i], title)))
            display(
                choice_buttons(self.choices[i], None, lambda choice, i=i: self.answer(i, choice))
            )


def quiz(topic: str) -> Quiz:
    """Return the quiz of a lesson.

    Raises:
        CourseError: there is no lesson of that topic, or it has no quiz.
    """
    if topic not in catalog.TOPICS or not catalog.quiz_of(topic):
        known = ", ".join(one for one in catalog.TOPICS if catalog.quiz_of(one))
        raise CourseError(f"There is no quiz {topic!r}; topics with a quiz are {known}.")
    entry = record.load("quizzes").get(topic) if record.recording() else None
    if entry and not _is_old(entry["drawn"]):
        found = _recalled(topic, entry["asked"])
        if found:
            return Quiz(topic, found)
    return _drawn(topic, set(entry["asked"]) if entry else set())


def _drawn(topic: str, before: set[str]) -> Quiz:
    """Draw a quiz and keep what it asks.

    Args:
        topic: of the lesson.
        before: questions of the last draw; others come first.
    """
    rng = random.Random(zlib.crc32(f"{topic} {sorted(before)}".encode()))
    own = [(topic, question) for question in catalog.quiz_of(topic)]
    earlier = [(one, question) for one in _before(topic) for question in catalog.quiz_of(one)]
    n_earlier = min(EARLIER, len(earlier))
    questions = _chosen(own, OWN + EARLIER - n_earlier, before, rng)
    questions += _chosen(earlier, n_earlier, before, rng)
    drawn = Quiz(topic, questions)
    new = _new(drawn)
    record.note("quizzes", topic, new, lambda entry: entry.update(new | {"right": entry["right"]}))
    return drawn


def _chosen(pool: list, n: int, before: set[str], rng: random.Random) -> list:
    """Draw `n` questions of a pool, first those that were not asked before."""
    mixed = rng.sample(pool, len(pool))
    return sorted(mixed, key=lambda one: one[1].asks in before)[:n]


def _before(topic: str) -> list[str]:
    """Return the topics of all lessons that a lesson needs, near and far."""
    by_topic, found = syllabus.by_topic(), []
    waiting = list(by_topic[topic].needs)
    while waiting:
        one = waiting.pop()
        if one not in found and not by_topic[one].planned:
            found.append(one)
        waiting += by_topic[one].needs
    return found


def _recalled(topic: str, asked: list[str]) -> list[tuple[str, QuizQuestion]]:
    """Return the questions that were drawn last; [] when one of them is no longer there."""
    known = {
        question.asks: (one, question)
        for one in [topic, *_before(topic)]
        for question in catalog.quiz_of(one)
    }
    return [known[asks] for asks in asked] if all(asks in known for asks in asked) else []


def _new(drawn: Quiz) -> dict:
    """Return the entry of a quiz in the learner's record."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"drawn": now, "asked": [question.asks for _, question in drawn.questions], "right": []}


def _is_old(drawn: str) -> bool:
    """Return whether a quiz was drawn days ago."""
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(drawn)).days >= DAYS
    except (ValueError, TypeError):
        return True
