"""A context-free grammar with probabilities that writes sentences and knows how many it can write."""

from __future__ import annotations

import math
import random

from aigc_course.errors import CourseError

Rules = dict[str, list[str]]


def expand(rules: Rules, rng: random.Random, symbol: str = "START") -> str:
    """Replace `symbol` by one of its alternatives, and so on until only words are left.

    Args:
        rules: symbol -> alternatives, each a string of symbols and words separated by spaces; all
            alternatives of a symbol are equally likely.
        rng: the source of chance.
        symbol: where to start.

    Source: context-free rewriting; Chomsky (1956), "Three models for the description of language", section 3.

    Raises:
        CourseError: `symbol` has no rule.
    """
    if symbol not in rules:
        raise CourseError(f"The grammar has no rule for {symbol!r}; it has {', '.join(rules)}.")
    alternative = rng.choice(rules[symbol])
    return " ".join(expand(rules, rng, part) if part in rules else part for part in alternative.split())


def count_sentences(rules: Rules, symbol: str = "START") -> float:
    """How many derivations start from `symbol`: sum over alternatives, product over their parts; inf when endless."""
    try:
        return _count(rules, symbol, ())
    except RecursionError:
        return math.inf


def _count(rules: Rules, symbol: str, above: tuple[str, ...]) -> float:
    if symbol not in rules:
        return 1
    if symbol in above:
        return math.inf
    return sum(math.prod(_count(rules, part, (*above, symbol)) for part in alternative.split()) for alternative in rules[symbol])


def entropy(rules: Rules, symbol: str = "START") -> float:
    """Entropy in bits of the sentences of a grammar without loops in which no sentence has two derivations."""
    alternatives = rules.get(symbol)
    if not alternatives:
        return 0.0
    inner = sum(entropy(rules, part) for alternative in alternatives for part in alternative.split())
    return math.log2(len(alternatives)) + inner / len(alternatives)
