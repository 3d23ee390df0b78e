"""Random arguments for the hidden trials of an exercise."""

from __future__ import annotations

import numpy as np

Draw = np.random.Generator


def normal(rng: Draw, *shape: int, double: bool = False):
    """Return a tensor (*shape) of standard Gaussian numbers, float64 if `double`, else float32."""
    import torch

    return torch.tensor(rng.normal(size=shape), dtype=torch.float64 if double else torch.float32)


def ints(rng: Draw, low: int, high: int, *shape: int):
    """Return a tensor (*shape), int64, of whole numbers from low to high - 1."""
    import torch

    return torch.tensor(rng.integers(low, high, shape))


def size(rng: Draw, low: int = 1, high: int = 6) -> int:
    """Return a whole number from low to high, both included."""
    return int(rng.integers(low, high + 1))


def letters(rng: Draw, n: int, alphabet: str = "abc") -> list[str]:
    """Return n letters drawn from an alphabet, with repetition."""
    return [alphabet[i] for i in rng.integers(0, len(alphabet), n)]
