"""The map of the course: what each lesson builds, what it needs, how long it takes, whether it is there."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib.pyplot as plt

from aigc_course import lessons
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
            axes.plot([x0, x1], [y0, y1], color="#888888", linewidth=1.2, zorder=1)  # the boxes cover both ends
    for stop in STOPS:
        x, y = stop.at
        colour = _COLOURS[stop.branch]
        minutes = f"\n{stop.minutes} min" if stop.minutes else ""
        frame = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": colour, "linewidth": 1.8,
                 "linestyle": "-" if stop.number in there else "--"}
        axes.text(x, y, f"{stop.number}  {stop.title}{minutes}", ha="center", va="center", fontsize=8.5, bbox=frame)
    for branch in ("start", "text", "image", "later"):
        axes.plot([], [], "s", markersize=9, markerfacecolor="white", markeredgecolor=_COLOURS[branch], markeredgewidth=1.8, label=branch)
    axes.legend(loc="lower left", ncols=2, fontsize=9)
    axes.set(xlim=(-0.5, 7.6), ylim=(-0.5, 2.5))
    axes.axis("off")
    ready = ", ".join(sorted(there))
    show(figure, f"Map of the course: lessons as boxes, lines to what is needed before. Text lessons above, image lessons below. There now: {ready}.")
