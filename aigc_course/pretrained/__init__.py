"""Checkpoints that ship with the course: found, verified and loaded.

Those of text are in the format of Hugging Face Transformers.

>>> folder = path("tales-gpt")                          # doctest: +SKIP
>>> model, tokenizer = load_gpt("tales-gpt")            # our own class      # doctest: +SKIP
>>> AutoModelForCausalLM.from_pretrained(folder)        # Transformers' class  # doctest: +SKIP
"""

from aigc_course.pretrained.checkpoints import (
    SUMS,
    digest,
    from_hub,
    load_gpt,
    load_image_model,
    own_folder,
    path,
    record,
    verify,
)
from aigc_course.pretrained.records import (
    BY_NAME,
    CHECKPOINTS,
    GLYPHS,
    NAMES,
    TALES,
    Checkpoint,
)

__all__ = [
    "BY_NAME",
    "CHECKPOINTS",
    "GLYPHS",
    "NAMES",
    "SUMS",
    "TALES",
    "Checkpoint",
    "digest",
    "from_hub",
    "load_gpt",
    "load_image_model",
    "own_folder",
    "path",
    "record",
    "verify",
]
