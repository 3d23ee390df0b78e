"""Exercises on the LSTM: a cell, its step, what is kept, and the GRU."""

from __future__ import annotations

import math

import torch

from aigc_course.exercises.engine.draws import normal, size
from aigc_course.exercises.engine.observe import with_gradients
from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion
from aigc_course.models.text.lstm import lstm_step


def next_state_and_cell(x, h, c, W, b):
    """Return the next h and c, (B, N) each.

    All four blocks are computed at once; three go through a sigmoid and one through tanh.
    """
    i, f, g, o = (torch.cat([x, h], 1) @ W.T + b).chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def _parts(x, h, W, b):
    """Return the four blocks i, f, g, o (B, N) before their sigmoid or tanh."""
    return (torch.cat([x, h], 1) @ W.T + b).chunk(4, 1)


def _steps():
    """Return probes: x (B, D), h and c (B, N), W (4 N, D + N), b (4 N,)."""
    torch.manual_seed(0)
    sizes = ((2, 3, 4), (1, 2, 2))
    return [
        (
            torch.randn(B, D),
            torch.randn(B, N),
            torch.randn(B, N),
            torch.randn(4 * N, D + N),
            torch.randn(4 * N),
        )
        for B, D, N in sizes
    ]


STEP = Exercise(
    name="lstm.step",
    title="One step of the LSTM",
    minutes=20,
    reference=lstm_step,
    shown=next_state_and_cell,
    probes=_steps,
    observe=with_gradients,
    hints=(
        (
            "Which three of the four blocks are gates, between 0 and 1, and which one is the "
            "new content?"
        ),
        (
            "x and h side by side, times W transposed, give all four blocks in one row; cut it "
            "into four. Gates go through a sigmoid, the content through tanh."
        ),
        "c_t = f ⊙ c_(t-1) + i ⊙ g, then h_t = o ⊙ tanh(c_t).",
    ),
)


@STEP.mistake("h is tanh of the cell, times the gate o: o * tanh(c).")
def no_tanh_on_the_cell(x, h, c, W, b):
    i, f, g, o = _parts(x, h, W, b)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c, c


@STEP.mistake("The blocks lie in the order i, f, g, o: you took f from the first.")
def f_first(x, h, c, W, b):
    f, i, g, o = _parts(x, h, W, b)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@STEP.mistake("The blocks lie in the order i, f, g, o: you exchanged g and o.")
def o_before_g(x, h, c, W, b):
    i, f, o, g = _parts(x, h, W, b)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@STEP.mistake("Gates are missing their sigmoid: i, f and o must lie between 0 and 1.")
def no_sigmoids(x, h, c, W, b):
    i, f, g, o = _parts(x, h, W, b)
    c = f * c + i * g.tanh()
    return o * c.tanh(), c


@STEP.mistake("The bias b is not used.")
def no_bias(x, h, c, W, b):
    return lstm_step(x, h, c, W, b * 0)


@STEP.mistake("The columns of W belong to x first, then h: torch.cat([x, h], 1).")
def h_before_x(x, h, c, W, b):
    i, f, g, o = (torch.cat([h, x], 1) @ W.T + b).chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@STEP.mistake("g is what is written, not a gate: tanh, so that it may be negative.")
def g_with_sigmoid(x, h, c, W, b):
    i, f, g, o = _parts(x, h, W, b)
    c = f.sigmoid() * c + i.sigmoid() * g.sigmoid()
    return o.sigmoid() * c.tanh(), c


@STEP.mistake("Gates are sigmoids, between 0 (shut) and 1 (open).")
def gates_with_tanh(x, h, c, W, b):
    i, f, g, o = _parts(x, h, W, b)
    c = f.tanh() * c + i.tanh() * g.tanh()
    return o.tanh() * c.tanh(), c


@STEP.mistake("You used 1 - f in place of i; the LSTM has a gate of its own for writing.")
def coupled(x, h, c, W, b):
    _, f, g, o = _parts(x, h, W, b)
    c = f.sigmoid() * c + (1 - f.sigmoid()) * g.tanh()
    return o.sigmoid() * c.tanh(), c


@STEP.mistake("h comes from the new cell; yours comes from the old one.")
def old_cell(x, h, c, W, b):
    i, f, g, o = _parts(x, h, W, b)
    return o.sigmoid() * c.tanh(), f.sigmoid() * c + i.sigmoid() * g.tanh()


@STEP.mistake("Return h first, then c.")
def c_and_h_exchanged(x, h, c, W, b):
    return lstm_step(x, h, c, W, b)[::-1]


@STEP.hidden()
def draw_step(rng):
    B, D, N = size(rng, 2, 4), size(rng, 2, 4), size(rng, 2, 4)
    return (
        normal(rng, B, D),
        normal(rng, B, N),
        normal(rng, B, N),
        normal(rng, 4 * N, D + N),
        normal(rng, 4 * N),
    )


