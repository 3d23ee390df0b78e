"""The n-gram language model: probabilities from counts of what follows every context."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from aigc_course.core.arguments import (
    check_argument,
    checked,
    instance,
    one_of,
    token_list,
    tokenized,
    whole,
)
from aigc_course.core.errors import CourseError
from aigc_course.generation.sampling import apply_temperature

START, END = "<s>", "</s>"


def _checked(tokens: Sequence[str]) -> Sequence[str]:
    """Return `tokens` unchanged when it is a list of strings.

    Raises:
        CourseError: it is a string, a tale or anything else.
    """
    if (
        isinstance(tokens, str)
        or not isinstance(tokens, Sequence)
        or (tokens and not isinstance(tokens[0], str))
    ):
        came = "a string" if isinstance(tokens, str) else type(tokens).__name__
        raise CourseError(
            f"tokens must be a list of strings, not {came}; use tale.tokens, or "
            "tales.tokenize(text) for a string."
        )
    return tokens


class NGram:
    """A language model of P(token | the `order - 1` tokens before it), estimated from counts.

    Args:
        order: n; 1 ignores the context, 2 is a Markov chain on tokens.
        smoothing: "none" (relative frequencies; unseen events get probability 0) or "witten-bell",
            which mixes every order with the next lower one down to the uniform distribution:

                P_n(w | h) = (c(h w) + t(h) P_(n-1)(w | h')) / (c(h) + t(h)),

            with c the count, t(h) the number of different tokens seen after h, and h' = h without
            its oldest token.

    Source: Shannon (1948), section 3; Witten and Bell (1991), method C, in the interpolated form of
    Chen and Goodman (1999), section 2.5.
    """

    @checked(order=whole(1, 100))
    def __init__(self, order: int, smoothing: str = "witten-bell"):
        self.order = order
        self.smoothing = check_argument("smoothing", smoothing, one_of("none", "witten-bell"))
        # counts[length][context of that length][next token]
        self.counts: list[dict[tuple[str, ...], Counter]] = [
            defaultdict(Counter) for _ in range(order)
        ]
        self.vocabulary: list[str] = []

    @checked(texts=tokenized())
    def fit(self, texts: Iterable[Sequence[str]]) -> NGram:
        """Count every n-gram of every order in texts given as tokens; return the model itself.

        Raises:
            CourseError: there are no texts.
        """
        lowest = 0 if self.smoothing == "witten-bell" else self.order - 1
        for text in texts:
            tokens = (*[START] * (self.order - 1), *_checked(text), END)
            for i in range(self.order - 1, len(tokens)):  # the tokens after the START padding
                for length in range(lowest, self.order):
                    self.counts[length][tokens[i - length : i]][tokens[i]] += 1
        if not self.counts[-1]:
            raise CourseError("fit got no texts; give at least one list of tokens.")
        self.vocabulary = sorted(
            {token for followers in self.counts[lowest].values() for token in followers}
        )
        self._index = {token: i for i, token in enumerate(self.vocabulary)}
        return self

    def probability(self, token: str, context: Sequence[str]) -> float:
        """Return P(token | context), which is 0 for tokens never seen.

        Args:
            token: the next token.
            context: the tokens before it; only the last `order - 1` count.
        """
        history = self._history(context)
        if token not in self._index:
            return 0.0
        if self.smoothing == "none":
            followers = self.counts[-1].get(history)
            return followers[token] / followers.total() if followers else 0.0
        # From the uniform distribution up to the longest context that was seen.
        p = 1 / len(self.vocabulary)
        for length in range(len(history) + 1):
            followers = self.counts[length].get(history[len(history) - length :])
            if not followers:
                break  # no longer context was seen either
            p = (followers[token] + len(followers) * p) / (followers.total() + len(followers))
        return p

    def probabilities(self, context: Sequence[str]) -> np.ndarray:
        """Return P(. | context) over `vocabulary`, of shape (V,).

        All are zero when an unsmoothed model never saw the context.
        """
        history = self._history(context)
        if self.smoothing == "none":
            p = np.zeros(len(self.vocabulary))  # (V,)
            self._add(p, self.counts[-1].get(history, Counter()))
            return p / max(p.sum(), 1)
        # The same recursion as in `probability`, for all tokens at once.
        p = np.full(len(self.vocabulary), 1 / len(self.vocabulary))  # (V,)
        for length in range(len(history) + 1):
            followers = self.counts[length].get(history[len(history) - length :])
            if not followers:
                break
            p *= len(followers)
            self._add(p, followers)
            p /= followers.total() + len(followers)
        return p

    def bits(self, tokens: Sequence[str]) -> float:
        """Return -log2 P(tokens and then the end token), inf where the probability is 0."""
        padded = (*[START] * (self.order - 1), *_checked(tokens), END)
        total = 0.0
        for i in range(self.order - 1, len(padded)):
            p = self.probability(padded[i], padded[:i])
            if p == 0:
                return math.inf
            total -= math.log2(p)
        return total

    @checked(
        rng=instance(random.Random, says="a source of chance, random.Random(0) say"),
        max_tokens=whole(),
        prompt=token_list(),
    )
    def generate(
        self,
        rng: random.Random,
        temperature: float = 1.0,
        max_tokens: int = 300,
        prompt: Sequence[str] = (),
    ) -> list[str]:
        """Draw tokens one at a time until the end token, or until there are `max_tokens`.

        Args:
            rng: source of random numbers.
            temperature: 0 or more, see `apply_temperature`.
            max_tokens: largest number of tokens, the prompt included.
            prompt: tokens that the result begins with.
        """
        tokens = [START] * (self.order - 1) + list(prompt)
        first = self.order - 1
        while len(tokens) - first < max_tokens:
            p = self.probabilities(tokens)  # (V,)
            if not p.any():
                break  # an unsmoothed model has no probabilities after a context it never saw
            token = rng.choices(self.vocabulary, apply_temperature(p, temperature))[0]
            if token == END:
                break
            tokens.append(token)
        return tokens[first:]

    def _history(self, context: Sequence[str]) -> tuple[str, ...]:
        """Return the last `order - 1` tokens of a context.

        Raises:
            CourseError: the model was not fitted yet, or the context is a string.
        """
        if not self.vocabulary:
            raise CourseError("this model has not counted anything yet; call fit(texts) first.")
        if isinstance(context, str):
            raise CourseError(f"context must be a list of tokens, not the string {context[:40]!r}.")
        return tuple(context[max(0, len(context) - self.order + 1) :]) if self.order > 1 else ()

    def _add(self, p: np.ndarray, followers: Counter) -> None:
        """Add the counts of tokens that followed a context to p (V,), in place."""
        for token, count in followers.items():
            p[self._index[token]] += count
