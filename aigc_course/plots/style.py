"""The style of all figures: colours for the colour-blind, readable sizes, alternative text."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW, BLACK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
    "#000000",
)
"""The palette of Okabe and Ito (2008), "Color universal design"."""

STYLE = {
    "axes.prop_cycle": plt.cycler(color=[BLUE, ORANGE, GREEN, PINK, SKY, RED]),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "figure.dpi": 90,
    "savefig.dpi": 90,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.size": 11,
    "axes.titlesize": 12,
    "lines.linewidth": 2,
    "legend.frameon": False,
}
plt.rcParams.update(STYLE)


def show(figure: Figure, alt: str) -> None:
    """Show a figure, with alternative text for readers who cannot see it, and free its memory."""
    from IPython.display import display

    display(figure, metadata={"image/png": {"alt": alt}})
    plt.close(figure)


def truth_line(axes, value: float, label: str) -> None:
    """Draw the best possible value as a dashed horizontal line with its name on it.

    Args:
        axes: to draw on.
        value: height of the line, in the units of the y axis.
        label: name of the value.
    """
    axes.axhline(value, color=BLACK, linestyle="--", linewidth=1.5)
    axes.annotate(
        label,
        (1, value),
        xycoords=("axes fraction", "data"),
        xytext=(0, 4),
        textcoords="offset points",
        ha="right",
        fontsize=10,
    )
