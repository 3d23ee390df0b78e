"""Measures every lesson in a process of its own: `python3 benchmarks/lessons.py [--scale cpu] [01 ...]` (with the course's Python).

Prints a table: wall time, CPU time and the highest memory of the kernel and its children, and the size of the notebook.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time

import psutil

from aigc_course import lessons, runtime


def measure(number: str, scale: str) -> tuple[float, float, float]:
    """(wall seconds, CPU seconds, highest memory in GB) of one run."""
    peak, cpu, running = 0.0, {}, True
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "aigc_course", "run", number, "--scale", scale, "--out", home]
        process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "AIGC_HOME": home})

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
                time.sleep(0.05)

        watcher = threading.Thread(target=watch)
        watcher.start()
        code = process.wait()
        running = False
        watcher.join()
    if code:
        sys.exit(f"lesson {number} failed at {scale!r} scale; run it with `python3 course.py run {number}`")
    return time.monotonic() - start, sum(cpu.values()), peak


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lesson", nargs="*")
    parser.add_argument("--scale", choices=runtime.SCALES, default="cpu")
    options = parser.parse_args()
    total, _ = runtime.memory_gb()
    print(f"{platform.system()}, {runtime.threads()} cores, {total:.0f} GB, Python {platform.python_version()}, {options.scale} scale\n")
    print("| lesson | wall s | CPU s | peak GB | notebook KB |\n|---|---|---|---|---|")
    for number in options.lesson or [lesson.number for lesson in lessons.all_lessons()]:
        wall, cpu, peak = measure(number, options.scale)
        lesson = lessons.find(number)
        print(f"| {lesson.name} | {wall:.0f} | {cpu:.0f} | {peak:.2f} | {lesson.path.stat().st_size / 1000:.0f} |", flush=True)


if __name__ == "__main__":
    main()
