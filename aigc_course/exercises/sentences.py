"""Exercises on sentences and their trees: phrases, binary rules, all trees in a chart."""

from __future__ import annotations

from collections import Counter, defaultdict

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion


def binary_rules(label, parts):
    """Return a rule with two or more parts as rules with two parts each.

    Args:
        label: what the parts become together.
        parts: labels, at least two.

    Returns:
        (label, left, right) of each rule, the outermost first. What is left after the first part
        becomes a label of its own: its parts joined by "+".
    """
    rules = []
    while len(parts) > 2:
        rest = "+".join(parts[1:])
        rules.append((label, parts[0], rest))
        label, parts = rest, parts[1:]
    return [*rules, (label, parts[0], parts[1])]


BINARY = Exercise(
    name="sentences.binarize",
    title="Cut a rule in two",
    minutes=15,
    reference=binary_rules,
    probes=lambda: [
        ("S", ["NP", "VP"]),
        ("S", ["NP", "VP", "PUNCT"]),
        ("VP", ["VERB", "NP", "PP", "PP"]),
        ("NP", ["DET", "ADJ", "ADJ", "ADJ", "NOUN"]),
    ],
    hints=(
        "What stands at the right of the first new rule, if it may have two parts only?",
        "The first part, and a new label for all the others. Then the new label needs a rule, "
        "too: do the same with it, until only two parts are left.",
        "A -> B C D becomes A -> B C+D and C+D -> C D.",
    ),
)


@BINARY.mistake("The new labels need rules as well: go on until every rule has two parts.")
def only_the_first_rule(label, parts):
    return binary_rules(label, parts)[:1]


@BINARY.mistake("Cut off the first part, not the last: S -> NP VP+PUNCT.")
def cut_from_the_right(label, parts):
    rules = []
    while len(parts) > 2:
        rest = "+".join(parts[:-1])
        rules.append((label, rest, parts[-1]))
        label, parts = rest, parts[:-1]
    return [*rules, (label, parts[0], parts[1])]


@BINARY.mistake("The outermost rule comes first: reverse the list.")
def innermost_first(label, parts):
    return binary_rules(label, parts)[::-1]


@BINARY.mistake("The new label must say which parts it stands for; join them by a plus sign.")
def the_same_label_again(label, parts):
    return [
        (label, left, label if "+" in right else right)
        for _, left, right in binary_rules(label, parts)
    ]


@BINARY.mistake("The parts of a new label are joined by a plus sign, without spaces.")
def joined_otherwise(label, parts):
    return [tuple(name.replace("+", " ") for name in rule) for rule in binary_rules(label, parts)]


@BINARY.mistake("Two parts need a rule of their own, too: the innermost one is missing.")
def innermost_missing(label, parts):
    rules = binary_rules(label, parts)
    return rules[:-1] if len(rules) > 1 else rules


@BINARY.mistake("The left side of a rule comes first in its tuple: (label, left, right).")
def label_last(label, parts):
    return [(left, right, whole) for whole, left, right in binary_rules(label, parts)]


@BINARY.hidden(times=5)
def draw_binary(rng):
    names = ["NP", "VP", "PP", "ADJ", "X"]
    return "S", [names[int(i)] for i in rng.integers(0, 5, size(rng, 2, 6))]


def leaves(tree):
    """Return the words of a tree, from left to right; a tree that is a string is a word."""
    if isinstance(tree, str):
        return [tree]
    return [word for part in tree[1:] for word in leaves(part)]


LEAVES = Exercise(
    name="sentences.leaves",
    title="The words of a tree",
    minutes=5,
    reference=leaves,
    probes=lambda: [
        (("S", ("NP", "Mia"), ("VP", "saw", "Tom")),),
        (("NP", "the", ("ADJ", "red"), "kite"),),
        (("S", ("NP", ("PRON", "she")), ("VP", ("VERB", "ran"), ("ADV", "home")), "."),),
        ("Mia",),
    ],
    hints=(
        "What are the words of a tree that is a word? And of one that has two parts?",
        "The words of a phrase are those of its first part, then those of its second, and so on. "
        "The label is no part. The function may ask itself.",
        "words = words of part 1 + words of part 2 + ...",
    ),
)


@LEAVES.mistake("The label of a phrase is no word: begin with its first part.")
def labels_as_words(tree):
    if isinstance(tree, str):
        return [tree]
    return [word for part in tree for word in labels_as_words(part)]


@LEAVES.mistake("Go down into every part that is a tree; its words are still missing.")
def only_the_top(tree):
    if isinstance(tree, str):
        return [tree]
    return [part for part in tree[1:] if isinstance(part, str)]


