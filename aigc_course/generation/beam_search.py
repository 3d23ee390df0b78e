"""Translation with a trained `Seq2Seq` model: greedy decoding and beam search."""

from __future__ import annotations

import math

import torch

from aigc_course.core.arguments import checked, instance, real, whole
from aigc_course.models.base import check_ids


def _next(model, rows: torch.Tensor, memory: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    """Return the log-probabilities (B, V) of the token after each row, where padding is impossible.

    Args:
        rows: target ids so far (B, T).
        memory: (B, S, C), the encoded source.
        source: ids (B, S).
    """
    logp = model.decode(rows, memory, source)[:, -1].log_softmax(-1)  # (B, T, V) -> (B, V)
    logp[:, 0] = -math.inf
    return logp


@torch.no_grad()
@checked(model=instance("Seq2Seq"), n=whole(1, 100_000))
def translate(model, source: torch.Tensor, n: int) -> torch.Tensor:
    """Translate greedily: append the most probable token until every row has ended.

    Args:
        model: in evaluation mode.
        source: ids (B, S).
        n: largest number of tokens to generate.

    Returns:
        ids (B, at most n + 1), beginning and ending with 1, padded with 0.
    """
    memory, rows = (
        model.encode(check_ids(source, model, "source")),
        torch.ones(len(source), 1, dtype=torch.long, device=source.device),
    )  # (B, S, C), (B, 1)
    over = torch.zeros(len(source), dtype=torch.bool, device=source.device)  # (B,)
    for _ in range(n):
        best = _next(model, rows, memory, source).argmax(-1).masked_fill(over, 0)
        rows, over = torch.cat([rows, best[:, None]], 1), over | (best == 1)  # (B, T + 1), (B,)
        if over.all():
            break
    return rows


@torch.no_grad()
@checked(model=instance("Seq2Seq"), n=whole(1, 100_000), width=whole(1, 10_000), alpha=real(0))
def beam_search(
    model, source: torch.Tensor, n: int, width: int = 4, alpha: float = 0.6
) -> list[tuple[float, list[int]]]:
    """Search for the most probable translation with the `width` best beginnings after each token.

    Args:
        model: in evaluation mode.
        source: ids (1, S), one text.
        n: largest number of tokens to generate.
        width: beginnings kept after each token.
        alpha: strength of the length penalty; 0 is none, which favours short texts.

    Returns:
        (score, ids) of the finished texts, the best first; a score is log p / length penalty.

    Source: Wu et al. (2016), "Google's neural machine translation system", section 7.
    """

    def penalty(ids: list[int]) -> float:
        return length_penalty(len(ids) - 1, alpha)  # the token that begins a text does not count

    memory, beams, done = model.encode(check_ids(source, model, "source")), [(0.0, [1])], []
    for _ in range(n):
        rows = torch.tensor([ids for _, ids in beams], device=source.device)  # (beams, T)
        logp = _next(model, rows, memory.expand(len(beams), -1, -1), source.expand(len(beams), -1))
        # (beams, V) + (beams, 1)
        total = logp + torch.tensor([score for score, _ in beams], device=source.device)[:, None]
        # Each beam has one candidate that ends its text, so at least `width` of 2 * width go on.
        scores, flat = total.flatten().topk(min(2 * width, total.numel()))
        grown = [
            (s, [*beams[i // logp.shape[1]][1], i % logp.shape[1]])
            for s, i in zip(scores.tolist(), flat.tolist(), strict=True)
        ]
        done += [(s / penalty(ids), ids) for s, ids in grown[:width] if ids[-1] == 1]
        beams = [(s, ids) for s, ids in grown if ids[-1] != 1][:width]
        if len(done) >= width:
            break
    finished = done or [(s / penalty(ids), ids) for s, ids in beams]
    return sorted(finished, reverse=True)[:width]


def length_penalty(length: int, alpha: float) -> float:
    """Return the length penalty ((5 + length) / 6) ** alpha.

    The log-probability of a text is divided by it, so that texts of different length can be
    compared. It is 1 for one token, and for alpha = 0.

    Source: Wu et al. (2016), "Google's neural machine translation system", equation 14.
    """
    return ((5 + length) / 6) ** alpha
