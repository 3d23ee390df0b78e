"""One command starts the course, `python3 course.py lab`; another proves that it works, `... test`.

Needs nothing but Python 3.11 to 3.13: makes the environment .venv beside this file, installs the
course and what it depends on into it, remembers that, and hands over to `python -m aigc_course`.
"""

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("AIGC_VENV") or ROOT / ".venv").expanduser().absolute()
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
RECORD = VENV / "aigc-course.json"
LOG = VENV / "aigc-course-install.log"
LOCK = VENV.parent / (VENV.name + ".lock")  # beside it, so that it stays when VENV is moved aside
NEEDED_GB = 8  # the default install takes about 6 and unpacks beside itself

# What pip writes when it cannot reach its index, through a proxy or without one.
NETWORK_SIGNS = (
    "NewConnectionError",
    "NameResolutionError",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "ConnectTimeout",
    "ReadTimeoutError",
    "ProxyError",
    "SSLError",
    "CERTIFICATE_VERIFY_FAILED",
    "Max retries exceeded",
)

# Must be set before Python starts: how long idle threads spin before they sleep (measured with
# benchmarks/threads.py), and when glibc gives memory back (without, a fifth of the time of training
# a CNN goes to the system). Ignored where it means nothing.
BEFORE_START = {
    # Nearly as fast as the default on an idle machine, three times faster beside another program.
    "GOMP_SPINCOUNT": "5000",
    "MALLOC_MMAP_THRESHOLD_": "33554432",  # the largest that glibc takes
    "MALLOC_TRIM_THRESHOLD_": "1073741824",
    "MALLOC_TOP_PAD_": "67108864",
}


