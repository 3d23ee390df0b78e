"""Measures of generated images, by a judge (a `Classifier`) and against real images.

Shapes: N images, F features. Images are (N, 1, H, W) in [0, 1]; features come from `features_of`.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from aigc_course.core.arguments import (
    checked,
    describe,
    instance,
    real,
    reals,
    tensor,
    whole,
)
from aigc_course.core.errors import CourseError
from aigc_course.models.base import apply_in_batches
from aigc_course.models.images.classifier import Classifier, probabilities

_JUDGE, _IMAGES, _FEATURES = (
    instance(Classifier),
    tensor("N 1 H W", low=-0.01, high=1.01),
    tensor("N F"),
)

SURE = 0.9  # the judge gives more than 99 of 100 held-out real glyphs at least this probability
FEW = 100  # with fewer pictures a measure says little


@checked(judge=_JUDGE, images=_IMAGES)
def features_of(judge: Classifier, images: torch.Tensor) -> torch.Tensor:
    """Return the features by which a judge describes images: (N, 1, H, W) -> (N, F)."""
    return apply_in_batches(judge.features, images, judge)


@checked(judge=_JUDGE, images=_IMAGES)
def confident_share(judge: Classifier, images: torch.Tensor) -> float:
    """Return the share in [0, 1] of images with a class of probability 0.9 or more.

    The probabilities are the judge's. An image of which it is sure need not be good: the judge was
    never shown a bad one.

    Args:
        judge: the classifier.
        images: (N, 1, H, W) in [0, 1].
    """
    return (probabilities(judge, images).amax(1) >= SURE).float().mean().item()


@checked(judge=_JUDGE, images=_IMAGES)
def class_entropy(judge: Classifier, images: torch.Tensor) -> float:
    """Return the entropy of the classes that a judge finds, over the largest possible entropy.

    Args:
        judge: the classifier.
        images: (N, 1, H, W) in [0, 1].

    Returns:
        1 when all classes are equally frequent, 0 when there is only one.

    Raises:
        CourseError: the judge knows fewer than two classes.
    """
    if judge.config.n_classes < 2:
        raise CourseError("class_entropy: judge must know at least two classes.")
    counts = torch.bincount(
        probabilities(judge, images).argmax(1), minlength=judge.config.n_classes
    ).double()
    p = counts[counts > 0] / counts.sum()
    return float(-(p * p.log()).sum() / math.log(judge.config.n_classes)) + 0.0  # no -0.0


@checked(images=_IMAGES)
def greyness(images: torch.Tensor) -> float:
    """Return the mean of 4 x (1 - x) over all pixels x of images (N, 1, H, W).

    It is 0 when all pixels are black or white and 1 when all are middle grey; blurred images have
    more of it than sharp ones.
    """
    return (4 * images * (1 - images)).mean().item()


@checked(judge=_JUDGE, images=_IMAGES, real=_IMAGES, least=real(0, 1))
def classes_covered(
    judge: Classifier, images: torch.Tensor, real: torch.Tensor, least: float = 0.1
) -> int:
    """Return how many classes the images cover, by the classes that a judge finds.

    A class counts as covered when its share among the images is at least `least` times its share
    among real ones. With fonts for classes, this tells how many fonts a generator covers.

    Args:
        judge: the classifier.
        images: (N, 1, H, W) in [0, 1].
        real: (M, 1, H, W) in [0, 1].
        least: part of the share among real images, in [0, 1].
    """
    shares = [
        torch.bincount(probabilities(judge, some).argmax(1), minlength=judge.config.n_classes)
        / len(some)
        for some in (images, real)
    ]
    return int(((shares[0] >= least * shares[1]) & (shares[1] > 0)).sum())


@checked(generated=_FEATURES, real=_FEATURES, k=whole(1))
def precision_recall(
    generated: torch.Tensor, real: torch.Tensor, k: int = 3
) -> tuple[float, float]:
    """Return the share of generated images among real ones, and of real ones among generated ones.

    "Among" means: no farther from one of them than that one's k-th neighbour of its own kind.

    Args:
        generated: (N, F) features.
        real: (M, F) features.
        k: which neighbour.

    Returns:
        (precision, recall), both in [0, 1]. They depend on N and M: compare only with equal
        numbers.

    Source: Kynkäänniemi et al. (2019), "Improved precision and recall metric for assessing
    generative models", equation 1.

    Raises:
        CourseError: there are fewer than k + 1 of either, or their features differ in number.
    """
    if min(len(generated), len(real)) <= k or generated.shape[1:] != real.shape[1:]:
        shapes = f"{tuple(generated.shape)} and {tuple(real.shape)}"
        raise CourseError(
            f"precision_recall: generated and real need more than {k} rows each, equally "
            f"wide; got {shapes}."
        )
    return _among(generated, real, k), _among(real, generated, k)


@checked(generated=_FEATURES, real=_FEATURES, k=whole(1))
def coverage(generated: torch.Tensor, real: torch.Tensor, k: int = 3) -> float:
    """Return the share in [0, 1] of real images with a generated one near them.

    "Near" means: no farther away than the real image's k-th real neighbour. Unlike recall, this
    measures distances by the real images alone; badly generated images lie far from each other, so
    that for recall many real ones are among them.

    Args:
        generated: (N, F) features.
        real: (M, F) features.
        k: which neighbour.

    Source: Naeem et al. (2020), "Reliable fidelity and diversity metrics for generative models",
    section 3.

    Raises:
        CourseError: there are no generated images, or no more than k real ones, or their features
            differ in number.
    """
    if len(real) <= k or generated.shape[1:] != real.shape[1:]:
        shapes = f"{tuple(generated.shape)} and {tuple(real.shape)}"
        raise CourseError(
            "coverage: generated and real must be equally wide, and real have more than "
            f"{k} rows; got {shapes}."
        )
    return (_distances(real, generated).amin(1) <= _radius(real, k)).float().mean().item()


def _radius(points: torch.Tensor, k: int) -> torch.Tensor:
    """Return the distance of each point to its k-th neighbour: (N, F) -> (N,)."""
    return _distances(points, points).kthvalue(k + 1, 1).values  # the nearest is the point itself


def _among(points: torch.Tensor, others: torch.Tensor, k: int) -> float:
    """Return the share in [0, 1] of points that lie among others, as in `precision_recall`.

    Args:
        points: (N, F).
        others: (M, F).
        k: which neighbour.
    """
    return (_distances(points, others) <= _radius(others, k)).any(1).float().mean().item()


def _distances(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the distances between all pairs of points: (N, F), (M, F) -> (N, M).

    They are computed from differences: torch's faster way, by a matrix product, gives equal points
    a distance above 0.
    """
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")


