"""Exercises on a generator of headlines: temperature on logits, top-p, repetition, relevance."""

from __future__ import annotations

import numpy as np
import torch

from aigc_course.data.stories import headlines
from aigc_course.evaluation.text_metrics import relevance
from aigc_course.exercises.engine.draws import normal, size
from aigc_course.exercises.engine.types import Exercise, QuizQuestion


def heat(logits, temperature):
    """Return the probabilities of logits (..., V) at a temperature: softmax(logits / T)."""
    return torch.softmax(logits / temperature, -1)


TEMPERATURE = Exercise(
    name="headlines.temperature",
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
    name="headlines.top_p",
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
    name="headlines.relevance",
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


def penalised(logits, used, penalty):
    """Return logits (V,) with those of tokens that were used made smaller.

    Args:
        logits: (V,).
        used: ids of the tokens that stand in the text so far.
        penalty: more than 1; positive logits are divided by it, negative ones multiplied.
    """
    result = logits.clone()
    picked = result[used]
    result[used] = torch.where(picked > 0, picked / penalty, picked * penalty)
    return result


PENALTY = Exercise(
    name="headlines.penalty",
    title="A penalty for repetition",
    minutes=10,
    reference=penalised,
    probes=lambda: [
        (torch.tensor([2.0, -1.0, 0.5, 3.0]), torch.tensor([0, 1]), 2.0),
        (torch.tensor([-0.5, -2.0, 4.0]), torch.tensor([2, 2, 1]), 1.25),
        (torch.tensor([1.0, 0.0, -3.0, 2.0, 0.25]), torch.tensor([4, 2, 4, 4]), 1.5),
    ],
    hints=(
        "A logit of -2 should become less likely. Would dividing it by 2 do that?",
        "Divide positive logits and multiply negative ones. A token that was used three times is "
        "changed once. Work on a copy.",
        "l / penalty if l > 0, else l x penalty, for the used tokens alone.",
    ),
)


@PENALTY.mistake("Dividing a negative logit makes the token likelier: multiply it.")
def always_divided(logits, used, penalty):
    result = logits.clone()
    result[used] = result[used] / penalty
    return result


@PENALTY.mistake("Only tokens that were used are punished; you changed all.")
def all_punished(logits, used, penalty):
    return torch.where(logits > 0, logits / penalty, logits * penalty)


@PENALTY.mistake("The penalty is not subtracted: positive logits are divided by it.")
def subtracted(logits, used, penalty):
    result = logits.clone()
    result[used] = result[used] - penalty
    return result


@PENALTY.mistake("A token that stands in the text several times is changed once.")
def once_for_each_use(logits, used, penalty):
    result = logits.clone()
    for token in used.tolist():
        result[token] = result[token] / penalty if result[token] > 0 else result[token] * penalty
    return result


@PENALTY.mistake("Turned round: that makes used tokens likelier.")
def rewarded(logits, used, penalty):
    return penalised(logits, used, 1 / penalty)


@PENALTY.mistake("The token may come again, only less likely: do not set it to minus infinity.")
def forbidden(logits, used, penalty):
    result = logits.clone()
    result[used] = -float("inf")
    return result


@PENALTY.hidden()
def draw_penalty(rng):
    logits = normal(rng, size(rng, 4, 7))
    used = torch.tensor(rng.integers(0, len(logits), 4))
    return logits, used, float(rng.uniform(1.1, 2))


QUIZ = (
    QuizQuestion(
        "How does the model get to know which topic is wanted?",
        "The topic is its first token.",
        (
            "There is a model for each topic.",
            "The temperature stands for the topic.",
            "Headlines of other topics are thrown away.",
        ),
        "It learned what follows each topic token, so one token is enough to ask for a topic.",
    ),
    QuizQuestion(
        "Training bits fall, validation bits have risen for a while. What now?",
        "stop, and take the weights of the lowest validation bits",
        (
            "train on until the training bits are 0",
            "add the validation set to the training set",
            "lower the temperature",
        ),
        "It has begun to learn by heart; that is early stopping.",
    ),
    QuizQuestion(
        "When does dropout set numbers to 0?",
        "in training only",
        ("when the model is used, only", "always", "when the loss rises"),
        "It makes training harder on purpose; when the model writes, all numbers are used.",
    ),
    QuizQuestion(
        "A headline has one wrong name and is otherwise like its reference. Its BLEU?",
        "high",
        ("0", "low", "negative"),
        "Nearly all runs of words are shared; overlap does not know which word matters.",
    ),
    QuizQuestion(
        "Three words have the probabilities 0.5, 0.3 and 0.2. Which does top-p with p = 0.6 keep?",
        "the first two",
        ("the first", "all three", "the last two"),
        "0.5 does not reach 0.6; with 0.3 it does, and the word that reaches p belongs to it.",
    ),
    QuizQuestion(
        "A logit is -1, and the repetition penalty 2. What does it become?",
        "-2",
        ("-0.5", "0.5", "-3"),
        "Negative logits are multiplied; divided, the token would become likelier.",
    ),
)
