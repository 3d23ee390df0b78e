"""Tagger, parser and vectors against brute force, closed forms and the world's truth."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from aigc_course.core.errors import CourseError
from aigc_course.models.text import word_vectors
from aigc_course.models.text.tagger import Tagger


def test_cooccurrence_by_hand():
    counts = word_vectors.cooccurrence([[0, 1, 2, 1], [2]], 3, 2)
    assert counts.tolist() == [[0, 1, 1], [1, 2, 2], [1, 2, 0]]


@given(st.integers(0, 1000))
def test_ppmi(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.random(4) + 0.1, rng.random(5) + 0.1
    assert word_vectors.ppmi(np.outer(a, b)) == pytest.approx(
        0, abs=1e-9
    )  # independent: no information
    assert (word_vectors.ppmi(rng.integers(0, 4, (4, 4)) + np.eye(4)) >= 0).all()
    assert word_vectors.ppmi(np.eye(4)) == pytest.approx(2 * np.eye(4))  # one of four: 2 bits


def test_svd_vectors_keep_the_most():
    rng = np.random.default_rng(0)
    half = rng.normal(size=(6, 2))
    matrix = half @ half.T
    v = word_vectors.svd_vectors(matrix, 2)
    assert v.shape == (6, 2) and v @ v.T == pytest.approx(
        matrix
    )  # symmetric and positive: exactly kept
    assert word_vectors.svd_vectors(matrix, 2) == pytest.approx(v)


def test_nearest_and_purity():
    points = np.array([[1, 0], [2, 0.1], [0, 1], [0.1, 3], [1, 1]])
    assert word_vectors.nearest(points, 0, 2) == [1, 4] and word_vectors.nearest(points, 2, 1) == [
        3
    ]
    assert (
        word_vectors.purity(points, [[0, 1], [2, 3]], 1) == 1
        and word_vectors.purity(points, [[0, 2], [1, 3]], 1) == 0
    )


def test_window_pairs_count_what_cooccurrence_counts():
    texts = [[0, 1, 2, 3, 1], [2, 2, 0], [1]]
    pairs = word_vectors.window_pairs([t for t in texts if len(t) > 1], 2)
    counts = np.zeros((4, 4))
    np.add.at(counts, tuple(pairs.T.numpy()), 1)
    assert counts == pytest.approx(word_vectors.cooccurrence(texts, 4, 2))


def test_skip_gram_scores_and_loss():
    model = word_vectors.SkipGram(5, 3)
    torch.nn.init.normal_(model.context.weight)
    centre, context, negative = (
        torch.tensor([0, 1]),
        torch.tensor([2, 3]),
        torch.tensor([[1, 2, 3], [0, 4, 4]]),
    )
    u, v = model.centre.weight, model.context.weight
    assert model(centre, context).tolist() == pytest.approx(
        [(u[0] @ v[2]).item(), (u[1] @ v[3]).item()]
    )
    assert model(centre, negative)[1, 0].item() == pytest.approx((u[1] @ v[0]).item())
    loss = word_vectors.negative_sampling_loss(torch.zeros(4), torch.zeros(4, 5))
    assert loss.item() == pytest.approx(6 * np.log(2))


def test_bad_arguments():
    with pytest.raises(CourseError):
        word_vectors.cooccurrence([[0]], 1, 0)
    with pytest.raises(CourseError):
        word_vectors.ppmi(np.zeros((2, 2)))
    for ids in ([[3]], [[-1]]):
        with pytest.raises(CourseError, match="ids must be"):
            word_vectors.cooccurrence(ids, 3, 1)
    with pytest.raises(CourseError):
        word_vectors.window_pairs([[1]], 0)
    with pytest.raises(CourseError):
        Tagger([(["a"], ["X"])], k=0)


def test_empty_texts():
    assert word_vectors.cooccurrence([[]], 3, 1).sum() == 0
    assert word_vectors.window_pairs([[], [1, 2]], 1).tolist() == [
        [1, 2],
        [2, 1],
    ] and word_vectors.window_pairs([], 1).shape == (0, 2)
