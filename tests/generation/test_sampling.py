"""Grammars, n-grams, temperature and measures against closed forms."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from aigc_course.core.errors import CourseError
from aigc_course.evaluation.statistics import entropy
from aigc_course.generation import sampling
from aigc_course.generation.sampling import apply_temperature
from aigc_course.models.text.gpt import GPT, GPTConfig
from aigc_course.models.text.rnn import RecurrentConfig, RecurrentLM


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=8), st.floats(0.05, 20))
def test_temperature_keeps_order_and_sum(weights, temperature):
    p = np.array(weights) / sum(weights)
    q = apply_temperature(p, temperature)
    assert q.sum() == pytest.approx(1) and np.argsort(q, kind="stable").tolist()[
        -1
    ] in np.flatnonzero(np.isclose(p, p.max(), rtol=1e-6))
    assert (entropy(q) <= entropy(p) + 1e-9) == (temperature <= 1) or math.isclose(
        entropy(p), entropy(q), abs_tol=1e-6
    )


def test_temperature_limits():
    p = np.array([0.2, 0.5, 0.3, 0.0])
    assert apply_temperature(p, 1).tolist() == pytest.approx(p.tolist())
    assert apply_temperature(p, 0).tolist() == [0, 1, 0, 0]
    assert apply_temperature(p, 1e-3).tolist() == pytest.approx([0, 1, 0, 0])
    assert apply_temperature(p, 1e6)[:3].tolist() == pytest.approx([1 / 3] * 3, abs=1e-5)
    for bad in (-1, math.nan, math.inf, "hot", None):
        with pytest.raises(CourseError):
            apply_temperature(p, bad)


def model_of(positions="rotary", **sizes):
    torch.manual_seed(0)
    model = GPT(
        GPTConfig(
            **({"vocab_size": 40, "context_length": 48, "d_model": 32} | sizes), positions=positions
        )
    ).eval()
    for weight in model.parameters():  # larger than at the start, so that mistakes show
        weight.data.add_(torch.randn(weight.shape) * 0.1)
    return model


@pytest.mark.parametrize(
    "model",
    [model_of(), model_of("learned"), RecurrentLM(RecurrentConfig(40, cell="lstm"))],
    ids=["rotary", "learned", "lstm"],
)
def test_generate_is_one_function_for_all(model):
    prompt = torch.randint(2, 40, (4, 3))
    rows = sampling.generate(model, prompt, 12, 0.9, seed=3, top_k=10)
    assert torch.equal(
        rows, sampling.generate(model, prompt, 12, 0.9, seed=3, top_k=10, remember=False)
    )
    assert rows.shape == (4, 15) and torch.equal(rows[:, :3], prompt)
    end = int(rows[0, 5])  # drawn with this seed: now the row ends there
    ended = sampling.generate(model, prompt, 12, 0.9, seed=3, top_k=10, end=end)
    stop = rows[0].tolist().index(end, 3)
    assert torch.equal(ended[0, : stop + 1], rows[0, : stop + 1]) and ended[
        0, stop + 1 :
    ].tolist() == [0] * (ended.shape[1] - stop - 1)


def language_model(cell="lstm", **settings):
    torch.manual_seed(0)
    return RecurrentLM(RecurrentConfig(11, 6, 9, cell, **settings))


def test_generation_is_seeded_and_follows_the_prompt():
    model, prompt = language_model(), torch.tensor([[3, 4], [5, 6]])
    one, two, other = (sampling.generate(model, prompt, 20, seed=s) for s in (0, 0, 1))
    assert (
        one.shape == (2, 22)
        and torch.equal(one[:, :2], prompt)
        and torch.equal(one, two)
        and not torch.equal(one, other)
    )
    with torch.no_grad():
        for weight in model.parameters():
            weight *= 5  # so that the most probable token differs from place to place
    prompt = torch.randint(1, 11, (20, 3))
    greedy = sampling.generate(model, prompt, 5, top_k=1)
    logits = model(greedy[:, :-1])[0]
    assert torch.equal(greedy[:, 3:], logits.argmax(-1)[:, 2:])


KNOBS = [
    (1.0, None, None),
    (0.5, 3, None),
    (1.5, None, 0.7),
    (2.0, 5, 0.5),
    (1.0, 99, 1.0),
    (1.0, None, 0.01),
]


BAD_KNOBS = [
    {"temperature": -1},
    {"temperature": math.inf},
    {"temperature": "hot"},
    {"top_k": 0},
    {"top_k": 1.5},
    {"top_p": 0},
    {"top_p": 1.1},
]


@pytest.mark.parametrize("temperature, top_k, top_p", KNOBS)
def test_filters_equal_those_of_transformers(temperature, top_k, top_p):
    from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    torch.manual_seed(1)
    logits = 3 * torch.randn(50, 12)
    right = TemperatureLogitsWarper(float(temperature))(None, logits)
    right = TopKLogitsWarper(top_k)(None, right) if top_k else right
    right = TopPLogitsWarper(top_p)(None, right) if top_p else right
    torch.testing.assert_close(
        sampling.filter_logits(logits, temperature, top_k, top_p).softmax(-1), right.softmax(-1)
    )


def test_temperatures_near_zero_and_zero():
    logits = torch.tensor([[1.0, 3.0, 3.0], [2.0, 0.0, -1.0]])
    assert sampling.filter_logits(logits, 0).softmax(-1).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert sampling.filter_logits(logits, 1e-30).softmax(-1).tolist() == [[0, 0.5, 0.5], [1, 0, 0]]


@pytest.mark.parametrize("knobs", BAD_KNOBS)
def test_bad_knobs(knobs):
    with pytest.raises(CourseError):
        sampling.filter_logits(torch.zeros(2, 3), **knobs)
