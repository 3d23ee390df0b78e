"""Exercises on what a sentence means: probable trees, phrases that are right, pronouns."""

from __future__ import annotations

import math
from collections import defaultdict

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, QuizQuestion


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
    name="meaning.probability",
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


def best_tree(labels, rules, goal="S"):
    """Return the probability of the best tree with the label `goal`, 0 if there is none.

    Args:
        labels: one label for each word.
        rules: (label, left label, right label) -> probability.
        goal: label of the whole sentence.
    """
    n, best = len(labels), {(i, i + 1, label): 1.0 for i, label in enumerate(labels)}
    for length in range(2, n + 1):
        for start in range(n - length + 1):
            end = start + length
            for cut in range(start + 1, end):
                for (label, left, right), p in rules.items():
                    joined = p * best.get((start, cut, left), 0) * best.get((cut, end, right), 0)
                    best[start, end, label] = max(best.get((start, end, label), 0.0), joined)
    return best.get((0, n, goal), 0.0)


_LABELS = ("NP", "VERB", "NP", "ADP", "NP", "ADP", "NP")


OTHER_RULES = RULES | {("VP", "VP", "PP"): 0.05, ("NP", "NP", "PP"): 0.6}
"""Rules by which the phrase belongs to the noun."""


BEST = Exercise(
    name="meaning.best_tree",
    title="The best tree",
    minutes=20,
    reference=best_tree,
    probes=lambda: [
        (list(_LABELS[:3]), RULES),
        (list(_LABELS[:5]), RULES),
        (list(_LABELS), RULES),
        (["VERB", "NP", "ADP", "NP"], RULES, "VP"),
        (["NP", "ADP"], RULES),
        (["S"], RULES),
        (list(_LABELS[:5]), OTHER_RULES),
    ],
    hints=(
        "If a stretch can be joined in two ways, with which of them would you go on?",
        "The chart is that of counting, with three changes: a word has probability 1, a join has "
        "the probability of its rule as a factor, and of several joins the largest is kept.",
        "best(i, j, A) = max over cuts m and rules A -> B C of P(rule) x best(i, m, B) x "
        "best(m, j, C)",
    ),
)


def _charted(labels, rules, goal, *, keep=max, of_rule=float, first_cut=False):
    """Fill a chart as `best_tree` does, for the known mistakes: each changes one thing.

    Args:
        labels, rules, goal: as there.
        keep: what becomes of the value so far and of a new one.
        of_rule: probability of a rule -> factor.
        first_cut: whether a stretch is cut behind its first word only.
    """
    best = defaultdict(float)
    for i, label in enumerate(labels):
        best[i, i + 1, label] = 1.0
    for length in range(2, len(labels) + 1):
        for start in range(len(labels) - length + 1):
            end = start + length
            for cut in range(start + 1, start + 2 if first_cut else end):
                for (label, left, right), p in rules.items():
                    joined = of_rule(p) * best[start, cut, left] * best[cut, end, right]
                    best[start, end, label] = keep(best[start, end, label], joined)
    return best[0, len(labels), goal]


@BEST.mistake("You add up all trees. That is the probability of the sentence; keep the largest.")
def all_trees_added(labels, rules, goal="S"):
    return _charted(labels, rules, goal, keep=lambda old, new: old + new)


@BEST.mistake(
    "The probabilities of the rules are missing: each join is multiplied by that of its rule."
)
def rules_without_weight(labels, rules, goal="S"):
    return _charted(labels, rules, goal, of_rule=lambda p: 1.0)


@BEST.mistake("The last way that was found is kept; keep the largest.")
def last_way_kept(labels, rules, goal="S"):
    return _charted(labels, rules, goal, keep=lambda old, new: new or old)


@BEST.mistake("Try every place for the cut, not only the one behind the first word.")
def best_with_first_cut(labels, rules, goal="S"):
    return _charted(labels, rules, goal, first_cut=True)


@BEST.mistake("The label of the whole sentence is `goal`, which need not be S.")
def best_goal_ignored(labels, rules, goal="S"):
    return best_tree(labels, rules)


