"""Parts of all interactive demonstrations: they follow their controls and show pictures."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Sequence

import ipywidgets
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from aigc_course.core.errors import CourseError

# It appears only when an answer takes longer than 0.3 s; otherwise it would flicker at every step
# of a slider.
_BUSY = (
    "<style>@keyframes aigc-busy { to { opacity: 1 } }</style><em "
    'style="opacity:0;animation:aigc-busy 0s .3s forwards">working ...</em>'
)


def follow(
    controls: Sequence, work: Callable[[], None], names: str | Sequence[str] = "value"
) -> ipywidgets.HTML:
    """Call `work` now and at every change of a control.

    Args:
        controls: widgets to watch.
        work: takes nothing, shows the answer; a `CourseError` is shown as its message.
        names: traits of the controls whose changes count.

    Returns:
        A line to put below: empty, "working ..." while an answer takes longer than 0.3 s, or the
        message of an error.
    """
    line = ipywidgets.HTML(layout=ipywidgets.Layout(min_height="1.6em"))

    def answer(_=None) -> None:
        line.value = _BUSY
        try:
            work()
            line.value = ""
        except CourseError as error:
            line.value = f"<p>{html.escape(str(error))}</p>"
        except BaseException:
            line.value = ""
            raise

    for control in controls:
        control.observe(answer, names)
    answer()
    return line


def picture(png: bytes, alt: str, width: int | None = None) -> str:
    """Return HTML of a PNG with its alternative text.

    Args:
        png: the file's bytes.
        alt: alternative text, for screen readers.
        width: in pixels; None for the PNG's own.
    """
    size = "" if width is None else f' width="{width}"'
    return (
        f'<img src="data:image/png;base64,{base64.b64encode(png).decode()}" '
        f'alt="{html.escape(alt)}"{size}>'
    )


def png_of(figure: Figure, **how) -> bytes:
    """Return a figure as the bytes of a PNG, and close it.

    Args:
        figure: of Matplotlib.
        how: further arguments of its `savefig`, such as `bbox_inches`.
    """
    data = io.BytesIO()
    figure.savefig(data, format="png", **how)
    plt.close(figure)
    return data.getvalue()
