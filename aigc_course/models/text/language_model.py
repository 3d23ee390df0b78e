"""The base class of models of text, and their losses.

Every model of text reads tokens with a state, and computes the number of bits of a text.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.models.base import check_ids, device_of, evaluating


class LanguageModel(nn.Module):
    """A network that computes logits for the next token after each token of a text."""

    def read(self, tokens: torch.Tensor, state: object = None) -> tuple[torch.Tensor, object]:
        """Return the logits after each token, and the state after the last token.

        Args:
            tokens: ids (B, T).
            state: what this method returned for the tokens before; None: there are none.

        Returns:
            Logits (B, T, V), and the state to pass to the next call.
        """
        raise NotImplementedError

    @torch.no_grad()
    def bits(self, rows: torch.Tensor) -> torch.Tensor:
        """Return -log2 of the probability of each row after its first token, padding (0) left out.

        Args:
            rows: ids (N, T).

        Returns:
            (N,) bits, on the CPU.

        Raises:
            CourseError: `rows` are not token ids.
        """
        rows = check_ids(rows, self).to(device_of(self))
        if rows.shape[1] == 1:
            return torch.zeros(len(rows))
        nats = []
        with evaluating(self):
            for part in rows.split(256):
                logits, _ = self.read(part[:, :-1])  # (B, T - 1, V)
                nats.append(
                    F.cross_entropy(  # expects the classes in the second dimension: (B, V, T - 1)
                        logits.transpose(1, 2), part[:, 1:], ignore_index=0, reduction="none"
                    ).sum(1)  # (B, T - 1) -> (B,)
                )
        return torch.cat(nats).cpu() / math.log(2)  # (N,)


def trim(rows: torch.Tensor) -> torch.Tensor:
    """Cut off the columns at the end of ids (B, T) that hold padding (id 0) only.

    Nothing is computed on these columns then.

    Returns:
        (B, T or less).
    """
    # (B, T) -> (T,), True in columns that hold a token; the largest index of those is the last
    return rows[:, : int((rows != 0).any(0).nonzero().max()) + 1]


def masked_cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy in nats over the targets that are not padding (id 0).

    Args:
        logits: (B, T, V).
        targets: ids (B, T).

    Returns:
        A scalar.
    """
    # (B * T, V) against (B * T,)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0)


def next_token_loss(model: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Return the mean loss of predicting each token from the true tokens before (teacher forcing).

    Args:
        model: returns logits, or a tuple that begins with them.
        batch: its first entry holds ids (B, T), padded with 0.

    Returns:
        A scalar in nats.
    """
    rows = trim(batch[0])  # (B, T)
    output = model(rows[:, :-1])  # logits (B, T - 1, V)
    return masked_cross_entropy(
        output[0] if isinstance(output, tuple) else output, rows[:, 1:]
    )  # a recurrent model returns its state, too
