"""Tasks about a tale with known answers: questions, a summary, and the kind of tale (lesson 26).

>>> tale = tales.sample(1, seed=3)[0]  # doctest: +SKIP
>>> questions(tale)[0]                                                              # doctest: +SKIP
Ask(question='Who found the hat?', answer='Leo')
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aigc_course.core.errors import CourseError
from aigc_course.data.stories.world import Story, tokenize

# plot -> ((question, answer), ...); names in braces are keys of `Story.facts`
_QUESTIONS = {
    "lost and found": (
        ("Who lost the {what}?", "{who}"),
        ("Who found the {what}?", "{friend}"),
        ("Where was the {what} found?", "{where}"),
        ("Which colour is the {what}?", "{colour}"),
    ),
    "sharing": (
        ("Who was hungry?", "{friend}"),
        ("Who gave {what} to {friend}?", "{who}"),
        ("Where did the two meet?", "{where}"),
        ("How many {what} did {who} have?", "{how_many}"),
        ("How many {what} did {friend} get?", "{given}"),
        ("How many {what} are left?", "{left}"),
    ),
    "trading": (
        ("Who has the {what} now?", "{whose}"),
        ("Who has the {what_got} now?", "{who}"),
        ("Which colour is the {what_got}?", "{colour_got}"),
        ("Which colour is the {what}?", "{colour}"),
    ),
}
_SUMMARIES = {
    "lost and found": "{friend} found the {colour} {what} of {who}.",
    "sharing": "{who} shared {what} with {friend}.",
    "trading": "{who} traded the {colour} {what} for the {colour_got} {what_got} of {friend}.",
}
_NUMBERS = "zero one two three four five six seven eight nine ten".split()

QUESTION, ANSWER, SUMMARY, KIND = "Question :", "Answer :", "Summary :", "Kind :"
"""The labels before each part of a prompt, as tokens separated by spaces."""


@dataclass(frozen=True)
class Ask:
    """A question with its answer, a single word."""

    question: str
    answer: str


def questions(tale: Story) -> list[Ask]:
    """Return every question about a tale that has exactly one answer.

    A noun that stands for two things (a red hat and a blue one) is not asked for.

    Raises:
        CourseError: `tale` is a text; the answers come with the tales that `tales.sample`
            generates.
    """
    episodes = _known(tale)
    nouns = [known[key] for known in episodes for key in ("what", "what_got") if key in known]
    asked = [
        (
            Ask(question.format(**known), answer.format(**known)),
            [known[key] for key in ("what", "what_got") if f"{{{key}}}" in question],
        )
        for known in episodes
        for question, answer in _QUESTIONS[known["plot"]]
    ]
    return [ask for ask, about in asked if all(nouns.count(noun) == 1 for noun in about)]


def summary(tale: Story) -> str:
    """Return a summary of a tale, one sentence for each episode."""
    return " ".join(_SUMMARIES[known["plot"]].format(**known) for known in _known(tale))


def kind(tale: Story) -> str:
    """Return the plot of the (first) episode: "lost and found", "sharing" or "trading"."""
    return _known(tale)[0]["plot"]


def words() -> list[str]:
    """Return the words of questions, answers and summaries, those in their slots left out."""
    parts = (
        [text for rows in _QUESTIONS.values() for row in rows for text in row]
        + list(_SUMMARIES.values())
        + list(_QUESTIONS)
    )
    labels = [QUESTION, ANSWER, SUMMARY, KIND]
    return sorted(
        {token for text in parts + labels for token in tokenize(re.sub(r"\{\w+\}", " ", text))}
    )


def _known(tale: Story) -> list[dict[str, str]]:
    """Return the facts of each episode, with numbers as words.

    Raises:
        CourseError: `tale` is not a tale of `tales.sample`.
    """
    if not isinstance(tale, Story):
        raise CourseError(
            f"tale must be one as tales.sample makes it, with its facts, not {type(tale).__name__}."
        )
    facts = [fact for fact in tale.facts if fact["plot"] in _QUESTIONS]
    return [
        {key: _NUMBERS[value] if isinstance(value, int) else value for key, value in fact.items()}
        for fact in facts
    ]
