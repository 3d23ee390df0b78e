"""Figures in one style: colours that the colour-blind can tell apart, readable sizes, alternative text."""

from __future__ import annotations

import html
import itertools
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW, BLACK = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
"""The palette of Okabe and Ito (2008), "Color universal design"."""

STYLE = {
    "axes.prop_cycle": plt.cycler(color=[BLUE, ORANGE, GREEN, PINK, SKY, RED]),
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.3,
    "figure.dpi": 90, "savefig.dpi": 90, "figure.constrained_layout.use": True, "figure.facecolor": "white",
    "font.size": 11, "axes.titlesize": 12, "lines.linewidth": 2, "legend.frameon": False,
}  # fmt: skip
plt.rcParams.update(STYLE)


def show(figure: Figure, alt: str) -> None:
    """Display a figure with alternative text for readers who cannot see it, and free its memory."""
    from IPython.display import display

    display(figure, metadata={"image/png": {"alt": alt}})
    plt.close(figure)


def truth_line(axes, value: float, label: str) -> None:
    """Draw the best possible value as a dashed line with its name on it."""
    axes.axhline(value, color=BLACK, linestyle="--", linewidth=1.5)
    axes.annotate(label, (1, value), xycoords=("axes fraction", "data"), xytext=(0, 4), textcoords="offset points", ha="right", fontsize=10)


def curves(x: Sequence[float], lines: dict[str, Sequence[float]], labels: tuple[str, str], alt: str, *,
           truth: float | None = None, limit: float | None = None, log: bool = False) -> None:
    """Lines over a common x, each named and marked, with the truth as a dashed line.

    Args:
        x: (N,) positions.
        lines: name -> (N,) values.
        labels: of the two axes.
        alt: alternative text.
        truth: entropy of the world, drawn as a dashed line.
        limit: top of the y axis; what lies above is cut off.
        log: make the y axis logarithmic.
    """
    figure, axes = plt.subplots(figsize=(7, 3.4))
    for (name, values), marker in zip(lines.items(), itertools.cycle("osD^vP"), strict=False):
        axes.plot(x, values, marker=marker if len(x) <= 20 else "", label=name)
    if truth is not None:
        truth_line(axes, truth, "entropy of the world")
    axes.set(xlabel=labels[0], ylabel=labels[1], yscale="log" if log else "linear", ylim=(None if log else 0, limit))
    axes.legend()
    show(figure, alt)


def bars(names: Sequence[str], values: Sequence[float], label: str, alt: str, *, highlight: int | None = None) -> None:
    """Horizontal bars, longest names readable; `highlight` is the index of one bar in orange."""
    figure, axes = plt.subplots(figsize=(7, 0.6 + 0.3 * len(names)))
    colours = [ORANGE if i == highlight else BLUE for i in range(len(names))]
    axes.barh(range(len(names)), values, color=colours)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(label)
    show(figure, alt)


def grouped_bars(names: Sequence[str], groups: dict[str, Sequence[float]], label: str, alt: str) -> None:
    """Bars side by side: for each name one bar of every group."""
    figure, axes = plt.subplots(figsize=(7, 2.6))
    width = 0.8 / len(groups)
    for i, (group, values) in enumerate(groups.items()):
        axes.bar(np.arange(len(names)) + width * (i - (len(groups) - 1) / 2), values, width=width * 0.92, label=group)
    axes.set_xticks(range(len(names)), names)
    axes.grid(axis="x", visible=False)
    axes.set_ylabel(label)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(groups))  # above: beside the bars there may be no room
    show(figure, alt)


def histogram(values: Sequence[float], labels: tuple[str, str], alt: str, *, truth: float) -> None:
    """How often values of each size come, with the truth as a dashed line."""
    figure, axes = plt.subplots(figsize=(7, 2.8))
    axes.hist(values, bins=np.arange(np.floor(min(values)), np.ceil(max(values)) + 1), color=SKY, edgecolor="white")
    axes.axvline(truth, color=BLACK, linestyle="--", linewidth=1.5, label=f"entropy of the world: {truth:.2f}")
    axes.set(xlabel=labels[0], ylabel=labels[1])
    axes.legend()
    show(figure, alt)


def image_grid(images, alt: str, *, columns: int, titles: Sequence[str] = (), size: float = 0.8, smooth: bool = False) -> None:
    """Grey images in a grid.

    Args:
        images: (N, H, W) or (N, 1, H, W) in [0, 1].
        size: inches an image.
        smooth: blend neighbouring pixels, for very small images.
    """
    images = np.asarray(images).reshape(len(images), *np.shape(images)[-2:])
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(columns * size, rows * (size + (0.25 if titles else 0))), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for i, image in enumerate(images):
        axes.flat[i].imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="bicubic" if smooth else "nearest")
        if titles:
            axes.flat[i].set_title(titles[i], fontsize=9)
    show(figure, alt)


def heatmap(values, rows: Sequence[str], columns: Sequence[str], labels: tuple[str, str], alt: str, *, numbers: bool = True) -> None:
    """A matrix of numbers in [0, 1] as colours, with those of at least 0.01 written in (or, `numbers=False`, small cells and none)."""
    values = np.asarray(values)
    figure, axes = plt.subplots(figsize=(1.6 + (0.55 if numbers else 0.16) * len(columns), 1.2 + (0.38 if numbers else 0.22) * len(rows)))
    axes.imshow(values, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(columns)), columns, **({"rotation": 45, "ha": "right"} if numbers else {"fontsize": 9}))
    axes.set_yticks(range(len(rows)), rows)
    axes.grid(visible=False)
    for i, j in np.argwhere(values >= 0.01) if numbers else ():
        axes.text(j, i, f"{values[i, j]:.2f}".lstrip("0"), ha="center", va="center", fontsize=9, color="white" if values[i, j] > 0.5 else "black")
    axes.set(xlabel=labels[0], ylabel=labels[1])
    show(figure, alt)


