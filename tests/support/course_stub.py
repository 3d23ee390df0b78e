"""A small stand-in for the course: installs in seconds and without a network, so that `course.py`
itself can be tried for real."""

import shutil
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

BACKEND = """
import pathlib, time, zipfile

HERE = pathlib.Path(__file__).parent

def note(what):
    with open(HERE / "builds.txt", "a") as file:
        file.write(what + "\\n")

def get_requires_for_build_editable(config_settings=None):
    return []

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    note("began")
    end = time.monotonic() + 100
    while (HERE / "hold").exists() and time.monotonic() < end:
        time.sleep(0.05)
    name = "aigc_course-0-py3-none-any.whl"
    info = "aigc_course-0.dist-info/"
    metadata = "Metadata-Version: 2.1\\nName: aigc-course\\nVersion: 0\\n"
    metadata += "Provides-Extra: lab\\nProvides-Extra: test\\n" + REQUIRES
    about = "Wheel-Version: 1.0\\nGenerator: stub\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        wheel.writestr("aigc_course.pth", str(HERE))
        wheel.writestr(info + "METADATA", metadata)
        wheel.writestr(info + "WHEEL", about)
        wheel.writestr(info + "RECORD", "")
    note("ended")
    return name
"""

MAIN = """
import json, os, sys
keys = ("GOMP_SPINCOUNT", "MALLOC_MMAP_THRESHOLD_", "PYTHONUTF8", "PATH")
environment = {key: os.environ.get(key) for key in keys}
told = {"arguments": sys.argv[1:], "prefix": sys.prefix, "environment": environment}
print(json.dumps(told))
"""


def make(folder: Path, requires: str = "") -> Path:
    """A course folder with the real `course.py` and a stub package.

    Installing it notes in `builds.txt` when it began and ended, and lasts while there is a file
    `hold`.

    Args:
        requires: a package that the stub depends on.
    """
    package = folder / "aigc_course"
    package.mkdir(parents=True)
    shutil.copy(ROOT / "course.py", folder)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(MAIN)
    (folder / "stub_backend.py").write_text(
        f"REQUIRES = {f'Requires-Dist: {requires}' if requires else ''!r}\n"
        + textwrap.dedent(BACKEND)
    )
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "stub_backend"\nbackend-path = ["."]\n'
        '[project]\nname = "aigc-course"\nversion = "0"\n'
    )
    return folder
