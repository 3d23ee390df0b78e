"""A vocabulary that maps tokens to ids, with ids for padding, the end and unknown tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import torch

from aigc_course.core.arguments import (
    checked,
    id_list,
    optional,
    token_list,
    tokenized,
    whole,
)
from aigc_course.core.errors import CourseError

PAD, END, UNKNOWN = "<pad>", "<end>", "<unk>"


class Vocabulary:
    """Tokens and their ids; 0 is padding, 1 the end, 2 any token that is not in the vocabulary.

    Args:
        texts: each a list of tokens.
        first: tokens that get the ids after these three whether they occur or not (topics, for
            example).
        least: smallest count that a token needs to get an id.
    """

    @checked(texts=tokenized(), first=token_list(), least=whole(1))
    def __init__(self, texts: Iterable[Sequence[str]], first: Sequence[str] = (), least: int = 1):
        texts = list(texts)
        if any(
            isinstance(text, str) for text in texts
        ):  # `tokenized` does not check the entries of an iterable that is read only once
            raise CourseError(
                "Vocabulary: texts must be lists of tokens, not strings; tokenise them first."
            )
        counts = Counter(token for text in texts for token in text)
        special = list(dict.fromkeys([PAD, END, UNKNOWN, *first]))
        self.tokens = special + sorted(
            token for token, n in counts.items() if n >= least and token not in special
        )
        self._id = {token: i for i, token in enumerate(self.tokens)}
        if not counts:
            raise CourseError("a vocabulary needs texts with tokens; got none.")

    def __len__(self) -> int:
        return len(self.tokens)

    @checked(tokens=token_list())
    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Convert tokens to ids."""
        return [self._id.get(token, 2) for token in tokens]

    @checked(ids=id_list())
    def decode(self, ids: Iterable[int]) -> list[str]:
        """Convert ids to tokens up to the end token, with padding left out.

        Raises:
            CourseError: an id is out of range.
        """
        tokens = []
        for i in ids:
            if int(i) == 1:
                break
            if not 0 <= int(i) < len(self.tokens):
                raise CourseError(f"ids must be 0 to {len(self.tokens) - 1}, not {int(i)}.")
            if int(i) != 0:
                tokens.append(self.tokens[int(i)])
        return tokens

    @checked(texts=tokenized(1), length=optional(whole(1)))
    def batch(self, texts: Sequence[Sequence[str]], length: int | None = None) -> torch.Tensor:
        """Convert texts to ids (B, length), each with the end token and padded.

        Raises:
            CourseError: a text does not fit into `length`.
        """
        rows = [[*self.encode(text), 1] for text in texts]
        needed = max(map(len, rows), default=1)
        length = needed if length is None else length
        if needed > length:
            raise CourseError(f"a text has {needed} tokens with its end; length is {length}.")
        return torch.tensor([row + [0] * (length - len(row)) for row in rows])
