"""Files and servers that mean harm, or are damaged: none is accepted, no code of theirs runs, each
gets one line that says what to do.
"""

import base64
import gzip
import hashlib
import io
import json
import os
import pickle
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import nbformat
import numpy as np
import pytest
import safetensors.torch
import torch
from mnist_files import idx, put, small  # noqa: F401 (a fixture)

from aigc_course import pretrained, training
from aigc_course.authoring import secrets
from aigc_course.core import files as core_files
from aigc_course.core.errors import CourseError
from aigc_course.data.images import image_sets
from aigc_course.models.images.vae import VAE, VAEConfig
from aigc_course.pretrained import image_models, limits
from aigc_course.training import checkpoints

HERE = Path(__file__).parent


class Payload:
    """Unpickled, it leaves a file: the proof that code ran."""

    def __init__(self, proof):
        self.proof = proof

    def __reduce__(self):
        return Path.write_text, (self.proof, "code ran")


def refused(call, *words):
    """One line that holds the words, and nothing else comes of the call."""
    with pytest.raises(CourseError) as caught:
        call()
    said = str(caught.value)
    assert "\n" not in said and len(said) < 600 and all(word in said for word in words), said
    return said


# Checkpoints of runs


def new_model():
    torch.manual_seed(0)
    return torch.nn.Linear(3, 2)


def fit(steps=6):
    loader = training.batches(torch.ones(8, 3), batch_size=4, seed=0)
    model = new_model()
    options = training.Options(show=False, checkpoint="run", save_every=3)
    training.fit(
        model, loader, lambda net, batch: net(batch[0]).square().mean(), steps, 0.1, options
    )
    return model


def rewrite(step, *, weights=None, state=None):
    """Put other bytes into a checkpoint, with the hashes that fit them."""
    folder = checkpoints.folder("run") / f"step-{step:08d}"
    if weights is not None:
        (folder / "model.safetensors").write_bytes(weights)
    if state is not None:
        (folder / "state.pt").write_bytes(state)
    hashes = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("model.safetensors", "state.pt")
    }
    (folder / "hashes.json").write_text(json.dumps(hashes))


def saved(state):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def header(entries, data=b"", size=None):
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + data


def good_state():
    return torch.load(checkpoints.folder("run") / "step-00000006" / "state.pt", weights_only=True)


