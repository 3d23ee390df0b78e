"""Running a submission in a process of its own.

Time, memory and output are limited; where the system allows it, there is no network and no view of
the course's folder. It is no jail: grade under an account that holds nothing else, as
docs/classroom.md says.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aigc_course.core.errors import CourseError

START_SECONDS = 90  # importing torch on a busy machine
EVENT_SECONDS = 30  # beyond the worker's own limits, which an answer may switch off
TOTAL_SECONDS = 240  # of one submission, with all its new starts
CPU_SECONDS = 150
MEMORY_GB = 6.0
OUTPUT_BYTES = 30_000_000  # of one process

_UNSHARE = [
    "unshare",
    "--user",
    "--map-root-user",
    "--net",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount",
    "--mount-proc",
]
# An empty folder over the course's own, all else read-only but the submission's own folder (where
# the system allows it), and no right to
# undo that: the last `unshare` leaves the submission without any privilege over these mounts.
_HIDE = """mount -t tmpfs -o size=1m tmpfs "$0" || exit 99
mount --bind "$1" "$1" && mount -o remount,bind,ro / 2>/dev/null
cd "$1" && shift && exec unshare --user --mount "$@\""""


@dataclass
class Findings:
    """What running a submission gave; none of its values is to be trusted.

    Attributes:
        texts: cell -> what it printed, cut short.
        errors: cell -> its error in one line, for the cells that failed.
        examples: exercise -> what its answer gave on the examples that learners see, as `worker`
            writes it.
        hidden: exercise -> what its answer gave on the hidden arguments of each seed.
        apart: whether the network was cut.
        unseen: whether the course's folder was out of sight.
    """

    texts: dict[int, str] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    examples: dict[str, dict] = field(default_factory=dict)
    hidden: dict[str, list[dict]] = field(default_factory=dict)
    apart: bool = False
    unseen: bool = False


SeedsFor = Callable[[dict[str, dict]], dict[str, list[int]]]


def run(
    items: list[int | str], cells: dict[int, str], seeds_for: SeedsFor, hide: Path | None = None
) -> Findings:
    """Run cells in order, then each exercise on the examples, then on hidden arguments.

    A submission cannot make this raise or wait for ever.

    Args:
        items: in the order of the notebook, keys of `cells` and names of exercises at the places of
            their test cells.
        cells: id -> source.
        seeds_for: what answers gave on the examples -> seeds of hidden arguments for those that are
            worth checking.
        hide: folder that the submission must not see: the course's, with its gradebook.

    Raises:
        CourseError: no process could be started; no fault of the submission.
    """
    front = _hiding(hide)
    findings = Findings(apart=bool(_apart()), unseen="sh" in front)
    names = [item for item in items if isinstance(item, str)]
    left, deadline = dict(cells), time.monotonic() + TOTAL_SECONDS
    for _ in range(len(cells) + 2 * len(names) + 1):
        blamed = _Attempt(items, left, names, seeds_for, findings, deadline).go(front)
        if blamed is None or time.monotonic() > deadline:
            break
        if blamed.kind == "cell":
            del left[blamed.what]
        _note(findings, blamed)
    for name in names:
        findings.examples.setdefault(name, {"state": "died"})
    return findings


@dataclass(frozen=True)
class _Blame:
    """What a process was doing when it ended too early, or was ended.

    Attributes:
        kind: "start", "cell", "example" or "check".
        what: id of the cell, or name of the exercise.
        why: what happened, as the end of a sentence.
        late: whether it was ended as its time was over.
    """

    kind: str
    what: int | str
    why: str
    late: bool


def _note(findings: Findings, blamed: _Blame) -> None:
    """Record what ended a process as the error of a cell or the state of an exercise.

    Raises:
        CourseError: the process ended before the first cell.
    """
    if blamed.kind == "start":
        raise CourseError(
            f"Submissions cannot be run here: their process {blamed.why} before the first "
            "cell. Is the machine too busy?"
        )
    if blamed.kind == "cell":
        findings.errors[blamed.what] = f"this cell {blamed.why}"
        return
    lost = {"state": "slow" if blamed.late else "died"}
    findings.examples.setdefault(blamed.what, lost)
    if blamed.kind == "check":
        findings.hidden[blamed.what] = [lost]


