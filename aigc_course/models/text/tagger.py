"""A part-of-speech tagger: a hidden Markov model from counts, and the Viterbi algorithm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from aigc_course.core.arguments import checked, real, token_list, tokenized
from aigc_course.core.errors import CourseError


def viterbi_table(
    start: np.ndarray, transition: np.ndarray, emission: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fill the table of the Viterbi algorithm.

    Args:
        start: (K,) log-probability of each of K states at the first time.
        transition: (K, K) log-probability of state j (column) after state i (row).
        emission: (T, K) log-probability of what was observed at each of T times in each state.

    Returns:
        Log-probabilities (T, K) of the best path to each time that ends in each state, and the
        state (T - 1, K) that this path came from.
    """
    best = np.empty_like(np.asarray(emission, dtype=float))  # (T, K)
    best[0] = start + emission[0]
    back = np.empty((len(emission) - 1, len(start)), dtype=int)
    for t in range(1, len(emission)):
        ways = best[t - 1][:, None] + transition  # (K, K): from, to
        back[t - 1] = ways.argmax(0)  # (K,), the best state before each state
        best[t] = ways.max(0) + emission[t]  # (K,)
    return best, back


def walk_back(last: np.ndarray, back: Sequence) -> list[int]:
    """Return the path of states that ends best, by the notes where each state came from.

    Args:
        last: (K,) how good the best path to each state is at the last time.
        back: T - 1 rows (K,), the state before each state.

    Returns:
        T states.
    """
    states = [int(last.argmax())]  # found from the last state back to the first
    for pointers in reversed(back):
        states.append(int(pointers[states[-1]]))
    return states[::-1]


def viterbi(start: np.ndarray, transition: np.ndarray, emission: np.ndarray) -> list[int]:
    """Find the most probable sequence of states.

    Args:
        start: (K,) log-probability of each of K states at the first time.
        transition: (K, K) log-probability of state j (column) after state i (row).
        emission: (T, K) log-probability of what was observed at each of T times in each state.

    Returns:
        T states.

    Source: Viterbi (1967); for tagging, Jurafsky and Martin, *Speech and Language Processing*,
    section 17.4.
    """
    best, back = viterbi_table(start, transition, emission)
    return walk_back(best[-1], back)


class Tagger:
    """A hidden Markov model over tags: P(tag | tag before) and P(word | tag) from smoothed counts.

    A word that was never seen is equally probable under every tag, so its neighbours alone decide.
    Adding k to its count of 0 would not do that: k / (c(tag) + k V) is larger for a rare tag than
    for a frequent one.

    Args:
        texts: (tokens, tags) pairs.
        k: number added to each count. It is small, so that a word that was seen keeps its tags.

    Source: Jurafsky and Martin, *Speech and Language Processing*, section 17.4.

    Raises:
        CourseError: there are no texts, or tokens and tags differ in length.
    """

    @checked(texts=tokenized(), k=real(above=0))
    def __init__(self, texts: Iterable[tuple[Sequence[str], Sequence[str]]], k: float = 0.01):
        texts = list(texts)
        if not any(tags for _, tags in texts) or any(
            len(tokens) != len(tags) for tokens, tags in texts
        ):
            raise CourseError("a tagger needs texts as (tokens, tags) with one tag for each token.")
        self.k = k
        self.tags = sorted({tag for _, tags in texts for tag in tags})
        self.words = Counter((word, tag) for text in texts for word, tag in zip(*text, strict=True))
        total = Counter(tag for _, tags in texts for tag in tags)
        follows = Counter(pair for _, tags in texts for pair in pairwise(tags))
        first = Counter(tags[0] for _, tags in texts if tags)
        self.known = {word for word, _ in self.words}
        # K is the number of tags.
        self._total = np.array([total[tag] + k * len(self.known) for tag in self.tags], dtype=float)
        self.start = np.log(
            [(first[tag] + k) / (first.total() + k * len(self.tags)) for tag in self.tags]
        )  # (K,)
        counts = np.array([[follows[a, b] + k for b in self.tags] for a in self.tags])  # (K, K)
        self.transition = np.log(counts / counts.sum(1, keepdims=True))  # each row sums to 1

    def emission(self, tokens: Sequence[str]) -> np.ndarray:
        """Return log P(token | tag) of each token and tag, of shape (T, K).

        The row of an unknown token is zero, which favours no tag.
        """
        counts = np.array(
            [[self.words[token, tag] + self.k for tag in self.tags] for token in tokens],
            dtype=float,
        )  # (T, K)
        scores = np.log(counts / self._total)
        scores[[token not in self.known for token in tokens]] = 0.0
        return scores

    @checked(tokens=token_list())
    def tag(self, tokens: Sequence[str]) -> list[str]:
        """Return the most probable sequence of tags of a text."""
        if not tokens:
            return []
        return [self.tags[i] for i in viterbi(self.start, self.transition, self.emission(tokens))]
