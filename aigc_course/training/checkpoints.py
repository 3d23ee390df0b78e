"""Checkpoints that survive a kill at any moment: written aside, flushed to disk, renamed; the last
two are kept.

What is read back runs no code: weights are safetensors, the rest goes through
`torch.load(weights_only=True)`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import random
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_model, save_model

from aigc_course.core.errors import CourseError
from aigc_course.core.files import write_atomically
from aigc_course.core.paths import home

KEEP = 2


def folder(name: str) -> Path:
    """Where a run's checkpoints lie.

    Raises:
        CourseError: the name would lead out of the learner's folder.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise CourseError(
            f"a checkpoint's name is made of letters, digits, '_', '-' and '.', not {name!r}."
        )
    return home() / "runs" / name


def save(name: str, model: torch.nn.Module, state: dict, step: int) -> Path:
    """Keep a model and the state of its training.

    Args:
        name: of the run.
        model: its weights go to `model.safetensors`.
        state: tensors, numbers, strings, lists, tuples and dictionaries only.
        step: how many steps are done; names the checkpoint. One that is there already, and whole,
            stays.

    Raises:
        CourseError: the disk does not take it; earlier checkpoints stay as they were.
    """
    target = folder(name) / f"step-{step:08d}"
    if _whole(
        target
    ):  # the same step of the same run: to take it away for a moment would be to risk it
        return target
    for left in folder(name).glob(".step-*.part"):  # of a process that was killed while it wrote
        shutil.rmtree(left, ignore_errors=True)
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        aside.mkdir(parents=True, exist_ok=True)
        save_model(model, str(aside / "model.safetensors"))
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_atomically(aside / "state.pt", buffer.getvalue())
        write_atomically(
            aside / "hashes.json",
            json.dumps(
                {file: _hash(aside / file) for file in ("model.safetensors", "state.pt")}
            ).encode(),
        )
        _flush(aside / "model.safetensors")
        _flush(aside)
        shutil.rmtree(target, ignore_errors=True)
        aside.rename(target)
        _flush(target.parent)
    except (OSError, SafetensorError, CourseError) as error:
        raise CourseError(
            f"Cannot keep checkpoint {name!r} ({error}); make room, or set AIGC_HOME to "
            "another folder."
        ) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)  # renamed away when all went well
    kept = [path for path in _all(name) if path.name <= target.name][
        -KEEP:
    ]  # a later one is of a run that was damaged, and left behind
    for old in set(_all(name)) - set(kept):
        shutil.rmtree(old, ignore_errors=True)
    return target


def load(name: str, model: torch.nn.Module) -> dict | None:
    """Put the newest whole checkpoint of a run into `model` and return its state; None when there
    is none.

    Raises:
        CourseError: it was made by another model, or holds what no training leaves; `model` stays
            as it was.
    """
    for path in reversed(_all(name)):
        if not _whole(path):
            print(f"The checkpoint {path.name} of {name!r} is damaged; trying the one before.")
            continue
        state = _state(path, name)
        if not _fits(path / "model.safetensors", model, name):
            raise CourseError(
                f"The checkpoint {name!r} was made by another model; choose another "
                f"name, or delete {path.parent}."
            )
        load_model(model, str(path / "model.safetensors"))
        return state
    return None


@contextlib.contextmanager
def understood(name: str):
    """While inside, a state that is not what a run leaves becomes one clear line.

    Raises:
        CourseError: something of it is missing, or has another type or shape than it should.
    """
    try:
        yield
    except (
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        RuntimeError,
        ArithmeticError,
    ) as error:
        raise _unusable(name, type(error).__name__) from None


def restore(optimizer: torch.optim.Optimizer, kept: dict) -> None:
    """Bring an optimizer back to the state that was kept; to be called inside `understood`.

    Raises:
        ValueError: it is not what this optimizer keeps.
    """
    check_alike(kept["param_groups"], optimizer.state_dict()["param_groups"])
    optimizer.load_state_dict(kept)
    entries = [
        (p, optimizer.state[p])
        for group in optimizer.param_groups
        for p in group["params"]
        if optimizer.state.get(p)
    ]  # used so far
    for parameter, entry in entries:
        if any((name in entry) != (name in entries[0][1]) for name in _LIKE_WEIGHTS):
            raise ValueError("the optimizer keeps more for some weights than for others")
        for name, value in entry.items():
            if not isinstance(value, torch.Tensor | int | float | None) or (
                isinstance(value, torch.Tensor) and not value.isfinite().all()
            ):
                raise ValueError(f"{name} is not what an optimizer keeps")
            if (
                name in _LIKE_WEIGHTS
                and value is not None
                and (not isinstance(value, torch.Tensor) or value.shape != parameter.shape)
            ):
                raise ValueError(f"{name} does not fit its weights")
        if set(entry) == {"step"}:
            raise ValueError("nothing but the number of steps")


