"""Exercises of lesson 05: the LSTM's step, forgetting, temperature on logits, top-p, relevance."""

from __future__ import annotations

import math

import torch

from aigc_course.data.stories import headlines
from aigc_course.evaluation.text_metrics import relevance
from aigc_course.exercises.engine.compare import with_gradients
from aigc_course.exercises.engine.types import Exercise, Mistake, Question
from aigc_course.models.text.lstm import lstm_step


def _parts(x, h, W, b):
    return (torch.cat([x, h], 1) @ W.T + b).chunk(4, 1)


def _no_tanh_on_the_cell(x, h, c, W, b):
    i, f, g, o = _parts(x, h, W, b)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c, c


def _f_first(x, h, c, W, b):
    f, i, g, o = _parts(x, h, W, b)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def _o_before_g(x, h, c, W, b):
    i, f, o, g = _parts(x, h, W, b)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def _no_sigmoids(x, h, c, W, b):
    i, f, g, o = _parts(x, h, W, b)
    c = f * c + i * g.tanh()
    return o * c.tanh(), c


def _no_bias(x, h, c, W, b):
    return lstm_step(x, h, c, W, b * 0)


def _h_before_x(x, h, c, W, b):
    i, f, g, o = (torch.cat([h, x], 1) @ W.T + b).chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def _g_with_sigmoid(x, h, c, W, b):
    i, f, g, o = _parts(x, h, W, b)
    c = f.sigmoid() * c + i.sigmoid() * g.sigmoid()
    return o.sigmoid() * c.tanh(), c


def _gates_with_tanh(x, h, c, W, b):
    i, f, g, o = _parts(x, h, W, b)
    c = f.tanh() * c + i.tanh() * g.tanh()
    return o.tanh() * c.tanh(), c


def _coupled(x, h, c, W, b):
    _, f, g, o = _parts(x, h, W, b)
    c = f.sigmoid() * c + (1 - f.sigmoid()) * g.tanh()
    return o.sigmoid() * c.tanh(), c


def _old_cell(x, h, c, W, b):
    i, f, g, o = _parts(x, h, W, b)
    return o.sigmoid() * c.tanh(), f.sigmoid() * c + i.sigmoid() * g.tanh()


def _c_and_h_exchanged(x, h, c, W, b):
    return lstm_step(x, h, c, W, b)[::-1]


def _steps():
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


def heat(logits, temperature):
    """Logits (..., V) -> probabilities at a temperature: softmax(logits / T)."""
    return torch.softmax(logits / temperature, -1)


def _multiplied(logits, temperature):
    return torch.softmax(logits * temperature, -1)


def _after_the_softmax(logits, temperature):
    return torch.softmax(logits, -1) / temperature


def _no_softmax(logits, temperature):
    return logits / temperature


def _ignored(logits, temperature):
    return torch.softmax(logits, -1)


def _wrong_axis(logits, temperature):
    return torch.softmax(logits / temperature, 0)


def nucleus(probabilities, p):
    """Keep the most probable tokens until they reach p together, set the rest to 0, normalise: (V,)
    -> (V,).
    """
    ordered, order = probabilities.sort(descending=True)
    kept = (ordered.cumsum(0) - ordered < p) | (p >= 1)  # what came before is not enough yet
    result = torch.zeros_like(probabilities)
    result[order[kept]] = ordered[kept]
    return result / result.sum()


def _stops_one_early(probabilities, p):
    ordered, order = probabilities.sort(descending=True)
    kept = ordered.cumsum(0) <= p + 1e-6
    kept[0] = True
    result = torch.zeros_like(probabilities)
    result[order[kept]] = ordered[kept]
    return result / result.sum()


def _stops_before_the_first(probabilities, p):
    ordered, order = probabilities.sort(descending=True)
    kept = ordered.cumsum(0) <= p + 1e-6
    result = torch.zeros_like(probabilities)
    result[order[kept]] = ordered[kept]
    return result / result.sum()


def _not_normalised(probabilities, p):
    ordered, order = probabilities.sort(descending=True)
    kept = ordered.cumsum(0) - ordered < p
    result = torch.zeros_like(probabilities)
    result[order[kept]] = ordered[kept]
    return result


