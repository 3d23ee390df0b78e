"""Exercises of lesson 08: bits from logits, what is ignored, labels, LoRA, the prompt of a
dialogue.
"""

from __future__ import annotations

import math
from types import SimpleNamespace

import torch
import torch.nn.functional as F

from aigc_course.exercises.engine.types import Exercise, Mistake, Question


def text_bits(model, ids):
    """-log2 of the probability that a causal model of Transformers gives to ids (1, T) after the
    first.
    """
    logp = model(input_ids=ids).logits[0, :-1].log_softmax(-1)
    return -logp.gather(-1, ids[0, 1:, None]).sum().item() / math.log(2)


class _Bigrams:
    """Answers as a causal model of Transformers does: logits, and with labels the mean loss in
    nats.
    """

    def __call__(self, input_ids, labels=None, **_):
        logits = torch.randn(7, 7, generator=torch.Generator().manual_seed(0))[input_ids]
        loss = (
            None
            if labels is None
            else F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
        )
        return SimpleNamespace(logits=logits, loss=loss)

    __repr__ = lambda self: "a small model"  # noqa: E731 (what a diagnosis shows)


def _in_nats(model, ids):
    return text_bits(model, ids) * math.log(2)


def _mean_bits(model, ids):
    return text_bits(model, ids) / (ids.shape[1] - 1)


def _mean_nats(model, ids):
    return model(input_ids=ids, labels=ids).loss.item()


def _one_token_too_many(model, ids):
    return text_bits(model, ids) / (ids.shape[1] - 1) * ids.shape[1]


def _no_shift(model, ids):
    logp = model(input_ids=ids).logits[0].log_softmax(-1)
    return -logp.gather(-1, ids[0, :, None]).sum().item() / math.log(2)


def _logits_as_they_are(model, ids):
    return -model(input_ids=ids).logits[0, :-1].gather(
        -1, ids[0, 1:, None]
    ).sum().item() / math.log(2)


def _log_probability(model, ids):
    return -text_bits(model, ids)


def answer_labels(ids, lengths):
    """ids (B, T), padded with 0, each row a prompt of lengths[i] tokens (B,) and its answer ->
    labels: ids of the answer, -100 elsewhere.
    """
    at = torch.arange(ids.shape[1])
    return ids.masked_fill((at < lengths[:, None]) | (ids == 0), -100)


def _all_of_it(ids, lengths):
    return ids.masked_fill(ids == 0, -100)


def _padding_learned(ids, lengths):
    return ids.masked_fill(torch.arange(ids.shape[1]) < lengths[:, None], -100)


def _zeros(ids, lengths):
    return answer_labels(ids, lengths).clamp(min=0)


def _one_too_many(ids, lengths):
    return answer_labels(ids, lengths + 1)


def _one_too_few(ids, lengths):
    return answer_labels(ids, lengths - 1)


def _shifted(ids, lengths):
    labels = answer_labels(ids, lengths)
    return torch.cat([labels[:, 1:], torch.full((len(ids), 1), -100)], 1)


def _the_prompt(ids, lengths):
    return ids.masked_fill((torch.arange(ids.shape[1]) >= lengths[:, None]) | (ids == 0), -100)


def _end_left_out(ids, lengths):
    labels = answer_labels(ids, lengths)
    return labels.masked_fill((labels == 1), -100)


def merge(W, A, B, alpha):
    """W (out, in), A (r, in), B (out, r) -> W + alpha / r B A."""
    return W + alpha / A.shape[0] * B @ A


def _not_scaled(W, A, B, alpha):
    return W + B @ A


def _alpha_alone(W, A, B, alpha):
    return W + alpha * B @ A


def _scale_turned_round(W, A, B, alpha):
    return W + A.shape[0] / alpha * B @ A


def _root_of_the_rank(W, A, B, alpha):
    return W + alpha / math.sqrt(A.shape[0]) * B @ A


def _only_the_change(W, A, B, alpha):
    return alpha / A.shape[0] * B @ A


def _taken_away(W, A, B, alpha):
    return W - alpha / A.shape[0] * B @ A


def _scaled_all(W, A, B, alpha):
    return alpha / A.shape[0] * (W + B @ A)


def prompt(tale, turns, question):
    """The tale, every question with its answer so far, the new question, and the label after which
    the answer comes.
    """
    before = "".join(f" Question : {q} Answer : {a}" for q, a in turns)
    return f"{tale}{before} Question : {question} Answer :"


def _forgets_the_turns(tale, turns, question):
    return f"{tale} Question : {question} Answer :"


def _no_place_for_the_answer(tale, turns, question):
    return prompt(tale, turns, question).removesuffix(" Answer :")


def _without_the_tale(tale, turns, question):
    return prompt("", turns, question).strip()


def _backwards(tale, turns, question):
    return prompt(tale, turns[::-1], question)


def _questions_only(tale, turns, question):
    return (
        f"{tale}"
        + "".join(f" Question : {q}" for q, _ in turns)
        + f" Question : {question} Answer :"
    )


def _new_question_first(tale, turns, question):
    return (
        prompt(f"{tale} Question : {question}", turns[:-1], turns[-1][0]) + f" {turns[-1][1]}"
        if turns
        else prompt(tale, turns, question)
    )


