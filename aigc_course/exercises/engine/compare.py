"""Runs an answer on the probes of an exercise and compares what it does with what the reference
does.
"""

from __future__ import annotations

import contextlib
import copy
import io
import math
import numbers
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from aigc_course.exercises.engine.types import Exercise


@dataclass(frozen=True)
class Outcome:
    """What one probe gave: a value, or the error that was raised, and whether the arguments were
    changed.
    """

    value: object = None
    error: str = ""
    changed: bool = False


class TooSlow(BaseException):
    """The answer ran longer than its time limit; no Exception, so that `except Exception` in an
    answer does not swallow it.
    """


def outcomes(exercise: Exercise, answer: Callable) -> list[Outcome]:
    """Run `answer` on every probe; what it prints is dropped."""
    results = []
    for arguments, untouched in zip(
        copy.deepcopy(exercise.probes()), exercise.probes(), strict=True
    ):
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                value = exercise.observe(answer, arguments)
                data = [
                    (a, b)
                    for a, b in zip(arguments, untouched, strict=True)
                    if isinstance(a, list | Mapping | np.ndarray) or hasattr(a, "detach")
                ]
                results.append(Outcome(value, changed=not all(same(a, b) for a, b in data)))
            except (Exception, SystemExit) as error:
                results.append(Outcome(error=f"{type(error).__name__}: {error}"))
    return results


def same_behaviour(a: list[Outcome], b: list[Outcome]) -> bool:
    """Whether two answers did the same on every probe; errors agree when their types do."""
    return all(
        x.error.partition(":")[0] == y.error.partition(":")[0]
        and (x.error or same(x.value, y.value))
        for x, y in zip(a, b, strict=True)
    )


def same(a: object, b: object) -> bool:
    """Equality as a reader would see it: numbers to 1e-6, a list like a tuple, arrays by shape and
    value.
    """
    try:
        return _same(a, b)
    except (
        TypeError,
        ValueError,
        OverflowError,
        RecursionError,
    ):  # 1j, 10 ** 400, arrays in lists of lists ...
        return False


def _same(a: object, b: object) -> bool:
    if hasattr(a, "detach"):
        a = a.detach().cpu().numpy()
    if hasattr(b, "detach"):
        b = b.detach().cpu().numpy()
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return _same_arrays(a, b)
    if isinstance(a, numbers.Number) and isinstance(b, numbers.Number):
        return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9) or (a != a and b != b)
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and str.__eq__(a, b)
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return set(a) == set(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and bool(a == b)


def _same_arrays(a: object, b: object) -> bool:
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-5, atol=1e-6, equal_nan=True)


def first_difference(exercise: Exercise, mine: list[Outcome], right: list[Outcome]) -> str:
    """Say on which arguments an answer first differs, what was expected and what came."""
    for arguments, got, want in zip(exercise.probes(), mine, right, strict=True):
        if same_behaviour([got], [want]):
            continue
        call = f"for {', '.join(map(shorten, arguments))}"
        if got.error:
            return f"it raised {got.error} {call}."
        expected = f"an error ({want.error})" if want.error else f"{shorten(want.value)}"
        return f"{call} expected {expected}, but yours gave {shorten(got.value)}."
    return "it differs from the reference."


def shorten(value: object) -> str:
    """A value as text of at most 200 characters."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if hasattr(value, "shape") and math.prod(value.shape) > 6:  # what is wrong is mostly the shape
        return f"{type(value).__name__.lower()} of shape {tuple(value.shape)}"
    try:
        text = repr(value)
    except Exception:
        text = f"something that cannot be shown ({type(value).__name__})"
    return text if len(text) <= 200 else text[:197] + "..."


def with_gradients(answer: Callable, arguments: tuple) -> object:
    """For `observe`, where a lesson trains through an answer: its value and the gradients that it
    lets through.

    Raises:
        TypeError: the answer gives back something that no gradient can go through.
    """
    import torch

    tracked = [
        a.clone().requires_grad_() if isinstance(a, torch.Tensor) and a.is_floating_point() else a
        for a in arguments
    ]
    value = answer(*tracked)
    parts = value if isinstance(value, tuple) else (value,)
    if not all(isinstance(part, torch.Tensor) and part.requires_grad for part in parts):
        raise TypeError(
            "the result must be a tensor that gradients can go through: no .item(), no "
            ".detach(), no NumPy"
        )
    sum(
        (part * torch.linspace(0.5, 1.5, part.numel()).reshape(part.shape)).sum() for part in parts
    ).backward()
    return value, [a.grad for a in tracked if isinstance(a, torch.Tensor) and a.is_floating_point()]


def with_time_limit(seconds: float, work: Callable[[], object]) -> object:
    """Run `work`; raise `TooSlow` after `seconds`.

    On POSIX in the main thread an alarm stops the work itself; elsewhere the work is left behind in
    a thread.
    """
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():

        def stop(signum, frame):
            raise TooSlow

        before = signal.signal(signal.SIGALRM, stop)
        signal.setitimer(
            signal.ITIMER_REAL, seconds, 0.1
        )  # again and again, as some `except` may catch one
        try:
            return work()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    return _in_a_thread(seconds, work)


def _in_a_thread(seconds: float, work: Callable[[], object]) -> object:
    box: dict[str, object] = {}

    def run() -> None:
        try:
            box["value"] = work()
        except BaseException as error:
            box["error"] = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        sys.stderr.write(
            "The slow answer is still running in the background; restart the kernel to stop it.\n"
        )
        raise TooSlow
    if "error" in box:
        raise box["error"]
    return box.get("value")
