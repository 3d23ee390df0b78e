"""Exercises on words and sentences.

The probability of a path of tags, Viterbi, ambiguous sentences, trees in a chart, pronouns.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion
from aigc_course.models.text.tagger import viterbi


def path_score(start, transition, emission, states):
    """Return the log-probability of a path of states and of what was seen along it."""
    score = start[states[0]] + emission[0][states[0]]
    for t in range(1, len(states)):
        score += transition[states[t - 1]][states[t]] + emission[t][states[t]]
    return score


def _paths():
    """Return probes: the tables of a hidden Markov model, and a path of states."""
    rng = np.random.default_rng(9)
    cases = [
        (
            np.log([0.8, 0.2]),
            np.log([[0.3, 0.7], [0.8, 0.2]]),
            np.log([[0.25, 0.6], [0.4, 0.1], [0.3, 0.05]]),
            [1, 0, 0],
        )
    ]
    for states, times in ((2, 1), (3, 4), (4, 7)):
        tables = (
            rng.dirichlet(np.ones(states)),
            rng.dirichlet(np.ones(states), states),
            rng.dirichlet(np.ones(states), times),
        )
        path = [int(i) for i in rng.integers(0, states, times)]
        cases.append((*(np.log(table + 1e-9) for table in tables), path))
    return cases


PATH = Exercise(
    name="words.path",
    title="How probable is this path?",
    minutes=5,
    reference=path_score,
    probes=_paths,
    hints=(
        "Follow the drawing of the model with a finger. Which arrows do you pass?",
        "One arrow from the start to the first tag, one from each tag to the next, and one down "
        "from each tag to its word. In logarithms, everything that you pass is added.",
        "start(s_1) + emission_1(s_1) + sum over t of (transition(s_(t-1), s_t) + "
        "emission_t(s_t)).",
    ),
)


@PATH.mistake("The start is missing: the first tag has a probability of its own.")
def path_without_start(start, transition, emission, states):
    return path_score(np.zeros_like(start), transition, emission, states)


@PATH.mistake("The words are missing: add the emission of each word under its tag.")
def path_without_words(start, transition, emission, states):
    return path_score(start, transition, np.zeros_like(emission), states)


@PATH.mistake("The transitions are missing: add one from each tag to the next.")
def path_without_transitions(start, transition, emission, states):
    return path_score(start, np.zeros_like(transition), emission, states)


@PATH.mistake("Row and column are exchanged: transition[i, j] is from i to j.")
def path_transposed(start, transition, emission, states):
    return path_score(start, np.transpose(transition), emission, states)


@PATH.mistake("In logarithms, probabilities that multiply are added.")
def path_multiplied(start, transition, emission, states):
    score = start[states[0]] * emission[0][states[0]]
    for t in range(1, len(states)):
        score *= transition[states[t - 1]][states[t]] * emission[t][states[t]]
    return score


@PATH.mistake("The log-probability is asked for, not the probability: leave exp out.")
def path_as_probability(start, transition, emission, states):
    return np.exp(path_score(start, transition, emission, states))


@PATH.mistake("The emission of the first word is missing.")
def path_without_first_word(start, transition, emission, states):
    return path_score(start, transition, emission, states) - emission[0][states[0]]


@PATH.hidden()
def draw_path(rng):
    states, times = size(rng, 2, 4), size(rng, 2, 8)
    tables = (
        rng.dirichlet(np.ones(states)),
        rng.dirichlet(np.ones(states), states),
        rng.dirichlet(np.ones(states), times),
    )
    path = [int(i) for i in rng.integers(0, states, times)]
    return *(np.log(table + 1e-9) for table in tables), path


def viterbi_with_paths(start, transition, emission):
    """Return the most probable path of states.

    For every state, the best path that ends there is kept, with its log-probability.
    """
    paths = [(start[k] + emission[0, k], [k]) for k in range(len(start))]
    for seen in emission[1:]:
        paths = [
            max((p + transition[path[-1], k] + seen[k], [*path, k]) for p, path in paths)
            for k in range(len(start))
        ]
    return max(paths)[1]


def _lattices():
    """Return probes: log-probabilities start (K,), transition (K, K), emission (T, K)."""
    rng = np.random.default_rng(4)
    cases = []
    sizes = ((2, 4), (3, 6), (4, 8), (3, 1), (5, 12), (2, 9), (4, 3), (3, 14), (15, 40))
    for states, times in sizes:
        start, transition = rng.dirichlet(np.ones(states)), rng.dirichlet(np.ones(states), states)
        cases.append(
            (
                np.log(start + 1e-9),
                np.log(transition + 1e-9),
                np.log(rng.dirichlet(np.ones(states), times)),
            )
        )
    return cases


VITERBI = Exercise(
    name="words.viterbi",
    title="The best path",
    minutes=40,
    reference=viterbi,
    shown=viterbi_with_paths,
    probes=_lattices,
    hints=(
        (
            "Of all paths that end in one state at this word, how many can still become part "
            "of the best whole path?"
        ),
        (
            "Only the best one for each state. Extend it by every transition, and note from "
            "which state each new best path came. At the end, begin with the best last state "
            "and follow the notes backwards."
        ),
        (
            "best_t(k) = emission_t(k) + max over j of (best_(t-1)(j) + transition(j, k)), and "
            "best_0(k) = start(k) + emission_0(k)."
        ),
    ),
)


@VITERBI.mistake(
    "You keep one path, the best so far; one that is second now may win at "
    "the end. Keep the best for each state."
)
def greedy(start, transition, emission):
    states = [int((start + emission[0]).argmax())]
    for seen in emission[1:]:
        states.append(int((transition[states[-1]] + seen).argmax()))
    return states


@VITERBI.mistake("You look at each word alone; add the transitions between neighbours.")
def emission_only(start, transition, emission):
    return [int(i) for i in emission.argmax(1)]


@VITERBI.mistake(
    "The transitions are ignored: after the first word, each word is looked at alone. Add "
    "transition[i, j] when a path goes from tag i to tag j."
)
def transitions_ignored(start, transition, emission):
    return [int((start + emission[0]).argmax()), *(int(seen.argmax()) for seen in emission[1:])]


@VITERBI.mistake(
    "You read the best state off at each time; the best path must be walked back from its end."
)
def no_back_pointers(start, transition, emission):
    best = start + emission[0]
    states = [int(best.argmax())]
    for seen in emission[1:]:
        best = (best[:, None] + transition).max(0) + seen
        states.append(int(best.argmax()))
    return states


@VITERBI.mistake(
    "You add up all paths into a state (the forward algorithm); keep only "
    "the best one: its maximum, not a sum."
)
def sums_paths(start, transition, emission):
    best, back = start + emission[0], []
    for seen in emission[1:]:
        ways = best[:, None] + transition
        back.append(ways.argmax(0))
        best = np.logaddexp.reduce(ways, 0) + seen
    states = [int(best.argmax())]
    for pointers in reversed(back):
        states.append(int(pointers[states[-1]]))
    return states[::-1]


@VITERBI.mistake("The first word counts as well: begin with start + emission[0].")
def first_word_ignored(start, transition, emission):
    return viterbi(start, transition, np.vstack([np.zeros_like(start), emission[1:]]))


@VITERBI.mistake("Row and column are exchanged: transition[i, j] is from i to j.")
def transposed(start, transition, emission):
    return viterbi(start, transition.T, emission)


@VITERBI.mistake("The first state has a log-probability of its own: start.")
def no_start(start, transition, emission):
    return viterbi(np.zeros_like(start), transition, emission)


@VITERBI.mistake("Your path is back to front: reverse it.")
def backwards(start, transition, emission):
    return viterbi(start, transition, emission)[::-1]


@VITERBI.hidden(times=8)
def draw_viterbi(rng):
    states, times = size(rng, 2, 4), size(rng, 2, 12)
    tables = (
        rng.dirichlet(np.ones(states)),
        rng.dirichlet(np.ones(states), states),
        rng.dirichlet(np.ones(states), times),
    )
    return tuple(np.log(table + 1e-9) for table in tables)


PARSES = Question(
    name="words.parses",
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
        (["NP", *further, *seen[1:], *further], GRAMMAR),
        (["VERB", "NP"], GRAMMAR),
        (["S"], GRAMMAR),
        (["S", "S", "S", "S"], {("S", "S"): "S"}),
        (["VERB", "NP", "ADP", "NP"], GRAMMAR, "VP"),
        (["A"] * 6, OTHER, "A"),
        (["A", "B", "A", "A", "B"], OTHER, "C"),
    ]


TREES = Exercise(
    name="words.trees",
    title="Count the trees in a chart",
    minutes=35,
    reference=count_trees,
    probes=_sentences,
    hints=(
        "A stretch of words is joined from two shorter ones. If the left one has 2 trees and the "
        "right one 3, how many has the whole?",
        "Keep, for each stretch (start, end), how many trees it has with each label. Fill the "
        "short stretches first. For a longer one, try every place where it can be cut in two, and "
        "every rule; multiply the numbers of the two parts, and add up over cuts and rules.",
        "n(start, end, A) = sum over cuts m and rules A -> B C of n(start, m, B) x n(m, end, C).",
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
    name="words.resolve",
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
        "In a hidden Markov model, what does the probability of a tag depend on?",
        "the tag before it",
        ("the word before it", "all words of the sentence", "nothing"),
        "The chain goes from tag to tag; each word depends on its own tag alone.",
    ),
    QuizQuestion(
        "Why may Viterbi forget all but one path into each tag?",
        "Every longer path through this tag continues in the same way from here.",
        (
            "The other paths have probability 0.",
            "There is no memory for more.",
            "It looks at the words again at the end.",
        ),
        "What comes later depends on the tag only, so the best way to it stays the best.",
    ),
    QuizQuestion(
        "A word was never seen in training. What should its emission be?",
        "the same for every tag",
        ("0 for every tag", "that of the rarest tag", "that of the word before"),
        "If nothing else is known of it, its neighbours decide.",
    ),
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
)
