"""Scale, folders, safe writing."""

import random

import numpy as np
import pytest
import torch

from aigc_course import runtime
from aigc_course.core import machine
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