@checked(a=_FEATURES, b=_FEATURES)
def frechet_distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """Return the squared Fréchet distance of Gaussians fitted to two sets of features.

        |m_a - m_b|^2 + trace(S_a + S_b - 2 (S_a S_b)^(1/2))

    Here m are means and S covariances of features (N, F), (M, F). "FID" is this squared distance in
    the features of one certain network (Inception). In the features of a small judge it has another
    scale, cannot be compared with published values, and ignores what the judge ignores: it prefers
    smooth malformed digits to speckled but readable ones.

    Source: Heusel et al. (2017), "GANs trained by a two time-scale update rule", equation 6.

    Raises:
        CourseError: there are fewer than two rows of either, or they differ in width.
    """
    if min(len(a), len(b)) < 2 or a.shape[1:] != b.shape[1:]:
        raise CourseError(
            "frechet_distance: a and b need at least two rows each, equally wide; got "
            f"{tuple(a.shape)} and {tuple(b.shape)}."
        )
    a, b = a.double().numpy(), b.double().numpy()
    (mean_a, cov_a), (mean_b, cov_b) = ((x.mean(0), np.cov(x, rowvar=False)) for x in (a, b))
    root = _root(cov_a)
    # A symmetric matrix with the eigenvalues of S_a S_b.
    cross = np.linalg.eigvalsh(root @ cov_b @ root).clip(0)
    return float(
        np.square(mean_a - mean_b).sum()
        + np.trace(cov_a)
        + np.trace(cov_b)
        - 2 * np.sqrt(cross).sum()
    )


