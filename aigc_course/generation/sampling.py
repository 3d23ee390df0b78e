"""Sampling from a distribution over tokens, with the settings that every text generator has."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from aigc_course.core.arguments import (
    checked,
    instance,
    optional,
    real,
    reals,
    seeds,
    whole,
)
from aigc_course.core.errors import CourseError


@checked(probabilities=reals(0), temperature=real(0))
def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Sharpen (temperature below 1) or flatten (above 1) a distribution.

    The result is proportional to p_i ** (1 / T).

    Args:
        probabilities: (V,) non-negative, summing to 1.
        temperature: T, 0 or more; 0 assigns everything to the most probable entry (ties: the
            first).

    Returns:
        (V,) float64, summing to 1.

    Source: the Boltzmann distribution with energies -log p; Ackley, Hinton and Sejnowski (1985),
    section 2.

    Raises:
        CourseError: the temperature is negative or not a number.
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    if temperature == 0:
        return (np.arange(len(probabilities)) == probabilities.argmax()).astype(np.float64)
    # Logarithms, shifted by the largest, keep small temperatures from overflow and from 0 / 0.
    with np.errstate(divide="ignore"):
        logits = np.log(probabilities) / temperature
    scaled = np.exp(logits - logits.max())
    return scaled / scaled.sum()


@checked(temperature=real(0), top_k=optional(whole(1)), top_p=optional(real(above=0, high=1)))
def filter_logits(
    logits, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
):
    """Divide logits by the temperature and set those of excluded tokens to -inf.

    Args:
        logits: torch tensor (..., V).
        temperature: 0 or more; 0 keeps the most probable token only (ties: the first).
        top_k: keep the k most probable tokens; None keeps all.
        top_p: keep the most probable tokens until their probability reaches p, in (0, 1]; None
            keeps all.

    Returns:
        Tensor (..., V).

    Source: top-k by Fan, Lewis and Dauphin (2018), "Hierarchical neural story generation"; top-p by
    Holtzman et al. (2020), "The curious case of neural text degeneration", section 3.1.

    Raises:
        CourseError: a setting is out of range.
    """
    import torch

    if temperature == 0:
        first = torch.zeros_like(logits, dtype=torch.bool)  # (..., V)
        first = first.scatter(-1, logits.argmax(-1, keepdim=True), True)
        logits = logits.masked_fill(~first, -math.inf)
    else:  # shifted by the largest, so that small temperatures do not overflow
        logits = (logits - logits.max(-1, keepdim=True).values) / temperature
    if top_k is not None:
        kth = logits.topk(min(top_k, logits.shape[-1]), -1).values[..., -1:]  # (..., 1)
        logits = logits.masked_fill(logits < kth, -math.inf)
    return logits if top_p is None or top_p == 1 else _nucleus(logits, top_p)


def _nucleus(logits, top_p: float):
    """Set logits (..., V) to -inf except for the most probable tokens that reach `top_p`."""
    import torch

    ordered, order = logits.sort(-1, descending=True)  # each (..., V)
    p = ordered.softmax(-1)
    left_out = p.cumsum(-1) - p >= top_p  # the more probable tokens reach top_p without this one
    left_out = torch.zeros_like(left_out).scatter(-1, order, left_out)  # back in vocabulary order
    return logits.masked_fill(left_out, -math.inf)


def choose(
    logits,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator=None,
):
    """Draw one token for each row of logits (B, V) and return the ids (B,).

    Args:
        logits: (B, V).
        temperature, top_k, top_p: see `filter_logits`.
        generator: a `torch.Generator`, or None for torch's own random numbers.
    """
    import torch

    probabilities = filter_logits(logits, temperature, top_k, top_p).softmax(-1)  # (B, V)
    return torch.multinomial(probabilities, 1, generator=generator)[:, 0]  # (B, 1) -> (B,)


@checked(
    model=instance("Module", says="a language model"),
    n=whole(0, 100_000),
    seed=optional(seeds()),
    end=optional(whole()),
)
def generate(
    model,
    prompt,
    n: int,
    temperature: float = 1.0,
    *,
    seed: int | None = None,
    end: int | None = None,
    remember: bool = True,
    **knobs,
):
    """Draw tokens after each prompt, one at a time, from any `LanguageModel`: an LSTM, a GPT.

    Args:
        model: reads (tokens, state) -> (logits, state).
        prompt: ids (B, T).
        n: number of tokens to draw, unless every row ends before.
        temperature: 0 or more, see `filter_logits`.
        seed: seed of the random numbers; None continues torch's own.
        end: id of the token that ends a row; padding (0) follows it. None: no token ends a row.
        remember: keep the state instead of reading all again for each token (equal tokens).
        knobs: `top_k` and `top_p`, see `filter_logits`.

    Returns:
        ids (B, at most T + n), on the CPU.

    Raises:
        CourseError: a setting is out of range, or a GPT's context is too short for T + n.
    """
    import torch

    from aigc_course.models.base import check_ids, device_of, evaluating

    rows = check_ids(prompt, model, "prompt").to(device_of(model))
    generator = None if seed is None else torch.Generator(rows.device).manual_seed(seed)
    draw = partial(choose, temperature=temperature, generator=generator, **knobs)
    with torch.no_grad(), evaluating(model):
        return _continued(model, rows, n, draw, end, remember).cpu()


def _continued(model, rows, n: int, draw: Callable, end: int | None, remember: bool):
    """Return rows of ids (B, T) with up to n tokens more, each drawn from the logits (B, T, V)."""
    import torch

    given, state = rows, None
    over = torch.zeros(len(rows), dtype=torch.bool, device=rows.device)  # (B,)
    for _ in range(n):
        logits, state = model.read(given, state)  # (B, tokens given, V)
        drawn = draw(_last(logits)).masked_fill(over, 0)  # (B,)
        rows = torch.cat([rows, drawn[:, None]], 1)  # one column longer
        over |= drawn == (-1 if end is None else end)
        if over.all():
            break
        given, state = (drawn[:, None], state) if remember else (rows, None)
    return rows


def _last(logits):
    """Return the logits (B, V) of the last position of logits (B, T, V).

    Raises:
        CourseError: some of them are not numbers.
    """
    if logits[:, -1].isnan().any():
        why = "its training went wrong, or its weights are damaged"
        raise CourseError(f"generate: model gives logits that are no numbers (NaN): {why}.")
    return logits[:, -1]
