"""Checks of the arguments that learners pass, declared in one line above the function.

    >>> @checked(n=whole(1), shares=reals(0, 1))
    ... def deal(n, shares): ...
    >>> deal(0, [0.5])
    Traceback (most recent call last):
    CourseError: deal: n must be a whole number of at least 1, not 0.

`checked` guards a function, `check_argument` a single value, `check_arguments` several values by
name. What an argument must be is a *rule*, a function that takes a value and returns "" when the
value is accepted, otherwise a phrase that tells what it must be.

    >>> whole(1)(0)
    'a whole number of at least 1'
"""

from __future__ import annotations

import ast
import functools
import inspect
import math
import numbers as kinds
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from aigc_course.core.errors import CourseError

Rule = Callable[[Any], str]
"""A function from a value to a phrase that tells what the value must be, "" when it is accepted."""

MANY = 10_000_000  # a larger number is taken for a typing error: no lesson needs as many
SEEDS = 2**32 - 1  # the largest seed that NumPy accepts


def checked(**rules: Rule) -> Callable[[Callable], Callable]:
    """Decorate a function or method so that a wrong argument raises one clear line that names it.

    Args:
        rules: argument name -> rule. Arguments that a call leaves out are not checked; Python
            itself reports missing ones.

    Raises:
        CourseError: raised by the decorated function when an argument breaks its rule.
    """

    def decorate(function: Callable) -> Callable:
        parameters = inspect.signature(function).parameters
        positional = [
            name
            for name, p in parameters.items()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        called = function.__qualname__.rpartition("<locals>.")[2].removesuffix(".__init__")
        if unknown := set(rules) - set(parameters):
            raise TypeError(f"{called} has no argument {', '.join(sorted(unknown))}")

        @functools.wraps(function)
        def with_checked_arguments(*args, **kwargs):
            given = (
                dict(zip(positional, args, strict=False)) | kwargs
            )  # Python itself reports missing and surplus arguments in the call below
            check_arguments(called, rules, given)
            return function(*args, **kwargs)

        return with_checked_arguments

    return decorate


def check_argument(name: str, value: object, rule: Rule):
    """Return `value` when it keeps the rule.

    Raises:
        CourseError: the value breaks the rule; the line tells what it must be and what was given.
    """
    if expected := rule(value):
        raise CourseError(f"{name} must be {expected}, not {describe(value)}.")
    return value


def check_arguments(called: str, rules: dict[str, Rule], given: dict[str, object]) -> None:
    """Check several arguments, given by name, against their rules.

    Raises:
        CourseError: an argument breaks its rule; the line names the called function, the argument,
            what it must be and what was given.
    """
    for name, rule in rules.items():
        if name in given and (expected := rule(given[name])):
            raise CourseError(f"{called}: {name} must be {expected}, not {describe(given[name])}.")


def plain_source(function: Callable) -> str:
    """Return the source of a function or class without the decorators that are the course's own."""
    source = textwrap.dedent(inspect.getsource(function))
    node: Any = ast.parse(source).body[0]
    decorators = [str(ast.get_source_segment(source, d)) for d in node.decorator_list]
    kept = [f"@{d}\n" for d in decorators if not re.match(r"checked\(|\w+\.mistake\(", d)]
    return "".join(kept) + "\n".join(source.splitlines()[node.lineno - 1 :]) + "\n"


def describe(value: object) -> str:
    """Describe a value in a few words.

    An array or tensor is described by its class, shape and type, anything else by at most 60
    characters of its representation.
    """
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return (
            f"a {type(value).__name__.lower()} of shape {tuple(value.shape)} and type "
            f"{value.dtype}{_blemish(value)}"
        )
    try:
        text = " ".join(repr(value).split())
    except Exception:
        text = f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _blemish(value) -> str:
    try:
        return "" if bool((abs(value) < math.inf).all()) else " with values that are not finite"
    except Exception:
        return ""


# --- rules ---


def whole(low: int = 0, high: int = MANY) -> Rule:
    """Accept a whole number from `low` to `high`; True and 3.0 are refused."""
    expected = f"a whole number of at least {low}" + (
        f" and at most {high:,}" if high != MANY else ""
    )

    def rule(value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, kinds.Integral) or value < low:
            return expected
        return "" if value <= high else f"a whole number of at most {high:,}"

    return rule


def multiple_of(factor: int) -> Rule:
    """Accept a whole number of at least `factor` that `factor` divides."""
    rule = whole(factor)
    expected = f"a multiple of {factor}, {factor} or {7 * factor} say"
    return lambda value: rule(value) or ("" if value % factor == 0 else expected)


def seeds() -> Rule:
    """Accept a seed of random numbers; NumPy's integers are refused, as by `random.Random`."""
    rule = whole(0, SEEDS)
    return lambda value: (
        rule(value)
        or ("" if isinstance(value, int) else "a whole number of Python, int(...) of it")
    )


def real(
    low: float = -math.inf,
    high: float = math.inf,
    *,
    above: float = -math.inf,
    below: float = math.inf,
) -> Rule:
    """Accept a finite number from `low` to `high`, larger than `above` and smaller than `below`."""
    named = (("at least", low), ("above", above), ("at most", high), ("below", below))
    limits = [f"{word} {limit:g}" for word, limit in named if math.isfinite(limit)]
    expected = " ".join(["a finite number,", " and ".join(limits)]) if limits else "a finite number"

    def rule(value: Any) -> str:
        is_number = isinstance(value, kinds.Real) and not isinstance(value, bool)
        try:
            return (
                ""
                if is_number
                and math.isfinite(value)
                and low <= value <= high
                and above < value < below
                else expected
            )
        except OverflowError:  # a whole number too large for a float, such as 10 ** 400
            return expected

    return rule


def reals(low: float = -math.inf, high: float = math.inf, least: int = 1) -> Rule:
    """Accept a list or one-dimensional array of at least `least` finite numbers within limits.

    Args:
        low, high: smallest and largest value accepted.
        least: smallest length accepted.
    """
    one = real(low, high)

    def rule(value: Any) -> str:
        import numpy as np

        try:
            row = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
        except (TypeError, ValueError, RuntimeError):
            row = np.empty(0, dtype=object)
        good = row.dtype.kind in "fiu" and row.ndim == 1 and len(row) >= least
        good = (
            good
            and bool(np.isfinite(row).all())
            and (not len(row) or (row.min() >= low and row.max() <= high))
        )
        return "" if good else f"a list of at least {least}, each {one(None)}"

    return rule


def string(least: int = 0) -> Rule:
    """Accept a string of at least `least` characters."""
    return lambda value: (
        ""
        if isinstance(value, str) and len(value) >= least
        else "a string" + (" that is not empty" if least else "")
    )


def one_of(*choices: object) -> Rule:
    """Accept one of `choices`, of the same type: True is not 1."""
    return lambda value: (
        ""
        if any(type(value) is type(c) and value == c for c in choices)
        else " or ".join(map(repr, choices))
    )


def optional(rule: Rule) -> Rule:
    """Accept None, or what another rule accepts."""

    def either(value: Any) -> str:
        expected = "" if value is None else rule(value)
        return f"{expected}, or None" if expected else ""

    return either


def _listed(value: object) -> object:
    """Return an array or tensor as a list, and anything else unchanged."""
    return value.tolist() if hasattr(value, "tolist") else value


def _entries(what: str, least: int, good: Callable[[object], bool]) -> Rule:
    """Accept a list of at least `least` entries that are all good.

    When `least` is 0, an iterable that can be read only once is accepted too, with its entries
    unchecked.
    """
    expected = f"a list of {f'at least {least} ' if least else ''}{what}"

    def rule(value: Any) -> str:
        value = _listed(value)
        if isinstance(value, str | bytes) or not isinstance(value, Iterable):
            return expected
        if not isinstance(value, Sequence):
            return expected if least else ""
        return "" if len(value) >= least and all(map(good, value)) else expected

    return rule


def token_list(least: int = 0) -> Rule:
    """Accept one text as a list of strings; when `least` is 0, also an iterable read only once."""
    return _entries("strings", least, lambda token: isinstance(token, str))


def texts(least: int = 0) -> Rule:
    """Accept texts as a list of strings; when `least` is 0, also an iterable read only once."""
    return _entries("texts as strings", least, lambda text: isinstance(text, str))


def tokenized(least: int = 0, of: type = object) -> Rule:
    """Accept several texts, each a list of tokens.

    Args:
        least: smallest number of texts.
        of: type of a token; only the first token of each text is checked.
    """
    kind = {str: "strings", int: "ids (whole numbers)"}.get(of, "tokens")
    wanted = kinds.Integral if of is int else of

    def good(text: object) -> bool:
        text = _listed(text)
        if isinstance(text, str | bytes) or not isinstance(text, Iterable):
            return False
        return not isinstance(text, Sequence) or not text or isinstance(text[0], wanted)

    return _entries(f"texts, each a list of {kind}", least, good)


def several() -> Rule:
    """Accept any iterable that is not a string: a list, an array, a set."""
    return lambda value: (
        "" if isinstance(value, Iterable) and not isinstance(value, str | bytes) else "a list"
    )


def id_list() -> Rule:
    """Accept token ids: a list, an array or a one-dimensional tensor of whole numbers."""

    def rule(value: Any) -> str:
        expected = "a list of whole numbers"
        if hasattr(value, "tolist"):
            value = value.tolist()
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return (
                ""
                if all(isinstance(i, kinds.Integral) and not isinstance(i, bool) for i in value)
                else expected
            )
        return (
            "" if isinstance(value, Iterable) and not isinstance(value, str | bytes) else expected
        )

    return rule


def function() -> Rule:
    """Accept anything that can be called."""
    return lambda value: "" if callable(value) else "a function"


def list_of(*classes: type, says: str = "") -> Rule:
    """Accept a list whose entries are instances of `classes`.

    Args:
        classes: accepted types.
        says: the phrase that the rule returns instead of its own.
    """

    def rule(value: Any) -> str:
        good = (
            isinstance(value, Sequence)
            and not isinstance(value, str | bytes)
            and all(isinstance(one, classes) for one in value)
        )
        return "" if good else says or f"a list of {classes[0].__name__}"

    return rule


def instance(*classes: type | str, says: str = "") -> Rule:
    """Accept an instance of one of `classes`.

    Args:
        classes: accepted types; a class that is costly to import is named by a string.
        says: the phrase that the rule returns instead of its own.
    """

    def rule(value: Any) -> str:
        names = {kind.__name__ for kind in type(value).__mro__}
        good = any(
            kind in names if isinstance(kind, str) else isinstance(value, kind) for kind in classes
        )
        return (
            ""
            if good
            else says
            or " or ".join(kind if isinstance(kind, str) else kind.__name__ for kind in classes)
        )

    return rule


def tensor(
    shape: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    least: int = 1,
    whole: bool = False,
) -> Rule:
    """Accept a torch tensor of a shape and with values within limits.

    Args:
        shape: a letter or a number for each dimension, such as "N 1 H W"; "N ..." accepts one
            dimension or more.
        low, high: smallest and largest value accepted; values must be finite.
        least: smallest number of rows, along the first dimension.
        whole: accept integers only.
    """
    kind = "integers" if whole else "finite numbers"
    limits = f" of at least {low:g}" if low > -math.inf else ""
    if high < math.inf:
        limits = f" from {low:g} to {high:g}"
    rows = f"at least {least} row{'s' * (least != 1)}"
    expected = f"a tensor of shape ({', '.join(shape.split())}) with {rows} of {kind}{limits}"

    def rule(value: Any) -> str:
        import torch

        if not isinstance(value, torch.Tensor) or value.is_complex() or value.dtype == torch.bool:
            return expected
        if (whole and value.is_floating_point()) or not _has_shape(value, shape, least):
            return expected
        smallest, largest = (float(v) for v in torch.aminmax(value))  # NaN when any value is
        finite = -math.inf < smallest and largest < math.inf
        return "" if finite and low <= smallest and largest <= high else expected

    return rule


def shaped(shape: str) -> Rule:
    """Accept a torch tensor of a shape, such as "B 1 28 28".

    The values are not checked, so that the rule takes no time before every call of a model.
    """
    expected = f"a tensor of shape ({', '.join(shape.split())})"

    def rule(value: Any) -> str:
        import torch

        good = isinstance(value, torch.Tensor) and _has_shape(value, shape, 0)
        return "" if good else expected

    return rule


def _has_shape(value, shape: str, least: int) -> bool:
    """Return whether a tensor has a shape, written as for `tensor`, and at least `least` rows.

    When `least` is not 0, the tensor must also hold at least one value.
    """
    sizes = shape.split()
    fixed = [size for size in sizes if size != "..."]
    if value.dim() < len(fixed) or (value.dim() > len(fixed) and "..." not in sizes):
        return False
    given = zip(fixed, value.shape, strict=False)
    fits = all(not size.isdigit() or int(size) == n for size, n in given)
    return fits and (not least or (len(value) >= least and value.numel() > 0))


def array(dimensions: int, *, low: float = -math.inf) -> Rule:
    """Accept a NumPy array, or nested lists, of finite numbers.

    Args:
        dimensions: number of dimensions.
        low: smallest value accepted.
    """
    expected = f"an array of {dimensions} dimensions, not empty, of finite numbers" + (
        f" of at least {low:g}" if low > -math.inf else ""
    )

    def rule(value: Any) -> str:
        import numpy as np

        try:
            values = np.asarray(value)
        except (
            TypeError,
            ValueError,
            RuntimeError,
        ):  # RuntimeError: a tensor that requires gradients
            return expected
        good = values.dtype.kind in "fiu" and values.ndim == dimensions and values.size
        return "" if good and np.isfinite(values).all() and values.min() >= low else expected

    return rule