def zipped(names, compression=zipfile.ZIP_STORED, content=b"x"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name in names:
            archive.writestr(name, content)
    return buffer.getvalue()


def repacked(data, change=None, compression=zipfile.ZIP_STORED):
    """A file of torch.save with another entry, or packed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", compression) as new:
        for entry in old.infolist():
            new.writestr(
                entry.filename,
                (change or {}).get(entry.filename.rpartition("/")[2], old.read(entry)),
            )
    return buffer.getvalue()


FLOATS = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
BIAS = {"dtype": "F32", "shape": [2], "data_offsets": [24, 32]}
HOSTILE_WEIGHTS = {
    "empty": lambda: b"",
    "text": lambda: b"<html>not a model</html>",
    "a pickle": lambda: pickle.dumps({"weight": 1}),
    "header larger than the file": lambda: header({}, size=2**62),
    "header of a gigabyte": lambda: header({"weight": FLOATS}, bytes(32), size=10**9),
    "header that is no JSON": lambda: struct.pack("<Q", 4) + b"{{{{",
    "numbers beyond the file": lambda: header(
        {"weight": FLOATS | {"data_offsets": [0, 10**15]}, "bias": BIAS}, bytes(32)
    ),
    "shape that overflows": lambda: header(
        {"weight": FLOATS | {"shape": [2**62, 2**62]}, "bias": BIAS}, bytes(32)
    ),
    "negative shape": lambda: header(
        {"weight": FLOATS | {"shape": [-2, 3]}, "bias": BIAS}, bytes(32)
    ),
    "overlapping numbers": lambda: header(
        {"weight": FLOATS, "bias": BIAS | {"data_offsets": [0, 8]}}, bytes(24)
    ),
    "unknown type": lambda: header(
        {"weight": FLOATS | {"dtype": "PICKLE"}, "bias": BIAS}, bytes(32)
    ),
    "cut off": lambda: header({"weight": FLOATS, "bias": BIAS}, bytes(20)),
    "other shape": lambda: safetensors.torch.save(
        {"weight": torch.zeros(3, 2), "bias": torch.zeros(2)}
    ),
    "other name": lambda: safetensors.torch.save(
        {"weights": torch.zeros(2, 3), "bias": torch.zeros(2)}
    ),
    "swapped names": lambda: safetensors.torch.save(
        {"bias": torch.zeros(2, 3), "weight": torch.zeros(2)}
    ),
    "one missing": lambda: safetensors.torch.save({"weight": torch.zeros(2, 3)}),
    "one too many": lambda: safetensors.torch.save(
        {"weight": torch.zeros(2, 3), "bias": torch.zeros(2), "more": torch.zeros(1)}
    ),
    "NaN": lambda: safetensors.torch.save(
        {"weight": torch.full((2, 3), float("nan")), "bias": torch.zeros(2)}
    ),
    "infinite": lambda: safetensors.torch.save(
        {"weight": torch.zeros(2, 3), "bias": torch.full((2,), float("inf"))}
    ),
}


def changed(**parts):
    """A good state with some parts replaced; None takes one out."""
    state = good_state() | parts
    return saved({key: value for key, value in state.items() if value is not None})


def with_optimizer(value):
    state = good_state()
    state["optimizers"]["optimizer"]["state"][0]["exp_avg"] = value
    return saved(state)


def with_state(value):
    state = good_state()
    state["optimizers"]["optimizer"]["state"][0] = value
    return saved(state)


def with_group(**settings):
    state = good_state()
    state["optimizers"]["optimizer"]["param_groups"][0] |= settings
    return saved(state)


HOSTILE_STATES = {
    "a pickle that runs code": lambda proof: pickle.dumps(Payload(proof)),
    "a torch file that runs code": lambda proof: saved(
        {"losses": torch.zeros(6), "more": Payload(proof)}
    ),
    "its pickle replaced": lambda proof: repacked(
        saved({"a": 1}), {"data.pkl": pickle.dumps(Payload(proof))}
    ),
    "empty": lambda proof: b"",
    "text": lambda proof: b"<html></html>",
    "an archive of something else": lambda proof: zipped(["a.txt"]),
    "names that lead out": lambda proof: zipped(["../../out.txt", "archive/data.pkl"]),
    "absolute names": lambda proof: zipped([str(proof), "archive/data.pkl"]),
    "a packed archive": lambda proof: repacked(
        saved(good_state()), compression=zipfile.ZIP_DEFLATED
    ),
    "a bomb": lambda proof: zipped(["archive/data.pkl"], zipfile.ZIP_DEFLATED, bytes(50_000_000)),
    "cut off": lambda proof: saved(good_state())[:-100],
    "a list": lambda proof: saved([1, 2]),
    "no losses": lambda proof: changed(losses=None),
    "losses that are text": lambda proof: changed(losses="many"),
    "losses without end": lambda proof: changed(losses=torch.zeros(1).expand(10**12)),
    "losses that repeat one number": lambda proof: changed(losses=torch.zeros(1).expand(6)),
    "losses that are not finite": lambda proof: changed(losses=torch.full((6,), float("nan"))),
    "too many losses": lambda proof: changed(losses=torch.zeros(7)),
    "no optimizers": lambda proof: changed(optimizers=None),
    "an optimizer of another kind": lambda proof: changed(
        optimizers={"optimizer": {"state": {}, "param_groups": []}}
    ),
    "an optimizer of another name": lambda proof: changed(
        optimizers={"other": good_state()["optimizers"]["optimizer"]}
    ),
    "an optimizer too many": lambda proof: changed(
        optimizers=good_state()["optimizers"] | {"other": {}}
    ),
    "optimizers that are a number": lambda proof: changed(optimizers=3),
    "an optimizer of other shapes": lambda proof: with_optimizer(torch.zeros(5, 5)),
    "an optimizer that is not finite": lambda proof: with_optimizer(
        torch.full((2, 3), float("inf"))
    ),
    "no names of losses": lambda proof: changed(names=None),
    "names of losses that are text": lambda proof: changed(names="loss"),
    "names of losses that are numbers": lambda proof: changed(names=[1]),
    "more names than losses": lambda proof: changed(names=["D", "G"]),
    "one name for two losses": lambda proof: changed(
        names=["loss", "loss"], losses=torch.zeros(6, 2)
    ),
    "losses of three dimensions": lambda proof: changed(losses=torch.zeros(6, 1, 1)),
    "no settings": lambda proof: changed(made_by=None),
    "settings that are text": lambda proof: changed(made_by="lr 0.1"),
    "an optimizer without numbers": lambda proof: with_state({"step": torch.tensor(1.0)}),
    "an optimizer of texts": lambda proof: with_state(
        {"step": torch.tensor(1.0), "exp_avg": "x", "exp_avg_sq": "x"}
    ),
    "settings of an optimizer that are text": lambda proof: with_group(betas=("a", "b")),
    "other settings": lambda proof: changed(made_by={"lr": 5.0}),
    "unknown settings": lambda proof: changed(made_by={"nonsense": 1}),
    "settings that are missing": lambda proof: changed(made_by={}),
    "no random numbers": lambda proof: changed(random=None),
    "random numbers of nobody": lambda proof: changed(random=[]),
    "random numbers that are text": lambda proof: changed(random=["x"]),
    "random numbers of another kind": lambda proof: changed(
        random=[good_state()["random"][0] | {"torch": torch.zeros(3)}]
    ),
}


def test_hostile_checkpoints_of_runs(home, tmp_path, count):
    proof, cases = tmp_path / "proof", 0
    parts = {"weights": HOSTILE_WEIGHTS, "state": HOSTILE_STATES}
    for kind, make in [
        ((part, name), make) for part, hostile in parts.items() for name, make in hostile.items()
    ]:
        shutil.rmtree(home, ignore_errors=True)
        fit()
        if kind[0] == "weights":
            rewrite(6, weights=make())
        else:
            rewrite(6, state=make(proof))
        before = new_model().state_dict()
        said = refused(
            lambda: fit(9), "delete", "another name"
        )  # three steps more, so that what is accepted is used
        model = new_model()
        if kind[0] == "weights":
            refused(lambda model=model: checkpoints.load("run", model))
            assert all(
                torch.equal(a, b)
                for a, b in zip(model.state_dict().values(), before.values(), strict=True)
            ), kind
        assert not proof.exists() and not (tmp_path / "out.txt").exists(), (kind, said)
        cases += 1
    count("hostile checkpoints of runs", cases)


def test_a_checkpoint_whose_hashes_do_not_fit_is_passed_over(home, capsys):
    """Or that has none, or more files than it should: the one before is taken."""
    nested = "[" * 100_000
    for content in (
        nested,
        "{}",
        "[1]",
        "null",
        json.dumps({"model.safetensors": "0" * 64, "state.pt": "0" * 64}),
        json.dumps({"../x": "0" * 64}),
    ):
        shutil.rmtree(home, ignore_errors=True)
        fit()
        (checkpoints.folder("run") / "step-00000006" / "hashes.json").write_text(content)
        fit()
        assert "damaged; trying the one before" in capsys.readouterr().out


# Folders of models


def reconfigure(folder, **changes):
    """Other settings, and the hash that fits the weights."""
    config = json.loads((folder / "config.json").read_text())
    config["sha256"] = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    config = {key: value for key, value in (config | changes).items() if value is not None}
    (folder / "config.json").write_text(json.dumps(config))


def reweigh(folder, change):
    weights = safetensors.torch.load((folder / "model.safetensors").read_bytes())
    (folder / "model.safetensors").write_bytes(safetensors.torch.save(change(weights)))


def renamed(weights, old, new):
    return {new if key == old else key: value for key, value in weights.items()}


def swapped(weights):
    """Two of one shape in each other's place: only the hash can tell."""
    first, second = [key for key, value in weights.items() if key.endswith("bias")][:2]
    return weights | {first: weights[second], second: weights[first]}


HOSTILE_FOLDERS = {
    "another class": lambda f: reconfigure(f, **{"class": "GPT"}),
    "a class of another module": lambda f: reconfigure(f, **{"class": "os.system"}),
    "no class": lambda f: reconfigure(f, **{"class": None}),
    "a class that is a list": lambda f: reconfigure(f, **{"class": ["VAE"]}),
    "huge sizes": lambda f: reconfigure(f, hidden=[10**9, 10**9]),
    "sizes beyond numbers": lambda f: reconfigure(f, hidden=[2**70]),
    "many layers": lambda f: reconfigure(f, hidden=[4] * 100_000),
    "negative sizes": lambda f: reconfigure(f, hidden=[-8]),
    "sizes that are text": lambda f: reconfigure(f, n_latents="2"),
    "other sizes": lambda f: reconfigure(f, n_latents=3),
    "unknown settings": lambda f: reconfigure(f, trust_remote_code=True),
    "no hash": lambda f: reconfigure(f, sha256=None),
    "another hash": lambda f: reconfigure(f, sha256="0" * 64),
    "settings that are no JSON": lambda f: (f / "config.json").write_text("{"),
    "settings nested without end": lambda f: (f / "config.json").write_text("[" * 200_000),
    "settings that are a list": lambda f: (f / "config.json").write_text("[]"),
    "settings without end": lambda f: (f / "config.json").write_text(
        '{"class": "VAE"' + " " * 10**7 + "}"
    ),
    "no settings": lambda f: (f / "config.json").unlink(),
    "no weights": lambda f: (f / "model.safetensors").unlink(),
    "weights that are a folder": lambda f: (
        (f / "model.safetensors").unlink(),
        (f / "model.safetensors").mkdir(),
    ),
    "NaN": lambda f: (
        reweigh(f, lambda w: {key: value * float("nan") for key, value in w.items()}),
        reconfigure(f),
    ),
    "renamed weights": lambda f: (
        reweigh(f, lambda w: renamed(w, next(iter(w)), "other")),
        reconfigure(f),
    ),
    "swapped names": lambda f: reweigh(f, swapped),
    "a flipped bit": lambda f: (f / "model.safetensors").write_bytes(
        bytes([*(f / "model.safetensors").read_bytes()[:-1], 7])
    ),
}
HOSTILE_FOLDERS |= {
    f"weights: {name}": lambda f, make=make: (
        (f / "model.safetensors").write_bytes(make()),
        reconfigure(f),
    )
    for name, make in HOSTILE_WEIGHTS.items()
}


def test_hostile_folders_of_models(tmp_path, count):
    for i, spoil in enumerate(HOSTILE_FOLDERS.values()):
        folder = image_models.save(
            VAE(VAEConfig(n_latents=2, hidden=(8,), size=4)), tmp_path / str(i)
        )
        assert image_models.load(folder).config.n_latents == 2
        spoil(folder)
        refused(lambda folder=folder: image_models.load(folder), str(folder))
    count("hostile folders of models", len(HOSTILE_FOLDERS))


def test_a_model_that_replaces_another_is_there_at_every_moment(tmp_path, monkeypatch):
    """The writing ends after the first, the second, the third of its files: the older or the newer
    model can be read.
    """
    older, newer = (VAE(VAEConfig(n_latents=n, hidden=(8,), size=4)) for n in (2, 3))
    for last in range(4):
        folder = image_models.save(older, tmp_path / str(last))
        done = iter(range(10))

        def write(path, data, done=done, last=last, write=core_files.write_atomically):
            if next(done) >= last:
                raise CourseError("killed")
            write(path, data)

        with monkeypatch.context() as patch:
            patch.setattr(image_models, "write_atomically", write)
            if last < 3:
                with pytest.raises(CourseError, match="killed"):
                    image_models.save(newer, folder)
            else:
                image_models.save(newer, folder)
        assert image_models.load(folder).config.n_latents == (2 if last < 2 else 3)


NOTHING = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
# A model of another's may have many tokens, and an index that leads out is refused only where the
# loader would use it.
FINE_FOR_OTHERS = (
    "tokens without end",
    "more tokens than are of use",
    "a setting that nobody knows",
)


def change_tokenizer(folder, **changes):
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def hostile_pretrained(tmp_path, proof):
    """Kind -> what spoils a folder with a checkpoint; code that ran would write `proof`."""
    (tmp_path / "evil.py").write_text(
        f"from pathlib import Path\nPath({str(proof)!r}).write_text('code ran')\nclass "
        "Model: pass\n"
    )

    def config(folder, **changes):
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    def weights(folder, change):
        path = folder / "model.safetensors"
        path.write_bytes(
            safetensors.torch.save(
                change(safetensors.torch.load(path.read_bytes())), {"format": "pt"}
            )
        )

    def tokenizer(folder, text):
        (folder / "tokenizer.json").write_text(text)

    def remote_code(folder):
        shutil.copy(tmp_path / "evil.py", folder / "evil.py")
        config(
            folder,
            auto_map={"AutoModelForCausalLM": "evil.Model", "AutoConfig": "evil.Model"},
            model_type="evil",
        )

    def only_a_pickle(folder):
        (folder / "model.safetensors").unlink()
        (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Payload(proof)))

    return {
        "code beside it": remote_code,
        "a setting that nobody knows": lambda f: config(f, of_no_use=1),
        "a pickle for weights": only_a_pickle,
        "NaN": lambda f: weights(
            f, lambda w: {key: value * float("nan") for key, value in w.items()}
        ),
        "other shapes": lambda f: config(f, n_embd=64),
        "huge sizes": lambda f: config(f, n_embd=10**9),
        "another class": lambda f: config(f, model_type="bert"),
        "an unknown class": lambda f: config(f, model_type="evil"),
        "settings that are no JSON": lambda f: (f / "config.json").write_text("{"),
        "a tokenizer that is no JSON": lambda f: tokenizer(f, "{"),
        "a tokenizer of nothing": lambda f: tokenizer(f, "{}"),
        "a header larger than the file": lambda f: (f / "model.safetensors").write_bytes(
            header({}, size=2**62)
        ),
        "text for weights": lambda f: (f / "model.safetensors").write_bytes(b"<html></html>"),
        "a folder among the files": lambda f: (f / "more").mkdir(),
        "a link": lambda f: (
            (f / "tokenizer.json").unlink(),
            (f / "tokenizer.json").symlink_to("/nowhere/at/all"),
        ),
        "a sum that leads out": lambda f: (f / pretrained.SUMS).write_text(
            "0" * 64 + "  ../../../etc/passwd\n"
        ),
        "sums that are no sums": lambda f: (f / pretrained.SUMS).write_text("nonsense"),
        "empty sums": lambda f: (f / pretrained.SUMS).write_text(""),
        "an index that leads out": lambda f: (f / "model.safetensors.index.json").write_text(
            json.dumps({"weight_map": {"a": "../elsewhere/model.safetensors"}})
        ),
        "layers without end": lambda f: config(f, n_layer=10**6),
        "tokens without end": lambda f: change_tokenizer(
            f,
            added_tokens=[
                {"id": 300 + i, "content": f"<{i}>", "special": True} | NOTHING
                for i in range(600_000)
            ],
        ),
        "more tokens than are of use": lambda f: change_tokenizer(
            f,
            added_tokens=[
                {"id": 300 + i, "content": f"<{i}>", "special": True} | NOTHING
                for i in range(2_000)
            ],
        ),
        "a tokenizer whose text grows": lambda f: change_tokenizer(
            f,
            normalizer={
                "type": "Sequence",
                "normalizers": [
                    {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 99}
                ]
                * 9,
            },
        ),
        "a pattern without end": lambda f: change_tokenizer(
            f,
            pre_tokenizer={
                "type": "Split",
                "pattern": {"Regex": "(a+)+" * 400 + "{1000000}" * 9},
                "behavior": "Removed",
                "invert": True,
            },
        ),
        "a pipe instead of a file": lambda f: (
            (f / "config.json").unlink(),
            os.mkfifo(f / "config.json"),
        ),
        "a link to zeros without end": lambda f: (
            (f / "model.safetensors").unlink(),
            (f / "model.safetensors").symlink_to("/dev/zero"),
        ),
    }