@LEAVES.mistake("A tree that is a string is a word: return a list with this word.")
def word_not_in_a_list(tree):
    return tree if isinstance(tree, str) else leaves(tree)


@LEAVES.mistake("From left to right; yours come from right to left.")
def right_to_left(tree):
    return leaves(tree)[::-1]


@LEAVES.mistake("A list of words is asked for, not one string.")
def leaves_joined(tree):
    return " ".join(leaves(tree))


@LEAVES.mistake("You took words apart into letters: a string is a word, not a list of parts.")
def letters_of_words(tree):
    return list("".join(leaves(tree)))


@LEAVES.hidden(times=4)
def draw_leaves(rng):
    return draw_phrases(rng)[:1]


def phrases(tree, start=0):
    """Return (label, start, end) of every phrase of a tree, the whole tree first.

    Args:
        tree: (label, part, ...); a part is a tree or a word.
        start: the gap at which the tree begins.
    """
    if isinstance(tree, str):
        return []
    end, below = start, []
    for part in tree[1:]:
        found = phrases(part, end)
        below += found
        end = found[0][2] if found else end + 1
    return [(tree[0], start, end), *below]


_SAW_TOM = ("VP", ("VERB", "saw"), ("NP", "Tom"))


PHRASES = Exercise(
    name="sentences.phrases",
    title="All phrases of a tree",
    minutes=10,
    reference=phrases,
    probes=lambda: [
        (("S", ("NP", "Mia"), ("VP", "saw", "Tom")),),
        (("S", ("NP", "the", "red", "kite"), _SAW_TOM, "."),),
        (("VP", _SAW_TOM, ("PP", "in", ("NP", "the", "park"))),),
        ("Mia",),
        (("NP", "Mia"), 4),
    ],
    hints=(
        "Where does the second part of a phrase begin?",
        "Go through the parts from left to right, and keep the gap that you have reached. A word "
        "moves it on by one, and a part that is a tree up to its own end. The function may ask "
        "itself for the phrases of a part.",
        "[(label, start, end of the last part)] + phrases of part 1 + phrases of part 2 + ...",
    ),
)


@PHRASES.mistake("Every part begins where the one before it ended, not at the start of the whole.")
def all_begin_at_the_start(tree, start=0):
    def shifted(node, at):
        if isinstance(node, str):
            return []
        length = phrases(node, at)[0][2] - at
        return [(node[0], at, at + length), *(p for part in node[1:] for p in shifted(part, at))]

    return shifted(tree, start)


@PHRASES.mistake("`end` is the gap AFTER the last word, so the next phrase begins there.")
def end_is_the_last_word(tree, start=0):
    return [(label, first, end - 1) for label, first, end in phrases(tree, start)]


@PHRASES.mistake("The whole tree comes first, then its parts; yours comes last.")
def whole_tree_last(tree, start=0):
    if isinstance(tree, str):
        return []
    whole, below, end = phrases(tree, start)[0], [], start
    for part in tree[1:]:
        below += whole_tree_last(part, end)
        end = phrases(part, end)[0][2] if not isinstance(part, str) else end + 1
    return [*below, whole]


@PHRASES.mistake("Only the phrase at the top is listed; the parts have phrases, too.")
def top_phrase_only(tree, start=0):
    return phrases(tree, start)[:1]


@PHRASES.mistake("A word has no label, so it is no phrase.")
def words_as_phrases(tree, start=0):
    if isinstance(tree, str):
        return [(tree, start, start + 1)]
    end, below = start, []
    for part in tree[1:]:
        below += (found := words_as_phrases(part, end))
        end = found[0][2]
    return [(tree[0], start, end), *below]


@PHRASES.mistake("The tree begins at the gap `start`, which need not be 0.")
def always_from_gap_zero(tree, start=0):
    return phrases(tree)


@PHRASES.hidden(times=4)
def draw_phrases(rng):
    def grown(depth):
        parts = [f"w{i}" for i in range(size(rng, 1, 3))]
        if depth:
            parts.insert(size(rng, 0, len(parts)), grown(depth - 1))
            parts.append(grown(depth - 1))
        return ("ABC"[int(rng.integers(0, 3))], *parts)

    return grown(2), size(rng, 0, 3)


