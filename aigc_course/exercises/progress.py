"""What a learner has done, kept in their own folder; a test run never touches it."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from aigc_course import runtime
from aigc_course.errors import CourseError
from aigc_course.exercises import catalog

_warned = False

ENTRY = {"state": str, "tries": int, "hints": int, "solution_seen": bool, "mistakes": list}  # what an entry holds


def recording() -> bool:
    """Whether answers are kept: not in tests (pytest sets PYTEST_VERSION, kernels inherit it), not while grading."""
    return "PYTEST_VERSION" not in os.environ and runtime.place() != "nbgrader"


def record(name: str, *, state: str = "", mistake: str = "", hints: int = 0, solution_seen: bool = False) -> None:
    """Note one event of one exercise; never stops a lesson, says once when nothing can be kept."""
    global _warned
    if not recording():
        return
    try:
        path = _path()
        with runtime.alone(path, seconds=10):  # two notebooks may be open
            done = load()
            entry = done.setdefault(name, {"state": "open", "tries": 0, "hints": 0, "solution_seen": False, "mistakes": []})
            entry["tries"] += bool(state)
            # Once right, always right: trying variants later is no step back.
            entry["state"] = state if state and entry["state"] != "right" else entry["state"]
            entry["hints"] = max(entry["hints"], hints)
            entry["solution_seen"] = entry["solution_seen"] or solution_seen
            if mistake and mistake not in entry["mistakes"]:
                entry["mistakes"].append(mistake)
            entry["last"] = datetime.now(UTC).isoformat(timespec="seconds")
            runtime.write_safely(path, json.dumps({"version": 1, "exercises": done}, indent=1, ensure_ascii=False).encode())
    except (CourseError, OSError) as error:
        if not _warned:
            sys.stderr.write(f"Your progress is not kept: {error}\n")
        _warned = True


def load() -> dict[str, dict]:
    """Exercise -> what is known of it; a file that cannot be read is put aside, not lost."""
    path = _path()
    if not path.exists():
        return {}
    try:
        done = json.loads(path.read_text(encoding="utf-8"))["exercises"]
        if not all(isinstance(entry[key], kind) for entry in done.values() for key, kind in ENTRY.items()):
            raise ValueError("entries are damaged")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        aside = runtime.unused_path(path.with_stem("progress-unreadable"))
        path.rename(aside)
        sys.stderr.write(f"{path.name} could not be read; it is kept as {aside}, and a new one begins.\n")
        return {}
    return done


def _path() -> Path:
    return runtime.home() / "progress.json"


class Overview:
    """Every exercise of the course with its state; shows itself as a map of the course and a table."""

    def __init__(self, done: dict[str, dict]):
        self.rows = [
            (lesson, task.name, task.title, task.minutes, done.get(task.name, {"state": "open", "tries": 0, "solution_seen": False}))
            for topic, (lesson, _) in catalog.TOPICS.items()
            for task in catalog.exercises_of(topic).values()
        ]

    @staticmethod
    def _state(entry: dict) -> str:
        if entry["state"] == "right":
            return "✔ done" + (" (solution seen)" if entry["solution_seen"] else "")
        return f"✘ tried {entry['tries']}x" if entry["tries"] else "○ open"

    def __repr__(self) -> str:
        done = sum(entry["state"] == "right" for *_, entry in self.rows)
        lines = [f"{lesson}  {name:<26} {minutes:>3} min  {self._state(entry):<12} {title}" for lesson, name, title, minutes, entry in self.rows]
        return "\n".join([f"{done} of {len(self.rows)} exercises done", *lines])

    def counts(self) -> dict[str, tuple[int, int, int]]:
        """Number of a lesson -> how many of its exercises are (done, tried, open)."""
        counted: dict[str, list[int]] = {}
        for lesson, _, _, _, entry in self.rows:
            counted.setdefault(lesson, [0, 0, 0])[0 if entry["state"] == "right" else 1 if entry["tries"] else 2] += 1
        return {lesson: tuple(numbers) for lesson, numbers in counted.items()}

    def _repr_html_(self) -> str:
        from aigc_course.course_map import progress_map
        from aigc_course.plots import Table

        names = ("lesson", "exercise", "what to do", "time", "state")
        rows = ((lesson, name, title, f"{minutes} min", self._state(entry)) for lesson, name, title, minutes, entry in self.rows)
        table = Table([dict(zip(names, row, strict=True)) for row in rows])._repr_html_()
        return f"{progress_map(self.counts())}<details><summary>All exercises</summary>{table}</details>"


def progress() -> Overview:
    """The exercises of the course: done, tried, open."""
    return Overview(load())
