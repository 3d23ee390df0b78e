"""Telling an answer that was not attempted from one that does something."""

from __future__ import annotations

import dis
import inspect

_PREPARING = ("RESUME", "NOP", "PRECALL", "CACHE", "COPY_FREE_VARS")
_DOING_NOTHING = ("LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "POP_TOP")


def is_empty(answer: object) -> bool:
    """Return whether a function or class was left without code of its own.

    A docstring, `...`, `pass`, `return None` and `raise NotImplementedError` are no code.
    """
    if inspect.isclass(answer):
        return _is_empty_class(answer)
    code = getattr(answer, "__code__", None)
    if code is None:
        return False
    steps = [step for step in dis.get_instructions(code) if step.opname not in _PREPARING]
    if all(step.opname in _DOING_NOTHING and step.argval in (None, ...) for step in steps):
        return True
    raises = any(step.opname == "RAISE_VARARGS" for step in steps)
    return raises and code.co_names == ("NotImplementedError",)


def _is_empty_class(answer: type) -> bool:
    """Return whether a class has no attributes of its own and only empty methods."""
    own = [v for k, v in vars(answer).items() if inspect.isfunction(v) or not k.startswith("__")]
    return all(inspect.isfunction(v) and is_empty(v) for v in own)
