"""Near-duplicates among many texts, found by MinHash without comparing every two of them."""

from __future__ import annotations

import itertools
import zlib
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence

import numpy as np

from aigc_course.core.arguments import (
    checked,
    real,
    seeds,
    texts,
    token_list,
    tokenized,
    whole,
)
from aigc_course.core.errors import CourseError

PRIME = 2**31 - 1  # a prime; hashes are whole numbers below it, so that products fit into 64 bits


@checked(tokens=token_list(), n=whole(1))
def shingles(tokens: Sequence[str], n: int = 3) -> set[tuple[str, ...]]:
    """Return all runs of `n` tokens as a set; a shorter text is one run."""
    return {tuple(tokens[i : i + n]) for i in range(max(1, len(tokens) - n + 1))}


def jaccard(a: Collection[Hashable], b: Collection[Hashable]) -> float:
    """Return the share of the elements of two sets that are in both, 1.0 if both are empty.

    Source: Jaccard (1901).
    """
    a, b = set(a), set(b)
    return len(a & b) / len(a | b) if a | b else 1.0


@checked(items=tokenized(of=str))
def hashes(items: Iterable[tuple[str, ...]]) -> np.ndarray:
    """Return a whole number below `PRIME` for each item, always the same for the same item."""
    rows = [zlib.crc32("\x1f".join(item).encode()) % PRIME for item in items]
    return np.array(rows, dtype=np.int64)


@checked(k=whole(1), seed=seeds())
def hash_functions(k: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw `k` functions x -> (a x + b) mod `PRIME`: a and b, each of shape (k,).

    Source: Carter and Wegman (1979), "Universal classes of hash functions".
    """
    rng = np.random.default_rng(seed)
    return rng.integers(1, PRIME, k), rng.integers(0, PRIME, k)


def minhash(x: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the smallest value of each hash function over a set.

    Args:
        x: (N,) whole numbers below `PRIME`, the hashes of a set's elements.
        a, b: (K,) the hash functions.

    Returns:
        (K,). Two sets agree at a place with a probability equal to their Jaccard similarity.

    Source: Broder (1997), "On the resemblance and containment of documents".
    """
    return ((a[:, None] * x[None, :] + b[:, None]) % PRIME).min(axis=1)  # (K, N) -> (K,)


@checked(texts=texts(), least=real(0, 1), bands=whole(1), rows=whole(1), seed=seeds())
def near_duplicates(
    texts: Iterable[str], least: float = 0.7, *, bands: int = 20, rows: int = 5, seed: int = 0
) -> list[tuple[int, int]]:
    """Find pairs of texts whose shingles of three words have a Jaccard similarity of `least`.

    Signatures of bands x rows hash functions are cut into bands. Only pairs that agree in all rows
    of at least one band are compared exactly, so some pairs may be missed: of those with a
    similarity of 0.7, about 1 - (1 - 0.7^5)^20 = 97 % are found.

    Returns:
        Pairs (i, j) of places, i < j, in order.

    Source: Leskovec, Rajaraman and Ullman, *Mining of Massive Datasets*, sections 3.3 and 3.4.

    Raises:
        CourseError: a text has no word.
    """
    sets = [shingles(text.split()) if text.split() else None for text in texts]
    if None in sets:
        raise CourseError(f"near_duplicates: text {sets.index(None)} has no word; leave it out.")
    a, b = hash_functions(bands * rows, seed=seed)
    buckets: dict[tuple, list[int]] = defaultdict(list)
    for i, items in enumerate(sets):
        signature = minhash(hashes(items), a, b)
        for band in range(bands):
            buckets[band, *signature[band * rows : (band + 1) * rows].tolist()].append(i)
    together = {pair for group in buckets.values() for pair in itertools.combinations(group, 2)}
    return sorted((i, j) for i, j in together if jaccard(sets[i], sets[j]) >= least)