EXERCISES = (
    Exercise(
        name="pretrained.bits",
        title="Bits from logits",
        minutes=15,
        reference=text_bits,
        probes=lambda: [
            (_Bigrams(), torch.tensor([[1, 3, 5, 2, 1]])),
            (_Bigrams(), torch.tensor([[1, 6]])),
        ],
        mistakes=(
            Mistake(_in_nats, "Those are nats: divide by log 2."),
            Mistake(
                _mean_bits, "That is the mean a token; the bits of the whole text are asked for."
            ),
            Mistake(
                _mean_nats, "The model's loss is a mean, in nats: times T - 1 tokens, over log 2."
            ),
            Mistake(
                _one_token_too_many,
                "The first token is not predicted: a mean times T - 1, not times T.",
            ),
            Mistake(
                _no_shift,
                (
                    "Logits at a place are about the NEXT token: compare logits[:, :-1] with "
                    "ids[:, 1:]."
                ),
            ),
            Mistake(
                _logits_as_they_are, "Logits are no log-probabilities: log_softmax comes first."
            ),
            Mistake(_log_probability, "Bits are positive: minus the log-probability."),
        ),
        hints=(
            "model(input_ids=ids).logits is (1, T, V); place t tells about token t + 1.",
            "logp = logits[0, :-1].log_softmax(-1); pick logp[t, ids[0, t + 1]] with gather.",
            "Sum, change the sign, divide by math.log(2).",
        ),
    ),
    Question(
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
            "What is the default of do_sample?",
            "temperature, top_k and top_p change a distribution from which one draws.",
        ),
    ),
    Exercise(
        name="pretrained.labels",
        title="Learn the answer, not the question",
        minutes=15,
        reference=answer_labels,
        probes=lambda: [
            (torch.tensor([[1, 7, 8, 9, 4, 1, 0], [1, 7, 5, 1, 0, 0, 0]]), torch.tensor([4, 2])),
            (torch.tensor([[1, 2, 3]]), torch.tensor([1])),
        ],
        mistakes=(
            Mistake(
                _all_of_it, "The prompt is learned, too: its first lengths[i] tokens need -100."
            ),
            Mistake(_padding_learned, "Padding (id 0) needs -100, too."),
            Mistake(_zeros, "Transformers ignores -100; 0 would be learned as a token."),
            Mistake(
                _one_too_many,
                "One token too many is hidden: the first of the answer stands at place lengths[i].",
            ),
            Mistake(
                _one_too_few,
                "The last token of the prompt is learned: hide places 0 to lengths[i] - 1.",
            ),
            Mistake(
                _shifted,
                "Transformers shifts the labels itself; give them at the same places as the ids.",
            ),
            Mistake(_the_prompt, "You hide the answer and learn the prompt."),
            Mistake(
                _end_left_out,
                "The end token belongs to the answer: without it the model never learns to stop.",
            ),
        ),
        hints=(
            "torch.arange(T) < lengths[:, None] is True in the prompts.",
            "ids.masked_fill(in_prompt | (ids == 0), -100)",
        ),
    ),
    Exercise(
        name="pretrained.merge",
        title="Merge LoRA into the weights",
        minutes=10,
        reference=merge,
        probes=lambda: [
            (torch.arange(12.0).view(3, 4), torch.ones(2, 4), torch.arange(6.0).view(3, 2), 8),
            (torch.eye(2), torch.ones(1, 2), torch.ones(2, 1), 3),
        ],
        mistakes=(
            Mistake(_not_scaled, "The change is scaled by alpha / r."),
            Mistake(
                _alpha_alone,
                "Divide alpha by the rank r, so that a larger rank is not a larger step.",
            ),
            Mistake(_scale_turned_round, "alpha / r, not r / alpha."),
            Mistake(
                _root_of_the_rank, "alpha / r here (the variant with sqrt(r) is called rsLoRA)."
            ),
            Mistake(_only_the_change, "That is the change; the weights themselves are missing."),
            Mistake(_taken_away, "The change is added."),
            Mistake(_scaled_all, "Only the change is scaled, not W."),
        ),
        hints=(
            "B @ A has the shape of W.",
            "r is the number of rows of A.",
            "W + alpha / r * B @ A",
        ),
    ),
    Question(
        name="pretrained.lora_parameters",
        title="Count the parameters of LoRA",
        minutes=5,
        reference=4096.0,
        explanation=(
            "A is (8, 128) and B (384, 8): 8 x (128 + 384) = 4,096, against 49,152 in the "
            "matrix: a twelfth."
        ),
        mistakes=(
            Mistake(49_152.0, "That is the matrix itself, which stays as it is."),
            Mistake(1024.0, "That is A; B has parameters, too."),
            Mistake(3072.0, "That is B; A has parameters, too."),
            Mistake(
                393_216.0, "The two are trained side by side, not multiplied: add their sizes."
            ),
        ),
        hints=("A is (r, in), B is (out, r).", "8 x 128 + 384 x 8"),
        tolerance=0.5,
    ),
    Exercise(
        name="pretrained.prompt",
        title="The prompt of a dialogue",
        minutes=15,
        reference=prompt,
        probes=lambda: [
            ("Mia ran.", [], "Who ran?"),
            ("Mia ran.", [("Who ran?", "Mia"), ("Why?", "fun")], "Where?"),
        ],
        mistakes=(
            Mistake(
                _forgets_the_turns,
                "The turns before are missing: a model remembers nothing but its prompt.",
            ),
            Mistake(
                _no_place_for_the_answer,
                (
                    "End with the label 'Answer :', so that an answer comes next, not "
                    "another question."
                ),
            ),
            Mistake(
                _without_the_tale,
                "The tale comes first: what is asked about must be in the prompt.",
            ),
            Mistake(_backwards, "Turns go from the oldest to the newest."),
            Mistake(_questions_only, "The answers given belong to the prompt, too."),
            Mistake(_new_question_first, "The new question comes last."),
        ),
        hints=(
            "Each turn is ' Question : ... Answer : ...'.",
            "Then ' Question : ' + question + ' Answer :'.",
        ),
    ),
)
