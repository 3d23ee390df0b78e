"""Every test runs in folders of its own; slow ones only with `python3 course.py test --full`."""

import json
import os
import tempfile

# Before anything else, and in the environment, so that the kernels of notebooks inherit it.
os.environ.pop("AIGC_VENV", None)  # tests make environments of their own
os.environ["AIGC_HOME"] = tempfile.mkdtemp(prefix="aigc-test-home-")

import queue
import re
import shutil
import signal
import time
from pathlib import Path

import hypothesis
import pytest

# The background jobs of a shell begin with it ignored, and so would everything that is interrupted
# here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, and nothing written into the course folder.
hypothesis.settings.register_profile("course", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("course")


def pytest_collection_modifyitems(config, items):
    for item in items:
        if hasattr(item, "output_timeout"):  # nbval's own five seconds are few on a busy machine
            item.output_timeout = 60
    kept = [item for item in items if wanted(item, os.environ.get("AIGC_FULL", ""))]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept
    # Files with long tests first, then notebooks, so that processes side by side end together.
    long = {item.path for item in items if item.get_closest_marker("full")}
    items.sort(key=lambda item: (item.path not in long, item.path.suffix != ".ipynb"))


def wanted(item, full):
    """Whether a test belongs to a run.

    Args:
        item: the test.
        full: "" for the short tests, "all", or what changed (`Selection.as_environment`): then the
            slow tests of those lessons, those of exercises (`full(exercises=True)`) where only
            these changed, and slow tests that guard changed files.
    """
    slow = item.get_closest_marker("full")
    lesson = getattr(item, "callspec", None) and item.callspec.params.get("lesson")
    if slow and not lesson and "guards" not in slow.kwargs:
        raise pytest.UsageError(
            f"{item.nodeid}: a slow test has a parameter `lesson`, or says what it guards: "
            '@pytest.mark.full(guards="training")'
        )
    if not full or full == "all":
        return not slow or bool(full)
    changed = json.loads(full)
    if item.path.suffix == ".ipynb":
        return item.path.stem in changed["lessons"]
    if not slow:
        return False
    if lesson:
        of_exercises = changed["judged"] if slow.kwargs.get("exercises") else []
        return lesson.name in [*changed["lessons"], *of_exercises]
    guarded = [f"aigc_course/{part.replace('.', '/')}" for part in slow.kwargs["guards"].split()]
    # Answers to exercises are sent through the lessons they belong to; nothing else reads them.
    files = [name for name in changed["files"] if name != "tests/support/accepted_answers.py"]
    return any(
        name.startswith((*guarded, "tests/support/")) or name.endswith(item.path.name)
        for name in files
    )


def pytest_unconfigure(config):
    shutil.rmtree(os.environ["AIGC_HOME"], ignore_errors=True)


def promised():
    """Label -> number, from the table in docs/reliability.md."""
    text = (Path(__file__).parent.parent / "docs" / "reliability.md").read_text(encoding="utf-8")
    return {
        label: int(number.replace(",", ""))
        for label, number in re.findall(r"^\| ([^|]+?) \| ([\d,]+) \|", text, re.M)
    }


@pytest.fixture
def count(record_property):
    """(label, number) -> None: what a test did so many times, held against docs/reliability.md and
    printed at the end of the run.
    """

    def note(label, number):
        record_property("count", f"{label}: {number:,}")
        assert number >= promised()[label], (
            f"docs/reliability.md promises {promised()[label]:,} for {label!r}; this run "
            f"made {number:,}"
        )

    return note


def pytest_terminal_summary(terminalreporter):
    counts = [
        value
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "count"
    ]
    if counts:
        terminalreporter.section("counts of docs/reliability.md")
        terminalreporter.write("".join(f"{line}\n" for line in dict.fromkeys(counts)))


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A fresh folder of the learner's own, in which progress is recorded."""
    folder = tmp_path / "home"
    monkeypatch.setenv("AIGC_HOME", str(folder))
    monkeypatch.delenv("PYTEST_VERSION", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return folder


@pytest.fixture
def kernel():
    """(code, stop_after=None) -> what a cell printed, its status, how many outputs it made; the
    stop button is pressed after so many seconds.
    """
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")

    def run(code, stop_after=None):
        made, printed, waiting = 0, "", client.execute(code)
        press_at = time.monotonic() + (stop_after or 0)
        give_up_at = press_at + 600
        while time.monotonic() < give_up_at:
            if stop_after and time.monotonic() > press_at:
                manager.interrupt_kernel()
                press_at += 10  # the first may have come before the cell began
            try:
                message = client.get_iopub_msg(timeout=0.2)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") != waiting:
                continue
            made += message["msg_type"] in ("display_data", "stream", "execute_result", "error")
            printed += message["content"].get("text", "")
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return printed, client.get_shell_msg(timeout=60)["content"]["status"], made
        raise AssertionError(f"ten minutes and no end: {code}")

    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)
