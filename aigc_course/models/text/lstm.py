"""The LSTM, gate by gate."""

from __future__ import annotations

import math

import torch
from torch import nn

from aigc_course.core.arguments import check_argument, whole
from aigc_course.models.text.rnn import check_one_layer


def lstm_step(x, h, c, W, b):
    """One step: x (B, D), h and c (B, N), W (4 N, D + N) and b (4 N,) in blocks i, f, g, o -> the
    next h and c.
    """
    i, f, g, o = (torch.cat([x, h], 1) @ W.T + b).chunk(4, 1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


class LSTM(nn.Module):
    """A recurrent network whose cell c_t is changed by gates only.

        f = sigmoid(W_f [x_t, h] + b_f)      what to keep
        i = sigmoid(W_i [x_t, h] + b_i)      how much to write
        g = tanh(W_g [x_t, h] + b_g)         what to write
        o = sigmoid(W_o [x_t, h] + b_o)      what to show
        c_t = f * c_(t-1) + i * g,           h_t = o * tanh(c_t)

    Args:
        n_inputs: width of x_t.
        n_hidden: width of h_t and c_t.

    The four blocks of `W` and `b` lie in the order i, f, g, o, as in `torch.nn.LSTM`.

    Source: Hochreiter and Schmidhuber (1997); the gate f is by Gers, Schmidhuber and Cummins
    (2000).
    """

    def __init__(self, n_inputs: int, n_hidden: int):
        super().__init__()
        scale = 1 / math.sqrt(check_argument("n_hidden", n_hidden, whole(1)))
        self.W = nn.Parameter(
            torch.empty(
                4 * n_hidden, check_argument("n_inputs", n_inputs, whole(1)) + n_hidden
            ).uniform_(-scale, scale)
        )
        self.b = nn.Parameter(torch.zeros(4 * n_hidden))

    def forward(
        self, x: torch.Tensor, state=None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """(B, T, n_inputs) and (h, c) before, or None for zeros -> all h (B, T, n_hidden), the last
        (h, c).
        """
        h, c = state if state is not None else (x.new_zeros(len(x), len(self.b) // 4),) * 2
        states = []
        for x_t in x.unbind(1):
            h, c = lstm_step(x_t, h, c, self.W, self.b)
            states.append(h)
        return torch.stack(states, 1), (h, c)

    def load_torch(self, layer: nn.LSTM) -> LSTM:
        """Take the weights of a one-layer `torch.nn.LSTM` over; its two biases are added up.

        Raises:
            CourseError: the layer has another form or size.
        """
        n_hidden = len(self.b) // 4
        check_one_layer(layer, nn.LSTM, self.W.shape[1] - n_hidden, n_hidden)
        with torch.no_grad():
            self.W.copy_(torch.cat([layer.weight_ih_l0, layer.weight_hh_l0], 1))
            self.b.copy_(layer.bias_ih_l0 + layer.bias_hh_l0)
        return self
