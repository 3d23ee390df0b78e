"""What learners call checks its input: one line above the function says what each argument must be.

    >>> @checked(n=whole(1), shares=reals(0, 1))
    ... def deal(n, shares): ...
    >>> deal(0, [0.5])
    Traceback (most recent call last):
    CourseError: deal: n must be a whole number of at least 1, not 0.

`checked` guards a function, `check_argument` a single value, `check_arguments` several values by
name. What an argument must be is a *rule*, a function from a value to a phrase: "" when the value
keeps the rule, otherwise what it must be.

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
"""value -> what it must be, in words; "" when it is."""

MANY = 10_000_000  # more of anything than a run of the course makes: a slip of the keyboard
SEEDS = 2**32 - 1  # the largest that NumPy takes


def checked(**rules: Rule) -> Callable[[Callable], Callable]:
    """Decorate a function or a method: a wrong argument becomes one clear line that names it.

    Args:
        rules: argument -> rule. What a call leaves out is not looked at; a missing argument is
            Python's own to report.

    Raises:
        CourseError: from what is decorated, when an argument is not what its rule says.
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
            )  # what is missing or too much, Python says below
            check_arguments(called, rules, given)
            return function(*args, **kwargs)

        return with_checked_arguments

    return decorate


def check_argument(name: str, value: object, rule: Rule):
    """Return `value` when it keeps the rule.

    Raises:
        CourseError: it does not; the line says what it must be and what came.
    """
    if expected := rule(value):
        raise CourseError(f"{name} must be {expected}, not {describe(value)}.")
    return value


def check_arguments(called: str, rules: dict[str, Rule], given: dict[str, object]) -> None:
    """Hold what is given by name against its rules.

    Raises:
        CourseError: the line names what was called, the argument, what it must be and what came.
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
    """A value in a few words: its shape where it has one, at most 60 characters of it otherwise."""
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
    """A whole number; True and 3.0 are none."""
    expected = f"a whole number of at least {low}" + (
        f" and at most {high:,}" if high != MANY else ""
    )

    def rule(value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, kinds.Integral) or value < low:
            return expected
        return "" if value <= high else f"a whole number of at most {high:,}"

    return rule


def multiple_of(factor: int) -> Rule:
    """A whole number of at least `factor` that it divides."""
    rule = whole(factor)
    expected = f"a multiple of {factor}, {factor} or {7 * factor} say"
    return lambda value: rule(value) or ("" if value % factor == 0 else expected)


def seeds() -> Rule:
    """What random numbers start from; Python's own take no whole number of NumPy."""
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
    """A finite number from `low` to `high`, larger than `above` and smaller than `below`."""
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
        except OverflowError:  # 10 ** 400
            return expected

    return rule


def reals(low: float = -math.inf, high: float = math.inf, least: int = 1) -> Rule:
    """A list or a one-dimensional array of at least `least` finite numbers."""
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
    """A string."""
    return lambda value: (
        ""
        if isinstance(value, str) and len(value) >= least
        else "a string" + (" that is not empty" if least else "")
    )


def one_of(*choices: object) -> Rule:
    """One of these, of their kind: True is not 1."""
    return lambda value: (
        ""
        if any(type(value) is type(c) and value == c for c in choices)
        else " or ".join(map(repr, choices))
    )


def optional(rule: Rule) -> Rule:
    """None, or what another rule says."""

    def either(value: Any) -> str:
        expected = "" if value is None else rule(value)
        return f"{expected}, or None" if expected else ""

    return either


def _listed(value: object) -> object:
    """An array as a list; anything else as it is."""
    return value.tolist() if hasattr(value, "tolist") else value


def _entries(what: str, least: int, good: Callable[[object], bool]) -> Rule:
    """A list of at least `least` entries that are all good; where none is needed at least, anything
    to go through once.
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
    """One text as strings: a list, or, where none is needed at least, anything to go through
    once.
    """
    return _entries("strings", least, lambda token: isinstance(token, str))


def texts(least: int = 0) -> Rule:
    """Several texts as strings: a list, or, where none is needed at least, anything to go through
    once.
    """
    return _entries("texts as strings", least, lambda text: isinstance(text, str))


def tokenized(least: int = 0, of: type = object) -> Rule:
    """Several texts, each a list of tokens; `of` is what a token must be, looked at in the first of
    each text.
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
    """Anything to go through that is no string: a list, an array, a set."""
    return lambda value: (
        "" if isinstance(value, Iterable) and not isinstance(value, str | bytes) else "a list"
    )


def id_list() -> Rule:
    """Ids of tokens: a list, an array or a one-dimensional tensor of whole numbers."""

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
    """Something to call."""
    return lambda value: "" if callable(value) else "a function"


def list_of(*classes: type, says: str = "") -> Rule:
    """A list whose entries are of these classes."""

    def rule(value: Any) -> str:
        good = (
            isinstance(value, Sequence)
            and not isinstance(value, str | bytes)
            and all(isinstance(one, classes) for one in value)
        )
        return "" if good else says or f"a list of {classes[0].__name__}"

    return rule


def instance(*classes: type | str, says: str = "") -> Rule:
    """An object of one of these classes; a class is named by a string where it is costly to
    import.
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
    """A torch tensor.

    Args:
        shape: a letter or a number for each dimension, "N 1 H W" say; "N ..." for any from one on.
        low, high: between these, and finite.
        least: rows, along the first dimension.
        whole: of integers.
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
        smallest, largest = (float(v) for v in torch.aminmax(value))  # NaN when one is
        finite = -math.inf < smallest and largest < math.inf
        return "" if finite and low <= smallest and largest <= high else expected

    return rule


def shaped(shape: str) -> Rule:
    """A torch tensor of a shape, "B 1 28 28" say; its numbers are not looked at, so that it costs
    nothing before every call of a model.
    """
    expected = f"a tensor of shape ({', '.join(shape.split())})"

    def rule(value: Any) -> str:
        import torch

        good = isinstance(value, torch.Tensor) and _has_shape(value, shape, 0)
        return "" if good else expected

    return rule


def _has_shape(value, shape: str, least: int) -> bool:
    """Whether a tensor has a shape, as `tensor` takes it, `least` rows, and any numbers at all."""
    sizes = shape.split()
    fixed = [size for size in sizes if size != "..."]
    if value.dim() < len(fixed) or (value.dim() > len(fixed) and "..." not in sizes):
        return False
    given = zip(fixed, value.shape, strict=False)
    fits = all(not size.isdigit() or int(size) == n for size, n in given)
    return fits and (not least or (len(value) >= least and value.numel() > 0))


def array(dimensions: int, *, low: float = -math.inf) -> Rule:
    """A NumPy array, or lists of lists, of finite numbers."""
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
        ):  # RuntimeError: a tensor that gradients go through
            return expected
        good = values.dtype.kind in "fiu" and values.ndim == dimensions and values.size
        return "" if good and np.isfinite(values).all() and values.min() >= low else expected

    return rule
