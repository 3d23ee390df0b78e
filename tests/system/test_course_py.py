"""The launcher makes, repairs and reuses its environment, and says what stands in the way."""

import ast
import contextlib
import errno
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import types
from collections import namedtuple

import pytest
from course_stub import ROOT, make

sys.dont_write_bytecode = True

WAITS = "Another start is installing the course"
posix = pytest.mark.skipif(os.name != "posix", reason="signals and groups of processes as on Linux")


def clean():
    """The environment without settings that would reach course.py."""
    ours = ("AIGC_", "GOMP_", "MALLOC_", "PYTEST")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def start(folder, *arguments, code="", **environment):
    """Run course.py as a learner would; returns the finished process."""
    command = [sys.executable, *(["-c", code] if code else [str(folder / "course.py")]), *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**clean(), **environment},
        timeout=300,
    )


def until(holds, seconds=60):
    """Wait until it holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def builds(folder):
    """What the stub noted: "began" and "ended" of each installation."""
    notes = folder / "builds.txt"
    return notes.read_text().split() if notes.exists() else []


@pytest.fixture
def begin(tmp_path):
    """Starts course.py in the background, in a group of its own; what it prints goes to a file."""
    processes = []

    def heard():  # the background jobs of a shell ignore Ctrl-C, and so would these
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    def begin(folder):
        output = tmp_path / f"output-{len(processes)}.txt"
        group = {"start_new_session": True, "preexec_fn": heard} if os.name == "posix" else {}
        with output.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, "course.py", "x"],
                cwd=folder,
                env=clean(),
                stdout=file,
                stderr=subprocess.STDOUT,
                **group,
            )
        process.said = output.read_text
        processes.append(process)
        return process

    yield begin
    for process in processes:
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError):  # pip may live on without it
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def first_start(tmp_path_factory):
    """(course folder, the process of its first start)."""
    folder = make(tmp_path_factory.mktemp("course") / "with a space")
    first = start(folder, "lab", "--no-browser")
    assert first.returncode == 0, first.stderr + first.stdout
    return folder, first


@pytest.fixture(scope="module")
def course(first_start):
    """A course folder that was started once."""
    return first_start[0]


@pytest.fixture
def outdated(course, tmp_path):
    """A copy in whose environment the course must be installed again: quicker than a new one."""
    folder = tmp_path / "course"
    shutil.copytree(course, folder, symlinks=True)
    (folder / ".venv" / "aigc-course.json").unlink()
    (folder / "builds.txt").unlink()
    return folder


@pytest.fixture
def launcher(tmp_path, monkeypatch):
    """course.py as a module, its environment in an empty folder."""
    monkeypatch.setenv("AIGC_VENV", str(tmp_path / "venv"))
    spec = importlib.util.spec_from_file_location("course_launcher", ROOT / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def message_of(call):
    with pytest.raises(SystemExit) as stopped:
        call()
    text = str(stopped.value)
    assert text.startswith("course.py: ") and "\n" not in text
    return text


def test_standard_library_only():
    tree = ast.parse((ROOT / "course.py").read_text(encoding="utf-8"))
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    imported |= {
        node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    }
    assert imported <= set(sys.stdlib_module_names)


def test_an_old_python_could_read_it_far_enough_to_complain():
    ast.parse((ROOT / "course.py").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_first_start_installs_and_hands_over(first_start):
    course, first = first_start
    told = json.loads(first.stdout.splitlines()[-1])
    assert told["arguments"] == ["lab", "--no-browser"] and told["prefix"] == str(course / ".venv")
    assert (
        told["environment"]["GOMP_SPINCOUNT"]
        and told["environment"]["MALLOC_MMAP_THRESHOLD_"]
        and told["environment"]["PYTHONUTF8"] == "1"
    )
    assert told["environment"]["PATH"].startswith(str(course / ".venv"))
    assert "Installing the course" in first.stdout


def test_second_start_hands_over_within_two_seconds(course):
    began = time.monotonic()
    second = start(course, "test", "--full", "-k", "x y")
    assert time.monotonic() - began < 2
    assert json.loads(second.stdout)["arguments"] == ["test", "--full", "-k", "x y"]


def test_the_learners_own_settings_win(course):
    assert (
        json.loads(start(course, "x", GOMP_SPINCOUNT="7").stdout)["environment"]["GOMP_SPINCOUNT"]
        == "7"
    )


def test_no_command_shows_help(course):
    assert json.loads(start(course).stdout)["arguments"] == ["--help"]


def test_a_changed_list_of_dependencies_is_installed_again(course):
    project = course / "pyproject.toml"
    project.write_text(project.read_text() + "# changed\n")
    again = start(course, "x")
    assert "Installing the course" in again.stdout and again.returncode == 0
    assert "Installing" not in start(course, "x").stdout


def test_an_interrupted_install_is_repaired(course):
    (course / ".venv" / "aigc-course.json").unlink()
    again = start(course, "x")
    assert "Installing the course" in again.stdout and again.returncode == 0


def test_an_environment_that_does_not_work_is_kept_aside_and_made_again(tmp_path):
    folder = make(tmp_path / "course")
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "pyvenv.cfg").write_text("home = nowhere\n")
    (folder / ".venv" / "notes.txt").write_text("mine")
    again = start(folder, "x")
    assert again.returncode == 0 and "kept as" in again.stdout
    assert (folder / ".venv-old" / "notes.txt").read_text() == "mine"


@posix
def test_interrupted_while_the_environment_is_made(tmp_path, begin):
    folder = make(tmp_path / "course")
    process = begin(folder)
    until(lambda: "Making the environment" in process.said())
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 1
    last = process.said().strip().splitlines()[-1]
    assert last == "course.py: interrupted; the next start goes on from here."
    assert start(folder, "x").returncode == 0


def test_two_first_starts_at_once_install_once(tmp_path, begin):
    folder = make(tmp_path / "course")
    (folder / "hold").touch()
    both = [begin(folder), begin(folder)]
    until(lambda: builds(folder) and any(WAITS in one.said() for one in both))
    (folder / "hold").unlink()
    assert [one.wait(60) for one in both] == [0, 0]
    assert builds(folder) == ["began", "ended"]
    first, second = sorted((one.said() for one in both), key=lambda text: WAITS in text)
    assert "Making the environment" in first and "Installing the course" in first
    told, handed_over = second.splitlines()
    assert told.startswith(WAITS) and json.loads(handed_over)["arguments"] == ["x"]


def group_killed(process):
    os.killpg(process.pid, signal.SIGKILL)


def ended_with_kill(process):
    process.terminate()


@posix
@pytest.mark.parametrize("end", [group_killed, ended_with_kill])
def test_a_first_start_that_is_killed_does_not_block_the_second(outdated, begin, end):
    (outdated / "hold").touch()
    first = begin(outdated)
    until(lambda: builds(outdated) == ["began"])
    second = begin(outdated)
    until(lambda: WAITS in second.said())
    end(first)
    first.wait(60)
    until(lambda: "Installing the course" in second.said(), seconds=10)
    (outdated / "hold").unlink()
    assert second.wait(60) == 0 and second.said().count(WAITS) == 1
    assert "Installing" not in start(outdated, "x").stdout


@posix
def test_the_second_waits_for_the_pip_of_a_first_start_that_was_killed(outdated, begin):
    (outdated / "hold").touch()
    first = begin(outdated)
    until(lambda: builds(outdated) == ["began"])
    first.kill()  # alone: its pip goes on
    first.wait()
    second = begin(outdated)
    until(lambda: WAITS in second.said())
    time.sleep(1)
    assert builds(outdated) == ["began"]
    (outdated / "hold").unlink()
    assert second.wait(60) == 0 and builds(outdated) == ["began", "ended", "began", "ended"]


@posix
def test_interrupted_while_it_waits(outdated, begin):
    import fcntl

    with (outdated / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = begin(outdated)
        until(lambda: WAITS in process.said())
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 1
    told, last = process.said().splitlines()
    assert told.startswith(WAITS)
    assert last == "course.py: interrupted; the next start goes on from here."
    assert builds(outdated) == []


def test_a_lock_that_cannot_be_made(outdated, tmp_path):
    (outdated / ".venv.lock").unlink()
    (outdated / ".venv.lock").mkdir()
    refused = start(outdated, "x")
    assert refused.returncode == 1 and refused.stdout == "" and refused.stderr.count("\n") == 1
    assert "cannot write" in refused.stderr and "in AIGC_VENV" in refused.stderr
    assert start(outdated, "x", AIGC_VENV=str(tmp_path / "new" / "env")).returncode == 0


def test_once_installed_no_lock_is_needed_and_nothing_is_written(outdated):
    assert start(outdated, "x").returncode == 0
    (outdated / ".venv.lock").unlink()
    (outdated / ".venv.lock").mkdir()

    def state():
        return {path: path.lstat().st_mtime_ns for path in outdated.rglob("*")}

    before = state()
    again = start(outdated, "x", PYTHONDONTWRITEBYTECODE="1")
    assert again.returncode == 0 and json.loads(again.stdout)["arguments"] == ["x"]
    assert state() == before


def test_a_file_system_without_locks(launcher, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def flock(file, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with launcher.open_lock() as lock:
        assert launcher.locked(lock)


def test_the_lock_of_windows(launcher, monkeypatch, capsys):
    """With a stand-in for msvcrt, which says no as the real one does."""
    answers = [PermissionError(errno.EACCES, "Permission denied")] * 3

    def locking(descriptor, how, length):
        assert (how, length) == (2, 1) and os.lseek(descriptor, 0, os.SEEK_CUR) == 0
        if answers:
            raise answers.pop()

    monkeypatch.setitem(sys.modules, "fcntl", None)
    stand_in = types.SimpleNamespace(LK_NBLCK=2, locking=locking)
    monkeypatch.setitem(sys.modules, "msvcrt", stand_in)
    launcher.LOCK.write_text("what somebody wrote")
    with launcher.open_lock() as lock:
        launcher.wait_for(lock)
    assert capsys.readouterr().out.count(WAITS) == 1 and not answers


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path):
    folder = make(tmp_path / "course")
    (folder / ".venv").mkdir()
    (folder / ".venv" / "diary.txt").write_text("mine")
    refused = start(folder, "x")
    assert (
        refused.returncode == 1
        and "not a Python environment" in refused.stderr
        and "Traceback" not in refused.stderr
    )
    assert (folder / ".venv" / "diary.txt").read_text() == "mine"


def test_no_network(tmp_path):
    folder = make(tmp_path / "course", requires="a-package-that-is-not-there")
    refused = start(
        folder,
        "x",
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_RETRIES="0",
        PIP_NO_CACHE_DIR="1",
    )
    last = refused.stderr.strip().splitlines()[-1]
    assert (
        refused.returncode == 1
        and "no network" in last
        and "start again" in last
        and "Traceback" not in refused.stderr
    )


def test_no_venv_module(tmp_path):
    folder = make(tmp_path / "course")
    code = (
        "import sys, runpy; sys.modules['venv'] = None; sys.argv = ['course.py', 'x'];"
        "runpy.run_path('course.py', run_name='__main__')"
    )
    refused = start(folder, code=code)
    assert (
        refused.returncode == 1
        and "no `venv` module" in refused.stderr
        and "Traceback" not in refused.stderr
    )


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 14, 0), (3, 8, 1)])
def test_wrong_python(launcher, monkeypatch, version):
    monkeypatch.setattr(launcher.sys, "version_info", version)
    assert "3.11, 3.12 or 3.13" in message_of(launcher.check_python)


def test_too_little_room(launcher, monkeypatch, tmp_path):
    usage = namedtuple("usage", "total used free")
    (tmp_path / "venv").mkdir()
    monkeypatch.setattr(launcher.shutil, "disk_usage", lambda path: usage(10**12, 0, 3 * 10**9))
    assert "3.0 GB free" in message_of(launcher.check_room)
    torch = tmp_path / "venv" / "lib" / "python3.11" / "site-packages" / "torch"
    torch.mkdir(parents=True)
    (torch / "version.py").touch()
    launcher.check_room()  # the large download is there already


@pytest.mark.parametrize(
    "log, words",
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("NewConnectionError('<pip...>: Failed to establish a new connection')", "no network"),
        (
            "HTTPSConnectionPool: Max retries exceeded (SSLError(CERTIFICATE_VERIFY_FAILED))",
            "no network",
        ),
        ("ERROR: Permission denied: '/x'", "cannot be written"),
        ("ERROR: something new", "pip could not install"),
    ],
)
def test_diagnosis(launcher, tmp_path, log, words):
    (tmp_path / "venv").mkdir()
    launcher.LOG.write_text(log)
    assert words in launcher.diagnosis() and "\n" not in launcher.diagnosis()


def test_a_full_disk(launcher, monkeypatch, tmp_path):
    usage = namedtuple("usage", "total used free")

    def no_pip(*arguments, **options):
        raise subprocess.CalledProcessError(1, "ensurepip")

    import venv

    monkeypatch.setattr(venv, "create", no_pip)
    monkeypatch.setattr(launcher.shutil, "disk_usage", lambda path: usage(10**9, 10**9, 10**6))
    assert "disk is full" in message_of(launcher.make_environment)


def test_an_environment_that_cannot_be_written(launcher, monkeypatch, tmp_path):
    monkeypatch.setattr(launcher, "make_environment", lambda: None)
    monkeypatch.setattr(launcher, "check_room", lambda: None)
    monkeypatch.setattr(launcher, "RECORD", tmp_path)  # a folder cannot be unlinked
    with launcher.open_lock() as lock:
        assert "cannot write to" in message_of(lambda: launcher.install(lock))


def test_the_folder_of_the_environment_is_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIGC_VENV", "relative/env")
    spec = importlib.util.spec_from_file_location("course_launcher", ROOT / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert tmp_path / "relative" / "env" == module.VENV


def test_an_environment_that_cannot_be_made(launcher, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(launcher, "VENV", tmp_path / "file" / "venv")
    monkeypatch.setattr(launcher, "PYTHON", tmp_path / "file" / "venv" / "bin" / "python")
    assert "cannot make" in message_of(launcher.make_environment)


def test_an_environment_of_another_python(launcher, monkeypatch):
    monkeypatch.setattr(launcher, "works", lambda python: True)
    monkeypatch.setattr(
        launcher.subprocess, "run", lambda *a, **k: namedtuple("result", "stdout")("[3, 12]\n")
    )
    monkeypatch.setattr(launcher.sys, "version_info", (3, 11, 0))
    assert "belongs to another Python" in message_of(launcher.make_environment)
