"""Scale, folders, safe writing."""

import os
import random

import numpy as np
import pytest
import torch

from aigc_course import runtime
from aigc_course.core import files, machine, paths
from aigc_course.core.errors import CourseError


@pytest.mark.parametrize("value", runtime.SCALES)
def test_scale_from_the_environment(monkeypatch, value):
    monkeypatch.setenv("AIGC_SCALE", value)
    assert runtime.scale() == value
    assert runtime.settings(smoke={"n": "smoke"}, cpu={"n": "cpu"}, gpu={"n": "gpu"}).n == value


def test_scale_by_device(monkeypatch):
    monkeypatch.delenv("AIGC_SCALE", raising=False)
    monkeypatch.setattr(machine, "device", lambda: "cuda")
    assert runtime.scale() == "gpu"
    monkeypatch.setattr(machine, "device", lambda: "mps")
    assert runtime.scale() == "cpu"


def test_wrong_scale_and_wrong_settings(monkeypatch):
    monkeypatch.setenv("AIGC_SCALE", "huge")
    with pytest.raises(CourseError, match="smoke, cpu, gpu"):
        runtime.scale()
    for wrong in ({"smoke": {}, "cpu": {}}, {"smoke": {"a": 1}, "cpu": {"a": 1}, "gpu": {"b": 1}}):
        with pytest.raises(CourseError, match="settings needs"):
            runtime.settings(**wrong)


def test_promises_are_kept_or_break(monkeypatch, capsys):
    monkeypatch.setenv("AIGC_SCALE", "cpu")
    runtime.promise("yes", True)
    with pytest.raises(AssertionError, match="promise broken: no"):
        runtime.promise("no", False)
    monkeypatch.setenv("AIGC_SCALE", "smoke")
    runtime.promise("no", False)
    assert "✔ yes" in capsys.readouterr().out


def test_seeds():
    draws = []
    for _ in range(2):
        runtime.seed_everything(3)
        draws.append((random.random(), np.random.rand(), torch.rand(1).item()))
    assert draws[0] == draws[1]


def test_place(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    assert machine.host() == "local"
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    assert machine.host() == "nbgrader"
    monkeypatch.setenv("COLAB_RELEASE_TAG", "x")
    assert machine.host() == "colab"


def test_home_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(CourseError, match="set AIGC_HOME"):
        paths.home()


def test_home_without_override_is_the_systems(monkeypatch, tmp_path):
    monkeypatch.delenv("AIGC_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert str(paths.home()).startswith(str(tmp_path)) and paths.home().name == "aigc-course"


def test_write_safely_leaves_the_old_file_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "file"
    files.write_atomically(path, b"old")

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CourseError, match="No space left"):
        files.write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_unused_path(tmp_path):
    path = tmp_path / "a.txt"
    assert files.unused_path(path) == path
    path.touch()
    (tmp_path / "a-2.txt").touch()
    assert files.unused_path(path).name == "a-3.txt"


def test_course_files():
    assert paths.course_file("data/tales.md").is_file() and paths.repository().startswith(
        "https://github.com/"
    )
    with pytest.raises(CourseError, match="no file"):
        paths.course_file("data/nothing.md")


def test_machine():
    total, available = machine.memory_gb()
    assert (
        machine.threads() >= 1
        and 0 < available <= total
        and machine.device() in ("cpu", "cuda", "mps")
    )


def test_a_course_error_shows_one_line_in_jupyter():
    assert CourseError("what and how")._render_traceback_() == ["CourseError: what and how"]
