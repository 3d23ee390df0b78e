"""An interactive demonstration for any drawing with numbers in it: move them, and it is redrawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ipywidgets

from aigc_course.core.errors import CourseError
from aigc_course.diagrams.language import Drawing
from aigc_course.widgets.parts import follow


def drawing_player(
    draw: Callable[..., Drawing],
    numbers: Mapping[str, tuple[float, float, float]],
    step: float = 0.5,
) -> ipywidgets.VBox:
    """Return a widget that redraws a drawing whenever one of its numbers is moved.

    Args:
        draw: takes the numbers by name, returns a drawing.
        numbers: name -> smallest value, largest value, and value at the start.
        step: by which they are moved.
    """
    for name, (low, high, start) in numbers.items():
        if not low <= start <= high:
            raise CourseError(
                f"drawing_player: {name} begins at {start:g}, which must lie from {low:g} to "
                f"{high:g}."
            )
    sliders = {
        name: ipywidgets.FloatSlider(
            value=start, min=low, max=high, step=step, description=name, readout_format=".1f"
        )
        for name, (low, high, start) in numbers.items()
    }
    page = ipywidgets.HTML()

    def show() -> None:
        drawing = draw(**{name: slider.value for name, slider in sliders.items()})
        page.value = drawing._repr_mimebundle_()["text/html"]

    controls = tuple(sliders.values())
    return ipywidgets.VBox([*controls, page, follow(controls, show)])
