"""Exercises on attention and GPT: attention, the causal mask, heads, parameters, the KV cache."""

from __future__ import annotations

import math

import torch

from aigc_course.exercises.engine.draws import normal, size
from aigc_course.exercises.engine.observe import with_gradients
from aigc_course.exercises.engine.types import Exercise, Mistake, Question
from aigc_course.models.text.gpt import (
    attention_weights,
    causal_mask,
    rotate,
    split_heads,
)


def attend(q, k, v, mask):
    """Return softmax(q k^T / sqrt(D)) v, with -inf where the mask is False."""
    return attention_weights(q, k, mask) @ v


def attend_in_full(q, k, v, mask):
    """Return the same, with every step spelled out."""
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5  # (..., T, S)
    weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
    return weights @ v


def _questions_and_keys():
    """Return probes: queries, keys and values (..., T, D), and a causal mask."""
    torch.manual_seed(0)
    one = [torch.randn(4, 6) for _ in range(3)]
    many = [torch.randn(2, 3, 5, 4) for _ in range(3)]
    new = [torch.randn(2, 2, 4), torch.randn(2, 7, 4), torch.randn(2, 7, 4)]
    return [(*one, causal_mask(4, 4)), (*many, causal_mask(5, 5)), (*new, causal_mask(2, 7))]


ATTENTION = Exercise(
    name="gpt.attention",
    title="Attention",
    minutes=20,
    reference=attend,
    shown=attend_in_full,
    probes=_questions_and_keys,
    observe=with_gradients,
    hints=(
        (
            "How well does each query fit each key, and what keeps such a sum of D products "
            "from growing with D?"
        ),
        (
            "All dot products of queries and keys are a table (..., T, S). Scale it, put minus "
            "infinity where one may not look, and let each row share out 1 among the keys."
        ),
        ("softmax(q k^T / sqrt(D)) v, with a score of minus infinity where the mask is False."),
    ),
)


@ATTENTION.mistake("The scores are not divided by the square root of the head's width D.")
def unscaled(q, k, v, mask):
    return (q @ k.transpose(-2, -1)).masked_fill(~mask, -math.inf).softmax(-1) @ v


@ATTENTION.mistake("Divide by the square root of D, not by D.")
def scaled_by_the_width(q, k, v, mask):
    return (q @ k.transpose(-2, -1) / q.shape[-1]).masked_fill(~mask, -math.inf).softmax(-1) @ v


@ATTENTION.mistake("D is the width of one head, q.shape[-1], not the width of the whole model.")
def scaled_by_d_model(q, k, v, mask):
    d_model = q.shape[-1] * (q.shape[-3] if q.dim() > 2 else 1)
    return (q @ k.transpose(-2, -1) / math.sqrt(d_model)).masked_fill(~mask, -math.inf).softmax(
        -1
    ) @ v


@ATTENTION.mistake("Each query shares out 1 among the keys: the softmax goes over the last axis.")
def wrong_axis(q, k, v, mask):
    return (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).masked_fill(~mask, -math.inf).softmax(
        -2
    ).nan_to_num() @ v


@ATTENTION.mistake(
    "True means: may look. You shut what should be open (~mask is where to put -inf)."
)
def mask_turned_round(q, k, v, mask):
    return (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).masked_fill(mask, -math.inf).softmax(
        -1
    ) @ v


@ATTENTION.mistake("A score of 0 is not nothing, exp(0) = 1: put -inf where the mask is False.")
def masked_with_zero(q, k, v, mask):
    return (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).masked_fill(~mask, 0).softmax(-1) @ v


@ATTENTION.mistake(
    "The mask comes before the softmax; after it the weights of a row no longer sum to 1."
)
def masked_after_the_softmax(q, k, v, mask):
    return (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1) * mask @ v


@ATTENTION.mistake("The mask is not used.")
def no_mask(q, k, v, mask):
    return attention_weights(q, k) @ v


@ATTENTION.mistake("The softmax is missing: without it an infinite score stays infinite.")
def no_softmax_and_infinite(q, k, v, mask):
    return (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).masked_fill(~mask, -math.inf) @ v


@ATTENTION.mistake("The softmax is missing: without it the scores are no weights.")
def no_softmax(q, k, v, mask):
    return (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).masked_fill(~mask, 0) @ v


