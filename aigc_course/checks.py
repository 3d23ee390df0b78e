"""What learners call checks its input at the door: one line above the function says what each argument must be.

    >>> @checked(n=whole(1), shares=reals(0, 1))
    ... def deal(n, shares): ...
    >>> deal(0, [0.5])
    Traceback (most recent call last):
    CourseError: deal: n must be a whole number of at least 1, not 0.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
import textwrap
from collections.abc import Callable

from aigc_course.errors import CourseError
from aigc_course.rules import Rule


def checked(**rules: Rule) -> Callable[[Callable], Callable]:
    """Decorate a function or a method: a wrong argument becomes one clear line that names it.

    Args:
        rules: argument -> rule. What a call leaves out is not looked at; a missing argument is Python's own to report.

    Raises:
        CourseError: from what is decorated, when an argument is not what its rule says.
    """

    def decorate(function: Callable) -> Callable:
        parameters = inspect.signature(function).parameters
        positional = [name for name, p in parameters.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        called = function.__qualname__.rpartition("<locals>.")[2].removesuffix(".__init__")
        if unknown := set(rules) - set(parameters):
            raise TypeError(f"{called} has no argument {', '.join(sorted(unknown))}")

        @functools.wraps(function)
        def at_the_door(*args, **kwargs):
            given = dict(zip(positional, args, strict=False)) | kwargs  # what is missing or too much, Python says below
            look(called, rules, given)
            return function(*args, **kwargs)

        return at_the_door

    return decorate


def look(called: str, rules: dict[str, Rule], given: dict[str, object]) -> None:
    """Hold what is given by name against its rules.

    Raises:
        CourseError: the line names what was called, the argument, what it must be and what came.
    """
    for name, rule in rules.items():
        if name in given and (expected := rule(given[name])):
            raise CourseError(f"{called}: {name} must be {expected}, not {came(given[name])}.")


def source(function: Callable) -> str:
    """The source of a function or class without the line that checks its input, which is the library's affair."""
    return re.sub(r"\A@checked\(.*?\)\n(?=@|def |class )", "", textwrap.dedent(inspect.getsource(function)), flags=re.S)


def came(value: object) -> str:
    """A value in a few words: its shape where it has one, at most 60 characters of it otherwise."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"a {type(value).__name__.lower()} of shape {tuple(value.shape)} and type {value.dtype}{_blemish(value)}"
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