def main():
    check_python()
    if not installed():
        install_once()
    environment = {**BEFORE_START, **os.environ, "PYTHONUTF8": "1", "VIRTUAL_ENV": str(VENV)}
    # As an activated environment has it: for `!pip install` in a notebook, and for programs that
    # nbgrader starts by name.
    environment["PATH"] = str(PYTHON.parent) + os.pathsep + environment.get("PATH", "")
    command = [str(PYTHON), "-m", "aigc_course", *(sys.argv[1:] or ["--help"])]
    if os.name == "posix":
        os.execve(command[0], command, environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program handed over to
    sys.exit(subprocess.call(command, env=environment))


def stop(message):
    """End with one clear line."""
    sys.exit("course.py: " + message)


def check_python():
    version = ".".join(map(str, sys.version_info[:3]))
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        stop(
            f"this is Python {version}; the course needs 3.11, 3.12 or 3.13. "
            "Start it with one of them, such as `python3.12 course.py lab`."
        )


def wanted():
    """What the environment must come from: the list of dependencies, this Python, this folder."""
    project = (ROOT / "pyproject.toml").read_bytes()
    return {
        "project": hashlib.sha256(project).hexdigest(),
        "python": list(sys.version_info[:2]),
        "root": str(ROOT),
    }


def installed():
    """Whether an earlier start finished installing exactly this."""
    try:
        return PYTHON.exists() and json.loads(RECORD.read_text(encoding="utf-8")) == wanted()
    except (OSError, ValueError, RecursionError):
        return False


def install_once():
    """Install, one start at a time; a start that waited finds the work done and goes on."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: pip ends, too
    with open_lock() as lock:
        wait_for(lock)
        if not installed():
            install(lock)


def open_lock():
    """Open the file that only one start at a time can lock. It stays there, empty, for the next."""
    try:
        LOCK.parent.mkdir(parents=True, exist_ok=True)
        return LOCK.open("a")
    except OSError as error:
        stop(
            f"cannot write {LOCK} ({error.strerror}), which keeps two starts from installing at "
            "once; make its folder writable, or name an environment elsewhere in AIGC_VENV."
        )


def wait_for(lock):
    """Lock the open file; while another start holds it, say so once and wait."""
    if locked(lock):
        return
    print(f"Another start is installing the course into {VENV}; this one waits for it.", flush=True)
    while not locked(lock):
        time.sleep(0.2)


def locked(lock):
    """Try to lock the open file; the system unlocks it when its holder ends, even when killed."""
    try:
        try:
            import fcntl
        except ImportError:  # Windows
            import msvcrt

            lock.seek(0)  # the byte that is locked is the one at this place
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Any other error comes from a file system without locks: installing must work there, too.
        return error.errno not in (errno.EACCES, errno.EAGAIN)
    return True


def install(lock):
    """Make or repair the environment; writes the record only when all went well."""
    check_room()
    make_environment()
    print(
        f"Installing the course into {VENV}: about 6 GB with PyTorch, two to ten minutes, once.",
        flush=True,
    )
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["--log", str(LOG), "--editable", f"{ROOT}[lab,test]"]
    try:
        RECORD.unlink(missing_ok=True)
        LOG.unlink(missing_ok=True)
        # Where the system allows it, pip holds the lock as well: it may outlive a killed start.
        if subprocess.call(command, pass_fds=[lock.fileno()] if os.name == "posix" else []):
            stop(diagnosis())
        RECORD.write_text(json.dumps(wanted()), encoding="utf-8")
    except OSError as error:
        stop(
            f"cannot write to {VENV} ({error.strerror}); "
            "make room, or name a folder that you can write to in AIGC_VENV."
        )


def make_environment():
    """Make .venv when it is missing or broken; what stood there is moved aside, never deleted."""
    if works(PYTHON):
        ask = [str(PYTHON), "-c", "import sys; print(list(sys.version_info[:2]))"]
        same = subprocess.run(ask, capture_output=True, text=True)
        if same.stdout.strip() == str(list(sys.version_info[:2])):
            return
        stop(
            f"{VENV} belongs to another Python; move that folder away, "
            "or start course.py with the Python that made it."
        )
    try:
        if VENV.exists() and any(VENV.iterdir()):
            move_aside()
        print(f"Making the environment {VENV}", flush=True)
        import venv

        venv.create(VENV, with_pip=True)
    except ImportError:
        stop(
            "this Python has no `venv` module. On Debian and Ubuntu: sudo apt install python3-venv"
        )
    except subprocess.CalledProcessError:
        if shutil.disk_usage(VENV.parent).free < 100e6:
            stop(f"the disk is full; free about {NEEDED_GB} GB and start again.")
        stop(
            "the environment could not be given pip. "
            "On Debian and Ubuntu: sudo apt install python3-venv; then start again."
        )
    except OSError as error:
        stop(
            f"cannot make {VENV} ({error.strerror}); "
            "make room, or name a folder that you can write to in AIGC_VENV."
        )
    if not works(PYTHON):
        stop(f"the new environment does not work; remove {VENV} and start again.")


def move_aside():
    """Keep a broken environment under another name; stop when the folder is something else."""
    if not (VENV / "pyvenv.cfg").exists():
        stop(
            f"{VENV} exists and is not a Python environment; "
            "move it away, or name another folder in AIGC_VENV."
        )
    names = (VENV.with_name(f"{VENV.name}-old{n or ''}") for n in range(1000))
    aside = next(path for path in names if not path.exists())
    VENV.rename(aside)
    print(
        f"{VENV} does not work; it is kept as {aside} (delete it when nothing of yours is in it).",
        flush=True,
    )


def works(python):
    """Whether this interpreter starts and has pip."""
    try:
        pip = subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True)
        return pip.returncode == 0
    except OSError:
        return False


def check_room():
    """Refuse early when the big download cannot fit; when torch is there, little is missing."""
    has_torch = any(VENV.glob("[Ll]ib*/**/site-packages/torch/version.py"))
    needed = 1 if has_torch else NEEDED_GB
    place = next(folder for folder in (VENV, *VENV.parents) if folder.is_dir())
    free = shutil.disk_usage(place).free / 1e9
    if free < needed:
        stop(
            f"only {free:.1f} GB free, and installing needs about {needed} GB; "
            "make room, or install CPU-only PyTorch first (README, Smaller)."
        )


def diagnosis():
    """Say in one line why pip failed, from its log."""
    try:
        text = LOG.read_text(encoding="utf-8", errors="replace")[-200_000:]
    except OSError:
        text = ""
    after = f" Then start again: it goes on from here. Details: {LOG}"
    if "No space left on device" in text or "Errno 28" in text:
        return f"the disk is full; free about {NEEDED_GB} GB.{after}"
    if any(sign in text for sign in NETWORK_SIGNS):
        return (
            "there is no network (or a proxy is in the way), "
            f"and the first start must download packages; connect once.{after}"
        )
    if "Permission denied" in text:
        return f"{VENV} cannot be written to; name another folder in AIGC_VENV.{after}"
    return f"pip could not install the packages; its last lines above say why.{after}"


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        stop("interrupted; the next start goes on from here.")
