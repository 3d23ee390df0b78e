"""Measures for generated images, by a judge (a `Classifier`) and against real ones.

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

SURE = 0.9  # of real held-out glyphs the judge is so sure of more than 99 in 100
FEW = 100  # pictures below which a measure says little


@checked(judge=_JUDGE, images=_IMAGES)
def features_of(judge: Classifier, images: torch.Tensor) -> torch.Tensor:
    """What the judge describes images (N, 1, H, W) by: (N, F)."""
    return apply_in_batches(judge.features, images, judge)


@checked(judge=_JUDGE, images=_IMAGES)
def confident_share(judge: Classifier, images: torch.Tensor) -> float:
    """Share in [0, 1] of the images that the judge names with a probability of at least 0.9.

    What a judge is sure of need not be good: it was never shown a bad image.
    """
    return (probabilities(judge, images).amax(1) >= SURE).float().mean().item()


@checked(judge=_JUDGE, images=_IMAGES)
def class_entropy(judge: Classifier, images: torch.Tensor) -> float:
    """Entropy of the names that the judge gives, over the largest possible: 1 when all come alike,
    0 when there is one only.
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
    """Mean of 4 x (1 - x) over all pixels: 0 when all are black or white, 1 when all are middle
    grey; soft pictures have more.
    """
    return (4 * images * (1 - images)).mean().item()


@checked(judge=_JUDGE, images=_IMAGES, real=_IMAGES, least=real(0, 1))
def classes_covered(
    judge: Classifier, images: torch.Tensor, real: torch.Tensor, least: float = 0.1
) -> int:
    """How many classes come at least `least` times as often among the images as among real ones,
    all named by the judge.

    With fonts for classes: how many of the fonts a generator draws.
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
    """How many generated images lie among real ones, and how many real ones among the generated.

    "Among" means: no farther from one of them than that one's k-th neighbour of its own kind.

    Args:
        generated: (N, F) features.
        real: (M, F) features.
        k: neighbours.

    Returns:
        (precision, recall), both in [0, 1]; they depend on N and M: compare only with equal
        numbers.

    Source: Kynkäänniemi et al. (2019), "Improved precision and recall metric for assessing
    generative models", equation 1.

    Raises:
        CourseError: there are fewer than k + 1 of either.
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
    """Share in [0, 1] of real images that have a generated one no farther away than their k-th real
    neighbour.

    Unlike recall it measures reach by the real images alone: badly generated ones lie far
    apart, reach far, and have a high recall.

    Args:
        generated: (N, F) features.
        real: (M, F) features.
        k: neighbours.

    Source: Naeem et al. (2020), "Reliable fidelity and diversity metrics for generative models",
    section 3.

    Raises:
        CourseError: there are no generated images, or no more than k real ones.
    """
    if len(real) <= k or generated.shape[1:] != real.shape[1:]:
        shapes = f"{tuple(generated.shape)} and {tuple(real.shape)}"
        raise CourseError(
            "coverage: generated and real must be equally wide, and real have more than "
            f"{k} rows; got {shapes}."
        )
    return (_distances(real, generated).amin(1) <= _radius(real, k)).float().mean().item()


def _radius(points: torch.Tensor, k: int) -> torch.Tensor:
    """(N, F) -> (N,) distance of each point to its k-th neighbour."""
    return _distances(points, points).kthvalue(k + 1, 1).values  # the nearest is the point itself


def _among(points: torch.Tensor, others: torch.Tensor, k: int) -> float:
    return (_distances(points, others) <= _radius(others, k)).any(1).float().mean().item()


def _distances(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """(N, F), (M, F) -> (N, M), computed by differences: torch's shortcut by a matrix product gives
    equal points a distance above 0.
    """
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")


@checked(a=_FEATURES, b=_FEATURES)
def frechet_distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """Squared Fréchet distance (as "FID" is, too) of two Gaussians with the means and covariances
    of two sets of features (N, F), (M, F).

        |m_a - m_b|^2 + trace(S_a + S_b - 2 (S_a S_b)^(1/2))

    "FID" is this in the features of one certain network (Inception); in a small judge's features it
    has another scale, cannot be compared with published values, and is blind to what the judge
    ignores: it ranks speckled but readable digits behind smooth malformed ones.

    Source: Heusel et al. (2017), "GANs trained by a two time-scale update rule", equation 6.

    Raises:
        CourseError: there are fewer than two rows of either.
    """
    if min(len(a), len(b)) < 2 or a.shape[1:] != b.shape[1:]:
        raise CourseError(
            "frechet_distance: a and b need at least two rows each, equally wide; got "
            f"{tuple(a.shape)} and {tuple(b.shape)}."
        )
    a, b = a.double().numpy(), b.double().numpy()
    (mean_a, cov_a), (mean_b, cov_b) = ((x.mean(0), np.cov(x, rowvar=False)) for x in (a, b))
    root = _root(cov_a)
    cross = np.linalg.eigvalsh(root @ cov_b @ root).clip(
        0
    )  # the eigenvalues of S_a S_b, by a symmetric matrix
    return float(
        np.square(mean_a - mean_b).sum()
        + np.trace(cov_a)
        + np.trace(cov_b)
        - 2 * np.sqrt(cross).sum()
    )


def _root(matrix: np.ndarray) -> np.ndarray:
    """The symmetric square root of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T


@checked(images=tensor("N ..."), known=tensor("N ..."))
def nearest(images: torch.Tensor, known: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """For each image (N, ...) its nearest among known ones (M, ...), pixel by pixel: (distances
    (N,), indices (N,)).

    The copying test: generated images whose nearest training image is much nearer than that of
    fresh real ones are copies.
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
    """Peak signal-to-noise ratio of each image (N, ...) in [0, 1], in decibels: 10 log10(1 / mean
    squared error), infinite when equal.
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
    """Return one row of measures for each set of images (N, 1, H, W), against real ones
    (M, 1, H, W): for `plots.Table`. Sets of fewer than 100 get a line of warning.
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
    """Print a line when fewer than 100 pictures are measured, with how far chance alone moves a
    share of them: half a 95 % interval, at most 1.96 sqrt(1/4 / n).
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
    """Which number of a code learned which factor, and how much of it all numbers tell together.

    Args:
        codes: (N, Z).
        factors: F names -> (N,) numbers.

    Returns:
        absolute correlations (F, Z), and the share of each factor's variance that a linear function
        of the code explains (F,).
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
    )  # 0 for a number that never changes
    design = np.column_stack([codes, np.ones(len(codes))])
    left = values.T - design @ np.linalg.lstsq(design, values.T, rcond=None)[0]
    return strength, 1 - left.var(0) / values.var(1)
