"""Images of characters from open fonts, drawn with known factors: the course's own image data.

Every (font, character) pair is drawn once and turned into a signed distance field: each pixel holds
its distance from the outline. From there an image takes a single affine look-up, and adding a
number makes the stroke thicker, so that stroke width is a factor just as rotation is. The data card
is data/glyphs.md.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn import functional as F

from aigc_course.core.arguments import (
    check_argument,
    checked,
    instance,
    reals,
    seeds,
    whole,
)
from aigc_course.core.errors import CourseError

_DEJAVU = [
    f"DejaVu{family}{style}"
    for family, styles in (
        ("Sans", ("", "-Bold", "-Oblique", "-BoldOblique")),
        ("SansMono", ("", "-Bold", "-Oblique", "-BoldOblique")),
        ("Serif", ("", "-Bold", "-Italic", "-BoldItalic")),
    )
    for style in styles
]
_STIX = [f"STIXGeneral{style}" for style in ("", "Bol", "Italic", "BolIta")]
FONTS = (*_DEJAVU, *_STIX, "cmr10", "cmb10", "cmti10", "cmss10", "cmtt10")
"""Fonts that ship with Matplotlib and have a shape of their own for every letter and digit."""

RANGES = {
    "rotation": (-15.0, 15.0),
    "scale": (0.8, 1.1),
    "shear": (-0.25, 0.25),
    "stroke": (0.05, 0.9),
}
"""Factor -> range in which it is uniform: degrees, ratio, ratio, pixels of an image 28 wide."""

# Pixels drawn, pixels kept, farthest distance kept (in pixels of an image 28 wide).
_DRAWN, _FIELD, _REACH = (
    96,
    48,
    4.0,
)


class Glyphs(NamedTuple):
    """Images of characters, and the factors from which they were drawn.

    Attributes:
        images: (N, 1, size, size) float32 in [0, 1], white on black.
        factors: name of the factor -> array of length N: "character" and "font" (str), "label"
            (int, index into the characters asked for), "rotation" (degrees), "scale" and "shear"
            (ratios), "stroke" (pixels of an image 28 wide).
    """

    images: Tensor
    factors: dict[str, np.ndarray]


@checked(n=whole(), seed=seeds(), size=whole(8, 1024))
def sample(n: int, *, seed: int, characters: str = "0123456789", size: int = 28) -> Glyphs:
    """Draw `n` images of characters; the same seed gives the same images on one machine.

    Args:
        n: number of images, 0 or more.
        seed: of the random numbers.
        characters: ASCII letters and digits, from which each image's character is drawn uniformly.
        size: height and width in pixels, from 8 to 1024.

    Raises:
        CourseError: an argument is out of range or a character is not in the fonts.
    """
    _check_characters(characters)
    rng = np.random.default_rng(seed)
    label, font = rng.integers(len(characters), size=n), rng.integers(len(FONTS), size=n)
    numbers = {
        name: rng.uniform(low, high, n).astype(np.float32) for name, (low, high) in RANGES.items()
    }
    columns = {
        "character": np.array(list(characters))[label],
        "font": np.array(FONTS)[font],
        "label": label,
    } | numbers
    return Glyphs(draw(columns, size=size), columns)


@checked(factors=instance(dict), size=whole(8, 1024))
def draw(factors: dict[str, np.ndarray], *, size: int = 28) -> Tensor:
    """Draw images (N, 1, size, size) in [0, 1] of given factors.

    Args:
        factors: "character", "font", "rotation", "scale", "shear", "stroke", each of length N, as
            `sample` gives them; "label" is not used.
        size: height and width in pixels, from 8 to 1024.

    Raises:
        CourseError: a factor is missing, or a character or font is unknown.
    """
    _check_factors(factors)
    n = len(factors["character"])
    if not n:
        return torch.empty(0, 1, size, size)
    # Each pair of a character and a font has one distance field, shared by all its images.
    pairs = zip(factors["character"], factors["font"], strict=True)
    kinds, which = np.unique([f"{c} {f}" for c, f in pairs], return_inverse=True)
    fields = torch.stack([_field_of_kind(kind) for kind in kinds])  # (kinds, 1, 48, 48)
    columns = {name: np.asarray(factors[name], dtype=np.float32) for name in RANGES}
    numbers = {name: torch.from_numpy(column) for name, column in columns.items()}
    stroke, which = numbers.pop("stroke"), torch.from_numpy(which)
    maps = _affine_maps(**numbers)  # (n, 2, 3)
    images = torch.empty(n, 1, size, size)
    for i in range(0, n, 2000):  # in parts, to bound the memory that is needed
        part = slice(i, i + 2000)
        grid = F.affine_grid(maps[part], [len(maps[part]), 1, size, size], align_corners=False)
        looked_up = {"padding_mode": "border", "align_corners": False}
        distance = F.grid_sample(fields[which[part]], grid, **looked_up)  # (n, 1, size, size)
        images[part] = ((distance + stroke[part, None, None, None]) * size / 28 + 0.5).clamp(0, 1)
    return images


def _check_factors(factors: dict[str, np.ndarray]) -> None:
    """Check that all factors are there, and equally many numbers of each.

    Raises:
        CourseError: they are not.
    """
    missing = {"character", "font", *RANGES} - set(factors)
    if missing:
        raise CourseError(f"draw needs every factor; {', '.join(sorted(missing))} is missing.")
    lengths = {len(factors[name]) for name in ("character", "font", *RANGES)}
    if len(lengths) != 1:
        came = ", ".join(map(str, sorted(lengths)))
        raise CourseError(f"draw needs factors of equal length, not of {came}.")
    for name in RANGES:
        check_argument(f"draw: factors[{name!r}]", factors[name], reals(least=0))


def _field_of_kind(kind: str) -> Tensor:
    """Return the distance field (1, 48, 48) of a character and a font, "A DejaVuSans" for example.

    Raises:
        CourseError: one of them is unknown.
    """
    character, _, font = kind.partition(" ")
    _check_characters(character if len(character) == 1 else "")
    if font not in FONTS:
        raise CourseError(f"There is no font {font!r}; glyphs.FONTS lists them.")
    return _distance_field(font, character)


def _check_characters(characters: str) -> None:
    """Check that a text holds ASCII letters and digits alone, and at least one.

    Raises:
        CourseError: it does not.
    """
    if not isinstance(characters, str) or not (characters.isascii() and characters.isalnum()):
        raise CourseError(
            "characters must be ASCII letters and digits, such as '0123456789', not "
            f"{characters!r}."
        )


def _affine_maps(rotation: Tensor, scale: Tensor, shear: Tensor) -> Tensor:
    """Return the maps from output to input coordinates: factors (N,) -> (N, 2, 3)."""
    angle = torch.deg2rad(rotation)
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    zero = torch.zeros_like(cos)
    row1 = torch.stack([cos + shear * sin, shear * cos - sin, zero], dim=1)
    row2 = torch.stack([sin, cos, zero], dim=1)
    return torch.stack([row1, row2], dim=1)


@cache
def _distance_field(font: str, character: str) -> Tensor:
    """Return the signed distances (1, 48, 48) of pixels from the outline of a character.

    They are positive inside, in pixels of an image 28 wide, and at most 4 in size.
    """
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    drawn = Image.new("L", (_DRAWN, _DRAWN))
    face = ImageFont.truetype(str(folder / f"{font}.ttf"), 80)
    wide = face.getbbox(character)[2] - face.getbbox(character)[0]
    if wide > 64:  # a wide letter would not fit into the picture when rotated
        face = face.font_variant(size=80 * 64 // wide)
    left, top, right, bottom = face.getbbox(character)
    at = ((_DRAWN - left - right) / 2, (_DRAWN - top - bottom) / 2)
    ImageDraw.Draw(drawn).text(at, character, fill=255, font=face)
    inside = np.asarray(drawn) > 127
    distance = (distance_transform_edt(inside) - distance_transform_edt(~inside)) * 28 / _DRAWN
    field = torch.from_numpy(distance.clip(-_REACH, _REACH).astype(np.float32))[None, None]
    return F.interpolate(field, size=(_FIELD, _FIELD), mode="area")[0]
