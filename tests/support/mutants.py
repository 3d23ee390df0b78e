"""Damages good files at random and reads each: `python tests/mutants.py PART N`. Run by
test_nothing_unsafe.py as a program of its own.

What is read must be refused with a `CourseError`, put aside, or be as good as before; anything else
is listed as wrong.
"""

import contextlib
import gzip
import hashlib
import io
import json
import random
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import torch
from mnist_files import idx
from PIL import Image

from aigc_course import pretrained, training
from aigc_course.core import files as core_files
from aigc_course.core import paths
from aigc_course.core.errors import CourseError
from aigc_course.course import lessons
from aigc_course.course.progress import progress
from aigc_course.data.images import image_sets
from aigc_course.data.text import own_text
from aigc_course.generation import newsroom
from aigc_course.models.images.vae import VAE, VAEConfig
from aigc_course.pretrained import image_models
from aigc_course.training import checkpoints


def of_bytes(rng, data):
    """Flip, cut, insert, repeat, blank: what disks, transfers and fuzzers do."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 3, 10))):
        a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        kind = rng.choice(
            ("flip", "flip", "flip", "cut", "insert", "remove", "repeat", "blank", "huge")
        )
        if kind == "flip" and data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        elif kind == "cut":
            del data[b:]
        elif kind == "insert":
            data[a:a] = rng.randbytes(rng.choice((1, 8, 300)))
        elif kind == "remove":
            del data[a : min(b, a + rng.choice((1, 8, 300)))]
        elif kind == "repeat":
            data[a:a] = data[a : min(b, a + 300)]
        elif kind == "blank":
            data[a : min(b, a + 64)] = bytes(min(b, a + 64) - a)
        else:
            data[a : a + 8] = b"\xff" * 8
    return bytes(data)


ODD = (
    None,
    [],
    {},
    "",
    "x" * 10_000,
    -1,
    0,
    2**70,
    1e308,
    float("nan"),
    True,
    [[]],
    {"a": {}},
    "\x00",
    "\ud800",
)


def of_json(rng, data):
    """Replace, remove or nest some value; now and then a byte."""
    if rng.random() < 0.3:
        return of_bytes(rng, data)
    whole = [json.loads(data)]
    holder, key = whole, 0
    while isinstance(holder[key], dict | list) and holder[key] and rng.random() < 0.85:
        holder = holder[key]
        key = rng.choice(list(holder)) if isinstance(holder, dict) else rng.randrange(len(holder))
    kind = rng.random()
    if kind < 0.6 or holder is whole:
        holder[key] = rng.choice(ODD)
    elif kind < 0.8:
        del holder[key]
    else:
        return json.dumps(whole[0]).replace(":", ":" + "[" * 50_000, 1).encode()
    return json.dumps(whole[0]).encode()


class Kind:
    """A good file, how it is damaged, and how it is read; `hashed` when whatever is altered must be
    refused.
    """

    hashed = True

    def __init__(self):
        self.make()
        self.good = {file: file.read_bytes() for file in self.files()}

    def spoil(self, rng):
        file = rng.choice(sorted(self.good))
        data = (of_json if file.suffix in (".json", ".ipynb") else of_bytes)(rng, self.good[file])
        file.write_bytes(data)
        return file.name, data != self.good[file]

    def mend(self):
        for file, data in self.good.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)


class Run(Kind):
    """A checkpoint, half of the time with hashes that fit the damage."""

    hashed = False  # the one before is taken, or it is refused

    def fit(self):
        loader = training.batches(torch.ones(8, 3), batch_size=4, seed=0)
        torch.manual_seed(0)
        options = training.Options(show=False, checkpoint="run", save_every=2)
        training.fit(
            torch.nn.Linear(3, 2),
            loader,
            lambda net, batch: net(batch[0]).square().mean(),
            4,
            0.1,
            options,
        )

    def make(self):
        self.fit()
        self.expected = self.kept()

    @staticmethod
    def kept():
        model = torch.nn.Linear(3, 2)
        state = checkpoints.load("run", model)
        return torch.cat([model.weight.flatten(), model.bias, state["losses"]])

    def read(self):
        self.fit()
        found = self.kept()
        assert found.isfinite().all() and (self.rehashed or torch.equal(found, self.expected)), (
            "another result"
        )

    def files(self):
        return [
            file
            for file in (checkpoints.folder("run") / "step-00000004").iterdir()
            if file.is_file()
        ]

    def spoil(self, rng):
        name, changed = super().spoil(rng)
        folder = checkpoints.folder("run") / "step-00000004"
        self.rehashed = (
            rng.random() < 0.6 and name != "hashes.json"
        )  # then other numbers cannot be told from the right ones
        if self.rehashed:
            hashes = {
                file: hashlib.sha256((folder / file).read_bytes()).hexdigest()
                for file in ("model.safetensors", "state.pt")
            }
            (folder / "hashes.json").write_text(json.dumps(hashes))
        return name, changed


class Model(Kind):
    def make(self):
        self.folder = image_models.save(
            VAE(VAEConfig(n_latents=2, hidden=(8,), size=4)), paths.home() / "model"
        )

    def files(self):
        return [self.folder / "model.safetensors"]

    def read(self):
        image_models.load(self.folder)


class ModelConfig(Model):
    """Its settings: a mutant may still mean the same."""

    hashed = False

    def files(self):
        return [self.folder / "config.json"]

    def spoil(self, rng):
        """Half of the time the weights, with a hash that fits them."""
        if rng.random() < 0.5:
            return super().spoil(rng)
        weights = self.folder / "model.safetensors"
        self.good[weights] = self.good.get(weights) or weights.read_bytes()
        weights.write_bytes(of_bytes(rng, self.good[weights]))
        config = json.loads((self.folder / "config.json").read_text()) | {
            "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()
        }
        (self.folder / "config.json").write_text(json.dumps(config))
        return weights.name, True


class Pretrained(Kind):
    def make(self):
        self.folder = pretrained.own_folder("glyphs-judge")
        shutil.copytree(pretrained.path("glyphs-judge"), self.folder)

    def files(self):
        return [file for file in self.folder.iterdir() if file.name != pretrained.SUMS]

    def read(self):
        pretrained.load_image_model("glyphs-judge", own=True)


class Notebook(Kind):
    hashed = False

    def make(self):
        self.file = paths.home() / "notebooks" / lessons.find("tokens").path.name
        core_files.write_atomically(self.file, lessons.find("tokens").path.read_bytes())

    def files(self):
        return [self.file]

    def read(self):
        lessons.sync_copies()
        notebook = lessons.read(self.file)
        assert notebook.cells is not None and notebook.nbformat == 4


class Progress(Kind):
    hashed = False

    def make(self):
        entry = {
            "state": "right",
            "tries": 2,
            "hints": 1,
            "solution_seen": False,
            "mistakes": ["a mistake"],
            "last": "2026-01-01T00:00:00+00:00",
        }
        done = {
            "version": 1,
            "exercises": {"chance.entropy": entry, "tokens.merge": entry | {"state": "wrong"}},
        }
        core_files.write_atomically(paths.home() / "progress.json", json.dumps(done).encode())

    def files(self):
        return [paths.home() / "progress.json"]

    def read(self):
        overview = progress()
        assert repr(overview) and overview._repr_html_() and overview.counts()
        for aside in paths.home().glob("progress-unreadable*"):
            aside.unlink()


class Data(Kind):
    """A tiny MNIST: packed and unpacked files."""

    def make(self):
        rng = np.random.default_rng(0)
        arrays = [
            rng.integers(0, 256, (30, 28, 28), dtype=np.uint8),
            rng.integers(0, 10, 30, dtype=np.uint8),
        ] * 2
        kind, address, names = image_sets.SETS["mnist"]
        self.root, resources = paths.home() / "sets", []
        for (file, _), array in zip(kind.resources, arrays, strict=True):
            data = gzip.compress(idx(array), mtime=0)
            resources.append((file, hashlib.md5(data).hexdigest()))
            core_files.write_atomically(self.root / "MNIST" / "raw" / file, data)
        image_sets.SETS["mnist"] = (
            type("MNIST", (kind,), {"resources": resources}),
            address,
            names,
        )
        image_sets.load("mnist", self.root)

    def files(self):
        return list((self.root / "MNIST" / "raw").glob("*ubyte*"))

    def read(self):
        image_sets.load("mnist", self.root)


class Pictures(Kind):
    hashed = False

    def make(self):
        self.root = paths.home() / "pictures"
        self.root.mkdir()
        rng = np.random.default_rng(0)
        for i, ending in enumerate(["png", "jpg", "gif", "bmp", "tif", "webp"] * 4):
            Image.fromarray(rng.integers(0, 256, (12, 9, 3), dtype=np.uint8)).save(
                self.root / f"{i}.{ending}"
            )

    def files(self):
        return list(self.root.iterdir())

    def read(self):
        images = image_sets.folder(self.root).images
        assert images.isfinite().all() and images.min() >= 0 and images.max() <= 1


class Text(Kind):
    hashed = False

    def make(self):
        self.file, self.votes = paths.home() / "own.txt", paths.home() / "votes.jsonl"
        core_files.write_atomically(
            self.file, "A text with 中文 and é, long enough. ".encode() * 20
        )
        for verdict in newsroom.VOTES:
            newsroom.vote(self.votes, "a headline", verdict, "me")

    def files(self):
        return [self.file, self.votes]

    def read(self):
        assert all(entry["verdict"] in newsroom.VOTES for entry in newsroom.votes(self.votes))
        assert own_text.read_text(self.file)


PARTS = ((Run,), (Model, ModelConfig, Pretrained), (Notebook, Progress), (Data, Pictures, Text))


def main(part, n):
    rng, kinds = random.Random(part), [kind() for kind in PARTS[part]]
    result = {"mutants": 0, "refused": 0, "slowest": 0.0, "wrong": []}
    for i in range(n):
        kind = kinds[i % len(kinds)]
        name, changed = kind.spoil(rng)
        print(
            i, type(kind).__name__, name, flush=True
        )  # the last line, should the interpreter crash
        began, said = time.monotonic(), io.StringIO()
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                kind.read()
            if kind.hashed and changed:
                result["wrong"].append(f"{i} {name}: accepted")
            result["refused"] += any(
                word in said.getvalue()
                for word in ("damaged", "could not be read", "cannot be read")
            )  # and told
        except CourseError as error:
            result["refused"] += 1
            if "\n" in str(error):
                result["wrong"].append(f"{i} {name}: more than one line: {error}")
        except BaseException as error:
            result["wrong"].append(f"{i} {name}: {type(error).__name__}: {str(error)[:200]}")
        result["slowest"] = max(result["slowest"], time.monotonic() - began)
        result["mutants"] += 1
        kind.mend()
    print(json.dumps(result))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main(*map(int, sys.argv[1:]))
