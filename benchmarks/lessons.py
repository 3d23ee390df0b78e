"""Measures what every lesson costs, each in a process of its own, and writes the table into
docs/costs.md; the README's table follows.

    .venv/bin/python benchmarks/lessons.py                     # all, with one thread and with two
    .venv/bin/python benchmarks/lessons.py chance gpt --dry    # two of them, printed only

One after the other, on an otherwise idle machine: wall time, CPU time and the highest memory of the
kernel and its children. With a GPU there, at "gpu" scale. `--store` also keeps the outputs of the
last run of each lesson, as `python3 course.py store` does, so that one run serves both.
"""

import argparse
import datetime
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from aigc_course import runtime
from aigc_course.authoring import stamp, tables
from aigc_course.core import files
from aigc_course.core import machine as core_machine
from aigc_course.course import lessons

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "costs.md"


@dataclass(frozen=True)
class Cost:
    """Of one run: seconds by the clock, seconds of all cores together, and the highest memory in GB
    (1e9 bytes).
    """

    wall: float
    cpu: float
    peak: float


def measure(command: list[str], environment: dict[str, str]) -> Cost:
    """What one command costs with all its children; ends this program when it fails."""
    peak, cpu, running = 0.0, {}, True
    start = time.monotonic()
    process = psutil.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )

    def watch() -> None:
        nonlocal peak
        while running:
            total = 0
            for one in [process, *_children(process)]:
                try:
                    total += one.memory_info().rss
                    times = one.cpu_times()
                    cpu[one.pid] = times.user + times.system
                except psutil.Error:
                    continue
            peak = max(peak, total / 1e9)
            time.sleep(0.25)  # looking costs time, too

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    running = False
    watcher.join()
    if code:
        sys.exit(f"{' '.join(command[1:])} failed; run it by hand to see why")
    return Cost(time.monotonic() - start, sum(cpu.values()), peak)


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def lesson_cost(topic: str, scale: str, threads: int, store: bool) -> Cost:
    """Run a lesson, with the settings that `course.py` makes before Python starts."""
    with tempfile.TemporaryDirectory() as home:
        task = ["store", topic] if store else ["run", topic, "--scale", scale, "--out", home]
        environment = settings() | {"AIGC_HOME": home, "OMP_NUM_THREADS": str(threads)}
        return measure([sys.executable, "-m", "aigc_course", *task], environment)


def settings() -> dict[str, str]:
    """What `course.py` sets before Python starts."""
    spec = importlib.util.spec_from_file_location("course", ROOT / "course.py")
    course = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(course)
    return course.BEFORE_START


def machine() -> str:
    """What the figures were measured on."""
    import torch

    names = (
        line.split(": ")[1] for line in _lines("/proc/cpuinfo") if line.startswith("model name")
    )
    name = next(names, platform.processor() or platform.machine())
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ", no GPU"
    total, _ = core_machine.memory_gb()
    return (
        f"{name}, {core_machine.threads()} cores, {total:.0f} GB{gpu}; "
        f"{platform.system()}, Python {platform.python_version()}, "
        f"torch {torch.__version__.split('+')[0]}; "
        f"{datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}"
    )


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lesson", nargs="*", help="topics or numbers; default: all")
    parser.add_argument(
        "--scale",
        choices=runtime.SCALES,
        default="gpu" if core_machine.device() == "cuda" else "cpu",
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument(
        "--store", action="store_true", help="keep the outputs of the last run of each lesson"
    )
    parser.add_argument("--dry", action="store_true", help="print only")
    options = parser.parse_args()
    if options.store and options.scale != "cpu":
        parser.error("outputs are stored at cpu scale")
    keys = options.lesson or [lesson.topic for lesson in lessons.all_lessons()]
    measured = [lessons.find(key) for key in keys]
    topics = [lesson.topic for lesson in measured]
    costs = {
        threads: costs_of(
            topics, options.scale, threads, options.store and threads == options.threads[-1]
        )
        for threads in options.threads
    }
    titles = [
        "lesson",
        *(
            f"{what}, {n} thread{'s' * (n > 1)}"
            for n in options.threads
            for what in ("wall s", "CPU s", "peak GB")
        ),
        "notebook KB",
    ]
    rows = {}
    for lesson in measured:
        own = [costs[threads][lesson.topic] for threads in options.threads]
        cells = [f"{cost.wall:.0f} | {cost.cpu:.0f} | {cost.peak:.2f}" for cost in own]
        rows[lesson.name] = (
            f"| {lesson.name} | {' | '.join(cells)} | {lesson.path.stat().st_size / 1000:.0f} |"
        )
    head = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    print("\n".join([*head, *rows.values()]))
    if not options.dry:
        mark = "lessons on a GPU" if options.scale == "gpu" else "lessons"
        if options.lesson:
            rows = others(mark, head) | rows
        write(mark, [*head, *dict(sorted(rows.items())).values()])
        stamp.stamp()


def others(mark: str, head: list[str]) -> dict[str, str]:
    """The rows that docs/costs.md has: name of a lesson -> row. Ends this program where its columns
    are not those of `head`.
    """
    page = PAGE.read_text(encoding="utf-8")
    lines = [line for line in tables.between(page, mark).splitlines() if line.startswith("|")]
    if lines[:2] != head:
        sys.exit(
            "docs/costs.md has other columns: nothing was written. Measure all "
            "lessons, or with its numbers of threads."
        )
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines[2:]}


def write(mark: str, table: list[str]) -> None:
    """Put a table, measured on this machine, between the two marks of docs/costs.md."""
    page = PAGE.read_text(encoding="utf-8")
    text = "\n".join([f"Measured on {machine()}.\n", *table])
    files.write_atomically(PAGE, tables.put_between(page, mark, text).encode())


def costs_of(topics: list[str], scale: str, threads: int, store: bool) -> dict[str, Cost]:
    """What each lesson costs, measured one after the other."""
    costs = {}
    for topic in topics:
        costs[topic] = lesson_cost(topic, scale, threads, store)
        print(f"{topic}, {threads} thread{'s' * (threads > 1)}: {costs[topic]}", flush=True)
    return costs


if __name__ == "__main__":
    main()
