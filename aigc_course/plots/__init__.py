"""Figures in one look: `plots.curves(...)`, `plots.image_grid(...)`, `plots.tree(...)` and so on."""

from aigc_course.plots.figures import (
    bars,
    curves,
    frontier,
    grouped_bars,
    heatmap,
    histogram,
    picture,
    scatter,
    tradeoff,
)
from aigc_course.plots.images import (
    SIGNED,
    clouds,
    densities,
    display_images,
    image_grid,
    latent_map,
    plane,
    signed,
)
from aigc_course.plots.style import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PINK,
    RED,
    SKY,
    STYLE,
    YELLOW,
    show,
    truth_line,
)
from aigc_course.plots.table import Table
from aigc_course.plots.text import (
    alignment,
    attended,
    attention_row,
    judged,
    token_boxes,
    tree,
    word_map,
)

__all__ = ["BLACK", "BLUE", "GREEN", "ORANGE", "PINK", "RED", "SIGNED", "SKY", "STYLE", "Table", "YELLOW", "alignment", "attended", "attention_row", "bars", "clouds", "curves", "densities", "display_images", "frontier", "grouped_bars", "heatmap", "histogram", "image_grid", "judged", "latent_map", "picture", "plane", "scatter", "show", "signed", "token_boxes", "tradeoff", "tree", "truth_line", "word_map"]