WITHOUT_SUMS = ("sum", "link", "folder", "pipe")  # kinds that are told before sums are compared


def spoilt(kind, spoil):
    """The learner's own folder with a checkpoint that is spoilt in one way."""
    own = pretrained.own_folder("tales-gpt2")
    shutil.rmtree(own, ignore_errors=True)
    shutil.copytree(pretrained.path("tales-gpt2"), own)
    spoil(own)
    if not any(word in kind for word in WITHOUT_SUMS):
        pretrained.record(own)
    return own


def test_hostile_pretrained_checkpoints(tmp_path, home, count):
    """In the learner's own folder, with sums that fit: what Transformers reads must not run code,
    read other files or take for ever either.
    """
    proof, slowest = tmp_path / "proof", 0
    cases = hostile_pretrained(tmp_path, proof)
    for kind, spoil in cases.items():
        spoilt(kind, spoil)
        start = time.monotonic()
        refused(lambda: pretrained.load_gpt("tales-gpt2", own=True))
        slowest = max(slowest, time.monotonic() - start)
        assert not proof.exists(), kind
    assert slowest < 20
    count("hostile folders of pretrained models", len(cases))


def test_a_pipe_among_the_files_of_a_model_is_named_before_anything_is_read(tmp_path, home):
    own = spoilt("pipe", lambda f: os.mkfifo(f / "more.json"))
    refused(lambda: limits.check_any(own), "more.json is no plain file")


