"""A generator of short texts whose rules are known; `reader` reads what this module generates.

A world is a set of plots. A plot is a list of steps told in order; a step offers several sentence
patterns, each with a weight; a pattern has slots, and every slot belongs to a role (the hero, the
colour of the thing ...). The first mention of a role draws its value, later mentions repeat it. So

    log2 p(text) = log2 p(plot) + sum over steps log2 p(pattern) + sum over draws log2 p(value),

and `Story.bits` is its negative, added up while the text is generated.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from aigc_course.core.arguments import checked, string, token_list
from aigc_course.core.errors import CourseError
from aigc_course.data.stories.rules import SLOT, Pattern, Plot, Slot, Word, parse_item

_TOKEN = re.compile(r"'s\b|\w+|[^\w\s]")


@checked(text=string())
def tokenize(text: str) -> list[str]:
    """Split English text into words and punctuation marks; a possessive "'s" is a token of its own.

    Raises:
        CourseError: `text` is not a string.
    """
    if not isinstance(text, str):
        raise CourseError(
            f"tokenize takes a string, not {type(text).__name__}; a tale has its tokens "
            "already: tale.tokens."
        )
    return _TOKEN.findall(text)


@checked(tokens=token_list())
def join(tokens: Sequence[str]) -> str:
    """Join tokens to text, the inverse of `tokenize` for every text of a world."""
    text, quote_open, glue = "", False, True
    for token in tokens:
        closing = token == '"' and quote_open
        text += (
            token
            if glue or closing or token in {".", ",", ";", ":", "?", "!", "'s"}
            else " " + token
        )
        quote_open = quote_open != (token == '"')
        glue = token == '"' and quote_open
    return text


@dataclass(frozen=True, eq=False)
class Story:
    """A text of a world with everything that is known about it.

    Attributes:
        text: English text.
        chinese: the same story in Chinese.
        bits: -log2 of its probability in the world.
        facts: what happens as data, one dictionary for each episode.
        values: role -> key, the drawn facts in raw form.
        leaves: (token, tag, slot or None) for every English token.
        chinese_words: the true word boundaries of `chinese`.
        world: the world that generated the story.
        patterns: the patterns of its sentences, in order.
    """

    text: str
    chinese: str
    bits: float
    facts: tuple[dict, ...]
    values: dict[str, str]
    leaves: tuple[tuple[str, str, Slot | None], ...] = field(repr=False)
    chinese_words: list[str] = field(repr=False)
    world: World = field(repr=False)
    patterns: tuple[Pattern, ...] = field(repr=False)

    @cached_property
    def tokens(self) -> list[str]:
        """Return the English words and punctuation marks."""
        return [token for token, _, _ in self.leaves]

    @cached_property
    def tags(self) -> list[str]:
        """Return the Universal part of speech of each token."""
        return [tag for _, tag, _ in self.leaves]

    @cached_property
    def tree(self) -> str:
        """Return the bracketed parse: phrase labels of the Penn Treebank over Universal tags."""
        return (
            f"(TALE {' '.join(self.world.tree(pattern, self.values) for pattern in self.patterns)})"
        )


class World:
    """A lexicon and the plots told with it.

    Args:
        lexicon: kind -> its words.
        tags: Universal part of speech of every word written out in a pattern.
        plots: the plots, with weights.
    """

    def __init__(self, lexicon: dict[str, list[Word]], tags: dict[str, str], plots: Sequence[Plot]):
        self.lexicon, self.tags, self.plots = lexicon, tags, tuple(plots)
        self._words = {(kind, word.key): word for kind, words in lexicon.items() for word in words}
        self.total = sum(plot.weight for plot in self.plots)
        patterns = {
            id(p): p for plot in self.plots for step in plot.steps for _, p in step.patterns
        }
        self.patterns = tuple(patterns.values())

    def write(self, rng: random.Random) -> Story:
        """Draw one story."""
        plot = rng.choices(self.plots, [plot.weight for plot in self.plots])[0]
        bits = math.log2(self.total / plot.weight)
        values: dict[str, str] = {}
        for draw in plot.draws:
            taken = [tuple(values[role] for role in roles) for roles in draw.distinct_from]
            option = rng.choice(draw.options)
            while option in taken:
                option = rng.choice(draw.options)
            values.update(zip(draw.roles, option, strict=True))
            bits += draw.bits
        patterns = []
        for step in plot.steps:
            weight, pattern = rng.choices(step.patterns, [w for w, _ in step.patterns])[0]
            patterns.append(pattern)
            bits += math.log2(step.total / weight)
        leaves = tuple(leaf for pattern in patterns for leaf in self.leaves(pattern, values))
        words = [word for pattern in patterns for word in self.chinese_words(pattern, values)]
        text = join([token for token, _, _ in leaves])
        return Story(
            text,
            "".join(words),
            bits,
            plot.facts(values),
            values,
            leaves,
            words,
            self,
            tuple(patterns),
        )

    def leaves(
        self, pattern: Pattern, values: dict[str, str]
    ) -> list[tuple[str, str, Slot | None]]:
        """Return (token, tag, slot or None) of each token of a pattern with its slots filled."""
        result = []
        for item in pattern.english_items:
            if isinstance(item, Slot):
                word = self.word(item.role, values[item.role])
                tokens, tags = word.forms[item.form][0].split(), word.tags[item.form].split()
                result += [(token, tag, item) for token, tag in zip(tokens, tags, strict=True)]
            else:
                text, _, tag = item.partition("/")
                result.append((text, tag or self.tags[text], None))
        return result

    def chinese_words(self, pattern: Pattern, values: dict[str, str]) -> list[str]:
        """Return the words of a pattern's Chinese side with its slots filled."""
        words = []
        for item in pattern.chinese_items:
            filled = isinstance(item, Slot)
            words += (
                self.word(item.role, values[item.role]).forms[item.form][1].split()
                if filled
                else [item]
            )
        return words

    def tree(self, pattern: Pattern, values: dict[str, str]) -> str:
        """Return the bracketed parse of a pattern with its slots filled."""
        leaves = iter(self.leaves(pattern, values))
        pieces = []
        for piece in re.findall(r"\(\S+|\)|[^\s()]+", pattern.tree):
            if piece == ")" or piece.startswith("("):
                pieces.append(piece)
                continue
            item = parse_item(piece)
            filled = isinstance(item, Slot)
            count = (
                len(self.word(item.role, values[item.role]).forms[item.form][0].split())
                if filled
                else 1
            )
            pieces += [f"({tag} {token})" for token, tag, _ in (next(leaves) for _ in range(count))]
        return " ".join(pieces).replace(" )", ")")

    def word(self, role: str, key: str) -> Word:
        """Return the word of the lexicon for a role's value."""
        return self._words[self.kind(role), key]

    @staticmethod
    def kind(role: str) -> str:
        """Return the kind of word that a role takes: "name" for the role "name_2".

        It is the name of the role up to the first underscore or digit.
        """
        return re.split(r"[_\d]", role)[0]

    def pattern_count(self) -> int:
        """Count the different sentence patterns; the same one told of two people counts once."""
        return len(
            {
                SLOT.sub(lambda m: f"{self.kind(m[1])}:{m[2]}", pattern.tree)
                for pattern in self.patterns
            }
        )

    def entropy(self) -> float:
        """Return the entropy of the world in bits per story.

        It is exact, because no text has two derivations.
        """
        total = 0.0
        for plot in self.plots:
            p = plot.weight / self.total
            inner = sum(draw.bits for draw in plot.draws) + sum(step.entropy for step in plot.steps)
            total += p * (inner - math.log2(p))
        return total

    def count(self) -> int:
        """Count the different stories; exact, because no text has two derivations."""
        return sum(
            math.prod(len(d.options) - len(d.distinct_from) for d in plot.draws)
            * math.prod(len(step.patterns) for step in plot.steps)
            for plot in self.plots
        )
