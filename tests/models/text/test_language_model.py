"""RNN and LSTM against PyTorch's, losses and bits by hand, sampling against Transformers' own
filters."""

import math

import pytest
import torch
import torch.nn.functional as F

from aigc_course.core.errors import CourseError
from aigc_course.generation import sampling
from aigc_course.models.text.language_model import masked_cross_entropy, next_token_loss
from aigc_course.models.text.rnn import RecurrentConfig, RecurrentLM


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
