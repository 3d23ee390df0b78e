"""Exercises on recurrent networks.

A step of the network, back-propagation through time, clipping, a loss without padding.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from aigc_course.exercises.engine.draws import ints, normal, size
from aigc_course.exercises.engine.observe import given_parameters, with_gradients
from aigc_course.exercises.engine.types import Exercise, Mistake, Question
from aigc_course.models.text.language_model import masked_cross_entropy
from aigc_course.models.text.rnn import rnn_step


def next_state(x, h, W_xh, W_hh, b_h):
    """Return the next state (B, N); for rows, both products are with transposed matrices."""
    return torch.tanh(x @ W_xh.T + h @ W_hh.T + b_h)


def _steps():
    """Return probes: x (B, D), h (B, N), W_xh (N, D), W_hh (N, N), b_h (N,)."""
    torch.manual_seed(0)
    sizes = ((2, 3, 4), (1, 4, 4), (5, 2, 3))
    return [
        (torch.randn(B, D), torch.randn(B, N), torch.randn(N, D), torch.randn(N, N), torch.randn(N))
        for B, D, N in sizes
    ]


STEP = Exercise(
    name="rnn.step",
    title="One step of the network",
    minutes=10,
    reference=rnn_step,
    shown=next_state,
    probes=_steps,
    observe=with_gradients,
    hints=(
        (
            "Which two things decide about the next state, and what keeps its numbers between "
            "-1 and 1?"
        ),
        (
            "Both are multiplied by a matrix of their own, then added, with the bias. In a "
            "batch every text is a row, so a product of matrix and column becomes a product of "
            "row and transposed matrix."
        ),
        "h_t = tanh(W_xh x_t + W_hh h_(t-1) + b_h), for each row.",
    ),
)


@STEP.mistake(
    "tanh is missing: without it the network is linear, and its state can grow without end."
)
def no_tanh(x, h, W_xh, W_hh, b_h):
    return x @ W_xh.T + h @ W_hh.T + b_h


@STEP.mistake("That is a sigmoid; the equation has tanh.")
def sigmoid(x, h, W_xh, W_hh, b_h):
    return torch.sigmoid(x @ W_xh.T + h @ W_hh.T + b_h)


@STEP.mistake("The state before is not used: where is W_hh h?")
def no_memory(x, h, W_xh, W_hh, b_h):
    return torch.tanh(x @ W_xh.T + b_h)


@STEP.mistake("The bias b_h is missing.")
def no_bias(x, h, W_xh, W_hh, b_h):
    return torch.tanh(x @ W_xh.T + h @ W_hh.T)


@STEP.mistake("W_hh is used the wrong way round: rows of h are multiplied with W_hh.T.")
def not_transposed(x, h, W_xh, W_hh, b_h):
    return torch.tanh(x @ W_xh.T + h @ W_hh + b_h)


@STEP.mistake("Add first, then one tanh around the whole sum.")
def tanh_twice(x, h, W_xh, W_hh, b_h):
    return torch.tanh(torch.tanh(x @ W_xh.T) + torch.tanh(h @ W_hh.T) + b_h)


@STEP.hidden()
def draw_step(rng):
    B, D, N = size(rng, 2), size(rng, 2), size(rng, 2)
    return (
        normal(rng, B, D),
        normal(rng, B, N),
        normal(rng, N, D),
        normal(rng, N, N),
        normal(rng, N),
    )


def two_step_gradients(x1, x2, h0, W_xh, W_hh, b_h, grad_h2):
    """Return the gradients of a loss by W_xh, W_hh and b_h, given its gradient by h_2.

    Args:
        x1, x2: inputs (D,).
        h0: first state (N,).
        W_xh, W_hh, b_h: weights (N, D), (N, N), (N,).
        grad_h2: gradient of the loss by h_2, (N,).
    """
    h1 = torch.tanh(W_xh @ x1 + W_hh @ h0 + b_h)
    h2 = torch.tanh(W_xh @ x2 + W_hh @ h1 + b_h)
    d2 = grad_h2 * (1 - h2**2)
    d1 = (W_hh.T @ d2) * (1 - h1**2)
    return (
        torch.outer(d2, x2) + torch.outer(d1, x1),
        torch.outer(d2, h1) + torch.outer(d1, h0),
        d2 + d1,
    )


def _bptt(inputs, slope=lambda h: 1 - h**2, back=lambda W, d: W.T @ d, earlier=True, inner=True):
    """Return the same gradients with a part that may be wrong, for the known mistakes.

    Args:
        inputs: the arguments of `two_step_gradients`.
        slope: h -> derivative of the activation.
        back: (W_hh, gradient) -> gradient one step earlier, before the activation's derivative.
        earlier: whether the first step counts.
        inner: whether the activation of the first step is differentiated.
    """
    x1, x2, h0, W_xh, W_hh, b_h, grad_h2 = inputs
    h1 = torch.tanh(W_xh @ x1 + W_hh @ h0 + b_h)
    h2 = torch.tanh(W_xh @ x2 + W_hh @ h1 + b_h)
    d2 = grad_h2 * slope(h2)
    d1 = back(W_hh, d2) * (slope(h1) if inner else 1) * earlier
    return (
        torch.outer(d2, x2) + torch.outer(d1, x1),
        torch.outer(d2, h1) + torch.outer(d1, h0),
        d2 + d1,
    )


def _in_a_backward_pass(answer, arguments):
    """Call the answer with weights as parameters, and with autograd off.

    The gradients are to be computed by hand.
    """
    with torch.no_grad():
        return given_parameters(answer, arguments)


def _two_steps():
    """Return probes: the arguments of `two_step_gradients`, D = 3 and N = 4."""
    torch.manual_seed(1)
    shapes = ((3,), (3,), (4,), (4, 3), (4, 4), (4,), (4,))
    return [tuple(torch.randn(shape, dtype=torch.float64) for shape in shapes) for _ in range(2)]


BPTT = Exercise(
    name="rnn.bptt",
    title="Back-propagation through two steps",
    minutes=40,
    reference=two_step_gradients,
    probes=_two_steps,
    observe=_in_a_backward_pass,
    hints=(
        (
            "By which two ways does a change of W_hh reach the loss: in the second step "
            "directly, and how else?"
        ),
        (
            "Go backwards: through the second tanh, then through W_hh to the first state, then "
            "through the first tanh. Every weight collects what arrives in both steps."
        ),
        (
            "With d_2 and d_1 as in the equations: the gradient of a matrix is the sum over "
            "both steps of d_t times the row of what entered there; that of the bias is d_1 + "
            "d_2."
        ),
    ),
)


@BPTT.mistake(
    "You stop after the last step; the same weights worked in step 1 as well, through h_1."
)
def last_step_only(*inputs):
    return _bptt(inputs, earlier=False)


@BPTT.mistake("The slope of tanh is missing: multiply with 1 - h ** 2.")
def no_slope(*inputs):
    return _bptt(inputs, slope=torch.ones_like)


@BPTT.mistake("The slope of tanh is 1 - h ** 2, with the square.")
def wrong_slope(*inputs):
    return _bptt(inputs, slope=lambda h: 1 - h)


@BPTT.mistake("Backwards, W_hh acts transposed: W_hh.T @ d2.")
def forward_matrix(*inputs):
    return _bptt(inputs, back=lambda W, d: W @ d)


@BPTT.mistake("Step 1 has a tanh as well: multiply with 1 - h1 ** 2.")
def no_inner_slope(*inputs):
    return _bptt(inputs, inner=False)


@BPTT.mistake("Step 2 has a tanh as well: d2 = grad_h2 * (1 - h2 ** 2).")
def no_outer_slope(x1, x2, h0, W_xh, W_hh, b_h, grad_h2):
    h1 = torch.tanh(W_xh @ x1 + W_hh @ h0 + b_h)
    d1 = (W_hh.T @ grad_h2) * (1 - h1**2)
    return (
        torch.outer(grad_h2, x2) + torch.outer(d1, x1),
        torch.outer(grad_h2, h1) + torch.outer(d1, h0),
        grad_h2 + d1,
    )


@BPTT.mistake("b_h worked in both steps: d2 + d1.")
def bias_once(*inputs):
    W, U, _ = two_step_gradients(*inputs)
    x1, x2, h0, W_xh, W_hh, b_h, grad_h2 = inputs
    h2 = torch.tanh(W_xh @ x2 + W_hh @ torch.tanh(W_xh @ x1 + W_hh @ h0 + b_h) + b_h)
    return W, U, grad_h2 * (1 - h2**2)


@BPTT.mistake("The order of the results is W_xh, W_hh, b_h.")
def other_order(*inputs):
    W, U, b = two_step_gradients(*inputs)
    return U, W, b


@BPTT.mistake(
    "A gradient has the shape of its weights: torch.outer(d, x), not the other way round."
)
def results_transposed(*inputs):
    W, U, b = two_step_gradients(*inputs)
    return W.T, U.T, b


@BPTT.mistake("x1 and x2 are exchanged.")
def swapped(x1, x2, *rest):
    return two_step_gradients(x2, x1, *rest)


@BPTT.hidden()
def draw_bptt(rng):
    D, N = size(rng, 2, 4), size(rng, 2, 5)
    return tuple(
        normal(rng, *shape, double=True) for shape in ((D,), (D,), (N,), (N, D), (N, N), (N,), (N,))
    )


def clip_gradients(gradients, largest):
    """Scale all gradients by one number so that their joint norm is at most `largest`.

    The result is a list of new tensors.
    """
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    return [g * min(1.0, largest / max(norm.item(), 1e-12)) for g in gradients]


CLIP = Exercise(
    name="rnn.clip",
    title="Clip the gradient",
    minutes=10,
    reference=clip_gradients,
    probes=lambda: [
        ([torch.tensor([3.0, 4.0]), torch.tensor([[12.0]])], 1.0),
        ([torch.tensor([0.1, -0.2])], 1.0),
        # a tuple, as torch.autograd.grad gives it
        ((torch.tensor([-6.0, 0.5]), torch.tensor([[0.3, 1.0], [0.0, 2.0]])), 2.0),
    ],
    hints=(
        (
            "How long are all gradients together, taken as one vector? By which single number "
            "can it be made shorter without turning it?"
        ),
        (
            "The joint length is the root of the sum of all squares, over all tensors. Only a "
            "vector that is too long is scaled, and all tensors by the same factor."
        ),
        "factor = the smaller of 1 and (largest / joint length).",
    ),
)


@CLIP.mistake("You clip each number: that changes the direction. Scale all of them by one factor.")
def each_number(gradients, largest):
    return [g.clamp(-largest, largest) for g in gradients]


@CLIP.mistake("You scale each tensor for itself: the norm is taken over all of them together.")
def each_tensor(gradients, largest):
    return [g * min(1.0, largest / g.norm().item()) for g in gradients]


@CLIP.mistake("A small gradient must stay as it is: scale only when the norm is too large.")
def always_scaled(gradients, largest):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    return [g * (largest / norm) for g in gradients]


@CLIP.mistake("The square root of the norm is missing.")
def squared_norm(gradients, largest):
    norm = sum((g**2).sum() for g in gradients)
    return [g * min(1.0, largest / norm.item()) for g in gradients]


@CLIP.mistake("That is the sum of absolute values; take the root of the sum of squares.")
def absolute(gradients, largest):
    norm = sum(g.abs().sum() for g in gradients)
    return [g * min(1.0, largest / norm.item()) for g in gradients]


@CLIP.mistake("Norms do not add up: take the root of the sum of all squares.")
def sum_of_norms(gradients, largest):
    norm = sum(g.norm() for g in gradients)
    return [g * min(1.0, largest / norm.item()) for g in gradients]


@CLIP.mistake("You throw a large gradient away; shorten it.")
def only_large_dropped(gradients, largest):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    return [g * float(norm <= largest) for g in gradients]


@CLIP.hidden(times=5)
def draw_clip(rng):
    return [normal(rng, 3), 3 * normal(rng, 2, 2)], float(rng.uniform(0.5, 12))


def masked_by_hand(logits, targets):
    """Return the mean loss of the tokens that are no padding, in nats.

    The losses of the padding are set to 0, and the sum is divided by the number of the others.
    """
    losses = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    real = targets != 0
    return (losses * real).sum() / real.sum()


def _padded():
    """Return probes: logits (B, T, V) and targets (B, T), padded with 0."""
    torch.manual_seed(2)
    targets = torch.tensor([[1, 2, 3, 0, 0], [4, 5, 0, 0, 0], [6, 6, 6, 6, 1]])
    return [
        (torch.randn(3, 5, 7), targets),
        (2 * torch.randn(1, 3, 4), torch.tensor([[3, 2, 0]])),
        (torch.randn(3, 1, 7), targets[:, 3:4]),  # one step, as when running free
    ]


MASKED_LOSS = Exercise(
    name="rnn.masked_loss",
    title="A loss that ignores padding",
    minutes=15,
    reference=masked_cross_entropy,
    shown=masked_by_hand,
    probes=_padded,
    observe=with_gradients,
    hints=(
        (
            "Which places of the batch should cost something, and by how many of them is the "
            "sum divided?"
        ),
        (
            "Cross-entropy can give a loss for each place instead of a mean. Padding must add "
            "nothing and must not be counted. PyTorch's own function can also be told which "
            "target to ignore."
        ),
        (
            "loss = (sum of -ln p(target) over the places whose target is not 0) / (number of "
            "these places)."
        ),
    ),
)


@MASKED_LOSS.mistake(
    "You divide by all positions; the padding's share makes the loss look "
    "small. Divide by the tokens that count."
)
def over_padding(logits, targets):
    return (
        F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
        .mul(targets.flatten() != 0)
        .mean()
    )


@MASKED_LOSS.mistake("Padding counts as a token to be predicted: leave targets of 0 out.")
def padding_counted(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


@MASKED_LOSS.mistake("cross_entropy applies the softmax itself: give it logits.")
def softmax_first(logits, targets):
    return F.cross_entropy(logits.softmax(-1).flatten(0, 1), targets.flatten(), ignore_index=0)


@MASKED_LOSS.mistake("Take the mean, so that the loss does not depend on the length of the texts.")
def masked_loss_sum(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0, reduction="sum")


@MASKED_LOSS.mistake(
    "A mean of row means lets a token of a short text count more; divide the "
    "whole sum by all real tokens."
)
def mean_of_rows(logits, targets):
    losses = F.cross_entropy(logits.transpose(1, 2), targets, ignore_index=0, reduction="none")
    return (losses.sum(1) / (targets != 0).sum(1)).mean()


@MASKED_LOSS.mistake("The sign: a loss is minus the log-probability, so that less is better.")
def minus_forgotten(logits, targets):
    return -masked_cross_entropy(logits, targets)


@MASKED_LOSS.mistake("Nats are asked for: no division by ln 2 here.")
def bits(logits, targets):
    return masked_cross_entropy(logits, targets) / torch.log(torch.tensor(2.0))


@MASKED_LOSS.mistake(
    "Give back the tensor itself: .item() and .detach() cut the gradient, "
    "and nothing could be learned."
)
def cut_off(logits, targets):
    return masked_cross_entropy(logits, targets).item()


@MASKED_LOSS.mistake("The logarithm is missing: that is minus the mean probability.")
def no_log(logits, targets):
    return F.nll_loss(logits.softmax(-1).flatten(0, 1), targets.flatten(), ignore_index=0)


@MASKED_LOSS.hidden()
def draw_masked_loss(rng):
    B, T, V = size(rng, 2, 4), size(rng, 3, 6), size(rng, 4, 8)
    targets = ints(rng, 1, V, B, T)
    for row in range(B - 1):
        targets[row, size(rng, 1, T - 1) :] = 0
    return 2 * normal(rng, B, T, V), targets


PARAMETERS = Question(
    name="rnn.parameters",
    title="Count the weights",
    minutes=5,
    reference=35328,
    explanation="W_xh is 128 x 147 = 18,816, W_hh is 128 x 128 = 16,384, b_h is 128: "
    "together 35,328.",
    mistakes=(
        Mistake(35200, "The bias is missing: one number for each hidden unit."),
        Mistake(35456, "PyTorch has two biases; the equation above has one."),
        Mistake(18944, "W_hh is missing: 128 x 128."),
        Mistake(16512, "W_xh is missing: 128 x 147."),
    ),
    hints=(
        "How many rows and how many columns has each of the three?",
        (
            "W_xh has a row for each number of the state and a column for each input. W_hh is "
            "square. b_h has one number for each number of the state."
        ),
        "N D + N N + N, for D inputs and N numbers of state.",
    ),
)
