"""Ends an answer that takes too long."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

Result = TypeVar("Result")

PATIENCE = 8  # seconds by the clock for each second of computing: other programs may be busy, too


class TooSlow(BaseException):
    """The answer computed longer than its time limit; no Exception, so that `except Exception` in
    an answer does not swallow it.
    """


def with_time_limit(seconds: float, work: Callable[[], Result]) -> Result:
    """Run `work` and return what it gives.

    On POSIX in the main thread two alarms stop the work itself: one after so many seconds of
    computing, which other programs on a busy machine don't use up, and one after `PATIENCE` times
    as many by the clock. Elsewhere the work is left behind in a thread after `seconds` by the
    clock.

    Raises:
        TooSlow: it took longer.
    """
    has_alarm = hasattr(signal, "setitimer")
    if has_alarm and threading.current_thread() is threading.main_thread():
        with (
            _alarm(signal.SIGPROF, signal.ITIMER_PROF, seconds, time.process_time),
            _alarm(signal.SIGALRM, signal.ITIMER_REAL, seconds * PATIENCE, time.monotonic),
        ):
            return work()
    return _in_a_thread(seconds, work)


@contextlib.contextmanager
def _alarm(
    number: signal.Signals, timer: int, seconds: float, clock: Callable[[], float]
) -> Iterator[None]:
    """Raise TooSlow in the block after so many seconds of a clock, and again every 0.1 s.

    Again, as some `except` in the answer may catch one. An alarm that was set before goes on
    after the block.
    """

    over = False

    def stop(signum, frame):
        if not over:
            raise TooSlow

    before, started = signal.signal(number, stop), clock()
    left, interval = signal.setitimer(timer, seconds, 0.1)
    try:
        yield
    finally:
        while not over:
            with contextlib.suppress(TooSlow):  # one that came between the end and this line
                over = True
        signal.setitimer(timer, 0)
        signal.signal(number, before)
        if left:
            signal.setitimer(timer, max(0.001, left - (clock() - started)), interval)


def _in_a_thread(seconds: float, work: Callable[[], Result]) -> Result:
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
