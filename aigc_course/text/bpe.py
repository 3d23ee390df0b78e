"""Byte-pair encoding on bytes: train, encode, and decode to exactly the same text."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from aigc_course.core.arguments import checked, id_list, string, texts, whole
from aigc_course.core.errors import CourseError

# A word includes the space before it. The classes are ASCII only, because regex engines differ in
# what they count as a letter elsewhere.
PIECES = r" ?[A-Za-z]+| ?[0-9]+| ?[^A-Za-z0-9 ]+| +"

Word = tuple[bytes, ...]


@checked(text=string())
def split_words(text: str) -> list[str]:
    """Split text into the pieces within which merges may happen; joined, they are the text."""
    return re.findall(PIECES, text)


def merge(symbols: Sequence[bytes], pair: tuple[bytes, bytes]) -> Word:
    """Replace every occurrence of `pair`, from left to right, by one symbol."""
    merged, i = [], 0
    while i < len(symbols):
        together = tuple(symbols[i : i + 2]) == pair
        merged.append(symbols[i] + symbols[i + 1] if together else symbols[i])
        i += 2 if together else 1
    return tuple(merged)


def count_pairs(words: dict[Word, int]) -> Counter:
    """Count how often each pair of neighbours occurs, weighting each word by its count."""
    pairs: Counter = Counter()
    for word, count in words.items():
        for pair in pairwise(word):
            pairs[pair] += count
    return pairs


class BPE:
    """A tokenizer made of merges, the earliest first.

    Args:
        merges: pairs of byte strings; each part is a single byte or the result of an earlier merge.

    Ids: 0 to 255 are the bytes, 256 + i is merge i.

    Source: Sennrich, Haddow and Birch (2016), "Neural machine translation of rare words with
    subword units"; on bytes as in Radford et al. (2019), section 2.2.

    Raises:
        CourseError: a merge uses a part that does not exist yet.
    """

    def __init__(self, merges: Iterable[tuple[bytes, bytes]]):
        self.merges = [(bytes(a), bytes(b)) for a, b in merges]
        self.tokens = [bytes([i]) for i in range(256)]
        self._id = {token: i for i, token in enumerate(self.tokens)}
        for a, b in self.merges:
            if a not in self._id or b not in self._id:
                raise CourseError(
                    f"merge {a!r} + {b!r} uses a part that no earlier merge made; keep "
                    "the merges in their order."
                )
            self._id.setdefault(a + b, len(self.tokens))
            self.tokens.append(a + b)
        self._rank = {pair: i for i, pair in enumerate(self.merges)}
        self._cache: dict[str, list[int]] = {}

    @classmethod
    @checked(texts=texts(), n_merges=whole())
    def train(cls, texts: Iterable[str], n_merges: int) -> BPE:
        """Train a tokenizer by merging the most frequent pair again and again.

        Args:
            texts: training texts.
            n_merges: number of merges; training stops earlier when every word is one token.

        Pairs that are equally frequent are merged in byte order.
        """
        counts = Counter(word for text in texts for word in split_words(text))
        words = {tuple(bytes([b]) for b in _bytes(word)): n for word, n in counts.items()}
        pairs, where = count_pairs(words), defaultdict(set)
        for word in words:
            for pair in pairwise(word):
                where[pair].add(word)
        merges = []
        for _ in range(n_merges):
            if not pairs:
                break
            best = min(pairs, key=lambda pair: (-pairs[pair], pair))
            merges.append(best)
            for word in list(
                where[best]
            ):  # update only the words that contain the pair; the counts of all others stay right
                _replace(word, merge(word, best), words, pairs, where)
        return cls(merges)

    @checked(text=string())
    def encode(self, text: str) -> list[int]:
        """Convert text to ids."""
        return [i for word in split_words(text) for i in self._encode_word(word)]

    @checked(ids=id_list())
    def decode(self, ids: Iterable[int]) -> str:
        """Convert ids to text; bytes that are not UTF-8 (a character cut in two) become U+FFFD.

        Raises:
            CourseError: an id is out of range.
        """
        ids = list(ids)
        if any(not 0 <= i < len(self.tokens) for i in ids):
            raise CourseError(
                f"ids must be 0 to {len(self.tokens) - 1}; got {min(ids)} to {max(ids)}."
            )
        # A lone surrogate is not a character, but a Python string can hold it: it is encoded and
        # decoded like any character.
        raw = b"".join(self.tokens[i] for i in ids)
        try:
            return raw.decode("utf-8", errors="surrogatepass")
        except UnicodeDecodeError:
            return raw.decode("utf-8", errors="replace")

    def to_hugging_face(self):
        """Return the same tokenizer as a `tokenizers.Tokenizer`."""
        from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

        write = _visible()
        vocabulary = {"".join(write[b] for b in token): i for token, i in self._id.items()}
        merges = [tuple("".join(write[b] for b in part) for part in pair) for pair in self.merges]
        tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(PIECES), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        tokenizer.decoder = decoders.ByteLevel()
        return tokenizer

    def _encode_word(self, word: str) -> list[int]:
        """Convert one word to ids by applying the earliest merge again and again."""
        if word not in self._cache:
            symbols: Word = tuple(bytes([b]) for b in _bytes(word))
            while len(symbols) > 1:
                best = min(
                    pairwise(symbols), key=lambda pair: self._rank.get(pair, len(self._rank))
                )
                if best not in self._rank:
                    break
                symbols = merge(symbols, best)
            self._cache[word] = [self._id[symbol] for symbol in symbols]
        return self._cache[word]


def _bytes(word: str) -> bytes:
    """Return a word in UTF-8, lone surrogates included."""
    return word.encode("utf-8", errors="surrogatepass")


def _replace(word: Word, new: Word, words: dict[Word, int], pairs: Counter, where: dict) -> None:
    """Replace `word` by `new` in all three tables, in place."""
    count = words.pop(word)
    words[new] = words.get(new, 0) + count
    for pair in pairwise(word):
        pairs[pair] -= count
        if pairs[pair] <= 0:
            del pairs[pair]
        where[pair].discard(word)
    for pair in pairwise(new):
        pairs[pair] += count
        where[pair].add(new)


def _visible() -> dict[int, str]:
    """Return byte -> printable character, as in GPT-2's tokenizer.

    Printable Latin-1 characters stand for themselves, the other bytes for characters from U+0100
    on.
    """
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in kept]
    return {b: chr(b) for b in kept} | {b: chr(256 + i) for i, b in enumerate(others)}
