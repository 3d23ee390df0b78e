"""The losses of a training, collected on the device and read now and then.

Reading each loss at once would make the device wait.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from accelerate import Accelerator

from aigc_course.core.arguments import describe
from aigc_course.core.errors import CourseError


class Recorder:
    """A collector of the losses that steps return, which reads them into curves.

    Args:
        curves: name -> losses, one for each step; what is read is added to them.
        accelerator: the training's; it averages over the processes and sends what is read to the
            trackers.
    """

    def __init__(self, curves: dict[str, list[float]], accelerator: Accelerator):
        self.curves, self.accelerator = curves, accelerator
        self.waiting: list[torch.Tensor] = []

    def note(self, losses: object) -> None:
        """Store what a step returned: one number, or numbers by name.

        Raises:
            CourseError: it is neither, or the names are not those of the steps before.
        """
        named = losses if isinstance(losses, Mapping) else {"loss": losses}
        if not self.curves and named and all(isinstance(name, str) for name in named):
            self.curves.update({name: [] for name in named})
        if not self.curves or named.keys() != self.curves.keys():
            raise CourseError(
                f"Each step must return the same losses ({', '.join(self.curves) or 'at least one'}"
                f"), not {', '.join(map(str, named)) or 'none'}; a checkpoint of other losses "
                "needs another name."
            )
        self.waiting.append(torch.stack([self._number(name, named[name]) for name in self.curves]))

    def _number(self, name: str, value: object) -> torch.Tensor:
        """Return a loss as a tensor of shape () on the device.

        Raises:
            CourseError: it is not one number.
        """
        if isinstance(value, torch.Tensor) and value.numel() == 1:
            return value.detach().reshape(()).float().to(self.accelerator.device)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return torch.tensor(float(value), device=self.accelerator.device)
        raise CourseError(
            f"A step must return its losses as numbers, loss.mean() say; {name!r} is "
            f"{describe(value)}."
        )

    def read(self) -> None:
        """Bring the losses over from the device, averaged over all processes.

        Raises:
            CourseError: one of them is not finite.
        """
        if not self.waiting:
            return
        rows = self.accelerator.reduce(torch.stack(self.waiting), "mean").tolist()
        self.waiting = []
        for row in rows:
            for curve, value in zip(self.curves.values(), row, strict=True):
                curve.append(value)
            self._look_at(dict(zip(self.curves, row, strict=True)))

    def _look_at(self, losses: dict[str, float]) -> None:
        """Send the newest losses to the trackers.

        Raises:
            CourseError: one of them is not finite.
        """
        step = len(next(iter(self.curves.values())))
        if self.accelerator.log_with:
            self.accelerator.log(losses, step=step)
        for name, loss in losses.items():
            if not math.isfinite(loss):
                called = "The loss" if len(losses) == 1 else f"The loss {name!r}"
                raise CourseError(
                    f"{called} is {loss} at step {step}: try a smaller lr, or "
                    "Options(clip=1.0), on a fresh model."
                )
