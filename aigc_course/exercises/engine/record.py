"""What a learner has done, kept in their own folder; a test run never touches it.

The file `progress.json` has one part for each kind of thing: exercises, predictions, quizzes. In a
part, each thing has its entry under its name.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from aigc_course.core import files, machine, paths
from aigc_course.core.errors import CourseError

_warned = False

PARTS: dict[str, dict[str, type]] = {
    "exercises": {
        "state": str,
        "tries": int,
        "hints": int,
        "solution_seen": bool,
        "mistakes": list,
    },
    "predictions": {"chosen": str, "came": str},
    "quizzes": {"drawn": str, "asked": list, "right": list},
}
"""Part of the record -> what an entry in it holds, besides the time of its last change."""


def recording() -> bool:
    """Tell whether answers are kept: not in tests (pytest sets PYTEST_VERSION, kernels inherit it),
    not while grading.
    """
    return "PYTEST_VERSION" not in os.environ and machine.host() != "nbgrader"


def record(
    name: str, *, state: str = "", mistake: str = "", hints: int = 0, solution_seen: bool = False
) -> None:
    """Note one event of one exercise; never stops a lesson, says once when nothing can be kept."""

    def change(entry: dict) -> None:
        entry["tries"] += bool(state)
        # Once right, always right: trying variants later is no step back.
        entry["state"] = state if state and entry["state"] != "right" else entry["state"]
        entry["hints"] = max(entry["hints"], hints)
        entry["solution_seen"] = entry["solution_seen"] or solution_seen
        if mistake and mistake not in entry["mistakes"]:
            entry["mistakes"].append(mistake)

    new = {"state": "open", "tries": 0, "hints": 0, "solution_seen": False, "mistakes": []}
    note("exercises", name, new, change)


def note(part: str, name: str, new: dict, change: Callable[[dict], None]) -> None:
    """Change one entry of the record; never stops a lesson, says once when nothing can be kept.

    Args:
        part: one of `PARTS`.
        name: of the entry.
        new: the entry to begin with where there is none.
        change: takes the entry and changes it in place.
    """
    global _warned
    if not recording():
        return
    try:
        path = _path()
        with files.lock(path, seconds=10):  # two notebooks may be open
            whole = _read()
            entry = whole.setdefault(part, {}).setdefault(name, new)
            change(entry)
            entry["last"] = datetime.now(UTC).isoformat(timespec="seconds")
            written = json.dumps({**whole, "version": 1}, indent=1, ensure_ascii=False)
            files.write_atomically(path, written.encode())
    except (CourseError, OSError) as error:
        if not _warned:
            sys.stderr.write(f"Your progress is not kept: {error}\n")
        _warned = True


def load(part: str = "exercises") -> dict[str, dict]:
    """Return a part of the record, name -> entry.

    A file that cannot be read is put aside, not lost.
    """
    return _read().get(part, {})


def _read() -> dict:
    """Return the whole record; a file that cannot be read is put aside, and {} returned."""
    path = _path()
    if not path.exists():
        return {}
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        whole["exercises"] = whole.get("exercises", {})
        for part, holds in PARTS.items():
            for entry in whole.get(part, {}).values():
                if not all(isinstance(entry[key], kind) for key, kind in holds.items()):
                    raise ValueError("entries are damaged")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        aside = files.put_aside(path)
        sys.stderr.write(
            f"{path.name} could not be read; it is kept as {aside}, and a new one begins.\n"
        )
        return {}
    return whole


def _path() -> Path:
    return paths.home() / "progress.json"
