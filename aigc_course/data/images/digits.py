"""Real handwriting without a download: 1,797 digits that come with scikit-learn.

Each has 8 x 8 pixels; the data card is data/digits.md.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Digits(NamedTuple):
    """Handwritten digits and their labels.

    Attributes:
        images: (1797, 1, 8, 8) float32 in [0, 1].
        labels: (1797,) int64, the digit 0 to 9.
    """

    images: Tensor
    labels: Tensor


def load() -> Digits:
    """Load all 1,797 digits.

    Source: Alpaydin and Kaynak (1998), UCI; the licence stands in the data card.
    """
    from sklearn.datasets import load_digits  # here, as it takes a second to import

    data = load_digits()
    return Digits(
        torch.from_numpy(data.images).float().unsqueeze(1)
        / 16,  # (N, 8, 8) in [0, 16] -> (N, 1, 8, 8) in [0, 1]
        torch.from_numpy(data.target).long(),
    )
