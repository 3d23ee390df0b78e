"""The story world: short tales in English and Chinese with known rules (card: data/tales.md).

>>> tale = sample(1, seed=0)[0]
>>> check(tale.text, form="short").consistent
True
"""

from __future__ import annotations

import itertools
import random
import re
from functools import cache

from aigc_course.core.arguments import (
    check_argument,
    checked,
    instance,
    one_of,
    seeds,
    token_list,
    whole,
)
from aigc_course.core.errors import CourseError
from aigc_course.data.stories.reader import Reader, Verdict
from aigc_course.data.stories.rules import (
    Draw,
    Pattern,
    Plot,
    Slot,
    Step,
    Word,
    lexicon_of,
)
from aigc_course.data.stories.tales_text import (
    ENDINGS,
    EPISODES,
    KINDS,
    LINKS,
    LONG_ENDINGS,
    OPENINGS,
    RECAPS,
    TAGS,
)
from aigc_course.data.stories.world import Story, World, join, tokenize

__all__ = [
    "Story",
    "Verdict",
    "alter",
    "check",
    "entropy",
    "join",
    "posterior",
    "sample",
    "tokenize",
    "words",
    "world",
]

FORMS = ("short", "long")
LANGUAGES = ("en", "zh")
FACTS = ("colour", "name", "count", "place")  # the kinds of word that `alter` can change


@checked(n=whole(), seed=seeds())
def sample(n: int, *, seed: int, form: str = "short") -> list[Story]:
    """Draw `n` tales; the same seed gives the same tales on every machine.

    Args:
        n: number of tales, 0 or more.
        seed: seed of the random numbers.
        form: "short" (one episode, 46 tokens on average) or "long" (two episodes, 117 tokens).

    Returns:
        Tales with `.text`, `.chinese`, `.bits`, `.tokens`, `.tags`, `.tree`, `.chinese_words` and
        `.facts`.

    Raises:
        CourseError: an argument is out of range.
    """
    rng = random.Random(seed)
    return [world(form).write(rng) for _ in range(n)]


def entropy(form: str = "short") -> float:
    """Return the entropy of the world in bits per tale, exactly (card: data/tales.md).

    No model can need fewer bits on average.
    """
    return world(form).entropy()


@checked(text=instance(str, says="a string (tales.join makes one of tokens)"))
def check(text: str, *, form: str = "short", language: str = "en") -> Verdict:
    """Judge any text by the rules of the world.

    Args:
        text: English or Chinese; spaces between Chinese words do not matter.
        form: "short" or "long".
        language: "en" or "zh".

    Returns:
        `.grammatical`, `.consistent`, `.bits` (None where the text has no derivation), `.error_at`
        (index into `tokenize(text)`; in Chinese into the characters) and `.reason`.

    Raises:
        CourseError: `text` is not a string, or `form` or `language` is unknown.
    """
    return _reader(
        check_argument("form", form, one_of(*FORMS)),
        check_argument("language", language, one_of(*LANGUAGES)),
    ).read(text)


@checked(tokens=token_list(1), at=whole())
def posterior(tokens: list[str], at: int, *, form: str = "short") -> dict[str, float]:
    """Return the exact distribution of a hidden word given all the others.

    Every word of the world is tried in its place.

    Args:
        tokens: an English tale.
        at: index of the hidden token; the token at this place is ignored.
        form: "short" or "long".

    Returns:
        token -> probability, the most probable first; {} when no word makes a tale.

    Raises:
        CourseError: `at` is not an index of `tokens`.
    """
    if at >= len(tokens):
        raise CourseError(f"posterior: at must be an index of the {len(tokens)} tokens, not {at}.")
    bits = {
        word: check(join([*tokens[:at], word, *tokens[at + 1 :]]), form=form).bits
        for word in words()
    }
    weights = {word: 2.0**-cost for word, cost in bits.items() if cost is not None}
    return {
        word: weight / sum(weights.values())
        for word, weight in sorted(weights.items(), key=lambda item: -item[1])
    }


@checked(tale=instance(Story), seed=seeds())
def alter(tale: Story, *, seed: int) -> str:
    """Change one fact in one place of a tale's English text: a colour, a name, a count or a place.

    Returns:
        A text that is still grammatical and no longer consistent.
    """
    rng = random.Random(seed)
    places = [
        i
        for i, (_, _, slot) in enumerate(tale.leaves)
        if slot and not slot.form and World.kind(slot.role) in FACTS
    ]
    at = rng.choice(places)
    words = [word.key for word in tale.world.lexicon[World.kind(tale.leaves[at][2].role)]]
    tokens = list(tale.tokens)
    tokens[at] = rng.choice([word for word in words if word != tokens[at]])
    return join(tokens)


