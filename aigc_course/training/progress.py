"""What a learner sees while a model trains: a progress bar, and one plot redrawn in place."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from tqdm.auto import tqdm

from aigc_course.plots import BLACK, BLUE, GREEN, PINK, RED, SKY

SECONDS = 2.5  # between two drawings; each takes a twentieth of a second


class Monitor:
    """A progress bar with the time left, and a live plot of the losses.

    Args:
        steps: steps in all.
        start: steps that are done already.
        show: True draws bar and plot, "bar" the bar alone (for many short trainings in a cell),
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

    def update(self, curves: Mapping[str, Sequence[float]]) -> None:
        """Show the losses so far; the plot follows every few seconds and at the end.

        Args:
            curves: name -> losses, one for each step.
        """
        if not self.show:
            return
        done = max(map(len, curves.values()), default=0)
        self.bar.update(done - self.bar.n)
        if done:
            recent = {name: f"{np.mean(losses[-50:]):.3f}" for name, losses in curves.items()}
            self.bar.set_postfix(recent, refresh=False)
        if self.show == "bar":
            return
        if done >= self.steps or time.monotonic() - self.drawn > SECONDS:
            self._draw(curves)
            self.drawn = time.monotonic()

    def _draw(self, curves: Mapping[str, Sequence[float]]) -> None:
        """Draw the curves in a notebook, once each has two finite values."""
        finite = {
            name: np.where(np.isfinite(losses), losses, np.nan) for name, losses in curves.items()
        }
        drawable = [losses for losses in finite.values() if np.isfinite(losses).sum() >= 2]
        if "ipykernel" not in sys.modules or not drawable or len(drawable) < len(finite):
            return
        figure, axes = plt.subplots(figsize=(7, 2.6))
        pale, strong = [SKY, PINK, GREEN], [BLUE, RED, BLACK]
        for n, (name, losses) in enumerate(finite.items()):
            _draw_curve(axes, losses, pale[n % 3], strong[n % 3], name if len(finite) > 1 else "")
        low, high = _limits(np.concatenate(list(finite.values())))
        axes.set(xlabel="step", ylabel="loss", xlim=(0, self.steps), ylim=(low, high))
        axes.legend()
        self._put(figure, _described(finite))
        plt.close(figure)

    def _put(self, figure: plt.Figure, alt: str) -> None:
        """Show a figure in the place of the one before."""
        from IPython.display import display

        metadata = {"image/png": {"alt": alt}}
        if self.handle is None:
            self.handle = display(figure, metadata=metadata, display_id=True)
        else:
            self.handle.update(figure, metadata=metadata)


def _smooth(losses: np.ndarray) -> tuple[np.ndarray, int]:
    """Return running means of the losses, and over how many steps each is taken."""
    width = max(1, len(losses) // 50)
    return np.convolve(losses, np.ones(width) / width, mode="valid"), width


def _draw_curve(axes: plt.Axes, losses: np.ndarray, pale: str, strong: str, name: str) -> None:
    """Draw the loss of each step as a thin line, and its running mean."""
    smooth, width = _smooth(losses)
    stride = max(1, len(losses) // 1000)
    named = f"{name}, " if name else ""
    axes.plot(
        np.arange(1, len(losses) + 1)[::stride],
        losses[::stride],
        color=pale,
        linewidth=0.7,
        alpha=0.6,
        label=f"{named}each step",
    )
    axes.plot(
        np.arange(len(smooth)) + (width + 1) / 2,
        smooth,
        color=strong,
        label=f"{named}mean of {width}",
    )


def _limits(losses: np.ndarray) -> tuple[float, float]:
    """Return both ends of the vertical axis, so that one extreme step does not flatten the rest."""
    low, high = float(np.nanmin(losses)), float(np.nanmax(losses))
    high = min(high, low + 3 * (np.nanpercentile(losses, 99) - low)) if high > low else low + 1
    return min(low, 0) - 0.02 * (high - low), high + 0.05 * (high - low)


def _described(curves: dict[str, np.ndarray]) -> str:
    """Return a description of the plot in words."""
    steps = max(map(len, curves.values()))
    ways = [
        f"{name if len(curves) > 1 else 'it'} goes from {losses[0]:.2f} to "
        f"{_smooth(losses)[0][-1]:.2f}"
        for name, losses in curves.items()
    ]
    losses = "losses" if len(curves) > 1 else "loss"
    return f"Training {losses} against steps: {', '.join(ways)} in {steps} steps."


def progress_steps(n: int, what: str = "") -> Iterator[int]:
    """Yield 0, 1, ... n - 1 for a loop written by hand, with a bar and the time left.

    The stop button ends the loop after its current step: what was trained keeps what it learned,
    and the cell goes on. Pressed again, it interrupts the cell.

    Args:
        n: number of steps.
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
    """Yield a list that gets an entry when the stop button (SIGINT) is pressed.

    It is for loops that end between two steps. The next press interrupts as usual. Outside the main
    thread the list stays empty.
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