def scatter(x: Sequence[float], y: Sequence[float], labels: tuple[str, str], alt: str) -> None:
    """Points and the diagonal on which both agree."""
    figure, axes = plt.subplots(figsize=(4.6, 4.2))
    axes.scatter(x, y, s=8, alpha=0.4, edgecolor="none")
    ends = [min(*x, *y), max(*x, *y)]
    axes.plot(ends, ends, color=BLACK, linestyle="--", linewidth=1.5)
    axes.set(xlabel=labels[0], ylabel=labels[1])
    show(figure, alt)


def tradeoff(series: dict[str, list[tuple[float, float, str]]], labels: tuple[str, str], alt: str) -> None:
    """Two measures against each other, one line a series, each point with its setting.

    Args:
        series: name -> (x, y, label of the point), in the order of the line.
        labels: of the two axes.
        alt: alternative text.
    """
    figure, axes = plt.subplots(figsize=(7, 4.2))
    for (name, points), marker, side in zip(series.items(), itertools.cycle("osD^vP"), itertools.cycle(((6, -4), (-6, 8), (6, 8))), strict=False):
        axes.plot([x for x, _, _ in points], [y for _, y, _ in points], marker=marker, label=name)
        for x, y, label in points:
            axes.annotate(label, (x, y), xytext=side, textcoords="offset points", fontsize=8, ha="left" if side[0] > 0 else "right")
    axes.set(xlabel=labels[0], ylabel=labels[1])
    axes.margins(0.08)
    axes.legend(loc="lower left")
    show(figure, alt)


def frontier(series: dict[str, list[tuple[float, float]]], labels: tuple[str, str], alt: str, *, truth: float) -> None:
    """What each budget buys: lines of (x, y) on two logarithmic axes, the truth as a dashed line; a single point is drawn as a star."""
    figure, axes = plt.subplots(figsize=(7, 4))
    for (name, points), marker in zip(series.items(), itertools.cycle("osD^vP"), strict=False):
        x, y = zip(*points, strict=True)
        look = {"marker": marker, "markersize": 5} if len(points) > 1 else {"marker": "*", "markersize": 14, "linestyle": ""}
        axes.plot(x, y, label=name, **look)
    truth_line(axes, truth, "entropy of the world")
    axes.set(xlabel=labels[0], ylabel=labels[1], xscale="log", yscale="log")
    axes.yaxis.set_major_formatter("{x:.0f}")
    axes.yaxis.set_minor_formatter("{x:.0f}")
    axes.legend()
    show(figure, alt)


class Table:
    """Rows as a table that shows itself in Jupyter and prints readably elsewhere."""

    def __init__(self, rows: Sequence[dict]):
        self.rows = [{str(k): _written(v) for k, v in row.items()} for row in rows]

    def __repr__(self) -> str:
        if not self.rows:
            return "(an empty table)"
        names = list(self.rows[0])
        widths = [max(len(name), *(len(row[name]) for row in self.rows)) for name in names]
        lines = [names, *([row[name] for name in names] for row in self.rows)]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)

    def _repr_html_(self) -> str:
        names = list(self.rows[0]) if self.rows else []
        head = "".join(f'<th style="text-align:left">{html.escape(name)}</th>' for name in names)
        body = "".join("<tr>" + "".join(f'<td style="text-align:left;vertical-align:top">{html.escape(row[name])}</td>' for name in names) + "</tr>"
                       for row in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _written(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def judged(text: str, verdict, tokens: Sequence[str], join) -> str:
    """HTML of a text with the first wrong token marked and the verdict below.

    Args:
        text: what a model wrote.
        verdict: as `tales.check` gives it.
        tokens: the text's tokens, which `verdict.error_at` counts.
        join: tokens -> text.
    """
    if verdict.error_at is None:
        return f"<p>{html.escape(text)}</p><p>✔ consistent ({verdict.bits:.1f} bits)</p>"
    text = join(tokens)
    cut = len(join(tokens[: verdict.error_at]))
    good, bad = text[:cut], text[cut:].lstrip()
    name = "grammatical, but not consistent" if verdict.grammatical else "not grammatical"
    mark = f'<span style="text-decoration:underline wavy {RED};text-underline-offset:3px">{html.escape(bad)}</span>'
    return f"<p>{html.escape(good)} {mark}</p><p>✘ {name}: {html.escape(verdict.reason)}</p>"


def token_boxes(tokens: Sequence[str]) -> str:
    """HTML of tokens as boxes side by side, in two shades in turn; a space shows as a low mark."""
    box = '<span style="background:{};color:black;padding:1px 3px;margin:1px;border-radius:3px;display:inline-block">{}</span>'
    shades = ("#CFE8F7", "#FBE3B4")
    written = (html.escape(token).replace(" ", "\u2423").replace("\n", "\u21b5") for token in tokens)
    return "<p>" + "".join(box.format(shades[i % 2], token) for i, token in enumerate(written)) + "</p>"


def picture(number: str, alt: str) -> None:
    """Show the picture of a lesson, made by the lesson itself and shipped with the course."""
    from IPython.display import Image, display

    from aigc_course.runtime import course_file

    image = Image(filename=str(course_file(f"data/pictures/{number}.png")))
    display(image, metadata={"image/png": {"alt": alt}})