def world(form: str = "short") -> World:
    """Return the rules themselves: lexicon, patterns and plots."""
    return _world(check_argument("form", form, one_of(*FORMS)))


@cache
def _world(form: str) -> World:
    return World(_lexicon(), TAGS, _short_plots() if form == "short" else _long_plots())


@cache
def words() -> list[str]:
    """Return every English token of both forms, in alphabetical order."""
    items = [
        item for form in FORMS for pattern in world(form).patterns for item in pattern.english_items
    ]
    kinds = {(World.kind(item.role), item.form) for item in items if isinstance(item, Slot)}
    slots = {
        token
        for kind, form in kinds
        for word in _lexicon()[kind]
        for token in word.forms[form][0].split()
    }
    return sorted(slots | {item.partition("/")[0] for item in items if isinstance(item, str)})


@cache
def _reader(form: str, language: str) -> Reader:
    return Reader(world(form), language, _explain)


@cache
def _lexicon() -> dict[str, list[Word]]:
    return lexicon_of(KINDS)


def _keys(kind: str) -> list[str]:
    """Return the keys of all words of a kind."""
    return [word.key for word in _lexicon()[kind]]


_ITEMS = tuple(itertools.product(_keys("colour"), _keys("thing")))
_NUMBERS = {name: value for value, name in enumerate(_keys("count"), start=2)}
# (had, given, left): all three are at least two, so that every noun is plural.
_SPLITS = tuple(
    (a, b, c)
    for a, b, c in itertools.product(_NUMBERS, repeat=3)
    if _NUMBERS[a] == _NUMBERS[b] + _NUMBERS[c]
)
_NAMES, _PLACES, _FOODS, _PETS = (
    tuple((key,) for key in _keys(kind)) for kind in ("name", "place", "food", "pet")
)


def _episode(name: str, friend: str, end: str) -> tuple[list[Step], list[Draw], dict[str, str]]:
    """Return the steps, the draws and the recap of one episode.

    Its roles end in `end`, so that a tale can hold two episodes. The recap is language -> text.
    """

    def rename(text: str) -> str:
        text = text.replace("{friend", "{" + friend).replace("{hero", "{name_hero")
        for role in (
            "colour2",
            "thing2",
            "colour",
            "thing",
            "place",
            "food",
            "count_had",
            "count_given",
            "count_left",
        ):
            text = text.replace("{" + role + "}", "{" + role + end + "}").replace(
                "{" + role + ":", "{" + role + end + ":"
            )
        return text

    steps = [_step(tells, rows, rename) for tells, rows in EPISODES[name].items()]
    item, item2 = ("colour" + end, "thing" + end), ("colour2" + end, "thing2" + end)
    draws = {
        "lost and found": [Draw(item, _ITEMS), Draw(("place" + end,), _PLACES)],
        "sharing": [
            Draw(("place" + end,), _PLACES),
            Draw(("food" + end,), _FOODS),
            Draw(tuple(f"count_{part}{end}" for part in ("had", "given", "left")), _SPLITS),
        ],
        "trading": [Draw(item, _ITEMS), Draw(item2, _ITEMS, (item,))],
    }[name]
    return (
        steps,
        draws,
        {key: rename(text) for key, text in zip(("en", "zh"), RECAPS[name], strict=True)},
    )


def _step(tells: str, rows: list[tuple[int, str, str]], rename=lambda text: text) -> Step:
    """Build a step from rows of (weight, English tree, Chinese words)."""
    return Step(
        tells,
        tuple((weight, Pattern(rename(tree), rename(chinese))) for weight, tree, chinese in rows),
    )


def _people(*roles: str) -> list[Draw]:
    """Return the draws of people, each different from those before."""
    return [
        Draw((role,), _NAMES, tuple((earlier,) for earlier in roles[:i]))
        for i, role in enumerate(roles)
    ]


def _short_plots() -> list[Plot]:
    """Return the plots of tales with one episode."""
    plots = []
    for name, weight in (("lost and found", 2), ("sharing", 1), ("trading", 1)):
        steps, draws, _ = _episode(name, "name_friend", "")
        steps.append(_step("how it ended", ENDINGS))

        def facts(values, name=name):
            return (_facts(name, values, "name_friend", ""),)

        plots.append(
            Plot(
                name,
                weight,
                tuple(steps),
                tuple(_people("name_hero", "name_friend") + draws),
                facts,
            )
        )
    return plots


def _long_plots() -> list[Plot]:
    """Return the plots of tales with two episodes, one for each ordered pair."""
    return [_long_plot(first, second) for first, second in itertools.permutations(EPISODES, 2)]