PARSES = Question(
    name="sentences.parses",
    title="How many trees?",
    minutes=5,
    reference=5,
    explanation="in the park goes with saw or Tom; with a kite with saw, Tom or park: six pairs, "
    "of which one would cross. Five are left.",
    mistakes=(
        Mistake(
            6,
            (
                "You counted every pair of attachments; one of the six makes branches "
                "cross, and a tree has none."
            ),
        ),
        Mistake(
            4, "Two times two is short: with a kite has three places to go, saw, Tom and park."
        ),
        Mistake(3, "That is with a kite alone; in the park can move as well."),
        Mistake(2, "That would be one phrase with two places; here are two phrases."),
        Mistake(1, "A reader sees one meaning, the grammar allows more."),
    ),
    hints=(
        "To which word may 'in the park' belong? And 'with a kite'?",
        (
            "Write down every combination of the two choices, then strike out the one whose "
            "branches cross: no tree has such."
        ),
        (
            "trees = (places for the first phrase) x (places for the second) - (combinations "
            "that cross)."
        ),
    ),
)


def count_trees(labels, rules, goal="S"):
    """Return how many trees with the label `goal` a sentence has.

    Args:
        labels: one label for each word.
        rules: (left label, right label) -> label of both together.
        goal: label of the whole sentence.
    """
    ways = defaultdict(Counter)  # (start, end) -> label -> number of trees
    for i, label in enumerate(labels):
        ways[i, i + 1][label] = 1
    for length in range(2, len(labels) + 1):
        for start in range(len(labels) - length + 1):
            end = start + length
            for middle in range(start + 1, end):
                for (left, right), label in rules.items():
                    ways[start, end][label] += ways[start, middle][left] * ways[middle, end][right]
    return ways[0, len(labels)][goal]


def count_trees_in_one_table(labels, rules, goal="S"):
    """Return how many trees with the label `goal` a sentence has."""
    n = len(labels)
    trees = {(i, i + 1, labels[i]): 1 for i in range(n)}  # (start, end, label) -> number of trees
    for length in range(2, n + 1):
        for start in range(n - length + 1):
            end = start + length
            for middle in range(start + 1, end):
                for (left, right), label in rules.items():
                    both = trees.get((start, middle, left), 0) * trees.get((middle, end, right), 0)
                    trees[start, end, label] = trees.get((start, end, label), 0) + both
    return trees.get((0, n, goal), 0)


OTHER = {("A", "A"): "B", ("A", "B"): "A", ("B", "A"): "C", ("B", "B"): "A", ("C", "A"): "A"}
"""Rules by which one stretch can be joined to different labels."""
GRAMMAR = {
    ("NP", "VP"): "S",
    ("VERB", "NP"): "VP",
    ("VP", "PP"): "VP",
    ("NP", "PP"): "NP",
    ("ADP", "NP"): "PP",
}


def _sentences():
    """Return probes: labels of words, and rules."""
    seen, further = ["NP", "VERB", "NP"], ["ADP", "NP"]
    return [
        (seen, GRAMMAR),
        (seen + further, GRAMMAR),
        (seen + 2 * further, GRAMMAR),
        (seen + 4 * further, GRAMMAR),
        (seen + 9 * further, GRAMMAR),  # hopeless without a table
        (["NP", *further, *seen[1:], *further], GRAMMAR),
        (["VERB", "NP"], GRAMMAR),
        (["S"], GRAMMAR),
        (["S", "S", "S", "S"], {("S", "S"): "S"}),
        (["VERB", "NP", "ADP", "NP"], GRAMMAR, "VP"),
        (["A"] * 6, OTHER, "A"),
        (["A", "B", "A", "A", "B"], OTHER, "C"),
    ]


TREES = Exercise(
    name="sentences.trees",
    title="Count the trees in a chart",
    minutes=25,
    reference=count_trees,
    shown=count_trees_in_one_table,
    probes=_sentences,
    hints=(
        "A stretch of words is joined from two shorter ones. If the left one has 2 trees and the "
        "right one 3, how many has the whole?",
        "Keep, for each stretch (start, end), how many trees it has with each label. Fill the "
        "short stretches first. For a longer one, try every place where it can be cut in two, and "
        "every rule; multiply the numbers of the two parts, and add up over cuts and rules.",
        "For each length from 2 up, each start, each cut m and each rule A -> B C: add "
        "n(start, m, B) x n(m, end, C) to n(start, end, A).",
    ),
)


def _counted(labels, rules, goal, cuts, join):
    """Count trees as `count_trees` does, for the known mistakes.

    Args:
        labels, rules, goal: the sentence.
        cuts: (start, end) -> places where a stretch is cut.
        join: (number before, number of the left, of the right) -> number after.
    """
    ways = defaultdict(Counter)
    for i, label in enumerate(labels):
        ways[i, i + 1][label] = 1
    for length in range(2, len(labels) + 1):
        for start in range(len(labels) - length + 1):
            end = start + length
            for middle in cuts(start, end):
                for (left, right), label in rules.items():
                    parts = ways[start, middle][left], ways[middle, end][right]
                    ways[start, end][label] = join(ways[start, end][label], *parts)
    return ways[0, len(labels)][goal]


