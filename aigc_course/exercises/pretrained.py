"""Exercises on pretrained Transformers.

Bits from logits, what is ignored, labels, LoRA, the prompt of a dialogue.
"""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F

from aigc_course.exercises.engine.draws import ints, normal, size
from aigc_course.exercises.engine.observe import given_parameters
from aigc_course.exercises.engine.types import Exercise, Mistake, Question


def text_bits(model, ids):
    """Return the bits that a causal model of Transformers needs for ids (1, T) after the first.

    That is -log2 of the probability that it assigns to them.
    """
    logp = model(input_ids=ids).logits[0, :-1].log_softmax(-1)
    return -logp.gather(-1, ids[0, 1:, None]).sum().item() / np.log(2)


class _Output(SimpleNamespace):
    """Fields as Transformers gives them: by name or by number, without those that are None."""

    def __getitem__(self, key: str | int):
        present = {name: value for name, value in vars(self).items() if value is not None}
        return list(present.values())[key] if isinstance(key, int) else present[key]


class _Bigrams:
    """A small model that answers as a causal model of Transformers does.

    It gives logits, and with labels the mean loss in nats.
    """

    device = torch.device("cpu")

    def __call__(self, input_ids, labels=None, **_):
        logits = torch.randn(7, 7, generator=torch.Generator().manual_seed(0))[input_ids]
        loss = None
        if labels is not None:
            loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
        return _Output(loss=loss, logits=logits)

    def __repr__(self) -> str:
        return "a small model"


BITS = Exercise(
    name="pretrained.bits",
    title="Bits from logits",
    minutes=15,
    reference=text_bits,
    probes=lambda: [
        (_Bigrams(), torch.tensor([[1, 3, 5, 2, 1]])),
        (_Bigrams(), torch.tensor([[1, 6]])),
    ],
    hints=(
        "About which token do the logits at place t tell?",
        (
            "Turn logits into log-probabilities, take at each place the one of the token that "
            "came next, and add them up. The last place has no next token."
        ),
        "bits = -(sum over t of ln p(token t + 1 | tokens up to t)) / ln 2.",
    ),
)


@BITS.mistake("Those are nats: divide by log 2.")
def in_nats(model, ids):
    return text_bits(model, ids) * math.log(2)


@BITS.mistake("That is the mean a token; the bits of the whole text are asked for.")
def mean_bits(model, ids):
    return text_bits(model, ids) / (ids.shape[1] - 1)


@BITS.mistake("The model's loss is a mean, in nats: times T - 1 tokens, over log 2.")
def mean_nats(model, ids):
    return model(input_ids=ids, labels=ids).loss.item()


@BITS.mistake("The first token is not predicted: a mean times T - 1, not times T.")
def one_token_too_many(model, ids):
    return text_bits(model, ids) / (ids.shape[1] - 1) * ids.shape[1]


@BITS.mistake("Logits at a place are about the NEXT token: compare logits[:, :-1] with ids[:, 1:].")
def no_shift(model, ids):
    logp = model(input_ids=ids).logits[0].log_softmax(-1)
    return -logp.gather(-1, ids[0, :, None]).sum().item() / math.log(2)


@BITS.mistake("Logits are no log-probabilities: log_softmax comes first.")
def logits_as_they_are(model, ids):
    return -model(input_ids=ids).logits[0, :-1].gather(
        -1, ids[0, 1:, None]
    ).sum().item() / math.log(2)


@BITS.mistake("Bits are positive: minus the log-probability.")
def log_probability(model, ids):
    return -text_bits(model, ids)


@BITS.hidden()
def draw_bits(rng):
    return _Bigrams(), ints(rng, 0, 7, 1, size(rng, 3, 8))


IGNORED = Question(
    name="pretrained.ignored",
    title="What is ignored",
    minutes=5,
    reference="greedy",
    explanation="Without do_sample=True generate takes the most probable token each time; "
    "temperature, top_k and top_p are for sampling, and are "
    "ignored with a warning at most.",
    mistakes=(
        Mistake(
            "hot",
            (
                "A temperature counts only when tokens are drawn, and nothing draws "
                "here: do_sample is False by default."
            ),
        ),
        Mistake(
            "top-p",
            (
                "top_p filters what is drawn from, and nothing is drawn: do_sample is "
                "False by default."
            ),
        ),
        Mistake("error", "No error: only a warning in the log, easily missed."),
        Mistake("beam", "A beam needs num_beams > 1."),
    ),
    hints=(
        "What does `generate` do when it is not told to sample?",
        (
            "temperature, top_k and top_p change a distribution from which one draws. Look up "
            "the default of do_sample: is anything drawn here?"
        ),
    ),
)


