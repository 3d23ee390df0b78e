"""A reader that judges any text by the rules of a `world.World`: grammar, facts, exact probability.

A text is *grammatical* when each of its sentences is some pattern of the world with any words of
the right kind in its slots, and *consistent* when the sentences also follow a plot and the facts
hold. The probability is the sum over all derivations, found without knowing how the text was
generated.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aigc_course.data.stories.rules import Pattern, Plot, Slot
from aigc_course.data.stories.world import World, tokenize

Known = dict[str, frozenset[str]]
Explain = Callable[[Slot, "frozenset[str] | None", "frozenset[str]", Known], str]


@dataclass(frozen=True)
class Verdict:
    """The result of reading a text.

    Attributes:
        grammatical: whether every sentence is one of the world's patterns.
        consistent: whether the sentences follow a plot to its end and no fact contradicts another.
        bits: -log2 of the text's probability, None where the text has no derivation.
        error_at: index of the first wrong token (in Chinese: character), None when there is no
            error.
        reason: what is wrong, in plain words; "" when there is no error.
        plot: name of the plot that the text follows, up to its first error if it has one; None
            where it follows none.
        facts: role -> word, the facts of a consistent text, with the same names in every language;
            {} where there is an error.
    """

    grammatical: bool
    consistent: bool
    bits: float | None
    error_at: int | None
    reason: str
    plot: str | None = None
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Match:
    """A pattern that fits the text up to `end`.

    Attributes:
        end: position after the pattern.
        slots: (slot, position, keys that the words at this position can mean) of each slot.
    """

    end: int
    slots: tuple[tuple[Slot, int, frozenset[str]], ...]


@dataclass(frozen=True)
class _Reading:
    """A partial derivation: a plot, its next step, and what is known of each role so far."""

    plot: Plot
    step: int
    known: Known
    log2_probability: float


class _Options:
    """The ways to write one item of a pattern, each with the keys that it can mean."""

    def __init__(self, written: dict[tuple[str, ...], frozenset[str]]):
        self.written = written
        self.lengths = sorted({len(option) for option in written}, reverse=True)

    def find(self, atoms: Sequence[str], position: int) -> tuple[int, frozenset[str]] | None:
        """Return (length, keys) of the longest option at `position`, None when there is none."""
        for length in self.lengths:
            keys = self.written.get(tuple(atoms[position : position + length]))
            if keys is not None:
                return length, keys
        return None

    def reach(self, atoms: Sequence[str], position: int) -> int:
        """Return the position up to which the best option agrees with the text."""

        def agree(option: tuple[str, ...]) -> int:
            pairs = zip(option, atoms[position : position + len(option)], strict=False)
            return next(
                (i for i, (a, b) in enumerate(pairs) if a != b),
                min(len(option), len(atoms) - position),
            )

        return position + max(map(agree, self.written))


class Reader:
    """A judge of texts of one world in one language.

    Args:
        world: the rules.
        language: "en" (read by tokens) or "zh" (read by characters).
        explain: (slot, known keys, new keys, known roles) -> a sentence that tells what a slot
            contradicts; known keys are None when the slot breaks the relation between several
            roles.
    """

    def __init__(self, world: World, language: str, explain: Explain):
        self.world, self.language, self.explain = world, language, explain
        self._cache: dict[tuple[str, str], _Options] = {}
        self._by_first: dict[str, list] = defaultdict(
            list
        )  # first atom (English token or Chinese character) -> patterns that can begin with it
        for pattern in world.patterns:
            items = [(item, self._options(item)) for item in self._items(pattern)]
            _, beginnings = items[0]
            for first in dict.fromkeys(option[0] for option in beginnings.written):
                self._by_first[first].append((pattern, items))

    def read(self, text: str) -> Verdict:
        """Judge a text and return a `Verdict`."""
        atoms = tokenize(text) if self.language == "en" else list(re.sub(r"\s", "", text))
        if not atoms:
            return Verdict(False, False, None, 0, "there is no text")
        readings = [
            _Reading(plot, 0, {}, math.log2(plot.weight / self.world.total))
            for plot in self.world.plots
        ]
        position, first_error = 0, None
        while position < len(atoms):
            matches, furthest = self._sentences_at(atoms, position)
            if not matches:
                plot = first_error[-1] if first_error else _plot_of(readings)
                return Verdict(
                    False, False, None, furthest, self._grammar_reason(atoms, furthest), plot
                )
            if first_error is None:
                followed, errors = self._follow(readings, matches, position)
                first_error = (
                    None
                    if followed
                    else (
                        *max(errors)[1:],
                        _plot_of(_told_by(readings, matches)) or _plot_of(readings),
                    )
                )
                readings = followed or readings
            position = next(iter(matches.values())).end
        return (
            Verdict(True, False, None, *first_error)
            if first_error
            else self._ending(readings, len(atoms))
        )

    def _ending(self, readings: list[_Reading], length: int) -> Verdict:
        """Return the verdict on a text without errors; it may still end too early."""
        done = [r for r in readings if r.step == len(r.plot.steps)]
        if not done:
            tells = readings[0].plot.steps[readings[0].step].tells
            return Verdict(
                True,
                False,
                None,
                length,
                f"the text stops too early: it does not tell {tells}",
                _plot_of(readings),
            )
        log2 = [r.log2_probability - sum(draw.bits for draw in r.plot.draws) for r in done]
        facts = {role: min(keys) for role, keys in done[0].known.items() if len(keys) == 1}
        return Verdict(
            True, True, -math.log2(sum(2**value for value in log2)), None, "", _plot_of(done), facts
        )

    def _follow(self, readings: list[_Reading], matches: dict[int, _Match], start: int):
        """Extend every reading by one sentence.

        Returns:
            (readings, errors), the errors as (rank, position, reason).
        """
        followed, errors = [], []
        for reading in readings:
            if reading.step == len(reading.plot.steps):
                errors.append((0, start, "the text was already over before this sentence"))
                continue
            step = reading.plot.steps[reading.step]
            errors.append(
                (
                    0,
                    start,
                    f"this sentence does not fit here: now the text should tell {step.tells}",
                )
            )
            for weight, pattern in step.patterns:
                if id(pattern) not in matches:
                    continue
                known, error = self._unify(reading, matches[id(pattern)])
                if error:
                    errors.append((1, *error))
                else:
                    log2 = reading.log2_probability + math.log2(weight / step.total)
                    followed.append(_Reading(reading.plot, reading.step + 1, known, log2))
        return followed, errors

    def _unify(self, reading: _Reading, match: _Match):
        """Merge a sentence's slots into what is known.

        Returns:
            (known, None), or (None, (position, reason)) when they contradict each other.
        """
        known = dict(reading.known)
        for slot, position, keys in match.slots:
            old = known.get(slot.role)
            merged = keys if old is None else old & keys
            if not merged:
                return None, (position, self.explain(slot, old, keys, known))
            known[slot.role] = merged
            if merged != old and _breaks_a_draw(reading.plot, slot.role, known):
                return None, (position, self.explain(slot, None, keys, known))
        return known, None

    def _sentences_at(self, atoms: list[str], start: int) -> tuple[dict[int, _Match], int]:
        """Return the patterns that fit at `start`, by identity, and the furthest position read."""
        matches, furthest = {}, start
        for pattern, items in self._by_first.get(atoms[start], ()):
            result = self._match(items, atoms, start)
            if isinstance(result, _Match):
                matches[id(pattern)] = result
            else:
                furthest = max(furthest, result)
        # In a text without full stops several patterns can match: the longest match is the
        # sentence, and a shorter one is only its beginning.
        end = max((match.end for match in matches.values()), default=start)
        return {key: match for key, match in matches.items() if match.end == end}, furthest

    @staticmethod
    def _match(
        items: Sequence[tuple[str | Slot, _Options]], atoms: list[str], position: int
    ) -> _Match | int:
        """Fit one pattern at `position`; return the position of the failure if it does not fit."""
        slots, classifiers = [], {}
        for item, options in items:
            found = options.find(atoms, position)
            if found is None:
                return options.reach(atoms, position)
            length, keys = found
            if isinstance(item, Slot):
                # A measure word must match its noun: this is grammar, not a fact of the story.
                if not keys & classifiers.pop(item.role, keys):
                    return position
                if item.form == "cl":
                    classifiers[item.role] = keys
                else:
                    slots.append((item, position, keys))
            position += length
        return _Match(position, tuple(slots))

    def _items(self, pattern: Pattern) -> tuple[str | Slot, ...]:
        """Return the words and slots of a pattern in the language of the reader."""
        return pattern.english_items if self.language == "en" else pattern.chinese_items

    def _options(self, item: str | Slot) -> _Options:
        """Return the ways to write a word or slot, from the cache if it was needed before."""
        key = (self.world.kind(item.role), item.form) if isinstance(item, Slot) else ("", item)
        if key not in self._cache:
            written: dict[tuple[str, ...], frozenset[str]] = {}
            if isinstance(item, str):
                written[self._atoms(item.partition("/")[0])] = frozenset()
            else:
                for word in self.world.lexicon[key[0]]:
                    atoms = self._atoms(word.forms[item.form][self.language == "zh"])
                    written[atoms] = written.get(atoms, frozenset()) | {word.key}
            self._cache[key] = _Options({atoms: keys for atoms, keys in written.items() if atoms})
        return self._cache[key]

    def _atoms(self, text: str) -> tuple[str, ...]:
        """Split a text of the world into English tokens or Chinese characters."""
        return tuple(text.split()) if self.language == "en" else tuple(text.replace(" ", ""))

    def _grammar_reason(self, atoms: list[str], position: int) -> str:
        """Return a sentence that tells where the text leaves the grammar."""
        before = (" " if self.language == "en" else "").join(atoms[max(0, position - 4) : position])
        if position >= len(atoms):
            return f'the text stops in the middle of a sentence, after "{before}"'
        after = f'after "{before}"' if before else "at the start"
        return f'no sentence of this world goes on with "{atoms[position]}" {after}'


def _plot_of(readings: list[_Reading]) -> str | None:
    """Return the name of the plot of all readings, None when they do not follow a single one."""
    names = {reading.plot.name for reading in readings}
    return names.pop() if len(names) == 1 else None


def _told_by(readings: list[_Reading], matches: dict[int, _Match]) -> list[_Reading]:
    """Return the readings whose next step one of the sentences can tell, whatever the facts are."""
    return [
        r
        for r in readings
        if r.step < len(r.plot.steps)
        and any(id(pattern) in matches for _, pattern in r.plot.steps[r.step].patterns)
    ]


def _breaks_a_draw(plot: Plot, role: str, known: Known) -> bool:
    """Return whether the fully known roles of a draw have a value that the draw cannot give."""

    def values(roles: tuple[str, ...]) -> tuple[str, ...] | None:
        sets = [known.get(r, frozenset()) for r in roles]
        return tuple(next(iter(s)) for s in sets) if all(len(s) == 1 for s in sets) else None

    for draw in plot.draws:
        if role in draw.roles or any(role in roles for roles in draw.distinct_from):
            mine = values(draw.roles)
            if mine and (
                mine not in draw.options or mine in [values(roles) for roles in draw.distinct_from]
            ):
                return True
    return False
