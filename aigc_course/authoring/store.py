"""Execution of lessons to make the outputs that are stored in the notebooks."""

from __future__ import annotations

import base64
import json
import re
import tempfile

import nbformat

from aigc_course.authoring import provenance, secrets
from aigc_course.core import files, paths
from aigc_course.course import execute, lessons
from aigc_course.course.first_cell import MARK

_START = "from aigc_course.authoring import recording\nrecording.start()"
_REPORT = "import json\nprint(json.dumps([recording.ran(), recording.read()]))"
_LOCAL_PATH = re.compile(r"(/(?:home|root|tmp|Users|work|private|var)/[^\s'\"<>:]*)")


def store(key: str) -> str:
    """Run a lesson from top to bottom at "cpu" scale, normalize its outputs and store them.

    The cell tagged "cover" gives the lesson's picture, kept as `data/pictures/TOPIC.png` for its
    top and the README.

    Args:
        key: number, topic or name of the lesson.

    Returns:
        A summary line.

    Raises:
        CourseError: a cell failed, or an output holds a secret; the stored outputs stay as they
            were.
    """
    lesson = lessons.find(key)
    notebook = lessons.read(lesson.path)
    ran, read = _run(lesson, notebook)
    normalise(notebook)
    secrets.check(notebook)
    about = provenance.record(notebook, ran, read)
    kept = dict(notebook.metadata.get("aigc_course", {})) | about
    notebook.metadata["aigc_course"] = nbformat.from_dict(kept)
    cover = _renewed_cover(lesson.topic, notebook)
    files.write_atomically(lesson.path, notebook_text(notebook).encode())
    if cover:
        picture = paths.course_root() / "data" / "pictures" / f"{lesson.topic}.png"
        files.write_atomically(picture, base64.b64decode(cover))
    return f"{lesson.name}: {lesson.path.stat().st_size / 1000:.0f} KB"


def _run(lesson: lessons.Lesson, notebook) -> tuple[dict[str, list[str]], list[str]]:
    """Execute a notebook in place; return what it ran of the library and which data it read."""
    notebook.cells.insert(0, nbformat.v4.new_code_cell(_START))
    notebook.cells.append(nbformat.v4.new_code_cell(_REPORT))
    with tempfile.TemporaryDirectory() as home:
        settings = {"AIGC_SCALE": "cpu", "AIGC_HOME": home}
        execute.run(notebook, lesson.path.parent, name=lesson.name, env=settings)
    ran, read = json.loads(notebook.cells.pop().outputs[0].text)
    del notebook.cells[0]
    return ran, read


def stale() -> dict[lessons.Lesson, list[str]]:
    """Return the lessons whose stored outputs are stale, each with the parts that changed."""
    found = {one: provenance.changes(lessons.read(one.path)) for one in lessons.all_lessons()}
    return {lesson: changes for lesson, changes in found.items() if changes}


def notebook_text(notebook) -> str:
    """Return the text of a notebook as it is stored in the repository."""
    return nbformat.writes(notebook, indent=1).rstrip("\n") + "\n"


def normalise(notebook) -> None:
    """Remove from a notebook what differs between runs or machines, and number its cells."""
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
    """Return the metadata that a cell keeps: its tags, and for the first cell that it is folded."""
    tags = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
    return tags | ({"jupyter": {"source_hidden": True}} if cell.source.startswith(MARK) else {})


def _joined(outputs: list) -> list:
    """Join text that was printed in several pieces, as where it was cut depends on timing."""
    joined = []
    for output in outputs:
        if joined and output.output_type == joined[-1].output_type == "stream":
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _normal_output(output):
    """Return an output without what differs between machines, or None when it is to be dropped."""
    if output.output_type == "stream":
        if output.name == "stderr":  # progress bars and warnings differ between machines
            return None
        output.text = _LOCAL_PATH.sub("...", output.text)
    elif output.get("data"):
        if any(
            "widget" in kind for kind in output.data
        ):  # a widget is useless without its kernel; a static figure is stored beside it
            return None
        if "text/plain" in output.data:
            output.data["text/plain"] = re.sub(r" at 0x[0-9a-f]+", "", output.data["text/plain"])
    return output


def _renewed_cover(topic: str, notebook) -> str:
    """Return the picture that this run made, in base64, "" where a lesson has none.

    It also replaces the previous picture at the top of the lesson.
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
    """Return the data of a cell's first picture."""
    return next(output.data for output in cell.outputs if output.get("data", {}).get("image/png"))
