"""Says how two results differ, in facts: kind, shape, type, NaN, sign, a factor, the first entry
that differs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from aigc_course.exercises.engine.arrays import is_array, without_torch
from aigc_course.exercises.engine.compare import (
    Outcome,
    holds_numbers,
    plain,
    same,
    same_behaviour,
)
from aigc_course.exercises.engine.observe import NO_GRADIENT, PASSES, RESULT
from aigc_course.exercises.engine.types import Exercise

SMALL = 12  # arrays of at most so many numbers are printed whole
LONGEST = 200  # characters of a value in a message

_LN2, _LN10 = math.log(2), math.log(10)
_FACTORS = {
    0.5: "half",
    2.0: "twice",
    _LN2: "ln 2 = 0.693 times (the natural logarithm in place of that to base 2?)",
    1 / _LN2: "1 / ln 2 = 1.443 times (the logarithm to base 2 in place of the natural one?)",
    _LN10: "ln 10 = 2.303 times (the natural logarithm in place of that to base 10?)",
    _LN10 / _LN2: "3.322 times (the logarithm to base 2 in place of that to base 10?)",
}


def first_difference(exercise: Exercise, mine: list[Outcome], right: list[Outcome]) -> str:
    """Tell on which arguments an answer first differs, what was expected and what came."""
    for arguments, got, want in zip(exercise.probes(), mine, right, strict=True):
        if same_behaviour([got], [want]):
            continue
        call = f"for {', '.join(map(shorten, arguments))}"
        if got.error:
            return f"it raised {got.error}: {got.message} {call}."
        if want.error:
            return f"{call} expected an error ({want.error}), but yours gave {shorten(got.value)}."
        if _only_lacks_gradients(got.value, want.value):
            return NO_GRADIENT
        return f"{call} {difference(got.value, want.value)}.{_relation(mine, right)}"
    return "it differs from the reference."


def _only_lacks_gradients(got: object, want: object) -> bool:
    """Tell whether a result is right but for the gradients that it should let through."""
    if not (isinstance(got, Mapping) and isinstance(want, Mapping)):
        return False
    return got.get(PASSES) is False and same(got.get(RESULT), want.get(RESULT))


def difference(got: object, want: object) -> str:
    """Describe in half a sentence how one value differs from the one that is expected."""
    try:
        if isinstance(got, Mapping) and isinstance(want, Mapping):
            return _of_mappings(got, want)
        if is_array(want):
            return _of_arrays(got, want)
        if isinstance(got, list | tuple) and isinstance(want, list | tuple):
            return _of_lists(got, want)
    except Exception:  # a learner's own object may raise wherever it is looked at
        return _both(shorten(got), want)
    return _both(shorten(got), want)


def _both(got: str, want: object) -> str:
    return f"expected {shorten(want)}, but yours gave {got}"


def _of_mappings(got: Mapping, want: Mapping) -> str:
    for key in want:
        if key in got and not same(got[key], want[key]):
            place = "" if key == RESULT else f"({key if isinstance(key, str) else shorten(key)}) "
            return place + difference(got[key], want[key])
    if missing := [key for key in want if key not in got]:
        return f"expected {shorten(missing[0])} in the result, too"
    extra = next(key for key in got if key not in want)
    return f"yours also has {shorten(extra)}, which should not be there"


def _of_lists(got: list | tuple, want: list | tuple) -> str:
    if max(len(_text(got)), len(_text(want))) <= LONGEST and not any(map(is_array, want)):
        return _both(shorten(got), want)
    if len(got) != len(want):
        return f"expected {len(want)} items, but yours gave {len(got)}"
    at = next(i for i in range(len(want)) if not same(got[i], want[i]))
    return f"(item {at}) {difference(got[at], want[at])}"


def _of_arrays(got: object, want: object) -> str:
    if not holds_numbers(plain(got)):
        return _both(shorten(got), want)
    mine, right = np.asarray(without_torch(got)), np.asarray(without_torch(want))
    if mine.dtype.kind not in "biuf":
        return _both(shorten(got), want)
    if mine.size == right.size == 1 and 0 in (mine.ndim, right.ndim):
        return _both(shorten(got), want)  # one number is the same in any shape
    small = max(mine.size, right.size) <= SMALL
    if mine.shape != right.shape:
        return _of_shapes(got, want, mine, right, small)
    if (mine.dtype.kind == "b") != (right.dtype.kind == "b"):
        return f"expected type {right.dtype}, but yours is {mine.dtype}"
    odd = np.argwhere(~np.isfinite(mine) & np.isfinite(right))
    if len(odd) and not small:
        place = tuple(odd[0].tolist())
        return f"yours has {mine[place]} at {list(place)}, where {right[place]:.4g} is expected"
    shown = _both(shorten(got), want) if small else _first_entry(mine, right)
    return shown + _rearranged(mine, right)


def _of_shapes(got: object, want: object, mine, right, small: bool) -> str:
    turned = same(mine.T, right) and mine.ndim > 1
    note = " (rows and columns are exchanged)" if turned else ""
    shapes = f"expected shape {right.shape}, but yours has {mine.shape}{note}"
    return f"{shapes}: expected {shorten(want)}, yours is {shorten(got)}" if small else shapes


def _first_entry(mine: np.ndarray, right: np.ndarray) -> str:
    differs = np.argwhere(~np.isclose(mine, right, rtol=1e-5, atol=1e-6, equal_nan=True))
    place = tuple(differs[0].tolist())
    return (
        f"{len(differs)} of {right.size} entries of shape {right.shape} differ, first at "
        f"{list(place)}: expected {right[place]:.4g}, but yours gave {mine[place]:.4g}"
    )


def _rearranged(mine: np.ndarray, right: np.ndarray) -> str:
    if mine.ndim > 1 and same(np.swapaxes(mine, -1, -2), right):
        return "; rows and columns are exchanged"
    if mine.size > 1 and same(np.sort(mine, axis=None), np.sort(right, axis=None)):
        return "; the numbers are right, their order is not"
    return ""


def _relation(mine: list[Outcome], right: list[Outcome]) -> str:
    """Tell what holds for all numbers of all probes together: a sign, a factor, an offset."""
    try:
        got = np.concatenate([_numbers(outcome.value) for outcome in mine])
        want = np.concatenate([_numbers(outcome.value) for outcome in right])
    except Exception:  # an error on a probe, other shapes, or something that is no number
        return ""
    if got.shape != want.shape or not (np.isfinite(got) & np.isfinite(want)).all():
        return ""
    if len(np.unique(want.round(6))) < 2 or same(got, want):
        return ""
    if same(got, -want):
        return " Every number has the wrong sign."
    factor = (got @ want) / (want @ want)
    if factor and same(got, factor * want):
        return f" Every number is {_factor_in_words(factor)} what it should be."
    added = (got - want).mean()
    if same(got, want + added):
        return f" Every number is too {'large' if added > 0 else 'small'} by {abs(added):.4g}."
    return ""


def _factor_in_words(factor: float) -> str:
    for known, words in _FACTORS.items():
        if math.isclose(factor, known, rel_tol=1e-4):
            return words
    return f"{factor:.4g} times"


def _numbers(value: object) -> np.ndarray:
    """Return all numbers of a result in a row, those of its gradients, too."""
    if isinstance(value, Mapping):
        value = [item for item in value.values() if not isinstance(item, bool)]
    if isinstance(value, list | tuple):
        return np.concatenate([_numbers(item) for item in value])
    if not holds_numbers(plain(value)):
        raise TypeError
    array = np.asarray(without_torch(value))
    if array.dtype.kind not in "iuf":
        raise TypeError
    return array.astype(np.float64).reshape(-1)


def shorten(value: object) -> str:
    """Write a value in at most 200 characters; small arrays whole, larger ones by their shape."""
    try:
        text = _text(value)
    except Exception:
        text = f"something that cannot be shown ({type(value).__name__})"
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _text(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, float | np.floating):
        return f"{float(value):.4g}"
    if is_array(value):
        return _array_text(value)
    if type(value) in (list, tuple):
        items = ", ".join(map(_text, value[: LONGEST + 1]))
        if isinstance(value, list):
            return f"[{items}]"
        return f"({items},)" if len(value) == 1 else f"({items})"
    if type(value) in (dict, Counter):
        entries = ", ".join(f"{_text(key)}: {_text(item)}" for key, item in value.items())
        return f"{{{entries}}}" if type(value) is dict else f"Counter({{{entries}}})"
    if callable(value) and hasattr(value, "__name__"):
        return value.__name__
    return repr(value)


def _array_text(value) -> str:
    kind = "array" if isinstance(value, np.ndarray) else "tensor"
    array = np.asarray(without_torch(value))
    if array.size > SMALL:
        article = "an" if str(array.dtype)[0] in "aeiou" else "a"
        return f"{article} {array.dtype} {kind} of shape {array.shape}"
    return f"{kind}({_text(array.tolist())})"
