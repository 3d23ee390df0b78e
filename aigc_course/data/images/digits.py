"""Real handwriting, no download: the 1,797 digits of 8 x 8 pixels that come with scikit-learn
(card: data/digits.md).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Digits(NamedTuple):
    """Handwritten digits.

    Attributes:
        images: (1797, 1, 8, 8) float32 in [0, 1].
        labels: (1797,) int64, the digit 0 to 9.
    """

    images: Tensor
    labels: Tensor


def load() -> Digits:
    """Load all 1,797 digits (source: Alpaydin and Kaynak 1998, UCI; licence in the data card)."""
    from sklearn.datasets import load_digits  # scikit-learn takes a second to import

    data = load_digits()
    return Digits(
        torch.from_numpy(data.images).float().unsqueeze(1) / 16,
        torch.from_numpy(data.target).long(),
    )
