"""Interactive demonstrations of the image lessons: restoration, latent planes, training."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import anywidget
import ipywidgets
import numpy as np
import traitlets
from PIL import Image

from aigc_course.core.errors import CourseError
from aigc_course.widgets.parts import follow, picture

if TYPE_CHECKING:
    import torch

_STYLE = {"style": {"description_width": "6em"}, "layout": ipywidgets.Layout(width="22em")}


def png(image, size: int) -> bytes:
    """Return a grey image as a PNG.

    Args:
        image: (H, W); clipped to [0, 1].
        size: height of the PNG in pixels; the image's own pixels become squares.
    """
    pixels = Image.fromarray((np.clip(np.asarray(image), 0, 1) * 255).round().astype(np.uint8))
    data = io.BytesIO()
    pixels.resize((size * pixels.width // pixels.height, size), Image.Resampling.NEAREST).save(
        data, format="PNG"
    )
    return data.getvalue()


def restoration_player(
    images: torch.Tensor, repair: Callable[[torch.Tensor], torch.Tensor]
) -> ipywidgets.VBox:
    """Return a widget to damage a picture, with a hole and noise, and see it restored.

    Args:
        images: (N, 1, H, W) in [0, 1], at least one.
        repair: damaged image (1, H, W) -> restored image, same shape, in [0, 1].
    """
    if not len(images):
        raise CourseError("restoration_player needs at least one picture.")
    import torch

    bottom, last = images.shape[-2] - 1, images.shape[-1] - 1
    noise = torch.randn(images.shape[1:], generator=torch.Generator().manual_seed(0))

    def slider(description: str, value: int, last: int) -> ipywidgets.IntSlider:
        ends = {"min": 0, "max": last}
        return ipywidgets.IntSlider(value=value, description=description, **ends, **_STYLE)

    which = slider("picture", 0, len(images) - 1)
    across, down = slider("hole, x", last // 2, last), slider("hole, y", bottom // 2, bottom)
    wide = slider("its width", 8, last // 2 + 1)
    ends = {"value": 0.0, "min": 0.0, "max": 0.8, "step": 0.05}
    amount = ipywidgets.FloatSlider(description="noise", **ends, **_STYLE)
    shown, caption = ipywidgets.HTML(), ipywidgets.HTML("damaged, restored, true")

    def look() -> None:
        true = images[which.value]
        damaged = (true + amount.value * noise).clamp(0, 1)
        left, top = (max(0, c.value - wide.value // 2) for c in (across, down))
        damaged[:, top : top + wide.value, left : left + wide.value] = 0.5
        alt = f"Picture {which.value}, damaged, restored and true."
        shown.value = picture(png(torch.cat([damaged, repair(damaged), true], 2)[0], 196), alt)

    controls = [which, across, down, wide, amount]
    return ipywidgets.VBox([ipywidgets.VBox(controls), shown, caption, follow(controls, look)])


class Plane(anywidget.AnyWidget):
    """A widget: a picture of a plane with a point that the mouse or the arrow keys move.

    Attributes:
        x, y: position of the point, from -limit to limit; y grows upwards.
        limit: both axes go from -limit to limit.
        background: PNG of the plane.
        label: what a screen reader reads out.
    """

    _esm = Path(__file__).with_name("plane.js")
    x = traitlets.Float(0.0).tag(sync=True)
    y = traitlets.Float(0.0).tag(sync=True)
    limit = traitlets.Float(2.0).tag(sync=True)
    background = traitlets.Bytes(b"").tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)


def plane_player(
    decode: Callable[[torch.Tensor], torch.Tensor], background, limit: float = 2.5
) -> ipywidgets.HBox:
    """Return a widget to move a point over a latent plane and see what is generated there.

    Args:
        decode: points (N, 2) -> images (N, 1, H, W) in [0, 1].
        background: picture of the plane (H, W) in [0, 1], from `plots.plane`.
        limit: the plane goes from -limit to limit, left to right and bottom to top.
    """
    import torch

    plane = Plane(
        limit=limit,
        background=png(background, 300),
        label="Latent plane: drag the point, or move it with the arrow keys.",
    )
    sliders = [
        ipywidgets.FloatSlider(
            min=-limit, max=limit, step=0.05, description=f"latent {i}", **_STYLE
        )
        for i in (1, 2)
    ]
    shown = ipywidgets.HTML()
    for slider, name in zip(sliders, ("x", "y"), strict=True):
        traitlets.link((plane, name), (slider, "value"))

    def look() -> None:
        generated = png(decode(torch.tensor([[plane.x, plane.y]]))[0, 0], 224)
        shown.value = picture(generated, f"What is generated at {plane.x:g}, {plane.y:g}.")

    return ipywidgets.HBox(
        [plane, ipywidgets.VBox([shown, *sliders, follow([plane], look, ["x", "y"])])]
    )


def training_player(
    generators: dict[int, Callable[[torch.Tensor], torch.Tensor]],
    n_latents: int,
    n_sliders: int = 6,
) -> ipywidgets.VBox:
    """Return a widget that shows what a generator made at each stage of its training.

    Args:
        generators: step -> function from (N, n_latents) to images (N, 1, H, W) in [0, 1]; at least
            one.
        n_latents: numbers of noise.
        n_sliders: latents with a slider; its value is added to the noise.
    """
    if not generators:
        raise CourseError("training_player needs at least one generator: {step: function}.")
    import torch

    steps = sorted(generators)
    when = ipywidgets.SelectionSlider(options=steps, value=steps[-1], description="step", **_STYLE)
    seed = ipywidgets.IntSlider(value=0, min=0, max=99, description="seed", **_STYLE)
    ends = {"value": 0.0, "min": -3.0, "max": 3.0, "step": 0.1}
    sliders = [
        ipywidgets.FloatSlider(description=f"latent {i + 1}", **ends, **_STYLE)
        for i in range(min(n_sliders, n_latents))
    ]
    shown = ipywidgets.HTML()

    def look() -> None:
        z = torch.randn(8, n_latents, generator=torch.Generator().manual_seed(seed.value))
        z[:, : len(sliders)] += torch.tensor([slider.value for slider in sliders])
        shown.value = picture(
            png(torch.cat(list(generators[when.value](z)[:, 0]), 1), 112),
            f"Eight pictures, generated after {when.value} steps.",
        )

    controls = [when, seed, *sliders]
    return ipywidgets.VBox([*controls, shown, follow(controls, look)])
