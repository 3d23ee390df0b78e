"""RNN and LSTM against PyTorch's, losses and bits by hand, sampling against Transformers' own
filters.
"""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.core.errors import CourseError
from aigc_course.exercises.rnn import two_step_gradients
from aigc_course.generation import sampling
from aigc_course.models.text.language_model import masked_cross_entropy, next_token_loss
from aigc_course.models.text.lstm import LSTM
from aigc_course.models.text.rnn import RNN, RecurrentConfig, RecurrentLM


def twins(kind):
    torch.manual_seed(0)
    theirs = (nn.RNN if kind == "rnn" else nn.LSTM)(5, 7, batch_first=True)
    if kind == "lstm":
        return LSTM(5, 7).load_torch(theirs), theirs
    return RNN(5, 7).load_torch(theirs), theirs


@pytest.mark.parametrize(
    "layer",
    [
        nn.LSTM(5, 7, 2),
        nn.LSTM(5, 7, bidirectional=True),
        nn.LSTM(5, 7, bias=False),
        nn.LSTM(5, 8),
        nn.LSTM(4, 7),
        nn.RNN(5, 7),
        nn.GRU(5, 7),
    ],
)
def test_other_layers_are_refused(layer):
    with pytest.raises(CourseError, match="load_torch"):
        LSTM(5, 7).load_torch(layer)
    if not isinstance(layer, nn.RNN):
        with pytest.raises(CourseError, match="load_torch"):
            RNN(5, 7).load_torch(layer)


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_equal_to_torch_forward_and_backward(kind):
    ours, theirs = twins(kind)
    x = torch.randn(3, 30, 5)
    x1, x2 = x.clone().requires_grad_(), x.clone().requires_grad_()
    (mine, state), (right, other) = ours(x1), theirs(x2)
    torch.testing.assert_close(mine, right, atol=1e-5, rtol=1e-5)
    for a, b in zip(
        state if kind == "lstm" else [state], other if kind == "lstm" else [other], strict=True
    ):
        torch.testing.assert_close(a, b[0], atol=1e-5, rtol=1e-5)
    mine.square().sum().backward()
    right.square().sum().backward()
    torch.testing.assert_close(x1.grad, x2.grad, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_a_text_in_two_parts_is_the_same_text(kind):
    ours, _ = twins(kind)
    x = torch.randn(2, 12, 5)
    whole, _ = ours(x)
    first, state = ours(x[:, :5])
    second, _ = ours(x[:, 5:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)


def test_two_step_gradients_are_autograds():
    torch.manual_seed(0)
    x1, x2, h0 = (torch.randn(n, dtype=torch.float64) for n in (3, 3, 4))
    W = [
        torch.randn(*shape, dtype=torch.float64, requires_grad=True)
        for shape in ((4, 3), (4, 4), (4,))
    ]
    h2 = torch.tanh(W[0] @ x2 + W[1] @ torch.tanh(W[0] @ x1 + W[1] @ h0 + W[2]) + W[2])
    right = torch.autograd.grad(h2.square().sum(), W)
    mine = two_step_gradients(x1, x2, h0, *(w.detach() for w in W), 2 * h2.detach())
    for a, b in zip(mine, right, strict=True):
        torch.testing.assert_close(a, b)


def language_model(cell="lstm", **settings):
    torch.manual_seed(0)
    return RecurrentLM(RecurrentConfig(11, 6, 9, cell, **settings))


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_a_later_token_leaves_earlier_logits_alone(cell):
    model, rows = language_model(cell), torch.randint(1, 11, (2, 8))
    changed = rows.clone()
    changed[:, 5] = (changed[:, 5] + 1) % 10 + 1
    a, b = model(rows)[0], model(changed)[0]
    assert (
        a.shape == (2, 8, 11)
        and torch.equal(a[:, :5], b[:, :5])
        and not torch.equal(a[:, 5:], b[:, 5:])
    )


def test_bits_and_loss_by_hand():
    model, rows = language_model(), torch.tensor([[3, 4, 5, 1, 0, 0], [6, 7, 8, 9, 10, 1]])
    logs = model(rows[:, :-1])[0].log_softmax(-1)
    by_hand = [
        -sum(logs[i, t, rows[i, t + 1]].item() for t in range(5) if rows[i, t + 1])
        for i in range(2)
    ]
    assert model.bits(rows).tolist() == pytest.approx(
        [nats / math.log(2) for nats in by_hand], rel=1e-5
    )
    assert next_token_loss(model, (rows,)).item() == pytest.approx(sum(by_hand) / 8, rel=1e-5)
    wider = F.pad(rows, (0, 4))
    torch.testing.assert_close(next_token_loss(model, (wider,)), next_token_loss(model, (rows,)))
    assert masked_cross_entropy(
        torch.zeros(2, 3, 11), torch.tensor([[1, 2, 0], [3, 0, 0]])
    ).item() == pytest.approx(math.log(11))


def test_bits_and_generate_leave_the_mode_and_ignore_dropout():
    model = language_model(n_layers=2, dropout=0.5).train()
    rows = torch.randint(1, 11, (4, 8))
    assert torch.equal(model.bits(rows), model.bits(rows)) and model.training
    sampling.generate(model, rows, 2)
    assert model.training


def test_edges():
    model = language_model().train()
    assert model.bits(torch.tensor([[3], [4]])).tolist() == [0, 0]
    assert sampling.generate(model, torch.tensor([[3]]), 0).tolist() == [[3]]
    left_padded = torch.tensor([[0, 0, 3, 4, 5]])
    assert math.isfinite(next_token_loss(model, (left_padded,)).item())
    for bad in (
        torch.zeros(3, dtype=torch.long),
        torch.zeros(0, 3, dtype=torch.long),
        torch.zeros(2, 0, dtype=torch.long),
        torch.zeros(2, 3),
        [[1]],
    ):
        with pytest.raises(CourseError, match="must be ids"):
            model.bits(bad)
        with pytest.raises(CourseError, match="must be ids"):
            sampling.generate(model, bad, 1)
    for settings in ({"temperature": -1}, {"top_k": 0}, {"seed": "x"}):
        with pytest.raises(CourseError):
            sampling.generate(model, torch.tensor([[3]]), 2, **settings)
    with pytest.raises(CourseError):
        sampling.generate(model, torch.tensor([[3]]), -1)
    assert model.training  # whatever happened


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


BAD_CONFIGS = (RecurrentConfig(5, cell="gru"), RecurrentConfig(0))


@pytest.mark.parametrize(
    "call",
    [
        lambda: RNN(0, 3),
        lambda: LSTM(3, 0),
        *(lambda c=config: RecurrentLM(c) for config in BAD_CONFIGS),
    ],
)
def test_bad_sizes(call):
    with pytest.raises(CourseError):
        call()
