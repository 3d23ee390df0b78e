"""The neural n-gram: a distribution over the vocabulary, computed from the last tokens only."""

import math

import pytest
import torch

from aigc_course.core.errors import CourseError
from aigc_course.generation import sampling
from aigc_course.models.text.neural_ngram import NeuralNGram


@pytest.fixture
def model():
    torch.manual_seed(0)
    return NeuralNGram(size=11, context=3, width=4, hidden=6)


def test_the_score_of_a_context_is_two_layers_on_its_vectors(model):
    before = torch.tensor([[2, 5, 7]])
    x = torch.cat([model.table.weight[i] for i in (2, 5, 7)])
    h = (model.hidden.weight @ x + model.hidden.bias).clamp(min=0)
    torch.testing.assert_close(model(before)[0], model.last.weight @ h + model.last.bias)


def test_reading_a_text_is_asking_for_each_of_its_contexts(model):
    tokens = torch.tensor([[4, 9, 3, 6]])
    scores, state = model.read(tokens)
    contexts = torch.tensor([[0, 0, 4], [0, 4, 9], [4, 9, 3], [9, 3, 6]])
    torch.testing.assert_close(scores[0], model(contexts))
    assert state.tolist() == [[3, 6]]


def test_reading_goes_on_from_a_state(model):
    tokens = torch.randint(1, 11, (2, 9))
    whole, _ = model.read(tokens)
    for cut in (1, 2, 5):
        first, state = model.read(tokens[:, :cut])
        rest, _ = model.read(tokens[:, cut:], state)
        torch.testing.assert_close(torch.cat([first, rest], 1), whole)


def test_only_the_last_tokens_count(model):
    one, other = torch.tensor([[1, 2, 3, 4, 5]]), torch.tensor([[9, 8, 3, 4, 5]])
    torch.testing.assert_close(model.read(one)[0][:, -1], model.read(other)[0][:, -1])
    assert not torch.equal(model.read(one)[0][:, 3], model.read(other)[0][:, 3])


def test_bits_add_up_over_a_text(model):
    row = torch.tensor([[0, 4, 9, 1]])
    nats = 0.0
    for i, context in enumerate([[0, 0, 0], [0, 0, 4], [0, 4, 9]]):
        logs = model(torch.tensor([context])).log_softmax(-1)
        nats -= logs[0, row[0, i + 1]].item()
    assert model.bits(row).item() == pytest.approx(nats / math.log(2), rel=1e-5)


def test_a_context_of_one_needs_no_state():
    model = NeuralNGram(size=7, context=1, width=2, hidden=3)
    scores, state = model.read(torch.tensor([[3, 4]]))
    assert scores.shape == (1, 2, 7) and state.shape == (1, 0)


def test_it_writes(model):
    drawn = sampling.generate(model, torch.zeros(3, 1, dtype=torch.long), 5, seed=0)
    assert drawn.shape == (3, 6)
    again = sampling.generate(model, torch.zeros(3, 1, dtype=torch.long), 5, seed=0)
    assert torch.equal(drawn, again)


def test_sizes_are_checked():
    with pytest.raises(CourseError, match="context"):
        NeuralNGram(size=7, context=0, width=2, hidden=3)
