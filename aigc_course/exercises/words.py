"""Exercises on words and meaning.

Viterbi, ambiguous sentences, PPMI, negative sampling.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from aigc_course.exercises.engine.draws import normal, size
from aigc_course.exercises.engine.observe import with_gradients
from aigc_course.exercises.engine.types import Exercise, Mistake, Question
from aigc_course.models.text.tagger import viterbi
from aigc_course.models.text.word_vectors import negative_sampling_loss, ppmi


def viterbi_with_paths(start, transition, emission):
    """Return the most probable path of states.

    For every state, the best path that ends there is kept, with its log-probability.
    """
    paths = [(start[k] + emission[0, k], [k]) for k in range(len(start))]
    for seen in emission[1:]:
        paths = [
            max((p + transition[path[-1], k] + seen[k], [*path, k]) for p, path in paths)
            for k in range(len(start))
        ]
    return max(paths)[1]


def _lattices():
    """Return probes: log-probabilities start (K,), transition (K, K), emission (T, K)."""
    rng = np.random.default_rng(4)
    cases = []
    sizes = ((2, 4), (3, 6), (4, 8), (3, 1), (5, 12), (2, 9), (4, 3), (3, 14), (15, 40))
    for states, times in sizes:
        start, transition = rng.dirichlet(np.ones(states)), rng.dirichlet(np.ones(states), states)
        cases.append(
            (
                np.log(start + 1e-9),
                np.log(transition + 1e-9),
                np.log(rng.dirichlet(np.ones(states), times)),
            )
        )
    return cases


VITERBI = Exercise(
    name="words.viterbi",
    title="The best path",
    minutes=30,
    reference=viterbi,
    shown=viterbi_with_paths,
    probes=_lattices,
    hints=(
        (
            "Of all paths that end in one state at this word, how many can still become part "
            "of the best whole path?"
        ),
        (
            "Only the best one for each state. Extend it by every transition, and note from "
            "which state each new best path came. At the end, begin with the best last state "
            "and follow the notes backwards."
        ),
        (
            "best_t(k) = emission_t(k) + max over j of (best_(t-1)(j) + transition(j, k)), and "
            "best_0(k) = start(k) + emission_0(k)."
        ),
    ),
)


@VITERBI.mistake(
    "You keep one path, the best so far; one that is second now may win at "
    "the end. Keep the best for each state."
)
def greedy(start, transition, emission):
    states = [int((start + emission[0]).argmax())]
    for seen in emission[1:]:
        states.append(int((transition[states[-1]] + seen).argmax()))
    return states


@VITERBI.mistake("You look at each word alone; add the transitions between neighbours.")
def emission_only(start, transition, emission):
    return [int(i) for i in emission.argmax(1)]


@VITERBI.mistake(
    "The transitions are ignored: after the first word, each word is looked at alone. Add "
    "transition[i, j] when a path goes from tag i to tag j."
)
def transitions_ignored(start, transition, emission):
    return [int((start + emission[0]).argmax()), *(int(seen.argmax()) for seen in emission[1:])]


@VITERBI.mistake(
    "You read the best state off at each time; the best path must be walked back from its end."
)
def no_back_pointers(start, transition, emission):
    best = start + emission[0]
    states = [int(best.argmax())]
    for seen in emission[1:]:
        best = (best[:, None] + transition).max(0) + seen
        states.append(int(best.argmax()))
    return states


@VITERBI.mistake(
    "You add up all paths into a state (the forward algorithm); keep only "
    "the best one: its maximum, not a sum."
)
def sums_paths(start, transition, emission):
    best, back = start + emission[0], []
    for seen in emission[1:]:
        ways = best[:, None] + transition
        back.append(ways.argmax(0))
        best = np.logaddexp.reduce(ways, 0) + seen
    states = [int(best.argmax())]
    for pointers in reversed(back):
        states.append(int(pointers[states[-1]]))
    return states[::-1]


@VITERBI.mistake("The first word counts as well: begin with start + emission[0].")
def first_word_ignored(start, transition, emission):
    return viterbi(start, transition, np.vstack([np.zeros_like(start), emission[1:]]))


@VITERBI.mistake("Row and column are exchanged: transition[i, j] is from i to j.")
def transposed(start, transition, emission):
    return viterbi(start, transition.T, emission)


@VITERBI.mistake("The first state has a log-probability of its own: start.")
def no_start(start, transition, emission):
    return viterbi(np.zeros_like(start), transition, emission)


@VITERBI.mistake("Your path is back to front: reverse it.")
def backwards(start, transition, emission):
    return viterbi(start, transition, emission)[::-1]


@VITERBI.hidden(times=8)
def draw_viterbi(rng):
    states, times = size(rng, 2, 4), size(rng, 2, 12)
    tables = (
        rng.dirichlet(np.ones(states)),
        rng.dirichlet(np.ones(states), states),
        rng.dirichlet(np.ones(states), times),
    )
    return tuple(np.log(table + 1e-9) for table in tables)


PARSES = Question(
    name="words.parses",
    title="How many trees?",
    minutes=10,
    reference=5,
    explanation="in the park goes with saw or Tom; with a kite with saw, Tom or park: six pairs, "
    "of which one would cross. Five are left.",
    mistakes=(
        Mistake(
            6,
            (
                "You counted every pair of attachments; one of the six makes branches "
                "cross, and a tree has none."
            ),
        ),
        Mistake(
            4, "Two times two is short: with a kite has three places to go, saw, Tom and park."
        ),
        Mistake(3, "That is with a kite alone; in the park can move as well."),
        Mistake(2, "That would be one phrase with two places; here are two phrases."),
        Mistake(1, "A reader sees one meaning, the grammar allows more."),
    ),
    hints=(
        "To which word may 'in the park' belong? And 'with a kite'?",
        (
            "Write down every combination of the two choices, then strike out the one whose "
            "branches cross: no tree has such."
        ),
        (
            "trees = (places for the first phrase) x (places for the second) - (combinations "
            "that cross)."
        ),
    ),
)


def ppmi_in_four_lines(counts):
    """Return the PPMI of counts (M, N), in bits.

    It is log2 of the joint probability over the product of the two margins; negative values, and
    the log of 0, become 0.
    """
    p = counts / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log2(p / np.outer(p.sum(1), p.sum(0)))
    return np.where(counts > 0, np.maximum(pmi, 0), 0)


PPMI = Exercise(
    name="words.ppmi",
    title="Positive pointwise mutual information",
    minutes=15,
    reference=ppmi,
    shown=ppmi_in_four_lines,
    probes=lambda: [
        (np.array([[0, 4.0, 1], [4, 2, 3], [1, 3, 0]]),),
        (np.array([[5.0, 1], [1, 5]]),),
        (np.array([[1.0, 1], [1, 1]]),),
        (
            np.array([[1.0, 5, 0], [2, 2, 0], [3, 0, 0]]),
        ),  # not symmetric, and a column that was never counted
    ],
    hints=(
        "How often would a and b meet by chance alone, if a comes so often and b so often?",
        (
            "Turn counts into shares of the whole table: of each pair, of each row, of each "
            "column. Compare a pair's share with the product of its row's and its column's. "
            "Where nothing was counted there is no logarithm: put 0 there."
        ),
        "PPMI(a, b) = max(0, log2 of p(a, b) / (p(a) p(b))), and 0 where the count is 0.",
    ),
)


@PPMI.mistake("Negative values are left: the first P stands for positive.")
def pmi_with_negatives(counts):
    counts = np.asarray(counts, dtype=float)
    p = counts / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log2(p / np.outer(p.sum(1), p.sum(0)))
    return np.where(counts > 0, pmi, 0)


@PPMI.mistake("log2(0) is -inf for pairs that never met: set them to 0, and negative values, too.")
def pmi_infinite(counts):
    counts = np.asarray(counts, dtype=float)
    p = counts / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log2(p / np.outer(p.sum(1), p.sum(0)))


@PPMI.mistake(
    "A word that was never counted gives 0 / 0, and that is NaN (not a number): put 0 in its row "
    "and column."
)
def not_a_number_left(counts):
    counts = np.asarray(counts, dtype=float)
    p = counts / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.maximum(np.log2(p / np.outer(p.sum(1), p.sum(0))), 0)


@PPMI.mistake("That is in nats: take log2.")
def nats(counts):
    return ppmi(counts) * np.log(2)


@PPMI.mistake("The logarithm is missing.")
def no_logarithm(counts):
    counts = np.asarray(counts, dtype=float)
    p = counts / counts.sum()
    with np.errstate(invalid="ignore"):
        return p / np.outer(p.sum(1), p.sum(0))


@PPMI.mistake(
    "Everything comes out 0: divide by the total first, and compare with the "
    "product of the two margins."
)
def forgot_the_total(counts):
    counts = np.asarray(counts, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.maximum(np.log2(counts / np.outer(counts.sum(1), counts.sum(0))), 0)


@PPMI.hidden()
def draw_ppmi(rng):
    n = size(rng, 3, 5)
    counts = rng.integers(0, 6, (n, n)).astype(float) + np.eye(n)
    counts[:, -1] = 0  # never counted
    return (counts + np.eye(n, k=-1),)


def negative_sampling_in_one_line(positive, negative):
    """Return the loss that pulls the seen pair together and pushes each random one apart."""
    return -(F.logsigmoid(positive) + F.logsigmoid(-negative).sum(-1)).mean()


def _scores():
    """Return probes: scores of seen pairs (B,) and of random ones (B, K)."""
    torch.manual_seed(0)
    return [
        (torch.randn(4), torch.randn(4, 3)),
        (torch.tensor([30.0]), torch.tensor([[-40.0, 2.0]])),
        (torch.zeros(2), torch.zeros(2, 5)),
        (2 * torch.randn(6), 2 * torch.randn(6, 5)),
    ]


NEGATIVE_SAMPLING = Exercise(
    name="words.negative_sampling",
    title="The loss of negative sampling",
    minutes=10,
    reference=negative_sampling_loss,
    shown=negative_sampling_in_one_line,
    probes=_scores,
    observe=with_gradients,
    hints=(
        (
            "What should training do to the score of a pair that was seen, and what to the "
            "scores of random pairs?"
        ),
        (
            'Each pair is a question of its own, "seen or random?", and sigmoid(score) is the '
            'probability of "seen". Pay the surprise at "seen" for the true pair, and at '
            '"random" for each other one: 1 - sigmoid(s) is sigmoid(-s).'
        ),
        (
            "The mean over the batch of: -ln sigmoid(positive) - sum over the K random ones of "
            "ln sigmoid(-negative)."
        ),
    ),
)


@NEGATIVE_SAMPLING.mistake("Random pairs should get a low score: log sigmoid of minus the score.")
def negative_not_negated(positive, negative):
    return -(F.logsigmoid(positive) + F.logsigmoid(negative).sum(-1)).mean()


@NEGATIVE_SAMPLING.mistake("Equation 4 adds up over the random contexts of one pair; you average.")
def mean_over_negatives(positive, negative):
    return -(F.logsigmoid(positive) + F.logsigmoid(-negative).mean(-1)).mean()


@NEGATIVE_SAMPLING.mistake("It is a loss: minus the log-probabilities, so that less is better.")
def not_negated(positive, negative):
    return (F.logsigmoid(positive) + F.logsigmoid(-negative).sum(-1)).mean()


@NEGATIVE_SAMPLING.mistake("The logarithm is natural here, not that to base 2: nats, not bits.")
def in_bits(positive, negative):
    return negative_sampling_loss(positive, negative) / math.log(2)


@NEGATIVE_SAMPLING.mistake("The logarithm is missing: F.logsigmoid.")
def no_log(positive, negative):
    return -(torch.sigmoid(positive) + torch.sigmoid(-negative).sum(-1)).mean()


@NEGATIVE_SAMPLING.mistake(
    "Average over the batch, so that the learning rate does not depend on its size."
)
def summed_over_the_batch(positive, negative):
    return -(F.logsigmoid(positive) + F.logsigmoid(-negative).sum(-1)).sum()


@NEGATIVE_SAMPLING.mistake(
    "The random pairs are missing: without them all vectors would become one."
)
def seen_only(positive, negative):
    return -F.logsigmoid(positive).mean()


@NEGATIVE_SAMPLING.mistake("The sigmoid is missing: F.logsigmoid of the scores.")
def no_sigmoid_at_all(positive, negative):
    return -(positive - negative.sum(-1)).mean()


@NEGATIVE_SAMPLING.mistake("One number is asked for: the mean over the batch.")
def one_row_each(positive, negative):
    return -(F.logsigmoid(positive) + F.logsigmoid(-negative).sum(-1))


@NEGATIVE_SAMPLING.mistake(
    "Give back the tensor itself: .item() and .detach() cut the gradient, "
    "and nothing could be learned."
)
def detached(positive, negative):
    return negative_sampling_loss(positive, negative).item()


@NEGATIVE_SAMPLING.mistake(
    "That is a softmax over the candidates; here each pair is a yes-or-no question of its own."
)
def softmax(positive, negative):
    return -torch.log_softmax(torch.cat([positive[:, None], negative], 1), 1)[:, 0].mean()


@NEGATIVE_SAMPLING.hidden()
def draw_negative_sampling(rng):
    n = size(rng, 2, 6)
    return normal(rng, n), normal(rng, n, size(rng, 2, 5))
