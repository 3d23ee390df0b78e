"""What a learner sees while a model trains: a progress bar with the time left, and one plot that is
redrawn in place.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence

import matplotlib.pyplot as plt
import numpy as np
from tqdm.auto import tqdm

from aigc_course.plots import BLUE, SKY

SECONDS = 2.5  # between two drawings: a plot costs a twentieth of a second


class Monitor:
    """Progress of `steps` steps, of which `start` are done.

    Args:
        steps: in all.
        start: done before.
        show: True draws bar and plot, "bar" the bar alone (for short trainings, many in a cell),
            False nothing.
    """

    def __init__(self, steps: int, start: int = 0, *, show: bool | str = True):
        self.steps, self.show, self.handle, self.drawn = steps, show, None, 0.0
        self.bar = tqdm(
            total=steps, initial=start, disable=not show, leave=False, unit="step", file=sys.stderr
        )

    def __enter__(self) -> Monitor:
        return self

    def __exit__(self, *error) -> None:
        self.bar.close()

    def update(self, losses: Sequence[float]) -> None:
        """Show the losses so far; the plot follows every few seconds and at the end."""
        if not self.show:
            return
        self.bar.update(len(losses) - self.bar.n)
        if losses:
            self.bar.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}", refresh=False)
        if self.show == "bar":
            return
        if len(losses) >= self.steps or time.monotonic() - self.drawn > SECONDS:
            self._draw(losses)
            self.drawn = time.monotonic()

    def _draw(self, losses: Sequence[float]) -> None:
        losses = np.where(np.isfinite(losses), losses, np.nan)
        if "ipykernel" not in sys.modules or np.isfinite(losses).sum() < 2:
            return
        from IPython.display import display

        figure, axes = plt.subplots(figsize=(7, 2.6))
        width = max(1, len(losses) // 50)
        smooth = np.convolve(losses, np.ones(width) / width, mode="valid")
        stride = max(1, len(losses) // 1000)
        axes.plot(
            np.arange(1, len(losses) + 1)[::stride],
            losses[::stride],
            color=SKY,
            linewidth=0.7,
            alpha=0.6,
            label="each step",
        )
        axes.plot(
            np.arange(len(smooth)) + (width + 1) / 2, smooth, color=BLUE, label=f"mean of {width}"
        )
        low, high = np.nanmin(losses), np.nanmax(losses)
        high = (
            min(high, low + 3 * (np.nanpercentile(losses, 99) - low)) if high > low else low + 1
        )  # one wild step must not flatten the rest
        axes.set(
            xlabel="step",
            ylabel="loss",
            xlim=(0, self.steps),
            ylim=(min(low, 0) - 0.02 * (high - low), high + 0.05 * (high - low)),
        )
        axes.legend()
        metadata = {
            "image/png": {
                "alt": (
                    f"Training loss against steps: it goes from {losses[0]:.2f} to "
                    f"{smooth[-1]:.2f} in {len(losses)} steps."
                )
            }
        }
        if self.handle is None:
            self.handle = display(figure, metadata=metadata, display_id=True)
        else:
            self.handle.update(figure, metadata=metadata)
        plt.close(figure)


def progress_steps(n: int, what: str = "") -> Iterator[int]:
    """0, 1 ... n - 1 for a loop written by hand, with a bar and the time left.

    The stop button ends the loop after its current step: what was trained keeps what it learned,
    and the cell goes on. Pressed again, it interrupts the cell.

    Args:
        n: how many steps.
        what: what is trained, shown beside the bar.
    """
    with (
        stop_button() as pressed,
        tqdm(total=n, desc=what or None, leave=False, unit="step", file=sys.stderr) as bar,
    ):
        for step in range(n):
            yield step
            bar.update()
            if pressed:
                print(
                    f"Stopped after {step + 1} of {n} steps; what was trained keeps what "
                    "it learned. Run the cell again to begin anew."
                )
                return


@contextlib.contextmanager
def stop_button():
    """A list that gets an entry when the stop button (SIGINT) is pressed; the next press works as
    always. For loops that end between two steps.
    """
    pressed: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def press(signum, frame) -> None:
        pressed.append(signum)
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
