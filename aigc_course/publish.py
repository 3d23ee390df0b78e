"""For authors: makes the outputs that are stored in the notebooks, and stamps the repository's address."""

from __future__ import annotations

import ast
import base64
import hashlib
import io
import json
import re
import tempfile
import tokenize
from pathlib import Path

import nbformat

from aigc_course import execute, leaks, lessons, runtime

_INSTALLS = "# Installs the course where it is missing"
_MODULES = "import sys as _sys, json as _json\nprint(_json.dumps(sorted(m for m in _sys.modules if m.split('.')[0] == 'aigc_course')))"
_LOCAL_PATH = re.compile(r"(/(?:home|root|tmp|Users|work|private|var)/[^\s'\"<>:]*)")


def store(number: str) -> str:
    """Run a lesson top to bottom at "cpu" scale, normalise its outputs and store them. Returns a summary line.

    The cell tagged "cover" gives the lesson's picture, kept as `data/pictures/NN.png` for its top and the README.

    Raises:
        CourseError: a cell failed, or an output holds a secret; the stored outputs stay as they were.
    """
    lesson = lessons.find(number)
    notebook = lessons.read(lesson.path)
    notebook.cells.append(nbformat.v4.new_code_cell(_MODULES))
    with tempfile.TemporaryDirectory() as home:
        execute.run(notebook, lesson.path.parent, name=lesson.name, env={"AIGC_SCALE": "cpu", "AIGC_HOME": home})
    modules = json.loads(notebook.cells.pop().outputs[0].text)
    normalise(notebook)
    leaks.check(notebook)
    notebook.metadata["aigc_course"] = dict(notebook.metadata.get("aigc_course", {})) | {
        "modules": modules,
        "stored_from": fingerprint(notebook, modules),
    }
    cover = _renewed_cover(lesson.number, notebook)
    runtime.write_safely(lesson.path, _text(notebook).encode())
    if cover:
        runtime.write_safely(runtime.course_root() / "data" / "pictures" / f"{lesson.number}.png", base64.b64decode(cover))
    return f"{lesson.name}: {lesson.path.stat().st_size / 1000:.0f} KB"


def _text(notebook) -> str:
    """A notebook as it stands in the repository."""
    return nbformat.writes(notebook, indent=1).rstrip("\n") + "\n"


