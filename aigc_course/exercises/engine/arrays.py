"""NumPy arrays and torch tensors handled alike.

Nothing here imports torch, which the first lessons do not need.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def is_tensor(value: object) -> bool:
    """Return whether a value is a torch tensor."""
    return hasattr(value, "detach") and hasattr(value, "requires_grad")


def is_array(value: object) -> bool:
    """Return whether a value is a NumPy array or a torch tensor."""
    return isinstance(value, np.ndarray) or is_tensor(value)


def without_torch(value: Any) -> Any:
    """Return tensors as NumPy arrays, in lists and tuples, too; anything else as it is.

    A list or tuple that holds a tensor becomes a list.
    """
    if is_tensor(value):
        return value.detach().cpu().numpy()
    if isinstance(value, list | tuple) and any(map(holds_tensor, value)):
        return [without_torch(item) for item in value]
    return value


def holds_tensor(value: object) -> bool:
    """Return whether a value is a torch tensor, or a list or tuple with one in it at any depth."""
    return is_tensor(value) or (isinstance(value, list | tuple) and any(map(holds_tensor, value)))


def type_name(value: Any) -> str:
    """Return the name of the type of an array's numbers, "float32" say.

    Args:
        value: a NumPy array or number, or a torch tensor.
    """
    return str(value.dtype).removeprefix("torch.")