HALF_LIFE = Question(
    name="lstm.half_life",
    title="How long does it remember?",
    minutes=5,
    reference=math.log(0.5) / math.log(0.9),
    explanation="0.9 ** k = 0.5, so k = ln 0.5 / ln 0.9 = 6.6 steps. With f = 0.99 it is 69, "
    "with f = 1 for ever.",
    mistakes=(
        Mistake(
            5.0,
            "A tenth is lost of what is left, not of the beginning: powers, not subtraction.",
        ),
        Mistake(10.0, "1 / (1 - f) is when a share of 1/e, 37 %, is left, roughly; here half."),
        Mistake(
            6.0, "Nearly: after 6 steps 53 % are left. Give a decimal number: ln 0.5 / ln 0.9."
        ),
        Mistake(
            7.0, "Nearly: after 7 steps 48 % are left. Give a decimal number: ln 0.5 / ln 0.9."
        ),
        Mistake(
            0.45,
            "That is what is left of 0.5 after one step; how many steps until half is left?",
        ),
        Mistake(69.0, "That is for f = 0.99."),
    ),
    hints=(
        "What share is left after one step, after two, after k?",
        (
            "Each step multiplies what is left by f. Set the share after k steps equal to a "
            "half, and solve with logarithms."
        ),
        "f^k = 1/2, so k = ln(1/2) / ln f.",
    ),
    tolerance=0.06,
)


def next_cell(c, f, i, g):
    """Return the next cell: what the forget gate keeps, plus what the input gate lets in."""
    return f * c + i * g


CELL = Exercise(
    name="lstm.cell",
    title="Keep and write",
    minutes=5,
    reference=next_cell,
    probes=lambda: [
        (0.8, 0.9, 0.5, 0.6),
        (0.8, 1.0, 0.0, -0.9),
        (-0.5, 0.0, 1.0, 0.3),
        (0.123, 0.456, 0.789, -0.321),
        (2.0, 0.25, 0.75, -0.4),
    ],
    hints=(
        "Which part of the old cell stays, and which part of the candidate is added?",
        "The forget gate multiplies the old cell, the input gate multiplies the candidate.",
        "c_new = f c + i g.",
    ),
)


@CELL.mistake("The LSTM has a gate of its own for writing: i, not 1 - f.")
def one_gate_for_both(c, f, i, g):
    return f * c + (1 - f) * g


@CELL.mistake("The gates are exchanged: f keeps the cell, i lets the candidate in.")
def gates_exchanged(c, f, i, g):
    return i * c + f * g


@CELL.mistake("The input gate is missing: only a part of the candidate is written.")
def written_in_full(c, f, i, g):
    return f * c + g


@CELL.mistake("The forget gate is missing: only a part of the old cell is kept.")
def kept_in_full(c, f, i, g):
    return c + i * g


@CELL.mistake("The forget gate says what is kept: f times the cell, not 1 - f.")
def forgets_what_it_should_keep(c, f, i, g):
    return (1 - f) * c + i * g


@CELL.mistake("Both parts are added; you multiply them.")
def parts_multiplied(c, f, i, g):
    return f * c * i * g


@CELL.hidden()
def draw_cell(rng):
    c, g = rng.uniform(-1, 1, 2)
    f, i = rng.uniform(0.1, 0.9, 2)
    return float(c), float(f), float(i), float(g)


def left_at_the_end(forget):
    """Return which share of what each step wrote is left in the cell at the end, (T,).

    Args:
        forget: the forget gates of T steps, (T,). What step t wrote passes those of the steps
            after it.
    """
    shares, share = [], 1.0
    for f in reversed(forget.tolist()):
        shares.insert(0, share)
        share *= f
    return torch.tensor(shares, dtype=forget.dtype)


LEFT = Exercise(
    name="lstm.left",
    title="What is left at the end?",
    minutes=8,
    reference=left_at_the_end,
    probes=lambda: [
        (torch.tensor([0.5, 0.25, 0.8]),),
        (torch.tensor([0.9, 0.2, 1.0, 0.75]),),
        (torch.tensor([0.3]),),
        (torch.tensor([0.8, 0.0, 0.5]),),  # a gate that is shut
        (torch.tensor([0.95, 0.9, 0.85, 0.8, 0.75]),),
    ],
    hints=(
        "What the last step wrote: does any forget gate still act on it?",
        "What a step wrote passes the forget gates of all later steps, and is multiplied by each. "
        "Go from the last step to the first.",
        "share of step t = the product of f over the steps after t; it is 1 for the last one.",
    ),
)


