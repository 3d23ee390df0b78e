"""Exercises on backpropagation: a small autograd, and slopes by PyTorch's."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from aigc_course.exercises.engine.draws import normal, size
from aigc_course.exercises.engine.types import Exercise, QuizQuestion


def backward(parents, slopes):
    """Return the slope of the last number of a tape with respect to each number on it.

    The slope of the last one is 1. Going back, each number passes its own slope, times the local
    one, to each of its parents, where what arrives is added.
    """
    grads = [0.0] * len(parents)
    grads[-1] = 1.0
    for place in reversed(range(len(parents))):
        for parent, local in zip(parents[place], slopes[place], strict=True):
            grads[parent] += local * grads[place]
    return grads


def _tapes():
    """Return probes: tapes as (parents, slopes), one tuple for each number."""
    return [
        ([(), (), (0, 1)], [(), (), (5.0, 3.0)]),
        ([(), (0,), (1,)], [(), (2.0,), (6.0,)]),
        ([(), (0, 0)], [(), (3.0, 3.0)]),  # a number times itself
        ([(), (0, 0)], [(), (0.5, -0.5)]),  # a number divided by itself
        (
            [(), (), (0, 1), (2, 0), (3,), (4, 2)],
            [(), (), (0.5, 2.0), (1.0, 1.0), (-3.0,), (2.0, 0.25)],
        ),
    ]


BACKWARD = Exercise(
    name="backprop.backward",
    title="Back along the tape",
    minutes=20,
    reference=backward,
    probes=_tapes,
    hints=(
        "The slope of the result with respect to itself is 1. Which numbers can be told theirs "
        "next?",
        "Go from the last place to the first. By the time you come to a number, everything that "
        "was computed from it has passed its part on, so its own slope is complete. Then it passes "
        "its part to each of its parents. A parent that was used twice gets two parts.",
        "slope of a parent = sum over its children of (slope of the child x local slope).",
    ),
)


def _walk(parents, slopes, *, others=0.0, order=reversed, part=lambda local, grad: local * grad):
    """Walk along a tape as `backward` does, for the known mistakes: each changes one thing.

    Args:
        parents, slopes: the tape.
        others: slope that all places but the last begin with.
        order: of the places.
        part: local slope and slope of the child -> what is added to the parent's.
    """
    grads = [others] * (len(parents) - 1) + [1.0]
    for place in order(range(len(parents))):
        for parent, local in zip(parents[place], slopes[place], strict=True):
            grads[parent] += part(local, grads[place])
    return grads


@BACKWARD.mistake("A number that was used twice gets two parts: add them, do not overwrite.")
def overwritten(parents, slopes):
    grads = [0.0] * len(parents)
    grads[-1] = 1.0
    for place in reversed(range(len(parents))):
        for parent, local in zip(parents[place], slopes[place], strict=True):
            grads[parent] = local * grads[place]
    return grads


@BACKWARD.mistake(
    "You go from the first number to the last, so nothing has arrived yet when a number passes "
    "its part on. Begin at the end."
)
def forwards(parents, slopes):
    return _walk(parents, slopes, order=iter)


@BACKWARD.mistake("The slope of the result with respect to itself is 1: begin with that.")
def without_the_one(parents, slopes):
    return [0.0] * len(parents)


@BACKWARD.mistake("Only the last slope begins with 1; what arrives at the others is all they get.")
def ones_everywhere(parents, slopes):
    return _walk(parents, slopes, others=1.0)


@BACKWARD.mistake("Your list is back to front: the first entry belongs to place 0.")
def back_to_front(parents, slopes):
    return backward(parents, slopes)[::-1]


@BACKWARD.mistake("Slopes along a path are multiplied: local slope times that of the child.")
def added_along_the_path(parents, slopes):
    return _walk(parents, slopes, part=lambda local, grad: local + grad)


@BACKWARD.mistake("The slope of the child is missing: a part is local slope times its slope.")
def local_only(parents, slopes):
    return _walk(parents, slopes, part=lambda local, grad: local)


@BACKWARD.hidden(times=5)
def draw_backward(rng):
    n = size(rng, 4, 8)
    parents, slopes = [(), ()], [(), ()]
    for place in range(2, n):
        mine = tuple(int(i) for i in rng.integers(0, place, 2))
        parents.append((place - 1, *mine[1:]))
        slopes.append(tuple(float(s) for s in rng.normal(size=len(parents[-1]))))
    return parents, slopes


def times(a, b):
    """Return the product of two numbers, and its local slopes with respect to both."""
    return a * b, (b, a)


TIMES = Exercise(
    name="backprop.times",
    title="Teach the tape to multiply",
    minutes=5,
    reference=times,
    probes=lambda: [(5.0, 3.0), (-2.0, 4.0), (0.5, 0.25), (1.5, -0.5)],
    hints=(
        "If a grows by 0.01, by how much does a times b grow?",
        "It grows by 0.01 times b. So the slope with respect to a is the other number, and the "
        "same holds for b.",
        "The product, and the pair (b, a).",
    ),
)


@TIMES.mistake("The slopes are exchanged: the product grows b times as fast as a.")
def own_number(a, b):
    return a * b, (a, b)


@TIMES.mistake("Those are the slopes of a sum; a product grows b times as fast as a.")
def slopes_of_a_sum(a, b):
    return a * b, (1.0, 1.0)


@TIMES.mistake("The value is that of the sum; the product is asked for.")
def sum_for_product(a, b):
    return a + b, (b, a)


@TIMES.mistake("Return two things: the value, and a pair of slopes.")
def slopes_without_value(a, b):
    return b, a


@TIMES.mistake("Return a pair: the value first, then the two slopes together as a tuple.")
def three_results(a, b):
    return a * b, b, a


@TIMES.hidden()
def draw_times(rng):
    a, b = rng.uniform(0.5, 3, 2)
    return float(a), float(-b)


def divide(a, b):
    """Return a / b, and its local slopes: 1 / b for a, and -a / b squared for b."""
    return a / b, (1 / b, -a / b**2)


DIVIDE = Exercise(
    name="backprop.divide",
    title="Teach the tape to divide",
    minutes=8,
    reference=divide,
    probes=lambda: [(6.0, 2.0), (1.0, 4.0), (-3.0, 0.5), (2.0, -5.0)],
    hints=(
        "If a grows by a little, by how much does a / b grow? And what happens when b grows?",
        "a / b is a times 1 / b, so a is multiplied by a number that does not depend on it. The "
        "slope of 1 / b is -1 / b squared: when a positive b grows, 1 / b falls.",
        "slopes: 1 / b for a, and -a / b^2 for b.",
    ),
)


@DIVIDE.mistake("When b grows, a / b falls (for positive numbers): the second slope has a minus.")
def minus_missing(a, b):
    return a / b, (1 / b, a / b**2)


@DIVIDE.mistake("1 / b squared is multiplied by a: the slope for b is -a / b squared.")
def a_missing(a, b):
    return a / b, (1 / b, -1 / b**2)


@DIVIDE.mistake("The slope for b has b squared in it: -a / b squared.")
def not_squared(a, b):
    return a / b, (1 / b, -a / b)


@DIVIDE.mistake("Those are the slopes of the product; a / b grows 1 / b times as fast as a.")
def of_the_product(a, b):
    return a / b, (b, a)


@DIVIDE.mistake("The slopes are exchanged: first the one for a, then the one for b.")
def slopes_exchanged(a, b):
    value, slopes = divide(a, b)
    return value, slopes[::-1]


@DIVIDE.mistake("Return two things: the value, and a pair of slopes.")
def slopes_alone(a, b):
    return divide(a, b)[1]


@DIVIDE.mistake("Return a pair: the value first, then the two slopes together as a tuple.")
def three_things(a, b):
    value, slopes = divide(a, b)
    return value, *slopes


@DIVIDE.hidden()
def draw_divide(rng):
    return float(rng.normal()), float(rng.uniform(0.3, 3) * rng.choice([-1, 1]))


def torch_slopes(x, y, w, b):
    """Return the slopes (D,) and () of the mean loss of a neuron, found by PyTorch's autograd."""
    w = w.clone().requires_grad_(True)
    b = b.clone().requires_grad_(True)
    F.binary_cross_entropy_with_logits(x @ w + b, y).backward()
    return w.grad, b.grad


