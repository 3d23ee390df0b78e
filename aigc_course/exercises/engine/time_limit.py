"""Ending an answer that takes too long."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


class TooSlow(BaseException):
    """The error of an answer that ran longer than its time limit.

    It is no Exception, so that `except Exception` in an answer does not swallow it.
    """


def with_time_limit(seconds: float, work: Callable[[], Result]) -> Result:
    """Run `work` and return what it gives.

    On POSIX in the main thread an alarm stops the work itself; elsewhere the work is left behind in
    a thread.

    Raises:
        TooSlow: it took longer than `seconds`.
    """
    has_alarm = hasattr(signal, "setitimer")
    if has_alarm and threading.current_thread() is threading.main_thread():
        return _with_an_alarm(seconds, work)
    return _in_a_thread(seconds, work)


def _with_an_alarm(seconds: float, work: Callable[[], Result]) -> Result:
    """Run `work`, and raise `TooSlow` inside it when its time is over."""

    def stop(signum, frame):
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    # Again and again, as some `except` in the answer may catch one.
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)
    try:
        return work()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _in_a_thread(seconds: float, work: Callable[[], Result]) -> Result:
    """Run `work` in a thread, and leave it there when its time is over."""
    box: dict[str, Any] = {}

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
    return box["value"]