@ATTENTION.hidden()
def draw_attention(rng):
    B, T, D = size(rng, 1, 3), size(rng, 2, 6), size(rng, 3, 8)
    new = size(rng, 1, T)
    return normal(rng, B, new, D), normal(rng, B, T, D), normal(rng, B, T, D), causal_mask(new, T)


SPREAD = Question(
    name="gpt.spread",
    title="How large is a dot product?",
    minutes=5,
    reference=8.0,
    explanation="Each of the 64 products has mean 0 and variance 1; variances add up to 64, "
    "and the standard deviation is its root, 8. "
    "Divided by sqrt(D) it is 1 again, whatever D.",
    mistakes=(
        Mistake(64.0, "That is the variance; the standard deviation is its root."),
        Mistake(1.0, "That is one product; 64 are added up."),
        Mistake(0.125, "That is what to multiply by; how large is the dot product before?"),
        Mistake(4.0, "Variances add up to 64, and sqrt(64) is not 4."),
    ),
    hints=(
        "What is the variance of one product of two such numbers?",
        (
            "Variances of independent numbers add up; the standard deviation is the root of "
            "the variance."
        ),
        "standard deviation = sqrt(D x variance of one product).",
    ),
    tolerance=0.001,
)


def look_back(T):
    """Return (T, T) booleans: row t is True up to and including column t."""
    return torch.ones(T, T, dtype=torch.bool).tril()


CAUSAL_MASK = Exercise(
    name="gpt.causal_mask",
    title="Who may look at whom",
    minutes=5,
    reference=look_back,
    probes=lambda: [(4,), (1,), (7,)],
    hints=(
        "Which columns may row t look at: earlier ones, its own, later ones?",
        (
            "All booleans on and below the diagonal are True: a lower triangle. PyTorch can "
            "cut one out of a full square."
        ),
        "mask(t, s) is True where s <= t.",
    ),
)


@CAUSAL_MASK.mistake(
    "A token may look at itself: the diagonal is True (else the first token "
    "has nothing to look at)."
)
def without_itself(T):
    return torch.ones(T, T, dtype=torch.bool).tril(-1)


@CAUSAL_MASK.mistake(
    "Off by one: this lets a token see the next one, the very answer it should predict."
)
def one_ahead(T):
    return torch.ones(T, T, dtype=torch.bool).tril(1)


@CAUSAL_MASK.mistake("This looks ahead instead of back: keep the lower triangle.")
def ahead_only(T):
    return torch.ones(T, T, dtype=torch.bool).triu()


@CAUSAL_MASK.mistake(
    "True means: may look. You return what is forbidden (the other "
    "convention, that of nn.MultiheadAttention)."
)
def blocks(T):
    return torch.ones(T, T, dtype=torch.bool).triu(1)


@CAUSAL_MASK.mistake("Nothing is shut: later tokens must be False.")
def all_true(T):
    return torch.ones(T, T, dtype=torch.bool)


@CAUSAL_MASK.mistake("Booleans are asked for: dtype=torch.bool.")
def numbers(T):
    return torch.ones(T, T).tril()


@CAUSAL_MASK.hidden()
def draw_causal_mask(rng):
    return (size(rng, 2, 12),)


def _vectors():
    """Return probes: vectors (B, T, C), and a number of heads."""
    part = torch.arange(2 * 3 * 24.0).view(2, 3, 24).chunk(3, -1)[1]  # a view, as qkv is cut up
    return [
        (torch.arange(2 * 3 * 8.0).view(2, 3, 8), 2),
        (torch.arange(1 * 4 * 4.0).view(1, 4, 4), 4),
        (part, 4),
    ]


SPLIT_HEADS = Exercise(
    name="gpt.split_heads",
    title="Cut into heads",
    minutes=10,
    reference=split_heads,
    probes=_vectors,
    observe=with_gradients,
    hints=(
        (
            "Which numbers of a token's vector belong to head 0? And where must the axis of "
            "the heads end up?"
        ),
        (
            "First cut only the last axis into H slices of D numbers, and leave the tokens "
            "where they are. Then exchange two axes."
        ),
        "(B, T, C) -> (B, T, H, D) -> (B, H, T, D), with D = C / H.",
    ),
)


