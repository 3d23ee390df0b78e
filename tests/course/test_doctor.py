"""Commands, and above all bad input: one clear line, a way out, no traceback, nothing
overwritten."""

import json
import shutil
import sys

from command import course

from aigc_course import cli
from aigc_course.core import machine
from aigc_course.course import doctor


def test_doctor_on_this_machine():
    result = course("doctor", "--json")
    data = json.loads(result.stdout)
    names = {finding["what"] for finding in data["findings"]}
    assert {
        "python",
        "packages",
        "torch",
        "device",
        "threads",
        "memory",
        "disk",
        "browser",
        "network",
        "lessons",
    } <= names
    assert result.returncode == (0 if data["ok"] else 1)
    assert all(f["fix"] for f in data["findings"] if f["state"] in ("wrong", "slow"))
    text = course("doctor").stdout
    assert (
        "✔ python" in text and text.splitlines()[-1] in ("Everything needed works.",)
    ) or "to mend" in text


def finding(look):
    return {f.what: f for f in look()}


def test_doctor_sees_a_gpu_that_torch_cannot_use(monkeypatch):
    monkeypatch.setattr(machine, "device", lambda: "cpu")
    monkeypatch.setattr(
        doctor.shutil, "which", lambda name: "/usr/bin/nvidia-smi" if name == "nvidia-smi" else None
    )
    found = finding(doctor._torch)["accelerator"]
    assert found.state == "slow" and "NVIDIA" in found.text and "driver" in found.fix


def test_doctor_sees_little_memory_full_disk_old_python_and_no_browser(monkeypatch):
    monkeypatch.setattr(machine, "memory_gb", lambda: (2.0, 1.0))
    assert finding(doctor._memory)["memory"].state == "wrong"
    monkeypatch.setattr(machine, "memory_gb", lambda: (8.0, 1.0))
    assert finding(doctor._memory)["memory"].state == "slow"
    monkeypatch.setattr(
        doctor.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0)
    )
    assert finding(doctor._disk)["disk"].state == "wrong"
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 0, "final", 0))
    assert finding(doctor._python)["python"].state == "wrong"
    monkeypatch.setattr(
        doctor.webbrowser, "get", lambda: (_ for _ in ()).throw(doctor.webbrowser.Error())
    )
    assert "--no-browser" in finding(doctor._browser)["browser"].fix


def test_doctor_sees_missing_and_old_packages(monkeypatch):
    monkeypatch.setattr(
        doctor.importlib.metadata,
        "requires",
        lambda name: ["torch>=999", "no-such-package-here", 'other; extra == "classroom"'],
    )
    found = finding(doctor._packages)["packages"]
    assert (
        found.state == "wrong"
        and "torch" in found.text
        and "no-such-package-here is missing" in found.text
        and "other" not in found.text
    )
    assert found.fix.endswith('-m pip install --upgrade "no-such-package-here" torch torchvision')


def test_doctor_without_the_lab_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "nbformat", None)
    findings = doctor.examine()
    assert any(f.state == "wrong" and "aigc-course[lab]" in f.text + f.fix for f in findings)


def test_doctor_without_network(monkeypatch):
    def refuse(*a, **k):
        raise OSError

    monkeypatch.setattr(doctor.socket, "create_connection", refuse)
    found = finding(doctor._network)["network"]
    assert found.state == "note" and "without" in found.text


def test_doctor_exit_status(monkeypatch, capsys):
    monkeypatch.setattr(
        doctor, "LOOKS", (lambda: [doctor.Finding("x", "wrong", "bad", "mend it")],)
    )
    assert cli.main(["doctor"]) == 1
    assert "-> mend it" in capsys.readouterr().out
