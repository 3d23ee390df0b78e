"""Questions that a learner answers before the result can be seen.

    predict("chance.best_n", "Which n needs the fewest bits on new tales?", "2", "4", "7")
    ...                                                  # the cells that find out
    outcome("chance.best_n", str(best))

Left alone, a prediction has no effect. One that was made stands in the learner's record of
progress, and `progress()` tells how often it was right.
"""

from __future__ import annotations

import html
from dataclasses import dataclass

from aigc_course.core.arguments import checked, string
from aigc_course.core.errors import CourseError
from aigc_course.exercises.engine import record
from aigc_course.plots import GREEN, ORANGE

_asked: dict[str, _Prediction] = {}
"""Predictions of this session by name."""


@dataclass
class _Prediction:
    """A question, and what is known of its answer.

    Attributes:
        question: plain text.
        choices: what can be chosen.
        chosen: the learner's choice, "" for none yet.
        came: what came out, "" as long as that was not shown.
    """

    question: str
    choices: tuple[str, ...]
    chosen: str = ""
    came: str = ""


@checked(name=string(1), question=string(1))
def predict(name: str, question: str, *choices: str) -> None:
    """Ask for a prediction; a click on one of the choices makes it.

    It can be changed until `outcome` shows what came.

    Args:
        name: "topic.what", unique in the course.
        question: plain text.
        choices: two to six plain texts, all different.

    Raises:
        CourseError: there are too few or too many choices, or two are the same.
    """
    if not 2 <= len(choices) <= 6 or len(set(choices)) != len(choices):
        raise CourseError("predict needs two to six choices, all different, after the question.")
    known = _known(name)
    chosen = known.get("chosen", "")
    prediction = _Prediction(question, choices, chosen if chosen in choices else "")
    _asked[name] = prediction
    from IPython import get_ipython
    from IPython.display import HTML, display

    from aigc_course.widgets import choices as shown

    if get_ipython() is None:
        print(shown.question_text(question, choices, "Predict:"))
        return
    display(HTML(shown.question_html(question, choices, "Predict:")))
    display(shown.choice_buttons(choices, prediction.chosen, lambda choice: _choose(name, choice)))


def _choose(name: str, choice: str) -> str:
    """Keep a choice, unless the outcome is known; return the line that answers the click."""
    prediction = _asked[name]
    if prediction.came:
        return (
            f"<b>{html.escape(choice)}</b>: the result has been shown already, so this changes "
            "nothing. Run the cell of the prediction again for another round."
        )
    prediction.chosen = choice

    def change(entry: dict) -> None:
        if not entry["came"]:  # a later round does not count
            entry["chosen"] = choice

    record.note("predictions", name, {"chosen": "", "came": ""}, change)
    return f"You predict: <b>{html.escape(choice)}</b>. Go on and see."


class Outcome:
    """What was predicted and what came, as text and as HTML.

    Attributes:
        came: what came out.
        chosen: what the learner had predicted, "" for nothing.
    """

    def __init__(self, came: str, chosen: str):
        self.came, self.chosen = came, chosen

    @property
    def right(self) -> bool:
        """Return whether the prediction came true."""
        return self.came == self.chosen

    def __repr__(self) -> str:
        if not self.chosen:
            return f"The answer is: {self.came}."
        if self.right:
            return f"You predicted: {self.chosen}. That is what came."
        return f"You predicted: {self.chosen}. What came is: {self.came}."

    def _repr_html_(self) -> str:
        colour = GREEN if self.right or not self.chosen else ORANGE
        return (
            f'<div style="border-left:4px solid {colour};padding:2px 10px">'
            f"{html.escape(repr(self))}</div>"
        )


@checked(name=string(1), came=string(1))
def outcome(name: str, came: str) -> None:
    """Show what was predicted and what came.

    The first outcome of a prediction that was made goes into the learner's record.

    Args:
        name: of the prediction.
        came: what came out, mostly one of its choices.
    """
    prediction = _asked.get(name)
    chosen = prediction.chosen if prediction else _known(name).get("chosen", "")
    if prediction:
        prediction.came = came
    if chosen:

        def change(entry: dict) -> None:
            entry["came"] = entry["came"] or came

        record.note("predictions", name, {"chosen": chosen, "came": ""}, change)
    from IPython import get_ipython
    from IPython.display import display

    found = Outcome(came, chosen)
    display(found) if get_ipython() else print(found)


def _known(name: str) -> dict:
    """Return what the learner's record holds of a prediction."""
    return record.load("predictions").get(name, {}) if record.recording() else {}


def counts(made: dict[str, dict]) -> tuple[int, int]:
    """Return how many predictions came true, and how many were made and have an outcome.

    Args:
        made: name -> entry, from `record.load("predictions")`.
    """
    known = [entry for entry in made.values() if entry["came"]]
    return sum(entry["chosen"] == entry["came"] for entry in known), len(known)
