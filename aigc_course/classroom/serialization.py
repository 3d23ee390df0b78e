"""Values as plain data.

What an answer gave crosses from an untrusted process as JSON, never as objects with methods of
their own.
"""

from __future__ import annotations

import base64
import math
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from aigc_course.exercises.engine.compare import Outcome
from aigc_course.exercises.engine.facts import shorten

DEEPEST, LARGEST = 20, 1_000_000  # levels of nesting, numbers in an array
# items of a list, a set or a dictionary: keys can be chosen so that a large one takes minutes to
# build
LONGEST = 10_000


def encode(value: Any, depth: int = 0) -> list:
    """Return a value as nested lists that JSON can hold.

    A tensor becomes an array, a tuple a list, and a value of any other type the name of its type
    and its text.

    Args:
        value: anything that an answer may give.
        depth: the number of containers that the value lies in.

    Raises:
        ValueError: it is nested too deeply, or an array is too large.
    """
    if depth > DEEPEST:
        raise ValueError(f"the result is nested more than {DEEPEST} levels deep")
    value = _without_torch_and_numpys_numbers(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return _encode_array(value)
    known = _encode_single(value) or _encode_container(value, depth + 1)
    return known or ["object", type(value).__qualname__, shorten(value)]


def _without_torch_and_numpys_numbers(value):
    """Return a tensor as an array, a number of NumPy's as one of Python's, others as they are."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    return value.item() if isinstance(value, np.generic) else value


def _encode_array(array: np.ndarray) -> list:
    """Return an array of numbers as its type, its shape and its bytes.

    Raises:
        ValueError: it has more than `LARGEST` numbers.
    """
    if array.size > LARGEST:
        raise ValueError(f"the result has more than {LARGEST:,} numbers")
    raw = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return ["array", array.dtype.str, list(array.shape), raw]


def _encode_single(value: Any) -> list | None:
    """Return None, a truth value, a number, a string or bytes as data; None for anything else."""
    if value is None:
        return ["none"]
    if isinstance(value, bool):
        return ["bool", bool(value)]
    if isinstance(value, numbers.Integral):
        return ["int", hex(int(value))]
    if isinstance(value, numbers.Real):
        return ["float", float(value).hex()]
    if isinstance(value, str):
        return ["str", str.__str__(value)]
    if isinstance(value, bytes):
        return ["bytes", base64.b64encode(value).decode()]
    return None


def _encode_container(value: Any, depth: int) -> list | None:
    """Return a dictionary, a list, a tuple or a set as data; None for anything else.

    Args:
        value: the container.
        depth: the number of containers that its items lie in.

    Raises:
        ValueError: it is nested too deeply, or an array in it is too large.
    """
    if isinstance(value, Mapping):
        return ["dict", [[encode(k, depth), encode(v, depth)] for k, v in value.items()]]
    if isinstance(value, list | tuple):
        return ["list", [encode(item, depth) for item in value]]
    if isinstance(value, set | frozenset):
        return ["set", [encode(item, depth) for item in value]]
    return None


def decode(data: object) -> object:
    """Return the plain value that `encode` wrote.

    Args:
        data: what came from the untrusted process.

    Returns:
        None, bool, int, float, str, bytes, list, dict, set or array; for a value of any other type
        a string.

    Raises:
        ValueError: it is not what `encode` writes.
    """
    try:
        return _decode(data, 0)
    except (TypeError, KeyError, IndexError, OverflowError, RecursionError) as error:
        raise ValueError(f"not a value: {error}") from None


def _decode(data, depth):
    """Decode one value; errors come as they are.

    Args:
        data: what came from the untrusted process.
        depth: the number of containers that the value lies in.
    """
    kind, *rest = data
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if kind == "array":
        return _decode_array(rest[0], rest[1], rest[2])
    if kind in ("list", "set", "dict") and len(rest[0]) > LONGEST:
        raise ValueError(f"more than {LONGEST:,} items")
    if kind in ("list", "set"):
        items = [_decode(item, depth + 1) for item in rest[0]]
        return items if kind == "list" else set(map(_as_key, items))
    if kind == "dict":
        return {_as_key(_decode(key, depth + 1)): _decode(item, depth + 1) for key, item in rest[0]}
    if kind == "object":
        return f"{rest[0]:.200} {rest[1]:.200}"
    plain = {
        "none": lambda: None,
        "bool": lambda x: x is True,
        "int": lambda x: int(x, 16),
        "float": float.fromhex,
        "str": lambda x: str(x),
        "bytes": lambda x: base64.b64decode(x, validate=True),
    }
    return plain[kind](*rest)


def _decode_array(type_text: Any, sizes: Any, raw_text: Any) -> np.ndarray:
    """Decode an array of numbers, whose bytes must fit its type and its shape.

    Raises:
        ValueError: they do not fit, or it is an array of something else.
    """
    kind = np.dtype(type_text)
    shape = [int(n) for n in sizes]
    raw = base64.b64decode(raw_text, validate=True)
    is_whole = min(shape, default=1) >= 0 and math.prod(shape) * kind.itemsize == len(raw)
    if kind.kind not in "biufc" or not is_whole:
        raise ValueError("not an array")
    return np.frombuffer(raw, dtype=kind).reshape(shape).copy()


def _as_key(value):
    """Return lists as tuples: tuples arrive as lists, and a key that is a list was a tuple."""
    return tuple(map(_as_key, value)) if isinstance(value, list) else value


def encode_outcomes(outcomes: list[Outcome]) -> list:
    """Return outcomes as data; one that cannot be encoded counts as an error of the answer."""
    return [_encode_outcome(outcome) for outcome in outcomes]


def _encode_outcome(outcome: Outcome) -> dict:
    """Return one outcome as data."""
    try:
        value = encode(outcome.value)
    except Exception as error:  # an object that raises when it is looked at
        failed = Outcome(error=type(error).__name__, message=str(error)[:200])
        return _encode_outcome(failed)
    return {
        "value": value,
        "error": outcome.error,
        "message": outcome.message,
        "changed": outcome.changed,
    }


def decode_outcomes(data: object) -> list[Outcome]:
    """Return the outcomes that `encode_outcomes` wrote.

    Raises:
        ValueError: it is not what `encode_outcomes` writes.
    """
    try:
        return [
            Outcome(
                decode(item["value"]),
                str(item["error"])[:100],
                str(item["message"])[:1000],
                item["changed"] is True,
            )
            for item in data
        ]
    except (TypeError, KeyError) as error:
        raise ValueError(f"not outcomes: {error}") from None


def plain(outcomes: list[Outcome]) -> list[Outcome]:
    """Return trusted outcomes in the form in which untrusted ones arrive, to compare both."""
    return decode_outcomes(encode_outcomes(outcomes))
