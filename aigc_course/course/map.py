"""The map of the course: what each lesson builds on, how long it takes, whether it is there.

Each part of the course has its rows, with at most eight lessons in one; rows run to the right and
back by turns, so that each lesson stands beside the one before it. Lines join neighbours of which
one needs the other; every box says in numbers what it needs.
"""

from __future__ import annotations

import math
import textwrap

import matplotlib.pyplot as plt

from aigc_course.course import syllabus
from aigc_course.plots import BLUE, GREEN, ORANGE, PINK, SKY, show

COLUMNS = 8
_COLOURS = dict(zip(syllabus.PARTS, (GREEN, BLUE, ORANGE, PINK, SKY), strict=True))
_BOX = 0.88, 0.66  # width and height of a lesson; columns and rows are 1 apart


def draw() -> None:
    """Show the map; lessons that are still to come have a dashed frame."""
    places = places_of(syllabus.on_map())
    rows = 1 + max(row for _, row in places.values())
    figure, axes = plt.subplots(figsize=(10, rows + 0.3))
    for (x0, y0), (x1, y1) in lines(places):
        axes.plot([x0, x1], [y0, y1], color="#888888", linewidth=1.2, zorder=0)
    for lesson in syllabus.on_map():
        _draw_box(axes, lesson, *places[lesson.topic])
    for part, colour in _COLOURS.items():
        axes.plot([], [], "s", markersize=8, mfc="white", mec=colour, mew=1.8, label=part)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=len(_COLOURS), fontsize=8.5)
    axes.set(xlim=(-0.5, COLUMNS - 0.5), ylim=(rows - 0.5, -0.5))
    axes.axis("off")
    there = ", ".join(f"{lesson.number} {lesson.title}" for lesson in syllabus.present())
    show(
        figure,
        "Map of the course: a box for each lesson with what it needs, a row or two for each part. "
        f"There now: {there}.",
    )


def _draw_box(axes, lesson: syllabus.Lesson, x: float, y: float) -> None:
    """Draw the box of a lesson around a point."""
    width, height = _BOX
    frame = plt.Rectangle((x - width / 2, y - height / 2), width, height)
    frame.set(facecolor="white", edgecolor=_COLOURS[lesson.part], linewidth=1.8)
    frame.set_linestyle("--" if lesson.planned else "-")
    axes.add_patch(frame)
    minutes = [f"{lesson.minutes} min"] if lesson.minutes else []
    details = [*minutes, *_needed(lesson)]
    if sum(map(len, details)) < 19:
        details = [", ".join(details)]
    text = "\n".join([*label(lesson), *details])
    axes.text(x, y, text, ha="center", va="center", fontsize=7.5)


def _needed(lesson: syllabus.Lesson) -> list[str]:
    """Return which existing lessons a lesson needs, as its box shows it: ["after 04"], or []."""
    by_topic = syllabus.by_topic()
    numbers = [by_topic[need].number for need in lesson.needs if not by_topic[need].planned]
    return [f"after {', '.join(numbers)}"] if numbers else []


def label(lesson: syllabus.Lesson) -> list[str]:
    """Return number and title of a lesson as the lines that stand in its box."""
    return textwrap.wrap(f"{lesson.number} {lesson.short or lesson.title}".strip(), 14)


def places_of(lessons: tuple[syllabus.Lesson, ...]) -> dict[str, tuple[int, int]]:
    """Return topic -> (column, row), both counted from 0, with row 0 on top.

    The start and the text share their rows, as the one lesson of the start leads into the text.
    """
    places, top = {}, 0
    for parts in ((syllabus.START, syllabus.TEXT), *((part,) for part in syllabus.PARTS[2:])):
        group = [lesson for lesson in lessons if lesson.part in parts]
        rows = math.ceil(len(group) / COLUMNS)
        for i, lesson in enumerate(group):
            row, column = divmod(i, math.ceil(len(group) / rows))
            last = math.ceil(len(group) / rows) - 1
            places[lesson.topic] = (last - column if row % 2 else column), top + row
        top += rows
    return places