class _Attempt:
    """One process, from its start to its end, and the phase that it is in.

    What the process reports counts only in the phase that it belongs to: cells and examples, then,
    once the seeds are sent, hidden checks alone.

    Args:
        items, seeds_for: as in `run`.
        cells: those that are still run.
        names: the exercises.
        findings: take what the process reports.
        deadline: when all attempts must have ended, on the clock of `time.monotonic`.
    """

    def __init__(self, items, cells, names, seeds_for, findings: Findings, deadline: float):
        self.cells, self.names, self.seeds_for, self.findings, self.deadline = (
            cells,
            names,
            seeds_for,
            findings,
            deadline,
        )
        self.items = [
            {"check": item} if isinstance(item, str) else {"id": item, "source": cells[item]}
            for item in items
            if isinstance(item, str) or item in cells
        ]
        self.at: tuple[str, object] = ("start", "")
        self.asked: dict[str, list[int]] | None = None

    def go(self, front: list[str]) -> _Blame | None:
        """Start the process and follow it to its end.

        Args:
            front: the command to put in front of the worker's.

        Returns:
            None when it did all that it was asked for, else what is to blame.
        """
        temporary = tempfile.TemporaryDirectory(prefix="aigc-graded-", ignore_cleanup_errors=True)
        with temporary as folder, _Process(Path(folder), front) as process:
            process.send(self.job())
            while self.at[0] != "end":
                patience = START_SECONDS if self.at[0] == "start" else EVENT_SECONDS
                event = process.receive(min(patience, self.deadline - time.monotonic()))
                if event is None:
                    return _Blame(*self.at, process.why, process.late)
                if event["event"] == "ready" and self.asked is None:
                    self.ready(process)
                elif self.asked is None:
                    self.before_seeds(event)
                else:
                    self.after_seeds(event)
        return None

    def job(self) -> dict:
        """Return what the worker is asked for first: cells, and answers on the examples."""
        return {
            "items": self.items,
            "names": self.names,
            "examples": [n for n in self.names if n not in self.findings.examples],
            "memory_gb": MEMORY_GB,
            "cpu_seconds": CPU_SECONDS,
        }

    def before_seeds(self, event: dict) -> None:
        """Record an event of a cell or of an answer on the examples; drop any other."""
        kind, cell, name = event["event"], event.get("cell"), event.get("name")
        if kind == "running" and isinstance(cell, int) and cell in self.cells:
            self.at = ("cell", cell)
        elif kind == "ran" and self.at == ("cell", cell):
            # What an earlier attempt saw stays.
            self.findings.texts.setdefault(cell, str(event.get("text", ""))[:2500])
            if error := str(event.get("error", ""))[:500]:
                self.findings.errors.setdefault(cell, error)
        elif kind == "examining" and isinstance(name, str) and name in self.names:
            self.at = ("example", name)
        elif kind == "examined" and self.at == ("example", name):
            self.findings.examples.setdefault(name, event)

    def ready(self, process: _Process) -> None:
        """Send the seeds of hidden arguments, for the answers that are worth checking on them."""
        self.asked = {
            name: seeds
            for name, seeds in self.seeds_for(self.findings.examples).items()
            if name not in self.findings.hidden
        }
        process.send([{"name": name, "seeds": seeds} for name, seeds in self.asked.items()])
        self.at = ("check", next(iter(self.asked))) if self.asked else ("end", "")

    def after_seeds(self, event: dict) -> None:
        """Record an event of an answer on hidden arguments; drop any other."""
        kind, name = event["event"], event.get("name")
        if kind == "checking" and isinstance(name, str) and name in self.asked:
            self.at = ("check", name)
        elif kind == "checked" and self.at == ("check", name):
            runs = event.get("runs")
            self.findings.hidden[name] = (
                [run for run in runs if isinstance(run, dict)] if isinstance(runs, list) else []
            )
            if all(name in self.findings.hidden for name in self.asked):
                self.at = ("end", "")


