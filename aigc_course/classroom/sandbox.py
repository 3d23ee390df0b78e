"""Runs a submission in a process of its own, within walls and limits, and collects what it gave."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from aigc_course.classroom import isolation
from aigc_course.core.errors import CourseError
from aigc_course.exercises.engine.time_limit import PATIENCE

# Seconds of computing count, not those by the clock: how busy the machine is costs nobody marks.
CELL_SECONDS = 8.0
CPU_SECONDS = 150  # of one process
EXTRA_SECONDS = 4.0  # beyond the worker's own limits, which an answer may switch off
IDLE_SECONDS = 10.0  # by the clock, while no process of the submission computes or reads
START_SECONDS = 120.0  # by the clock: importing torch on a busy machine
TOTAL_SECONDS = 600.0  # by the clock, of one submission with all its new starts
MEMORY_GB = 6.0
OUTPUT_BYTES = 30_000_000  # of one process
MOST_PARTS = 500_000  # lists, dictionaries and texts in one line, each of which takes memory
SEND_SECONDS = 30.0  # by the clock, for a request to be taken
_LOOK_EVERY = 0.2  # seconds


@dataclass
class Findings:
    """What running a submission gave. Nothing in it is trusted.

    Attributes:
        texts: cell -> what it printed, cut short.
        errors: cell -> one line, where it failed.
        closed: whether a process was given hidden arguments: from then on only `hidden` grows, as
            whatever a new start prints or fails at may tell them.
        examples: exercise -> what its answer gave on the examples that learners see, as `worker`
            writes it.
        hidden: exercise -> the same for each seed.
    """

    texts: dict[int, str] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    examples: dict[str, dict] = field(default_factory=dict)
    hidden: dict[str, list[dict]] = field(default_factory=dict)
    closed: bool = False


@dataclass(frozen=True)
class Asked:
    """What is asked of the answer to one exercise.

    Attributes:
        seconds: of computing, for all examples, and for the hidden arguments of one seed.
        seeds: of hidden arguments, on which it runs when it is right on the examples.
        is_right: what it gave on the examples -> whether that is right.
        last_counts: whether a second answer takes the place of the first even where that is right.
            Else two guesses would do for a question with two choices.
    """

    seconds: float
    seeds: Sequence[int]
    is_right: Callable[[dict], bool]
    last_counts: bool = False


def run(
    items: Sequence[int | str],
    cells: Mapping[int, str],
    asked: Mapping[str, Asked],
    walls: bool = True,
) -> Findings:
    """Run cells in order, then each answer on the examples, then on hidden arguments.

    An answer counts as it stands at its test cell; where that is not right, as it stands at the
    end. A submission cannot make this raise or wait for ever.

    Args:
        items: in the order of the notebook, keys of `cells` and names of exercises at the places of
            their test cells.
        cells: id -> source.
        asked: exercise -> what is asked of its answer.
        walls: whether the submission is kept apart from this computer, as `isolation` does it.

    Raises:
        CourseError: no process could be started, or there are no walls; no fault of the submission.
    """
    findings, left, deadline = Findings(), dict(cells), time.monotonic() + TOTAL_SECONDS
    right: dict[str, int] = {}
    for _ in range(len(cells) + 2 * len(asked) + 1):
        attempt = _Attempt([item for item in items if item in left or item in asked], left)
        blamed = attempt.go(asked, findings, right, walls, deadline)
        if blamed is None or time.monotonic() > deadline:
            break
        if blamed.kind == "cell":
            del left[blamed.what]
        _note(findings, blamed)
    for name in asked:
        findings.examples.setdefault(name, {"state": "died"})
    return findings


@dataclass(frozen=True)
class _Blame:
    """What a process was busy with when it came to no good end.

    Attributes:
        kind: "start", "cell", "example" or "hidden".
        what: id of the cell, or name of the exercise.
        why: what happened, the end of a sentence.
        late: whether it did not end in time.
    """

    kind: str
    what: int | str
    why: str
    late: bool


def _note(findings: Findings, blamed: _Blame) -> None:
    if blamed.kind == "start":
        raise CourseError(
            f"Submissions cannot be run here: their process {blamed.why} before the first "
            "cell. Is the machine too busy?"
        )
    if findings.closed and blamed.kind != "hidden":
        return
    if blamed.kind == "cell":
        findings.errors[blamed.what] = f"this cell {blamed.why}"
        return
    lost = {"state": "slow" if blamed.late else "died"}
    findings.examples.setdefault(blamed.what, lost)
    if blamed.kind == "hidden":
        findings.hidden[blamed.what] = [lost]


class _Lost(Exception):
    """The process ended or was ended before it answered."""


class _Attempt:
    """One process, from its start to its end.

    What it says counts only when it was asked for. Once it got a seed, only what its answers gave
    on hidden arguments is kept.
    """

    def __init__(self, items: list[int | str], cells: dict[int, str]):
        self.cells = cells
        self.items = [
            {"check": item} if isinstance(item, str) else {"id": item, "source": cells[item]}
            for item in items
        ]
        self.at: tuple[str, int | str] = ("start", "")

    def go(
        self,
        asked: Mapping[str, Asked],
        findings: Findings,
        right: dict[str, int],
        walls: bool,
        deadline: float,
    ) -> _Blame | None:
        """Run the process and add to the findings.

        Args:
            asked: exercise -> what is asked of its answer.
            findings: of earlier attempts.
            right: exercise -> the version of its answer that is right on the examples.
            walls: whether the process is kept apart.
            deadline: on the monotonic clock.

        Returns:
            None when the process came to its end, else what is to blame.
        """
        with _Process(walls, deadline) as process:
            try:
                self._cells(process, list(asked), findings)
                for name, one in asked.items():
                    if name not in findings.examples and not findings.closed:
                        self._example(process, name, one, findings, right)
                for name, version in right.items():
                    if name not in findings.hidden:
                        self.at, one, findings.closed = ("hidden", name), asked[name], True
                        findings.hidden[name] = [
                            process.ask(name, version, one.seconds, seed) for seed in one.seeds
                        ]
            except _Lost:
                return _Blame(*self.at, process.why, process.late)
        return None

    def _cells(self, process: _Process, names: list[str], findings: Findings) -> None:
        """Run the cells. What an earlier attempt saw stays."""
        job = {"items": self.items, "names": names, "walls": not process.folder}
        limits = {"cell_seconds": CELL_SECONDS, "memory_gb": MEMORY_GB, "cpu_seconds": CPU_SECONDS}
        process.send(job | limits, START_SECONDS)
        # One watch a cell: whatever else a process says, its time goes on.
        waiting, watch, how = set(self.cells), _Watch(process.process.pid), (START_SECONDS, True)
        while (event := process.receive(how[0], watch, clock=how[1]))["event"] != "ready":
            cell = event.get("cell")
            if event["event"] == "running" and isinstance(cell, int) and cell in waiting:
                waiting.remove(cell)
                self.at = ("cell", cell)
                watch, how = _Watch(process.process.pid), (CELL_SECONDS + EXTRA_SECONDS, False)
            elif event["event"] == "ran" and self.at == ("cell", cell) and not findings.closed:
                findings.texts.setdefault(cell, str(event.get("text", ""))[:2500])
                if error := str(event.get("error", ""))[:500]:
                    findings.errors.setdefault(cell, error)

    def _example(
        self,
        process: _Process,
        name: str,
        one: Asked,
        findings: Findings,
        right: dict[str, int],
    ) -> None:
        """Run an answer on the examples, as it stood at its test cell and at the end."""
        self.at = ("example", name)
        findings.examples[name] = first = process.ask(name, 0, one.seconds)
        if one.is_right(first):
            right[name] = 0
        if first.get("later") is True and (one.last_counts or name not in right):
            last = process.ask(name, 1, one.seconds)
            if one.is_right(last):
                findings.examples[name], right[name] = last, 1
            elif one.last_counts and last.get("state") == "value":
                findings.examples[name] = last
                right.pop(name, None)


class _Process:
    """A worker: lines of JSON in and out, ended with all its children."""

    def __init__(self, walls: bool, deadline: float):
        self.why, self.late, self.deadline = "ended the process", False, deadline
        self.folder = "" if walls else tempfile.mkdtemp(prefix="aigc-graded-")
        self.process = _started(self.folder)
        with contextlib.suppress(AttributeError, OSError):  # Windows
            os.set_blocking(self.process.stdin.fileno(), False)
        self.lines: queue.Queue[bytes] = queue.Queue(maxsize=1000)
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> _Process:
        return self

    def __exit__(self, *_) -> None:
        isolation.end(self.process)
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        if self.folder:
            _remove(self.folder)

    def _read(self) -> None:
        total = 0
        while line := self.process.stdout.readline(OUTPUT_BYTES):
            total += len(line)
            if total > OUTPUT_BYTES:
                break
            self.lines.put(line)
        self.process.stdout.close()
        self.lines.put(b"")

    def send(self, message: object, seconds: float = SEND_SECONDS) -> None:
        """Send a line; when the process is gone, `receive` tells.

        Raises:
            _Lost: it is not taken in time: a submission can fill the pipe itself.
        """
        data, until = (json.dumps(message) + "\n").encode(), time.monotonic() + seconds
        pipe = self.process.stdin.fileno()
        with contextlib.suppress(OSError):
            while data:
                try:
                    data = data[os.write(pipe, data[:65_536]) :]
                except BlockingIOError:
                    if time.monotonic() > min(until, self.deadline):
                        self._give_up("takes no requests", late=True)
                    select.select([], [pipe], [], _LOOK_EVERY)

    def ask(self, name: str, version: int, seconds: float, seed: int | None = None) -> dict:
        """Run an answer; return what it gave.

        Args:
            name: of the exercise.
            version: 0, as it stood at its test cell, or 1, at the end.
            seconds: of computing.
            seed: of hidden arguments, None for the examples.

        Raises:
            _Lost: the process ended, or did not answer in time.
        """
        if time.monotonic() > self.deadline:  # judging took the rest of it
            self._give_up(f"did not end within {TOTAL_SECONDS:g} s", late=True)
        self.send({"name": name, "version": version, "seed": seed})
        watch = _Watch(self.process.pid)
        while True:
            event = self.receive(seconds + EXTRA_SECONDS, watch)
            if event["event"] == "gave" and event.get("name") == name:
                return event

    def receive(self, seconds: float, watch: _Watch, clock: bool = False) -> dict:
        """Wait for the next event.

        Args:
            seconds: longest wait, of computing.
            watch: what was used since it was made counts.
            clock: count seconds by the clock instead.

        Raises:
            _Lost: there will be none; `why` says what happened.
        """
        while (line := self._line()) is None or watch.is_due():
            watch.look()
            spent = watch.by_the_clock if clock else watch.computed
            if watch.gigabytes > MEMORY_GB:
                self._give_up(f"took more than {MEMORY_GB:g} GB of memory", late=False)
            slow = watch.by_the_clock > PATIENCE * seconds  # children that are over count nowhere
            if spent > seconds or slow or (watch.idle > IDLE_SECONDS and not clock):
                self._give_up(f"did not end within {seconds:g} s", late=True)
            if time.monotonic() > self.deadline:
                self._give_up(f"did not end within {TOTAL_SECONDS:g} s", late=True)
            if line is not None:
                break
        if not line:
            raise _Lost
        try:
            parts = line.count(b"[") + line.count(b"{") + line.count(b'"')
            event = json.loads(line) if parts <= MOST_PARTS else None
        except (ValueError, RecursionError):
            event = None  # written by the submission; means nothing
        known = isinstance(event, dict) and isinstance(event.get("event"), str)
        return event if known else {"event": "?"}

    def _line(self) -> bytes | None:
        try:
            return self.lines.get(timeout=_LOOK_EVERY)
        except queue.Empty:
            return None

    def _give_up(self, why: str, late: bool) -> None:
        self.why, self.late = why, late
        isolation.end(self.process)
        raise _Lost


class _Watch:
    """What the processes of a submission used since it was made, seen from outside.

    Attributes:
        computed: seconds of computing.
        by_the_clock: seconds.
        idle: seconds by the clock in which none of them computed or waited for a disk.
        gigabytes: memory of all of them together at the last look.
    """

    def __init__(self, pid: int):
        self.pid, self.started = pid, time.monotonic()
        self.looked, self.idle = self.started, 0.0
        self.before, self.gigabytes, _ = self._sums()
        self.computed = self.by_the_clock = 0.0

    def is_due(self) -> bool:
        """Tell whether the last look is long ago: lines without end are no sign of an end."""
        return time.monotonic() - self.looked > _LOOK_EVERY

    def look(self) -> None:
        """Take the figures anew."""
        now = time.monotonic()
        seconds, self.gigabytes, busy = self._sums()
        self.idle += (
            0 if busy or seconds - self.before - self.computed > 0.01 else now - self.looked
        )
        self.computed = max(self.computed, seconds - self.before)
        self.by_the_clock, self.looked = now - self.started, now

    def _sums(self) -> tuple[float, float, bool]:
        """Return seconds of computing, gigabytes, and whether any process is busy."""
        seconds, size, busy = 0.0, 0.0, False
        with contextlib.suppress(psutil.Error):
            top = psutil.Process(self.pid)
            for one in [top, *top.children(recursive=True)]:
                with contextlib.suppress(psutil.Error, OSError):
                    times = one.cpu_times()
                    seconds += times.user + times.system
                    seconds += getattr(times, "children_user", 0) if one is not top else 0
                    size += _own_memory(one)
                    busy |= one.status() in (psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP)
        return seconds, size / 1e9, busy


def _own_memory(process: psutil.Process) -> float:
    """Return the bytes in memory of a process, without those of files that it reads."""
    memory = process.memory_info()
    if not hasattr(memory, "shared"):
        return memory.rss
    lines = Path(f"/proc/{process.pid}/status").read_bytes().split(b"\n")
    sizes = dict(line.partition(b":")[::2] for line in lines)  # a name may hold anything
    kinds = (sizes.get(kind, b"0 kB").split()[0] for kind in (b"RssAnon", b"RssShmem"))
    return sum(map(int, kinds)) * 1024


def _started(folder: str) -> subprocess.Popen:
    """Start a worker.

    Args:
        folder: for one without walls; "" for one within.
    """
    home = Path(folder or isolation.HOME)
    command = [sys.executable, "-m", "aigc_course.classroom.worker"]
    options = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.DEVNULL,
        "env": _environment(home),
        "start_new_session": True,
    }
    if folder:
        return subprocess.Popen(command, cwd=folder, **options)
    return isolation.start(command, **options)


def _environment(home: Path) -> dict[str, str]:
    kept = ("PATH", "LANG", "SYSTEMROOT", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "HOME": str(home),
        "USER": "student",
        "AIGC_HOME": str(home / ".course"),
        "IPYTHONDIR": str(home / ".ipython"),
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(home / ".matplotlib"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONUTF8": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONBREAKPOINT": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HF_HUB_OFFLINE": "1",
        "AIGC_SCALE": "smoke",
        "TMPDIR": str(home),
    }


def _remove(folder: str) -> None:
    """Remove what a submission left, however deep, without following a link out of it."""
    if shutil.which("rm"):
        subprocess.run(["rm", "-rf", folder], stderr=subprocess.DEVNULL)
        return
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