def lines(
    places: dict[str, tuple[int, int]],
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return both ends of the line from each lesson to each lesson that it needs.

    Only lessons that are neighbours in a row or a column have a line.

    Args:
        places: topic -> (column, row).

    Returns:
        [((column, row), (column, row)), ...], first the lesson that is needed.
    """
    pairs = (
        (places[need], places[lesson.topic])
        for lesson in syllabus.on_map()
        for need in lesson.needs
    )
    return [(a, b) for a, b in pairs if abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1]


def progress_map(states: dict[str, tuple[int, int, int]]) -> str:
    """Return the map as SVG, with the state of the exercises of each lesson.

    Text takes the colour of the page.

    Args:
        states: topic of a lesson -> numbers of its exercises that are (done, tried, open).
    """
    places = places_of(syllabus.on_map())
    boxes = [
        _progress_box(lesson, *places[lesson.topic], states.get(lesson.topic))
        for lesson in syllabus.on_map()
    ]
    done, tried, still = (sum(state[i] for state in states.values()) for i in range(3))
    said = f"Map of the course: {done} exercises done, {tried} tried, {still} open."
    width, height = COLUMNS * _STEP[0], _STEP[1] * (1 + max(row for _, row in places.values()))
    key = f'<text x="6" y="{height + 12}" fill="currentColor">✔ done  ✘ tried  ○ open</text>'
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'aria-label="{said}" viewBox="0 0 {width} {height + 20}" '
        'style="width:100%;max-width:1060px" font-family="sans-serif" font-size="12">'
        f"{_svg_lines(places)}{''.join(boxes)}{key}</svg>"
    )


_STEP = 132, 104  # pixels from one column and one row to the next
_SVG_BOX = 118, 82  # pixels


def _svg_lines(places: dict[str, tuple[int, int]]) -> str:
    """Return the lines as SVG, each from the edge of a box to the edge of its neighbour."""
    drawn = []
    for (x0, y0), (x1, y1) in lines(places):
        dx, dy = (x1 - x0) * _SVG_BOX[0] / 2, (y1 - y0) * _SVG_BOX[1] / 2
        left, top = (x0 + 0.5) * _STEP[0] + dx, (y0 + 0.5) * _STEP[1] + dy
        right, bottom = (x1 + 0.5) * _STEP[0] - dx, (y1 + 0.5) * _STEP[1] - dy
        drawn.append(f'<line x1="{left:g}" y1="{top:g}" x2="{right:g}" y2="{bottom:g}"/>')
    return f'<g stroke="currentColor" opacity="0.5">{"".join(drawn)}</g>'


def _progress_box(
    lesson: syllabus.Lesson, x: int, y: int, state: tuple[int, int, int] | None
) -> str:
    """Return the box of one lesson as SVG: its title and the state of its exercises.

    The state is a bar and the same in numbers, for those who do not see colours.
    """
    width, height = _SVG_BOX
    left, top = (x + 0.5) * _STEP[0] - width / 2, (y + 0.5) * _STEP[1] - height / 2
    dash = ' stroke-dasharray="5 4"' if lesson.planned else ""
    parts = [
        f'<rect x="{left:g}" y="{top:g}" width="{width}" height="{height}" rx="7" fill="none" '
        f'stroke="{_COLOURS[lesson.part]}" stroke-width="2"{dash}/>'
    ]
    for i, line in enumerate(label(lesson)):
        parts.append(
            f'<text x="{left + 8:g}" y="{top + 17 + 14 * i:g}" fill="currentColor" '
            f'font-weight="bold">{line}</text>'
        )
    if state:
        parts += _progress_bar(left + 8, top + 50, state)
    return "".join(parts)


def _progress_bar(x: float, y: float, state: tuple[int, int, int]) -> list[str]:
    """Return the parts of a bar of done, tried and open exercises as SVG, with the numbers."""
    done, tried, still = state
    unit = (_SVG_BOX[0] - 16) / max(1, sum(state))
    parts = []
    for start, n, fill in (
        (0, done, GREEN),
        (done, tried, ORANGE),
        (done + tried, still, "none"),
    ):
        if n:
            parts.append(
                f'<rect x="{x + start * unit:.1f}" y="{y:g}" width="{n * unit:.1f}" height="9" '
                f'fill="{fill}" stroke="currentColor" stroke-width="0.7"/>'
            )
    numbers = f"✔ {done}  ✘ {tried}  ○ {still}"
    parts.append(f'<text x="{x:g}" y="{y + 24:g}" fill="currentColor">{numbers}</text>')
    return parts
