"""Values as plain data: what an answer gave crosses from an untrusted process as JSON, never as
objects with methods of their own.
"""

from __future__ import annotations

import base64
import math
import numbers
from collections.abc import Mapping, Set

import numpy as np

from aigc_course.exercises.engine import compare
from aigc_course.exercises.engine.compare import Outcome
from aigc_course.exercises.engine.facts import shorten

DEEPEST, LARGEST = 20, 1_000_000  # levels of nesting, numbers in an array
# Items in all lists together, and keys in all sets and dictionaries together, of what one answer
# gave: keys can be chosen so that a container of them takes the square of their number to build.
MOST_ITEMS, MOST_KEYS = 200_000, 3_000
MOST_DIGITS = 2_000  # of a whole number, hexadecimal


def encode(value: object, depth: int = 0) -> list:
    """Turn a value into nested lists that JSON can hold.

    A tensor becomes an array, any sequence a list, and anything unknown its name and text: the
    forms in which `compare.same` compares.

    Raises:
        ValueError: it is nested too deeply, or an array is too large.
    """
    if depth > DEEPEST:
        raise ValueError(f"the result is nested more than {DEEPEST} levels deep")
    value = compare.plain(value)
    if isinstance(value, np.ndarray):
        return _encode_array(value)
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
    if isinstance(value, Mapping):
        return ["dict", [[encode(k, depth + 1), encode(v, depth + 1)] for k, v in value.items()]]
    if isinstance(value, list | tuple):
        return ["list", [encode(item, depth + 1) for item in value]]
    if isinstance(value, Set):
        return ["set", [encode(item, depth + 1) for item in value]]
    return ["object", type(value).__qualname__, shorten(value)]


def _encode_array(array: np.ndarray) -> list:
    if array.size > LARGEST:
        raise ValueError(f"the result has more than {LARGEST:,} numbers")
    raw = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return ["array", array.dtype.str, list(array.shape), raw]


def decode(data: object) -> object:
    """Return the plain value that `encode` wrote: None, bool, int, float, str, bytes, list, dict,
    set or array.

    Raises:
        ValueError: it is not what `encode` writes, or larger than an answer may be.
    """
    return _Reader().value(data)


class _Reader:
    """Reads what one answer gave; counts items and keys over all of it.

    The counts bound the time that reading and comparing take, whatever the data are.
    """

    def __init__(self):
        self.items, self.keys = MOST_ITEMS, MOST_KEYS

    def value(self, data: object) -> object:
        """Return a plain value.

        Raises:
            ValueError: it is not what `encode` writes, or too large.
        """
        try:
            return self._read(data, 0)
        except (TypeError, KeyError, IndexError, OverflowError, RecursionError) as error:
            raise ValueError(f"not a value: {error}") from None

    def _read(self, data, depth: int):
        kind, *rest = data
        if depth > DEEPEST:
            raise ValueError("nested too deeply")
        if kind == "array":
            return self._array(*rest)
        if kind in ("list", "set", "dict"):
            self._count(kind, len(rest[0]))
        if kind == "list":
            return [self._read(item, depth + 1) for item in rest[0]]
        if kind == "set":
            return {_as_key(self._read(item, depth + 1)) for item in rest[0]}
        if kind == "dict":
            read = ((self._read(k, depth + 1), self._read(v, depth + 1)) for k, v in rest[0])
            return {_as_key(key): value for key, value in read}
        if kind == "object":
            return f"{rest[0]:.200} {rest[1]:.200}"
        return _PLAIN[kind](*rest)

    def _count(self, kind: str, n: int) -> None:
        self.items -= n
        self.keys -= n if kind != "list" else 0
        if self.items < 0 or self.keys < 0:
            raise ValueError(f"more than {MOST_ITEMS:,} items or {MOST_KEYS:,} keys")

    def _array(self, kind: str, shape: list, raw: str) -> np.ndarray:
        numpy_type = np.dtype(kind)
        sizes, content = [int(n) for n in shape], base64.b64decode(raw, validate=True)
        of_numbers = numpy_type.kind in "biuf" and min(sizes, default=1) >= 0 and len(sizes) < 33
        self.items -= len(sizes)
        if not of_numbers or math.prod(sizes) * numpy_type.itemsize != len(content):
            raise ValueError("not an array")
        return np.frombuffer(content, dtype=numpy_type).reshape(sizes).copy()


def _whole_number(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError("a number that is too long")
    return int(text, 16)


_PLAIN = {
    "none": lambda: None,
    "bool": lambda x: x is True,
    "int": _whole_number,
    "float": float.fromhex,
    "str": lambda x: f"{x}",
    "bytes": lambda x: base64.b64decode(x, validate=True),
}


def _as_key(value):
    """Turn lists into tuples and sets into frozen ones: where a value must be hashable, it was."""
    if isinstance(value, list):
        return tuple(map(_as_key, value))
    return frozenset(value) if isinstance(value, set) else value


def encode_outcomes(outcomes: list[Outcome]) -> list:
    """Turn outcomes into data; one that cannot be written counts as an error of the answer."""
    return [_encode_outcome(outcome) for outcome in outcomes]


def _encode_outcome(outcome: Outcome) -> dict:
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
    reader = _Reader()
    try:
        return [
            Outcome(
                reader.value(item["value"]),
                str(item["error"])[:100],
                str(item["message"])[:1000],
                item["changed"] is True,
            )
            for item in data
        ]
    except (TypeError, KeyError) as error:
        raise ValueError(f"not outcomes: {error}") from None


def plain(outcomes: list[Outcome]) -> list[Outcome]:
    """Bring trusted outcomes into the form in which untrusted ones arrive, so that both compare."""
    return decode_outcomes(encode_outcomes(outcomes))
