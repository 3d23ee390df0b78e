"""One record for each checkpoint that ships with the course.

Its recipe is in `aigc_course.recipes` under the same name.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Checkpoint:
    """What is known about a checkpoint without opening it.

    Attributes:
        name: of the checkpoint and of its folder in data/pretrained.
        medium: what it generates or judges, "text" or "images".
        kind: the class of the model: one of Hugging Face Transformers for text, one of the course
            for images.
        about: a sentence that describes it.
        lessons: topics of the lessons that use it.
        licence: of its weights.
    """

    name: str
    medium: str
    kind: str
    about: str
    lessons: tuple[str, ...]
    licence: str = "CC BY 4.0"


CHECKPOINTS = (
    Checkpoint(
        name="tales-gpt",
        medium="text",
        kind="GPTNeoXForCausalLM",
        about="A GPT (rotary positions, stored as GPT-NeoX) that generates long tales.",
        lessons=("gpt",),
    ),
    Checkpoint(
        name="tales-gpt2",
        medium="text",
        kind="GPT2LMHeadModel",
        about="A GPT-2 (learned positions) that generates short tales.",
        lessons=("welcome", "pretrained"),
    ),
    Checkpoint(
        name="tales-bert",
        medium="text",
        kind="BertForMaskedLM",
        about="A BERT that fills in masked words of short tales.",
        lessons=("pretrained",),
    ),
    Checkpoint(
        name="glyphs-judge",
        medium="images",
        kind="Classifier",
        about="Classifies glyph digits; the course's judge of generated ones.",
        lessons=("welcome", "vae", "gan"),
    ),
    Checkpoint(
        name="glyphs-fonts",
        medium="images",
        kind="Classifier",
        about="Classifies glyph digits by font, to see how many fonts a generator covers.",
        lessons=("gan",),
    ),
    Checkpoint(
        name="glyphs-vae",
        medium="images",
        kind="VAE",
        about="A variational autoencoder of glyph digits: 784-400-200-16-200-400-784.",
        lessons=("vae", "gan"),
    ),
    Checkpoint(
        name="glyphs-gan",
        medium="images",
        kind="Generator",
        about="The generator of a GAN (DCGAN layers) for glyph digits.",
        lessons=("welcome", "gan"),
    ),
)

BY_NAME = {one.name: one for one in CHECKPOINTS}
NAMES = tuple(BY_NAME)
TALES = tuple(one.name for one in CHECKPOINTS if one.medium == "text")
GLYPHS = tuple(one.name for one in CHECKPOINTS if one.medium == "images")
