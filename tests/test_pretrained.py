"""Checkpoints that ship: verified, small, as good as promised; made again from their seed, also
after a kill.
"""

import functools
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
import torch

from aigc_course import pretrained, recipes
from aigc_course.core import paths
from aigc_course.core.errors import CourseError
from aigc_course.data.stories import tale_tasks, tales
from aigc_course.evaluation import text_metrics
from aigc_course.generation import sampling
from aigc_course.models.images import classifier
from aigc_course.recipes import glyphs, recipe
from aigc_course.recipes import tales as tale_recipes
from aigc_course.text import tale_tokenizer
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


@pytest.mark.parametrize("name", pretrained.NAMES)
def test_its_record_names_its_class(name):
    """As the file itself says."""
    config = json.loads((pretrained.path(name) / "config.json").read_text(encoding="utf-8"))
    kinds = config["architectures"] if name in pretrained.TALES else [config["class"]]
    assert kinds == [pretrained.BY_NAME[name].kind]


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


def test_the_gpt_writes_tales_whose_facts_hold():
    """98 % and 80 % are promised, of 200 in its card; 100 written here may lie a little lower by
    chance.
    """
    model, tokenizer = pretrained.load_gpt("tales-gpt")
    rows = sampling.generate(model, torch.ones(100, 1, dtype=torch.long), 255, 0.7, seed=5, end=1)
    shares = text_metrics.quality(
        tokenizer.batch_decode(rows, skip_special_tokens=True),
        functools.partial(tales.check, form="long"),
        (),
    )
    assert shares["grammatical"] >= 0.95 and shares["consistent"] >= 0.75, shares
    last = json.loads((pretrained.path("tales-gpt") / "curve.json").read_text(encoding="utf-8"))[-1]
    assert last["grammatical_0.7"] >= 0.98 and last["consistent_0.7"] >= 0.80


def test_the_bert_fills_masks_as_well_as_can_be():
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    folder = pretrained.path("tales-bert")
    model, tokenizer = (
        AutoModelForMaskedLM.from_pretrained(folder, dtype=torch.float32).eval(),
        AutoTokenizer.from_pretrained(folder),
    )
    found, best = tale_recipes.masked_accuracy(
        model, tales.sample(80, seed=11), tokenizer, places=1
    )
    assert found >= 0.9 * best  # 95 % is promised, of 120 places in its card


def copy_of(name, tmp_path):
    folder = tmp_path / name
    shutil.copytree(pretrained.path(name), folder)
    return folder


def test_an_altered_missing_or_foreign_file_is_told(tmp_path):
    folder = copy_of("tales-gpt2", tmp_path)
    pretrained.verify(folder)
    weights = folder / "model.safetensors"
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(raw)
    with pytest.raises(CourseError, match=r"model\.safetensors"):
        pretrained.verify(folder)
    raw[-1] ^= 1
    weights.write_bytes(raw)
    pretrained.verify(folder)
    (folder / "pytorch_model.bin").write_bytes(b"anything")
    with pytest.raises(CourseError, match=r"pytorch_model\.bin"):
        pretrained.verify(folder)
    pretrained.record(folder)  # even recorded: a pickle is not read
    with pytest.raises(CourseError, match=r"pytorch_model\.bin"):
        pretrained.verify(folder)
    (folder / "pytorch_model.bin").unlink()
    pretrained.record(folder)
    weights.unlink()
    with pytest.raises(CourseError, match=r"model\.safetensors"):
        pretrained.verify(folder)
    (folder / pretrained.SUMS).write_text("nonsense\n")
    with pytest.raises(CourseError, match="damaged"):
        pretrained.verify(folder)


def test_unknown_names_and_ones_not_made(home):
    with pytest.raises(CourseError, match="tales-gpt"):
        pretrained.path("gpt3")
    with pytest.raises(CourseError, match="pretrain tales-bert"):
        pretrained.path("tales-bert", own=True)
    with pytest.raises(CourseError, match="no GPT"):
        pretrained.load_gpt("tales-bert")
    with pytest.raises(CourseError, match="model of images"):
        pretrained.load_gpt("glyphs-vae")
    with pytest.raises(CourseError, match="glyphs-gan"):
        pretrained.load_image_model("tales-gpt")
    with pytest.raises(CourseError, match="no recipe"):
        recipes.make("gpt3")


def test_a_model_that_cannot_be_fetched_is_told_in_one_line(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CourseError, match="'no-such/model-here' is not on this machine"):
        pretrained.from_hub("no-such/model-here")
    model, tokenizer = pretrained.from_hub(str(pretrained.path("tales-gpt2")))
    assert model.config.vocab_size == len(tokenizer)


@pytest.mark.parametrize("form", ["short", "long"])
def test_the_tokenizer_gives_back_every_tale(form):
    tokenizer = tale_tokenizer.wrap(tale_tokenizer.tale_vocabulary(), 256)
    for tale in tales.sample(200, seed=8, form=form):
        ids = tokenizer(tale.text).input_ids
        assert tokenizer.convert_ids_to_tokens(ids[1:]) == tale.tokens and ids[0] == 1
        assert tokenizer.decode(ids, skip_special_tokens=True) == tale.text
    for tale in tales.sample(50, seed=9, form=form):
        for text in [tale_tasks.summary(tale), tale_tasks.kind(tale)] + [
            f"{a.question} {a.answer}" for a in tale_tasks.questions(tale)
        ]:
            assert tokenizer.unk_token_id not in tokenizer(text).input_ids, text


def test_answers_stand_in_the_tale():
    kinds = set()
    for tale in tales.sample(200, seed=4):
        kinds.add(tale_tasks.kind(tale))
        for ask in tale_tasks.questions(tale):
            assert ask.answer in tale.tokens or ask.answer in {
                word.key for word in tale.world.lexicon["count"]
            }, (ask, tale.text)
            assert ask.question.endswith("?")
    assert kinds == {"lost and found", "sharing", "trading"}
    with pytest.raises(CourseError, match="tale must be"):
        tale_tasks.questions("Mia had a hat.")


def test_posterior_is_exact():
    tale = next(tale for tale in tales.sample(50, seed=3) if "colour" in tale.values)
    at = max(i for i, word in enumerate(tale.tokens) if word == tale.values["colour"])
    posterior = tales.posterior(tale.tokens, at)
    assert next(iter(posterior)) == tale.tokens[at] and sum(posterior.values()) == pytest.approx(1)
    assert tales.posterior(["Mia", "sleeps"], 1) == {}
    with pytest.raises(CourseError, match="index"):
        tales.posterior(tale.tokens, 999)


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