def _tensors():
    """Return probes: examples (N, D), truths (N,), weights (D,) and a bias, as tensors."""
    rng = np.random.default_rng(4)
    made = []
    for n, d in ((5, 2), (3, 4), (1, 3)):
        y = torch.tensor((rng.random(n) > 0.5) * 1.0, dtype=torch.float32)
        made.append((normal(rng, n, d), y, normal(rng, d), torch.tensor(0.3)))
    return made


TORCH = Exercise(
    name="backprop.torch_slopes",
    title="Slopes by PyTorch",
    minutes=10,
    reference=torch_slopes,
    probes=_tensors,
    hints=(
        "Which two tensors must write a tape, and what is computed with them?",
        "Make copies of w and b that need a gradient. From them come the scores, from the scores "
        "the loss. After backward() the slopes stand in .grad of the copies.",
        "scores = x w + b, loss with logits, backward, then .grad of both.",
    ),
)


def _slopes_of(loss, w, b):
    """Return the slopes of a loss(w, b) by autograd, for the known mistakes."""
    w, b = w.clone().requires_grad_(True), b.clone().requires_grad_(True)
    return torch.autograd.grad(loss(w, b), (w, b))


@TORCH.mistake("The loss is the mean over the examples, not their sum.")
def summed_loss(x, y, w, b):
    loss = F.binary_cross_entropy_with_logits
    return _slopes_of(lambda w, b: loss(x @ w + b, y, reduction="sum"), w, b)


