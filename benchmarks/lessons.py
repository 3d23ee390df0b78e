"""Measures what every lesson costs, each in a process of its own, and writes the table into
docs/costs.md.

    .venv/bin/python benchmarks/lessons.py                  # all lessons, with one thread and with
    two .venv/bin/python benchmarks/lessons.py 01 06 --dry      # two of them, printed only

One after the other, on an otherwise idle machine: wall time, CPU time and the highest memory of the
kernel and its children. With a GPU there, at "gpu" scale. `--store` also keeps the outputs of the
last run of each lesson, as `python3 course.py store` does, so that one run serves both.
"""

import argparse
import datetime
import importlib.util
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from aigc_course import runtime
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


def lesson_cost(number: str, scale: str, threads: int, store: bool) -> Cost:
    """Run a lesson, with the settings that `course.py` makes before Python starts."""
    with tempfile.TemporaryDirectory() as home:
        task = ["store", number] if store else ["run", number, "--scale", scale, "--out", home]
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


def read(mark: str) -> str:
    """What stands between two marks of docs/costs.md."""
    return re.search(
        f"<!-- {mark} -->\n(.*?)<!-- end of {mark} -->", PAGE.read_text(encoding="utf-8"), re.S
    )[1]


def write(mark: str, text: str) -> None:
    """Put a text between `<!-- mark -->` and `<!-- end of mark -->` of docs/costs.md."""
    page = PAGE.read_text(encoding="utf-8")
    changed = re.sub(
        f"(<!-- {mark} -->\n).*?(<!-- end of {mark} -->)",
        lambda found: found[1] + text + found[2],
        page,
        flags=re.S,
    )
    files.write_atomically(PAGE, changed.encode())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lesson", nargs="*")
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
    numbers = options.lesson or [lesson.number for lesson in lessons.all_lessons()]
    costs = {
        threads: costs_of(
            numbers, options.scale, threads, options.store and threads == options.threads[-1]
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
    for number in numbers:
        lesson, own = lessons.find(number), [costs[threads][number] for threads in options.threads]
        cells = [f"{cost.wall:.0f} | {cost.cpu:.0f} | {cost.peak:.2f}" for cost in own]
        rows[lesson.name] = (
            f"| {lesson.name} | {' | '.join(cells)} | {lesson.path.stat().st_size / 1000:.0f} |"
        )
    head = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    print("\n".join([*head, *rows.values()]))
    if not options.dry:
        mark = "lessons on a GPU" if options.scale == "gpu" else "lessons"
        old = [line for line in read(mark).splitlines() if line.startswith("|")]
        if options.lesson and old[:2] != head:
            sys.exit(
                "docs/costs.md has other columns: nothing was written. Measure all "
                "lessons, or with its numbers of threads."
            )
        before = {line.split(" | ")[0].removeprefix("| "): line for line in old[2:]}
        rows = dict(sorted((before | rows).items()))  # those that were not measured now stay
        write(mark, f"\nMeasured on {machine()}.\n\n" + "\n".join([*head, *rows.values()]) + "\n\n")


def costs_of(numbers: list[str], scale: str, threads: int, store: bool) -> dict[str, Cost]:
    """What each lesson costs, measured one after the other."""
    costs = {}
    for number in numbers:
        costs[number] = lesson_cost(number, scale, threads, store)
        print(f"{number}, {threads} thread{'s' * (threads > 1)}: {costs[number]}", flush=True)
    return costs


if __name__ == "__main__":
    main()