def answer_labels(ids, lengths):
    """Return the labels of prompts and answers: the ids of the answer, -100 elsewhere.

    Args:
        ids: (B, T), padded with 0; each row is a prompt and its answer.
        lengths: number of tokens of each prompt (B,).
    """
    at = torch.arange(ids.shape[1])
    return ids.masked_fill((at < lengths[:, None]) | (ids == 0), -100)


LABELS = Exercise(
    name="pretrained.labels",
    title="Learn the answer, not the question",
    minutes=15,
    reference=answer_labels,
    probes=lambda: [
        (torch.tensor([[1, 7, 8, 9, 4, 1, 0], [1, 7, 5, 1, 0, 0, 0]]), torch.tensor([4, 2])),
        (torch.tensor([[1, 2, 3]]), torch.tensor([1])),
    ],
    hints=(
        "Which places of a row should the loss see: prompt, answer, padding?",
        (
            "Only the answer's, with its end token. Hide the prompt, the first lengths[i] "
            "places of row i, and whatever has id 0."
        ),
        "label(i, t) = id(i, t) where t >= lengths(i) and id(i, t) is not 0, else -100.",
    ),
)


@LABELS.mistake("The prompt is learned, too: its first lengths[i] tokens need -100.")
def all_of_it(ids, lengths):
    return ids.masked_fill(ids == 0, -100)


@LABELS.mistake("Padding (id 0) needs -100, too.")
def padding_learned(ids, lengths):
    return ids.masked_fill(torch.arange(ids.shape[1]) < lengths[:, None], -100)


@LABELS.mistake("Transformers ignores -100; 0 would be learned as a token.")
def zeros(ids, lengths):
    return answer_labels(ids, lengths).clamp(min=0)


@LABELS.mistake("One token too many is hidden: the first of the answer stands at place lengths[i].")
def one_too_many(ids, lengths):
    return answer_labels(ids, lengths + 1)


@LABELS.mistake("The last token of the prompt is learned: hide places 0 to lengths[i] - 1.")
def one_too_few(ids, lengths):
    return answer_labels(ids, lengths - 1)


@LABELS.mistake("Transformers shifts the labels itself; give them at the same places as the ids.")
def shifted(ids, lengths):
    labels = answer_labels(ids, lengths)
    return torch.cat([labels[:, 1:], torch.full((len(ids), 1), -100)], 1)


@LABELS.mistake("You hide the answer and learn the prompt.")
def the_prompt(ids, lengths):
    return ids.masked_fill((torch.arange(ids.shape[1]) >= lengths[:, None]) | (ids == 0), -100)


@LABELS.mistake("The end token belongs to the answer: without it the model never learns to stop.")
def end_left_out(ids, lengths):
    labels = answer_labels(ids, lengths)
    return labels.masked_fill((labels == 1), -100)


@LABELS.hidden()
def draw_labels(rng):
    ids = ints(rng, 1, 20, 3, 8)
    for row in range(3):
        ids[row, size(rng, 5, 8) :] = 0
    return ids, ints(rng, 1, 5, 3)


def merge(W, A, B, alpha):
    """Return W + alpha / r B A, for W (out, in), A (r, in) and B (out, r)."""
    return W + alpha / A.shape[0] * B @ A


MERGE = Exercise(
    name="pretrained.merge",
    title="Merge LoRA into the weights",
    minutes=10,
    reference=merge,
    probes=lambda: [
        (torch.arange(12.0).view(3, 4), torch.ones(2, 4), torch.arange(6.0).view(3, 2), 8),
        (torch.eye(2), torch.ones(1, 2), torch.ones(2, 1), 3),
    ],
    observe=given_parameters,
    hints=(
        "Which product of the two narrow matrices has the shape of W?",
        (
            "B times A is (out, in). It is scaled by alpha over the rank, and added. The rank "
            "is how many rows A has."
        ),
        "W' = W + (alpha / r) B A.",
    ),
)


@MERGE.mistake("The change is scaled by alpha / r.")
def not_scaled(W, A, B, alpha):
    return W + B @ A


@MERGE.mistake("Divide alpha by the rank r, so that a larger rank is not a larger step.")
def alpha_alone(W, A, B, alpha):
    return W + alpha * B @ A


@MERGE.mistake("alpha / r, not r / alpha.")
def scale_turned_round(W, A, B, alpha):
    return W + A.shape[0] / alpha * B @ A


