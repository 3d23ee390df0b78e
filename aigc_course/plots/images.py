"""Figures of the image lessons: grids of images, feature maps, latent planes and densities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from aigc_course.plots.style import BLUE, GREEN, ORANGE, show

if TYPE_CHECKING:
    import torch

SIGNED = LinearSegmentedColormap.from_list("signed", [ORANGE, "white", BLUE])
"""A colour map: orange for negative numbers, white for 0, blue for positive ones."""

GREY = {"cmap": "gray", "vmin": 0, "vmax": 1}


def signed(
    images: Sequence,
    alt: str,
    *,
    titles: Sequence[str] = (),
    columns: int | None = None,
    size: float = 1.2,
) -> None:
    """Draw arrays of signed numbers, each on its own scale: orange below 0, blue above.

    Args:
        images: each (H, W), of any size.
        alt: alternative text.
        titles: one for each image.
        columns: images side by side; None puts all into one row.
        size: width and height of an image in inches.
    """
    tables = [np.asarray(image) for image in images]
    limits = [np.abs(table).max() or 1.0 for table in tables]
    looks = [{"cmap": SIGNED, "vmin": -limit, "vmax": limit} for limit in limits]
    show(_grid(tables, looks, columns or len(images), titles, size), alt)


def plane(
    decode: Callable[[torch.Tensor], torch.Tensor], n: int = 12, limit: float = 2.5
) -> np.ndarray:
    """Return what is decoded at the points of a plane, as one large image in [0, 1].

    Args:
        decode: points (n * n, 2) -> images (n * n, 1, H, W) in [0, 1].
        n: points along each side.
        limit: the plane goes from -limit to limit, left to right and bottom to top.

    Returns:
        (n * H, n * W).
    """
    import torch

    ticks = torch.linspace(-limit, limit, n)  # flipped for y, as the first row is at the top
    y, x = torch.meshgrid(ticks.flip(0), ticks, indexing="ij")
    images = decode(torch.stack([x, y], -1).reshape(-1, 2)).detach().cpu().numpy()
    height, width = images.shape[-2:]
    # (n * n, H, W) -> (n, n, H, W) -> (n, H, n, W) -> (n * H, n * W)
    return images.reshape(n, n, height, width).transpose(0, 2, 1, 3).reshape(n * height, n * width)


def latent_map(
    image: np.ndarray,
    points: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    alt: str,
    limit: float = 2.5,
) -> None:
    """Draw a latent plane twice: where pictures are encoded, and what is decoded at each point.

    Args:
        image: from `plane`.
        points: (N, 2) latents of pictures; of each class the first 60 are drawn.
        labels: (N,) index into names.
        names: of the classes; their first two characters mark the points.
        alt: alternative text.
        limit: both axes go from -limit to limit.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 4.1))
    colours = plt.get_cmap("tab20")(np.linspace(0, 1, 20))[::2]
    marks = {"fontsize": 8, "ha": "center", "va": "center", "clip_on": True}
    for k, name in enumerate(names):
        for x, y in points[labels == k][:60]:
            left.text(x, y, name[:2], color=colours[k % 10], **marks)
    left.set(xlim=(-limit, limit), ylim=(-limit, limit), title="where pictures land")
    left.set(xlabel="latent 1", ylabel="latent 2")
    left.set_aspect("equal")
    right.imshow(image, cmap="gray", vmin=0, vmax=1, extent=(-limit, limit, -limit, limit))
    right.set(xlabel="latent 1", ylabel="latent 2", title="what is generated at each point")
    right.grid(visible=False)
    show(figure, alt)


def display_images(
    images: torch.Tensor, alt: str, *, columns: int = 12, size: float = 0.7, handle=None
):
    """Show images, or replace those shown before: a picture that changes while a model trains.

    Args:
        images: (N, 1, H, W) in [0, 1].
        alt: alternative text.
        columns: images side by side.
        size: width and height of an image in inches.
        handle: what an earlier call returned; None shows a new picture.

    Returns:
        A handle for the next call; None outside Jupyter.
    """
    from IPython.display import display

    figure = _grid(np.asarray(images)[:, 0], [GREY] * len(images), columns, (), size)
    metadata = {"image/png": {"alt": alt}}
    if handle is None:
        handle = display(figure, metadata=metadata, display_id=True)
    else:
        handle.update(figure, metadata=metadata)
    plt.close(figure)
    return handle


