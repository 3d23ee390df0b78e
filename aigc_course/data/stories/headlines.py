"""The newsroom: headlines in English and Chinese with known rules (card: data/headlines.md).

>>> headline = sample(1, seed=0)[0]
>>> check(headline.text).consistent
True
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from functools import cache

from aigc_course.core.arguments import (
    check_argument,
    checked,
    instance,
    one_of,
    seeds,
    whole,
)
from aigc_course.data.stories.headlines_text import AIDS, KINDS, SITES, TAGS, WORKS
from aigc_course.data.stories.headlines_text import TOPICS as TEXTS
from aigc_course.data.stories.reader import Reader, Verdict
from aigc_course.data.stories.rules import Draw, Pattern, Plot, Slot, Step, lexicon_of
from aigc_course.data.stories.world import Story, World, join, tokenize

__all__ = [
    "TOPICS",
    "Story",
    "Verdict",
    "alter",
    "check",
    "entropy",
    "join",
    "rephrase",
    "sample",
    "tokenize",
    "world",
]

TOPICS = tuple(TEXTS)
LANGUAGES = ("en", "zh")


@checked(n=whole(), seed=seeds())
def sample(n: int, *, seed: int) -> list[Story]:
    """Draw `n` headlines; the same seed gives the same headlines on every machine.

    Args:
        n: number of headlines, 0 or more.
        seed: seed of the random numbers.

    Returns:
        Headlines with `.text`, `.chinese`, `.bits`, `.tokens`, `.tags`, `.chinese_words` and
        `.facts`, whose only entry holds the "topic" and the facts that are told.

    Raises:
        CourseError: an argument is out of range.
    """
    rng = random.Random(seed)
    return [world().write(rng) for _ in range(n)]


def entropy() -> float:
    """Return the entropy of the world in bits per headline, exactly (card: data/headlines.md).

    No model can need fewer bits on average.
    """
    return world().entropy()


@checked(text=instance(str, says="a string (headlines.join makes one of tokens)"))
def check(text: str, *, language: str = "en") -> Verdict:
    """Judge any text by the rules of the world.

    Args:
        text: English or Chinese; spaces between Chinese words do not matter.
        language: "en" or "zh".

    Returns:
        As `tales.check`; `.plot` is the topic that the text follows, None where it follows none.

    Raises:
        CourseError: `text` is not a string, or `language` is unknown.
    """
    return _reader(check_argument("language", language, one_of(*LANGUAGES))).read(text)


@checked(headline=instance(Story), seed=seeds())
def alter(headline: Story, *, seed: int) -> str:
    """Change one fact in one place of a headline's English text so that it contradicts the rest.

    Returns:
        A text that is still grammatical and no longer consistent.
    """
    rng = random.Random(seed)
    places = [i for i, (_, _, slot) in enumerate(headline.leaves) if slot]
    # Changing a fact that is told only once may leave the text consistent: draw until the change
    # contradicts another mention or a relation between facts.
    while True:
        at = rng.choice(places)
        slot = headline.leaves[at][2]
        tokens = list(headline.tokens)
        tokens[at] = rng.choice(headline.world.lexicon[World.kind(slot.role)]).forms[slot.form][0]
        if not check(text := join(tokens)).consistent:
            return text


@checked(headline=instance(Story), seed=seeds())
def rephrase(headline: Story, *, seed: int) -> str:
    """Tell the same facts with newly drawn patterns, in English.

    Rarely, when the same patterns are drawn again, the text stays the same.
    """
    rng = random.Random(seed)
    plot = next(plot for plot in headline.world.plots if plot.name == headline.facts[0]["topic"])
    chosen = [rng.choice([pattern for _, pattern in step.patterns]) for step in plot.steps]
    return join(
        [
            token
            for pattern in chosen
            for token, _, _ in headline.world.leaves(pattern, headline.values)
        ]
    )


@cache
def world() -> World:
    """Return the rules themselves: lexicon, patterns and one plot for each topic."""
    return World(lexicon_of(KINDS), TAGS, [_plot(topic) for topic in TOPICS])


@cache
def _reader(language: str) -> Reader:
    return Reader(world(), language, _explain)


def _plot(topic: str) -> Plot:
    """Return the plot of a topic."""
    steps = tuple(
        Step(
            tells,
            tuple(
                (weight, Pattern(f"(S {english})", chinese)) for weight, english, chinese in rows
            ),
        )
        for tells, rows in zip(("what happened", "what comes of it"), TEXTS[topic], strict=True)
    )

    def facts(values: dict[str, str]) -> tuple[dict, ...]:
        return ({"topic": topic} | values,)

    return Plot(topic, 1, steps, tuple(_draws(topic)), facts)


def _draws(topic: str) -> list[Draw]:
    """Return the draws for a headline of a topic; pairs that must fit are drawn together."""

    def one(role: str) -> Draw:
        return Draw((role,), tuple((key,) for key in _keys(World.kind(role))))

    draws = [one("city"), one("weekday"), *([one("person")] if topic != "transport" else [])]
    return (
        draws
        + {
            "sport": lambda: [
                Draw(
                    ("team_winner", "team_loser"), tuple(itertools.permutations(_keys("team"), 2))
                ),
                Draw(("goals_won", "goals_lost"), _ordered("goals")),
            ],
            "weather": lambda: [_fitting("weather", "aid", AIDS), one("days")],
            "prices": lambda: [one("goods"), Draw(("move", "price_old", "price_new"), _moves())],
            "science": lambda: [_fitting("find", "site", SITES), one("days")],
            "culture": lambda: [_fitting("artist", "work", WORKS), one("award")],
            "transport": lambda: [
                one("vehicle"),
                Draw(("stop_from", "stop_to"), tuple(itertools.permutations(_keys("stop"), 2))),
                Draw(("minutes_old", "minutes_new"), _ordered("minutes")),
            ],
        }[topic]()
    )


def _keys(kind: str) -> list[str]:
    """Return the keys of all words of a kind."""
    return [row[0].partition("|")[0] for row in KINDS[kind][2]]


def _fitting(first: str, second: str, table: Mapping[str, str]) -> Draw:
    """Return a draw of two roles whose values fit by a table of first -> possible seconds."""
    return Draw((first, second), tuple((a, b) for a, row in table.items() for b in row.split()))


def _ordered(kind: str) -> tuple[tuple[str, ...], ...]:
    """Return the pairs of numbers of a kind, the larger number first."""
    return tuple((a, b) for a, b in itertools.permutations(_keys(kind), 2) if int(a) > int(b))


def _moves() -> tuple[tuple[str, ...], ...]:
    """Return every (direction, old price, new price) in which the direction is right."""
    return tuple(
        ("rises" if int(new) > int(old) else "falls", old, new)
        for old, new in itertools.permutations(_keys("price"), 2)
    )


def _explain(
    slot: Slot, old: frozenset[str] | None, new: frozenset[str], known: dict[str, frozenset[str]]
) -> str:
    """Return a sentence in plain words that tells what a slot contradicts."""

    def value(role: str) -> str:
        return "/".join(sorted(known.get(role, ())))

    kind, now = World.kind(slot.role), min(new)
    if old is not None:
        return f"it was {min(old)}, now it is {now}"
    if kind in ("price", "move"):
        return (
            f"a price that {value('move')} does not go from {value('price_old')} to "
            f"{value('price_new')}"
        )
    if kind == "goals":
        return (
            f"{value('goals_won')} to {value('goals_lost')} is no win for the "
            f"{value('team_winner')}"
        )
    if kind == "minutes":
        return f"from {value('minutes_old')} to {value('minutes_new')} minutes is not faster"
    pairs = {
        "weather": "aid",
        "aid": "weather",
        "find": "site",
        "site": "find",
        "artist": "work",
        "work": "artist",
    }
    if kind in pairs:
        return f"{now} does not go with {value(pairs[kind])}"
    return f"{now} cannot be both"