def _every_cut(start, end):
    return range(start + 1, end)


@TREES.mistake(
    "You do not count: note how many trees a stretch has, multiply the numbers of its two parts, "
    "and add up over all cuts and rules."
)
def trees_yes_or_no(labels, rules, goal="S"):
    return _counted(labels, rules, goal, _every_cut, lambda n, a, b: int(bool(n or a * b)))


@TREES.mistake("Each tree of the left part goes with each of the right one: multiply, do not add.")
def trees_added(labels, rules, goal="S"):
    return _counted(labels, rules, goal, _every_cut, lambda n, a, b: n + (a + b if a * b else 0))


@TREES.mistake("You cut each stretch behind its first word only; try every place inside it.")
def trees_first_cut(labels, rules, goal="S"):
    return _counted(labels, rules, goal, lambda a, b: [a + 1], lambda n, x, y: n + x * y)


@TREES.mistake(
    "Only cuts before the last word of a stretch count. Either you try no others, or you fill the "
    "chart from left to right, where longer parts are not done yet when you need them."
)
def trees_last_cut(labels, rules, goal="S"):
    return _counted(labels, rules, goal, lambda a, b: [b - 1], lambda n, x, y: n + x * y)


@TREES.mistake("The last place for a cut is missing: before the last word of the stretch.")
def trees_cut_missing(labels, rules, goal="S"):
    return _counted(
        labels, rules, goal, lambda a, b: range(a + 1, max(a + 2, b - 1)), lambda n, x, y: n + x * y
    )


@TREES.mistake("The label of the whole sentence is `goal`, which need not be S.")
def trees_goal_ignored(labels, rules, goal="S"):
    return count_trees(labels, rules, "S")


@TREES.mistake("Only trees with the label `goal` over the whole sentence count.")
def trees_of_all_labels(labels, rules, goal="S"):
    return sum(count_trees(labels, rules, label) for label in {*rules.values(), *labels})


@TREES.mistake("A stretch can have several labels: note the number of trees for each of them.")
def trees_one_label(labels, rules, goal="S"):
    ways = {(i, i + 1): (label, 1) for i, label in enumerate(labels)}
    for length in range(2, len(labels) + 1):
        for start in range(len(labels) - length + 1):
            end = start + length
            found = Counter()
            for middle in range(start + 1, end):
                (left, m), (right, n) = ways[start, middle], ways[middle, end]
                found[rules.get((left, right), "")] += m * n
            found.pop("", None)
            ways[start, end] = found.most_common(1)[0] if found else ("", 0)
    label, n = ways[0, len(labels)]
    return n if label == goal else 0


@TREES.hidden(times=8)
def draw_trees(rng):
    if rng.random() < 0.5:
        names = ["A", "B", "C"]
        rules = {(a, b): names[int(rng.integers(0, 3))] for a in names for b in names}
        return (
            [names[int(i)] for i in rng.integers(0, 3, size(rng, 2, 7))],
            rules,
            "ABC"[int(rng.integers(0, 3))],
        )
    labels = ["NP", "VERB", "NP"]
    for _ in range(size(rng, 0, 4)):
        labels += ["ADP", "NP"]
    return labels, GRAMMAR, "S"


QUIZ = (
    QuizQuestion(
        "Mia saw Tom with a kite. Why does this sentence have two trees?",
        "With a kite may belong to the seeing or to Tom.",
        (
            "Saw can be a noun.",
            "With can be a verb.",
            "Every sentence has two trees.",
        ),
        "A prepositional phrase can be attached to a verb phrase or to a noun phrase.",
    ),
    QuizQuestion(
        "In which order can a chart be filled?",
        "the stretches of one word, then ever longer ones",
        ("the whole sentence, then its parts", "the verb, then the rest", "the first word's row"),
        "A long stretch is joined from two shorter ones, so these must be done before.",
    ),
    QuizQuestion(
        "Why are rules with three parts cut in two before the chart is filled?",
        "Then every phrase has two parts, and one cut at a time is enough.",
        (
            "Sentences have an even number of words.",
            "Trees with three branches are wrong.",
            "It makes the trees more probable.",
        ),
        "With two parts it is enough to try every place for a single cut.",
    ),
    QuizQuestion(
        "A phrase can be cut in one way only; its left part has 2 trees and its right part 3. How "
        "many trees has it?",
        "6",
        ("5", "3", "2"),
        "Each tree of the left part goes with each of the right part.",
    ),
    QuizQuestion(
        "In Mia saw Tom, which gaps are the ends of the phrase saw Tom?",
        "1 and 3",
        ("2 and 3", "1 and 2", "0 and 3"),
        "Gap 1 stands after Mia, and gap 3 after Tom.",
    ),
)