def densities(x: Sequence[float], panels: list[dict], alt: str) -> None:
    """Draw a GAN in one dimension, one panel for each moment of its training.

    A panel has the densities of real and of generated numbers, the learned discriminator D, and the
    best possible one.

    Args:
        x: (N,) positions.
        panels: each {"title": str, "real": (N,), "generated": (N,), "D": (N,), "best D": (N,)}; the
            last two are probabilities in [0, 1].
        alt: alternative text.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(3.1 * len(panels), 2.9), squeeze=False, sharey=True
    )
    for axis, panel in zip(axes[0], panels, strict=True):
        axis.fill_between(x, panel["real"], color=BLUE, alpha=0.3, linewidth=0, label="real")
        axis.fill_between(
            x, panel["generated"], color=ORANGE, alpha=0.4, linewidth=0, label="generated"
        )
        axis.plot(x, panel["best D"], color="black", linestyle="--", linewidth=1.5, label="best D")
        axis.plot(x, panel["D"], color=GREEN, label="learned D")
        axis.set(title=panel["title"], xlabel="x", ylim=(0, 1.05))
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    show(figure, alt)


def clouds(
    sets: dict[str, torch.Tensor],
    centres: torch.Tensor,
    alt: str,
    *,
    labels: dict[str, torch.Tensor] | None = None,
    limit: float = 3.0,
) -> None:
    """Draw sets of points of a plane, one panel for each, with circles where points should be.

    Args:
        sets: title -> (N, 2).
        centres: (M, 2), of the circles.
        alt: alternative text.
        labels: title -> (N,) whole numbers, written in place of the points.
        limit: both axes go from -limit to limit.
    """
    figure, axes = plt.subplots(1, len(sets), figsize=(2.3 * len(sets), 2.6), squeeze=False)
    for axis, (title, points) in zip(axes[0], sets.items(), strict=True):
        axis.scatter(
            *np.asarray(centres).T, s=160, facecolor="none", edgecolor=ORANGE, linewidth=1.5
        )
        if labels and title in labels:
            for (x, y), label in zip(
                np.asarray(points).tolist(), labels[title].tolist(), strict=True
            ):
                axis.text(
                    x, y, str(label), fontsize=8, color=BLUE, ha="center", va="center", clip_on=True
                )
        else:
            axis.scatter(*np.asarray(points).T, s=3, color=BLUE, alpha=0.4, edgecolor="none")
        axis.set(title=title, xlim=(-limit, limit), ylim=(-limit, limit), xticks=[], yticks=[])
        axis.set_aspect("equal")
    show(figure, alt)


def image_grid(
    images,
    alt: str,
    *,
    columns: int,
    titles: Sequence[str] = (),
    size: float = 0.8,
    smooth: bool = False,
) -> None:
    """Draw grey images in a grid.

    Args:
        images: (N, H, W) or (N, 1, H, W) in [0, 1].
        alt: alternative text.
        columns: images side by side.
        titles: one for each image.
        size: width and height of an image in inches.
        smooth: blend neighbouring pixels, for very small images.
    """
    images = np.asarray(images).reshape(len(images), *np.shape(images)[-2:])
    look = GREY | {"interpolation": "bicubic" if smooth else "nearest"}
    show(_grid(images, [look] * len(images), columns, titles, size), alt)


def _grid(images, looks: list[dict], columns: int, titles: Sequence[str], size: float) -> Figure:
    """Return a figure of images in rows, not shown yet.

    Args:
        images: each (H, W).
        looks: for each image its arguments of `imshow`.
        columns: images side by side.
        titles: one for each image, or none at all.
        size: width and height of an image in inches.
    """
    rows = -(-len(images) // columns)  # rounded up
    shape = columns * size, rows * (size + (0.25 if titles else 0))
    figure, axes = plt.subplots(rows, columns, figsize=shape, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for i, (axis, image, look) in enumerate(zip(axes.flat, images, looks, strict=False)):
        axis.imshow(image, **look)
        if titles:
            axis.set_title(titles[i], fontsize=9)
    return figure