_LIKE_WEIGHTS = (
    "exp_avg",
    "exp_avg_sq",
    "max_exp_avg_sq",
    "momentum_buffer",
    "square_avg",
)  # of torch's optimizers: one number a weight


def check_alike(kept: object, own: object) -> None:
    """Whether two states have the same form: keys, lengths and kinds of values.

    Raises:
        ValueError: they differ.
    """
    if isinstance(own, dict):
        if not isinstance(kept, dict) or kept.keys() != own.keys():
            raise ValueError("other keys")
        for key in own:
            check_alike(kept[key], own[key])
    elif isinstance(own, list | tuple):
        if not isinstance(kept, list | tuple) or len(kept) != len(own):
            raise ValueError("another length")
        for a, b in zip(kept, own, strict=True):
            check_alike(a, b)
    elif isinstance(own, bool | str) or own is None:
        if type(kept) is not type(own):
            raise ValueError("another kind")
    elif isinstance(own, int | float) and (
        isinstance(kept, bool | str) or not isinstance(kept, int | float)
    ):
        raise ValueError("another kind")


def random_state() -> dict:
    """State of Python's, NumPy's and torch's random numbers."""
    numpy_state: tuple = np.random.get_state()  # type: ignore[assignment]
    kind, keys, *rest = numpy_state
    state = {
        "python": random.getstate(),
        "numpy": (kind, torch.tensor(keys.astype(np.int64)), *rest),
        "torch": torch.get_rng_state(),
    }
    return state | ({"cuda": torch.cuda.get_rng_state_all()} if torch.cuda.is_available() else {})


def set_random_state(state: dict) -> None:
    """Bring back what `random_state` gave."""
    random.setstate(state["python"])
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])


def _unusable(name: str, why: str) -> CourseError:
    return CourseError(
        f"The checkpoint {name!r} holds what no training of the course leaves ({why}); "
        f"choose another name, or delete {folder(name)}."
    )


def _state(path: Path, name: str) -> dict:
    """What lies beside the weights, read without running code; its losses, one a step or a row of
    them, as many as its steps.
    """
    file = path / "state.pt"
    try:
        with zipfile.ZipFile(
            file
        ) as archive:  # as torch writes it: nothing packed, so nothing grows when it is read
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                raise _unusable(name, "packed")
        state = torch.load(file, weights_only=True, map_location="cpu")
        losses = state["losses"]
        sound = (
            losses.dim() in (1, 2)
            and len(losses) == int(path.name.removeprefix("step-"))
            and losses.untyped_storage().nbytes() >= losses.nbytes
        )
        if not sound or not losses.isfinite().all():
            raise _unusable(name, "losses")
    except CourseError:
        raise
    except Exception as error:  # torch raises many kinds, pickle's and zipfile's among them
        raise _unusable(name, type(error).__name__) from None
    return state


def _fits(path: Path, model: torch.nn.Module, name: str) -> bool:
    """Whether a file holds this model's weights, by name and shape; looked at before anything is
    overwritten.

    Raises:
        CourseError: it is no safetensors file, or holds numbers that are not finite.
    """
    mine = {key: list(tensor.shape) for key, tensor in model.state_dict().items()}
    shared = {tensor.data_ptr() for tensor in model.state_dict().values()}
    try:
        with safe_open(str(path), framework="pt") as file:
            there = {key: file.get_slice(key).get_shape() for key in file.keys()}  # noqa: SIM118, no dictionary
            if len(there) != len(shared) or any(
                mine.get(key) != shape for key, shape in there.items()
            ):
                return False
            trained = dict(model.named_parameters())  # a buffer may hold infinity: a mask, say
            if not all(file.get_tensor(key).isfinite().all() for key in there if key in trained):
                raise _unusable(name, "weights that are not finite")
    except (SafetensorError, OSError, ValueError, TypeError, RuntimeError) as error:
        raise _unusable(name, type(error).__name__) from None
    return True


def _all(name: str) -> list[Path]:
    return sorted(path for path in folder(name).glob("step-*") if path.is_dir())


def _whole(path: Path) -> bool:
    try:
        hashes = json.loads((path / "hashes.json").read_text(encoding="utf-8"))
        return set(hashes) == {"model.safetensors", "state.pt"} and all(
            _hash(path / file) == value for file, value in hashes.items()
        )
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    """Have the system write a file or a folder to disk; Windows cannot open folders."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
