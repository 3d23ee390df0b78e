"""Commands, and above all bad input: one clear line, a way out, no traceback, nothing
overwritten.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from browser import listens

from aigc_course import cli
from aigc_course.core import machine, paths
from aigc_course.core.errors import CourseError
from aigc_course.course import doctor, execute, lessons, syllabus

WELCOME = lessons.find("welcome").name


def course(*arguments, timeout=300, **environment):
    """Run `python -m aigc_course` in a process of its own, away from pytest."""
    clean = {
        k: v
        for k, v in os.environ.items()
        if k not in ("PYTEST_VERSION", "PYTEST_CURRENT_TEST", "AIGC_SCALE", "AIGC_FULL")
    }
    return subprocess.run(
        [sys.executable, "-m", "aigc_course", *arguments],
        capture_output=True,
        text=True,
        env={**clean, **environment},
        timeout=timeout,
    )


def one_line(result, *words, status=2):
    assert result.returncode == status, result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    lines = [
        line for line in result.stderr.splitlines() if line.strip() and "%|" not in line
    ]  # but for the progress bar
    assert len(lines) == 1, lines
    for word in words:
        assert word in lines[0], lines


def test_help():
    text = course("--help").stdout
    assert all(command in text for command in ("lab", "test", "run", "doctor", "reset"))


def test_import_is_quick_and_without_torch():
    code = (
        "import time; t = time.perf_counter(); import sys, aigc_course, aigc_course.cli; "
        "print(time.perf_counter() - t, 'torch' in sys.modules)"
    )
    spent, torch = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    ).stdout.split()
    assert float(spent) < 0.3 and torch == "False"


@pytest.mark.parametrize("command", ["run", "reset"])
def test_no_such_lesson(command):
    one_line(course(command, "99"), "no lesson '99'", "00 welcome, 01 chance")


def test_pretrain_of_an_unknown_name():
    one_line(course("pretrain", "gpt3"), "gpt3", "tales-gpt2")


def test_wrong_scale():
    one_line(course("run", "00", AIGC_SCALE="big"), "AIGC_SCALE is 'big'", "smoke, cpu, gpu")


def test_missing_notebook_file(tmp_path):
    one_line(course("run", str(tmp_path / "mine.ipynb")), "There is no file")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"cells": 3}', b'{"cells": [], "nbformat": 4}', b"\xff\xfe\x00", b'"x"'],
)
def test_corrupted_notebook(tmp_path, content):
    path = tmp_path / "mine.ipynb"
    path.write_bytes(content)
    one_line(course("run", str(path)), "not a notebook that can be read")
    assert path.read_bytes() == content


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("mine")
    one_line(course("lab", AIGC_HOME=str(tmp_path / "file")), "set AIGC_HOME")
    assert (tmp_path / "file").read_text() == "mine"


def test_home_of_nobody():
    one_line(course("lab", AIGC_HOME="~no-such-user-here/course"), "no such user")


def test_a_folder_where_a_copy_should_be(tmp_path):
    (tmp_path / "notebooks" / f"{WELCOME}.ipynb").mkdir(parents=True)
    for command in (("lab",), ("reset", "welcome")):
        one_line(course(*command, AIGC_HOME=str(tmp_path)), "cannot be read", "move it away")


def test_results_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("mine")
    small = notebook(tmp_path / "small.ipynb", "1 + 1")
    one_line(course("run", str(small), "--out", str(tmp_path / "file")), "Cannot write")


@pytest.mark.parametrize(
    "options", [("lab", "--port=many"), ("lab", "--port", "70000"), ("lab", "--port=\u00b2")]
)
def test_wrong_port(options, tmp_path):
    one_line(course(*options, AIGC_HOME=str(tmp_path)), "--port must be a number")


def test_unknown_option():
    result = course("doctor", "--jason")
    assert (
        result.returncode == 2
        and "unknown option --jason" in result.stderr
        and "Traceback" not in result.stderr
    )


def notebook(path, *cells):
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path
    )
    return path


def test_run_leaves_notebook_and_page_and_never_overwrites(tmp_path):
    path = notebook(tmp_path / "small.ipynb", "import os; print(os.environ['AIGC_SCALE'])", "1 + 1")
    for _ in range(2):
        result = course(
            "run", str(path), "--scale", "smoke", "--html", "--out", str(tmp_path / "out")
        )
        assert result.returncode == 0 and "2/2" in result.stderr, result.stderr
    (tmp_path / "out" / "small-3.html").write_text("a page of mine")
    course("run", str(path), "--html", "--out", str(tmp_path / "out"))
    assert (tmp_path / "out" / "small-3.html").read_text() == "a page of mine"
    (tmp_path / "out" / "small-3.html").unlink()
    [p.unlink() for p in (tmp_path / "out").glob("small-3-new.*")]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "small-2.html",
        "small-2.ipynb",
        "small.html",
        "small.ipynb",
    ]
    ran = nbformat.read(tmp_path / "out" / "small.ipynb", 4)
    assert (
        ran.cells[0].outputs[0].text == "smoke\n"
        and "<html" in (tmp_path / "out" / "small.html").read_text()
    )


def test_run_tells_the_failing_cell_and_keeps_what_ran(tmp_path):
    path = notebook(tmp_path / "small.ipynb", "print('before')", "1 / 0")
    result = course("run", str(path), "--out", str(tmp_path / "out"))
    one_line(result, "cell [2] (1 / 0) failed with ZeroDivisionError: division by zero")
    assert nbformat.read(tmp_path / "out" / "small.ipynb", 4).cells[0].outputs[0].text == "before\n"


def test_the_page_keeps_alternative_texts(tmp_path):
    picture = "from aigc_course import plots; plots.bars(['a'], [1], 'x', 'one bar')"
    result = course(
        "run",
        str(notebook(tmp_path / "small.ipynb", picture)),
        "--html",
        "--out",
        str(tmp_path / "out"),
    )
    page = (tmp_path / "out" / "small.html").read_text()
    assert result.returncode == 0 and 'alt="one bar"' in page and "No description" not in page


def test_a_dead_kernel_is_told(tmp_path):
    node = nbformat.read(notebook(tmp_path / "dies.ipynb", "import os; os._exit(1)"), 4)
    with pytest.raises(CourseError, match="kernel died"):
        execute.run(node, tmp_path, name="dies")


# --- copies of lessons
# --------------------------------------------------------------------------------------


FIRST = syllabus.Lesson("first", "First", syllabus.START, "what comes first?")
SMALL = syllabus.Lesson("small", "Small", syllabus.TEXT, "what is small?")


@pytest.fixture
def small_course(tmp_path, monkeypatch, home):
    """A course whose second lesson has a notebook that can be changed; the first one has none."""
    root = tmp_path / "course"
    (root / "notebooks").mkdir(parents=True)
    notebook(root / "notebooks" / "01_small.ipynb", "1")
    monkeypatch.setattr(paths, "course_root", lambda: root)
    monkeypatch.setattr(syllabus, "LESSONS", (FIRST, SMALL))
    return root / "notebooks" / "01_small.ipynb"


def test_a_lesson_is_found_by_number_topic_and_name(small_course):
    found = {lessons.find(key) for key in ("1", "01", "small", "01_small")}
    assert len(found) == 1 and found.pop().path == small_course
    for key in ("00", "first", "0", "2", "02_small", "Small", "", "\u00b2", "1" * 5000):
        with pytest.raises(CourseError, match="lessons are 01 small"):
            lessons.find(key)


def rename(small_course, monkeypatch, topic="small"):
    """The lesson moves to the first place and gets a new title."""
    moved = small_course.with_name("00_tiny.ipynb")
    small_course.rename(moved)
    tiny = syllabus.Lesson(topic, "Tiny", syllabus.TEXT, "what is small?")
    monkeypatch.setattr(syllabus, "LESSONS", (tiny, FIRST))
    return moved


def with_topic(path, topic, *cells):
    node = nbformat.read(notebook(path, *cells), 4)
    node.metadata["aigc_course"] = {"topic": topic, "number": path.name[:2]}
    nbformat.write(node, path)


def test_an_untouched_copy_follows_its_lesson_to_a_new_name(small_course, monkeypatch):
    with_topic(small_course, "small", "1")
    assert lessons.sync_copies() == []
    folder = lessons.find("small").copy.parent
    moved = rename(small_course, monkeypatch)
    assert lessons.sync_copies() == ["Lessons have new names: 01_small is now 00_tiny."]
    assert [p.name for p in folder.iterdir()] == ["00_tiny.ipynb"]
    notebook(moved, "2")
    assert lessons.sync_copies() == []  # untouched, so updated
    assert (folder / "00_tiny.ipynb").read_bytes() == moved.read_bytes()


def test_an_edited_copy_keeps_its_old_name_and_is_told_where_it_belongs(small_course, monkeypatch):
    with_topic(small_course, "small", "1")
    lessons.sync_copies()
    old = lessons.find("small").copy
    with_topic(old, "small", "mine")
    mine = old.read_bytes()
    moved = rename(small_course, monkeypatch)
    for _ in range(2):  # as long as it lies there
        (notice,) = lessons.sync_copies()
        assert str(old) in notice and "today's lesson 00_tiny" in notice
    assert old.read_bytes() == mine
    assert old.with_name("00_tiny.ipynb").read_bytes() == moved.read_bytes()
    old.unlink()
    assert lessons.sync_copies() == []


def test_a_copy_from_before_topics_is_known_by_its_title(small_course, monkeypatch):
    lessons.sync_copies()
    monkeypatch.setattr(syllabus, "LESSONS", (SMALL, FIRST))
    small_course.rename(small_course.with_name("00_small.ipynb"))
    assert lessons.sync_copies() == ["Lessons have new names: 01_small is now 00_small."]


def test_a_copy_of_a_lesson_that_is_gone_is_kept(small_course, monkeypatch):
    lessons.sync_copies()
    old = lessons.find("small").copy
    before = old.read_bytes()
    rename(small_course, monkeypatch, topic="other")
    (notice,) = lessons.sync_copies()
    assert str(old) in notice and "no lesson of today" in notice and old.read_bytes() == before


def test_names_in_the_record_lead_nowhere_else(small_course, home):
    lessons.sync_copies()
    (home / "mine.ipynb").write_text("{}")
    record = json.loads((home / "copied.json").read_text())
    record |= {"../mine": "x", "00_../../mine": "x", "00_" + "x" * 300: "x"}
    (home / "copied.json").write_text(json.dumps(record))
    assert lessons.sync_copies() == [] and (home / "mine.ipynb").read_text() == "{}"


def test_copies_are_made_updated_and_never_overwritten(small_course):
    lesson = lessons.find("1")
    (small_course.parent / "images").mkdir()
    (small_course.parent / "images" / "badge.svg").write_text("<svg/>")
    assert lessons.sync_copies() == [] and lesson.copy.read_bytes() == small_course.read_bytes()
    assert (lesson.copy.parent / "images" / "badge.svg").read_text() == "<svg/>"
    notebook(small_course, "2")
    assert (
        lessons.sync_copies() == [] and lesson.copy.read_bytes() == small_course.read_bytes()
    )  # untouched, so updated
    notebook(lesson.copy, "mine")
    mine = lesson.copy.read_bytes()
    assert lessons.sync_copies() == [] and lesson.copy.read_bytes() == mine
    notebook(small_course, "3")
    notices = lessons.sync_copies()
    assert len(notices) == 1 and "newer version" in notices[0] and lesson.copy.read_bytes() == mine


def test_reset_keeps_the_edited_copy(small_course):
    lesson = lessons.find("01_small")
    assert "no copy yet" in lessons.reset("01")
    assert "original already" in lessons.reset("01")
    for i in range(3):
        lesson.copy.write_text(f"mine {i}")
        assert "kept as" in lessons.reset("01")
        assert lesson.copy.read_bytes() == small_course.read_bytes()
    kept = sorted(p.name for p in lesson.copy.parent.iterdir())
    assert kept == [
        "01_small-mine-2.ipynb",
        "01_small-mine-3.ipynb",
        "01_small-mine.ipynb",
        "01_small.ipynb",
    ]
    assert (lesson.copy.parent / "01_small-mine-2.ipynb").read_text() == "mine 1"


def test_a_copy_that_cannot_be_read_is_told(small_course):
    lessons.sync_copies()
    lessons.find("1").copy.write_text("{broken")
    notices = lessons.sync_copies()
    assert len(notices) == 1 and "reset 01" in notices[0]
    with pytest.raises(CourseError, match="reset 01"):
        lessons.read(lessons.find("1").copy)


def test_a_copy_that_differs_from_what_runs_is_told(small_course, capsys):
    lessons.sync_copies()
    assert not lessons.find("1").edited()
    notebook(lessons.find("1").copy, "mine")
    assert lessons.find("1").edited()
    assert cli.main(["run", "01", "--scale", "smoke"]) == 0
    assert (
        f"Your edited copy: python3 course.py run {lessons.find('1').copy}"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize("damage", ["{", "[]", "3", '"x"', "null"])
def test_copies_survive_a_damaged_record(small_course, damage):
    lessons.sync_copies()
    (paths.home() / "copied.json").write_text(damage)
    assert "original already" in lessons.reset("01")
    notebook(lessons.find("1").copy, "mine")
    mine = lessons.find("1").copy.read_bytes()
    lessons.sync_copies()
    assert lessons.find("1").copy.read_bytes() == mine


# --- doctor
# ---------------------------------------------------------------------------------------------


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


# --- lab
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", [False, True])
def test_lab_serves_the_welcome_notebook_also_when_its_port_is_taken(tmp_path, taken):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        holder.listen() if taken else holder.close()
        environment = {
            **os.environ,
            "AIGC_HOME": str(tmp_path / "home"),
            "JUPYTER_CONFIG_DIR": str(tmp_path / "c"),
            "JUPYTER_DATA_DIR": str(tmp_path / "d"),
            "JUPYTER_RUNTIME_DIR": str(tmp_path / "r"),
            "HOME": str(tmp_path),
        }
        command = [
            sys.executable,
            "-m",
            "aigc_course",
            "lab",
            "--no-browser",
            f"--port={port}",
            "--IdentityProvider.token=secret",
        ]
        log = (tmp_path / "log").open("w+")
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            address = _wait_for_address(server, tmp_path / "log")
            assert ("is in use" in (tmp_path / "log").read_text()) == taken and (
                f":{port}/" in address
            ) != taken
            contents = json.load(
                urllib.request.urlopen(f"{address}api/contents/notebooks?token=secret", timeout=10)
            )
            assert f"{WELCOME}.ipynb" in [item["name"] for item in contents["content"]]
            page = urllib.request.urlopen(f"{address}lab?token=secret", timeout=10)
            assert page.status == 200
            assert f"/lab/tree/notebooks/{WELCOME}.ipynb" in (tmp_path / "log").read_text()
        finally:
            server.terminate()
            server.wait(20)
    assert "Traceback" not in (tmp_path / "log").read_text()


def _wait_for_address(server, log):
    """Where the server answers; it names its address a moment before it listens there."""
    for _ in range(300):
        match = re.search(r"http://(?:localhost|127\.0\.0\.1):(\d+)/", log.read_text())
        if match and "is running at" in log.read_text() and listens(int(match[1])):
            return match[0].replace("localhost", "127.0.0.1")
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(log.read_text())
