"""The LSTM, gate by gate."""

from __future__ import annotations

import math

import torch
from torch import nn

from aigc_course.core.arguments import check_argument, whole
from aigc_course.models.text.rnn import check_one_layer


def lstm_step(x, h, c, W, b):
    """Compute the hidden state and the cell after one more input.

    Args:
        x: inputs (B, D).
        h, c: hidden state and cell, each (B, N).
        W: weights (4 N, D + N) in blocks i, f, g, o.
        b: biases (4 N,) in the same blocks.

    Returns:
        The next h and c, each (B, N).
    """
    # (B, D + N) @ (D + N, 4 N) -> (B, 4 N), cut into four times (B, N)
    i, f, g, o = (torch.cat([x, h], 1) @ W.T + b).chunk(4, 1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)  # (B, N), elementwise
    return torch.sigmoid(o) * torch.tanh(c), c


class LSTM(nn.Module):
    """A recurrent network whose cell c_t is changed through gates only.

        f = sigmoid(W_f [x_t, h] + b_f)      forget gate: how much of the cell to keep
        i = sigmoid(W_i [x_t, h] + b_i)      input gate: how much to write
        g = tanh(W_g [x_t, h] + b_g)         candidate: what to write
        o = sigmoid(W_o [x_t, h] + b_o)      output gate: how much of the cell to output
        c_t = f * c_(t-1) + i * g,           h_t = o * tanh(c_t)

    Args:
        n_inputs: width of x_t.
        n_hidden: width of h_t and c_t.

    The four blocks of `W` and `b` are in the order i, f, g, o, as in `torch.nn.LSTM`.

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
        self.b = nn.Parameter(torch.zeros(4 * n_hidden))  # W is (4 N, n_inputs + N), b is (4 N,)

    def forward(
        self, x: torch.Tensor, state=None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Run the network over a batch of sequences.

        Args:
            x: (B, T, n_inputs).
            state: (h, c) before the first input, each (B, n_hidden), or None for zeros.

        Returns:
            All hidden states (B, T, n_hidden), and the last (h, c).
        """
        h, c = state if state is not None else (x.new_zeros(len(x), len(self.b) // 4),) * 2
        states = []
        for x_t in x.unbind(1):  # T times (B, n_inputs)
            h, c = lstm_step(x_t, h, c, self.W, self.b)  # each (B, n_hidden)
            states.append(h)
        return torch.stack(states, 1), (h, c)  # (B, T, n_hidden)

    def load_torch(self, layer: nn.LSTM) -> LSTM:
        """Copy the weights of a one-layer `torch.nn.LSTM`; its two biases are added.

        Raises:
            CourseError: the layer has another form or size.
        """
        n_hidden = len(self.b) // 4
        check_one_layer(layer, nn.LSTM, self.W.shape[1] - n_hidden, n_hidden)
        with torch.no_grad():
            # (4 N, D) and (4 N, N) side by side, as `lstm_step` joins x and h
            self.W.copy_(torch.cat([layer.weight_ih_l0, layer.weight_hh_l0], 1))
            self.b.copy_(layer.bias_ih_l0 + layer.bias_hh_l0)
        return self
