"""Interactive demonstrations of learning: a walk downhill."""

from __future__ import annotations

import io
from collections.abc import Callable

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np

from aigc_course.core.errors import CourseError
from aigc_course.plots import BLACK, BLUE
from aigc_course.widgets.parts import follow, picture

_STYLE = {"style": {"description_width": "8em"}, "layout": ipywidgets.Layout(width="32em")}


def descent_player(
    loss: Callable[[float], float],
    slope: Callable[[float], float],
    start: float,
    span: tuple[float, float],
    name: str = "weight",
) -> ipywidgets.VBox:
    """Return a widget to walk down a valley: choose the learning rate and the number of steps.

    Args:
        loss: weight -> loss.
        slope: weight -> slope of the loss.
        start: where the walk begins.
        span: the weights that are drawn, from the smaller to the larger.
        name: of the weight.
    """
    if not span[0] < start < span[1]:
        raise CourseError("descent_player needs a span with the start inside: (-3, 8), say.")
    ground = np.linspace(*span, 121)
    height = [loss(w) for w in ground]
    rates = [round(10**power, 3) for power in np.arange(-2, 1.26, 0.125)]
    rate = ipywidgets.SelectionSlider(
        options=rates, value=rates[16], description="learning rate", **_STYLE
    )
    steps = ipywidgets.IntSlider(value=5, min=0, max=40, description="steps", **_STYLE)
    page = ipywidgets.HTML()

    def walk() -> None:
        places = _walk(slope, start, rate.value, steps.value)
        shown = [(w, loss(w)) for w in places if span[0] <= w <= span[1]]
        fell = f"from {loss(start):.3f} to {loss(places[-1]):.3f}"
        away = len(places) - len(shown)
        outside = f" {away} places lie outside of the picture." if away else ""
        alt = f"A valley, and {steps.value} steps with learning rate {rate.value:g}."
        drawn = picture(_drawn(ground, height, shown, name), alt)
        page.value = f"{drawn}<p>The loss goes {fell}.{outside}</p>"

    return ipywidgets.VBox([rate, steps, page, follow((rate, steps), walk)])


def _walk(slope: Callable[[float], float], start: float, rate: float, steps: int) -> list[float]:
    """Return the places of a walk; one that runs away ends at a million."""
    places = [start]
    for _ in range(steps):
        places.append(float(np.clip(places[-1] - rate * slope(places[-1]), -1e6, 1e6)))
    return places


def _drawn(ground, height, walk: list[tuple[float, float]], name: str) -> bytes:
    """Return a PNG of a valley with the places of a walk."""
    figure, axes = plt.subplots(figsize=(6.2, 3))
    axes.plot(ground, height, color=BLACK, linewidth=1.5)
    axes.plot(*zip(*walk, strict=True), "o-", color=BLUE, markersize=5, linewidth=1)
    axes.set(xlabel=name, ylabel="loss (lower is better)", ylim=(0, max(height) * 1.05))
    data = io.BytesIO()
    figure.savefig(data, format="png")
    plt.close(figure)
    return data.getvalue()
