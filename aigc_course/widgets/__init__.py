"""Interactive demonstrations for the lessons.

Each answers at once, can be used with the keyboard, and has a static figure beside it in its
lesson.
"""

from aigc_course.widgets.drawings import drawing_player
from aigc_course.widgets.images import (
    Plane,
    plane_player,
    restoration_player,
    training_player,
)
from aigc_course.widgets.learning import boundary_player, descent_player, optimizer_player
from aigc_course.widgets.text import (
    attention_player,
    encoding_player,
    feedback_player,
    generator_player,
    image_player,
    neighbour_player,
    path_player,
    sentence_player,
    similarity_player,
    tag_player,
    text_player,
    token_player,
    translation_player,
    tree_player,
)

__all__ = [
    "Plane",
    "attention_player",
    "boundary_player",
    "descent_player",
    "drawing_player",
    "encoding_player",
    "feedback_player",
    "generator_player",
    "image_player",
    "neighbour_player",
    "optimizer_player",
    "path_player",
    "plane_player",
    "restoration_player",
    "sentence_player",
    "similarity_player",
    "tag_player",
    "text_player",
    "token_player",
    "training_player",
    "translation_player",
    "tree_player",
]
