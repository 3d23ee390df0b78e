"""Adapting an accepted answer, so that it works in every later cell of the lesson.

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
    holds_tensor,
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
        answer: the learner's function or class.
        mine, right: what the answer and the reference gave on the probes, one outcome a probe.
        probes: the arguments, one tuple a probe.

    Returns:
        The answer itself and "" when its results have the form of the reference's; else the
        answer with its results converted (gradients are kept), and "a list into a tensor", say.
    """
    for got, want, arguments in zip(mine, right, probes, strict=True):
        if change := conversion(got.returned, want.returned):
            return _converting(answer, got.returned, want.returned, arguments), change
    return answer, ""


def _converting(answer: Callable, sample: object, like: object, probe: tuple) -> Callable:
    """Return the answer with every result converted to the form of `like`.

    Args:
        answer: the learner's function.
        sample: what the answer gave where the reference gave `like`.
        like: a result of the reference, whose form is wanted.
        probe: the arguments of that call.
    """
    usual = _float_type(probe)
    leaves_torch = holds_tensor(like) and not holds_tensor(sample)

    @functools.wraps(answer)
    def converted(*args, **kwargs):
        given = _on_cpu(args) if leaves_torch else args
        # Where the reference keeps the type of its arguments, so does what is converted.
        retype = {usual: _float_type(args) or usual}
        return _convert(answer(*given, **kwargs), like, retype, _device(args))

    return converted


def conversion(value: Any, like: Any) -> str:
    """Return what must change for `value` to have the form of `like`: "a list into a tensor", say.

    Args:
        value: a result of the learner's answer, which was found right.
        like: the reference's result on the same arguments.

    Returns:
        The change in words, "" when none is needed.
    """
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
    return ""


def _convert(value: Any, like: Any, retype: dict[str, str], device: object) -> Any:
    """Return a result in the form of `like`.

    Args:
        value: a result of the learner's answer.
        like: a result of the reference.
        retype: name of a number type of `like` -> name of the type to use in its place.
        device: where tensors are to lie, None for torch's default.
    """
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
    return value


def _with_samples(value: Any, like: Sequence) -> Iterable[tuple]:
    """Return each item of a result with the item of the reference's result whose form it gets.

    Args:
        value: a result of the learner's answer: a list, a tuple, an array or a tensor.
        like: the reference's result, a list or a tuple.
    """
    items = list(value) if like and is_array(like[0]) else _plain_items(value)
    if len(items) == len(like):
        return zip(items, like, strict=True)
    # Only a list has another length next time, and it holds many of a kind.
    return ((item, like[0] if like else None) for item in items)


def _as_tensor(value: Any, like: Any, retype: dict[str, str], device: object):
    """Return a value as a tensor, with gradients kept; arguments as in `_convert`."""
    import torch

    if isinstance(value, list | tuple) and any(map(is_tensor, value)):
        value = torch.stack([torch.as_tensor(item) for item in value])
    tensor = torch.as_tensor(value, dtype=getattr(torch, _type_for(like, retype)), device=device)
    return tensor.reshape(()) if like.dim() == 0 else tensor


def _as_number(value: Any, like: Any) -> Any:
    """Return a number of the type of `like`; where that is int, 28.0 becomes 28 and 28.5 stays."""
    number = value.item() if hasattr(value, "item") else value
    if type(like) is int and not (math.isfinite(number) and number == int(number)):
        return number
    return type(like)(number)


def _plain_items(value: Any) -> list:
    """Return the items of a list, a tuple, an array or a tensor as plain Python values."""
    value = without_torch(value)
    return value.tolist() if isinstance(value, np.ndarray) else list(value)


def _type_for(like: Any, retype: dict[str, str]) -> str:
    """Return the name of the number type that a conversion to the form of `like` uses."""
    return retype.get(type_name(like), type_name(like))


def _float_type(arguments: Sequence[Any]) -> str:
    """Return the widest floating type among arrays and tensors that are given, "" for none."""
    names = {type_name(argument) for argument in arguments if is_array(argument)}
    return next((name for name in ("float64", "float32", "float16") if name in names), "")


def _device(arguments: Sequence[Any]) -> object:
    """Return the device of the first tensor among the arguments, None when there is no tensor."""
    return next((argument.device for argument in arguments if is_tensor(argument)), None)


def _on_cpu(arguments: Sequence[Any]) -> list:
    """Return the arguments with tensors moved to the CPU, as NumPy reads nothing from a GPU."""
    return [argument.cpu() if is_tensor(argument) else argument for argument in arguments]


def _form(value: Any) -> str:
    """Return what kind of thing a result is, in words: "a float64 NumPy array", say."""
    if is_tensor(value):
        return _with_article(f"{type_name(value)} tensor")
    if isinstance(value, np.ndarray):
        return _with_article(f"{value.dtype} NumPy array")
    if isinstance(value, np.generic):
        return f"a NumPy {value.dtype}"
    return _with_article(type(value).__name__)


def _with_article(name: str) -> str:
    """Put "a" or "an" before a name."""
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
