"""Interactive demonstrations of learning: walks downhill, a border that bends as it learns."""

from __future__ import annotations

import functools
from collections.abc import Callable

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.core.errors import CourseError
from aigc_course.plots import BLACK, BLUE, ORANGE
from aigc_course.widgets.parts import follow, picture, png_of

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
    return png_of(figure)


_OPTIMIZERS: dict[str, Callable] = {
    "SGD": torch.optim.SGD,
    "SGD with momentum": functools.partial(torch.optim.SGD, momentum=0.9),
    "Adam": torch.optim.Adam,
}


def optimizer_player(steepness: float = 100.0) -> ipywidgets.VBox:
    """Return a widget to walk down a narrow valley with SGD, with momentum or with Adam.

    The ground is w1^2 + steepness x w2^2, and the walk begins at (-4, 1.2).

    Args:
        steepness: how many times steeper the second direction is, at least 1.
    """
    if not steepness >= 1:
        raise CourseError(f"optimizer_player needs a steepness of at least 1, not {steepness!r}.")
    kind = ipywidgets.Dropdown(options=list(_OPTIMIZERS), description="optimizer", **_STYLE)
    rates = [float(f"{10**power:.2g}") for power in np.arange(-4, 0.51, 0.125)]
    rate = ipywidgets.SelectionSlider(
        options=rates, value=rates[15], description="learning rate", **_STYLE
    )
    steps = ipywidgets.IntSlider(value=40, min=0, max=100, description="steps", **_STYLE)
    page = ipywidgets.HTML()

    def walk() -> None:
        path = _path(_OPTIMIZERS[kind.value], rate.value, steps.value, steepness)
        height = path[:, 0] ** 2 + steepness * path[:, 1] ** 2
        alt = f"A narrow valley, and {steps.value} steps of {kind.value} at {rate.value:g}."
        drawn = picture(_valley(path, steepness), alt)
        fell = f"from {height[0]:.3g} to {height[-1]:.3g}"
        page.value = f"{drawn}<p>After {steps.value} steps the height goes {fell}.</p>"

    controls = (kind, rate, steps)
    return ipywidgets.VBox([*controls, page, follow(controls, walk)])


def _path(optimizer: Callable, rate: float, steps: int, steepness: float) -> np.ndarray:
    """Return the places (steps + 1, 2) of a walk; one that runs away ends at a million."""
    w = torch.tensor([-4.0, 1.2], dtype=torch.float64, requires_grad=True)
    walker, places = optimizer([w], lr=rate), [[-4.0, 1.2]]
    for _ in range(steps):
        walker.zero_grad()
        (w[0] ** 2 + steepness * w[1] ** 2).backward()
        walker.step()
        with torch.no_grad():
            w.clamp_(-1e6, 1e6)
        places.append(w.tolist())
    return np.array(places)


def _valley(path: np.ndarray, steepness: float) -> bytes:
    """Return a PNG of the valley's lines of equal height, with a path."""
    across, up = np.linspace(-4.5, 2.5, 140), np.linspace(-1.6, 1.6, 80)
    height = across[None, :] ** 2 + steepness * up[:, None] ** 2
    figure, axes = plt.subplots(figsize=(6.2, 3))
    axes.contour(across, up, height, levels=[1, 4, 9, 16, 40, 90, 150, 220], colors="#BBBBBB")
    axes.plot(path[:, 0], path[:, 1], "o-", color=BLUE, markersize=4, linewidth=1)
    axes.set(xlabel="w1", ylabel="w2", xlim=(-4.5, 2.5), ylim=(-1.6, 1.6))
    return png_of(figure)


SNAPSHOTS = (0, 10, 30, 100, 300, 1000)
"""Steps after which `boundary_player` shows the border."""


def boundary_player(
    x: np.ndarray,
    y: np.ndarray,
    names: tuple[str, str] = ("0", "1"),
    axes: tuple[str, str] = ("x1", "x2"),
) -> ipywidgets.VBox:
    """Return a widget that shows the border of a small network as it learns.

    Choose the number of hidden neurons, the steps of gradient descent, and the seed of the first
    weights.

    Args:
        x: points (N, 2).
        y: (N,), 1 or 0.
        names: of the answers 0 and 1.
        axes: names of the two numbers.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.ndim != 2 or x.shape[1] != 2 or y.shape != x.shape[:1]:
        raise CourseError(
            f"boundary_player needs x of shape (N, 2) and y (N,), not {x.shape} and {y.shape}."
        )
    points, truth = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
    hidden = ipywidgets.IntSlider(value=4, min=1, max=16, description="hidden neurons", **_STYLE)
    steps = ipywidgets.SelectionSlider(options=SNAPSHOTS, value=1000, description="steps", **_STYLE)
    seed = ipywidgets.IntSlider(value=0, min=0, max=9, description="seed", **_STYLE)
    page = ipywidgets.HTML()

    learned = functools.cache(lambda n, first: _learned(points, truth, n, first))

    def show() -> None:
        network = learned(hidden.value, seed.value)[steps.value]
        loss, right = _judged(network, points, truth)
        drawn = _border(network, x, y, names, axes)
        alt = f"The border after {steps.value} steps; {right:.0%} of the points are right."
        page.value = f"{picture(drawn, alt)}<p>loss {loss:.3f}; {right:.1%} right</p>"

    return ipywidgets.VBox([hidden, steps, seed, page, follow((hidden, steps, seed), show)])


def _judged(network: nn.Module, points, truth) -> tuple[float, float]:
    """Return the loss of a network, and the share of points that it gets right."""
    with torch.no_grad():
        scores = network(points)[:, 0]
        loss = F.binary_cross_entropy_with_logits(scores, truth).item()
    return loss, ((scores > 0) == (truth == 1)).float().mean().item()


def _learned(points, truth, neurons: int, seed: int) -> dict[int, nn.Module]:
    """Return the network after each number of steps of `SNAPSHOTS`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network(neurons)
    optimizer, kept = torch.optim.SGD(network.parameters(), lr=0.5), {}
    for step in range(SNAPSHOTS[-1] + 1):
        if step in SNAPSHOTS:
            kept[step] = _network(neurons)
            kept[step].load_state_dict(network.state_dict())
        loss = F.binary_cross_entropy_with_logits(network(points)[:, 0], truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return kept


def _network(neurons: int) -> nn.Module:
    """Return a network of two inputs, one hidden layer and one output."""
    return nn.Sequential(nn.Linear(2, neurons), nn.ReLU(), nn.Linear(neurons, 1))


def _border(network: nn.Module, x, y, names: tuple[str, str], labels: tuple[str, str]) -> bytes:
    """Return a PNG of the points, on areas in the colour of the answer that the network gives."""
    low, high = x.min(0) - 0.5, x.max(0) + 0.5
    across, up = np.linspace(low[0], high[0], 120), np.linspace(low[1], high[1], 120)
    grid = torch.tensor(np.stack(np.meshgrid(across, up), -1), dtype=torch.float32)  # (120, 120, 2)
    with torch.no_grad():
        area = network(grid)[..., 0]
    figure, axes = plt.subplots(figsize=(5.6, 3.6))
    axes.contourf(across, up, area > 0, levels=[-0.5, 0.5, 1.5], colors=["#FCEBCB", "#DCEBF6"])
    for kind, colour, marker in ((0, ORANGE, "s"), (1, BLUE, "o")):
        axes.scatter(*x[y == kind].T, s=12, color=colour, marker=marker, label=names[kind])
    axes.set(xlabel=labels[0], ylabel=labels[1])
    axes.legend(loc="upper right")
    return png_of(figure)