@pytest.mark.full(guards="pretrained")
def test_the_same_as_a_model_of_anothers(tmp_path, home, monkeypatch):
    """From a folder by its path, where sums, files and sizes may be any."""
    monkeypatch.setattr(limits, "TRIAL_SECONDS", 60)
    proof = tmp_path / "proof"
    for kind, spoil in hostile_pretrained(tmp_path, proof).items():
        if kind not in FINE_FOR_OTHERS and not any(word in kind for word in WITHOUT_SUMS[:3]):
            own = spoilt(kind, spoil)
            refused(lambda own=own: pretrained.from_hub(str(own)))
            assert not proof.exists(), kind


# Data


def test_flipped_bytes_of_downloads_and_of_unpacked_files(small, count):
    root, packed, _ = small
    raw = put(root, packed)
    image_sets.load("mnist", root)
    rng, flips = np.random.default_rng(0), 0
    for file in sorted(raw.iterdir()):
        good = file.read_bytes()
        for _ in range(50):
            data = bytearray(good)
            data[rng.integers(len(data))] ^= 1 << rng.integers(8)
            file.write_bytes(data)
            refused(lambda: image_sets.load("mnist", root), "altered", "elete")
            flips += 1
        file.write_bytes(good)
    image_sets.load("mnist", root)
    count("flipped bits in data files", flips)


