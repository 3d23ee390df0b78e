"""The first cell of every notebook, which installs the course where it is missing, and its badge.

The badge opens the notebook in Colab.
"""

from __future__ import annotations

MARK = "# Installs the course where it is missing"


def first_cell(address: str) -> str:
    """Return the code that installs the package where it is missing; the same in every notebook."""
    return f"""{MARK} (Colab); what is installed already stays as it is.
import importlib.metadata, importlib.util, os, re, subprocess, sys

if importlib.util.find_spec("aigc_course") is None:
    pip = [sys.executable, "-m", "pip", "install"]
    subprocess.run([*pip, "--no-deps", os.environ.get("AIGC_COURSE_SOURCE", "git+{address}")], check=True)
    importlib.invalidate_caches()
    here = {{re.sub("[-_.]+", "-", d.metadata["Name"] or "").lower() for d in importlib.metadata.distributions()}}
    needed = [line for line in importlib.metadata.requires("aigc-course") if "extra ==" not in line]
    missing = [line for line in needed if re.match(r"[\\w-]+", line)[0].lower() not in here]
    if missing:
        subprocess.run([*pip, *missing], check=True)"""  # noqa: E501 (text of a file)


def badge(address: str, name: str) -> str:
    """Return the Markdown of a notebook's Open-in-Colab badge.

    The picture is the course's own, so that it is shown offline.
    """
    repository = address.removeprefix("https://github.com/")
    return (
        "[![Open in "
        f"Colab](images/colab.svg)](https://colab.research.google.com/github/{repository}/blob/main/notebooks/{name}.ipynb)"
    )