@BEST.mistake("You keep the smallest; the best tree is the most probable one.")
def smallest_kept(labels, rules, goal="S"):
    return _charted(
        labels, rules, goal, keep=lambda old, new: min(old, new) if old and new else old or new
    )


@BEST.hidden(times=6)
def draw_best(rng):
    labels = ["NP", "VERB", "NP", *["ADP", "NP"] * size(rng, 0, 3)]
    rules = {rule: float(p) for rule, p in zip(RULES, rng.uniform(0.1, 0.9, 5), strict=True)}
    return labels, rules, "S"


def phrase_f1(found, true):
    """Return F1 of phrases, tuples (label, start, end): right ones twice, over both numbers."""
    together = len(found) + len(true)
    return 2 * len(set(found) & set(true)) / together if together else 0.0


_TRUE = (("S", 0, 5), ("NP", 0, 1), ("VP", 1, 5), ("NP", 2, 5))


F1 = Exercise(
    name="meaning.phrase_f1",
    title="How many phrases are right?",
    minutes=10,
    reference=phrase_f1,
    probes=lambda: [
        ([("S", 0, 3), ("NP", 0, 1)], [("S", 0, 3), ("VP", 1, 3)]),
        ([("S", 0, 5), ("NP", 0, 1), ("VP", 1, 3), ("PP", 3, 5)], list(_TRUE)),
        ([("S", 0, 5), ("VP", 2, 5), ("NP", 1, 5)], list(_TRUE)),
        ([], list(_TRUE)),
        ([], []),
    ],
    hints=(
        "When is a phrase right? All three of its parts must agree.",
        "Tuples can be compared as a whole, and sets tell which of them stand in both lists.",
        "F1 = 2 x right / (found + true)",
    ),
)


@F1.mistake("That is the precision: right ones over those found. F1 also looks at the true ones.")
def precision_alone(found, true):
    return len(set(found) & set(true)) / len(found) if found else 0.0


@F1.mistake("That is the recall: right ones over the true ones. F1 also looks at those found.")
def recall_alone(found, true):
    return len(set(found) & set(true)) / len(true) if true else 0.0


@F1.mistake("The right ones count twice: 2 x right over both numbers together.")
def counted_once(found, true):
    return phrase_f1(found, true) / 2


@F1.mistake("The label must be right as well, not only the two ends.")
def ends_alone(found, true):
    return phrase_f1([p[1:] for p in found], [p[1:] for p in true])


@F1.mistake("Both ends must be right, not only the label and the start.")
def label_and_start(found, true):
    return phrase_f1([p[:2] for p in found], [p[:2] for p in true])


@F1.mistake(
    "You divide by all different phrases (that is Jaccard); divide by both numbers together."
)
def jaccard_of_phrases(found, true):
    either = set(found) | set(true)
    return len(set(found) & set(true)) / len(either) if either else 0.0


@F1.hidden(times=4)
def draw_f1(rng):
    def some(n):
        drawn = [("ABC"[int(k)], int(i), int(j)) for k, i, j in rng.integers(0, 3, (n, 3))]
        return list(dict.fromkeys(drawn))

    return some(size(rng, 4, 9)), some(size(rng, 4, 9))


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
    name="meaning.resolve",
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
        "What does a chart keep for each stretch and label when the best tree is wanted?",
        "the probability of the best tree so far",
        ("the number of its trees", "the probabilities of all its trees", "its longest rule"),
        "What comes above depends on the label only, so a worse tree can be forgotten.",
    ),
    QuizQuestion(
        "A parser finds 10 phrases, 8 of them right; 10 are true. How large is F1?",
        "0.8",
        ("0.4", "0.9", "1.6"),
        "2 x 8 right ones over 10 + 10.",
    ),
    QuizQuestion(
        "A rule answers every question about a text rightly. What should you try before you call "
        "it understanding?",
        "what a simpler rule gets",
        ("a larger grammar", "the same texts again", "shorter texts"),
        "If a baseline that reads almost nothing is as good, the task did not need understanding.",
    ),
)
