"""Scale, folders, safe writing."""

from aigc_course.core import machine


def test_place(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    assert machine.host() == "local"
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    assert machine.host() == "nbgrader"
    monkeypatch.setenv("COLAB_RELEASE_TAG", "x")
    assert machine.host() == "colab"


def test_machine():
    total, available = machine.memory_gb()
    assert (
        machine.threads() >= 1
        and 0 < available <= total
        and machine.device() in ("cpu", "cuda", "mps")
    )