class _Process:
    """A worker's process, which takes and gives lines of JSON and ends with all its children.

    Args:
        folder: where it works; the only one that it may write to, where the system allows that.
        front: the command to put in front of the worker's.
    """

    def __init__(self, folder: Path, front: list[str]):
        self.why, self.late = "ended the process", False
        place = [str(folder)] if "sh" in front else []
        self.process = subprocess.Popen(
            [*front, *place, sys.executable, "-m", "aigc_course.classroom.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=_environment(folder),
            start_new_session=True,
        )
        self.lines: queue.Queue[bytes] = queue.Queue(maxsize=1000)
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> _Process:
        return self

    def __exit__(self, *_) -> None:
        self._end()

    def _end(self) -> None:
        """Stop the process and, where the system has groups of processes, all its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL) if hasattr(
                os, "killpg"
            ) else self.process.kill()
        self.process.wait()

    def _read(self) -> None:
        """Put the lines of the process into a queue, and b"" at their end or at `OUTPUT_BYTES`."""
        total = 0
        while line := self.process.stdout.readline(OUTPUT_BYTES):
            total += len(line)
            if total > OUTPUT_BYTES:
                break
            self.lines.put(line)
        self.lines.put(b"")

    def send(self, message: object) -> None:
        """Send a message as a line of JSON."""
        with contextlib.suppress(OSError):  # when it is gone, `receive` tells
            self.process.stdin.write((json.dumps(message) + "\n").encode())
            self.process.stdin.flush()

    def receive(self, seconds: float) -> dict | None:
        """Wait for the next event and return it.

        Args:
            seconds: how long to wait.

        Returns:
            The event, a dictionary with the text "event", {"event": "?"} for a line that holds
            none; None when there will be no more, and then `why` says what happened.
        """
        try:
            line = self.lines.get(timeout=max(0.0, seconds))
        except queue.Empty:
            self.why, self.late = f"did not end within {EVENT_SECONDS:g} s", True
            self._end()
            return None
        if not line:
            return None
        try:
            event = json.loads(line)
            return (
                event
                if isinstance(event, dict) and isinstance(event.get("event"), str)
                else {"event": "?"}
            )
        except (ValueError, RecursionError):
            return {"event": "?"}  # written by the submission; means nothing


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment variables of a worker that works in a folder."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "PYTHONPATH", "LANG", "SYSTEMROOT", "LD_LIBRARY_PATH")
        if name in os.environ
    }
    return kept | {
        "HOME": str(folder),
        "AIGC_HOME": str(folder / "home"),
        "IPYTHONDIR": str(folder / "ipython"),
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(folder / "mpl"),
        "OMP_NUM_THREADS": "1",
        "PYTHONUTF8": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HF_HUB_OFFLINE": "1",
        "AIGC_SCALE": "smoke",
        "TMPDIR": str(folder),
    }


@functools.cache
def _apart() -> tuple[str, ...]:
    """Return the command in front of the worker's that cuts off the network and other processes.

    It is empty where this system does not allow that.
    """
    if sys.platform != "linux" or not all(map(shutil.which, ("setpriv", "unshare", "mount"))):
        return ()
    front = [
        "setpriv",
        "--pdeathsig",
        "KILL",
        *_UNSHARE,
    ]  # whoever ends the grader ends the submission
    return (
        tuple(front)
        if subprocess.run(
            [*front, "unshare", "--user", "--mount", "true"], capture_output=True
        ).returncode
        == 0
        else ()
    )


def _hiding(folder: Path | None) -> list[str]:
    """Return the command in front of the worker's, which also hides a folder where it can.

    The folder cannot be hidden when the program itself lies in it.
    """
    front = list(_apart())
    needed = (
        Path(__file__).resolve(),
        Path(sys.executable).absolute(),
        Path(sys.executable).resolve(),
    )
    if (
        front
        and folder
        and folder.is_dir()
        and not any(path.is_relative_to(folder.resolve()) for path in needed)
    ):
        front += ["sh", "-c", _HIDE, str(folder.resolve())]
    return front
