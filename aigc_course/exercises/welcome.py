"""Exercises of the welcome: a first one to see how exercises work, and a question."""

from __future__ import annotations

from aigc_course.exercises.engine.types import Exercise, Mistake, Question


def headline(who: str, what: str) -> str:
    """Write "WHO finds WHAT" with a capital at the start and an exclamation mark at the end."""
    text = f"{who} finds {what}!"
    return text[0].upper() + text[1:]


HEADLINE = Exercise(
    name="welcome.headline",
    title="Write a headline by rule",
    minutes=3,
    reference=headline,
    probes=lambda: [("Mia", "a red kite"), ("a fox", "Tom's hat"), ("the museum", "an owl")],
    hints=(
        (
            "Which three pieces follow each other in the headline, and which single letter "
            "must change?"
        ),
        (
            "An f-string joins pieces. Only the first letter becomes a capital; all others "
            "stay as they are, also inside a name."
        ),
        (
            "Headline = the first letter as a capital + the text from its second letter on + "
            "an exclamation mark."
        ),
    ),
)


@HEADLINE.mistake('A headline starts with a capital letter, also when the name does not ("a fox").')
def no_capital(who: str, what: str) -> str:
    return f"{who} finds {what}!"


@HEADLINE.mistake(
    "str.capitalize() makes every other letter small (Tom became tom); "
    "change the first letter alone."
)
def capitalize(who: str, what: str) -> str:
    return f"{who} finds {what}!".capitalize()


@HEADLINE.mistake(
    'Two things are missing: the capital at the start ("a fox") and the '
    "exclamation mark at the end."
)
def neither(who: str, what: str) -> str:
    return f"{who} finds {what}"


@HEADLINE.mistake("The exclamation mark at the end is missing.")
def no_mark(who: str, what: str) -> str:
    return headline(who, what)[:-1]


@HEADLINE.hidden()
def draw_headline(rng):
    who = ["Noa", "an old friend", "the baker", "Ida's cat", "a dog", "Mr. McLeod"]
    what = ["a green ball", "Ben's map", "an apple", "the lost key", "Ada's USB stick"]
    return str(rng.choice(who)), str(rng.choice(what))


LEARNED = Question(
    name="welcome.learned",
    title="Rules or learning?",
    minutes=2,
    reference="learned",
    explanation='"learned": nobody wrote down how to draw a digit; the numbers came from '
    "183 examples.",
    mistakes=(
        Mistake(
            "rules",
            (
                "Nobody wrote a rule for the shape of a 3: the pixels' averages and "
                "variations came from examples."
            ),
        ),
    ),
    hints=(
        "Who decided what a 3 looks like: a programmer, or the examples?",
        (
            "Look for a line of the program that says where the strokes of a 3 are. Then look "
            "for where the numbers come from that draw it."
        ),
    ),
)
