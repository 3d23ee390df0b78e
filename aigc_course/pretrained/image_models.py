"""Image models of the course in a folder: weights as safetensors, sizes and SHA-256 as JSON.

Nothing in such a folder can run code.

>>> save(generator, "my-generator")         # doctest: +SKIP
>>> generator = load("my-generator")        # doctest: +SKIP
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as deserialize
from safetensors.torch import save as serialize
from torch import nn

from aigc_course.core.arguments import checked, instance, one_of
from aigc_course.core.errors import CourseError
from aigc_course.core.files import read_plain, write_atomically
from aigc_course.models.images.classifier import Classifier, ClassifierConfig
from aigc_course.models.images.gan import GANConfig, Generator
from aigc_course.models.images.vae import VAE, VAEConfig

KINDS = {
    "Classifier": (Classifier, ClassifierConfig),
    "VAE": (VAE, VAEConfig),
    "Generator": (Generator, GANConfig),
}
"""Name of the class -> (class, its configuration)."""

_LONGEST, _LARGEST = 10_000, 2_000_000_000  # bytes of a config.json, of weights


@checked(folder=instance(str, Path), half=one_of(True, False))
def save(model: nn.Module, folder: str | Path, half: bool = False) -> Path:
    """Save a model in a folder as `model.safetensors` and `config.json`, in place of older ones.

    Args:
        model: a `Classifier`, `VAE` or `Generator`.
        folder: made when missing.
        half: store the weights as bfloat16: half the bytes, about three digits.

    Returns:
        The folder.

    Raises:
        CourseError: it is another kind of model, or the folder cannot be written.
    """
    name = type(model).__name__
    if name not in KINDS or type(model) is not KINDS[name][0]:
        raise CourseError(
            f"save: model must be one of the course's {', '.join(KINDS)}, not {name}."
        )
    folder = Path(folder).expanduser()
    data = serialize(_weights(model, half))
    config = (
        {"class": name}
        | dataclasses.asdict(model.config)
        | {"sha256": hashlib.sha256(data).hexdigest()}
    )
    before = _settings_before(folder)
    # If the process ends between two of these, the older model can still be loaded: its settings
    # stay until the new weights are there.
    for file, content in (
        ("config.json", _text(config | before)),
        ("model.safetensors", data),
        ("config.json", _text(config)),
    ):
        write_atomically(folder / file, content)
    return folder


def _weights(model: nn.Module, half: bool) -> dict[str, torch.Tensor]:
    """Return the weights of a model on the CPU, as bfloat16 when `half`."""
    weights = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    if not half:
        return weights
    return {
        key: value.to(torch.bfloat16) if value.is_floating_point() else value
        for key, value in weights.items()
    }


def _settings_before(folder: Path) -> dict[str, dict]:
    """Return the settings of the model that a folder holds now, {} where there is none.

    They are {"before": settings}, to be added to new ones.
    """
    try:
        before = json.loads(read_plain(folder / "config.json", _LONGEST))
        before.pop("before", None)
        return {"before": before}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def _text(config: dict) -> bytes:
    """Return settings as the bytes of a JSON file."""
    return (json.dumps(config, indent=1) + "\n").encode()


@checked(folder=instance(str, Path))
def load(folder: str | Path) -> nn.Module:
    """Load the model that `save` stored in a folder, in float32 and in evaluation mode.

    Raises:
        CourseError: there is none, or the files do not fit together.
    """
    folder = Path(folder).expanduser()
    try:
        config = json.loads(read_plain(folder / "config.json", _LONGEST))
        data = read_plain(folder / "model.safetensors", _LARGEST)
        digest, before = hashlib.sha256(data).hexdigest(), config.pop("before", None)
        config = before if before and before["sha256"] == digest else config
        if config.pop("sha256") != digest:
            raise ValueError("altered")
        return _built(config, deserialize(data)).eval()
    except OSError as error:
        raise CourseError(
            f"There is no model in {folder} that can be read ({error.strerror}); "
            "image_models.save keeps one."
        ) from None
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RuntimeError,
        MemoryError,
        SafetensorError,
        CourseError,
    ) as error:
        why = (
            error
            if isinstance(error, CourseError) or str(error) in ("altered", "not finite")
            else type(error).__name__
        )
        raise CourseError(
            f"{folder} holds no model of the course, or one that is damaged ({why}); "
            "save it again, or get a fresh copy."
        ) from None


def _built(config: dict, weights: dict[str, torch.Tensor]) -> nn.Module:
    """Return a model of the sizes in `config` with these weights.

    Args:
        config: "class" and the sizes, as in `config.json`.
        weights: name -> values.

    Raises:
        Exception: of many kinds, where the two do not fit.
    """
    kind, sizes = KINDS[config.pop("class")]
    if not all(value.isfinite().all() for value in weights.values()):
        raise ValueError("not finite")
    # "meta" takes no memory for sizes that the file does not hold, and the fork keeps the caller's
    # random numbers as they are.
    with (
        torch.device("meta"),
        torch.random.fork_rng(),
    ):
        model = kind(
            sizes(
                **{
                    key: tuple(value) if isinstance(value, list) else value
                    for key, value in config.items()
                }
            )
        )
    model.load_state_dict(
        {
            key: value.float() if value.is_floating_point() else value
            for key, value in weights.items()
        },
        assign=True,
    )
    return model
