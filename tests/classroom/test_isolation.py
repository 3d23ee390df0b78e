"""The walls around a submission: what a process inside sees, reaches and leaves behind."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from walls import needs_walls, within_walls  # noqa: F401 (a fixture)

from aigc_course.classroom import isolation
from aigc_course.core import paths
from aigc_course.core.errors import CourseError


def inside(code, **options):
    """What Python code prints inside the walls."""
    process = isolation.start(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin"},
        **options,
    )
    try:
        return process.communicate(timeout=60)[0]
    finally:
        isolation.end(process)


@needs_walls
def test_only_the_course_python_and_the_system_are_seen(tmp_path):
    (tmp_path / "gradebook.db").write_text("secret")
    said = inside(
        "import os\n"
        f"print([os.path.exists(p) for p in ({str(tmp_path)!r}, '/home', '/etc/passwd', '/sys', "
        f"{str(paths.course_root() / 'notebooks')!r}, {str(paths.course_root() / 'data')!r})])\n"
        "print(os.listdir('.'), os.listdir('/dev/shm'), os.getcwd())"
    )
    assert said == "[False, False, False, False, False, True]\n[] [] /sandbox\n"


@needs_walls
def test_nothing_but_its_own_folder_can_be_written():
    root, package = paths.course_root(), Path(isolation.__file__).parent
    places = ["/", "/usr", "/dev", "/proc/sys/kernel", str(root / "data"), str(package), sys.prefix]
    said = inside(
        f"for p in {places} + ['/tmp', '/sandbox', '/dev/shm']:\n    try:\n"
        "        open(p + '/x', 'w')\n"
        "        print('wrote', p)\n    except OSError:\n        pass"
    )
    assert said == "wrote /tmp\nwrote /sandbox\nwrote /dev/shm\n"


@needs_walls
def test_no_rights_no_network_no_shared_memory_no_tracing():
    said = inside(
        "import ctypes, os, re, socket\n"
        "status = open('/proc/self/status').read()\n"
        "print(os.getuid() != 0 or open('/proc/self/uid_map').read().split()[1] != '0', "
        "re.findall(r'Cap(?:Prm|Eff|Bnd|Amb):\\t(\\w+)', status), 'NoNewPrivs:\\t1' in status)\n"
        "print(len(open('/proc/net/dev').readlines()))\n"
        "libc = ctypes.CDLL(None)\n"
        "print([libc.shmget(0, 4096, 0o1600), libc.msgget(0, 0o1600), libc.semget(0, 1, 0o1600), "
        "libc.memfd_create(b'x', 0), libc.ptrace(16, 1, 0, 0), libc.unshare(0x10000000), "
        "libc.syscall({'x86_64': 56, 'aarch64': 220}[os.uname().machine], 0x10000011, 0, 0, 0, 0), "
        "libc.syscall({'x86_64': 250, 'aarch64': 219}[os.uname().machine], 0, -3, 1, 0, 0), "
        "libc.posix_fadvise(0, 0, 0, 4) and -1, libc.mincore(0, 0, 0)])"
        "\nimport mmap\ntry:\n    mmap.mmap(-1, 4096)\nexcept OSError:\n    print('refused')\n"
        "mmap.mmap(-1, 4096, mmap.MAP_PRIVATE)\n"
        "print(sorted(p for p in os.listdir('/proc') if p.isdigit()))"
    )
    who, network, calls, shared, processes = said.splitlines()
    assert who == f"True {['0' * 16] * 4} True"
    assert network == "3", "two lines of a head, and the loopback"
    assert calls == str([-1] * 10)
    assert shared == "refused" and processes == "['1', '2']"


@needs_walls
@pytest.mark.parametrize("how", ["parent", "end"])
def test_whatever_it_does_it_ends(how):
    """A process that left group and session, and forbade that it be told of its parent's end."""
    code = (
        "import ctypes, os, time\nlibc = ctypes.CDLL(None)\nlibc.prctl(1, 0, 0, 0, 0)\n"
        "if os.fork() == 0:\n    os.setsid()\n    libc.prctl(1, 0, 0, 0, 0)\n"
        "    libc.prctl(15, b'wall-test', 0, 0, 0)\n    time.sleep(600)\n"
        "print('there', flush=True)\ntime.sleep(600)"
    )
    process = isolation.start(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env={"PATH": "/usr/bin"}
    )
    assert process.stdout.readline() == b"there\n"
    deadline = time.monotonic() + 20
    while not named("wall-test") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert named("wall-test")
    process.kill() if how == "parent" else isolation.end(process)
    while named("wall-test") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not named("wall-test")
    isolation.end(process)


def named(name):
    return [one for one in psutil.process_iter(["name"]) if one.info["name"] == name]


@needs_walls
@pytest.mark.parametrize("folder", ["/tmp", "/var/tmp"])
def test_it_does_not_matter_where_the_course_lies(monkeypatch, folder):
    """A course in /tmp is seen, though /tmp is another inside."""
    place = Path(folder) / "a-course-elsewhere"
    usual = isolation._of_the_course()
    monkeypatch.setattr(isolation, "_of_the_course", lambda: [*usual, place])
    made = [one for one in (Path(folder), place) if not one.exists()]
    place.mkdir(parents=True, exist_ok=True)
    try:
        (place / "file").write_text("seen")
        assert inside(f"print(open('{place}/file').read())") == "seen\n"
    finally:
        (place / "file").unlink()
        [one.rmdir() for one in reversed(made)]


@needs_walls
def test_its_folders_have_a_size():
    said = inside(
        "for d in ('/tmp', '/sandbox', '/dev/shm'):\n    try:\n"
        "        with open(d + '/x', 'wb') as f:\n"
        "            for _ in range(30): f.write(bytes(10**7))\n        print('no end')\n"
        "    except OSError as error:\n        print(error.strerror)"
    )
    assert said == "No space left on device\n" * 3


def test_a_system_without_walls_says_what_to_do(monkeypatch):
    monkeypatch.setattr(isolation, "why_not", lambda: "there is no program `bwrap`")
    with pytest.raises(CourseError, match=r"no program `bwrap`.*apt install bubblewrap"):
        isolation.start(["true"])


def test_why_not_is_told(monkeypatch):
    monkeypatch.setattr(isolation.shutil, "which", lambda name: None)
    assert "bwrap" in isolation.why_not.__wrapped__()
    monkeypatch.setattr(isolation.sys, "platform", "darwin")
    assert isolation.why_not.__wrapped__() == "this system is not Linux"