def _left_in_order(probabilities, p):
    ordered, _ = probabilities.sort(descending=True)
    kept = ordered.cumsum(0) - ordered < p
    return ordered * kept / (ordered * kept).sum()


def _threshold(probabilities, p):
    kept = probabilities * (probabilities >= min(p, probabilities.max().item()))
    return kept / kept.sum()


def _least_first(probabilities, p):
    ordered, order = probabilities.sort()
    kept = ordered.cumsum(0) - ordered < p
    result = torch.zeros_like(probabilities)
    result[order[kept]] = ordered[kept]
    return result / result.sum()


def _unsorted(probabilities, p):
    kept = probabilities * (probabilities.cumsum(0) - probabilities < p)
    return kept / kept.sum()


def count_relevant(texts, topics, check):
    """Short answer: the verdict's plot is the topic that the text follows."""
    return sum(check(text).plot == topic for text, topic in zip(texts, topics, strict=True)) / len(
        texts
    )


def _consistent(texts, topics, check):
    return sum(check(text).consistent for text in texts) / len(texts)


def _mentions(texts, topics, check):
    return sum(topic in text.lower() for text, topic in zip(texts, topics, strict=True)) / len(
        texts
    )


def _any_topic(texts, topics, check):
    return sum(check(text).plot in topics for text in texts) / len(texts)


def _counted(texts, topics, check):
    return sum(check(text).plot == topic for text, topic in zip(texts, topics, strict=True))


def _per_cent(texts, topics, check):
    return 100 * relevance(texts, topics, check)


def _relevant_and_consistent(texts, topics, check):
    verdicts = [check(text) for text in texts]
    return sum(
        v.plot == topic and v.consistent for v, topic in zip(verdicts, topics, strict=True)
    ) / len(texts)


def _judged():
    drawn = headlines.sample(12, seed=5)
    topics = [story.facts[0]["topic"] for story in drawn]
    asked = [*topics[:6], *topics[7:], topics[0]]
    texts = [
        headlines.alter(story, seed=1) if i % 3 == 0 else story.text
        for i, story in enumerate(drawn)
    ]
    texts[1] = "A dragon came to sport weather prices science culture transport"
    return [(texts, asked, headlines.check), (texts[:4], topics[:4], headlines.check)]


