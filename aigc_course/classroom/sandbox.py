"""Runs a submission in a process of its own: limits on time, memory and output, no network and no view of the course's folder where
the system allows it. It is no jail: grade under an account that holds nothing else, as docs/classroom.md says."""

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
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 90  # importing torch on a busy machine
EVENT_SECONDS = 25  # beyond the worker's own limits, which an answer may switch off
CPU_SECONDS = 150
MEMORY_GB = 6.0
LINE_BYTES = 30_000_000
ATTEMPTS = 4

_UNSHARE = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc"]


@dataclass
class Findings:
    """What running a submission gave.

    Attributes:
        texts: cell -> what it printed, cut short.
        errors: cell -> one line, where it failed.
        checks: exercise -> what its answer gave, as `worker` writes it; {"state": "slow" | "died"} when the process had to be ended.
        apart: whether the network was cut.
    """

    texts: dict[int, str] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    checks: dict[str, dict] = field(default_factory=dict)
    apart: bool = False


def run(cells: dict[int, str], checks: dict[str, list[int]], hide: Path | None = None) -> Findings:
    """Run cells in order, then each exercise on public and hidden arguments. Never raises for what a submission does.

    Args:
        cells: id -> source.
        checks: exercise -> seeds of hidden parameters.
        hide: folder that the submission must not see: the course's, with its gradebook.
    """
    findings, left = Findings(apart=bool(_apart())), dict(cells)
    for _ in range(ATTEMPTS):
        blamed = _attempt(left, {name: seeds for name, seeds in checks.items() if name not in findings.checks}, findings, hide)
        if blamed is None:
            break
        kind, what, why = blamed
        if kind == "cell":
            findings.errors[what] = f"this cell {why}"
            del left[what]
        else:
            findings.checks[what] = {"state": "slow" if why.startswith("did not end") else "died"}
        if kind == "start":
            break
    for name in checks:
        findings.checks.setdefault(name, {"state": "died"})
    return findings


def _attempt(cells, checks, findings, hide) -> tuple[str, object, str] | None:
    """One process; None when it came to its end, else who is to blame: ("cell", id, why), ("check", name, why) or ("start", "", why)."""
    at: tuple[str, object] = ("start", "")
    with tempfile.TemporaryDirectory(prefix="aigc-graded-", ignore_cleanup_errors=True) as folder, _Process(Path(folder), hide) as process:
        process.send({"cells": [{"id": i, "source": source} for i, source in cells.items()], "names": list(checks),
                      "memory_gb": MEMORY_GB, "cpu_seconds": CPU_SECONDS})  # fmt: skip
        while True:
            event = process.receive(START_SECONDS if at[0] == "start" else EVENT_SECONDS)
            if event is None:
                return None if at[0] == "end" else (*at, process.why)
            kind = event["event"]
            if kind == "running" and event.get("cell") in cells:
                at = ("cell", event["cell"])
            elif kind == "ran" and at == ("cell", event.get("cell")):
                findings.texts[at[1]], findings.errors[at[1]] = str(event.get("text", ""))[:2500], str(event.get("error", ""))[:500]
                if not findings.errors[at[1]]:
                    del findings.errors[at[1]]
            elif kind == "ready":
                process.send([{"name": name, "seeds": seeds} for name, seeds in checks.items()])
                at = ("check", next(iter(checks), "")) if checks else ("end", "")
            elif kind == "checking" and event.get("name") in checks:
                at = ("check", event["name"])
            elif kind == "checked" and at == ("check", event.get("name")):
                findings.checks[at[1]] = event
                if all(name in findings.checks for name in checks):
                    at = ("end", "")


class _Process:
    """A worker: lines of JSON in and out, ended with all its children."""

    def __init__(self, folder: Path, hide: Path | None):
        self.why = "ended the process"
        environment = {"HOME": str(folder), "AIGC_HOME": str(folder / "home"), "IPYTHONDIR": str(folder / "ipython"), "MPLBACKEND": "Agg",
                       "MPLCONFIGDIR": str(folder / "mpl"), "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1", "PYTHONSAFEPATH": "1",
                       "PYTHONDONTWRITEBYTECODE": "1", "HF_HUB_OFFLINE": "1", "AIGC_SCALE": "smoke"}  # fmt: skip
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
        command = [*_hiding(hide), sys.executable, "-m", "aigc_course.classroom.worker"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder,
                                        env=kept | environment, start_new_session=True)  # fmt: skip
        self.lines: queue.Queue[bytes] = queue.Queue(maxsize=1000)
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> _Process:
        return self

    def __exit__(self, *_) -> None:
        self._end()

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL) if hasattr(os, "killpg") else self.process.kill()
        self.process.wait()

    def _read(self) -> None:
        total = 0
        while line := self.process.stdout.readline(LINE_BYTES):
            total += len(line)
            if total > LINE_BYTES:
                break
            self.lines.put(line)
        self.lines.put(b"")

    def send(self, message: object) -> None:
        with contextlib.suppress(OSError):  # when it is gone, `receive` tells
            self.process.stdin.write((json.dumps(message) + "\n").encode())
            self.process.stdin.flush()

    def receive(self, seconds: float) -> dict | None:
        """The next event, None when there will be none: `why` says what happened."""
        try:
            line = self.lines.get(timeout=seconds)
        except queue.Empty:
            self.why = f"did not end within {seconds:g} s"
            self._end()
            return None
        if not line:
            return None
        try:
            event = json.loads(line)
            return event if isinstance(event, dict) and isinstance(event.get("event"), str) else {"event": "?"}
        except (ValueError, RecursionError):
            return {"event": "?"}  # written by the submission; means nothing


@functools.cache
def _apart() -> tuple[str, ...]:
    """Command in front of the worker's that cuts network and processes off; empty where this system does not allow it."""
    possible = sys.platform == "linux" and shutil.which("unshare") and shutil.which("mount")
    return tuple(_UNSHARE) if possible and subprocess.run([*_UNSHARE, "true"], capture_output=True).returncode == 0 else ()


def _hiding(folder: Path | None) -> list[str]:
    """The command in front, with an empty folder over the course's own."""
    front = list(_apart())
    needed = (Path(__file__).resolve(), Path(sys.executable).absolute(), Path(sys.executable).resolve())
    if front and folder and folder.is_dir() and not any(path.is_relative_to(folder.resolve()) for path in needed):
        front += ["sh", "-c", 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"', str(folder.resolve())]
    return front
