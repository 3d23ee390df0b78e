"""Drawings of the lesson on who did what: roles in a sentence."""

from __future__ import annotations

from aigc_course.diagrams.language import GENERATED, KEY, QUERY, SMALL, VALUE, Drawing


def roles() -> Drawing:
    """Draw who did what to whom in one sentence, and where."""
    drawing = Drawing(
        760,
        170,
        "The sentence: Rosa found a blue blanket in the station. Rosa is the agent, who did it; "
        "found is the action; a blue blanket is the patient, to which it was done; in the station "
        "is the place.",
    )
    parts = (
        (85, 90, "Rosa", "agent: who?", QUERY),
        (225, 110, "found", "action: what?", KEY),
        (415, 180, "a blue blanket", "patient: whom, or what?", VALUE),
        (635, 160, "in the station", "place: where?", GENERATED),
    )
    for x, width, words, role, colour in parts:
        shape = drawing.data(x, 70, words, width=width, colour=colour)
        drawing.line(shape.bottom, (x, 112), colour=colour)
        drawing.text(x, 130, role, size=SMALL)
    return drawing
