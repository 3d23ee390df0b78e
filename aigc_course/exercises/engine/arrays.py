"""Arrays of NumPy and tensors of torch looked at alike, without importing torch, which the first
lessons do not need.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def is_tensor(value: object) -> bool:
    """Tell whether a value is a tensor of torch."""
    return hasattr(value, "detach") and hasattr(value, "requires_grad")


def is_array(value: object) -> bool:
    """Tell whether a value is an array of NumPy or a tensor of torch."""
    return isinstance(value, np.ndarray) or is_tensor(value)


def without_torch(value: Any) -> Any:
    """Return tensors as arrays, in lists and tuples, too; anything else as it is."""
    if is_tensor(value):
        return value.detach().cpu().numpy()
    if isinstance(value, list | tuple) and any(map(_holds_tensor, value)):
        return [without_torch(item) for item in value]
    return value


def _holds_tensor(value: object) -> bool:
    return is_tensor(value) or (isinstance(value, list | tuple) and any(map(_holds_tensor, value)))


def type_name(value: Any) -> str:
    """Name the type of an array's numbers, "float32" say, for NumPy and torch alike."""
    return str(value.dtype).removeprefix("torch.")
