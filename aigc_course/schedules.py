"""How the learning rate changes during a training."""

from __future__ import annotations

import math

SCHEDULES = ("constant", "linear", "cosine")


def rate(step: int, steps: int, options) -> float:
    """Share of the largest learning rate at a step."""
    if step < options.warmup:
        return (step + 1) / (options.warmup + 1)
    done = (step - options.warmup) / max(1, steps - options.warmup)
    return {"constant": 1.0, "linear": 1 - done, "cosine": 0.5 + 0.5 * math.cos(math.pi * min(done, 1))}[options.schedule]