EXERCISES = (
    Exercise(
        name="lstm.step",
        title="One step of the LSTM",
        minutes=20,
        reference=lstm_step,
        probes=_steps,
        observe=with_gradients,
        mistakes=(
            Mistake(_no_tanh_on_the_cell, "h shows tanh of the cell: o * tanh(c)."),
            Mistake(_f_first, "The blocks lie in the order i, f, g, o: you took f from the first."),
            Mistake(_o_before_g, "The blocks lie in the order i, f, g, o: you exchanged g and o."),
            Mistake(
                _no_sigmoids,
                "Gates are missing their sigmoid: i, f and o must lie between 0 and 1.",
            ),
            Mistake(_no_bias, "The bias b is not used."),
            Mistake(
                _h_before_x, "The columns of W belong to x first, then h: torch.cat([x, h], 1)."
            ),
            Mistake(
                _g_with_sigmoid,
                "g is what is written, not a gate: tanh, so that it may be negative.",
            ),
            Mistake(_gates_with_tanh, "Gates are sigmoids, between 0 (shut) and 1 (open)."),
            Mistake(
                _coupled,
                "You used 1 - f in place of i; the LSTM has a gate of its own for writing.",
            ),
            Mistake(_old_cell, "h shows the new cell, you show the old one."),
            Mistake(_c_and_h_exchanged, "Return h first, then c."),
        ),
        hints=(
            (
                "torch.cat([x, h], 1) @ W.T + b gives all four blocks side by side; "
                ".chunk(4, 1) cuts them."
            ),
            "i, f and o through a sigmoid, g through tanh; c = f * c + i * g.",
            "h = o * tanh(c); return h, c.",
        ),
    ),
    Question(
        name="lstm.half_life",
        title="How long does it remember?",
        minutes=5,
        reference=math.log(0.5) / math.log(0.9),
        explanation=(
            "0.9 ** k = 0.5, so k = ln 0.5 / ln 0.9 = 6.6 steps. With f = 0.99 it is 69, "
            "with f = 1 for ever."
        ),
        mistakes=(
            Mistake(
                5.0,
                "A tenth is lost of what is left, not of the beginning: powers, not subtraction.",
            ),
            Mistake(10.0, "1 / (1 - f) is when a share of 1/e, 37 %, is left, roughly; here half."),
            Mistake(
                6.0, "Nearly: after 6 steps 53 % are left. A fraction is fine: ln 0.5 / ln 0.9."
            ),
            Mistake(
                7.0, "Nearly: after 7 steps 48 % are left. A fraction is fine: ln 0.5 / ln 0.9."
            ),
            Mistake(
                0.45,
                "That is what is left of 0.5 after one step; how many steps until half is left?",
            ),
            Mistake(69.0, "That is for f = 0.99."),
        ),
        hints=("After k steps 0.9 ** k of it is left.", "Solve 0.9 ** k = 0.5 with logarithms."),
        tolerance=0.11,
    ),
    Exercise(
        name="lstm.temperature",
        title="Temperature on logits",
        minutes=5,
        reference=heat,
        probes=lambda: [
            (torch.tensor([2.0, 1.0, -1.0]), 0.5),
            (torch.tensor([[0.0, 3.0], [1.0, 1.5]]), 2.0),
            (torch.tensor([[4.0, 0.0, 1.0]]), 1.0),
        ],
        mistakes=(
            Mistake(_multiplied, "You multiply by T: then a high temperature sharpens. Divide."),
            Mistake(
                _after_the_softmax,
                "Divide the logits, before the softmax; after it nothing sums to 1 any more.",
            ),
            Mistake(_no_softmax, "Probabilities are asked for: apply the softmax."),
            Mistake(_ignored, "The temperature is not used."),
            Mistake(_wrong_axis, "The softmax goes over the last axis, the vocabulary."),
        ),
        hints=(
            "Logits are logarithms: the power 1 / T of lesson 01 becomes a division by T.",
            "torch.softmax(logits / temperature, -1)",
        ),
    ),
    Exercise(
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
        mistakes=(
            Mistake(
                _stops_one_early,
                "The token that crosses p belongs to the nucleus: keep until p is reached.",
            ),
            Mistake(
                _stops_before_the_first,
                (
                    "The token that reaches p is left out, even the first: keep a token if "
                    "what came before it is below p."
                ),
            ),
            Mistake(_not_normalised, "What is kept must sum to 1 again."),
            Mistake(
                _left_in_order,
                "The result is sorted; each probability must go back to its own token.",
            ),
            Mistake(
                _threshold,
                "p is no threshold for single tokens; add up from the most probable one.",
            ),
            Mistake(_least_first, "You begin with the least probable: sort in descending order."),
            Mistake(
                _unsorted, "You add up in the order of the vocabulary; sort by probability first."
            ),
        ),
        hints=(
            "ordered, order = probabilities.sort(descending=True); cumsum adds up.",
            "Keep a token if what came before it, cumsum - itself, is still below p.",
            "result[order[kept]] = ordered[kept] puts them back; divide by the sum.",
        ),
    ),
    Exercise(
        name="lstm.relevance",
        title="Does it follow the topic?",
        minutes=10,
        reference=relevance,
        shown=count_relevant,
        probes=_judged,
        mistakes=(
            Mistake(
                _consistent,
                "That is logic, whether the facts fit together; relevance asks for the topic.",
            ),
            Mistake(
                _mentions,
                "A headline about sport need not hold the word; check(text).plot names its topic.",
            ),
            Mistake(
                _any_topic,
                (
                    "You accept any topic that was asked for by someone; compare each text "
                    "with its own."
                ),
            ),
            Mistake(_counted, "Return a share: divide by the number of texts."),
            Mistake(_per_cent, "Return a share between 0 and 1, not per cent."),
            Mistake(
                _relevant_and_consistent, "You ask for logic as well; keep the two measures apart."
            ),
        ),
        hints=(
            "check(text).plot is the topic that a text follows, None if it follows none.",
            "Share of the texts where it equals the topic at the same place.",
        ),
    ),
)
