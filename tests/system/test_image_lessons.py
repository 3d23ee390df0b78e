"""The image lessons run on other pictures by changing one setting: real MNIST, and a folder of
one's own, which is looked at before anything is trained.
"""

import os
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from aigc_course.core.errors import CourseError
from aigc_course.course import execute, lessons
from aigc_course.data.images import glyphs

LESSONS = [lessons.find(topic) for topic in ("conv", "vae", "gan")]
each = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.topic)
# What the lessons promise of glyphs alone.
ON_GLYPHS = (
    "held-out glyphs are named",
    "at least 5 decibels",
    "at most 85 nats",
    "at least 96 %",
    "than random codes",
    "no collapse",
    "that ships is surer",
)
REAL = os.environ.get("AIGC_MNIST", "")


def code_of(lesson):
    """The code cells of a lesson, without its cover, which shows glyphs whatever the setting."""
    cells = [c for c in lessons.read(lesson.path).cells if c.cell_type == "code"]
    return [cell for cell in cells if "plots.picture(" not in cell.source]


def run(lesson, data, home):
    """A lesson at smoke scale with its setting changed; an error in a cell is raised.

    Returns:
        what it printed, and its alternative texts and tables.
    """
    notebook = lessons.read(lesson.path)
    changed = [cell for cell in notebook.cells if 'DATA = "glyphs"' in cell.source]
    assert len(changed) == 1
    changed[0].source = changed[0].source.replace('DATA = "glyphs"', f"DATA = {data!r}")
    execute.run(
        notebook,
        lesson.path.parent,
        name=lesson.topic,
        env={"AIGC_SCALE": "smoke", "AIGC_HOME": str(home)},
    )
    cells = [
        c for c in notebook.cells if c.cell_type == "code" and "plots.picture(" not in c.source
    ]
    outputs = [output for cell in cells for output in cell.outputs]
    shown = [output.get("metadata", {}).get("image/png", {}).get("alt", "") for output in outputs]
    shown += [output.get("data", {}).get("text/html", "") for output in outputs]
    return "".join(output.get("text", "") for output in outputs), "\n".join(filter(None, shown))


def own_letters(folder, n, kinds="ABC"):
    """Letters in colour, of another size; each kind in its subfolder."""
    made = glyphs.sample(n, seed=1, characters=kinds, size=40)
    for i, (image, kind) in enumerate(zip(made.images, made.factors["character"], strict=True)):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        Image.fromarray((image[0].numpy() * 255).astype(np.uint8)).convert("RGB").save(
            folder / kind / f"{i}.jpg"
        )


@pytest.mark.full
@pytest.mark.skipif(
    not REAL,
    reason="AIGC_MNIST names no folder with MNIST/raw/*.gz: the lessons were not run on MNIST",
)
@each
def test_on_mnist(lesson, tmp_path):
    raw = tmp_path / "datasets" / "MNIST" / "raw"
    shutil.copytree(Path(REAL) / "MNIST" / "raw", raw)
    printed, _ = run(lesson, "mnist", tmp_path)
    assert (raw / "train-images-idx3-ubyte").is_file()
    assert not [promise for promise in ON_GLYPHS if promise in printed]


@pytest.mark.full
@each
def test_on_a_folder_of_pictures(lesson, tmp_path):
    """Nothing is promised, named or shown that belongs to glyphs, and measures come with a
    warning.
    """
    own_letters(tmp_path / "mine", 260)
    printed, shown = run(lesson, str(tmp_path / "mine"), tmp_path)
    assert "not judged at smoke scale" in printed and not [
        promise for promise in ON_GLYPHS if promise in printed
    ]
    assert not re.search("digit|glyph|fonts|that ships", shown), shown
    assert "only 26 pictures" in printed or "only 13 pictures" in printed


@pytest.mark.full
@each
@pytest.mark.parametrize("fault", ["a damaged picture", "no subfolders"])
def test_a_folder_that_cannot_be_used_is_told_at_once(lesson, fault, tmp_path):
    """In the cell of the setting, in one line, and before anything is trained."""
    own_letters(tmp_path / "mine", 260)
    if fault == "a damaged picture":
        broken = sorted((tmp_path / "mine").rglob("*.jpg"))[5]
        broken.write_bytes(broken.read_bytes()[:300])
    if fault == "no subfolders":
        for file in list((tmp_path / "mine").rglob("*.jpg")):
            file.rename(tmp_path / "mine" / file.name)
    with pytest.raises(CourseError) as caught:
        run(lesson, str(tmp_path / "mine"), tmp_path)
    said = str(caught.value)
    assert "\n" not in said.strip() and "cell [3] (DATA = " in said, said
    assert {
        "a damaged picture": "1 of 260 pictures cannot be read",
        "no subfolders": "make a subfolder for each class",
    }[fault] in said


@each
def test_pictures_are_chosen_where_the_setting_stands(lesson):
    """So that a folder is looked at before anything else happens."""
    (cell,) = [cell for cell in code_of(lesson) if "image_sets.choose(DATA" in cell.source]
    assert 'DATA = "glyphs"' in cell.source and "classes=2" in cell.source
    assert "subfolders are the classes" in cell.source.partition("DATA =")[0]


@each
def test_alternative_texts_name_the_pictures_at_hand(lesson):
    """ "digits" may stand only where glyphs are meant, in a branch of its own."""
    named = [
        text
        for cell in code_of(lesson)
        if "KNOWN" not in cell.source
        for line in cell.source.splitlines()
        if "print(" not in line
        for text in re.findall(r'"([^"]{20,})"', line)
        if re.search(r"\bdigits?\b", text, re.I)
    ]
    assert not named


@pytest.mark.parametrize("misread", [0, 3, 20])
def test_failures_are_shown_only_where_there_are_some(misread, capsys):
    """The lesson on convolution after a restoration without a failure."""
    (cell,) = [
        cell
        for cell in code_of(lessons.find("conv"))
        if cell.source.startswith("read = classifier")
    ]
    labels = torch.arange(40) % 10
    names = torch.where(torch.arange(40) < misread, (labels + 1) % 10, labels)
    grids = []
    space = {
        "torch": torch,
        "judge": None,
        "test": SimpleNamespace(images=torch.rand(40, 1, 28, 28), labels=labels),
        "train": SimpleNamespace(what="letters"),
        "restored": torch.rand(40, 1, 28, 28),
        "broken": torch.rand(40, 1, 28, 28),
        "classifier": SimpleNamespace(
            probabilities=lambda judge, images: torch.nn.functional.one_hot(names, 10).float()
        ),
        "plots": SimpleNamespace(image_grid=lambda images, alt, **how: grids.append((images, how))),
    }
    exec(cell.source, space)
    assert f"{misread or 'None'} of 40 are read as something else" in capsys.readouterr().out
    assert len(grids) == (misread > 0)
    for images, how in grids:  # three rows: damaged, restored, true
        assert len(images) == 3 * how["columns"] == 3 * min(misread, 8)
