"""RNN and LSTM against PyTorch's, losses and bits by hand, sampling against Transformers' own
filters."""

import pytest
import torch
from torch import nn

from aigc_course.core.errors import CourseError
from aigc_course.exercises.bptt import back_through_time, weight_gradient
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


def test_gradients_through_time_are_autograds():
    torch.manual_seed(0)
    x = torch.randn(6, 3, dtype=torch.float64)
    W_xh = torch.randn(4, 3, dtype=torch.float64)
    W_hh = torch.randn(4, 4, dtype=torch.float64, requires_grad=True)
    states = [torch.randn(4, dtype=torch.float64)]
    for x_t in x:
        states.append(torch.tanh(W_xh @ x_t + W_hh @ states[-1]))
    states[-1].square().sum().backward()
    states = torch.stack(states).detach()  # h_0 to h_6
    inner = back_through_time(states[1:], W_hh.detach(), 2 * states[-1])
    torch.testing.assert_close(weight_gradient(inner, states[:-1]), W_hh.grad)


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
