"""The judge of a set of pictures: one that ships for glyph digits, one trained here for others."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from aigc_course import pretrained, training
from aigc_course.core.arguments import checked, instance, string, whole
from aigc_course.core.errors import CourseError
from aigc_course.data.images.image_sets import Pictures
from aigc_course.models.images.classifier import Classifier, ClassifierConfig


@checked(name=string(), pictures=instance(Pictures), steps=whole(1))
def judge_of(name: str, pictures: Pictures, steps: int = 700) -> Classifier:
    """Return a `Classifier` of the pictures of a set, trained here unless one ships.

    Args:
        name: of the set, as `image_sets.choose` takes it.
        pictures: to train on when none ships.
        steps: of that training, with batches of 128 pictures, or all if there are fewer.

    Raises:
        CourseError: there is only one class, or the training was stopped.
    """
    if name == "glyphs":
        return pretrained.load_image_model("glyphs-judge")
    if len(pictures.names) < 2:
        raise CourseError(
            f"The pictures of {name!r} are all of one class, and a judge needs at least "
            "two: sort them into subfolders, one a class."
        )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Classifier(
            ClassifierConfig(n_classes=len(pictures.names), size=pictures.images.shape[-1])
        )
    loader = training.batches(
        pictures.images, pictures.labels, batch_size=min(128, len(pictures.images)), seed=0
    )
    options = training.Options(schedule="cosine", show=False)
    history = training.fit(
        model,
        loader,
        lambda net, batch: F.cross_entropy(net(batch[0]), batch[1]),
        steps,
        3e-3,
        options,
    )
    if history.interrupted:
        raise CourseError("The judge was stopped before it had learned; run the cell again.")
    return model.cpu().eval()
