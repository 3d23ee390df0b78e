"""A chart parser: it finds what each span of a sentence can be, from short spans to long ones."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from aigc_course.core.arguments import checked, list_of, string, tokenized
from aigc_course.core.errors import CourseError
from aigc_course.evaluation.statistics import precision_recall_f1

Tree = tuple  # (label, child, child ...); a leaf is a string


@checked(text=string())
def read_tree(text: str) -> Tree:
    """Convert a bracketed tree such as "(S (NP (PROPN Mia)) ...)" to nested tuples.

    Raises:
        CourseError: the brackets do not match, or a word does not stand alone under its part of
            speech.
    """
    stack: list[list] = [[]]
    for piece in re.findall(r"\(|\)|[^\s()]+", text):
        if piece == "(":
            stack.append([])
        elif piece == ")" and len(stack) > 1:
            node = tuple(stack.pop())
            stack[-1].append(node)
        elif piece != ")":
            stack[-1].append(piece)
        else:
            stack.append([])  # a bracket too many: this part is never closed, so it fails below
    if len(stack) != 1 or len(stack[0]) != 1 or not _is_tree(stack[0][0]):
        raise CourseError(
            f"not a tree in matching brackets, each word under its part of speech: {text[:60]!r}."
        )
    return stack[0][0]


def _is_tree(node) -> bool:
    """Return whether a node is a label above one word, or a label above trees."""
    if isinstance(node, str) or len(node) < 2 or not isinstance(node[0], str):
        return False
    return (len(node) == 2 and isinstance(node[1], str)) or all(map(_is_tree, node[1:]))


def leaves(tree: Tree) -> list[str]:
    """Return the words of a tree."""
    return [
        word
        for child in tree[1:]
        for word in ([child] if isinstance(child, str) else leaves(child))
    ]


def brackets(tree: Tree, start: int = 0) -> Iterator[tuple[str, int, int]]:
    """Yield (label, start, end) of every phrase.

    Parts of speech, which stand directly above a word, are left out.
    """
    if isinstance(tree[1], str):
        return
    position = start
    for child in tree[1:]:
        yield from brackets(child, position)
        position += len(leaves(child))
    yield tree[0], start, position


@checked(
    predicted=list_of(tuple, type(None), says="a list of trees"),
    true=list_of(tuple, says="a list of trees"),
)
def bracket_scores(predicted: Sequence[Tree | None], true: Sequence[Tree]) -> dict[str, float]:
    """Compute labelled precision, recall and F1 of phrases over all sentences together.

    Args:
        predicted: trees; None where a sentence has no parse.
        true: the correct trees, as many.

    Source: Black et al. (1991), the PARSEVAL measures.
    """
    if len(predicted) != len(true):
        raise CourseError(
            f"bracket_scores compares as many trees with as many; got {len(predicted)} "
            f"and {len(true)}."
        )
    mine = [Counter(brackets(tree)) if tree else Counter() for tree in predicted]
    theirs = [Counter(brackets(tree)) for tree in true]
    right = sum((a & b).total() for a, b in zip(mine, theirs, strict=True))
    found, wanted = (sum(one.total() for one in some) for some in (mine, theirs))
    return precision_recall_f1(right, found, wanted)


class TreebankParser:
    """A probabilistic context-free grammar estimated from trees, with a parser for sentences.

    Args:
        trees: trees of the sentences to learn from.

    Rules with more than two children are binarized: S -> NP VP . becomes S -> NP [VP .], so that
    every step joins two neighbours.

    Source: the algorithm of Cocke, Kasami and Younger; Jurafsky and Martin, *Speech and Language
    Processing*, chapter 18 and appendix C.

    Raises:
        CourseError: there are no trees.
    """

    @checked(trees=tokenized())
    def __init__(self, trees: Iterable[Tree]):
        rules: Counter = Counter()
        words: Counter = Counter()
        for tree in trees:
            _count(tree, rules, words)
        if not rules:
            raise CourseError("a parser needs trees to learn from; got none.")
        total: Counter = Counter()
        for (label, _), n in rules.items():
            total[label] += n
        tags: Counter = Counter()
        for (tag, _), n in words.items():
            tags[tag] += n
        # binary: (left, right) -> label -> log2 P; unary: child -> [(label, log2 P)]
        self.binary, self.unary = defaultdict(dict), defaultdict(list)
        for (label, children), n in rules.items():
            p = math.log2(n / total[label])
            if len(children) == 1:
                self.unary[children[0]].append((label, p))
            else:
                self.binary[children][label] = p
        self.words = defaultdict(list)  # word -> [(tag, log2 P(word | tag))]
        for (tag, word), n in words.items():
            self.words[word].append((tag, math.log2(n / tags[tag])))
        # An unknown word is equally probable under every tag, so its neighbours decide; far less
        # than any word that was seen.
        self.unknown = [(tag, math.log2(1 / (max(tags.values()) + 1)) - 10) for tag in tags]

    @checked(label=string())
    def parse(self, tokens: Sequence[str], label: str = "S") -> tuple[Tree, float] | None:
        """Find the most probable tree of a sentence.

        Args:
            tokens: the sentence.
            label: label of the whole tree.

        Returns:
            (tree, log2 of its probability), or None when the grammar has no tree for the sentence.
        """
        if isinstance(tokens, str):
            raise CourseError(
                "parse takes a list of tokens, not a string; text.split() or "
                "tales.tokenize(text) makes one."
            )
        chart = self.chart(tokens)
        end = len(tokens)
        if label not in chart.get((0, end), {}):
            return None
        return _build(chart, tokens, label, 0, end), chart[0, end][label][0]

    def chart(self, tokens: Sequence[str]) -> dict[tuple[int, int], dict[str, tuple]]:
        """Fill the chart: (start, end) -> label -> (log2 probability, derivation).

        The derivation is None for a word, a child label for a unary rule, and (middle, left label,
        right label) for a binary rule.
        """
        chart: dict = {}
        for i, token in enumerate(tokens):
            chart[i, i + 1] = {tag: (p, None) for tag, p in self.words.get(token, self.unknown)}
            self._climb(chart[i, i + 1])
        for length in range(2, len(tokens) + 1):  # the parts of a span are done before the span
            for start in range(len(tokens) - length + 1):
                cell: dict = {}
                for middle in range(start + 1, start + length):
                    self._join(chart[start, middle], chart[middle, start + length], middle, cell)
                self._climb(cell)
                chart[start, start + length] = cell
        return chart

    def _join(self, left: dict, right: dict, middle: int, cell: dict) -> None:
        """Apply binary rules to two neighbouring spans and keep the best result of each label."""
        for a, (p_a, _) in left.items():
            for b, (p_b, _) in right.items():
                for label, p in self.binary.get((a, b), {}).items():
                    if label not in cell or cell[label][0] < p + p_a + p_b:
                        cell[label] = (p + p_a + p_b, (middle, a, b))

    def _climb(self, cell: dict) -> None:
        """Apply rules with one child to a cell as long as they improve a probability."""
        waiting = list(cell)
        while waiting:
            child = waiting.pop()
            for label, p in self.unary.get(child, ()):
                total = p + cell[child][0]
                if label not in cell or cell[label][0] < total - 1e-12:
                    cell[label] = (total, child)
                    waiting.append(label)


def _count(tree: Tree, rules: Counter, words: Counter) -> None:
    """Count the binarized rules and the tagged words of one tree, in place."""
    if isinstance(tree[1], str):
        words[_symbol(tree), tree[1]] += 1
        return
    children = [_symbol(child) for child in tree[1:]]
    label = tree[0]
    while len(children) > 2:
        rest = f"[{' '.join(children[1:])}]"
        rules[label, (children[0], rest)] += 1
        label, children = rest, children[1:]
    rules[label, tuple(children)] += 1
    for child in tree[1:]:
        _count(child, rules, words)


def _symbol(tree: Tree) -> str:
    """Return the symbol of a node; a slash marks parts of speech.

    Without the slash, the part of speech INTJ could not be told from the phrase INTJ.
    """
    return f"/{tree[0]}" if isinstance(tree[1], str) else tree[0]


def _build(chart: dict, tokens: Sequence[str], label: str, start: int, end: int) -> Tree:
    """Build the best tree of a span from the chart, with binarized rules put together again."""
    _, how = chart[start, end][label]
    if how is None:
        return (label.removeprefix("/"), tokens[start])
    if isinstance(how, str):
        return (label, _build(chart, tokens, how, start, end))
    middle, a, b = how
    second = _build(chart, tokens, b, middle, end)
    return (
        label,
        _build(chart, tokens, a, start, middle),
        *(second[1:] if b.startswith("[") else [second]),  # "[VP .]" is no phrase of its own
    )
