"""The parts of a story world: words with their forms, sentence patterns, steps, draws and plots."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

SLOT = re.compile(r"\{(\w+)(?::(\w+))?\}")


@dataclass(frozen=True)
class Word:
    """An entry of the lexicon: a meaning with its written forms in both languages.

    Attributes:
        key: the English name of the meaning, unique within its kind ("umbrella").
        forms: form name -> (English words, Chinese words), each separated by spaces.
        tags: form name -> part of speech (Universal POS) of each English word of the form.
    """

    key: str
    forms: dict[str, tuple[str, str]] = field(hash=False)
    tags: dict[str, str] = field(hash=False)


@dataclass(frozen=True)
class Slot:
    """A place in a pattern for one form of one role."""

    role: str
    form: str


@dataclass(frozen=True, eq=False)
class Pattern:
    """A sentence with slots: an English parse tree and the parallel Chinese words."""

    tree: str
    chinese: str

    @cached_property
    def english_items(self) -> tuple[str | Slot, ...]:
        """Return the words and slots of the English tree in reading order."""
        leaves = re.sub(r"\(\S+|\)", " ", self.tree).split()
        return tuple(parse_item(leaf) for leaf in leaves)

    @cached_property
    def chinese_items(self) -> tuple[str | Slot, ...]:
        """Return the words and slots of the Chinese sentence in reading order."""
        return tuple(parse_item(word) for word in self.chinese.split())


def parse_item(text: str) -> str | Slot:
    """Return a word of a pattern unchanged, or the slot that "{role}" or "{role:form}" means."""
    match = SLOT.fullmatch(text)
    return Slot(match[1], match[2] or "") if match else text


@dataclass(frozen=True)
class Draw:
    """Roles whose values are drawn together, uniformly from `options`.

    The values differ from those of the earlier draws in `distinct_from`.

    Attributes:
        roles: the roles that get a value, such as ("colour", "thing").
        options: every possible tuple of keys.
        distinct_from: role tuples drawn before from the same options, whose values are left out.
    """

    roles: tuple[str, ...]
    options: tuple[tuple[str, ...], ...]
    distinct_from: tuple[tuple[str, ...], ...] = ()

    @property
    def bits(self) -> float:
        """Return the entropy of the draw in bits."""
        return math.log2(len(self.options) - len(self.distinct_from))


@dataclass(frozen=True, eq=False)
class Step:
    """One thing that a plot tells, and the weighted patterns that can tell it."""

    tells: str
    patterns: tuple[tuple[int, Pattern], ...]

    @cached_property
    def total(self) -> int:
        """Return the sum of the weights, by which a weight is divided to give a probability."""
        return sum(weight for weight, _ in self.patterns)

    @property
    def entropy(self) -> float:
        """Return the entropy of the choice of pattern in bits."""
        return -sum(w / self.total * math.log2(w / self.total) for w, _ in self.patterns)


@dataclass(frozen=True, eq=False)
class Plot:
    """The steps that are told in order, and the draws of their values.

    Attributes:
        name: name of the plot.
        weight: its weight; a plot's probability is its weight divided by the sum of all weights.
        steps: what the plot tells, in order.
        draws: the draws of its values, in order.
        facts: converts the drawn values to the list of facts that a reader would learn.
    """

    name: str
    weight: int
    steps: tuple[Step, ...]
    draws: tuple[Draw, ...]
    facts: Callable[[dict[str, str]], tuple[dict, ...]]


Kinds = dict[str, tuple[tuple[str, ...], tuple[str, ...], list[tuple[str, ...]]]]


def lexicon_of(kinds: Kinds) -> dict[str, list[Word]]:
    """Build the words of every kind.

    Args:
        kinds: kind -> (names of the forms, tags of the English words of each form, rows of
            "English|Chinese" cells, one for each form).
    """
    lexicon = {}
    for kind, (names, tags, rows) in kinds.items():
        words = []
        for row in rows:
            forms = {name: tuple(cell.split("|")) for name, cell in zip(names, row, strict=True)}
            words.append(Word(forms[""][0], forms, dict(zip(names, tags, strict=True))))
        lexicon[kind] = words
    return lexicon
