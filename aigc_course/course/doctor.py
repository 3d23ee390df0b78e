"""The doctor: what this machine is, what works, what will be slow, and how to fix what is wrong."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import socket
import sys
import urllib.parse
import webbrowser
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from aigc_course import runtime
from aigc_course.core import machine, paths
from aigc_course.core.errors import CourseError

MARKS = {"ok": "✔", "slow": "!", "wrong": "✘", "note": "·"}


@dataclass(frozen=True)
class Finding:
    """One result of the examination.

    Attributes:
        what: name of what was examined.
        state: "ok", "note" (nothing to do), "slow" (works, but slowly) or "wrong".
        text: what was found.
        fix: what to do; "" when there is nothing to do.
    """

    what: str
    state: str
    text: str
    fix: str = ""


def examine(short: bool = False) -> list[Finding]:
    """Examine the machine and the course; what one examination finds never stops the next.

    Args:
        short: examine only what training needs.
    """
    findings = []
    for look in (_python, _torch, _processor, _memory) if short else LOOKS:
        try:
            findings += look()
        except CourseError as error:
            findings.append(
                Finding(look.__name__.strip("_"), "wrong", str(error), "see the message")
            )
        except ImportError as error:
            findings.append(
                Finding(
                    look.__name__.strip("_"),
                    "wrong",
                    str(error),
                    f'{sys.executable} -m pip install "aigc-course[lab]"',
                )
            )
    return findings


def _python() -> list[Finding]:
    """Examine the Python version."""
    version = platform.python_version()
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    fix = (
        ""
        if good
        else "Use Python 3.11, 3.12 or 3.13: remove .venv and start course.py with one of them."
    )
    return [
        Finding(
            "python",
            "ok" if good else "wrong",
            f"{version} ({platform.system()} {platform.machine()})",
            fix,
        )
    ]


def _packages() -> list[Finding]:
    """Compare installed versions with the ranges of the course, without importing anything."""
    from packaging.requirements import Requirement

    problems, mend = [], []
    for line in importlib.metadata.requires("aigc-course") or []:
        wanted = Requirement(line)
        if wanted.marker and not any(
            wanted.marker.evaluate({"extra": extra}) for extra in ("", "lab")
        ):
            continue
        try:
            version = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            problems.append(f"{wanted.name} is missing")
        else:
            if wanted.specifier.contains(version, prereleases=True):
                continue
            problems.append(f"{wanted.name} {version} is outside {wanted.specifier}")
        mend.append(f'"{wanted.name}{wanted.specifier}"')
    if not problems:
        return [Finding("packages", "ok", "all there, in range")]
    if any("torch" in item for item in mend):  # both must be installed together from one source
        mend = [item for item in mend if "torch" not in item] + ["torch", "torchvision"]
    return [
        Finding(
            "packages",
            "wrong",
            "; ".join(problems),
            f"{sys.executable} -m pip install --upgrade {' '.join(mend)}",
        )
    ]


def _torch() -> list[Finding]:
    """Examine torch, torchvision and the device that they use."""
    try:
        import torch
        import torchvision
    except Exception as error:  # a broken build raises OSError, RuntimeError or ImportError
        problem = (str(error).strip().splitlines() or [type(error).__name__])[-1][:150]
        text = f"torch and torchvision do not load together: {problem}"
        fix = "Install both in one command from the same place: pip install --force-reinstall "
        return [Finding("torch", "wrong", text, fix + "torch torchvision")]
    found = [Finding("torch", "ok", f"{torch.__version__}, torchvision {torchvision.__version__}")]
    device = machine.device()
    names = {"mps": "Apple GPU", "cpu": "CPU"}
    name = torch.cuda.get_device_name() if device == "cuda" else names[device]
    text = f"{device} ({name}); lessons run at {runtime.scale()!r} scale"
    found.append(Finding("device", "note" if device == "cpu" else "ok", text))
    if unused := _unused_accelerator(device):
        text = f"{unused}, but the installed torch cannot use it"
        fix = "Update the driver, or install the torch build for it (pytorch.org, Get Started), "
        found.append(Finding("accelerator", "slow", text, fix + "torchvision with it."))
    return found


def _unused_accelerator(device: str) -> str:
    """Return a sentence about an accelerator that the installed torch cannot use, or ""."""
    if device != "cpu":
        return ""
    if Path("/dev/nvidia0").exists() or shutil.which("nvidia-smi"):
        return "There is an NVIDIA GPU"
    if Path("/dev/kfd").exists():
        return "There is an AMD GPU"
    return (
        "There is an Apple GPU"
        if sys.platform == "darwin" and platform.machine() == "arm64"
        else ""
    )


def _processor() -> list[Finding]:
    """Examine the number of cores and how busy they are."""
    cores = machine.threads()
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0
    found = [
        Finding(
            "threads",
            "ok" if cores > 1 else "slow",
            f"{cores} for this process",
            "" if cores > 1 else "Lessons take about twice as long.",
        )
    ]
    if busy > cores:
        found.append(
            Finding(
                "load",
                "slow",
                f"{busy:.1f} programs wait for {cores} cores",
                "Close other heavy programs while a lesson trains.",
            )
        )
    return found


def _memory() -> list[Finding]:
    """Examine main memory."""
    total, available = machine.memory_gb()
    text = f"{total:.1f} GB, {available:.1f} GB free"
    if total < 3.5:
        return [
            Finding(
                "memory", "wrong", text, "Lessons need up to 3 GB: use a larger machine or Colab."
            )
        ]
    return [
        Finding(
            "memory",
            "slow" if available < 3 else "ok",
            text,
            "Close other programs." if available < 3 else "",
        )
    ]


def _disk() -> list[Finding]:
    """Examine the learner's folder and the room on its disk."""
    free = shutil.disk_usage(paths.home()).free / 1e9
    return [
        Finding(
            "your folder",
            "ok",
            f"{paths.home()}: copies of lessons, progress, runs (AIGC_HOME moves it)",
        ),
        Finding(
            "disk",
            "ok" if free > 1 else "wrong",
            f"{free:.1f} GB free there",
            "" if free > 1 else "Make at least 1 GB of room.",
        ),
    ]


