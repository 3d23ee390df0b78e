"""Measures of generated images: known cases, closed forms, and that they notice what they are
for."""

import math

import numpy as np
import pytest
import torch

from aigc_course import pretrained
from aigc_course.core.errors import CourseError
from aigc_course.data.images import glyphs
from aigc_course.evaluation import image_metrics
from aigc_course.models.images import classifier


@pytest.fixture(scope="module")
def judge():
    return pretrained.load_image_model("glyphs-judge")


@pytest.fixture(scope="module")
def real():
    return glyphs.sample(1000, seed=31)


def test_the_judge_is_right_and_sure_of_real_digits(judge, real):
    assert classifier.accuracy(judge, real.images, torch.from_numpy(real.factors["label"])) >= 0.995
    assert image_metrics.confident_share(judge, real.images) >= 0.99
    noise = torch.rand(300, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    assert (
        image_metrics.class_entropy(judge, noise) < 0.9
    )  # it names noise, too, but not all kinds alike


def test_entropy_and_coverage_notice_a_collapse(judge, real):
    assert image_metrics.class_entropy(judge, real.images) > 0.99
    label = torch.from_numpy(real.factors["label"])
    assert image_metrics.class_entropy(judge, real.images[label == 3]) == 0
    two = image_metrics.class_entropy(
        judge, torch.cat([real.images[label == 3][:50], real.images[label == 5][:50]])
    )
    assert two == pytest.approx(math.log(2) / math.log(10), abs=0.01)
    assert image_metrics.classes_covered(judge, real.images, real.images) == 10
    assert image_metrics.classes_covered(judge, real.images[label < 4], real.images) == 4


def test_all_fonts_are_seen_in_real_digits_and_few_in_few_fonts(real):
    fonts = pretrained.load_image_model("glyphs-fonts")
    assert (
        image_metrics.classes_covered(fonts, glyphs.sample(1000, seed=32).images, real.images) == 21
    )
    some = np.isin(real.factors["font"], ["cmr10", "cmtt10", "DejaVuSans"])
    assert (
        image_metrics.classes_covered(fonts, real.images[torch.from_numpy(some)], real.images) <= 9
    )


def test_precision_and_recall_of_squares():
    """Generated points fill half of the real square: all are real, half of the real ones are
    reached - and the other way round.
    """
    g = torch.Generator().manual_seed(0)
    square, half = (
        torch.rand(800, 2, generator=g),
        torch.rand(800, 2, generator=g) * torch.tensor([0.5, 1.0]),
    )
    precision, recall = image_metrics.precision_recall(half, square)
    assert precision > 0.95 and recall == pytest.approx(0.5, abs=0.06)
    assert image_metrics.precision_recall(square, half)[0] == pytest.approx(0.5, abs=0.06)
    assert image_metrics.precision_recall(square + 5, square) == (0, 0)
    with pytest.raises(CourseError, match="more than 3"):
        image_metrics.precision_recall(square[:3], half)


def test_coverage_is_not_fooled_by_points_that_lie_far_apart():
    g = torch.Generator().manual_seed(0)
    real = torch.rand(500, 8, generator=g)
    scattered = 0.5 + 4 * (torch.rand(500, 8, generator=g) - 0.5)
    precision, recall = image_metrics.precision_recall(scattered, real)
    assert precision < 0.1 and recall > 0.6 and image_metrics.coverage(scattered, real) < 0.25
    assert (
        image_metrics.coverage(real, real) == 1
        and image_metrics.coverage(torch.rand(500, 8, generator=g), real) > 0.8
    )
    with pytest.raises(CourseError, match="more than 3"):
        image_metrics.coverage(real, real[:3])


def test_frechet_distance_of_gaussians_has_a_closed_form():
    g = torch.Generator().manual_seed(0)
    a, b = (
        torch.randn(20_000, 3, generator=g),
        torch.randn(20_000, 3, generator=g) * torch.tensor([1.0, 2.0, 3.0])
        + torch.tensor([1.0, 0.0, 2.0]),
    )
    assert image_metrics.frechet_distance(a, b) == pytest.approx(
        1 + 4 + (2 - 1) ** 2 + (3 - 1) ** 2, rel=0.03
    )
    assert image_metrics.frechet_distance(a, a) == pytest.approx(0, abs=1e-6)
    with pytest.raises(CourseError):
        image_metrics.frechet_distance(a[:1], b)


def test_nearest_finds_copies(real):
    known = real.images[:200]
    distance, which = image_metrics.nearest(known[50:60], known)
    assert distance.max() == 0 and which.tolist() == list(range(50, 60))
    assert image_metrics.nearest(real.images[500:600], known)[0].min() > 0.1


def test_psnr_and_greyness():
    truth = torch.zeros(2, 1, 4, 4)
    assert image_metrics.psnr(truth + 0.1, truth).tolist() == pytest.approx([20.0, 20.0])
    assert image_metrics.psnr(truth, truth).tolist() == [math.inf, math.inf]
    assert image_metrics.greyness(truth) == 0 and image_metrics.greyness(truth + 0.5) == 1
    with pytest.raises(CourseError, match="one shape"):
        image_metrics.psnr(truth, truth[:1])


def test_factors_found_by_a_code_that_holds_them():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3000))
    codes = torch.tensor(np.stack([rng.normal(size=3000), 2 * a, a + b], 1))
    assert (
        image_metrics.factors_found(codes * torch.tensor([0.0, 1, 1]), {"a": a})[0][0, 0] == 0
    )  # a collapsed latent
    with pytest.raises(CourseError, match="one number for each"):
        image_metrics.factors_found(codes, {"a": a[:5]})
    strength, explained = image_metrics.factors_found(
        codes, {"a": a, "b": b, "c": rng.normal(size=3000)}
    )
    assert (
        strength.shape == (3, 3)
        and strength[0].argmax() == 1
        and strength[0, 1] == pytest.approx(1)
    )
    assert (
        strength[1, 2] == pytest.approx(0.71, abs=0.03)
        and explained[:2] == pytest.approx([1, 1])
        and explained[2] < 0.02
    )


def test_compared_gives_a_row_for_each_set(judge, real):
    rows = image_metrics.compare_sets(
        judge, {"same": real.images[:300], "three": real.images[:300] * 0.0}, real.images[300:600]
    )
    assert [row["pictures"] for row in rows] == ["same", "three"] and rows[0][
        "precision"
    ] > 0.8 > rows[1]["recall"]


def test_measures_of_few_pictures_come_with_a_warning(judge, real, capsys):
    few, many = real.images[:40], real.images[100:200]
    image_metrics.compare_sets(judge, {"many": many}, many)
    image_metrics.warn_if_few(100)
    assert not capsys.readouterr().out
    for sets, known in (({"few": few, "many": many}, many), ({"many": many}, few)):
        image_metrics.compare_sets(judge, sets, known)
        said = capsys.readouterr().out
        assert (
            said.count("\n") == 1 and "only 40 pictures" in said and "0.15" in said
        )  # 0.98 / 40**.5