@LEFT.mistake("A step's own forget gate acts on the old cell, not on what the step writes.")
def own_gate_too(forget):
    return forget.flip(0).cumprod(0).flip(0)


@LEFT.mistake("What a step wrote passes the gates after it, not those before it.")
def gates_before(forget):
    return forget.cumprod(0)


@LEFT.mistake("What a step wrote passes the gates after it; you multiply those before it.")
def shifted_forwards(forget):
    return torch.cat([forget.new_ones(1), forget[:-1].cumprod(0)])


@LEFT.mistake("The order: the first number belongs to the first step, of which least is left.")
def shares_reversed(forget):
    return left_at_the_end(forget).flip(0)


@LEFT.mistake("Shares along the way are multiplied, not added.")
def gates_added(forget):
    return forget.flip(0).cumsum(0).flip(0)


@LEFT.mistake("Those are the gates; multiply those of all later steps.")
def next_gate_only(forget):
    return torch.cat([forget[1:], forget.new_ones(1)]) if len(forget) > 1 else forget * 1.0


@LEFT.hidden()
def draw_left(rng):
    return (torch.tensor(rng.uniform(0.2, 1, size(rng, 3, 6)), dtype=torch.float32),)


def gru_state(h, z, n):
    """Return the next state of a GRU: a mixture of the old state and the candidate, z and 1 - z."""
    return (1 - z) * n + z * h


GRU = Exercise(
    name="lstm.gru",
    title="One gate for two",
    minutes=5,
    reference=gru_state,
    probes=lambda: [
        (torch.tensor([[0.8, -0.2]]), torch.tensor([[0.9, 0.5]]), torch.tensor([[-0.4, 0.6]])),
        (torch.tensor([[0.5]]), torch.tensor([[1.0]]), torch.tensor([[0.1]])),
        (
            torch.tensor([[0.3], [-0.7]]),
            torch.tensor([[0.0], [0.25]]),
            torch.tensor([[1.0], [0.5]]),
        ),
    ],
    hints=(
        "If z is 1, what is the new state? And if z is 0?",
        "The two shares add up to 1: z for the old state, what is missing to 1 for the candidate.",
        "h_new = z h + (1 - z) n, number by number.",
    ),
)


@GRU.mistake("The other way round: z is the share of the OLD state, in PyTorch's convention.")
def shares_exchanged(h, z, n):
    return z * n + (1 - z) * h


@GRU.mistake("The candidate's share is missing: it is 1 - z.")
def candidate_in_full(h, z, n):
    return n + z * h


@GRU.mistake("The old state's share is missing: it is z.")
def state_in_full(h, z, n):
    return h + (1 - z) * n


@GRU.mistake("The old state is missing.")
def candidate_alone(h, z, n):
    return (1 - z) * n


@GRU.mistake("The candidate is missing.")
def state_alone(h, z, n):
    return z * h


@GRU.hidden()
def draw_gru(rng):
    b, n = size(rng, 1, 3), size(rng, 2, 4)
    return normal(rng, b, n), torch.sigmoid(normal(rng, b, n)), torch.tanh(normal(rng, b, n))


QUIZ = (
    QuizQuestion(
        "What does a forget gate of 1 do?",
        "it keeps the cell as it is",
        ("it erases the cell", "it shows the cell", "it writes the input into the cell"),
        "The gate multiplies the cell; its name tells what happens when it is closed.",
    ),
    QuizQuestion(
        "How much does the cell change if the input gate is 0 and the forget gate 1?",
        "not at all",
        ("by the candidate", "it becomes 0", "by one half"),
        "1 times the old cell, plus 0 times the candidate.",
    ),
    QuizQuestion(
        "By what is a slope multiplied, one step back along the cell?",
        "by the forget gate",
        ("by the matrix W", "by the output gate", "by the learning rate"),
        "The new cell is f times the old one plus something; its slope with respect to that is f.",
    ),
    QuizQuestion(
        "An LSTM starts with forget gates near one half. Why is that bad for long memory?",
        "After 20 steps a millionth of the cell, and of the slope, is left.",
        (
            "The gates can never become larger than one half.",
            "The cell grows without end.",
            "The output gate stays shut.",
        ),
        "0.5 to the power of 20; a bias that opens the gates at the start repairs it.",
    ),
    QuizQuestion(
        "How many gates does a GRU have, and what does it not have?",
        "two, and no cell beside its state",
        ("three, and no candidate", "one, and no state", "four, and no tanh"),
        "An update gate and a reset gate; state and memory are one and the same.",
    ),
    QuizQuestion(
        "What does a probe tell?",
        "whether a fact can be read from the state",
        (
            "whether the network uses the fact",
            "how many weights are needed",
            "whether the training has ended",
        ),
        "A linear layer is trained to read it; if it can, the fact is there, used or not.",
    ),
)
