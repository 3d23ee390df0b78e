"""Exercises on recurrent networks: a step, inputs and targets, a loss without padding, survival."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from aigc_course.exercises.engine.draws import ints, normal, size
from aigc_course.exercises.engine.observe import with_gradients
from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion
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
    minutes=12,
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


def inputs_and_targets(tokens):
    """Return the inputs (B, T - 1) and the targets (B, T - 1) of texts (B, T): shifted by one."""
    return tokens[:, :-1], tokens[:, 1:]


SHIFT = Exercise(
    name="rnn.shift",
    title="Inputs and targets",
    minutes=5,
    reference=inputs_and_targets,
    probes=lambda: [
        (torch.tensor([[5, 7, 2, 9], [4, 4, 1, 0]]),),
        (torch.tensor([[1, 2, 3]]),),
        (torch.tensor([[8, 6, 5, 3, 1], [2, 9, 4, 7, 0], [1, 1, 2, 0, 0]]),),
    ],
    hints=(
        "At which place of a text is there nothing left to predict? And which place is never a "
        "target?",
        "The last token is no input, because nothing follows it. The first one is no target, "
        "because nothing stands before it.",
        "Inputs are the places 0 to T - 2, targets the places 1 to T - 1.",
    ),
)


@SHIFT.mistake("The other way round: the inputs come first, then what follows them.")
def targets_first(tokens):
    return tokens[:, 1:], tokens[:, :-1]


@SHIFT.mistake("The targets are the inputs themselves; shift them by one place.")
def not_shifted(tokens):
    return tokens[:, :-1], tokens[:, :-1]


@SHIFT.mistake("A text is a row: cut off columns, not rows.")
def rows_cut(tokens):
    return tokens[:-1], tokens[1:]


@SHIFT.mistake("The last token is no input: nothing follows it. Both have T - 1 columns.")
def last_kept(tokens):
    return tokens, tokens[:, 1:]


@SHIFT.mistake("Shifted by two places; the target is the very next token.")
def two_places(tokens):
    return tokens[:, :-2], tokens[:, 2:]


@SHIFT.hidden()
def draw_shift(rng):
    return (ints(rng, 1, 20, size(rng, 2, 4), size(rng, 4, 7)),)


def survival(first_errors, words):
    """Return the share of texts without an error among their first `words` words.

    Args:
        first_errors: for each text the number of the first wrong word, from 0, or None.
        words: how many words are looked at.
    """
    alive = [at is None or at >= words for at in first_errors]
    return sum(alive) / len(alive)


SURVIVAL = Exercise(
    name="rnn.survival",
    title="How many texts are still right?",
    minutes=8,
    reference=survival,
    probes=lambda: [
        ([3, None, 0, 7], 3),
        ([3, None, 0, 7], 4),
        ([3, None, 0, 7], 0),
        ([None, None], 50),
        ([0, 1, 2, 5, 5, 9, None, 12, 4], 5),
    ],
    hints=(
        "A text whose word number 3 is wrong: are its first 3 words right? Its first 4?",
        "Words are counted from 0, so the first `words` words are right if there is no error, or "
        "if its number is at least `words`.",
        "The share of texts with None, or with a number of at least `words`.",
    ),
)


@SURVIVAL.mistake("Words are counted from 0: if word 3 is wrong, the first 3 words are right.")
def one_too_strict(first_errors, words):
    return sum(at is None or at > words for at in first_errors) / len(first_errors)


@SURVIVAL.mistake("None stands for a text without an error: it is right however far you look.")
def none_is_wrong(first_errors, words):
    return sum(at is not None and at >= words for at in first_errors) / len(first_errors)


@SURVIVAL.mistake("That is the share of texts that have an error by then.")
def share_broken(first_errors, words):
    return 1 - survival(first_errors, words)


@SURVIVAL.mistake("That is the number of texts; divide it by how many there are.")
def number_alive(first_errors, words):
    return survival(first_errors, words) * len(first_errors)


@SURVIVAL.mistake("The texts without an error count as well: divide by the number of all texts.")
def of_those_with_errors(first_errors, words):
    wrong = [at for at in first_errors if at is not None]
    return sum(at >= words for at in wrong) / max(len(wrong), 1)


@SURVIVAL.hidden()
def draw_survival(rng):
    errors = [None if x > 14 else int(x) for x in rng.integers(0, 18, size(rng, 4, 9))]
    return errors, size(rng, 2, 12)


QUIZ = (
    QuizQuestion(
        "A recurrent network reads 100 words. How many sets of weights does it have for them?",
        "one, used 100 times",
        ("100, one for each word", "two, for odd and even words", "as many as it has states"),
        "Unrolled, the same layer stands at every step; that is why any length can be read.",
    ),
    QuizQuestion(
        "What does the network know of the word before last?",
        "what is left of it in the state",
        ("the word itself", "nothing at all", "its place in the text"),
        "The state is all that is carried on; each step mixes the new input into it.",
    ),
    QuizQuestion(
        "Why must padding be left out of the loss?",
        "It is easy to predict, and would make the loss look small.",
        (
            "It is hard to predict, and would make the loss look large.",
            "The network cannot read the number 0.",
            "It would make the state too long.",
        ),
        "The model would mostly learn, and be praised, for saying that padding follows padding.",
    ),
    QuizQuestion(
        "What does a model read in training with teacher forcing?",
        "the true text",
        ("its own text", "the teacher's marks", "a mix of true and own text"),
        "Whatever it predicted, the next input is the true token; only when it writes, its own.",
    ),
    QuizQuestion(
        "What is exposure bias?",
        "a model was never shown texts with its own mistakes",
        (
            "a model prefers words that are frequent",
            "a model has seen the test texts in training",
            "a model learns the prejudices of its texts",
        ),
        "After a mistake it stands where no training text has been, so the next one is likely.",
    ),
    QuizQuestion(
        "A writer gets each word wrong with probability 0.02. What share of texts of 46 words is "
        "whole, if errors do not depend on each other?",
        "about 0.4",
        ("about 0.98", "about 0.08", "about 0.02"),
        "0.98 to the power of 46 is 0.39: small rates add up over many words.",
    ),
)