def _browser() -> list[Finding]:
    """Examine whether a browser is found."""
    try:
        return [
            Finding(
                "browser",
                "ok",
                webbrowser.get().name if hasattr(webbrowser.get(), "name") else "found",
            )
        ]
    except webbrowser.Error:
        return [
            Finding(
                "browser",
                "note",
                "none found here",
                (
                    "Start with `lab --no-browser` and open the address it prints in a "
                    "browser of yours."
                ),
            )
        ]


def _network() -> list[Finding]:
    """Examine whether the host of the repository answers."""
    host = urllib.parse.urlparse(paths.repository()).hostname
    try:
        socket.create_connection((host, 443), timeout=2).close()
    except OSError:
        return [Finding("network", "note", "not reached; every lesson works without", "")]
    return [Finding("network", "ok", f"{host} answers")]


def _course() -> list[Finding]:
    """Examine whether all lessons, and the learner's copies of them, can be read."""
    from aigc_course.course import lessons

    there = lessons.all_lessons()
    if not there:
        return [Finding("lessons", "wrong", "none", "Get a fresh copy of the course.")]
    for lesson in there:
        lessons.read(lesson.path)
        if lesson.copy.exists():
            lessons.read(lesson.copy)
    return [Finding("lessons", "ok", ", ".join(lesson.number for lesson in there))]


LOOKS: tuple[Callable[[], list[Finding]], ...] = (
    _python,
    _packages,
    _torch,
    _processor,
    _memory,
    _disk,
    _browser,
    _network,
    _course,
)


def as_text(findings: list[Finding]) -> str:
    """Return one line for each finding, with its fix below."""
    lines = []
    for finding in findings:
        lines.append(f"{MARKS[finding.state]} {finding.what:<12} {finding.text}")
        if finding.fix:
            lines.append(f"  {'':<12} -> {finding.fix}")
    wrong = sum(finding.state == "wrong" for finding in findings)
    lines.append(
        f"{wrong} thing{'s' if wrong != 1 else ''} to mend."
        if wrong
        else "Everything needed works."
    )
    return "\n".join(lines)


def as_data(findings: list[Finding]) -> dict:
    """Return all findings, and whether none is wrong, as data for `--json`."""
    return {
        "ok": all(f.state != "wrong" for f in findings),
        "findings": [asdict(f) for f in findings],
    }
