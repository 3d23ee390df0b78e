"""Colab, as far as it can be had elsewhere: the notebook alone in an empty folder, a stand-in for
`google.colab`, the old ipywidgets and ipykernel that it brings, the course installed by the first
cell; and the "gpu" settings measured without a GPU."""

import json
import os
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
from installed import bare, wheel, without_course_variables  # noqa: F401 (fixtures)
from nbclient import NotebookClient
from traitlets.config import Config

from aigc_course.course import lessons

AS_COLAB_HAS_THEM = ("ipywidgets==7.7.1", "ipykernel==6.17.1")
CARD_GB = 15
VERSIONS = """
import importlib.metadata, json
names = {d.metadata["Name"] for d in importlib.metadata.distributions()}
print(json.dumps({name: importlib.metadata.version(name) for name in names}))
"""
each = pytest.mark.parametrize("lesson", lessons.all_lessons(), ids=lambda lesson: lesson.number)
pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def colab(bare, tmp_path_factory):
    """Python of an environment like Colab's, without the course; a kernel runs in it."""
    result = subprocess.run(
        [str(bare), "-m", "pip", "install", "--quiet", *AS_COLAB_HAS_THEM],
        capture_output=True,
        text=True,
    )
    if result.returncode:
        pytest.skip(
            f"{' and '.join(AS_COLAB_HAS_THEM)} could not be fetched; this test needs the network"
        )
    site = subprocess.run(
        [str(bare), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
    )
    (Path(site.stdout.strip()) / "google" / "colab").mkdir(parents=True)
    (Path(site.stdout.strip()) / "google" / "colab" / "__init__.py").write_text("")
    kernels = tmp_path_factory.mktemp("kernels")
    (kernels / "colab").mkdir()
    command = [
        str(bare),
        "-c",
        "import google.colab, ipykernel.kernelapp; ipykernel.kernelapp.launch_new_instance()",
        "-f",
        "{connection_file}",
    ]
    (kernels / "colab" / "kernel.json").write_text(
        json.dumps({"argv": command, "display_name": "Colab", "language": "python"})
    )
    return bare, kernels


def versions(python):
    found = json.loads(
        subprocess.run(
            [str(python), "-c", VERSIONS], capture_output=True, text=True, check=True
        ).stdout
    )
    return {name: version for name, version in found.items() if name != "aigc-course"}


def run(notebook, folder, kernels, environment):
    """Execute a notebook in a kernel of the given folder of kernels."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("AIGC_", "PYTEST", "PYTHONPATH")):
                patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, str(value))
        settings = Config()
        settings.KernelSpecManager.kernel_dirs = [str(kernels)]
        client = NotebookClient(
            notebook,
            timeout=600,
            kernel_name="colab",
            resources={"metadata": {"path": str(folder)}},
            config=settings,
        )
        client.km = client.create_kernel_manager()
        client.km.kernel_spec_manager.kernel_dirs.insert(0, str(kernels))
        client.execute()


@each
def test_a_notebook_alone_installs_the_course_and_runs(lesson, colab, wheel, tmp_path):
    python, kernels = colab
    before = versions(python)
    assert before["ipywidgets"] == "7.7.1" and before["ipykernel"] == "6.17.1"
    gone = [str(python), "-m", "pip", "uninstall", "--yes", "aigc-course"]
    subprocess.run(gone, capture_output=True, check=True)
    folder = tmp_path / "content"
    folder.mkdir()
    path = folder / lesson.path.name
    path.write_bytes(lesson.path.read_bytes())
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(
        nbformat.v4.new_code_cell(
            "from aigc_course.core import machine, paths\n"
            "print(machine.host(), paths.home(), paths.course_root())"
        )
    )
    environment = {
        "AIGC_COURSE_SOURCE": wheel,
        "PIP_NO_INDEX": "1",
        "AIGC_SCALE": "smoke",
        "AIGC_HOME": tmp_path / "drive",
        "PYTEST_VERSION": "9",
    }
    try:
        run(notebook, folder, kernels, environment)
        place, home, root = notebook.cells[-1].outputs[0].text.split()
        assert place == "colab" and home == str(tmp_path / "drive") and root.endswith("_course")
        assert versions(python) == before, "what Colab brings was replaced"
        assert [p.name for p in folder.iterdir()] == [path.name]
    finally:
        subprocess.run(gone, capture_output=True)


# Runs a lesson with its "gpu" settings, all but the number of steps; then says how much memory that
# took.
SHORT = """
from aigc_course import runtime
_settings = runtime.settings
def _short(**by_scale):
    numbers_of_steps = {"steps", "small", "line", "ring", "name", "squeeze", "restore", "chinese"} & set(by_scale["gpu"])
    return _settings(**by_scale | {"gpu": by_scale["gpu"] | dict.fromkeys(numbers_of_steps, 20)})
runtime.settings, runtime.promise = _short, lambda *_: None
"""  # noqa: E501 (text of a file)
PEAK = (
    "import resource\nprint('PEAK', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * "
    "1024 / 1e9)"
)

# The first lessons train nothing on a card.
TRAINING = [
    lesson
    for lesson in lessons.all_lessons()
    if lesson.topic not in ("welcome", "chance", "tokens")
]


@pytest.mark.parametrize("lesson", TRAINING, ids=lambda lesson: lesson.topic)
def test_the_settings_for_a_gpu_fit_a_card_of_15_gb(lesson, tmp_path):
    """In single precision on a CPU a model, its gradients and activations take what they take on a
    card; all of the process is counted here.
    """
    notebook = lessons.read(lesson.path)
    everything = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert not re.search(r"torch\.bfloat16|precision=", everything)  # a T4 has no native bfloat16
    notebook.cells.insert(2, nbformat.v4.new_code_cell(SHORT))
    notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
    from aigc_course.course import execute

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execute, "CELL_SECONDS", 900)
        execute.run(
            notebook,
            lesson.path.parent,
            name=lesson.number,
            env={"AIGC_SCALE": "gpu", "AIGC_HOME": str(tmp_path)},
        )
    # A line on stderr may come first, from the end of a process, say.
    said = "".join(output.get("text", "") for output in notebook.cells[-1].outputs)
    peak = float(re.search(r"PEAK ([\d.]+)", said)[1])
    print(f"{lesson.number}: {peak:.1f} GB with the settings for a GPU")
    assert peak < CARD_GB
