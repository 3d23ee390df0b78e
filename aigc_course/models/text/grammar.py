"""The number of sentences that a context-free grammar can generate."""

from __future__ import annotations

import math

Rules = dict[str, list[str]]


def count_sentences(rules: Rules, symbol: str = "START") -> float:
    """Count the derivations from `symbol`: a sum over alternatives of products over their parts.

    Args:
        rules: symbol -> its alternatives, each a string of parts separated by spaces.
        symbol: where derivations start.

    Returns:
        The number of derivations; inf when a symbol can contain itself.
    """
    try:
        return _count(rules, symbol, ())
    except RecursionError:
        return math.inf


def _count(rules: Rules, symbol: str, above: tuple[str, ...]) -> float:
    """Count the derivations from `symbol`, where `above` holds the symbols that it is a part of."""
    if symbol not in rules:
        return 1
    if symbol in above:
        return math.inf
    return sum(
        math.prod(_count(rules, part, (*above, symbol)) for part in alternative.split())
        for alternative in rules[symbol]
    )
