"""What every model of text can do: read tokens with a memory, and tell how many bits a text
costs.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.models.base import check_ids, device_of, evaluating


class LanguageModel(nn.Module):
    """A network that gives logits for the next token after each token of a text."""

    def read(self, tokens: torch.Tensor, state: object = None) -> tuple[torch.Tensor, object]:
        """Read on: ids (B, T) and what was kept of the tokens before (None: nothing) -> logits (B,
        T, V), what to keep.
        """
        raise NotImplementedError

    @torch.no_grad()
    def bits(self, rows: torch.Tensor) -> torch.Tensor:
        """-log2 of the probability of each row after its first token, padding (0) left out: ids (N,
        T) -> (N,).

        Raises:
            CourseError: `rows` are no ids.
        """
        rows = check_ids(rows, self).to(device_of(self))
        if rows.shape[1] == 1:
            return torch.zeros(len(rows))
        nats = []
        with evaluating(self):
            for part in rows.split(256):
                logits, _ = self.read(part[:, :-1])
                nats.append(
                    F.cross_entropy(
                        logits.transpose(1, 2), part[:, 1:], ignore_index=0, reduction="none"
                    ).sum(1)
                )
        return torch.cat(nats).cpu() / math.log(2)


def trim(rows: torch.Tensor) -> torch.Tensor:
    """Cut off the columns at the end that are all padding (id 0), so that nothing works on them:
    ids (B, T) -> (B, T or less).
    """
    return rows[:, : int((rows != 0).any(0).nonzero().max()) + 1]


def masked_cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy in nats over the targets that are no padding (id 0): logits (B, T, V),
    targets (B, T) -> a scalar.
    """
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0)


def next_token_loss(model: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Teacher forcing: from the true tokens before, predict each next one. Ids (B, T), padded with
    0 -> a scalar in nats.
    """
    rows = trim(batch[0])
    output = model(rows[:, :-1])
    return masked_cross_entropy(
        output[0] if isinstance(output, tuple) else output, rows[:, 1:]
    )  # a recurrent model gives its state, too
