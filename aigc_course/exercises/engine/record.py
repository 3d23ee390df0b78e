"""What a learner has done, kept in their own folder; a test run never touches it."""

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
    """Tell whether answers are kept: not in tests (pytest sets PYTEST_VERSION, kernels inherit it),
    not while grading.
    """
    return "PYTEST_VERSION" not in os.environ and machine.host() != "nbgrader"


def record(
    name: str, *, state: str = "", mistake: str = "", hints: int = 0, solution_seen: bool = False
) -> None:
    """Note one event of one exercise; never stops a lesson, says once when nothing can be kept."""
    global _warned
    if not recording():
        return
    try:
        path = _path()
        with files.lock(path, seconds=10):  # two notebooks may be open
            done = load()
            entry = done.setdefault(
                name,
                {"state": "open", "tries": 0, "hints": 0, "solution_seen": False, "mistakes": []},
            )
            entry["tries"] += bool(state)
            # Once right, always right: trying variants later is no step back.
            entry["state"] = state if state and entry["state"] != "right" else entry["state"]
            entry["hints"] = max(entry["hints"], hints)
            entry["solution_seen"] = entry["solution_seen"] or solution_seen
            if mistake and mistake not in entry["mistakes"]:
                entry["mistakes"].append(mistake)
            entry["last"] = datetime.now(UTC).isoformat(timespec="seconds")
            files.write_atomically(
                path,
                json.dumps(
                    {"version": 1, "exercises": done}, indent=1, ensure_ascii=False
                ).encode(),
            )
    except (CourseError, OSError) as error:
        if not _warned:
            sys.stderr.write(f"Your progress is not kept: {error}\n")
        _warned = True


def load() -> dict[str, dict]:
    """Read what is known of each exercise; a file that cannot be read is put aside, not lost."""
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
    return paths.home() / "progress.json"
