"""One exercise through a real nbgrader round: the design of exercises carries a classroom."""

import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ANSWERS = {
    "right": "    return -sum(p * math.log2(p) for p in probabilities if p > 0)",
    "wrong": "    return -sum(p * math.log(p) for p in probabilities if p > 0)",
    "empty": "    ...",
}


def graded(cell, grade_id, **kind):
    cell.metadata["nbgrader"] = {"schema_version": 3, "grade_id": grade_id, "grade": False, "solution": False, "locked": True, "task": False, **kind}
    return cell


def assignment():
    """Lesson 01's entropy as an assignment: an answer cell, and a locked test cell with points."""
    answer = (
        '@exercise("chance.entropy")\ndef entropy(probabilities):\n    """Entropy in bits."""\n'
        f"    ### BEGIN SOLUTION\n{ANSWERS['right']}\n    ### END SOLUTION"
    )
    return new_notebook(
        cells=[
            new_markdown_cell("# Entropy"),
            new_code_cell("import math\nfrom aigc_course.exercises import exercise, require"),
            graded(new_code_cell(answer), "entropy", solution=True, locked=False),
            graded(new_code_cell('require("chance.entropy")'), "entropy-test", grade=True, points=2),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )


@pytest.fixture(scope="module")
def programs_on_path():
    """nbgrader starts `alembic` by name; `course.py` puts the environment's programs on the path, plain pytest does not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        yield


@pytest.fixture(scope="module")
def course(tmp_path_factory, programs_on_path):
    """A classroom after one round: (API, folder)."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    root = tmp_path_factory.mktemp("classroom")
    settings = Config()
    settings.CourseDirectory.root, settings.CourseDirectory.course_id = str(root), "aigc"
    settings.ClearSolutions.code_stub = {"python": "..."}
    (root / "source" / "ps1").mkdir(parents=True)
    nbformat.write(assignment(), root / "source" / "ps1" / "lesson.ipynb")
    api = NbGraderAPI(config=settings)
    made = api.generate_assignment("ps1")
    assert made["success"], made
    for student, body in ANSWERS.items():
        handed_in = nbformat.read(root / "release" / "ps1" / "lesson.ipynb", 4)
        assert "### BEGIN" not in handed_in.cells[2].source and handed_in.cells[2].source.rstrip().endswith("...")
        if student != "empty":
            handed_in.cells[2].source = handed_in.cells[2].source.replace("    ...", body)
        if student == "wrong":  # and tampers with the locked test, which autograde restores
            handed_in.cells[3].source = "pass"
        folder = root / "submitted" / student / "ps1"
        folder.mkdir(parents=True)
        nbformat.write(handed_in, folder / "lesson.ipynb")
        marked = api.autograde("ps1", student)
        assert marked["success"], marked
    return api, root


@pytest.mark.parametrize("student, points", [("right", 2), ("wrong", 0), ("empty", 0)])
def test_marks(course, student, points):
    api, _ = course
    with api.gradebook as gradebook:
        assert gradebook.find_submission("ps1", student).score == points


def test_the_wrong_answer_is_told_its_mistake(course):
    _, root = course
    cells = nbformat.read(root / "autograded" / "wrong" / "ps1" / "lesson.ipynb", 4).cells
    assert "nats" in cells[2].outputs[0].data["text/plain"]
    error = cells[3].outputs[0]
    assert error.output_type == "error" and error.ename == "AssertionError" and "nats" in error.evalue
