"""A neural n-gram: a network that predicts the next token from the vectors of the last ones."""

from __future__ import annotations

import torch
from torch import nn

from aigc_course.core.arguments import checked, whole
from aigc_course.models.text.language_model import LanguageModel


class NeuralNGram(LanguageModel):
    """A language model of P(token | the `context` tokens before it), computed by two layers.

    Each token before is looked up in a table of vectors. The vectors, side by side, go through a
    hidden layer with ReLU and a last layer that gives a score to every token. Places before the
    beginning of a text hold padding (id 0).

    Args:
        size: V, size of the vocabulary.
        context: tokens that it looks back on, n - 1 of an n-gram.
        width: D, length of a token's vector.
        hidden: neurons of the hidden layer.

    Source: Bengio, Ducharme, Vincent and Jauvin (2003), "A neural probabilistic language model",
    without its direct connections.
    """

    @checked(size=whole(1), context=whole(1), width=whole(1), hidden=whole(1))
    def __init__(self, size: int, context: int, width: int, hidden: int):
        super().__init__()
        self.context = context
        self.table = nn.Embedding(size, width)
        nn.init.normal_(self.table.weight, std=0.1)  # small: what shows was learned
        self.hidden = nn.Linear(context * width, hidden)
        self.last = nn.Linear(hidden, size)

    def forward(self, before: torch.Tensor) -> torch.Tensor:
        """Return the scores of all tokens, (..., V).

        Args:
            before: ids (..., context) of the tokens before, the oldest first.
        """
        vectors = self.table(before).flatten(-2)  # (..., context, D) -> (..., context * D)
        return self.last(torch.relu(self.hidden(vectors)))  # (..., V)

    def read(self, tokens: torch.Tensor, state: object = None) -> tuple[torch.Tensor, object]:
        """Return the scores after each token, and the last tokens as the state.

        Args:
            tokens: ids (B, T).
            state: ids (B, context - 1) of the tokens before; None: padding.

        Returns:
            Scores (B, T, V), and the state after the last token.
        """
        if state is None:
            state = tokens.new_zeros(len(tokens), self.context - 1)
        row = torch.cat([state, tokens], 1)  # (B, context - 1 + T)
        windows = row.unfold(1, self.context, 1)  # (B, T, context)
        return self(windows), row[:, row.shape[1] - self.context + 1 :]
