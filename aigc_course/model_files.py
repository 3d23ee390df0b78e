"""Models of the course in a folder: weights as safetensors, sizes as JSON; nothing that could run code.

    >>> save(generator, "my-generator")         # doctest: +SKIP
    >>> generator = load("my-generator")        # doctest: +SKIP
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as serialize
from torch import nn

from aigc_course.errors import CourseError
from aigc_course.models.classifier import Classifier, ClassifierConfig
from aigc_course.models.gan import GANConfig, Generator
from aigc_course.models.vae import VAE, VAEConfig
from aigc_course.runtime import write_safely

KINDS = {"Classifier": (Classifier, ClassifierConfig), "VAE": (VAE, VAEConfig), "Generator": (Generator, GANConfig)}
"""Name of the class -> (class, its configuration)."""


def save(model: nn.Module, folder: str | Path, half: bool = False) -> Path:
    """Keep a model in a folder as `model.safetensors` and `config.json`; older ones there are replaced.

    Args:
        model: a `Classifier`, `VAE` or `Generator`.
        folder: made when missing.
        half: store the weights as bfloat16: half the bytes, about three digits.

    Raises:
        CourseError: it is another kind of model, or the folder cannot be written.
    """
    name = type(model).__name__
    if name not in KINDS or type(model) is not KINDS[name][0]:
        raise CourseError(f"only the course's {', '.join(KINDS)} can be kept, not {name}.")
    folder = Path(folder).expanduser()
    config = json.dumps({"class": name} | dataclasses.asdict(model.config), indent=1) + "\n"
    weights = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    weights = {key: value.to(torch.bfloat16) if half and value.is_floating_point() else value for key, value in weights.items()}
    write_safely(folder / "model.safetensors", serialize(weights))
    write_safely(folder / "config.json", config.encode())
    return folder


def load(folder: str | Path) -> nn.Module:
    """The model that `save` left in a folder, in float32, ready to be used.

    Raises:
        CourseError: there is none, or the files do not fit together.
    """
    folder = Path(folder).expanduser()
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        weights = load_file(str(folder / "model.safetensors"))
        kind, sizes = KINDS[config.pop("class")]
        with torch.device("meta"), torch.random.fork_rng():  # no memory for sizes that the file does not hold, no random numbers used up
            model = kind(sizes(**{key: tuple(value) if isinstance(value, list) else value for key, value in config.items()}))
        model.load_state_dict({key: value.float() if value.is_floating_point() else value for key, value in weights.items()}, assign=True)
    except OSError as error:
        raise CourseError(f"There is no model in {folder} that can be read ({error}); model_files.save keeps one.") from None
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        raise CourseError(f"{folder} holds no model of the course, or one whose weights do not fit its sizes ({type(error).__name__}).") from None
    return model.eval()
