"""Checkpoints that ship with the course: found, verified and loaded.

Those of text are in the format of Hugging Face Transformers.

    >>> folder = path("tales-gpt")                          # doctest: +SKIP
    >>> model, tokenizer = load_gpt("tales-gpt")            # our own class      # doctest: +SKIP
    >>> AutoModelForCausalLM.from_pretrained(folder)        # Transformers' class  # doctest: +SKIP

Weights are read as safetensors only, and only when every file has the SHA-256 that is recorded in
SHA256SUMS beside it.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import urllib.parse
from pathlib import Path

from aigc_course.core import files, paths
from aigc_course.core.arguments import check_argument, checked, one_of, string
from aigc_course.core.errors import CourseError
from aigc_course.pretrained import limits
from aigc_course.pretrained.records import BY_NAME, GLYPHS, NAMES

SUMS = "SHA256SUMS"
# Kinds of files that can run code, or are not what is verified.
_UNSAFE = {
    ".bin",
    ".pt",
    ".pth",
    ".pkl",
    ".pickle",
    ".ckpt",
    ".h5",
    ".msgpack",
    ".py",
}


def path(name: str, own: bool = False) -> Path:
    """Return the folder of a checkpoint, with every file verified.

    Args:
        name: one of `NAMES`, such as "tales-gpt2"; `records.CHECKPOINTS` describes each.
        own: the one that `python3 course.py pretrain` made in the learner's folder, not the one
            that ships.

    Raises:
        CourseError: there is none, or a file was altered.
    """
    check_argument("name", name, one_of(*NAMES))
    folder = own_folder(name) if own else paths.course_root() / "data" / "pretrained" / name
    if not (folder / SUMS).is_file():
        way = (
            f"make it with `python3 course.py pretrain {name}`"
            if own
            else "get a fresh copy of the course"
        )
        raise CourseError(f"There is no checkpoint in {folder}; {way}.")
    verify(folder)
    if own:
        limits.check_like(folder, paths.course_root() / "data" / "pretrained" / name)
    return folder


def own_folder(name: str) -> Path:
    """Return the folder for a checkpoint of this name that was made on this machine."""
    return paths.home() / "pretrained" / name


def verify(folder: Path) -> None:
    """Compare every file of a checkpoint with its recorded SHA-256.

    Raises:
        CourseError: a file is missing, altered, not recorded, or of a kind that could run code.
    """
    recorded = {}
    sums = _content(folder / SUMS, 100_000).decode("utf-8", "replace")
    for line in sums.splitlines():
        match = re.fullmatch(r"([0-9a-f]{64})  ([\w.-]+)", line)
        if not match:
            raise CourseError(f"{folder / SUMS} is damaged; get a fresh copy of this checkpoint.")
        recorded[match[2]] = match[1]
    there = {
        file.name
        for file in folder.iterdir()
        if file.name != SUMS and not file.name.startswith(".")
    }
    for file in sorted(there | set(recorded)):
        if file not in there:
            raise CourseError(f"{folder / file} is missing; get a fresh copy of this checkpoint.")
        if file not in recorded or Path(file).suffix in _UNSAFE:
            raise CourseError(f"{folder / file} does not belong to this checkpoint: move it away.")
        if digest(folder / file) != recorded[file]:
            raise CourseError(
                f"{folder / file} was altered: its SHA-256 is not the recorded one. Get "
                "a fresh copy of this checkpoint."
            )


def record(folder: Path) -> None:
    """Write SHA256SUMS with the SHA-256 of every file of a folder."""
    names = sorted(file.name for file in folder.iterdir() if file.name != SUMS)
    files.write_atomically(
        folder / SUMS, "".join(f"{digest(folder / name)}  {name}\n" for name in names).encode()
    )


def digest(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Raises:
        CourseError: the file cannot be read.
    """
    try:
        with files.open_plain(file) as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(file, error) from None


def _content(file: Path, most: int) -> bytes:
    """Return the content of a file of at most so many bytes.

    Raises:
        CourseError: the file cannot be read.
    """
    try:
        return files.read_plain(file, most)
    except OSError as error:
        raise _unreadable(file, error) from None


