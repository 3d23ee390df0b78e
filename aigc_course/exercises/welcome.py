"""Exercises of the welcome: a first one to see how exercises work, and a question."""

from __future__ import annotations

from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion


def headline(who: str, what: str) -> str:
    """Write "WHO finds WHAT" with a capital at the start and an exclamation mark at the end."""
    text = f"{who} finds {what}!"
    return text[0].upper() + text[1:]


HEADLINE = Exercise(
    name="welcome.headline",
    title="Write a headline by rule",
    minutes=3,
    reference=headline,
    probes=lambda: [
        ("Mia", "a red kite"),
        ("the Tate Museum", "an owl"),
        ("a fox", "Tom's hat"),
        ("the museum", "an owl"),
    ],
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


@HEADLINE.mistake(
    "who.capitalize() makes its other letters small (Tate became tate); change the first alone."
)
def capitalize_who(who: str, what: str) -> str:
    return f"{who.capitalize()} finds {what}!"


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
        Mistake("learning", 'Nearly: write "learned".', others=("by learning",)),
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


QUIZ = (
    QuizQuestion(
        "Who decides what a three looks like when a model has learned to draw threes?",
        "the examples that it learned from",
        ("the programmer who wrote the model", "the judge", "a rule about strokes"),
        "Nobody writes down where the strokes are; the numbers come from the examples.",
    ),
    QuizQuestion(
        "A program sorts e-mail into wanted and unwanted. Which kind of model is that?",
        "discriminative",
        ("generative", "adversarial", "neither, since it is text"),
        "It tells which kind an e-mail is of, and need not be able to write one.",
    ),
    QuizQuestion(
        "Why can this course say how wrong a generated tale is?",
        "Its tales come from a world whose rules are known.",
        (
            "Somebody reads every tale.",
            "Wrong tales are shorter.",
            "The model says how sure it is.",
        ),
        "With known rules a program can check every sentence and every fact.",
    ),
    QuizQuestion(
        "What does a GAN consist of?",
        "a network that makes and one that tells made from real",
        (
            "two networks that draw the same picture",
            "a network and a list of rules",
            "a network that takes noise out",
        ),
        "The forger learns from the verdicts of the detective, and the other way round.",
    ),
    QuizQuestion(
        "A chat program names a court case that does not exist. What has happened?",
        "It wrote what is likely, and it is not true.",
        (
            "Somebody entered the case by mistake.",
            "It copied a training text word for word.",
            "Its answer was cut off.",
        ),
        "A model of text knows what texts are like; whether they are true is another question.",
    ),
)