def test_hostile_archives(small, tmp_path, count):
    """Data come as single gzip files: a name or a bomb in one, or a link in its place, leads
    nowhere. State files of runs are archives, too.
    """
    root, packed, _ = small
    name, good = next(iter(packed.items()))

    def bomb():
        buffer = io.BytesIO()
        with gzip.open(buffer, "wb") as file:
            for _ in range(200):
                file.write(bytes(1_000_000))
        return buffer.getvalue()

    def named(path):
        buffer = io.BytesIO()
        with gzip.GzipFile(path, "wb", fileobj=buffer, mtime=0) as file:
            file.write(gzip.decompress(good))
        return buffer.getvalue()

    cases = {
        "a bomb": bomb(),
        "a name that leads out": named("../../evil"),
        "an absolute name": named("/tmp/evil"),
        "a zip": zipped(["../evil"]),
        "cut off": good[:-9],
        "nothing": b"",
        "more after its end": good + b"more",
    }
    for kind, data in cases.items():
        shutil.rmtree(root, ignore_errors=True)
        raw = put(root, packed | {name: data})
        refused(lambda: image_sets.load("mnist", root), name)
        assert not list(tmp_path.rglob("evil")) and not (raw / name).with_suffix("").exists(), kind
    shutil.rmtree(root)
    raw = put(root, packed)
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    (raw / name).with_suffix("").symlink_to(
        outside
    )  # where the unpacked file goes: what it leads to is not written to
    refused(lambda: image_sets.load("mnist", root), "altered")
    assert outside.read_bytes() == b"mine"
    count("hostile archives", len(cases) + 1)


