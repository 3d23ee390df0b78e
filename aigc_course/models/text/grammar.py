"""How many sentences a context-free grammar can write."""

from __future__ import annotations

import math

Rules = dict[str, list[str]]


def count_sentences(rules: Rules, symbol: str = "START") -> float:
    """How many derivations start from `symbol`: sum over alternatives, product over their parts;
    inf when endless.
    """
    try:
        return _count(rules, symbol, ())
    except RecursionError:
        return math.inf


def _count(rules: Rules, symbol: str, above: tuple[str, ...]) -> float:
    if symbol not in rules:
        return 1
    if symbol in above:
        return math.inf
    return sum(
        math.prod(_count(rules, part, (*above, symbol)) for part in alternative.split())
        for alternative in rules[symbol]
    )
