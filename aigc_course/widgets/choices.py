"""A question with choices to click, by mouse or keyboard; it works as plain text, too."""

from __future__ import annotations

import html
import string
from collections.abc import Callable, Sequence

import ipywidgets

from aigc_course.plots import BLUE

LETTERS = string.ascii_uppercase


def question_html(question: str, choices: Sequence[str], title: str = "") -> str:
    """Return a question with its choices, lettered, as HTML that every viewer shows.

    Args:
        question: plain text.
        choices: plain texts, at most 26.
        title: a word or two in bold before the question.
    """
    items = "".join(
        f"<div><b>{letter}</b>&ensp;{html.escape(choice)}</div>"
        for letter, choice in zip(LETTERS, choices, strict=False)
    )
    start = f"<b>{html.escape(title)}</b> " if title else ""
    return (
        f'<div style="border-left:4px solid {BLUE};padding:4px 10px;margin:4px 0;'
        f'line-height:1.6">{start}{html.escape(question)}{items}</div>'
    )


def question_text(question: str, choices: Sequence[str], title: str = "") -> str:
    """Return a question with its choices as plain text."""
    lines = [f"  {letter}  {choice}" for letter, choice in zip(LETTERS, choices, strict=False)]
    return "\n".join([f"{title} {question}".strip(), *lines])


def choice_buttons(
    choices: Sequence[str], chosen: str | None, choose: Callable[[str], str]
) -> ipywidgets.VBox:
    """Return one button for each choice, lettered, and a line below that answers a click.

    Args:
        choices: plain texts.
        chosen: the one that is marked already, or None.
        choose: called with the choice that was clicked; returns the line to show, as HTML.
    """
    line = ipywidgets.HTML(layout=ipywidgets.Layout(min_height="1.6em"))
    buttons = [
        ipywidgets.Button(
            description=letter,
            tooltip=choice,
            layout=ipywidgets.Layout(width="3.5em"),
            button_style="primary" if choice == chosen else "",
        )
        for letter, choice in zip(LETTERS, choices, strict=False)
    ]

    def answer(clicked: ipywidgets.Button) -> None:
        line.value = choose(choices[buttons.index(clicked)])
        for button in buttons:
            button.button_style = "primary" if button is clicked else ""

    for button in buttons:
        button.on_click(answer)
    return ipywidgets.VBox([ipywidgets.HBox(buttons), line])
