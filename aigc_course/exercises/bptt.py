"""Exercises on gradients through time: the way back, lengths, factors, clipping."""

from __future__ import annotations

import itertools

import torch

from aigc_course.exercises.engine.draws import normal, size
from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion

FACTOR = Question(
    name="bptt.factor",
    title="A factor for each step",
    minutes=3,
    reference=10.0,
    explanation="0.5 to the power of 10 is 1/1024, the first power below a thousandth.",
    mistakes=(
        Mistake(9, "0.5 to the power of 9 is 1/512, still more than a thousandth."),
        Mistake(500, "The slope is not lowered by a fixed amount, but halved at each step."),
        Mistake(2000, "Halving is much faster: after 3 steps it is 1/8."),
        Mistake(11, "One step earlier it is already below: 1/1024."),
        Mistake(1000, "That is what the slope is divided by; how many halvings make it so small?"),
    ),
    hints=(
        "How large is the slope after one step, after two, after three?",
        "It is halved again and again: 1/2, 1/4, 1/8. Which power of 2 is the first above 1,000?",
        "the smallest k with 0.5^k < 0.001.",
    ),
)


def back_through_time(states, W_hh, slope):
    """Return the slopes (T, N) of a loss with respect to the sums inside tanh, one row a step.

    Args:
        states: h_1 to h_T, (T, N).
        W_hh: (N, N).
        slope: of the loss with respect to the last state, (N,).
    """
    found = []
    for h in states.flip(0):  # from the last step to the first
        inner = slope * (1 - h**2)  # through tanh
        found.insert(0, inner)
        slope = W_hh.T @ inner  # to the state before
    return torch.stack(found)


def _runs():
    """Return probes: states (T, N) between -1 and 1, W_hh (N, N), a slope (N,)."""
    torch.manual_seed(3)
    fixed = (
        torch.tensor([[0.5, 0.0], [0.0, 0.5]]),
        torch.tensor([[0.0, 1.0], [2.0, 0.0]]),
        torch.tensor([1.0, 1.0]),
    )
    sizes = ((3, 2), (1, 3), (5, 4))
    drawn = [(torch.tanh(torch.randn(T, N)), torch.randn(N, N), torch.randn(N)) for T, N in sizes]
    return [fixed, *drawn]


BACK = Exercise(
    name="bptt.back",
    title="Back through time",
    minutes=15,
    reference=back_through_time,
    probes=_runs,
    hints=(
        "Where does the way back begin, and which two things does a slope pass at each step?",
        "Go from the last state to the first. At each one multiply by the slope of tanh, and keep "
        "the result. Then multiply by the transposed matrix, to reach the state before.",
        "d_t = s_t times (1 - h_t^2), number by number; then s_(t-1) = W^T d_t.",
    ),
)


def _back(states, W_hh, slope, through=lambda h: 1 - h**2, matrix=lambda W: W.T):
    """Return the slopes with a part that may be wrong, for the known mistakes."""
    found = []
    for h in states.flip(0):
        inner = slope * through(h)
        found.insert(0, inner)
        slope = matrix(W_hh) @ inner
    return torch.stack(found)


@BACK.mistake("The slope of tanh is missing: 1 - h^2, number by number.")
def no_tanh_slope(states, W_hh, slope):
    return _back(states, W_hh, slope, through=torch.ones_like)


@BACK.mistake("Backwards the matrix is transposed: what went from j to i now goes from i to j.")
def not_transposed(states, W_hh, slope):
    return _back(states, W_hh, slope, matrix=lambda W: W)


@BACK.mistake("The rows stand in the order of time: the first row belongs to the first step.")
def last_first(states, W_hh, slope):
    return back_through_time(states, W_hh, slope).flip(0)


@BACK.mistake("The states already went through tanh: its slope is 1 - h^2, not 1 - tanh(h)^2.")
def tanh_twice(states, W_hh, slope):
    return _back(states, W_hh, slope, through=lambda h: 1 - torch.tanh(h) ** 2)


@BACK.mistake("That walks forwards; begin at the last state, where the loss is.")
def from_the_first(states, W_hh, slope):
    return back_through_time(states.flip(0), W_hh, slope).flip(0)


@BACK.mistake("The matrix is missing: it leads from each step to the state before.")
def no_matrix(states, W_hh, slope):
    return _back(states, W_hh, slope, matrix=lambda W: torch.eye(len(W)))


@BACK.mistake("That is p (1 - p), the slope of the sigmoid; tanh has 1 - h^2.")
def sigmoids_slope(states, W_hh, slope):
    return _back(states, W_hh, slope, through=lambda h: h * (1 - h))


@BACK.hidden()
def draw_back(rng):
    T, N = size(rng, 2, 5), size(rng, 2, 4)
    return torch.tanh(normal(rng, T, N)), normal(rng, N, N), normal(rng, N)


def weight_gradient(inner, before):
    """Return the gradient (N, N) of W_hh: the sum over the steps of inner_t times before_t.

    Args:
        inner: slopes with respect to the sums inside tanh, (T, N).
        before: the state before each step, (T, N).
    """
    return inner.T @ before


def _parts():
    """Return probes: inner slopes (T, N) and the states before (T, N)."""
    torch.manual_seed(4)
    fixed = (torch.tensor([[1.0, 2.0], [0.0, 1.0]]), torch.tensor([[3.0, 0.0], [1.0, 1.0]]))
    return [fixed, *((torch.randn(T, N), torch.randn(T, N)) for T, N in ((3, 2), (1, 3), (4, 4)))]


