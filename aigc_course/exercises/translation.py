"""Exercises on translation: positions, masks, targets, label smoothing, beam search."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from aigc_course.exercises.engine.draws import ints, normal, size
from aigc_course.exercises.engine.observe import with_gradients
from aigc_course.exercises.engine.types import Exercise, Mistake, Question
from aigc_course.models.text.seq2seq import padding_mask, sinusoids


def _angles(T, C, base=10000):
    """Return the angles (T, C / 2) of sinusoidal positions, for the known mistakes."""
    return torch.arange(T)[:, None] * base ** (-torch.arange(0, C, 2) / C)


SINUSOIDS = Exercise(
    name="translation.sinusoids",
    title="Positions as waves",
    minutes=15,
    reference=sinusoids,
    probes=lambda: [(5, 8), (1, 2), (7, 12)],
    hints=(
        "How far has the wave of pair i turned at place t?",
        (
            "Make a table of angles, a row for each place and a column for each pair. Its "
            "sines go to the even places of the vector, its cosines to the odd ones."
        ),
        "angle(t, i) = t / 10000^(2i / C); PE(t, 2i) is its sine, PE(t, 2i + 1) its cosine.",
    ),
)


@SINUSOIDS.mistake(
    "The paper interleaves: sine at even places of the vector, cosine at odd "
    "ones (yours has all sines first)."
)
def in_halves(T, C):
    angles = _angles(T, C)
    return torch.cat([angles.sin(), angles.cos()], 1)


@SINUSOIDS.mistake("The sine comes first, at place 0.")
def cosine_first(T, C):
    angles = _angles(T, C)
    return torch.stack([angles.cos(), angles.sin()], -1).flatten(1)


@SINUSOIDS.mistake("A sine and its cosine share one speed: 2i counts pairs, 0, 2, 4, ...")
def own_speed_for_each(T, C):
    angles = torch.arange(T)[:, None] * 10000 ** (-torch.arange(C) / C)
    return torch.where(torch.arange(C) % 2 == 0, angles.sin(), angles.cos())


@SINUSOIDS.mistake("The exponent is 2i / C for pair i, not i / C.")
def half_the_exponent(T, C):
    angles = torch.arange(T)[:, None] * 10000 ** (-torch.arange(C // 2) / C)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


@SINUSOIDS.mistake("Later pairs are slower: divide by 10000 ** (2i / C).")
def multiplied(T, C):
    angles = torch.arange(T)[:, None] * 10000 ** (torch.arange(0, C, 2) / C)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


@SINUSOIDS.mistake("Places count from 0.")
def from_one(T, C):
    return sinusoids(T + 1, C)[1:]


@SINUSOIDS.mistake("A row for each place: (T, C).")
def transposed(T, C):
    return sinusoids(T, C).T


@SINUSOIDS.hidden()
def draw_sinusoids(rng):
    return size(rng, 2, 9), 2 * size(rng, 2, 8)


PADDING_MASK = Exercise(
    name="translation.padding_mask",
    title="No looking at padding",
    minutes=10,
    reference=padding_mask,
    probes=lambda: [(torch.tensor([[5, 1, 0, 0], [4, 3, 2, 1]]),), (torch.tensor([[1, 0]]),)],
    hints=(
        ("Which axis of weights of shape (B, H, T, S) belongs to the words that are looked at?"),
        (
            "The last one. What is real does not depend on the head or on who asks, so the two "
            "axes between have length 1."
        ),
        "mask(b, 0, 0, s) is True where id(b, s) is not 0.",
    ),
)


@PADDING_MASK.mistake(
    "True means: may look. You return what is forbidden (the convention of "
    "nn.Transformer's key_padding_mask)."
)
def blocked(ids):
    return (ids == 0)[:, None, None, :]


@PADDING_MASK.mistake(
    "The weights are (B, H, T, S): add two axes in the middle, (B, 1, 1, S), "
    "for all heads and queries."
)
def no_axes(ids):
    return ids != 0


@PADDING_MASK.mistake("It is the keys that are padding, the last axis: (B, 1, 1, S).")
def queries(ids):
    return (ids != 0)[:, None, :, None]


@PADDING_MASK.mistake("Id 1, the end, is a real token; only id 0 is padding.")
def end_shut(ids):
    return (ids > 1)[:, None, None, :]


@PADDING_MASK.mistake("Booleans are asked for.")
def as_numbers(ids):
    return (ids != 0)[:, None, None, :].float()


@PADDING_MASK.mistake("One axis is missing: (B, 1, 1, S).")
def one_axis(ids):
    return (ids != 0)[:, None, :]


@PADDING_MASK.hidden()
def draw_padding_mask(rng):
    ids = ints(rng, 1, 9, size(rng, 2, 4), size(rng, 3, 6))
    ids[0, -size(rng, 1, 2) :] = 0
    return (ids,)


def shift(rows):
    """Return what the decoder reads and what it should give, (B, T - 1) each, of rows (B, T)."""
    return rows[:, :-1], rows[:, 1:]


SHIFT = Exercise(
    name="translation.shift",
    title="What the decoder reads, what it should give",
    minutes=5,
    reference=shift,
    probes=lambda: [
        (torch.tensor([[1, 5, 6, 7, 1], [1, 8, 9, 1, 0]]),),
        (torch.tensor([[1, 4, 1]]),),
    ],
    hints=(
        "When the decoder has read tokens 0 to t of a row, which token should it give next?",
        "It reads all but the last token of a row, and should give all but the first.",
        "At place t it reads token t and should give token t + 1, for t = 0 ... T - 2.",
    ),
)


@SHIFT.mistake(
    "The decoder reads its own target: it will copy, and have nothing to copy when it writes alone."
)
def sees_its_target(rows):
    return rows[:, 1:], rows[:, 1:]


@SHIFT.mistake("The two are exchanged: it reads up to a token and should give the next one.")
def exchanged(rows):
    return rows[:, 1:], rows[:, :-1]


@SHIFT.mistake("The target is the NEXT token, one further: rows[:, 1:].")
def says_what_it_reads(rows):
    return rows[:, :-1], rows[:, :-1]


@SHIFT.mistake("One step ahead, not two.")
def two_ahead(rows):
    return rows[:, :-2], rows[:, 2:]


@SHIFT.mistake("Nothing is shifted: the decoder would read the very token that it should give.")
def whole(rows):
    return rows, rows


@SHIFT.mistake(
    "After the last token nothing comes; rolled round, the beginning would "
    "follow it. Leave the last column out."
)
def wrapped(rows):
    return rows, rows.roll(-1, 1)


@SHIFT.hidden()
def draw_shift(rng):
    rows = ints(rng, 2, 12, size(rng, 2, 4), size(rng, 4, 7))
    rows[:, 0], rows[:, -1] = 1, 1
    rows[0, -2:] = rows.new_tensor([1, 0])
    return (rows,)


def smooth_loss(logits, targets, smoothing):
    """Return the mean loss over the targets that are no padding, in nats.

    The loss of a target is -(1 - e) log p(target) - e / V sum of log p, with e the smoothing.
    """
    logp, real = logits.log_softmax(-1), targets != 0
    right = logp.gather(-1, targets[..., None])[..., 0]
    return -((1 - smoothing) * right + smoothing * logp.mean(-1))[real].mean()


def _some_logits():
    """Return probes: logits (B, T, V), targets (B, T) padded with 0, smoothing."""
    torch.manual_seed(0)
    targets = torch.tensor([[3, 1, 0], [2, 4, 1]])
    return [
        (torch.randn(2, 3, 5), targets, 0.1),
        (torch.randn(2, 3, 5), targets, 0.0),
        (torch.randn(1, 2, 7), torch.tensor([[6, 5]]), 0.4),
    ]


SMOOTH = Exercise(
    name="translation.smooth",
    title="Label smoothing",
    minutes=20,
    reference=smooth_loss,
    probes=_some_logits,
    observe=with_gradients,
    hints=(
        ("How much of the target goes to the right word, and how much to each of the V words?"),
        (
            "It is a cross-entropy whose target is spread out: the share 1 - e on the right "
            "word, the share e evenly over all. The second part needs the mean of the "
            "log-probabilities over the vocabulary. Padding does not count."
        ),
        (
            "A real target's loss is -(1 - e) ln p(target) - (e / V) (sum over all w of ln "
            "p(w)); the result is the mean of these."
        ),
    ),
)


@SMOOTH.mistake("That is the plain cross-entropy: the smoothing is not used.")
def not_smooth(logits, targets, smoothing):
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), ignore_index=0)


@SMOOTH.mistake("Padding (target 0) must not count.")
def padding_counted(logits, targets, smoothing):
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), label_smoothing=smoothing)


@SMOOTH.mistake(
    "Padding is left out of the sum, but not of the count: divide by the number of real targets."
)
def padding_in_the_mean(logits, targets, smoothing):
    logp, real = logits.log_softmax(-1), targets != 0
    right = logp.gather(-1, targets[..., None])[..., 0]
    return -(((1 - smoothing) * right + smoothing * logp.mean(-1)) * real).mean()


@SMOOTH.mistake(
    "The share e goes to all V tokens alike, e / V each, the right one included (as in PyTorch)."
)
def rest_only(logits, targets, smoothing):
    logp, real = logits.log_softmax(-1), targets != 0
    right = logp.gather(-1, targets[..., None])[..., 0]
    others = (logp.sum(-1) - right) / (logits.shape[-1] - 1)
    return -((1 - smoothing) * right + smoothing * others)[real].mean()


@SMOOTH.mistake(
    "e is shared out: each token gets e / V, so take the mean of log p over "
    "the vocabulary, not the sum."
)
def not_divided(logits, targets, smoothing):
    logp, real = logits.log_softmax(-1), targets != 0
    right = logp.gather(-1, targets[..., None])[..., 0]
    return -((1 - smoothing) * right + smoothing * logp.sum(-1))[real].mean()


@SMOOTH.mistake(
    "The right token gets 1 - e, all of them together e; you have them the other way round."
)
def turned_round(logits, targets, smoothing):
    return smooth_loss(logits, targets, 1 - smoothing)


@SMOOTH.mistake("The sign: a loss is minus the log-probabilities, so that less is better.")
def minus_forgotten(logits, targets, smoothing):
    return -smooth_loss(logits, targets, smoothing)


@SMOOTH.mistake("The mean over the real targets is asked for, not the sum.")
def sum_of_all(logits, targets, smoothing):
    return F.cross_entropy(
        logits.flatten(0, -2),
        targets.flatten(),
        ignore_index=0,
        label_smoothing=smoothing,
        reduction="sum",
    )


@SMOOTH.hidden()
def draw_smooth(rng):
    B, T, V = size(rng, 2, 3), size(rng, 3, 5), size(rng, 4, 8)
    targets = ints(rng, 1, V, B, T)
    targets[0, -1] = 0
    return normal(rng, B, T, V), targets, float(rng.uniform(0.05, 0.4))


PERFECT = Question(
    name="translation.perfect",
    title="The smallest loss",
    minutes=10,
    reference=-0.901 * math.log(0.901) - 99 * 0.001 * math.log(0.001),
    explanation="The loss is smallest when the model assigns the probabilities that it is taught: "
    "0.901 to the right token, 0.001 to each of 99 others. That costs "
    "-0.901 log 0.901 - 0.099 log 0.001 = 0.78 nats, the entropy of the smoothed "
    "target: the loss cannot go to 0.",
    mistakes=(
        Mistake(0.0, "Only without smoothing: here the model is taught NOT to be sure."),
        Mistake(0.105, "That is -log 0.9; the 0.1 that the others get costs something, too."),
        Mistake(0.684, "That is what the others cost; add the right token's -0.901 log 0.901."),
        Mistake(0.325, "The 0.1 is shared out among 100 tokens, 0.001 each."),
        Mistake(1.122, "In nats, please: the natural logarithm."),
    ),
    hints=(
        (
            "Which probability would the best model assign to the right word, and which to "
            "each other word?"
        ),
        (
            "A cross-entropy is smallest when the model assigns exactly the target's "
            "probabilities. What is left then is the entropy of the smoothed target."
        ),
        "-q ln q - (V - 1) r ln r, with r = e / V and q = 1 - e + r.",
    ),
    tolerance=0.02,
)


def grow(beams, logp, width):
    """Extend every beginning by every token and keep the `width` most probable of them all."""
    grown = [
        (score + step, [*ids, token])
        for (score, ids), row in zip(beams, logp.tolist(), strict=True)
        for token, step in enumerate(row)
    ]
    return sorted(grown, key=lambda item: -item[0])[:width]


def _in_doubles(answer, arguments):
    """Return the beginnings with rounded scores and plain numbers.

    Learners may add tensors of single precision or numbers.
    """
    beams, logp, width = arguments
    return [
        (round(float(score), 4), [int(i) for i in ids]) for score, ids in answer(beams, logp, width)
    ]


def _beginnings():
    """Return probes: beginnings with scores, log-probabilities (beams, V), and a width."""
    torch.manual_seed(2)
    two = [(-1.0, [1, 4]), (-1.5, [1, 2])]
    return [
        ([(0.0, [1])], torch.randn(1, 6).log_softmax(1), 3),
        (two, torch.randn(2, 6).log_softmax(1), 2),
        (two, torch.tensor([[0.28, 0.26, 0.24, 0.22], [0.97, 0.012, 0.01, 0.008]]).log(), 2),
        (two, torch.randn(2, 6).log_softmax(1), 1),
        ([(0.0, [1])], torch.tensor([[0.0, 0.0, 0.6, 0.4]]).log(), 2),  # two tokens are impossible
    ]


GROW = Exercise(
    name="translation.grow",
    title="One step of beam search",
    minutes=20,
    reference=grow,
    probes=_beginnings,
    observe=_in_doubles,
    hints=(
        "Out of how many candidates are the `width` best chosen?",
        (
            "Every beginning is extended by every token, and log-probabilities are added. All "
            "candidates compete together, whichever beginning they come from."
        ),
        (
            "score(beginning, then token) = score(beginning) + log p(token | beginning); the "
            "largest come first."
        ),
    ),
)


@GROW.mistake(
    "All beginnings compete: both of the next ones may come from one. Yours keeps the best of each."
)
def each_for_itself(beams, logp, width):
    return [
        (score + row.max().item(), [*ids, row.argmax().item()])
        for (score, ids), row in zip(beams, logp, strict=True)
    ][:width]


@GROW.mistake("Add the score that a beginning has already; you compare the last step only.")
def forgets_the_score(beams, logp, width):
    return grow([(0.0, ids) for _, ids in beams], logp, width)


@GROW.mistake(
    "The most probable are kept, those with the largest score (log-probabilities are negative)."
)
def worst(beams, logp, width):
    return grow(beams, logp, len(beams) * logp.shape[1])[::-1][:width]


@GROW.mistake("Probabilities multiply, so log-probabilities are added.")
def multiplies(beams, logp, width):
    grown = [
        (score * step, [*ids, token])
        for (score, ids), row in zip(beams, logp.tolist(), strict=True)
        for token, step in enumerate(row)
    ]
    return sorted(grown, key=lambda item: -item[0])[:width]


@GROW.mistake("Every beginning is extended, not only the first.")
def only_the_first(beams, logp, width):
    return grow(beams[:1], logp[:1], width)


@GROW.mistake("Keep `width` of them.")
def all_of_them(beams, logp, width):
    return grow(beams, logp, len(beams) * logp.shape[1])


@GROW.mistake("Add log-probabilities as they come, not probabilities.")
def probabilities(beams, logp, width):
    return [(round(score, 6), ids) for score, ids in grow(beams, logp.exp(), width)]


@GROW.hidden(times=5)
def draw_grow(rng):
    n = size(rng, 2, 3)
    beams = [(-float(rng.uniform(0.5, 3)), [1, *rng.integers(2, 7, 2).tolist()]) for _ in range(n)]
    return beams, (2 * normal(rng, n, 7)).log_softmax(1), size(rng, 1, 3)
