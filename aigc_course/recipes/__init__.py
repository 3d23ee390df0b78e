"""How each checkpoint that ships with the course is made: `python3 course.py pretrain tales-gpt`.

`recipe` holds what all recipes share, `tales` and `glyphs` what differs.
"""

from __future__ import annotations

from pathlib import Path

from aigc_course.core.arguments import checked, optional, string, whole
from aigc_course.core.errors import CourseError
from aigc_course.recipes import glyphs, recipe, tales

__all__ = ["RECIPES", "make"]

RECIPES = tales.RECIPES | glyphs.RECIPES
"""Name of a checkpoint -> its recipe."""


@checked(name=string(), steps=optional(whole(1)), examples=optional(whole(1)))
def make(
    name: str, steps: int | None = None, examples: int | None = None, show: bool = True
) -> Path:
    """Train a checkpoint and keep it in the learner's folder.

    A run that was stopped or killed goes on where it was.

    Args:
        name: a key of `RECIPES`.
        steps: fewer (or more) steps than the recipe's.
        examples: fewer (or more) tales, or images, to train on.
        show: whether to draw the progress bar.

    Returns:
        The folder of the checkpoint; an older one there is kept beside it under another name.

    Raises:
        CourseError: there is no such recipe, or the training was interrupted.
    """
    if name not in RECIPES:
        raise CourseError(f"There is no recipe {name!r}; there are {', '.join(RECIPES)}.")
    return recipe.make(name, RECIPES[name], steps, examples, show)
