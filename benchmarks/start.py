"""Measures how long a learner waits before anything happens, and writes the table into
docs/costs.md.

    .venv/bin/python benchmarks/start.py           # needs a Chromium for the page; leaves that row
    out without one

`import aigc_course`, and `lab` to a page whose first cell can be run. Each five times; the middle
one counts.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "support")]

import browser  # noqa: E402
import lessons as lessons_benchmark  # noqa: E402

from aigc_course.course import lessons  # noqa: E402

TIMES = 5
IMPORT = (
    "import time; t = time.perf_counter(); import aigc_course; print(time.perf_counter() - "
    "t); import sys; print('torch' in sys.modules)"
)
HELP = [sys.executable, "-m", "aigc_course", "--help"]


def seconds_of_import() -> float:
    """Inside a Python that has started; `torch` must not come along."""
    said = subprocess.run(
        [sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True
    ).stdout.split()
    if said[1] != "False":
        sys.exit("import aigc_course loads torch")
    return float(said[0])


def seconds_of_help() -> float:
    """`course.py --help` as typed, once installed."""
    start = time.perf_counter()
    subprocess.run(HELP, capture_output=True, check=True)
    return time.perf_counter() - start


def seconds_to_page(new_page) -> float:
    """From `lab` to the welcome lesson with a kernel that waits, in a browser that runs already."""
    page = new_page()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        server = browser.Server(Path(folder))
        try:
            browser.Notebook(page, server, lessons.find("welcome").name)
            return time.perf_counter() - start
        finally:
            page.close()
            server.stop()


def measured() -> list[tuple[str, float, float]]:
    """(what, middle of five times, budget)."""

    def middle(measure, *arguments) -> float:
        return statistics.median(measure(*arguments) for _ in range(TIMES))

    rows = [
        ("`import aigc_course` (without torch)", middle(seconds_of_import), 0.3),
        ("`course.py --help`, once installed", middle(seconds_of_help), 2.0),
    ]
    if browser.chromium() is None:
        print(browser.HOW_TO_GET_ONE)
        return rows
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        program = play.chromium.launch(
            executable_path=browser.chromium() or None, args=browser.ARGUMENTS
        )
        rows.append(
            (
                "`lab` to a page whose first cell can be run",
                middle(seconds_to_page, program.new_page),
                10.0,
            )
        )
        program.close()
    return rows


def main() -> None:
    lines = [
        "| what | seconds | budget |",
        "|---|---|---|",
        *(f"| {what} | {seconds:.3g} | {budget:g} |" for what, seconds, budget in measured()),
    ]
    print("\n".join(lines))
    lessons_benchmark.write("start", lines)


if __name__ == "__main__":
    main()
