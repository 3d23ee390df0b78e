"""For authors: makes the outputs that are stored in the notebooks."""

from __future__ import annotations

import base64
import json
import re
import tempfile

import nbformat

from aigc_course.authoring import secrets
from aigc_course.authoring.provenance import fingerprint
from aigc_course.core import files, paths
from aigc_course.course import execute, lessons
from aigc_course.course.first_cell import MARK

_MODULES = (
    "import sys as _sys, json as _json\nprint(_json.dumps(sorted(m for m in _sys.modules if "
    "m.split('.')[0] == 'aigc_course')))"
)
_LOCAL_PATH = re.compile(r"(/(?:home|root|tmp|Users|work|private|var)/[^\s'\"<>:]*)")


def store(key: str) -> str:
    """Run a lesson top to bottom at "cpu" scale, normalise its outputs and store them. Returns a
    summary line.

    The cell tagged "cover" gives the lesson's picture, kept as `data/pictures/TOPIC.png` for its
    top and the README.

    Args:
        key: number, topic or name of the lesson.

    Raises:
        CourseError: a cell failed, or an output holds a secret; the stored outputs stay as they
            were.
    """
    lesson = lessons.find(key)
    notebook = lessons.read(lesson.path)
    notebook.cells.append(nbformat.v4.new_code_cell(_MODULES))
    with tempfile.TemporaryDirectory() as home:
        execute.run(
            notebook,
            lesson.path.parent,
            name=lesson.name,
            env={"AIGC_SCALE": "cpu", "AIGC_HOME": home},
        )
    modules = json.loads(notebook.cells.pop().outputs[0].text)
    normalise(notebook)
    secrets.check(notebook)
    notebook.metadata["aigc_course"] = dict(notebook.metadata.get("aigc_course", {})) | {
        "modules": modules,
        "stored_from": fingerprint(notebook, modules),
    }
    cover = _renewed_cover(lesson.topic, notebook)
    files.write_atomically(lesson.path, notebook_text(notebook).encode())
    if cover:
        files.write_atomically(
            paths.course_root() / "data" / "pictures" / f"{lesson.topic}.png",
            base64.b64decode(cover),
        )
    return f"{lesson.name}: {lesson.path.stat().st_size / 1000:.0f} KB"


def notebook_text(notebook) -> str:
    """A notebook as it stands in the repository."""
    return nbformat.writes(notebook, indent=1).rstrip("\n") + "\n"


def normalise(notebook) -> None:
    """Take out of a notebook what differs from one run or machine to the next, and number its
    cells.
    """
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "aigc_course": notebook.metadata.get("aigc_course", {}),
        }
    )
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i:02d}"
        cell.metadata = nbformat.from_dict(cell_metadata(cell))
        if cell.cell_type == "code":
            cell.outputs = _joined([o for o in map(_normal_output, cell.outputs) if o])
    for count, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1):
        cell.execution_count = count
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count


def cell_metadata(cell) -> dict:
    """What a cell keeps: its tags; the cell that only installs is folded away in JupyterLab."""
    tags = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
    return tags | ({"jupyter": {"source_hidden": True}} if cell.source.startswith(MARK) else {})


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
        if any(
            "widget" in kind for kind in output.data
        ):  # useless without its kernel; a static figure stands beside it
            return None
        if "text/plain" in output.data:
            output.data["text/plain"] = re.sub(r" at 0x[0-9a-f]+", "", output.data["text/plain"])
    return output


def _renewed_cover(topic: str, notebook) -> str:
    """The picture that this run made, base64, "" where a lesson has none; it takes the place of the
    one before at the lesson's top.
    """
    made = [picture_of(cell) for cell in notebook.cells if "cover" in cell.metadata.get("tags", ())]
    if not made:
        return ""
    shown = next(
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and f'plots.picture("{topic}"' in cell.source
    )
    picture_of(shown)["image/png"] = made[-1]["image/png"]
    return made[-1]["image/png"]


def picture_of(cell) -> dict:
    """The data of a cell's first picture."""
    return next(output.data for output in cell.outputs if output.get("data", {}).get("image/png"))