def _unreadable(file: Path, error: OSError) -> CourseError:
    return CourseError(
        f"Cannot read {file} ({error.strerror}); get a fresh copy of this checkpoint."
    )


def load_gpt(name: str = "tales-gpt", own: bool = False):
    """Return the course's GPT with the weights of a checkpoint in float32, and its tokenizer.

    Args:
        name: of a checkpoint of a GPT.
        own: as in `path`.

    Raises:
        CourseError: there is none of that name, it is no GPT, or a file was altered or is damaged.
    """
    from aigc_course.pretrained.convert import from_transformers

    folder = path(name, own)
    if name in GLYPHS:
        raise CourseError(
            f"{name} is no GPT but a model of images: load it with "
            f"pretrained.load_image_model({name!r})."
        )
    kind = BY_NAME[name].kind
    if "GPT" not in kind:
        raise CourseError(
            f"{name} is no GPT: load it with {kind}.from_pretrained(pretrained.path({name!r}))."
        )
    try:
        model, tokenizer = read(folder, local_files_only=True)
        return from_transformers(model), tokenizer
    except CourseError:
        raise
    # Transformers raises errors of many kinds, those of safetensors and the tokenizer among them.
    except Exception as error:
        raise CourseError(
            f"{folder} holds no model that can be loaded ({first_line(error)}); get a "
            "fresh copy of this checkpoint."
        ) from None


def read(name: str | Path, **where):
    """Read a causal model and its tokenizer with Transformers.

    Only safetensors are read, and no code of the checkpoint is run. The model is in float32 and in
    evaluation mode.

    Args:
        name: a folder, or a name on the hub.
        where: more arguments of `from_pretrained`.

    Raises:
        ValueError: weights are missing, of other shapes, or not finite.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False, **where)
    safely = {"use_safetensors": True, "trust_remote_code": False, "output_loading_info": True}
    model, info = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32, **safely, **where)
    # Transformers would go on with random numbers in the place of missing weights.
    if info["missing_keys"] or info["mismatched_keys"]:
        raise ValueError("its weights do not fit its configuration")
    if not all(parameter.isfinite().all() for parameter in model.parameters()):
        raise ValueError("its weights are not finite")
    return model.eval(), tokenizer


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, at most 120 characters, or its class's name."""
    return str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__


def _hub_answers() -> bool:
    """Return whether the Hugging Face hub can be connected to, within 5 s.

    The hub's own library tries for most of a minute. With a proxy the answer is always True, as
    only the proxy can tell.
    """
    from huggingface_hub import constants

    if any(
        os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
    ):
        return True
    address = urllib.parse.urlsplit(constants.ENDPOINT)
    try:
        socket.create_connection(
            (address.hostname, address.port or (80 if address.scheme == "http" else 443)), timeout=5
        ).close()
    except OSError:
        return False
    return True


def load_image_model(name: str, own: bool = False):
    """Load a checkpoint for images as a model of the course, in float32.

    Args:
        name: one of `GLYPHS`.
        own: as in `path`.

    Raises:
        CourseError: there is none of that name, or a file was altered.
    """
    from aigc_course.pretrained import image_models

    return image_models.load(path(check_argument("name", name, one_of(*GLYPHS)), own))


@checked(name=string(1))
def from_hub(name: str):
    """Load a causal model and its tokenizer from a folder or from the Hugging Face hub.

    Args:
        name: the folder, or the name on the hub, such as "gpt2".

    Raises:
        CourseError: it is not here and cannot be fetched, or has no safetensors.
    """
    if Path(name).is_dir():
        limits.check_any(Path(name))
    try:
        return read(name, local_files_only=Path(name).is_dir() or not _hub_answers())
    # Transformers raises errors of many kinds, those of safetensors and the tokenizer among them.
    except Exception as error:
        raise CourseError(
            f"{name!r} is not on this machine and could not be fetched, or is no model "
            "in safetensors; connect to a network and try "
            "again, or leave the setting empty to go on with the course's own model. "
            f"({first_line(error)})"
        ) from None
