"""One list of dependencies, a wheel that carries the course, a first cell that installs it where it
is missing.
"""

import re
import subprocess
import tomllib
import zipfile
from pathlib import Path

import nbformat
from installed import bare, wheel, without_course_variables  # noqa: F401 (fixtures)

from aigc_course import pretrained
from aigc_course.authoring import provenance, stamp, store
from aigc_course.core import paths
from aigc_course.course import first_cell, lessons

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_environment_yml_installs_the_same_package():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    # Indented lists only, so that no YAML library is needed: what conda installs, and what pip
    # does.
    packages = re.findall(r"^  - ([^\s:]+)$", text, re.M)
    assert packages == ["conda-forge", f"python{PROJECT['project']['requires-python']}", "pip"]
    assert re.findall(r"^      - (.+)$", text, re.M) == ["--editable .[lab,test]"]
    assert "Not tried with conda" in text


def test_dependencies_are_ranges_without_pins():
    lists = [
        PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"].values(),
    ]
    for line in (line for group in lists for line in group if not line.startswith("aigc-course")):
        assert re.fullmatch(r"[a-z0-9-]+>=[\d.]+", line), line


def test_wheel_carries_lessons_cards_and_settings(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for kind in (
        "tales",
        "headlines",
        "web_pages",
        "glyphs",
        "digits",
        "python_docs",
        "image_sets",
    ):
        assert f"aigc_course/_course/data/{kind}.md" in names
    for lesson in lessons.all_lessons():
        assert f"aigc_course/_course/notebooks/{lesson.path.name}" in names
        assert f"aigc_course/_course/data/pictures/{lesson.topic}.png" in names
    for name in pretrained.NAMES:
        assert {
            f"aigc_course/_course/data/pretrained/{name}/{file}"
            for file in ("model.safetensors", "SHA256SUMS", "README.md")
        } <= names
    assert "aigc_course/_course/data/curves/scaling.json" in names
    assert {
        "aigc_course/jupyter/jupyter_server_config.json",
        "aigc_course/jupyter/labconfig/default_setting_overrides.json",
    } <= names
    assert not [
        name
        for name in names
        if name.startswith(("tests", "benchmarks")) or "ipynb_checkpoints" in name
    ]


def test_a_lesson_runs_from_an_installed_wheel_in_an_empty_folder(wheel, bare, tmp_path):
    subprocess.run(
        [
            str(bare),
            "-m",
            "pip",
            "install",
            "--no-deps",
            "--no-index",
            "--force-reinstall",
            str(wheel),
        ],
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    environment = without_course_variables() | {
        "AIGC_HOME": str(tmp_path / "home"),
        "AIGC_SCALE": "smoke",
    }
    for arguments in (["run", "chance"], ["test"]):
        result = subprocess.run(
            [str(bare), "-m", "aigc_course", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
        )
        if arguments == ["run", "chance"]:
            assert (
                result.returncode == 0
                and (tmp_path / "home" / "runs" / lessons.find("chance").path.name).exists()
            ), result.stderr
        else:
            assert result.returncode == 2 and "tests live in the course folder" in result.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["home"]
    subprocess.run(
        [str(bare), "-m", "pip", "uninstall", "--yes", "aigc-course"],
        check=True,
        capture_output=True,
    )


COLAB = """
import sys, types
sys.modules["google"] = types.ModuleType("google")
sys.modules["google.colab"] = types.ModuleType("google.colab")
import importlib.metadata
before = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions()}
exec(compile(open("first_cell.py", encoding="utf-8").read(), "first cell", "exec"))
after = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions()}
changed = {name: version for name, version in after.items() if before.get(name) != version and name != "aigc-course"}
assert not changed, changed
from aigc_course.core import machine, paths
from aigc_course.data.stories import tales
assert machine.host() == "colab"
print(tales.check(tales.sample(1, seed=1)[0].text).consistent, paths.course_file("data/tales.md").name)
"""  # noqa: E501 (text of a file)


def test_first_cell_installs_in_colab_and_replaces_nothing(wheel, bare, tmp_path):
    (tmp_path / "first_cell.py").write_text(
        first_cell.first_cell(paths.repository()), encoding="utf-8"
    )
    (tmp_path / "colab.py").write_text(COLAB, encoding="utf-8")
    environment = without_course_variables() | {
        "AIGC_COURSE_SOURCE": str(wheel),
        "PIP_NO_INDEX": "1",
    }
    result = subprocess.run(
        [str(bare), "colab.py"], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert result.returncode == 0 and result.stdout.splitlines()[-1] == "True tales.md", (
        result.stdout + result.stderr
    )
    again = subprocess.run(
        [str(bare), "colab.py"], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert again.returncode == 0 and "Processing" not in again.stdout
    subprocess.run(
        [str(bare), "-m", "pip", "uninstall", "--yes", "aigc-course"],
        check=True,
        capture_output=True,
    )


def test_address_is_written_once_and_stamped_everywhere():
    address = paths.repository()
    assert address == PROJECT["project"]["urls"]["Repository"]
    for lesson in lessons.all_lessons():
        notebook = lessons.read(lesson.path)
        code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        assert (
            code[0] == first_cell.first_cell(address)
            and first_cell.badge(address, lesson.name) in notebook.cells[0].source
        )
    everywhere = "\n".join(
        p.read_text(encoding="utf-8")
        for p in [ROOT / "README.md", ROOT / "CITATION.cff", *(ROOT / "notebooks").glob("*.ipynb")]
    )
    owners = set(re.findall(r"github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?[/)\"\s]", everywhere))
    assert owners <= {
        address.removeprefix("https://github.com/"),
        "github/" + address.removeprefix("https://github.com/").split("/")[0],
    }, owners


def test_stamp_puts_a_new_address_everywhere(tmp_path, monkeypatch):
    import shutil

    root = tmp_path / "course"
    for name in ("notebooks", "data", "docs"):
        shutil.copytree(ROOT / name, root / name)
    for name in ("README.md", "pyproject.toml", "CITATION.cff"):
        shutil.copy(ROOT / name, root / name)
    monkeypatch.setattr(paths, "course_root", lambda: root)
    assert stamp.stamp() == []
    make_fresh(lessons.find("chance").path)
    fresh = {lesson.topic: is_fresh(lesson.path) for lesson in lessons.all_lessons()}
    project = root / "pyproject.toml"
    project.write_text(project.read_text().replace("aigc-course/aigc-course", "someone/else"))
    assert stamp.stamp()
    texts = [root / "README.md", root / "CITATION.cff", root / "docs" / "classroom.md"]
    for path in [*texts, *(root / "notebooks").glob("*.ipynb")]:
        text = path.read_text(encoding="utf-8")
        assert "aigc-course/aigc-course" not in text and "someone/else" in text, path
    # Outputs that were out of date stay so, and those that were not stay fresh.
    assert {lesson.topic: is_fresh(lesson.path) for lesson in lessons.all_lessons()} == fresh
    assert fresh["chance"] and stamp.stamp() == []


def is_fresh(path):
    return provenance.changes(nbformat.read(path, 4)) == []


def make_fresh(path):
    notebook = nbformat.read(path, 4)
    stored = notebook.metadata["aigc_course"]
    stored.update(provenance.record(notebook, stored["ran"], stored["read"]))
    path.write_text(store.notebook_text(notebook), encoding="utf-8")


def test_first_cell_installs_only_what_is_missing(monkeypatch, tmp_path):
    """With pip replaced by a recorder: the course without its dependencies, then the one dependency
    that is not there.
    """
    import importlib.metadata
    import importlib.util

    calls = []
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(subprocess, "run", lambda command, check: calls.append(command[4:]))
    monkeypatch.setattr(
        importlib.metadata,
        "requires",
        lambda name: [
            "torch>=2.10",
            "not-here-yet>=1",
            "scikit-learn>=1",
            'jupyterlab>=4; extra == "lab"',
        ],
    )
    monkeypatch.setenv("AIGC_COURSE_SOURCE", "here")
    exec(first_cell.first_cell(paths.repository()), {})
    assert calls == [["--no-deps", "here"], ["not-here-yet>=1"]]