@TORCH.mistake("That applies the sigmoid twice: the loss with logits takes scores.")
def sigmoid_twice(x, y, w, b):
    loss = F.binary_cross_entropy_with_logits
    return _slopes_of(lambda w, b: loss(torch.sigmoid(x @ w + b), y), w, b)


@TORCH.mistake("The bias is missing from the scores; its slope is not 0.")
def bias_left_out(x, y, w, b):
    loss = F.binary_cross_entropy_with_logits
    (slopes,) = torch.autograd.grad(loss(x @ (v := w.clone().requires_grad_(True)), y), v)
    return slopes, torch.zeros(())


@TORCH.mistake("The sign is turned: return .grad as it is; the step subtracts it later.")
def downhill(x, y, w, b):
    slopes, slope = torch_slopes(x, y, w, b)
    return -slopes, -slope


@TORCH.mistake("That is the squared error; use the loss with logits, the mean surprise.")
def squared(x, y, w, b):
    return _slopes_of(lambda w, b: ((torch.sigmoid(x @ w + b) - y) ** 2).mean(), w, b)


@TORCH.hidden()
def draw_torch_slopes(rng):
    n, d = size(rng, 2, 5), size(rng, 2, 4)
    y = torch.tensor((rng.random(n) > 0.5) * 1.0, dtype=torch.float32)
    return normal(rng, n, d), y, normal(rng, d), normal(rng, 1)[0]


QUIZ = (
    QuizQuestion(
        "A network has a million weights. About what does one gradient by backpropagation cost?",
        "as much as a few losses",
        ("two million losses", "a million losses", "nothing"),
        "The way back passes every number of the tape once, however many weights there are.",
    ),
    QuizQuestion(
        "What must be kept until the way back is done?",
        "the numbers of the way forward",
        ("nothing but the loss", "all earlier losses", "the test set"),
        "Local slopes depend on the values, such as p (1 - p), so the tape is kept.",
    ),
    QuizQuestion(
        "In a loop of PyTorch the slopes are never cleared. What does each step use?",
        "the sum of the slopes of all steps so far",
        ("the slope of this step", "the slope of the first step", "the mean of all slopes"),
        "`backward` adds new slopes to those in `.grad`.",
    ),
    QuizQuestion(
        "In autograd, a number is used by two later ones. What is its slope?",
        "the sum of what both pass back",
        ("the larger of the two", "the mean of the two", "that of the one computed last"),
        "If it grows a little, both change, and the result gets both effects.",
    ),
    QuizQuestion(
        "What does requires_grad=True do for a tensor of PyTorch?",
        "what is computed with it is written on a tape",
        ("it is changed by each step", "it is kept on the disk", "its numbers become random"),
        "The tape is what backward() goes back along to find the slope of that tensor.",
    ),
)