def normalise(notebook) -> None:
    """Take out of a notebook what differs from one run or machine to the next, and number its cells."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "aigc_course": notebook.metadata.get("aigc_course", {}),
        }
    )
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i:02d}"
        cell.metadata = nbformat.from_dict(_cell_metadata(cell))
        if cell.cell_type == "code":
            cell.outputs = _joined([o for o in map(_normal_output, cell.outputs) if o])
    for count, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1):
        cell.execution_count = count
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count


def _cell_metadata(cell) -> dict:
    """What a cell keeps: its tags; the cell that only installs is folded away in JupyterLab."""
    tags = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
    return tags | ({"jupyter": {"source_hidden": True}} if cell.source.startswith(_INSTALLS) else {})


def _joined(outputs: list) -> list:
    """Text printed in several pieces as one: where a print was cut depends on the moment."""
    joined = []
    for output in outputs:
        if joined and output.output_type == joined[-1].output_type == "stream":
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _normal_output(output):
    if output.output_type == "stream":
        if output.name == "stderr":  # progress bars and warnings of one machine
            return None
        output.text = _LOCAL_PATH.sub("...", output.text)
    elif output.get("data"):
        if any("widget" in kind for kind in output.data):  # useless without its kernel; a static figure stands beside it
            return None
        if "text/plain" in output.data:
            output.data["text/plain"] = re.sub(r" at 0x[0-9a-f]+", "", output.data["text/plain"])
    return output


def fingerprint(notebook, modules: list[str]) -> str:
    """Digest of the code that stored outputs come from: the cells, and the library modules they loaded.

    Comments and docstrings do not count, so that a better sentence does not ask for a new run.
    """
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    package = Path(__file__).parent
    for module in modules:
        base = package.joinpath(*module.split(".")[1:])
        path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
        sources.append(_meaning(path.read_text(encoding="utf-8")) if path.exists() else f"{module} is gone")
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()[:16]


def _meaning(source: str) -> str:
    """A module's text without docstrings, comments and empty lines; cut by position, so that every Python version agrees."""
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node) is not None:
            first = node.body[0]
            lines[first.lineno - 1 : first.end_lineno] = [""] * (first.end_lineno - first.lineno + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _renewed_cover(number: str, notebook) -> str:
    """The picture that this run made, base64, "" where a lesson has none; it takes the place of the one before at the lesson's top."""
    made = [picture_of(cell) for cell in notebook.cells if "cover" in cell.metadata.get("tags", ())]
    if not made:
        return ""
    shown = next(cell for cell in notebook.cells if cell.cell_type == "code" and f'plots.picture("{number}"' in cell.source)
    picture_of(shown)["image/png"] = made[-1]["image/png"]
    return made[-1]["image/png"]


def picture_of(cell) -> dict:
    """The data of a cell's first picture."""
    return next(output.data for output in cell.outputs if output.get("data", {}).get("image/png"))


def first_cell(address: str) -> str:
    """The code that installs the package where it is missing; the same in every notebook."""
    return f"""{_INSTALLS} (Colab); what is installed already stays as it is.
import importlib.metadata, importlib.util, os, re, subprocess, sys

if importlib.util.find_spec("aigc_course") is None:
    pip = [sys.executable, "-m", "pip", "install"]
    subprocess.run([*pip, "--no-deps", os.environ.get("AIGC_COURSE_SOURCE", "git+{address}")], check=True)
    importlib.invalidate_caches()
    here = {{re.sub("[-_.]+", "-", d.metadata["Name"] or "").lower() for d in importlib.metadata.distributions()}}
    needed = [line for line in importlib.metadata.requires("aigc-course") if "extra ==" not in line]
    missing = [line for line in needed if re.match(r"[\\w-]+", line)[0].lower() not in here]
    if missing:
        subprocess.run([*pip, *missing], check=True)"""


def badge(address: str, name: str) -> str:
    """Markdown of the Open-in-Colab badge of a notebook; the picture is the course's own, so that it shows offline."""
    repository = address.removeprefix("https://github.com/")
    return f"[![Open in Colab](images/colab.svg)](https://colab.research.google.com/github/{repository}/blob/main/notebooks/{name}.ipynb)"


_BADGE = re.compile(r"\[!\[Open in Colab\]\([^)]*\)\]\([^)]*\)")
_ADDRESS = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+(?=/(?:blob|tree)/main/)")


def stamp() -> list[str]:
    """Write the repository's address from `pyproject.toml` into badges, links and first cells. Returns changed files."""
    address = runtime.repository()
    changed = []
    for lesson in lessons.all_lessons():
        text = lesson.path.read_text(encoding="utf-8")
        notebook = nbformat.reads(text, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = _ADDRESS.sub(address, _BADGE.sub(badge(address, lesson.name), cell.source))
            elif cell.source.startswith(_INSTALLS):
                cell.source = first_cell(address)
                cell.metadata = nbformat.from_dict(_cell_metadata(cell))
        stored = notebook.metadata.get("aigc_course", {})
        if stored.get("modules"):
            stored["stored_from"] = fingerprint(notebook, stored["modules"])
        stamped = _text(notebook)
        if stamped != text:
            runtime.write_safely(lesson.path, stamped.encode())
            changed.append(lesson.path.name)
    for name in ("README.md", "CITATION.cff"):
        path = runtime.course_root() / name
        text = path.read_text(encoding="utf-8")
        before = re.search(r"(?:git clone |repository-code: )https://github\.com/([\w.-]+/[\w.-]+)", text)
        stamped = text.replace(before[1], address.removeprefix("https://github.com/")) if before else text
        if stamped != text:
            runtime.write_safely(path, stamped.encode())
            changed.append(name)
    return changed
