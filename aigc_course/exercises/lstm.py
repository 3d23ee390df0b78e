"""Exercises on the LSTM and headlines.

The LSTM's step, forgetting, temperature on logits, top-p, relevance.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from aigc_course.data.stories import headlines
from aigc_course.evaluation.text_metrics import relevance
from aigc_course.exercises.engine.draws import normal, size
from aigc_course.exercises.engine.observe import with_gradients
from aigc_course.exercises.engine.types import Exercise, Mistake, Question
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
        Mistake(6.0, "Nearly: after 6 steps 53 % are left. A fraction is fine: ln 0.5 / ln 0.9."),
        Mistake(7.0, "Nearly: after 7 steps 48 % are left. A fraction is fine: ln 0.5 / ln 0.9."),
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
    tolerance=0.11,
)


def heat(logits, temperature):
    """Return the probabilities of logits (..., V) at a temperature: softmax(logits / T)."""
    return torch.softmax(logits / temperature, -1)


TEMPERATURE = Exercise(
    name="lstm.temperature",
    title="Temperature on logits",
    minutes=5,
    reference=heat,
    probes=lambda: [
        (torch.tensor([2.0, 1.0, -1.0]), 0.5),
        (torch.tensor([[0.0, 3.0], [1.0, 1.5]]), 2.0),
        (torch.tensor([[4.0, 0.0, 1.0]]), 1.0),
    ],
    hints=(
        (
            "Logits are logarithms of probabilities, up to a constant. What does a power 1 / T "
            "become in logarithms?"
        ),
        (
            "A division by T, before the softmax; the softmax goes over the vocabulary, the "
            "last axis."
        ),
        "p = softmax(logits / T).",
    ),
)


@TEMPERATURE.mistake("You multiply by T: then a high temperature sharpens. Divide.")
def multiplied(logits, temperature):
    return torch.softmax(logits * temperature, -1)


@TEMPERATURE.mistake("Divide the logits, before the softmax; after it nothing sums to 1 any more.")
def after_the_softmax(logits, temperature):
    return torch.softmax(logits, -1) / temperature


@TEMPERATURE.mistake("Probabilities are asked for: apply the softmax.")
def no_softmax(logits, temperature):
    return logits / temperature


@TEMPERATURE.mistake("The temperature is not used.")
def ignored(logits, temperature):
    return torch.softmax(logits, -1)


@TEMPERATURE.mistake("The softmax goes over the last axis, the vocabulary.")
def wrong_axis(logits, temperature):
    return torch.softmax(logits / temperature, 0)


@TEMPERATURE.hidden(times=4)
def draw_temperature(rng):
    return 2 * normal(rng, size(rng, 1, 3), size(rng, 2, 6)), float(rng.uniform(0.3, 3))


def nucleus(probabilities, p):
    """Return probabilities (V,) of which only the most probable are left, normalised.

    The most probable tokens are kept until they reach p together; the others become 0.
    """
    ordered, order = probabilities.sort(descending=True)
    kept = (ordered.cumsum(0) - ordered < p) | (p >= 1)  # those before do not reach p
    result = torch.zeros_like(probabilities)
    result[order[kept]] = ordered[kept]
    return result / result.sum()


TOP_P = Exercise(
    name="lstm.top_p",
    title="Top-p, the nucleus",
    minutes=20,
    reference=nucleus,
    probes=lambda: [
        (torch.tensor([0.05, 0.5, 0.15, 0.3]), 0.7),
        (torch.tensor([0.1, 0.2, 0.7]), 0.5),
        (torch.tensor([0.25, 0.35, 0.4]), 1.0),
        (torch.tensor([0.28, 0.3, 0.22, 0.2]), 0.6),
    ],
    hints=(
        "In which order do you look at the tokens, and when do you have enough of them?",
        (
            "From the most probable one down, adding up. A token stays while what came before "
            "it has not reached p; so the one that crosses p stays, too, and the first always "
            "does. Then everything goes back to its own place."
        ),
        (
            "Keep a token where (sum up to and with it) - (its own probability) is below p; "
            "then divide by the sum of what is kept."
        ),
    ),
)


@TOP_P.mistake("The token that crosses p belongs to the nucleus: keep until p is reached.")
def stops_one_early(probabilities, p):
    ordered, order = probabilities.sort(descending=True)
    kept = ordered.cumsum(0) <= p + 1e-6
    kept[0] = True
    result = torch.zeros_like(probabilities)
    result[order[kept]] = ordered[kept]
    return result / result.sum()


@TOP_P.mistake(
    "The token that reaches p is left out, even the first: keep a token if "
    "what came before it is below p."
)
def stops_before_the_first(probabilities, p):
    ordered, order = probabilities.sort(descending=True)
    kept = ordered.cumsum(0) <= p + 1e-6
    result = torch.zeros_like(probabilities)
    result[order[kept]] = ordered[kept]
    return result / result.sum()


@TOP_P.mistake("What is kept must sum to 1 again.")
def not_normalised(probabilities, p):
    ordered, order = probabilities.sort(descending=True)
    kept = ordered.cumsum(0) - ordered < p
    result = torch.zeros_like(probabilities)
    result[order[kept]] = ordered[kept]
    return result


@TOP_P.mistake("The result is sorted; each probability must go back to its own token.")
def left_in_order(probabilities, p):
    ordered, _ = probabilities.sort(descending=True)
    kept = ordered.cumsum(0) - ordered < p
    return ordered * kept / (ordered * kept).sum()


@TOP_P.mistake("p is no threshold for single tokens; add up from the most probable one.")
def threshold(probabilities, p):
    kept = probabilities * (probabilities >= min(p, probabilities.max().item()))
    return kept / kept.sum()


@TOP_P.mistake("You begin with the least probable: sort in descending order.")
def least_first(probabilities, p):
    ordered, order = probabilities.sort()
    kept = ordered.cumsum(0) - ordered < p
    result = torch.zeros_like(probabilities)
    result[order[kept]] = ordered[kept]
    return result / result.sum()


@TOP_P.mistake("You add up in the order of the vocabulary; sort by probability first.")
def unsorted(probabilities, p):
    kept = probabilities * (probabilities.cumsum(0) - probabilities < p)
    return kept / kept.sum()


@TOP_P.hidden(times=6)
def draw_top_p(rng):
    return torch.tensor(rng.dirichlet(np.ones(size(rng, 3, 7))), dtype=torch.float32), float(
        rng.uniform(0.3, 0.97)
    )


def count_relevant(texts, topics, check):
    """Return the share of texts that follow the topic that was asked for.

    A text follows a topic when the plot of the checker's verdict is that topic.
    """
    return sum(check(text).plot == topic for text, topic in zip(texts, topics, strict=True)) / len(
        texts
    )


def _judged():
    """Return probes: texts, the topics that were asked for, and the checker.

    Some texts are altered, and some are of another topic.
    """
    drawn = headlines.sample(12, seed=5)
    topics = [story.facts[0]["topic"] for story in drawn]
    asked = [*topics[:6], *topics[7:], topics[0]]
    texts = [
        headlines.alter(story, seed=1) if i % 3 == 0 else story.text
        for i, story in enumerate(drawn)
    ]
    texts[1] = "A dragon came to sport weather prices science culture transport"
    return [(texts, asked, headlines.check), (texts[:4], topics[:4], headlines.check)]


RELEVANCE = Exercise(
    name="lstm.relevance",
    title="Does it follow the topic?",
    minutes=10,
    reference=relevance,
    shown=count_relevant,
    probes=_judged,
    hints=(
        "What tells you which topic a text really follows?",
        (
            "The plot of its verdict, None where it follows no topic. Compare it with what was "
            "asked for at the same place."
        ),
        "relevance = (texts whose plot is their own topic) / (all texts).",
    ),
)


@RELEVANCE.mistake("That is logic, whether the facts fit together; relevance asks for the topic.")
def consistent(texts, topics, check):
    return sum(check(text).consistent for text in texts) / len(texts)


@RELEVANCE.mistake(
    "A headline about sport need not hold the word; check(text).plot names its topic."
)
def mentions(texts, topics, check):
    return sum(topic in text.lower() for text, topic in zip(texts, topics, strict=True)) / len(
        texts
    )


@RELEVANCE.mistake(
    "You accept any topic that was asked for by someone; compare each text with its own."
)
def any_topic(texts, topics, check):
    return sum(check(text).plot in topics for text in texts) / len(texts)


@RELEVANCE.mistake("Return a share: divide by the number of texts.")
def counted(texts, topics, check):
    return sum(check(text).plot == topic for text, topic in zip(texts, topics, strict=True))


@RELEVANCE.mistake("Return a share between 0 and 1, not per cent.")
def per_cent(texts, topics, check):
    return 100 * relevance(texts, topics, check)


@RELEVANCE.mistake("You ask for logic as well; keep the two measures apart.")
def relevant_and_consistent(texts, topics, check):
    verdicts = [check(text) for text in texts]
    return sum(
        v.plot == topic and v.consistent for v, topic in zip(verdicts, topics, strict=True)
    ) / len(texts)


@RELEVANCE.hidden(times=2)
def draw_relevance(rng):
    drawn = headlines.sample(10, seed=int(rng.integers(1000)))
    topics = [story.facts[0]["topic"] for story in drawn]
    asked = [*topics[:4], *topics[5:], topics[0]]
    texts = [
        headlines.alter(story, seed=1) if i % 3 == 0 else story.text
        for i, story in enumerate(drawn)
    ]
    texts[1] = "A dragon came to sport weather prices science culture transport"
    return texts, asked, headlines.check
