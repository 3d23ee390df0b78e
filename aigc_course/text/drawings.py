"""Words in a plane, and sentences as trees."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

from aigc_course.plots import BLACK, BLUE, show


def word_map(points, groups: dict[str, Sequence[int]], names: Sequence[str], alt: str, *, line: Sequence[float] | None = None) -> None:
    """Words as points, one colour and marker a group.

    Args:
        points: (N, 2).
        groups: name -> rows of `points`.
        names: of all N rows; a group's names stand in a block above its points; () writes none.
        alt: alternative text.
        line: (w1, w2, b) of a boundary w1 x + w2 y + b = 0, drawn dashed.
    """
    points = np.asarray(points)
    figure, axes = plt.subplots(figsize=(7.5, 5) if names else (5.5, 3.6))
    for (group, rows), marker in zip(groups.items(), itertools.cycle("osD^vP"), strict=False):
        axes.scatter(*points[list(rows)].T, marker=marker, s=45, label=group)
        if names:
            block = [" ".join(names[i] for i in rows[start : start + 3]) for start in range(0, len(rows), 3)]
            spot = points[list(rows)].mean(0)[0], points[list(rows)].max(0)[1]
            axes.annotate("\n".join(block), spot, xytext=(0, 8), textcoords="offset points", ha="center", fontsize=9)
    if line is not None:
        low, high = axes.get_xlim(), axes.get_ylim()
        w, norm = np.array(line[:2]), np.hypot(line[0], line[1])
        nearest, along = -line[2] * w / norm**2, np.array([-w[1], w[0]]) / norm  # the point nearest to the origin, and the direction
        ends = nearest + np.outer([-1e3, 1e3], along)
        axes.plot(*ends.T, color=BLACK, linestyle="--", linewidth=1.5, label="boundary")
        axes.set(xlim=low, ylim=high)
    axes.margins(x=0.15, y=0.18)
    axes.legend(loc="best", fontsize=9)
    show(figure, alt)


def tree(root: tuple, alt: str) -> None:
    """A parse tree, (label, child ...) with strings as leaves, words on one line at the bottom."""
    def depth(node) -> int:
        return 0 if isinstance(node, str) else 1 + max(map(depth, node[1:]))

    def place(node, level: int) -> float:
        if isinstance(node, str):
            x, y = len(words), 0
            words.append(node)
        else:
            below = [place(child, level - 1) for child in node[1:]]
            x, y = (below[0] + below[-1]) / 2, level
            for child, x_below in zip(node[1:], below, strict=True):
                lines.append((x, y, x_below, 0 if isinstance(child, str) else level - 1))
        spots.append((x, y, node if isinstance(node, str) else node[0]))
        return x

    words, spots, lines = [], [], []
    place(root, depth(root))
    figure, axes = plt.subplots(figsize=(0.9 * len(words) + 1, 0.62 * depth(root) + 0.6))
    for x0, y0, x1, y1 in lines:
        axes.plot([x0, x1], [y0, y1], color="#888888", linewidth=1, zorder=1)
    for x, y, label in spots:
        colour, style = (BLACK, "italic") if y == 0 else (BLUE, "normal")
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        axes.text(x, y, label, ha="center", va="center", color=colour, style=style, bbox=box, zorder=2)
    axes.set(xlim=(-0.6, len(words) - 0.4), ylim=(-0.5, depth(root) + 0.5))
    axes.axis("off")
    show(figure, alt)