def _root(matrix: np.ndarray) -> np.ndarray:
    """Return the symmetric root (F, F) of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T


@checked(images=tensor("N ..."), known=tensor("N ..."))
def nearest(images: torch.Tensor, known: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the distance to the nearest known image, pixel by pixel, and which one it is.

    This is the test for copying: generated images whose nearest training image is much nearer than
    that of new real images are copies.

    Args:
        images: (N, ...).
        known: (M, ...).

    Returns:
        (distances (N,), indices into `known` (N,)).

    Raises:
        CourseError: the images of the two differ in shape.
    """
    if images.shape[1:] != known.shape[1:]:
        raise CourseError(
            f"nearest: images and known must be of one shape; got {tuple(images.shape)} "
            f"and {tuple(known.shape)}."
        )
    which = torch.cat(
        [torch.cdist(part.flatten(1), known.flatten(1)).argmin(1) for part in images.split(500)]
    )
    return (images - known[which]).flatten(1).norm(dim=1), which


@checked(images=tensor("N ..."), truth=tensor("N ..."))
def psnr(images: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the peak signal-to-noise ratio of each image, in decibels.

        10 log10(1 / mean squared error)

    Args:
        images: (N, ...) in [0, 1].
        truth: same shape, in [0, 1].

    Returns:
        (N,), infinite where the two are equal.

    Raises:
        CourseError: they differ in shape.
    """
    if images.shape != truth.shape:
        raise CourseError(
            f"psnr: images and truth must be of one shape; got {tuple(images.shape)} and "
            f"{tuple(truth.shape)}."
        )
    return -10 * (images - truth).square().flatten(1).mean(1).log10()


@checked(judge=_JUDGE, sets=instance(dict), real=_IMAGES)
def compare_sets(
    judge: Classifier, sets: dict[str, torch.Tensor], real: torch.Tensor
) -> list[dict]:
    """Return one row of measures for each set of images, for `plots.Table`.

    A line of warning is printed when a set, or the real images, are fewer than 100.

    Args:
        judge: the classifier.
        sets: name -> images (N, 1, H, W) in [0, 1].
        real: real images (M, 1, H, W) in [0, 1] to compare with.
    """
    warn_if_few(min(len(images) for images in [real, *sets.values()]))
    truth, rows = features_of(judge, real), []
    for name, images in sets.items():
        features = features_of(judge, images)
        precision, recall = precision_recall(features, truth)
        rows.append(
            {
                "pictures": name,
                "judge is sure": confident_share(judge, images),
                "class entropy": class_entropy(judge, images),
                "precision": precision,
                "recall": recall,
                "coverage": coverage(features, truth),
            }
        )
    return rows


@checked(n=whole(1))
def warn_if_few(n: int) -> None:
    """Print a warning when fewer than 100 pictures are measured.

    It tells how far a share of them may be off by chance alone: half a 95 % interval, at most 1.96
    sqrt(1/4 / n).
    """
    if n < FEW:
        print(
            f"Careful: only {n} pictures are measured, so a share may be {0.98 / math.sqrt(n):.2f} "
            f"too high or too low by chance alone; with {FEW} it would be {0.98 / FEW**0.5:.2f}."
        )


@checked(codes=tensor("N Z", least=2), factors=instance(dict))
def factors_found(
    codes: torch.Tensor, factors: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return how much each number of a code, and all together, tell about known factors.

    Args:
        codes: (N, Z).
        factors: F names -> (N,) numbers.

    Returns:
        Absolute correlations (F, Z), and the share of each factor's variance that a linear function
        of the code explains (F,).

    Raises:
        CourseError: there are no factors, or one has the wrong length or does not vary.
    """
    if not factors or any(len(values) != len(codes) for values in factors.values()):
        raise CourseError(
            f"factors_found needs factors with one number for each of the {len(codes)} codes."
        )
    for name, column in factors.items():
        if (expected := reals()(column)) or np.ptp(np.asarray(column)) == 0:
            raise CourseError(
                f"factors_found: factors[{name!r}] must be "
                f"{expected or 'numbers that are not all alike'}, not {describe(column)}."
            )
    codes, values = (
        codes.detach().cpu().double().numpy(),
        np.array(list(factors.values()), dtype=np.float64),
    )
    centred, others = codes - codes.mean(0), values - values.mean(1, keepdims=True)
    spread = np.sqrt(np.square(others).sum(1)[:, None] * np.square(centred).sum(0))
    strength = np.abs(
        np.divide(others @ centred, spread, out=np.zeros(spread.shape), where=spread > 0)
    )  # (F, Z), 0 for a number that never changes
    design = np.column_stack([codes, np.ones(len(codes))])
    left = values.T - design @ np.linalg.lstsq(design, values.T, rcond=None)[0]
    return strength, 1 - left.var(0) / values.var(1)
