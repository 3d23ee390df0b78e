"""The walls around a submission: what its process sees of this computer, built by bubblewrap.

A process inside sees the system's programs, this Python, the course's own files, all read-only, and
an empty folder of its own in memory. It has no network, no devices, no shared memory with anything
outside, no other processes than its own, no rights, and cannot make new walls inside these. All is
gone when it ends.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

import psutil

from aigc_course.core import paths
from aigc_course.core.errors import CourseError

HOME = Path("/sandbox")  # inside, empty, in memory
HOME_BYTES, OTHER_BYTES = 200_000_000, 50_000_000  # of HOME; of /tmp and of /dev/shm
_SYSTEM = ("/usr", "/nix/store", "/etc/alternatives", "/etc/ld.so.cache", "/etc/fonts")
_LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_FIRST_UID, _UIDS = 60_000, 5_000  # that no account of a system has, where the grader is root

_MISSING = (
    "Submissions are not run here, as nothing keeps them apart from your files: {why}. Grade on "
    "Linux with bubblewrap 0.8 or newer (`apt install bubblewrap`, or the same name elsewhere). "
    "docs/classroom.md says how to grade without, where you trust every line of your class."
)


def start(command: list[str], **options) -> subprocess.Popen:
    """Start a command inside the walls.

    Args:
        command: program and arguments.
        options: of `subprocess.Popen`, without `pass_fds`.

    Raises:
        CourseError: this system has no such walls.
    """
    if why := why_not():
        raise CourseError(_MISSING.format(why=why))
    return _start(command, **options)


def end(process: subprocess.Popen) -> None:
    """Stop a command that was started, with every process inside its walls.

    The kernel ends all processes of a namespace with its first one. That one is ended here by its
    number, so it does not matter what the command did to groups, sessions or signals.
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        inside = psutil.Process(process.pid).children(recursive=True)
        for one in inside:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        process.kill()
        until = time.monotonic() + 10
        while not all(map(_is_over, inside)) and time.monotonic() < until:
            time.sleep(0.005)
    process.wait()


