"""Figures of numbers in the course's style: lines, bars, histograms, heat maps, scatter plots."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

from aigc_course.plots.style import BLACK, BLUE, ORANGE, SKY, show, truth_line


def curves(
    x: Sequence[float],
    lines: dict[str, Sequence[float]],
    labels: tuple[str, str],
    alt: str,
    *,
    truth: float | None = None,
    limit: float | None = None,
    log: bool = False,
) -> None:
    """Draw lines over a common x axis, each with a name and markers.

    Args:
        x: (N,) positions.
        lines: name -> (N,) values.
        labels: of the x axis and the y axis.
        alt: alternative text.
        truth: entropy of the world, drawn as a dashed line; None draws none.
        limit: top of the y axis; what lies above is cut off.
        log: make the y axis logarithmic.
    """
    figure, axes = plt.subplots(figsize=(7, 3.4))
    for (name, values), marker in zip(lines.items(), itertools.cycle("osD^vP"), strict=False):
        axes.plot(x, values, marker=marker if len(x) <= 20 else "", label=name)
    if truth is not None:
        truth_line(axes, truth, "entropy of the world")
    axes.set(
        xlabel=labels[0],
        ylabel=labels[1],
        yscale="log" if log else "linear",
        ylim=(None if log else 0, limit),
    )
    axes.legend()
    show(figure, alt)


def bars(
    names: Sequence[str],
    values: Sequence[float],
    label: str,
    alt: str,
    *,
    highlight: int | None = None,
) -> None:
    """Draw horizontal bars, in a figure high enough for all names.

    Args:
        names: N names.
        values: (N,) lengths of the bars.
        label: of the x axis.
        alt: alternative text.
        highlight: index of a bar to draw in orange; None for no bar.
    """
    figure, axes = plt.subplots(figsize=(7, 0.6 + 0.3 * len(names)))
    colours = [ORANGE if i == highlight else BLUE for i in range(len(names))]
    axes.barh(range(len(names)), values, color=colours)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(label)
    show(figure, alt)


def grouped_bars(
    names: Sequence[str], groups: dict[str, Sequence[float]], label: str, alt: str
) -> None:
    """Draw groups of bars: for each name, one bar of each series side by side.

    Args:
        names: N names.
        groups: series -> (N,) values.
        label: of the y axis.
        alt: alternative text.
    """
    figure, axes = plt.subplots(figsize=(7, 2.6))
    width = 0.8 / len(groups)  # names are 1 apart, so a fifth is left between two groups
    for i, (group, values) in enumerate(groups.items()):
        axes.bar(
            np.arange(len(names)) + width * (i - (len(groups) - 1) / 2),
            values,
            width=width * 0.92,
            label=group,
        )
    axes.set_xticks(range(len(names)), names)
    axes.grid(axis="x", visible=False)
    axes.set_ylabel(label)
    # Above the bars, as there may be no room beside them.
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(groups))
    show(figure, alt)


def histogram(values: Sequence[float], labels: tuple[str, str], alt: str, *, truth: float) -> None:
    """Draw how often values occur, with the entropy of the world as a dashed line.

    Args:
        values: (N,) numbers, counted in bins of width 1.
        labels: of the x axis and the y axis.
        alt: alternative text.
        truth: entropy of the world.
    """
    figure, axes = plt.subplots(figsize=(7, 2.8))
    axes.hist(
        values,
        bins=np.arange(np.floor(min(values)), np.ceil(max(values)) + 1),
        color=SKY,
        edgecolor="white",
    )
    axes.axvline(
        truth,
        color=BLACK,
        linestyle="--",
        linewidth=1.5,
        label=f"entropy of the world: {truth:.2f}",
    )
    axes.set(xlabel=labels[0], ylabel=labels[1])
    axes.legend()
    show(figure, alt)


def heatmap(
    values,
    rows: Sequence[str],
    columns: Sequence[str],
    labels: tuple[str, str],
    alt: str,
    *,
    numbers: bool = True,
) -> None:
    """Draw a (len(rows), len(columns)) matrix of numbers in [0, 1] as colours.

    Cells of 0.01 and more show their number; `numbers=False` makes small cells without numbers.
    """
    values = np.asarray(values)
    figure, axes = plt.subplots(
        figsize=(
            1.6 + (0.55 if numbers else 0.16) * len(columns),
            1.2 + (0.38 if numbers else 0.22) * len(rows),
        )
    )
    axes.imshow(values, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(
        range(len(columns)),
        columns,
        **({"rotation": 45, "ha": "right"} if numbers else {"fontsize": 9}),
    )
    axes.set_yticks(range(len(rows)), rows)
    axes.grid(visible=False)
    for i, j in np.argwhere(values >= 0.01) if numbers else ():
        axes.text(
            j,
            i,
            f"{values[i, j]:.2f}".lstrip("0"),
            ha="center",
            va="center",
            fontsize=9,
            color="white" if values[i, j] > 0.5 else "black",
        )
    axes.set(xlabel=labels[0], ylabel=labels[1])
    show(figure, alt)


def scatter(x: Sequence[float], y: Sequence[float], labels: tuple[str, str], alt: str) -> None:
    """Draw points, and the diagonal on which x equals y.

    Args:
        x: (N,) positions.
        y: (N,) positions.
        labels: of the x axis and the y axis.
        alt: alternative text.
    """
    figure, axes = plt.subplots(figsize=(4.6, 4.2))
    axes.scatter(x, y, s=8, alpha=0.4, edgecolor="none")
    ends = [min(*x, *y), max(*x, *y)]
    axes.plot(ends, ends, color=BLACK, linestyle="--", linewidth=1.5)
    axes.set(xlabel=labels[0], ylabel=labels[1])
    show(figure, alt)


def tradeoff(
    series: dict[str, list[tuple[float, float, str]]], labels: tuple[str, str], alt: str
) -> None:
    """Draw two measures against each other, one line for each series.

    Args:
        series: name -> (x, y, label of the point), in the order of the line; a label gives the
            setting that led to the point.
        labels: of the x axis and the y axis.
        alt: alternative text.
    """
    figure, axes = plt.subplots(figsize=(7, 4.2))
    for (name, points), marker, side in zip(
        series.items(),
        itertools.cycle("osD^vP"),
        itertools.cycle(((6, -4), (-6, 8), (6, 8))),
        strict=False,
    ):
        axes.plot([x for x, _, _ in points], [y for _, y, _ in points], marker=marker, label=name)
        for x, y, label in points:
            axes.annotate(
                label,
                (x, y),
                xytext=side,
                textcoords="offset points",
                fontsize=8,
                ha="left" if side[0] > 0 else "right",
            )
    axes.set(xlabel=labels[0], ylabel=labels[1])
    axes.margins(0.08)
    axes.legend(loc="lower left")
    show(figure, alt)


def frontier(
    series: dict[str, list[tuple[float, float]]], labels: tuple[str, str], alt: str, *, truth: float
) -> None:
    """Draw the results of growing budgets as lines on two logarithmic axes.

    Args:
        series: name -> points (x, y); a single point is drawn as a star.
        labels: of the x axis and the y axis.
        alt: alternative text.
        truth: entropy of the world, drawn as a dashed line.
    """
    figure, axes = plt.subplots(figsize=(7, 4))
    for (name, points), marker in zip(series.items(), itertools.cycle("osD^vP"), strict=False):
        x, y = zip(*points, strict=True)
        look = (
            {"marker": marker, "markersize": 5}
            if len(points) > 1
            else {"marker": "*", "markersize": 14, "linestyle": ""}
        )
        axes.plot(x, y, label=name, **look)
    truth_line(axes, truth, "entropy of the world")
    axes.set(xlabel=labels[0], ylabel=labels[1], xscale="log", yscale="log")
    axes.yaxis.set_major_formatter("{x:.0f}")
    axes.yaxis.set_minor_formatter("{x:.0f}")
    axes.legend()
    show(figure, alt)


def picture(topic: str, alt: str) -> None:
    """Show the picture of a lesson, which the lesson itself made and which ships with the course.

    Args:
        topic: of the lesson, the name of the picture's file.
        alt: alternative text.
    """
    from IPython.display import Image, display

    from aigc_course.core.paths import course_file

    image = Image(filename=str(course_file(f"data/pictures/{topic}.png")))
    display(image, metadata={"image/png": {"alt": alt}})
