"""The newsroom: headlines in English and Chinese whose every rule is known (card:
data/headlines.md).

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
    """Draw `n` headlines; the same seed gives the same ones on every machine.

    Args:
        n: how many, 0 or more.
        seed: of the random numbers.

    Returns:
        Headlines with `.text`, `.chinese`, `.bits`, `.tokens`, `.tags`, `.chinese_words` and
        `.facts`, whose only entry holds the "topic" and what is told.

    Raises:
        CourseError: an argument is out of range.
    """
    rng = random.Random(seed)
    return [world().write(rng) for _ in range(n)]


def entropy() -> float:
    """Entropy of the world in bits a headline: no model can need fewer on average. Exact (card:
    data/headlines.md).
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
        CourseError: `text` is no string, or `language` is unknown.
    """
    return _reader(check_argument("language", language, one_of(*LANGUAGES))).read(text)


@checked(headline=instance(Story), seed=seeds())
def alter(headline: Story, *, seed: int) -> str:
    """Change one fact in one place of a headline's English text so that it no longer fits the rest.

    Returns:
        A text that is still grammatical and no longer consistent.
    """
    rng = random.Random(seed)
    places = [i for i, (_, _, slot) in enumerate(headline.leaves) if slot]
    # a fact that is told once may change unnoticed: draw until one is told twice or stands in a
    # relation
    while True:
        at = rng.choice(places)
        slot = headline.leaves[at][2]
        tokens = list(headline.tokens)
        tokens[at] = rng.choice(headline.world.lexicon[World.kind(slot.role)]).forms[slot.form][0]
        if not check(text := join(tokens)).consistent:
            return text


@checked(headline=instance(Story), seed=seeds())
def rephrase(headline: Story, *, seed: int) -> str:
    """The same facts told with other patterns, in English; seldom, where chance picks the same
    ones, the same text.
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
    """The rules themselves: lexicon, patterns and one plot a topic."""
    return World(lexicon_of(KINDS), TAGS, [_plot(topic) for topic in TOPICS])


@cache
def _reader(language: str) -> Reader:
    return Reader(world(), language, _explain)


def _plot(topic: str) -> Plot:
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
    """What is drawn for a headline of a topic; pairs that must fit are drawn together."""

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
    return [row[0].partition("|")[0] for row in KINDS[kind][2]]


def _fitting(first: str, second: str, table: Mapping[str, str]) -> Draw:
    return Draw((first, second), tuple((a, b) for a, row in table.items() for b in row.split()))


def _ordered(kind: str) -> tuple[tuple[str, ...], ...]:
    """Pairs of numbers, the larger one first."""
    return tuple((a, b) for a, b in itertools.permutations(_keys(kind), 2) if int(a) > int(b))


def _moves() -> tuple[tuple[str, ...], ...]:
    return tuple(
        ("rises" if int(new) > int(old) else "falls", old, new)
        for old, new in itertools.permutations(_keys("price"), 2)
    )


def _explain(
    slot: Slot, old: frozenset[str] | None, new: frozenset[str], known: dict[str, frozenset[str]]
) -> str:
    """Say in plain words what a slot contradicts."""

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