WEIGHT = Exercise(
    name="bptt.weights",
    title="One matrix for all steps",
    minutes=8,
    reference=weight_gradient,
    probes=_parts,
    hints=(
        "How often is the matrix used, and what happens to the parts that arrive at it?",
        "In one step the weight in row i and column j leads from number j of the state before to "
        "the sum of number i. Its part is the slope of that sum times that number. Add the parts "
        "of all steps.",
        "entry (i, j): the sum over t of inner_t,i times before_t,j.",
    ),
)


@WEIGHT.mistake("Rows and columns are exchanged: row i belongs to the sum i.")
def transposed_gradient(inner, before):
    return before.T @ inner


@WEIGHT.mistake("The parts of all steps are added; you take the last step alone.")
def last_step_alone(inner, before):
    return torch.outer(inner[-1], before[-1])


@WEIGHT.mistake("The parts of all steps are added; you take the first step alone.")
def first_step_alone(inner, before):
    return torch.outer(inner[0], before[0])


@WEIGHT.mistake("The parts are added, not averaged: each use of a weight counts in full.")
def mean_of_steps(inner, before):
    return inner.T @ before / len(inner)


@WEIGHT.mistake("Keep the steps apart while multiplying: add up products, not slopes and states.")
def product_of_sums(inner, before):
    return torch.outer(inner.sum(0), before.sum(0))


@WEIGHT.mistake("That keeps the steps apart, (T, N, N); add them up.")
def steps_apart(inner, before):
    return inner[:, :, None] * before[:, None]


@WEIGHT.hidden()
def draw_weights(rng):
    T, N = size(rng, 2, 5), size(rng, 2, 4)
    return normal(rng, T, N), normal(rng, T, N)


def relative_lengths(slopes):
    """Return how long each of several slopes is, divided by the length of the first one.

    Args:
        slopes: a list of tensors of any shape; the length is the root of the sum of squares.
    """
    return [(slope.norm() / slopes[0].norm()).item() for slope in slopes]


LENGTHS = Exercise(
    name="bptt.lengths",
    title="How long is what is left?",
    minutes=5,
    reference=relative_lengths,
    probes=lambda: [
        ([torch.tensor([3.0, 4.0]), torch.tensor([0.6, 0.8]), torch.tensor([0.0, 10.0])],),
        ([torch.tensor([[1.0, 2.0], [2.0, 0.0]]), torch.tensor([[0.5, 0.5], [0.5, 0.5]])],),
        ([torch.tensor([-2.0]), torch.tensor([1.0])],),
    ],
    hints=(
        "How is the length of a vector computed from its numbers?",
        "Each tensor has one length, whatever its shape: the root of the sum of all its squares. "
        "Then all lengths are divided by the first one.",
        "||s_k|| / ||s_0|| for each k.",
    ),
)


@LENGTHS.mistake("Divide by the length of the first one, so that the list begins with 1.")
def absolute_lengths(slopes):
    return [slope.norm().item() for slope in slopes]


@LENGTHS.mistake("Each is divided by the first one, not by the one before it.")
def factor_by_factor(slopes):
    return [1.0] + [(b.norm() / a.norm()).item() for a, b in itertools.pairwise(slopes)]


@LENGTHS.mistake("The root is missing: the length is the root of the sum of squares.")
def squares(slopes):
    return [((slope**2).sum() / (slopes[0] ** 2).sum()).item() for slope in slopes]


@LENGTHS.mistake("That is the sum of the sizes; the length is the root of the sum of squares.")
def sums_of_sizes(slopes):
    return [(slope.abs().sum() / slopes[0].abs().sum()).item() for slope in slopes]


@LENGTHS.mistake("The list begins with the first one itself, whose relative length is 1.")
def without_the_first(slopes):
    return relative_lengths(slopes)[1:]


@LENGTHS.hidden()
def draw_lengths(rng):
    return ([normal(rng, 2, 3) for _ in range(size(rng, 3, 5))],)


def clip_gradients(gradients, largest):
    """Scale all gradients by one number so that their joint norm is at most `largest`.

    The result is a list of new tensors.
    """
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    return [g * min(1.0, largest / max(norm.item(), 1e-12)) for g in gradients]


CLIP = Exercise(
    name="bptt.clip",
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


@CLIP.mistake("That is the square of the length: the root of the sum is missing.")
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


QUIZ = (
    QuizQuestion(
        "The same matrix is used at each of 50 steps. What is its gradient?",
        "the sum of the parts of all steps",
        ("the part of the last step", "the mean of all steps", "the product of all steps"),
        "Each use passes a part back, and parts are added where paths meet.",
    ),
    QuizQuestion(
        "A slope is multiplied by 0.5 at each step. What is left of it after 20 steps?",
        "about a millionth",
        ("a half", "a tenth", "a fortieth"),
        "0.5 to the power of 20 is 1 / 1,048,576.",
    ),
    QuizQuestion(
        "What does clipping do to a gradient that has vanished?",
        "nothing",
        ("it makes it longer", "it turns it round", "it sets it to 0"),
        "Clipping shortens what is too long; what has vanished stays as short as it is.",
    ),
    QuizQuestion(
        "A network explodes with a learning rate of 0.5. What helps besides clipping?",
        "a smaller learning rate",
        ("a larger learning rate", "more steps", "longer texts"),
        "In our test a rate of a tenth was enough; clipping allows the larger one.",
    ),
    QuizQuestion(
        "What passes over the border of a window in truncated back-propagation?",
        "the state, but no slope",
        ("a slope, but no state", "both", "neither"),
        "The network goes on reading with its state; the way back ends at the border.",
    ),
    QuizQuestion(
        "What changes the direction of a gradient?",
        "clipping each of its numbers",
        ("clipping it by its length", "a smaller learning rate", "neither kind of clipping"),
        "One factor for all numbers keeps the direction; a limit for each number does not.",
    ),
)
