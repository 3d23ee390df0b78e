"""Keeps the promise of a tick: an accepted answer works in every later cell.

An answer may give a list for an array, NumPy for a tensor, float64 for float32 or shape (1,) for a
number. Nothing is lost in that, so it is right, and the lesson gets it in the form of the
reference's results.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from aigc_course.exercises.engine.arrays import (
    is_array,
    is_tensor,
    type_name,
    without_torch,
)
from aigc_course.exercises.engine.compare import Outcome


def adapted(
    answer: Callable, mine: Sequence[Outcome], right: Sequence[Outcome], probes: Sequence[tuple]
) -> tuple[Callable, str]:
    """Return what a lesson goes on with in place of an accepted answer, and what is converted.

    Args:
        answer: the learner's.
        mine, right: what it and the reference gave on the probes.
        probes: the arguments.

    Returns:
        The answer itself and "" when its results have the form of the reference's; else the
        answer with its results converted (gradients are kept), and "a list into a tensor", say.
    """
    for got, want, arguments in zip(mine, right, probes, strict=True):
        if change := conversion(got.returned, want.returned):
            return _converting(answer, got.returned, want.returned, arguments), change
    return answer, ""


def _converting(answer: Callable, sample: object, like: object, probe: tuple) -> Callable:
    """Return the answer with every result brought into the form of `like`.

    Args:
        answer: the learner's.
        sample: what it gave where the reference gave `like`.
        like: what the reference gave, whose form is wanted.
        probe: the arguments of that call.
    """
    usual = _float_type(probe)
    leaves_torch = _holds_tensor(like) and not _holds_tensor(sample)

    @functools.wraps(answer)
    def converted(*args, **kwargs):
        given = _on_cpu(args) if leaves_torch else args
        # Where the reference keeps the type of its arguments, so does what is converted.
        retype = {usual: _float_type(args) or usual}
        return _convert(answer(*given, **kwargs), like, retype, _device(args))

    return converted


def conversion(value: Any, like: Any) -> str:
    """Tell what must change in `value` to have the form of `like`: "a list into a tensor", say."""
    if is_tensor(like) or isinstance(like, np.ndarray):
        if _form(value) != _form(like):
            return f"{_form(value)} into {_form(like)}"
        return f"shape {tuple(value.shape)} into ()" if value.ndim > like.ndim == 0 else ""
    if isinstance(like, bool | int | float | np.generic):
        fits = isinstance(value, type(like)) or (type(like) is float and type(value) is int)
        return "" if fits else f"{_form(value)} into {_form(like)}"
    if isinstance(like, list | tuple):
        if not isinstance(value, type(like)):
            return f"{_form(value)} into {_form(like)}"
        return next(filter(None, map(conversion, value, like)), "")
    if isinstance(like, Mapping):
        if not isinstance(value, type(like)):
            return f"{_form(value)} into {_form(like)}"
        return next(filter(None, (conversion(value[key], like[key]) for key in like)), "")
    if isinstance(like, set) and not isinstance(value, set):
        return f"{_form(value)} into {_form(like)}"
    return ""


def _convert(value: Any, like: Any, retype: dict[str, str], device: object) -> Any:
    if is_tensor(like):
        return _as_tensor(value, like, retype, device)
    if isinstance(like, np.ndarray):
        array = np.asarray(without_torch(value), dtype=_type_for(like, retype))
        return array.reshape(()) if like.ndim == 0 else array
    if isinstance(like, bool | int | float | np.generic):
        return _as_number(value, like)
    kind: Any = type(like)
    if isinstance(like, Mapping):
        sample = next(iter(like.values()), None)
        return kind({k: _convert(v, sample, retype, device) for k, v in value.items()})
    if isinstance(like, list | tuple):
        pairs = _with_samples(value, like)
        return kind(_convert(item, sample, retype, device) for item, sample in pairs)
    return set(value) if isinstance(like, set) else value


def _with_samples(value: Any, like: Sequence) -> Iterable[tuple]:
    """Match every item of a result with one of the reference's that has its form."""
    items = list(value) if like and is_array(like[0]) else _plain_items(value)
    if len(items) == len(like):
        return zip(items, like, strict=True)
    # Only a list has another length next time, and it holds many of a kind.
    return ((item, like[0] if like else None) for item in items)


def _as_tensor(value: Any, like: Any, retype: dict[str, str], device: object):
    import torch

    if isinstance(value, list | tuple) and any(map(is_tensor, value)):
        value = torch.stack([torch.as_tensor(item) for item in value])
    tensor = torch.as_tensor(value, dtype=getattr(torch, _type_for(like, retype)), device=device)
    return tensor.reshape(()) if like.dim() == 0 else tensor


def _as_number(value: Any, like: Any) -> Any:
    """Return a number of the kind that the reference gives: whole ones stay whole, 28 for 28.0."""
    number = value.item() if hasattr(value, "item") else value
    if type(like) is int and not (math.isfinite(number) and number == int(number)):
        return number
    return type(like)(number)


def _plain_items(value: Any) -> list:
    value = without_torch(value)
    return value.tolist() if isinstance(value, np.ndarray) else list(value)


def _type_for(like: Any, retype: dict[str, str]) -> str:
    return retype.get(type_name(like), type_name(like))


def _float_type(arguments: Sequence[Any]) -> str:
    """Name the widest floating type among the arrays and tensors given, "" when there is none."""
    names = {type_name(argument) for argument in arguments if is_array(argument)}
    return next((name for name in ("float64", "float32", "float16") if name in names), "")


def _device(arguments: Sequence[Any]) -> object:
    return next((argument.device for argument in arguments if is_tensor(argument)), None)


def _on_cpu(arguments: Sequence[Any]) -> list:
    """Bring tensors to where NumPy can read them, for an answer that leaves torch."""
    return [argument.cpu() if is_tensor(argument) else argument for argument in arguments]


def _form(value: Any) -> str:
    """Name in words what kind of thing a result is."""
    if is_tensor(value):
        return _with_article(f"{type_name(value)} tensor")
    if isinstance(value, np.ndarray):
        return _with_article(f"{value.dtype} NumPy array")
    if isinstance(value, np.generic):
        return f"a NumPy {value.dtype}"
    return _with_article(type(value).__name__)


def _with_article(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _holds_tensor(value: object) -> bool:
    return is_tensor(value) or (isinstance(value, list | tuple) and any(map(_holds_tensor, value)))