@MERGE.mistake("alpha / r here (the variant with sqrt(r) is called rsLoRA).")
def root_of_the_rank(W, A, B, alpha):
    return W + alpha / math.sqrt(A.shape[0]) * B @ A


@MERGE.mistake("That is the change; the weights themselves are missing.")
def only_the_change(W, A, B, alpha):
    return alpha / A.shape[0] * B @ A


@MERGE.mistake("The change is added.")
def taken_away(W, A, B, alpha):
    return W - alpha / A.shape[0] * B @ A


@MERGE.mistake("Only the change is scaled, not W.")
def scaled_all(W, A, B, alpha):
    return alpha / A.shape[0] * (W + B @ A)


@MERGE.hidden()
def draw_merge(rng):
    out, width, r = size(rng, 2, 5), size(rng, 2, 5), size(rng, 2, 3)
    return normal(rng, out, width), normal(rng, r, width), normal(rng, out, r), size(rng, 1, 16)


LORA_PARAMETERS = Question(
    name="pretrained.lora_parameters",
    title="Count the parameters of LoRA",
    minutes=5,
    reference=4096.0,
    explanation="A is (8, 128) and B (384, 8): 8 x (128 + 384) = 4,096, against 49,152 in the "
    "matrix: a twelfth.",
    mistakes=(
        Mistake(49_152.0, "That is the matrix itself, which stays as it is."),
        Mistake(1024.0, "That is A; B has parameters, too."),
        Mistake(3072.0, "That is B; A has parameters, too."),
        Mistake(393_216.0, "The two are trained side by side, not multiplied: add their sizes."),
    ),
    hints=(
        "Which two matrices are trained, and how large is each?",
        "A is (r, in) and B is (out, r). They lie side by side, so their sizes add up.",
        "r x in + out x r.",
    ),
    tolerance=0.5,
)


def prompt(tale, turns, question):
    """Return the text to go on from, which ends with the label before the answer.

    It is the tale, every question with its answer so far, the new question, and that label.
    """
    before = "".join(f" Question : {q} Answer : {a}" for q, a in turns)
    return f"{tale}{before} Question : {question} Answer :"


PROMPT = Exercise(
    name="pretrained.prompt",
    title="The prompt of a dialogue",
    minutes=15,
    reference=prompt,
    probes=lambda: [
        ("Mia ran.", [], "Who ran?"),
        ("Mia ran.", [("Who ran?", "Mia"), ("Why?", "fun")], "Where?"),
    ],
    hints=(
        (
            "What must a model without a memory read, to understand a question that follows on "
            "another?"
        ),
        (
            "First the tale, then each turn, the oldest first, with its question and its "
            "answer; then the new question, and the label behind which the answer is to come."
        ),
        (
            "TALE Question : Q1 Answer : A1 Question : Q2 Answer : - with one space between "
            "any two parts, and none at the end."
        ),
    ),
)


@PROMPT.mistake("The turns before are missing: a model remembers nothing but its prompt.")
def forgets_the_turns(tale, turns, question):
    return f"{tale} Question : {question} Answer :"


@PROMPT.mistake(
    "End with the label 'Answer :', so that an answer comes next, not another question."
)
def no_place_for_the_answer(tale, turns, question):
    return prompt(tale, turns, question).removesuffix(" Answer :")


@PROMPT.mistake("The tale comes first: what is asked about must be in the prompt.")
def without_the_tale(tale, turns, question):
    return prompt("", turns, question).strip()


@PROMPT.mistake("Turns go from the oldest to the newest.")
def backwards(tale, turns, question):
    return prompt(tale, turns[::-1], question)


@PROMPT.mistake("The answers given belong to the prompt, too.")
def questions_only(tale, turns, question):
    return (
        f"{tale}"
        + "".join(f" Question : {q}" for q, _ in turns)
        + f" Question : {question} Answer :"
    )


@PROMPT.mistake("The new question comes last.")
def new_question_first(tale, turns, question):
    return (
        prompt(f"{tale} Question : {question}", turns[:-1], turns[-1][0]) + f" {turns[-1][1]}"
        if turns
        else prompt(tale, turns, question)
    )


@PROMPT.hidden()
def draw_prompt(rng):
    turns = [
        (f"Who was {word}?", name)
        for word, name in (("there", "Leo"), ("late", "Ida"), ("first", "Ben"))
    ]
    return (
        f"{rng.choice(['Ida', 'Ben'])} had a map.",
        turns[: size(rng, 0, 3)],
        f"Where was {rng.choice(['it', 'she'])}?",
    )
