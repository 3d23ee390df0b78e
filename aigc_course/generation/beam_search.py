"""From a trained `Seq2Seq` to a translation: the most probable token again and again, or the best
of several beginnings.
"""

from __future__ import annotations

import math

import torch

from aigc_course.core.arguments import checked, instance, real, whole
from aigc_course.models.base import check_ids


def _next(model, rows: torch.Tensor, memory: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    """Log-probabilities (B, V) of the token after each row; padding is none."""
    logp = model.decode(rows, memory, source)[:, -1].log_softmax(-1)
    logp[:, 0] = -math.inf
    return logp


@torch.no_grad()
@checked(model=instance("Seq2Seq"), n=whole(1, 100_000))
def translate(model, source: torch.Tensor, n: int) -> torch.Tensor:
    """Greedy: the most probable token again and again. Source (B, S) -> ids (B, at most n + 1),
    beginning and ending with 1.
    """
    memory, rows = (
        model.encode(check_ids(source, model, "source")),
        torch.ones(len(source), 1, dtype=torch.long, device=source.device),
    )
    over = torch.zeros(len(source), dtype=torch.bool, device=source.device)
    for _ in range(n):
        best = _next(model, rows, memory, source).argmax(-1).masked_fill(over, 0)
        rows, over = torch.cat([rows, best[:, None]], 1), over | (best == 1)
        if over.all():
            break
    return rows


@torch.no_grad()
@checked(model=instance("Seq2Seq"), n=whole(1, 100_000), width=whole(1, 10_000), alpha=real(0))
def beam_search(
    model, source: torch.Tensor, n: int, width: int = 4, alpha: float = 0.6
) -> list[tuple[float, list[int]]]:
    """Keep the `width` best beginnings, not only one.

    Args:
        model: in evaluation mode.
        source: ids (1, S), one text.
        n: most tokens to write.
        width: beginnings kept after each token.
        alpha: strength of the length penalty; 0 compares plain log-probabilities, which favours
            short texts.

    Returns:
        (score, ids) of the finished texts, the best first; the score is log p / ((5 + length) / 6)
        ** alpha.

    Source: Wu et al. (2016), "Google's neural machine translation system", section 7.
    """

    def penalty(ids: list[int]) -> float:
        return length_penalty(len(ids) - 1, alpha)  # the beginning does not count

    memory, beams, done = model.encode(check_ids(source, model, "source")), [(0.0, [1])], []
    for _ in range(n):
        rows = torch.tensor([ids for _, ids in beams], device=source.device)
        logp = _next(model, rows, memory.expand(len(beams), -1, -1), source.expand(len(beams), -1))
        total = logp + torch.tensor([score for score, _ in beams], device=source.device)[:, None]
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
    """Return ((5 + length) / 6) ** alpha, by which the log-probability of a text is divided so that
    texts of different length can be compared; 1 for one token, and for alpha = 0.

    Source: Wu et al. (2016), "Google's neural machine translation system", equation 14.
    """
    return ((5 + length) / 6) ** alpha
