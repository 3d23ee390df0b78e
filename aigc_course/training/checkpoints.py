"""Checkpoints of a training that survive a kill at any moment.

Each is written aside, flushed to disk and renamed; the last two are kept. Reading one back runs no
code: weights are safetensors, the rest goes through `torch.load(weights_only=True)`.
"""

from __future__ import annotations

import contextlib
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

from aigc_course.core import files
from aigc_course.core.errors import CourseError
from aigc_course.core.paths import home

KEEP = 2


def folder(name: str) -> Path:
    """Return the folder of a run's checkpoints.

    Raises:
        CourseError: the name would lead out of the learner's folder.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise CourseError(
            f"a checkpoint's name is made of letters, digits, '_', '-' and '.', not {name!r}."
        )
    return home() / "runs" / name


def save(name: str, model: torch.nn.Module, state: dict, step: int) -> Path:
    """Save a model and the state of its training, and return the checkpoint's folder.

    Args:
        name: name of the run.
        model: its weights go to `model.safetensors`.
        state: tensors, numbers, strings, lists, tuples and dictionaries only.
        step: how many steps are done; it names the checkpoint. A whole checkpoint of this step
            that is there already stays.

    Raises:
        CourseError: it cannot be written to disk; earlier checkpoints stay as they were.
    """
    target = folder(name) / f"step-{step:08d}"
    if _whole(target):  # it is the same step of the same run, and replacing it could lose it
        return target
    for left in folder(name).glob(".step-*.part"):  # of a process killed while it wrote
        shutil.rmtree(left, ignore_errors=True)
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        _write(aside, model, state)
        shutil.rmtree(target, ignore_errors=True)
        aside.rename(target)
        _flush(target.parent)
    except (OSError, SafetensorError, CourseError) as error:
        way = "make room, or set AIGC_HOME to another folder"
        raise CourseError(f"Cannot keep checkpoint {name!r} ({error}); {way}.") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)  # renamed away when all went well
    # Later checkpoints were damaged, so that the run went on from an earlier one: delete them, too.
    kept = [path for path in _all(name) if path.name <= target.name][-KEEP:]
    for old in set(_all(name)) - set(kept):
        shutil.rmtree(old, ignore_errors=True)
    return target


def _write(folder: Path, model: torch.nn.Module, state: dict) -> None:
    """Write weights, state and their hashes into a new folder, and flush all to disk."""
    folder.mkdir(parents=True, exist_ok=True)
    save_model(model, str(folder / "model.safetensors"))
    buffer = io.BytesIO()
    torch.save(state, buffer)
    files.write_atomically(folder / "state.pt", buffer.getvalue())
    hashes = {file: files.sha256(folder / file) for file in ("model.safetensors", "state.pt")}
    files.write_atomically(folder / "hashes.json", json.dumps(hashes).encode())
    _flush(folder / "model.safetensors")
    _flush(folder)


def load(name: str, model: torch.nn.Module) -> dict | None:
    """Load the newest whole checkpoint of a run into a model.

    Args:
        name: name of the run.
        model: gets the weights.

    Returns:
        The state of the training, None when there is no checkpoint.

    Raises:
        CourseError: the checkpoint was made by another model, or holds what no training leaves;
            `model` stays as it was.
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
    """Turn the errors of a state that no run leaves into one clear line, within a `with` block.

    Raises:
        CourseError: something is missing, or has another type or shape than it should.
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
    """Restore the kept state of an optimizer; to be called inside `understood`.

    Raises:
        ValueError: it is not a state that this optimizer keeps.
    """
    check_alike(kept["param_groups"], optimizer.state_dict()["param_groups"])
    optimizer.load_state_dict(kept)
    # Parameters that were not used so far have no entry.
    entries = [
        (p, optimizer.state[p])
        for group in optimizer.param_groups
        for p in group["params"]
        if optimizer.state.get(p)
    ]
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


# What torch's optimizers keep with one number for each weight.
_LIKE_WEIGHTS = (
    "exp_avg",
    "exp_avg_sq",
    "max_exp_avg_sq",
    "momentum_buffer",
    "square_avg",
)


def check_alike(kept: object, own: object) -> None:
    """Check that two states have the same form: keys, lengths and kinds of values.

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
    """Return the state of the random numbers of Python, NumPy and torch."""
    numpy_state: tuple = np.random.get_state()  # type: ignore[assignment]
    kind, keys, *rest = numpy_state
    state = {
        "python": random.getstate(),
        "numpy": (kind, torch.tensor(keys.astype(np.int64)), *rest),
        "torch": torch.get_rng_state(),
    }
    return state | ({"cuda": torch.cuda.get_rng_state_all()} if torch.cuda.is_available() else {})


def set_random_state(state: dict) -> None:
    """Restore a state that `random_state` returned."""
    random.setstate(state["python"])
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])


def _unusable(name: str, why: str) -> CourseError:
    """Return the error for a checkpoint that holds what no training leaves."""
    return CourseError(
        f"The checkpoint {name!r} holds what no training of the course leaves ({why}); "
        f"choose another name, or delete {folder(name)}."
    )


def _state(path: Path, name: str) -> dict:
    """Return what a checkpoint holds beside the weights, read without running code.

    Its losses have one number or one row for each step of the checkpoint.

    Raises:
        CourseError: it is not what a training leaves.
    """
    file = path / "state.pt"
    try:
        # torch writes without compression: refuse anything that could grow when it is read
        with zipfile.ZipFile(file) as archive:
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
    """Return whether a file holds this model's weights, by name and shape.

    The model is not changed.

    Raises:
        CourseError: it is no safetensors file, or holds weights that are not finite.
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
            trained = dict(model.named_parameters())  # a buffer may hold infinity, as a mask does
            if not all(file.get_tensor(key).isfinite().all() for key in there if key in trained):
                raise _unusable(name, "weights that are not finite")
    except (SafetensorError, OSError, ValueError, TypeError, RuntimeError) as error:
        raise _unusable(name, type(error).__name__) from None
    return True


def _all(name: str) -> list[Path]:
    """Return the folders of a run's checkpoints in the order of their steps."""
    return sorted(path for path in folder(name).glob("step-*") if path.is_dir())


def _whole(path: Path) -> bool:
    """Return whether all files of a checkpoint are there and match their hashes."""
    try:
        hashes = json.loads((path / "hashes.json").read_text(encoding="utf-8"))
        return set(hashes) == {"model.safetensors", "state.pt"} and all(
            files.sha256(path / file) == value for file, value in hashes.items()
        )
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def _flush(path: Path) -> None:
    """Make the system write a file or a folder to disk.

    On Windows, which cannot open folders, do nothing.
    """
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
