"""Sets of pictures: verified whenever they are loaded, never over plain http, a clear way out
offline; a folder of one's own."""

import time

import numpy as np
import pytest
import torch

from aigc_course.core.errors import CourseError
from aigc_course.data.images import glyphs


def test_drawing_from_factors_gives_the_same_images():
    made = glyphs.sample(40, seed=3)
    assert torch.equal(glyphs.draw(made.factors), made.images)
    wider = glyphs.draw(made.factors | {"stroke": made.factors["stroke"] + 0.3})
    assert (wider >= made.images).all() and wider.sum() > made.images.sum()
    with pytest.raises(CourseError, match="stroke is missing"):
        glyphs.draw({k: v for k, v in made.factors.items() if k != "stroke"})
    for wrong in ({"stroke": np.ones(3)}, {"character": np.array(["AB"] * 40)}):
        with pytest.raises(CourseError, match=r"equal length|characters must be"):
            glyphs.draw(made.factors | wrong)
    with pytest.raises(CourseError, match="no font"):
        glyphs.draw(made.factors | {"font": np.array(["Comic"] * 40)})
    assert glyphs.draw({k: v[:0] for k, v in made.factors.items()}).shape == (0, 1, 28, 28)


def test_glyphs_shape_range_and_factors():
    made = glyphs.sample(500, seed=1)
    assert made.images.shape == (500, 1, 28, 28) and made.images.dtype == torch.float32
    assert made.images.min() == 0 and made.images.max() == 1
    assert set(made.factors) == {
        "character",
        "label",
        "font",
        "rotation",
        "scale",
        "shear",
        "stroke",
    }
    for name, (low, high) in glyphs.RANGES.items():
        assert low <= made.factors[name].min() and made.factors[name].max() <= high
    assert set(made.factors["character"]) == set("0123456789") and set(made.factors["font"]) == set(
        glyphs.FONTS
    )
    assert all(
        "0123456789"[label] == c
        for label, c in zip(made.factors["label"], made.factors["character"], strict=True)
    )


def test_glyphs_are_deterministic_and_seeds_differ():
    a, b, c = (glyphs.sample(50, seed=s).images for s in (3, 3, 4))
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_glyphs_do_not_touch_the_border():
    characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    images = glyphs.sample(4000, seed=2, characters=characters).images
    edge = torch.cat(
        [images[..., 0, :], images[..., -1, :], images[..., :, 0], images[..., :, -1]], dim=-1
    )
    assert (edge.amax(dim=(1, 2)) > 0.5).float().mean() < 0.01


def test_every_glyph_has_a_drawing_of_its_own():
    """A font without a character would draw the same box for all of them."""
    for font in glyphs.FONTS:
        fields = torch.stack(
            [glyphs._distance_field(font, c) for c in "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"]
        )
        assert len(torch.unique(fields.flatten(1), dim=0)) == len(fields), font


def test_stroke_thickens_and_rotation_turns():
    made = glyphs.sample(3000, seed=5, characters="1")
    ink = made.images.mean(dim=(1, 2, 3)).numpy()
    assert np.corrcoef(ink, made.factors["stroke"])[0, 1] > 0.2
    grid = torch.linspace(-1, 1, 28)
    mass = made.images[:, 0].sum(dim=(1, 2))
    x, y = grid[None, None, :], grid[None, :, None]
    slant = ((made.images[:, 0] * x * y).sum(dim=(1, 2)) / mass).numpy()
    assert abs(np.corrcoef(slant, made.factors["rotation"])[0, 1]) > 0.4


def test_sixty_thousand_glyphs_take_under_15_cpu_seconds():
    start = time.process_time()
    glyphs.sample(60_000, seed=1)
    assert time.process_time() - start < 15


@pytest.mark.parametrize(
    "arguments",
    [
        {"n": -1},
        {"n": 1, "size": 4},
        {"n": 1, "characters": ""},
        {"n": 1, "characters": "ä"},
        {"n": 1, "characters": 7},
    ],
)
def test_glyphs_bad_arguments(arguments):
    with pytest.raises(CourseError):
        glyphs.sample(**{"seed": 0, **arguments})


def test_glyphs_none_and_other_sizes():
    assert glyphs.sample(0, seed=0).images.shape == (0, 1, 28, 28)
    assert glyphs.sample(3, seed=0, size=40).images.shape == (3, 1, 40, 40)
