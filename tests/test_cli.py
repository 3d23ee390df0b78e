"""Commands, and above all bad input: one clear line, a way out, no traceback, nothing
overwritten."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from browser import listens
from command import WELCOME, course, notebook, one_line, small_course  # noqa: F401 (a fixture)

from aigc_course.core.errors import CourseError
from aigc_course.course import lessons


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


def test_a_lesson_is_found_by_number_topic_and_name(small_course):
    found = {lessons.find(key) for key in ("1", "01", "small", "01_small")}
    assert len(found) == 1 and found.pop().path == small_course
    for key in ("00", "first", "0", "2", "02_small", "Small", "", "\u00b2", "1" * 5000):
        with pytest.raises(CourseError, match="lessons are 01 small"):
            lessons.find(key)


def test_names_in_the_record_lead_nowhere_else(small_course, home):
    lessons.sync_copies()
    (home / "mine.ipynb").write_text("{}")
    record = json.loads((home / "copied.json").read_text())
    record |= {"../mine": "x", "00_../../mine": "x", "00_" + "x" * 300: "x"}
    (home / "copied.json").write_text(json.dumps(record))
    assert lessons.sync_copies() == [] and (home / "mine.ipynb").read_text() == "{}"


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
