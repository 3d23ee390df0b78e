"""Every exercise of a lesson has one statement that is complete in itself, and one cell that asks
for the answer; both are found by their tags.
"""

import re

import pytest

from aigc_course.classroom import export
from aigc_course.course import lessons
from aigc_course.exercises.engine import catalog

LESSONS = lessons.all_lessons()
each = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.topic)

# What is somewhere else in the lesson, or only there.
ELSEWHERE = re.compile(
    r"(?i)\b(?:next|later|following|previous|this|code) cells?\b|\b(?:below|above)\b"
    r"|\bfigure|\blesson|\bhint\(|\*\*predict|\bstuck\b|\bnotebook"
)


def tagged(lesson, tag):
    """(place, cell) of every cell of a lesson with this tag."""
    cells = lessons.read(lesson.path).cells
    return [(i, cell) for i, cell in enumerate(cells) if tag in cell.metadata.get("tags", ())]


def asked_in(source):
    """Names of the exercises that a cell asks for."""
    return re.findall(r'^(?:@exercise|\w+ = answer)\("([\w.]+)"', source, re.M)


@each
def test_every_exercise_has_one_statement_and_one_cell(lesson):
    statements, asking = (tagged(lesson, tag) for tag in (export.TASK, export.EXERCISE))
    assert {cell.cell_type for _, cell in statements} == {"markdown"}
    names = [name for _, cell in asking for name in asked_in(cell.source)]
    assert len(names) == len(asking), "one exercise in each cell"
    known = catalog.exercises_of(lesson.topic)
    assert sorted(names) == sorted(known)
    order = sorted([*((i, "task") for i, _ in statements), *((i, "exercise") for i, _ in asking)])
    assert [kind for _, kind in order] == ["task", "exercise"] * len(known)


@each
def test_no_other_cell_asks_for_an_answer(lesson):
    asking = [place for place, _ in tagged(lesson, export.EXERCISE)]
    cells = lessons.read(lesson.path).cells
    others = [c.source for i, c in enumerate(cells) if c.cell_type == "code" and i not in asking]
    assert not [source for source in others if asked_in(source)]


@each
def test_statements_are_complete_in_themselves(lesson):
    for _, cell in tagged(lesson, export.TASK):
        heading, _, text = cell.source.partition("\n\n")
        assert re.fullmatch(r"### [A-Z].*: .*|### [A-Z].*", heading), heading
        assert re.search(r"\(\d+ minutes\)$", heading), heading
        assert not ELSEWHERE.search(text), (heading, ELSEWHERE.search(text)[0])
        assert len(text.split()) >= 20 and text.rstrip()[-1] in ".?`*$)", heading


@each
def test_minutes_of_a_statement_are_those_of_the_exercise(lesson):
    for (_, statement), (_, cell) in zip(
        tagged(lesson, export.TASK), tagged(lesson, export.EXERCISE), strict=True
    ):
        minutes = int(re.search(r"\((\d+) minutes\)$", statement.source.partition("\n")[0])[1])
        assert minutes == catalog.find(asked_in(cell.source)[0]).minutes, statement.source[:60]


@each
def test_a_statement_names_what_the_function_gets(lesson):
    """Each argument by its name, as the cell below has it."""
    for (_, statement), (_, cell) in zip(
        tagged(lesson, export.TASK), tagged(lesson, export.EXERCISE), strict=True
    ):
        signature = re.search(r"^def \w+\((.*)\):", cell.source, re.M)
        for argument in re.findall(r"(\w+)(?:=[^,]*)?(?:, |$)", signature[1] if signature else ""):
            assert re.search(rf"\b{argument}\b", statement.source), (statement.source, argument)


@each
def test_an_assignment_takes_statements_whole(lesson):
    made = export.assignment(lessons.read(lesson.path), seed=1)
    texts = [cell.source for cell in made.cells if cell.cell_type == "markdown"]
    statements = [cell.source for _, cell in tagged(lesson, export.TASK)]
    assert len(texts) == len(statements) + 1
    for text, statement in zip(texts[1:], statements, strict=True):
        assert text.startswith(statement + "\n\n") and text.rstrip("*").endswith(
            ("point", "points")
        )
