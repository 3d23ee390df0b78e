"""Checkpoints that ship: verified, small, as good as promised; made again from their seed, also
after a kill."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from aigc_course import pretrained, recipes
from aigc_course.core import paths
from aigc_course.models.images import classifier
from aigc_course.recipes import glyphs, recipe
from aigc_course.training import checkpoints


@pytest.mark.parametrize("name", pretrained.NAMES)
def test_what_ships_is_whole_small_and_has_a_card(name):
    folder = pretrained.path(name)
    assert sum(file.stat().st_size for file in folder.iterdir()) <= (
        4_000_000 if name in pretrained.GLYPHS else 6_000_000
    )
    needed = {"config.json", "model.safetensors", "README.md", "curve.json"} | (
        {"tokenizer.json"} if name in pretrained.TALES else set()
    )
    assert needed <= {file.name for file in folder.iterdir()}
    card = (folder / "README.md").read_text(encoding="utf-8")
    for part in (
        f"pretrain {name}",
        "seed",
        "CPU-seconds",
        "licence CC BY 4.0",
        "## Curve",
        "## Limits",
    ):
        assert part in card, part
    assert len(card.partition("## Limits")[2].split()) >= 15, "the card says what is wrong with it"
    last = json.loads((folder / "curve.json").read_text(encoding="utf-8"))[-1]
    assert last["step"] == recipes.RECIPES[name].steps


def loaded(name):
    if name == "tales-bert":
        from transformers import AutoModelForMaskedLM

        return AutoModelForMaskedLM.from_pretrained(pretrained.path(name))
    if name in pretrained.TALES:
        return pretrained.load_gpt(name)[0]
    return pretrained.load_image_model(name)


@pytest.mark.parametrize("name", pretrained.NAMES)
def test_its_card_says_what_record_and_recipe_say_today(name):
    """All but its cost, its curve and how this file was made."""
    card = (pretrained.path(name) / "README.md").read_text(encoding="utf-8")
    how = recipes.RECIPES[name]
    rows = dict(re.findall(r"^\| (\w+) \| (.+) \|$", card.partition("## Curve")[0], re.M))
    assert list(rows)[:5] == ["class", "data", "command", "training", "cost"]
    del rows["cost"]
    assert rows == recipe.facts(name, how, loaded(name)) | how.facts()
    assert card.startswith(f"# {name}\n\n{recipe.about(name)}\n\n| | |\n|---|---|\n")
    assert f"## Curve\n\n{recipe.judged(how)}\n\n| step |" in card
    assert card.endswith(f"## Limits\n\n{how.limits}\n")


def test_each_record_has_a_recipe_and_a_folder():
    folders = [path.parent.name for path in paths.course_root().glob("data/pretrained/*/README.md")]
    assert set(recipes.RECIPES) == set(pretrained.NAMES) == set(folders)
    assert (*pretrained.TALES, *pretrained.GLYPHS) == pretrained.NAMES


def test_the_judges_the_vae_and_the_gan_keep_what_their_cards_say():
    made = glyphs.held_out()
    judge, fonts, vae_model, generator = (
        pretrained.load_image_model(name) for name in pretrained.GLYPHS
    )
    digits = glyphs.digit_labels(made)
    assert classifier.accuracy(judge, made.images, digits) >= 0.995
    assert classifier.accuracy(fonts, made.images, glyphs.font_labels(made)) >= 0.8
    found = glyphs.judge_vae(vae_model)
    assert found["nats"] <= 60 and found["read"] >= 0.99
    found = glyphs.judge_generator(generator)
    assert (
        found["sure"] >= 0.88
        and found["entropy"] >= 0.985
        and found["fonts"] == 21
        and found["precision"] >= 0.45
        and found["recall"] >= 0.9
    )


@pytest.mark.full(guards="recipes models.images training")
@pytest.mark.parametrize("name", pretrained.GLYPHS)
def test_an_image_model_is_made_again_from_its_seed(name, home, monkeypatch):
    without = replace(recipes.RECIPES[name], judge=lambda model: {"nothing": 0.0})
    monkeypatch.setitem(recipes.RECIPES, name, without)
    first = recipes.make(name, steps=3, examples=150, show=False)
    hashes = pretrained.digest(first / "model.safetensors")
    shutil.rmtree(checkpoints.folder(f"pretrain-{name}-3-150"))
    assert (
        pretrained.digest(
            recipes.make(name, steps=3, examples=150, show=False) / "model.safetensors"
        )
        == hashes
    )
    assert type(pretrained.load_image_model(name, own=True)) is type(
        pretrained.load_image_model(name)
    )
    assert "3 steps" in (first / "README.md").read_text(encoding="utf-8")


SMALL = """
import sys
from dataclasses import replace
from aigc_course import recipes
for name, recipe in recipes.RECIPES.items():
    recipes.RECIPES[name] = replace(recipe, judge=lambda model: {"nothing": 0.0})
print("ready", flush=True)
print(recipes.make(sys.argv[1], int(sys.argv[2]), 200, show=False))
"""


def train_small(name, steps):
    worker = subprocess.Popen(
        [sys.executable, "-c", SMALL, name, str(steps)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert worker.stdout.readline() == "ready\n"
    return worker


@pytest.mark.full(guards="recipes training")
def test_a_killed_training_goes_on_and_ends_as_if_nothing_had_happened(home, tmp_path, monkeypatch):
    whole = train_small("tales-gpt2", 48).communicate(timeout=300)[0].strip().splitlines()[-1]
    first = pretrained.digest(Path(whole) / "model.safetensors")
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "other"))
    worker = train_small("tales-gpt2", 48)
    run, deadline = "pretrain-tales-gpt2-48-200", time.monotonic() + 120
    while not list(checkpoints.folder(run).glob("step-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert not pretrained.own_folder("tales-gpt2").exists()
    output = train_small("tales-gpt2", 48).communicate(timeout=300)[0]
    assert "Resumed" in output
    folder = pretrained.path("tales-gpt2", own=True)  # verified, with a card of its own
    assert pretrained.digest(folder / "model.safetensors") == first
    points = json.loads((folder / "curve.json").read_text(encoding="utf-8"))
    assert [p["step"] for p in points] == sorted({p["step"] for p in points}) and points[-1][
        "step"
    ] == 48
    assert "48 steps" in (folder / "README.md").read_text(encoding="utf-8")


def test_an_older_result_is_kept(home):
    for steps in (2, 3):
        assert train_small("tales-bert", steps).communicate(timeout=300)[0]
    kept = sorted(folder.name for folder in pretrained.own_folder("tales-bert").parent.iterdir())
    assert len(kept) == 2 and kept[0] == "tales-bert"
