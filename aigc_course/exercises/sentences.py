"""Exercises on sentences and their trees.

Rules cut in two, ambiguous sentences, trees in a chart, the probability of a tree, pronouns.
"""

from __future__ import annotations

import math
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
    minutes=35,
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


def tree_probability(tree, rules):
    """Return the probability of a tree: the product over the rules that it uses.

    Args:
        tree: (label, left tree, right tree); a tree that is a string is a leaf.
        rules: (label, left label, right label) -> probability.
    """
    if isinstance(tree, str):
        return 1.0
    label, left, right = tree
    names = [part if isinstance(part, str) else part[0] for part in (left, right)]
    below = tree_probability(left, rules) * tree_probability(right, rules)
    return rules[label, names[0], names[1]] * below


RULES = {
    ("S", "NP", "VP"): 1.0,
    ("VP", "VERB", "NP"): 0.7,
    ("VP", "VP", "PP"): 0.3,
    ("NP", "NP", "PP"): 0.1,
    ("PP", "ADP", "NP"): 0.9,
}
IN_THE_PARK = ("PP", "ADP", "NP")


def _trees():
    """Return probes: trees whose leaves are labels, and the rules."""
    seen = ("VP", "VERB", "NP")
    there = ("VP", "VERB", ("NP", "NP", IN_THE_PARK))
    return [
        (("S", "NP", seen), RULES),
        (("S", "NP", ("VP", seen, IN_THE_PARK)), RULES),
        (("S", "NP", there), RULES),
        (("S", ("NP", "NP", IN_THE_PARK), ("VP", ("VP", seen, IN_THE_PARK), IN_THE_PARK)), RULES),
        ("NP", RULES),
    ]


PROBABILITY = Exercise(
    name="sentences.probability",
    title="How probable is this tree?",
    minutes=15,
    reference=tree_probability,
    probes=_trees,
    hints=(
        "A tree is a rule at its top and two smaller trees. What do you need from each of them?",
        "Let the function call itself: the probability of the rule at the top, times that of the "
        "left tree, times that of the right one. A leaf uses no rule, so it counts 1. The label "
        "of a part is the part itself if it is a string, and else its first entry.",
        "p(tree) = p(rule at the top) x p(left tree) x p(right tree), and p(leaf) = 1.",
    ),
)


def _walked(tree, rules):
    """Return the probabilities of all rules of a tree, top first: for the known mistakes."""
    if isinstance(tree, str):
        return []
    label, left, right = tree
    names = [part if isinstance(part, str) else part[0] for part in (left, right)]
    return [rules[label, names[0], names[1]], *_walked(left, rules), *_walked(right, rules)]


@PROBABILITY.mistake("Rules that are all used are multiplied, not added.")
def rules_added(tree, rules):
    return float(sum(_walked(tree, rules)))


@PROBABILITY.mistake("Only the rule at the top counts so far; go down into both parts.")
def top_only(tree, rules):
    return math.prod(_walked(tree, rules)[:1])


@PROBABILITY.mistake("The left part is a tree as well: go down into it, too.")
def right_only(tree, rules):
    if isinstance(tree, str):
        return 1.0
    return math.prod(_walked(tree, rules)[:1]) * right_only(tree[2], rules)


@PROBABILITY.mistake("The right part is a tree as well: go down into it, too.")
def left_only(tree, rules):
    if isinstance(tree, str):
        return 1.0
    return math.prod(_walked(tree, rules)[:1]) * left_only(tree[1], rules)


@PROBABILITY.mistake("A rule that is used twice counts twice.")
def each_rule_once(tree, rules):
    return math.prod(dict.fromkeys(_walked(tree, rules)))


@PROBABILITY.mistake("The probability is asked for, not its logarithm.")
def log_of_the_tree(tree, rules):
    return math.log(tree_probability(tree, rules))


@PROBABILITY.mistake("A leaf uses no rule: it counts 1 in a product, not 0.")
def leaves_count_nothing(tree, rules):
    return 0.0


@PROBABILITY.hidden(times=5)
def draw_probability(rng):
    rules = {rule: float(p) for rule, p in zip(RULES, rng.uniform(0.1, 1, 5), strict=True)}

    def noun(deepest=1):
        if deepest and rng.random() < 0.4:
            return ("NP", "NP", ("PP", "ADP", noun(deepest - 1)))
        return "NP"

    verb = ("VP", "VERB", noun())
    for _ in range(size(rng, 0, 2)):
        verb = ("VP", verb, ("PP", "ADP", noun()))
    return ("S", noun(), verb), rules