def test_nothing_in_the_course_unpacks_an_archive_into_a_folder():
    """Nor unpickles, nor evaluates text as code."""
    package = HERE.parent / "aigc_course"
    risky = (
        "extractall",
        "unpack_archive",
        "tarfile",
        "pickle.load",
        "weights_only=False",
        "allow_pickle",
        "shell=True",
        "os.system",
        "yaml.load",
    )
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not [word for word in risky if word in text], path


class Server(BaseHTTPRequestHandler):
    """Does what the first part of an address says; the second is the file."""

    files: ClassVar[dict] = {}
    stop = threading.Event()

    def do_GET(self):
        kind, _, name = self.path.strip("/").rpartition("/")
        data = self.files.get(name, b"")
        if kind in ("http", "ftp", "file"):
            return self.to(
                {
                    "http": "http://127.0.0.1:9/x",
                    "ftp": "ftp://127.0.0.1/x",
                    "file": "file:///etc/passwd",
                }[kind]
            )
        if kind == "loop":
            return self.to(f"/loop/{name}")
        if kind.isdigit():
            return self.send_error(int(kind))
        self.send_response(200)
        if kind == "html":
            data = b"<html>Sign in to the network of this hotel</html>"
        if kind == "flipped":
            data = bytes([data[0] ^ 1]) + data[1:]
        if kind == "other":
            data = next(value for key, value in self.files.items() if key != name)
        if kind == "large":
            data *= 30_000
        if kind == "cut":
            self.send_header("Content-Length", str(len(data)))
            data = data[:-20]
        self.end_headers()
        if kind == "stall":
            self.wfile.write(data[:100])
            self.wfile.flush()
            self.stop.wait(20)
        elif kind == "drip":
            for byte in data:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if self.stop.wait(0.2):
                    break
        elif kind != "nothing":
            self.wfile.write(data)
        return None

    def to(self, address):
        self.send_response(302)
        self.send_header("Location", address)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch, small):
    """A real server with a certificate that this process trusts; returns its address."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        *name,
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run(command, check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    for name in (
        "http_proxy",
        "https_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    Server.files, Server.stop = small[1], threading.Event()
    one = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    one.socket = context.wrap_socket(one.socket, server_side=True)
    threading.Thread(target=one.serve_forever, daemon=True).start()
    monkeypatch.setattr(image_sets, "_SECONDS", 1.0)
    monkeypatch.setattr(image_sets, "_IN_ALL", 2.0)
    monkeypatch.setattr(image_sets, "_LARGEST", 1_000_000)
    yield f"https://localhost:{one.server_port}/"
    Server.stop.set()
    one.shutdown()


BAD_SERVERS = (
    "html",
    "flipped",
    "other",
    "large",
    "cut",
    "stall",
    "drip",
    "nothing",
    "http",
    "ftp",
    "file",
    "loop",
    "403",
    "404",
    "500",
    "503",
)


def test_servers_that_do_not_give_the_file(server, small, monkeypatch, count):
    root, _, _ = small
    kind, _, names = image_sets.SETS["mnist"]

    def fetch(address):
        shutil.rmtree(root, ignore_errors=True)
        monkeypatch.setitem(image_sets.SETS, "mnist", (kind, address, names))
        return image_sets.load("mnist", root, download=True)

    assert len(fetch(server + "good/")[0].images) == 30
    for what in BAD_SERVERS:
        began = time.monotonic()
        refused(lambda what=what: fetch(f"{server}{what}/"), "glyphs")
        assert time.monotonic() - began < 10 and not list(root.rglob("*ubyte*")), what
    refused(lambda: fetch(server.replace("https", "http") + "good/"), "not https")
    refused(
        lambda: fetch(server.replace("localhost", "127.0.0.1") + "good/"), "glyphs"
    )  # a certificate for another name
    monkeypatch.delenv("SSL_CERT_FILE")
    refused(lambda: fetch(server + "good/"), "certificate")
    with socket.socket() as silent:  # takes a connection and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        refused(lambda: fetch(f"https://localhost:{silent.getsockname()[1]}/good/"), "glyphs")
    count("servers that give something else", len(BAD_SERVERS) + 4)


# Mutants


GUARDED = "training pretrained data.images course.lessons exercises.engine core authoring.secrets"


@pytest.mark.full(guards=GUARDED)
@pytest.mark.parametrize("part", range(4))
def test_mutants_of_good_files(tmp_path, part, count):
    """In processes of their own, so that a crash is seen; the last line says which mutant it
    was.
    """
    command = [sys.executable, str(HERE.parent / "support" / "mutants.py"), str(part), "500"]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"AIGC_HOME": str(tmp_path)},
    )
    lines = result.stdout.splitlines()
    assert result.returncode == 0 and lines, (lines[-1:], result.stderr[-2000:])
    done = json.loads(lines[-1])
    assert done["wrong"] == [] and done["slowest"] < 10, done
    assert done["refused"] > 300, done  # a mutant that is as good as the original is rare
    count("mutants of good files, each of four parts", done["mutants"])


# Secrets

A = "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5kL7nP9rS"


PLANTED = {  # made up, of the right form
    "Hugging Face token": f"hf_{A[:34]}",
    "GitHub token": f"ghp_{A[:36]}",
    "GitHub fine-grained token": f"github_pat_{A}{A}",
    "GitLab token": f"glpat-{A[:20]}",
    "OpenAI key": f"sk-{A}",
    "OpenAI project key": f"sk-proj-{A}",
    "Anthropic key": f"sk-ant-api03-{A}",
    "AWS key": "AKIA" + A[:16].upper(),
    "Google key": f"AIza{A[:35]}",
    "Google token": f"ya29.{A}",
    "Slack token": f"xoxb-123456789012-{A[:24]}",
    "Slack webhook": f"https://hooks.slack.com/services/T000/B000/{A[:24]}",
    "Stripe key": f"sk_live_{A[:24]}",
    "PyPI token": f"pypi-{A}",
    "npm token": f"npm_{A[:36]}",
    "Azure key": f"AccountKey={A}{A}==",
    "JSON web token": f"eyJ{A[:12]}.eyJ{A[:20]}.{A[:30]}",
    "password in an address": "postgresql://me:pa55word@db.example.org/x",
    "authorization header": f"Authorization: Bearer {A}",
    "private key": "-----BEGIN OPENSSH PRIVATE KEY-----\n" + A,
    "Weights and Biases key": f"WANDB_API_KEY={A[:40].lower()}",
    "Jupyter token": "http://localhost:8888/?token=" + "0123456789abcdef" * 3,
    "a named password": "password = 'correct-horse'",
}


def planted(text, place):
    """A notebook with a text in one place of what is stored."""
    output = {
        "print": nbformat.v4.new_output("stream", text=text),
        "result": nbformat.v4.new_output("execute_result", data={"text/plain": text}),
        "page": nbformat.v4.new_output("display_data", data={"text/html": f"<p>{text}</p>"}),
        "error": nbformat.v4.new_output("error", ename="E", evalue="e", traceback=[text]),
        "drawing": nbformat.v4.new_output(
            "display_data", data={"image/svg+xml": f"<svg><text>{text}</text></svg>"}
        ),
        "alt": nbformat.v4.new_output(
            "display_data", data={}, metadata={"image/png": {"alt": text}}
        ),
    }
    cell = nbformat.v4.new_code_cell("1 + 1", outputs=[output[place]] if place in output else [])
    cells = [nbformat.v4.new_markdown_cell("Words."), cell]
    if place == "source":
        cells.append(nbformat.v4.new_code_cell(text))
    words, notebook = cells[0], nbformat.v4.new_notebook(cells=cells)
    coded = base64.b64encode(text.encode()).decode()
    if place == "metadata":
        notebook.metadata["note"] = text
    elif place == "kernel":
        notebook.metadata["kernelspec"] = {"name": "python3", "env": {"A": text}}
    elif place == "cell metadata":
        words.metadata["note"] = [{"a": text}]
    elif place == "name in metadata":
        words.metadata[text] = 1
    elif place == "attachment":
        words.attachments = {"a.txt": {"text/plain": text}}
    elif place == "coded attachment":
        words.attachments = {"a.svg": {"image/svg+xml": coded}}
    elif place == "name of an attachment":
        words.attachments = {text: {"image/png": "AAAA"}}
    return notebook


PLACES = (
    *("print", "result", "page", "error", "drawing", "alt", "source", "metadata", "kernel"),
    *("cell metadata", "name in metadata", "attachment", "coded attachment"),
    "name of an attachment",
)


def test_the_search_for_secrets_takes_a_time_that_grows_with_the_length_alone():
    for piece in ("a", "api_key", "secret ", "a://b:", "eyJaaaaaaaa.", "authorization: ", "sk-"):
        line = piece * (160_000 // len(piece))
        start = time.monotonic()
        secrets.found(line, {})
        assert time.monotonic() - start < 5, piece


def test_planted_secrets_are_found_and_not_repeated(count):
    assert len(PLANTED) >= 20
    for secret in PLANTED.values():
        for place in PLACES:
            said = refused(
                lambda secret=secret, place=place: secrets.check(planted(secret, place)), "secret"
            )
            assert secret not in said and A[:16] not in said
    innocents = (
        "A token costs 3 bits; the key of a dictionary, say.",
        "sk-learn",
        "password: characters",
        "hf_hub",
        "api_key = os.environ['X']",
        "The secret: temperature decides",
        "auth_token = tokenizer.decode(ids)",
    )
    for innocent in innocents:
        secrets.check(planted(innocent, "print"))
    count("planted secrets found", len(PLANTED))


def test_the_value_of_a_secret_variable_is_found(monkeypatch):
    monkeypatch.setenv("MY_SERVICE_TOKEN", "no form that anybody knows")
    refused(
        lambda: secrets.check(planted("it is: no form that anybody knows.", "print")),
        "MY_SERVICE_TOKEN",
    )
    monkeypatch.setenv("OTHER_PASSWORD", 'quotes " & é inside')
    for text in ('quotes " & é inside', "quotes &quot; &amp; é inside"):
        refused(lambda text=text: secrets.check(planted(text, "page")), "OTHER_PASSWORD")


def test_store_refuses_a_secret(monkeypatch):
    """And the notebook that is stored stays as it was."""
    from aigc_course.authoring import store
    from aigc_course.course import execute, lessons

    lesson = lessons.find("welcome")
    before = lesson.path.read_bytes()

    def run(notebook, *_, **__):
        notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text="[{}, []]")]
        notebook.cells[1].outputs = [
            nbformat.v4.new_output("stream", text=PLANTED["Hugging Face token"])
        ]

    monkeypatch.setattr(execute, "run", run)
    monkeypatch.setattr(store.execute, "run", run)
    refused(lambda: store.store("welcome"), "Hugging Face token")
    assert lesson.path.read_bytes() == before
