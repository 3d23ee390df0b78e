"""The map of the course: what each lesson builds, what it needs, how long it takes, whether it is
there.
"""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib.pyplot as plt

from aigc_course.course import lessons
from aigc_course.plots import BLUE, GREEN, ORANGE, PINK, show


@dataclass(frozen=True)
class Stop:
    """One lesson on the map.

    Attributes:
        minutes: about how long a learner takes, exercises without their longest included.
        needs: numbers of the lessons to take before.
        at: (column, row) on the map.
        branch: what it belongs to; gives the colour.
    """

    number: str
    title: str
    minutes: int
    needs: tuple[str, ...]
    at: tuple[float, float]
    branch: str


STOPS = (
    Stop("00", "Welcome", 20, (), (0, 1), "start"),
    Stop("01", "Rules and\nchance", 75, ("00",), (1, 1), "start"),
    Stop("02", "Text to\ntokens", 105, ("01",), (2, 2), "text"),
    Stop("03", "Words and\nmeaning", 120, ("02",), (3, 2), "text"),
    Stop("04", "Recurrent\nnetworks", 110, ("03",), (4, 2), "text"),
    Stop("05", "LSTM\nheadlines", 105, ("04",), (5, 2), "text"),
    Stop("06", "Attention\nand GPT", 110, ("04",), (5, 1), "text"),
    Stop("07", "Translation", 110, ("06",), (6, 2), "text"),
    Stop("08", "Pretrained\nTransformers", 100, ("06",), (6, 1), "text"),
    Stop("09", "Convolutional\nnetworks", 100, ("03",), (4, 0), "image"),
    Stop("10", "VAE", 110, ("09",), (5, 0), "image"),
    Stop("11", "GAN", 110, ("10",), (6, 0), "image"),
    Stop("12-20", "Diffusion,\nCLIP, music,\nserving ...", 0, ("08", "11"), (7.1, 0.5), "later"),
)

_COLOURS = {"start": GREEN, "text": BLUE, "image": ORANGE, "later": PINK}


def draw() -> None:
    """Show the map; lessons that are still to come have a dashed frame."""
    there = {lesson.number for lesson in lessons.all_lessons()}
    figure, axes = plt.subplots(figsize=(10, 4))
    at = {stop.number: stop.at for stop in STOPS}
    for stop in STOPS:
        for need in stop.needs:
            (x0, y0), (x1, y1) = at[need], stop.at
            axes.plot(
                [x0, x1], [y0, y1], color="#888888", linewidth=1.2, zorder=1
            )  # the boxes cover both ends
    for stop in STOPS:
        x, y = stop.at
        colour = _COLOURS[stop.branch]
        minutes = f"\n{stop.minutes} min" if stop.minutes else ""
        frame = {
            "boxstyle": "round,pad=0.35",
            "facecolor": "white",
            "edgecolor": colour,
            "linewidth": 1.8,
            "linestyle": "-" if stop.number in there else "--",
        }
        axes.text(
            x,
            y,
            f"{stop.number}  {stop.title}{minutes}",
            ha="center",
            va="center",
            fontsize=8.5,
            bbox=frame,
        )
    for branch in ("start", "text", "image", "later"):
        axes.plot(
            [],
            [],
            "s",
            markersize=9,
            markerfacecolor="white",
            markeredgecolor=_COLOURS[branch],
            markeredgewidth=1.8,
            label=branch,
        )
    axes.legend(loc="lower left", ncols=2, fontsize=9)
    axes.set(xlim=(-0.5, 7.6), ylim=(-0.5, 2.5))
    axes.axis("off")
    ready = ", ".join(sorted(there))
    show(
        figure,
        (
            "Map of the course: lessons as boxes, lines to what is needed before. Text "
            f"lessons above, image lessons below. There now: {ready}."
        ),
    )


def progress_map(states: dict[str, tuple[int, int, int]]) -> str:
    """The map as SVG, each lesson with how many of its exercises are done, tried and open. Text
    takes the colour of the page.

    Args:
        states: number of a lesson -> (done, tried, open).
    """
    step_x, step_y, width, height = 132, 96, 120, 78
    place = {
        stop.number: (stop.at[0] * step_x + 4, (2 - stop.at[1]) * step_y + 4) for stop in STOPS
    }
    lines = [
        f'<line x1="{place[need][0] + width}" y1="{place[need][1] + height / 2}" '
        f'x2="{place[stop.number][0]}" '
        f'y2="{place[stop.number][1] + height / 2}" stroke="currentColor" opacity="0.4"/>'
        for stop in STOPS
        for need in stop.needs
    ]
    boxes = [
        _progress_box(stop, *place[stop.number], width, height, states.get(stop.number))
        for stop in STOPS
    ]
    done, tried, still = (sum(state[i] for state in states.values()) for i in range(3))
    said = f"Map of the course: {done} exercises done, {tried} tried, {still} open."
    size = (
        f'viewBox="0 0 {7.1 * step_x + width + 8:.0f} {2 * step_y + height + 8}" '
        'style="width:100%;max-width:1060px"'
    )
    key = f'<text x="4" y="{height - 12}" fill="currentColor">✔ done  ✘ tried  ○ open</text>'
    return (
        f'<svg role="img" aria-label="{said}" {size} font-family="sans-serif" '
        f'font-size="12">{"".join([*lines, *boxes, key])}</svg>'
    )


def _progress_box(
    stop: Stop, x: float, y: float, width: int, height: int, state: tuple[int, int, int] | None
) -> str:
    """One lesson: its title, a bar of what is done and tried, and the same in numbers, for whoever
    does not see colours.
    """
    colour, dash = _COLOURS[stop.branch], "" if state else ' stroke-dasharray="5 4"'
    parts = [
        (
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="7" fill="none" '
            f'stroke="{colour}" stroke-width="2"{dash}/>'
        )
    ]
    for i, line in enumerate(f"{stop.number} {stop.title}".split("\n")):
        parts.append(
            f'<text x="{x + 8}" y="{y + 17 + 14 * i}" fill="currentColor" '
            f'font-weight="bold">{line}</text>'
        )
    if state:
        done, tried, still = state
        unit = (width - 16) / max(1, sum(state))
        for start, n, look in (
            (0, done, f'fill="{GREEN}"'),
            (done, tried, f'fill="{ORANGE}"'),
            (done + tried, still, 'fill="none"'),
        ):
            if n:
                at = (
                    f'x="{x + 8 + start * unit:.1f}" y="{y + 46}" width="{n * unit:.1f}" height="9"'
                )
                parts.append(f'<rect {at} {look} stroke="currentColor" stroke-width="0.7"/>')
        parts.append(
            f'<text x="{x + 8}" y="{y + 70}" fill="currentColor">✔ {done}  ✘ {tried}  ○ '
            f"{still}</text>"
        )
    return "".join(parts)
