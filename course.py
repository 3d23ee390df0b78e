"""One command starts the course: `python3 course.py lab`. A second proves that it works: `python3
course.py test`.

Needs nothing but Python 3.11 to 3.13: makes the environment .venv beside this file, installs the
course and what it depends on into it, remembers that, and hands over to `python -m aigc_course
...`.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("AIGC_VENV") or ROOT / ".venv").expanduser().absolute()
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
RECORD = VENV / "aigc-course.json"
LOG = VENV / "aigc-course-install.log"
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
# benchmarks/threads.py), and when
# glibc gives memory back (without, a fifth of the time of training a CNN goes to the system).
# Ignored where it means nothing.
BEFORE_START = {
    # nearly as fast as the default on an idle machine, three times faster beside another program
    "GOMP_SPINCOUNT": "5000",
    "MALLOC_MMAP_THRESHOLD_": "33554432",  # the largest that glibc takes
    "MALLOC_TRIM_THRESHOLD_": "1073741824",
    "MALLOC_TOP_PAD_": "67108864",
}


def main():
    check_python()
    if not installed():
        install()
    environment = {**BEFORE_START, **os.environ, "PYTHONUTF8": "1", "VIRTUAL_ENV": str(VENV)}
    # As an activated environment has it: `!pip install` in a notebook, and programs that nbgrader
    # starts by name.
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
            "this is Python "
            + version
            + (
                "; the course needs 3.11, 3.12 or 3.13. Start it with one of them, such as "
                "`python3.12 course.py lab`."
            )
        )


def wanted():
    """What the environment must have been made from: the list of dependencies, this Python, this
    folder.
    """
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


def install():
    """Make or repair the environment; writes the record only when all went well."""
    check_room()
    make_environment()
    print(
        "Installing the course into "
        + str(VENV)
        + ": about 6 GB with PyTorch, two to ten minutes, once.",
        flush=True,
    )
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--log",
        str(LOG),
        "--editable",
        str(ROOT) + "[lab,test]",
    ]
    try:
        RECORD.unlink(missing_ok=True)
        LOG.unlink(missing_ok=True)
        if subprocess.call(command):
            stop(diagnosis())
        RECORD.write_text(json.dumps(wanted()), encoding="utf-8")
    except OSError as error:
        stop(
            "cannot write to "
            + str(VENV)
            + " ("
            + str(error.strerror)
            + "); make room, or name a folder that you can write to in AIGC_VENV."
        )


def make_environment():
    """Make .venv when it is missing or broken; what stood there is moved aside, never deleted."""
    if works(PYTHON):
        same = subprocess.run(
            [str(PYTHON), "-c", "import sys; print(list(sys.version_info[:2]))"],
            capture_output=True,
            text=True,
        )
        if same.stdout.strip() == str(list(sys.version_info[:2])):
            return
        stop(
            str(VENV)
            + (
                " belongs to another Python; move that folder away, or start course.py with "
                "the Python that made it."
            )
        )
    try:
        if VENV.exists() and any(VENV.iterdir()):
            if not (VENV / "pyvenv.cfg").exists():
                stop(
                    str(VENV)
                    + (
                        " exists and is not a Python environment; move it away, or name "
                        "another folder in AIGC_VENV."
                    )
                )
            aside = next(
                p
                for p in (VENV.with_name(VENV.name + "-old" + str(n or "")) for n in range(1000))
                if not p.exists()
            )
            VENV.rename(aside)
            print(
                str(VENV)
                + " does not work; it is kept as "
                + str(aside)
                + " (delete it when nothing of yours is in it).",
                flush=True,
            )
        print("Making the environment " + str(VENV), flush=True)
        import venv

        venv.create(VENV, with_pip=True)
    except ImportError:
        stop(
            "this Python has no `venv` module. On Debian and Ubuntu: sudo apt install python3-venv"
        )
    except subprocess.CalledProcessError:
        if shutil.disk_usage(VENV.parent).free < 100e6:
            stop("the disk is full; free about " + str(NEEDED_GB) + " GB and start again.")
        stop(
            "the environment could not be given pip. On Debian and Ubuntu: sudo apt "
            "install python3-venv; then start again."
        )
    except OSError as error:
        stop(
            "cannot make "
            + str(VENV)
            + " ("
            + str(error.strerror)
            + "); make room, or name a folder that you can write to in AIGC_VENV."
        )
    if not works(PYTHON):
        stop("the new environment does not work; remove " + str(VENV) + " and start again.")


def works(python):
    """Whether this interpreter starts and has pip."""
    try:
        return (
            subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True).returncode
            == 0
        )
    except OSError:
        return False


def check_room():
    """Refuse early when the big download cannot fit; with torch there already, little is
    missing.
    """
    has_torch = any(VENV.glob("[Ll]ib*/**/site-packages/torch/version.py"))
    needed = 1 if has_torch else NEEDED_GB
    place = next(folder for folder in (VENV, *VENV.parents) if folder.is_dir())
    free = shutil.disk_usage(place).free / 1e9
    if free < needed:
        stop(
            f"only {free:.1f} GB free, and installing needs about {needed} GB; make "
            "room, or install CPU-only PyTorch first (README, Smaller)."
        )


def diagnosis():
    """Say in one line why pip failed, from its log."""
    try:
        text = LOG.read_text(encoding="utf-8", errors="replace")[-200_000:]
    except OSError:
        text = ""
    after = " Then start again: it goes on from here. Details: " + str(LOG)
    if "No space left on device" in text or "Errno 28" in text:
        return "the disk is full; free about " + str(NEEDED_GB) + " GB." + after
    if any(sign in text for sign in NETWORK_SIGNS):
        return (
            "there is no network (or a proxy is in the way), and the first start must "
            "download packages; connect once."
        ) + after
    if "Permission denied" in text:
        return str(VENV) + " cannot be written to; name another folder in AIGC_VENV." + after
    return "pip could not install the packages; its last lines above say why." + after


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        stop("interrupted; the next start goes on from here.")
