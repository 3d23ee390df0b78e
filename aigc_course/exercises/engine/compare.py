"""Runs an answer on the probes of an exercise and compares what it does with what the reference
does.
"""

from __future__ import annotations

import array
import contextlib
import copy
import decimal
import functools
import inspect
import io
import math
import numbers
from collections import deque
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aigc_course.exercises.engine.arrays import is_tensor, without_torch
from aigc_course.exercises.engine.types import Exercise


@dataclass(frozen=True)
class Outcome:
    """What one probe gave.

    Attributes:
        value: what is compared: the result, or what the exercise observes of it.
        error: kind of the error that was raised, "ValueError" say; "" when there was none.
        message: text of that error.
        changed: whether the arguments were changed.
        returned: the result itself, which `adapting` looks at; it stays in this process.
    """

    value: object = None
    error: str = ""
    message: str = ""
    changed: bool = False
    returned: object = field(default=None, compare=False, repr=False)


def outcomes(exercise: Exercise, answer: Callable) -> list[Outcome]:
    """Run `answer` on every probe; what it prints is dropped."""
    given, untouched = copy.deepcopy(exercise.probes()), exercise.probes()
    return [
        _run(exercise.observe, answer, arguments, before)
        for arguments, before in zip(given, untouched, strict=True)
    ]


def _run(observe: Callable, answer: Callable, arguments: tuple, untouched: tuple) -> Outcome:
    results: list[object] = [None]
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            value = observe(_remembering(answer, results), arguments)
            changed = any(
                _holds_data(before) and not same(after, before)
                for after, before in zip(arguments, untouched, strict=True)
            )
            return Outcome(value, changed=changed, returned=results[-1])
        except (Exception, SystemExit) as error:
            return Outcome(error=type(error).__name__, message=_message(error))


def _remembering(answer: Callable, results: list[object]) -> Callable:
    """Return the same answer, whose results are noted as it gives them; a class stays as it is."""
    if inspect.isclass(answer):
        return answer

    @functools.wraps(answer)
    def noted(*args, **kwargs):
        results.append(answer(*args, **kwargs))
        return results[-1]

    return noted


def _holds_data(argument: object) -> bool:
    """Tell data, which an answer could change, from models and functions."""
    return isinstance(argument, list | tuple | set | Mapping | np.ndarray) or is_tensor(argument)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an error of the learner's own, whose text cannot be made
        return ""


def same_behaviour(a: list[Outcome], b: list[Outcome]) -> bool:
    """Tell whether two answers did the same on every probe; errors agree when their kinds do."""
    return all(
        x.error == y.error and (bool(x.error) or same(x.value, y.value))
        for x, y in zip(a, b, strict=True)
    )


def same(a: object, b: object) -> bool:
    """Tell whether a reader would call two values equal.

    A list is like any other sequence; whole numbers must agree exactly, others to 1e-6, arrays in
    shape and to 1e-5, whatever holds them: a tensor, NumPy, a list.
    """
    try:
        return _same(a, b)
    # 1j, 10 ** 400, arrays in lists of lists, tensors that cannot become arrays ...
    except (TypeError, ValueError, OverflowError, RecursionError, RuntimeError):
        return False


def _same(a: Any, b: Any) -> bool:
    a, b = plain(a), plain(b)
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        if not (holds_numbers(a) and holds_numbers(b)):
            return False
        return _same_arrays(np.asarray(a), np.asarray(b))
    if isinstance(a, numbers.Number) and isinstance(b, numbers.Number):
        return _same_numbers(a, b)
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and str.__eq__(a, b)
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return set(a) == set(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, Set) and isinstance(b, Set):
        return a == b
    return type(a) is type(b) and bool(a == b)


def plain(value: Any) -> Any:
    """Return a value in the form in which it is compared, here and when it is graded.

    Tensors become arrays; arrays of text or of objects and sequences of other kinds become lists;
    numbers of other kinds (NumPy's, Decimal, Fraction) become Python's, in lists, too.
    """
    if is_tensor(value) and str(value.dtype) == "torch.bfloat16":  # NumPy has no such type
        value = value.float()
    value = without_torch(value)
    if isinstance(value, np.ndarray):
        return value if value.dtype.kind in "biuf" else value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, array.array | memoryview):
        return value.tolist()
    if isinstance(value, deque | range):
        value = list(value)
    if isinstance(value, list | tuple):
        return list(map(plain, value)) if any(map(_is_other_number, value)) else value
    return float(value) if _is_other_number(value) else value


def holds_numbers(value: Any) -> bool:
    """Tell whether a value is a number, or lists and arrays of numbers alone.

    Only such a one may become an array: text would take as much room as its longest piece, for
    each piece.
    """
    if isinstance(value, list | tuple):
        return all(map(holds_numbers, value))
    return isinstance(value, np.ndarray | np.number | np.bool_ | numbers.Number)


def _is_other_number(value: Any) -> bool:
    """Tell a Decimal or a Fraction."""
    other = isinstance(value, numbers.Rational) and not isinstance(value, numbers.Integral)
    return other or isinstance(value, decimal.Decimal)


def _same_numbers(a: Any, b: Any) -> bool:
    if isinstance(a, numbers.Integral) and isinstance(b, numbers.Integral):
        return int(a) == int(b)
    return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9) or (a != a and b != b)


def _same_arrays(a: np.ndarray, b: np.ndarray) -> bool:
    """Compare shapes and numbers: one number is the same in any shape, True is not 1, and text is
    no number.
    """
    if not {a.dtype.kind, b.dtype.kind} <= set("biuf"):
        return False
    if (a.dtype.kind == "b") != (b.dtype.kind == "b"):
        return False
    if a.size == b.size == 1 and 0 in (a.ndim, b.ndim):
        a, b = a.reshape(()), b.reshape(())
    a, b = a.astype(np.float64), b.astype(np.float64)
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-5, atol=1e-6, equal_nan=True)
