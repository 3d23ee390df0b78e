"""What a pretraining leaves: a curve while it runs, then a folder with the checkpoint.

The folder holds weights, card and hashes, and is put into its place at once.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import torch
from tqdm.auto import tqdm

from aigc_course import pretrained
from aigc_course.core import files
from aigc_course.core.errors import CourseError
from aigc_course.models.base import evaluating
from aigc_course.training import checkpoints


class Curve:
    """The quality of a model during its training, judged now and then.

    The curve is stored beside the checkpoints, so that a resumed run has all of it.

    Args:
        run: name of the run.
        judge: model -> dictionary of names and numbers.
    """

    def __init__(self, run: str, judge: Callable):
        self.file, self.judge = checkpoints.folder(run) / "curve.json", judge
        try:
            self.points = json.loads(self.file.read_text(encoding="utf-8"))
            self.points = [point for point in self.points if {"step", "cpu_seconds"} <= set(point)]
        except (OSError, ValueError, TypeError, RecursionError):
            self.points = []
        self.last, self.before = (
            time.process_time(),
            self.points[-1]["cpu_seconds"] if self.points else 0.0,
        )

    def __call__(self, step: int, model) -> None:
        """Judge a model after a number of steps, store the result and print it."""
        spent = time.process_time() - self.last
        # A run that went back to an older checkpoint judges the same steps again.
        self.points = [p for p in self.points if p["step"] < step]
        self.before = max([self.before, *(p["cpu_seconds"] for p in self.points)]) + spent
        # Judging draws random numbers, and must not change those of the training.
        with evaluating(model), torch.random.fork_rng():
            self.points.append(
                {"step": step, "cpu_seconds": round(self.before, 1)} | self.judge(model)
            )
        files.write_atomically(self.file, json.dumps(self.points, indent=1).encode())
        tqdm.write("  ".join(f"{key} {value:.4g}" for key, value in self.points[-1].items()))
        self.last = time.process_time()  # the time of judging does not count

    def finish(self, step: int, model) -> None:
        """Judge the trained model unless that was done.

        This is needed when a run was killed between its last checkpoint and its judging.
        """
        if not self.points or self.points[-1]["step"] != step:
            self(step, model)

    def table(self) -> str:
        """Return the curve as a Markdown table."""
        names = [key for key in self.points[-1] if key not in ("step", "cpu_seconds")]
        rows = [
            f"| {p['step']:,} | {p['cpu_seconds']:,.0f} | "
            + " | ".join(f"{p[key]:.3f}" for key in names)
            + " |"
            for p in self.points
        ]
        return (
            "\n".join(
                [
                    f"| step | CPU-s | {' | '.join(names)} |",
                    f"|---|---|{'---|' * len(names)}",
                    *rows,
                ]
            )
            + "\n"
        )


def keep(name: str, write: Callable[[Path], None], card: str, curve: Curve) -> Path:
    """Put a checkpoint into the learner's folder.

    Args:
        name: name of the checkpoint.
        write: folder -> None; writes weights and configuration.
        card: the model card, Markdown.
        curve: what was measured.

    Returns:
        The folder of the checkpoint; an older one there is kept beside it under another name.

    Raises:
        CourseError: it cannot be written.
    """
    target = pretrained.own_folder(name)
    aside = target.with_name(f".{name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(parents=True)
        write(aside)
        files.write_atomically(aside / "curve.json", json.dumps(curve.points, indent=1).encode())
        files.write_atomically(aside / "README.md", card.encode())
        pretrained.record(aside)
        if target.exists():
            target.rename(files.unused_path(target))
        aside.rename(target)
    except OSError as error:
        raise CourseError(
            f"Cannot keep the checkpoint in {target} ({error.strerror}); make room, or "
            "set AIGC_HOME to another folder."
        ) from None
    return target
