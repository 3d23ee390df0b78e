"""The record of what a learner has done, kept in their own folder; no test run touches it."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from aigc_course.core import files, machine, paths
from aigc_course.core.errors import CourseError

_warned = False

ENTRY = {
    "state": str,
    "tries": int,
    "hints": int,
    "solution_seen": bool,
    "mistakes": list,
}  # what an entry holds


def recording() -> bool:
    """Return whether answers are recorded: not in tests, and not while submissions are graded.

    Pytest sets PYTEST_VERSION, which the kernels that it starts inherit.
    """
    return "PYTEST_VERSION" not in os.environ and machine.host() != "nbgrader"


def record(
    name: str, *, state: str = "", mistake: str = "", hints: int = 0, solution_seen: bool = False
) -> None:
    """Record one event of one exercise.

    It never stops a lesson: when nothing can be kept, that is written to stderr, once.

    Args:
        name: the name of the exercise.
        state: what a check found, "right" or "wrong"; "" when nothing was checked.
        mistake: what a wrong answer was told.
        hints: hints seen so far.
        solution_seen: whether the solution was shown.
    """
    global _warned
    if not recording():
        return
    try:
        with files.lock(_path(), seconds=10):  # two notebooks may be open
            done = load()
            _add(done.setdefault(name, _new_entry()), state, mistake, hints, solution_seen)
            _write(done)
    except (CourseError, OSError) as error:
        if not _warned:
            sys.stderr.write(f"Your progress is not kept: {error}\n")
        _warned = True


def _new_entry() -> dict:
    """Return the entry of an exercise before its first event."""
    return {"state": "open", "tries": 0, "hints": 0, "solution_seen": False, "mistakes": []}


def _add(entry: dict, state: str, mistake: str, hints: int, solution_seen: bool) -> None:
    """Add one event to the entry of an exercise; arguments as in `record`."""
    entry["tries"] += bool(state)
    # Once right, always right: trying variants later is no step back.
    entry["state"] = state if state and entry["state"] != "right" else entry["state"]
    entry["hints"] = max(entry["hints"], hints)
    entry["solution_seen"] = entry["solution_seen"] or solution_seen
    if mistake and mistake not in entry["mistakes"]:
        entry["mistakes"].append(mistake)
    entry["last"] = datetime.now(UTC).isoformat(timespec="seconds")


def _write(done: dict[str, dict]) -> None:
    """Write the whole record, exercise -> entry, into its file."""
    text = json.dumps({"version": 1, "exercises": done}, indent=1, ensure_ascii=False)
    files.write_atomically(_path(), text.encode())


def load() -> dict[str, dict]:
    """Load the record: name of the exercise -> its entry, with the keys of `ENTRY`.

    A file that cannot be read is put aside, not lost, and the record begins anew.
    """
    path = _path()
    if not path.exists():
        return {}
    try:
        done = json.loads(path.read_text(encoding="utf-8"))["exercises"]
        if not all(
            isinstance(entry[key], kind) for entry in done.values() for key, kind in ENTRY.items()
        ):
            raise ValueError("entries are damaged")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        aside = files.unused_path(path.with_stem("progress-unreadable"))
        path.rename(aside)
        sys.stderr.write(
            f"{path.name} could not be read; it is kept as {aside}, and a new one begins.\n"
        )
        return {}
    return done


def _path() -> Path:
    """Return the file that holds the record."""
    return paths.home() / "progress.json"