@SPLIT_HEADS.mistake(
    "A plain view cuts the memory in order and mixes tokens: view as (B, T, "
    "H, D) first, then exchange T and H."
)
def plain_view(x, n_heads):
    B, T, C = x.shape
    return x.reshape(B, n_heads, T, C // n_heads)


@SPLIT_HEADS.mistake(
    "The shape is (B, T, H, D): exchange axes 1 and 2, so that every head has all its tokens."
)
def no_transpose(x, n_heads):
    B, T, C = x.shape
    return x.reshape(B, T, n_heads, C // n_heads)


@SPLIT_HEADS.mistake(
    "Head 0 gets the first D numbers of a vector, not every H-th: view as (B, T, H, D)."
)
def interleaved(x, n_heads):
    B, T, C = x.shape
    return x.reshape(B, T, C // n_heads, n_heads).permute(0, 3, 1, 2)


@SPLIT_HEADS.mistake("The last two axes are exchanged: (B, H, T, D) is wanted.")
def time_and_width_exchanged(x, n_heads):
    B, T, C = x.shape
    return x.reshape(B, T, n_heads, C // n_heads).permute(0, 2, 3, 1)


@SPLIT_HEADS.mistake("Each head gets a slice of the vector, not a copy of all of it.")
def copies(x, n_heads):
    return x[:, None].repeat(1, n_heads, 1, 1)


@SPLIT_HEADS.hidden()
def draw_split_heads(rng):
    H = size(rng, 2, 4)
    return normal(rng, size(rng, 1, 3), size(rng, 2, 5), H * size(rng, 2, 4)), H


PARAMETERS = Question(
    name="gpt.parameters",
    title="Count the parameters of a block",
    minutes=15,
    reference=111_840.0,
    explanation="qkv: 3 C C + 3 C; out: C C + C; feed-forward: 4 C C + 4 C and 4 C C + C; two "
    "norms: 4 C. Together 12 C^2 + 13 C = 111,840.",
    mistakes=(
        Mistake(110_592.0, "That is 12 C^2: biases and norms are missing."),
        Mistake(111_456.0, "The two layer norms are missing: each has C gains and C shifts."),
        Mistake(111_648.0, "A layer norm has gains and shifts, and there are two norms: 4 C."),
        Mistake(
            447_360.0,
            "Heads do not multiply the parameters: they are slices of the same matrices.",
        ),
        Mistake(223_680.0, "That is two blocks; one is asked for."),
    ),
    hints=(
        (
            "Which linear layers and which norms has a block, and from how many to how many "
            "numbers do the layers go?"
        ),
        (
            "A linear layer from m to n has m n weights and n biases, a norm 2 C numbers. "
            "Heads are slices of the same matrices: they cost nothing."
        ),
        (
            "Queries, keys and values 3 C^2 + 3 C; out C^2 + C; feed-forward 8 C^2 + 5 C; two "
            "norms 4 C."
        ),
    ),
    tolerance=0.5,
)


def read_on(q, k, v, past_k, past_v):
    """Return the attention of new tokens when the keys and values of those before are kept.

    Args:
        q, k, v: (B, H, T, D) of the new tokens, not yet rotated.
        past_k, past_v: (B, H, P, D) of the tokens before; past_k is rotated.

    Returns:
        What the new tokens get (B, H, T, D), all keys, all values.
    """
    start = past_k.shape[2]
    k = torch.cat([past_k, rotate(k, start)], 2)
    v = torch.cat([past_v, v], 2)
    return attend(rotate(q, start), k, v, causal_mask(q.shape[2], k.shape[2])), k, v


def read_on_in_full(q, k, v, past_k, past_v):
    """Return the same, with attention and its mask spelled out."""
    start = past_k.shape[2]
    k = torch.cat([past_k, rotate(k, start)], 2)
    v = torch.cat([past_v, v], 2)
    scores = rotate(q, start) @ k.transpose(-2, -1) / q.shape[-1] ** 0.5  # (B, H, T, P + T)
    mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril(start)
    return scores.masked_fill(~mask, -torch.inf).softmax(-1) @ v, k, v


def _cached():
    """Return probes: q, k, v (B, 2, T, 4) of new tokens, past keys and values (B, 2, P, 4)."""
    torch.manual_seed(1)
    sizes = ((2, 1, 5), (2, 3, 4), (1, 4, 5))
    return [tuple(torch.randn(B, 2, t, 4) for t in (T, T, T, P, P)) for B, T, P in sizes]


READ_ON = Exercise(
    name="gpt.read_on",
    title="A cache of keys and values",
    minutes=25,
    reference=read_on,
    shown=read_on_in_full,
    probes=_cached,
    hints=(
        (
            "At which place does the first new token stand? And which of the keys are turned "
            "already?"
        ),
        (
            "New queries and keys are turned from place P on; new keys and values go behind "
            "the old ones. Among the new tokens none may look ahead."
        ),
        "New token t may look at place s of all P + T where s <= P + t.",
    ),
)


@READ_ON.mistake(
    "The new tokens do not stand at place 0: turn them from place P on, past_k.shape[2]."
)
def starts_at_zero(q, k, v, past_k, past_v):
    k, v = torch.cat([past_k, rotate(k)], 2), torch.cat([past_v, v], 2)
    return attend(rotate(q), k, v, causal_mask(q.shape[2], k.shape[2])), k, v


@READ_ON.mistake("Off by one: places count from 0, so the first new token stands at place P.")
def one_place_late(q, k, v, past_k, past_v):
    start = past_k.shape[2] + 1
    k, v = torch.cat([past_k, rotate(k, start)], 2), torch.cat([past_v, v], 2)
    return attend(rotate(q, start), k, v, causal_mask(q.shape[2], k.shape[2])), k, v


@READ_ON.mistake("The old keys are turned already; turn only the new ones, then join.")
def turns_everything_again(q, k, v, past_k, past_v):
    start = past_k.shape[2]
    k, v = rotate(torch.cat([past_k, k], 2)), torch.cat([past_v, v], 2)
    return attend(rotate(q, start), k, v, causal_mask(q.shape[2], k.shape[2])), k, v


@READ_ON.mistake("Queries are turned, too.")
def query_not_turned(q, k, v, past_k, past_v):
    start = past_k.shape[2]
    k, v = torch.cat([past_k, rotate(k, start)], 2), torch.cat([past_v, v], 2)
    return attend(q, k, v, causal_mask(q.shape[2], k.shape[2])), k, v


@READ_ON.mistake("Old keys come first: torch.cat([past_k, k], 2).")
def new_before_old(q, k, v, past_k, past_v):
    start = past_k.shape[2]
    k, v = torch.cat([rotate(k, start), past_k], 2), torch.cat([v, past_v], 2)
    return attend(rotate(q, start), k, v, causal_mask(q.shape[2], k.shape[2])), k, v


@READ_ON.mistake(
    "With several new tokens the first must not see the last: a causal mask for T of S tokens."
)
def sees_ahead(q, k, v, past_k, past_v):
    start = past_k.shape[2]
    k, v = torch.cat([past_k, rotate(k, start)], 2), torch.cat([past_v, v], 2)
    return (
        attend(rotate(q, start), k, v, torch.ones(q.shape[2], k.shape[2], dtype=torch.bool)),
        k,
        v,
    )


@READ_ON.mistake("This mask is for tokens that stand first; the new ones stand last: .tril(S - T).")
def mask_of_a_first_part(q, k, v, past_k, past_v):
    start = past_k.shape[2]
    k, v = torch.cat([past_k, rotate(k, start)], 2), torch.cat([past_v, v], 2)
    return (
        attend(rotate(q, start), k, v, torch.ones(q.shape[2], k.shape[2], dtype=torch.bool).tril()),
        k,
        v,
    )


@READ_ON.mistake("The old keys and values are not used.")
def forgets_the_past(q, k, v, past_k, past_v):
    start = past_k.shape[2]
    k = rotate(k, start)
    return attend(rotate(q, start), k, v, causal_mask(q.shape[2], k.shape[2])), k, v


@READ_ON.hidden()
def draw_read_on(rng):
    T, P, D = size(rng, 1, 4), size(rng, 2, 6), 2 * size(rng, 1, 3)
    return tuple(normal(rng, 2, 3, t, D) for t in (T, T, T, P, P))