def _is_over(process: psutil.Process) -> bool:
    """Return whether a process computes and holds no more.

    Its entry may stay for seconds, until the process that adopted it looks.
    """
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@functools.cache
def why_not() -> str:
    """Return why there are no walls on this system, "" when there are."""
    if sys.platform != "linux":
        return "this system is not Linux"
    if not shutil.which("bwrap") or not shutil.which("setpriv"):
        return "there is no program `bwrap`"
    tried = _start(["true"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = tried.communicate(timeout=60)[1].decode(errors="replace").strip().splitlines()
    return f"`bwrap` fails with {(said or [''])[-1][:200]!r}" if tried.returncode else ""


def _start(command: list[str], **options) -> subprocess.Popen:
    with _filter_of_calls() as calls:
        front = _bubblewrap(calls.fileno())
        return subprocess.Popen([*front, *command], pass_fds=[calls.fileno()], **options)


def _bubblewrap(calls: int) -> list[str]:
    """Return the call of bubblewrap.

    Where the grader is root, the process inside is an account of its own, as root could count
    neither processes nor memory against it.

    Args:
        calls: file descriptor of the filter of calls.
    """
    alone = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    front = ["bwrap", *alone, "--unshare-cgroup-try", "--die-with-parent", "--new-session"]
    front += [*_files(), "--chdir", str(HOME), "--seccomp", str(calls), "--cap-drop", "ALL"]
    if os.getuid():
        return [*front, "--unshare-user", "--disable-userns"]
    for right in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):  # to give all rights up
        front += ["--cap-add", right]
    account = str(_FIRST_UID + os.getpid() % _UIDS)
    nobody = ["setpriv", "--reuid", account, "--regid", account, "--clear-groups"]
    return [*front, *nobody, "--no-new-privs", "--bounding-set", "-all", "--inh-caps", "-all"]


def _files() -> list[str]:
    """Return the options that make the tree of files."""
    links = [Path(name) for name in _LINKS]
    options = []
    for link in filter(Path.is_symlink, links):
        options += ["--symlink", str(link.readlink()), str(link)]
    folders = [link for link in links if not link.is_symlink()]
    shown = [*map(Path, _SYSTEM), *folders, *_of_the_course()]
    there = [path for path in dict.fromkeys(shown) if path.exists()]
    options += _in_memory("/tmp", OTHER_BYTES)  # before what may lie in it
    for path in sorted(there, key=lambda path: len(path.parts)):
        for folder in reversed(path.parents[:-1]):
            options += ["--dir", str(folder)]
        options += ["--ro-bind", str(path), str(path)]
    options += ["--proc", "/proc", "--dev", "/dev"]
    options += _in_memory("/dev/shm", OTHER_BYTES) + _in_memory(str(HOME), HOME_BYTES)
    return [*options, "--remount-ro", "/dev", "--remount-ro", "/"]


def _in_memory(folder: str, size: int) -> list[str]:
    """Return the options for an empty folder of so many bytes that all may write to."""
    return ["--size", str(size), "--perms", "1777", "--tmpfs", folder]


def _of_the_course() -> list[Path]:
    """Return the folders that the course itself runs from."""
    package = Path(__file__).resolve().parents[1]
    prefixes = [Path(sys.prefix), Path(sys.base_prefix), Path(sys.base_prefix).resolve()]
    return [*prefixes, package, paths.course_root().resolve() / "data"]


# --- calls to the system that reach past the limits of memory, or make new walls inside these

# Machine -> its number for the kernel, the numbers of refused calls, those of clone and mmap.
# Refused are, in this order: shmget, semget, msgget, memfd_create (memory that belongs to no
# process), ptrace, unshare, setns, io_uring_setup; add_key, request_key, keyctl (keys are kept by
# the account, not by the walls); fadvise64, mincore, readahead, preadv2, cachestat (they tell or
# change which files are in memory, which all submissions share).
_CALLS = {
    "x86_64": (
        0xC000003E,
        (29, 64, 68, 319, 101, 272, 308, 425, 248, 249, 250, 221, 27, 187, 327, 451),
        (56, 9),
    ),
    "aarch64": (
        0xC00000B7,
        (194, 190, 186, 279, 117, 97, 268, 425, 217, 218, 219, 223, 232, 213, 286, 451),
        (220, 222),
    ),
}
_SHARED_ANONYMOUS = 0x21  # flags of mmap: memory that stays when its pages are given back
_CLONE3, _NEW_USERS = 435, 0x10000000  # the same everywhere
_ALLOW, _REFUSE, _UNKNOWN, _KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
_X32 = 0x40000000  # calls of another kind on x86_64, from this number on


def _filter_of_calls() -> IO[bytes]:
    """Return an open file with the filter that bubblewrap gives to the kernel (seccomp-BPF).

    clone3 hides its flags from filters; where it is unknown, programs use clone.

    Source: Linux, Documentation/userspace-api/seccomp_filter.rst, and its `struct sock_filter`.
    """
    kind, refused, (clone, mmap) = _CALLS.get(os.uname().machine, (0, (), (0, 0)))
    load, equal, at_least, any_bit, only, give = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
    steps = []
    if kind:
        steps = [(load, 0, 0, 4), (equal, 1, 0, kind), (give, 0, 0, _KILL), (load, 0, 0, 0)]
        steps += [(at_least, 0, 1, _X32), (give, 0, 0, _KILL)]
        for number in refused:
            steps += [(equal, 0, 1, number), (give, 0, 0, _REFUSE)]
        steps += [(equal, 0, 1, _CLONE3), (give, 0, 0, _UNKNOWN), (equal, 0, 3, clone)]
        steps += [(load, 0, 0, 16), (any_bit, 0, 1, _NEW_USERS), (give, 0, 0, _REFUSE)]
        steps += [(load, 0, 0, 0), (equal, 0, 4, mmap), (load, 0, 0, 40)]
        steps += [(only, 0, 0, _SHARED_ANONYMOUS), (equal, 0, 1, _SHARED_ANONYMOUS)]
        steps += [(give, 0, 0, _REFUSE)]
    steps += [(give, 0, 0, _ALLOW)]
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
    file.write(b"".join(struct.pack("=HBBI", *step) for step in steps))
    file.seek(0)
    return file