def resolve(words, girls, boys):
    """Return the words, with each pronoun replaced by the name that it stands for.

    "she" stands for the last girl who was named, "he" for the last boy, in any capitals; one that
    stands for nobody stays as it is.
    """
    last, resolved = {}, []
    for word in words:
        resolved.append(last.get(word.lower(), word))
        if word in girls:
            last["she"] = word
        elif word in boys:
            last["he"] = word
    return resolved


SOME_GIRLS, SOME_BOYS = ("Mia", "Rosa", "Ada"), ("Tom", "Leo")


def _told():
    """Return probes: words, the names of girls and of boys."""
    texts = (
        "Rosa lost it . Tom found it . She thanked him",
        "Mia met Ada . she smiled , and He came",
        "He met Leo . Mia saw Tom , and he saw her . She and HE left",
        "she",
        "Tom met Mia . Leo met Rosa . he liked her , she liked him",
    )
    return [(text.split(), SOME_GIRLS, SOME_BOYS) for text in texts]


RESOLVE = Exercise(
    name="sentences.resolve",
    title="Who is she?",
    minutes=10,
    reference=resolve,
    probes=_told,
    hints=(
        "When you come to a pronoun, what must you remember from the words before?",
        "Go through the words once, and keep two notes: the last girl and the last boy who were "
        "named. A name changes a note, a pronoun is replaced by one.",
        "she -> last girl so far; he -> last boy so far; nobody so far -> unchanged.",
    ),
)


def _resolved(words, girls, boys, *, lower=str.lower, first=False, mixed=False):
    """Resolve pronouns as `resolve` does, for the known mistakes: each changes one thing."""
    last, out = {}, []
    for word in words:
        out.append(last.get(lower(word), word))
        for pronoun, names in (("she", girls), ("he", boys)):
            if word in names and not (first and pronoun in last):
                last |= {"she": word, "he": word} if mixed else {pronoun: word}
    return out


@RESOLVE.mistake("She and he may be written with capitals.")
def small_letters_only(words, girls, boys):
    return _resolved(words, girls, boys, lower=lambda word: word)


@RESOLVE.mistake("You take the first who was named; it is the last before the pronoun.")
def first_named(words, girls, boys):
    return _resolved(words, girls, boys, first=True)


@RESOLVE.mistake("She stands for a girl and he for a boy: keep a note for each.")
def anybody(words, girls, boys):
    return _resolved(words, girls, boys, mixed=True)


@RESOLVE.mistake("The two are exchanged: she stands for a girl, he for a boy.")
def exchanged(words, girls, boys):
    return resolve(words, boys, girls)


@RESOLVE.mistake("You look at names after the pronoun as well; only those before it count.")
def whole_text(words, girls, boys):
    last = {
        "she": [w for w in words if w in girls][-1:],
        "he": [w for w in words if w in boys][-1:],
    }
    return [(last.get(word.lower()) or [word])[0] for word in words]


@RESOLVE.mistake("All words come back: names and other words stay where they are.")
def pronouns_only(words, girls, boys):
    pairs = zip(words, resolve(words, girls, boys), strict=True)
    return [name for word, name in pairs if word.lower() in ("she", "he")]


@RESOLVE.hidden(times=5)
def draw_resolve(rng):
    pool = [*SOME_GIRLS, *SOME_BOYS, "she", "He", "She", "he", "saw", "."]
    words = [
        "Mia",
        "Tom",
        *(pool[int(i)] for i in rng.integers(0, len(pool), size(rng, 6, 14))),
        "she",
        "He",
    ]
    return words, SOME_GIRLS, SOME_BOYS


QUIZ = (
    QuizQuestion(
        "Mia saw Tom with a kite. Why does this sentence have two trees?",
        "With a kite may belong to the seeing or to Tom.",
        (
            "Saw can be a noun.",
            "A kite may be Mia's or Tom's.",
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
        "Tom found the hat. He smiled. Who is the agent of smiled?",
        "Tom, named by a pronoun",
        ("he, nobody knows who", "the hat", "the speaker"),
        "A pronoun points back to somebody who was named before.",
    ),
    QuizQuestion(
        "A tree uses rules of probability 0.5, 0.2 and 0.5. How probable is it?",
        "0.05",
        ("1.2", "0.4", "0.2"),
        "The probability of a tree is the product over its rules.",
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
)