def _long_plot(first: str, second: str) -> Plot:
    """Return the plot of a tale with two episodes."""
    steps_a, draws_a, recap_a = _episode(first, "name_friend", "_a")
    steps_b, draws_b, recap_b = _episode(second, "name_other", "_b")
    steps = [
        _step("who this is about", OPENINGS),
        *steps_a,
        _step("how time went by", LINKS),
        *steps_b,
        _step("what the hero has in the end", _recaps(recap_a, recap_b)),
        _step("who the friends are", LONG_ENDINGS["friends"]),
    ]
    draws = [*_people("name_hero", "name_friend", "name_other"), Draw(("pet",), _PETS), *draws_a]
    items_a = tuple(draw.roles for draw in draws_a if draw.options is _ITEMS)
    # The things of the two episodes differ: a red hat that was traded away must not come back.
    draws += [
        Draw(d.roles, d.options, items_a + d.distinct_from) if d.options is _ITEMS else d
        for d in draws_b
    ]

    def facts(values: dict[str, str]) -> tuple[dict, ...]:
        hero = values["name_hero"]
        pet = {"plot": "a pet", "who": hero, "what": values["pet"], "whose": hero}
        one = _facts(first, values, "name_friend", "_a")
        return pet, one, _facts(second, values, "name_other", "_b")

    return Plot(f"{first}, then {second}", 1, tuple(steps), tuple(draws), facts)


def _recaps(one: dict[str, str], other: dict[str, str]) -> list[tuple[int, str, str]]:
    """Return patterns of what the hero has in the end, with the two episodes in both orders."""
    found = []
    for _, tree, zh in LONG_ENDINGS["recap"]:
        for x, y in ((one, other), (other, one)):
            english = tree.replace("<1>", x["en"]).replace("<2>", y["en"])
            found.append((1, english, zh.replace("<1>", x["zh"]).replace("<2>", y["zh"])))
    return found


def _facts(plot: str, values: dict[str, str], friend: str, end: str) -> dict:
    """Return the facts that a reader learns from one episode."""
    hero, other = values["name_hero"], values[friend]
    facts = {"plot": plot, "who": hero, "friend": other}
    if plot == "sharing":
        had, given, left = (
            _NUMBERS[values[f"count_{part}{end}"]] for part in ("had", "given", "left")
        )
        return facts | {
            "what": values["food" + end],
            "where": values["place" + end],
            "whose": hero,
            "how_many": had,
            "given": given,
            "left": left,
        }
    facts |= {"what": values["thing" + end], "colour": values["colour" + end]}
    if plot == "lost and found":
        return facts | {"where": values["place" + end], "whose": hero}
    got = {
        "what_got": values["thing2" + end],
        "colour_got": values["colour2" + end],
        "whose_got": hero,
    }
    return facts | {"whose": other} | got


def _explain(
    slot: Slot, old: frozenset[str] | None, new: frozenset[str], known: dict[str, frozenset[str]]
) -> str:
    """Return a sentence in plain words that tells what a slot contradicts."""

    def value(role: str) -> str:
        return "/".join(sorted(known.get(role, ())))

    kind, now = World.kind(slot.role), min(new)
    if old is None:
        return _explain_relation(slot, kind, value)
    before = min(old)
    if kind == "name" and (slot.form or len(old) > 1):
        # Several names are still possible: it is only known whether the person is a girl or a boy.
        written = next(w for w in _lexicon()["name"] if w.key == now).forms[slot.form][0]
        said = next(w for w in _lexicon()["name"] if w.key == before).forms["girl"][0]
        return f'"{written}" does not fit {before if len(old) == 1 else f"a {said}"}'
    colour, thing = slot.role.replace("thing", "colour"), slot.role.replace("colour", "thing")
    if kind in ("colour", "thing"):
        if (
            "2" in slot.role or colour.replace("colour", "colour2") in known
        ):  # a trade has two things: tell which of them is meant
            return f"here it should be the {value(colour)} {value(thing)}, not {now}"
        if kind == "colour":
            return f"the {value(thing)} was {before}, now it is {now}"
    if kind == "place":
        return f"it happened in the {before}, now it is in the {now}"
    article = "" if kind in ("name", "food") else "the "
    return f"it was {article}{before}, now it is {article}{now}"


def _explain_relation(slot: Slot, kind: str, value) -> str:
    """Return a sentence that tells which relation between several roles a slot breaks."""
    if kind == "count":
        end = re.sub("^count_(had|given|left)", "", slot.role)
        return "{} less {} does not leave {}".format(
            *(value(f"count_{part}{end}") for part in ("had", "given", "left"))
        )
    if kind == "name":
        return f"{value(slot.role)} cannot be two people in one tale"
    colour, thing = slot.role.replace("thing", "colour"), slot.role.replace("colour", "thing")
    return f"the {value(colour)} {value(thing)} is in this tale already"
