"""Limits for folders of models that others may have written, looked at before anything is loaded.

Loaders take sizes, links between files and patterns from such a folder as they are; a wrong one
costs hours, all memory, or reads files from elsewhere.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePath

from aigc_course.core import files
from aigc_course.core.errors import CourseError

MOST_BYTES = 20_000_000  # of a file of settings or of a tokenizer
MOST_TOKENS = 1_000  # that are added to a vocabulary
TIMES = 8  # a size may be so many times that of the checkpoint that ships
LEAST = 64  # and so much in any case
TRIAL_SECONDS = 180
# Parts of a tokenizer that hold patterns or rewrite text.
_PARTS = ("normalizer", "pre_tokenizer", "post_processor", "decoder")


def check_like(folder: Path, shipped: Path) -> None:
    """Compare a checkpoint that was made on this machine with the one that ships.

    Args:
        folder: its folder.
        shipped: folder of the checkpoint of the same name that ships with the course.

    Raises:
        CourseError: it holds other files, other settings, sizes far larger, or a tokenizer of
            another kind.
    """
    for file in _plain_files(folder):
        if not (shipped / file.name).is_file():
            raise CourseError(f"{file} does not belong to this checkpoint: move it away.")
    mine, theirs = (_settings(one / "config.json") for one in (folder, shipped))
    for name, value in mine.items():
        usual = theirs.get(name)
        if name not in theirs:
            raise CourseError(f"{folder / 'config.json'} has a setting {name!r} of no use here.")
        if isinstance(value, int) and isinstance(usual, int) and value > max(TIMES * usual, LEAST):
            raise CourseError(f"{folder / 'config.json'} has {name} = {value:,}: too large.")
    if (shipped / "tokenizer.json").is_file():
        _check_tokenizer(folder / "tokenizer.json", shipped / "tokenizer.json")


def _check_tokenizer(path: Path, shipped: Path) -> None:
    """Compare a tokenizer with the one that ships.

    Raises:
        CourseError: it is of another kind, or has too many tokens of its own.
    """
    mine, theirs = _settings(path), _settings(shipped)
    if any(mine.get(part) != theirs.get(part) for part in _PARTS):
        raise CourseError(f"{path} is a tokenizer of another kind than the course's.")
    if len(mine.get("added_tokens") or ()) > MOST_TOKENS:
        raise CourseError(f"{path} adds more than {MOST_TOKENS:,} tokens.")


def check_any(folder: Path) -> None:
    """Look at a folder with a model of any kind, then load it in a process with a deadline.

    Raises:
        CourseError: it holds what is no plain file, names files outside it, or cannot be loaded in
            `TRIAL_SECONDS`.
    """
    for file in _plain_files(folder):
        if file.name.endswith(".index.json"):
            for name in _names(_settings(file).get("weight_map")):
                if PurePath(name).name != name:
                    raise CourseError(f"{file} names {name}, which lies outside of {folder}.")
    command = [sys.executable, "-m", "aigc_course.pretrained.trial", str(folder.absolute())]
    try:
        tried = subprocess.run(command, capture_output=True, timeout=TRIAL_SECONDS)
    except subprocess.TimeoutExpired:
        raise CourseError(
            f"{folder} cannot be loaded within {TRIAL_SECONDS} s; get a fresh copy of the model."
        ) from None
    if tried.returncode:
        said = tried.stdout.decode("utf-8", "replace").strip().splitlines() or ["it ends Python"]
        raise CourseError(f"{folder} holds no model that can be loaded ({said[-1][:200]}).")


def _plain_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder.

    Raises:
        CourseError: one is a pipe, a device, or a link to one.
    """
    for file in sorted(folder.iterdir()):
        if file.name.startswith(".") or file.is_dir():
            continue
        if not file.is_file():
            raise CourseError(f"{file} is no plain file: move it away.")
        yield file


def _settings(path: Path) -> dict:
    """Return the content of a JSON file.

    Raises:
        CourseError: it cannot be read, is too large, or holds something else.
    """
    try:
        found = json.loads(files.read_plain(path, MOST_BYTES))
    except OSError as error:
        raise CourseError(f"{path} cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise CourseError(f"{path} is damaged; get a fresh copy of this checkpoint.")
    return found


def _names(weight_map: object) -> set[str]:
    """Return the files that an index of weights names."""
    return set(map(str, weight_map.values())) if isinstance(weight_map, dict) else set()
