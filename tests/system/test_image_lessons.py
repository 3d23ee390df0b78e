"""The image lessons run on other pictures by changing one setting: real MNIST, and a folder of
one's own.
"""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_course.course import execute, lessons
from aigc_course.data.images import glyphs

TOPICS = ("conv", "vae", "gan")
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


def run(topic, data, home):
    """A lesson at smoke scale with its setting changed; an error in a cell is raised. Returns what
    it printed.
    """
    lesson = lessons.find(topic)
    notebook = lessons.read(lesson.path)
    changed = [cell for cell in notebook.cells if 'DATA = "glyphs"' in cell.source]
    assert len(changed) == 1
    changed[0].source = changed[0].source.replace('DATA = "glyphs"', f"DATA = {data!r}")
    execute.run(
        notebook,
        lesson.path.parent,
        name=topic,
        env={"AIGC_SCALE": "smoke", "AIGC_HOME": str(home)},
    )
    return "".join(
        o.get("text", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for o in cell.outputs
    )


@pytest.mark.full
@pytest.mark.skipif(
    not REAL,
    reason="AIGC_MNIST names no folder with MNIST/raw/*.gz: the lessons were not run on MNIST",
)
@pytest.mark.parametrize("topic", TOPICS)
def test_on_mnist(topic, tmp_path):
    raw = tmp_path / "datasets" / "MNIST" / "raw"
    shutil.copytree(Path(REAL) / "MNIST" / "raw", raw)
    printed = run(topic, "mnist", tmp_path)
    assert (raw / "train-images-idx3-ubyte").is_file()
    assert not [promise for promise in ON_GLYPHS if promise in printed]


@pytest.mark.full
@pytest.mark.parametrize("topic", TOPICS)
def test_on_a_folder_of_pictures(topic, tmp_path):
    """Letters in colour, of another size, three classes."""
    made = glyphs.sample(260, seed=1, characters="ABC", size=40)
    for i, (image, kind) in enumerate(zip(made.images, made.factors["character"], strict=True)):
        (tmp_path / "mine" / kind).mkdir(parents=True, exist_ok=True)
        Image.fromarray((image[0].numpy() * 255).astype(np.uint8)).convert("RGB").save(
            tmp_path / "mine" / kind / f"{i}.png"
        )
    printed = run(topic, str(tmp_path / "mine"), tmp_path)
    assert "not judged at smoke scale" in printed and not [
        promise for promise in ON_GLYPHS if promise in printed
    ]
