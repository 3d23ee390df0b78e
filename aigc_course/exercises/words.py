"""Exercises on the tags of words.

A baseline, the probability of a path, Viterbi, counted tables.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, QuizQuestion
from aigc_course.models.text.tagger import viterbi, walk_back


def most_frequent_tag(texts):
    """Return the most frequent tag of each word, a dictionary.

    Args:
        texts: (tokens, tags) pairs.
    """
    counts = defaultdict(Counter)  # word -> its tags
    for tokens, tags in texts:
        for token, tag in zip(tokens, tags, strict=True):
            counts[token][tag] += 1
    return {token: tags.most_common(1)[0][0] for token, tags in counts.items()}


def _tagged_texts():
    """Return probes: lists of (tokens, tags) in which no word has two most frequent tags."""
    return [
        (
            [
                ("We fish".split(), ["PRON", "VERB"]),
                ("a big fish".split(), ["DET", "ADJ", "NOUN"]),
                ("fish swim".split(), ["NOUN", "VERB"]),
            ],
        ),
        (
            [
                ("to go to the park".split(), ["PART", "VERB", "ADP", "DET", "NOUN"]),
                ("to the park".split(), ["ADP", "DET", "NOUN"]),
                ("Park here".split(), ["VERB", "ADV"]),
            ],
        ),
        (
            [
                ("to go to see".split(), ["PART", "VERB", "PART", "VERB"]),
                ("to the".split(), ["ADP", "DET"]),
            ],
        ),
        ([(["yes"], ["INTJ"])],),
    ]


BASELINE = Exercise(
    name="words.baseline",
    title="The most frequent tag of each word",
    minutes=10,
    reference=most_frequent_tag,
    probes=_tagged_texts,
    hints=(
        "For the word to, which numbers must you know before you can choose its tag?",
        "First count, for each word, how often it has each tag: a dictionary of Counters does. "
        "Then take, for each word, the tag with the largest count.",
        "tag(word) = the tag t with the largest number of places where (word, t) stands.",
    ),
)


def _chosen(texts, choose):
    """Return word -> `choose`(its tags in order of their places), for the known mistakes."""
    tags_of = defaultdict(list)
    for tokens, tags in texts:
        for token, tag in zip(tokens, tags, strict=True):
            tags_of[token].append(tag)
    return {token: choose(tags) for token, tags in tags_of.items()}


@BASELINE.mistake("You keep the first tag of each word; count all, and take the most frequent.")
def first_tag(texts):
    return _chosen(texts, lambda tags: tags[0])


@BASELINE.mistake(
    "The last tag of each word overwrites those before; count all, and take the most frequent."
)
def last_tag(texts):
    return _chosen(texts, lambda tags: tags[-1])


@BASELINE.mistake("That is the rarest tag of each word; take the most frequent.")
def rarest_tag(texts):
    return _chosen(texts, lambda tags: Counter(tags).most_common()[-1][0])


@BASELINE.mistake(
    "Every word gets the most frequent tag of all; count the tags of each word for itself."
)
def one_tag_for_all(texts):
    often = Counter(tag for _, tags in texts for tag in tags).most_common(1)[0][0]
    return _chosen(texts, lambda _: often)


@BASELINE.mistake("The value is the tag, a string; leave out how often it stands there.")
def tag_with_its_count(texts):
    return _chosen(texts, lambda tags: Counter(tags).most_common(1)[0])


@BASELINE.mistake("The value is the tag alone; you return the counts of all tags of the word.")
def all_counts(texts):
    return _chosen(texts, Counter)


@BASELINE.mistake("Words keep their capitals: Park and park are counted apart.")
def without_capitals(texts):
    return most_frequent_tag([([t.lower() for t in tokens], tags) for tokens, tags in texts])


@BASELINE.mistake("Count the words of every text, not those of the last one alone.")
def last_text_only(texts):
    return most_frequent_tag(texts[-1:])


@BASELINE.hidden(times=5)
def draw_baseline(rng):
    # Each word has one tag five times and others at most four times.
    texts = []
    for word in "abcd"[: size(rng, 2, 4)]:
        tags = ["NOUN", "VERB", "ADJ", "ADP"]
        best = tags.pop(int(rng.integers(0, 4)))
        others = [tag for tag in tags for _ in range(int(rng.integers(0, 5)))]
        row = [str(tag) for tag in rng.permutation([best] * 5 + others)]
        texts += [([word] * len(part), part) for part in (row[:3], row[3:])]
    return (texts,)


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
        "start(s_1) + emission_1(s_1) + sum over i from 2 to T of (transition(s_(i-1), s_i) + "
        "emission_i(s_i)), with s_i for the tag of word i.",
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
            "Of all paths that end in one tag at this word, how many can still become part "
            "of the best whole path?"
        ),
        (
            "Only the best one for each tag. Compute the new column from the old one, and note "
            "from which tag each new best path came. Keep the old column until the new one is "
            "complete. At the end, begin with the best last tag and follow the notes backwards."
        ),
        (
            "b_i(k) = emission_i(k) + max over j of (b_(i-1)(j) + transition(j, k)), and for the "
            "first word start(k) + emission_1(k)."
        ),
    ),
)


@VITERBI.mistake(
    "You keep one path, the best so far; one that is second now may win at "
    "the end. Keep the best for each tag."
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
    return walk_back(best, back)


@VITERBI.mistake(
    "The transitions are added the wrong way round: the best path so far that ends in tag i "
    "belongs to row i of the table, so it must be a column, best[:, None]."
)
def added_to_the_columns(start, transition, emission):
    best, back = start + emission[0], []
    for seen in emission[1:]:
        ways = best + transition
        back.append(ways.argmax(0))
        best = ways.max(0) + seen
    return walk_back(best, back)


@VITERBI.mistake(
    "You change a column while you still need it: compute all boxes of the new column from the old "
    "one, and put the new in its place only then."
)
def overwritten_too_early(start, transition, emission):
    best, back = np.array(start + emission[0]), []
    for seen in emission[1:]:
        pointers = []
        for k in range(len(start)):
            ways = best + transition[:, k]
            pointers.append(int(ways.argmax()))
            best[k] = ways.max() + seen[k]
        back.append(pointers)
    return walk_back(best, back)


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


def transition_table(texts, names, k):
    """Return P(next tag | tag) with k added to each count, as an array (K, K).

    Args:
        texts: lists of tags.
        names: all K tags, in the order of rows and columns.
        k: number added to each count.
    """
    counts = np.full((len(names), len(names)), float(k))
    for tags in texts:
        for i in range(len(tags) - 1):
            counts[names.index(tags[i]), names.index(tags[i + 1])] += 1
    return counts / counts.sum(axis=1, keepdims=True)


def _tag_lists():
    """Return probes: lists of tags, the names of all tags, and k."""
    three = ["DET", "NOUN", "VERB"]
    return [
        ([["DET", "NOUN", "VERB"], ["DET", "NOUN"], ["NOUN", "VERB"]], three, 1),
        ([["NOUN", "VERB", "DET", "NOUN"], ["VERB", "DET", "NOUN", "NOUN"]], three, 0.01),
        ([["VERB"], ["DET", "DET", "NOUN"]], three, 0.5),
        ([["A", "B"], ["A", "A", "B"], ["B", "A"]], ["B", "A"], 0.1),
    ]


TRANSITIONS = Exercise(
    name="words.transitions",
    title="Count which tag follows which",
    minutes=15,
    reference=transition_table,
    probes=_tag_lists,
    hints=(
        "After a NOUN, some tag must come. So which numbers of the table add up to 1?",
        "Begin with a table full of k. Go through each text, and for each two neighbours add 1 in "
        "the row of the first and the column of the second. Then divide each row by its sum.",
        "P(b | a) = (number of times b follows a, plus k) / (sum over c of (number of times c "
        "follows a, plus k)).",
    ),
)


def _pair_counts(texts, names, k):
    """Count pairs of neighbours, with k added: for the known mistakes."""
    place = {name: i for i, name in enumerate(names)}
    counts = np.full((len(names), len(names)), float(k))
    for tags in texts:
        for a, b in pairwise(tags):
            counts[place[a], place[b]] += 1
    return counts


@TRANSITIONS.mistake("Each row must add up to 1, not each column: divide by the sums of the rows.")
def columns_add_up(texts, names, k):
    counts = _pair_counts(texts, names, k)
    return counts / counts.sum(axis=0, keepdims=True)


@TRANSITIONS.mistake(
    "You divide by the number of all pairs; divide each row by its own sum, since the tag before "
    "is given."
)
def of_all_pairs(texts, names, k):
    counts = _pair_counts(texts, names, k)
    return counts / counts.sum()


@TRANSITIONS.mistake("Row and column are exchanged: a row belongs to the tag that comes first.")
def row_is_the_next_tag(texts, names, k):
    return transition_table([tags[::-1] for tags in texts], names, k)


@TRANSITIONS.mistake("Add k to every count before you divide, also where the count is 0.")
def nothing_added(texts, names, k):
    counts = _pair_counts(texts, names, 0)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


@TRANSITIONS.mistake(
    "k is added after the division: the rows no longer add up to 1. Add it to the counts."
)
def added_too_late(texts, names, k):
    counts = _pair_counts(texts, names, 0)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) + k


@TRANSITIONS.mistake(
    "k is missing in what you divide by: a row's sum has it once for each tag, so K times."
)
def k_missing_below(texts, names, k):
    total = _pair_counts(texts, names, 0).sum(axis=1, keepdims=True)
    return _pair_counts(texts, names, k) / np.maximum(total, 1)


@TRANSITIONS.mistake("The row's sum has k once for each tag: K times k, not k.")
def k_once_below(texts, names, k):
    total = _pair_counts(texts, names, 0).sum(axis=1, keepdims=True) + k
    return _pair_counts(texts, names, k) / total


@TRANSITIONS.mistake(
    "The last tag of a text and the first of the next are no neighbours: count text by text."
)
def across_texts(texts, names, k):
    return transition_table([[tag for tags in texts for tag in tags]], names, k)


@TRANSITIONS.mistake("Return the probabilities; you return the counts.")
def counts_only(texts, names, k):
    return _pair_counts(texts, names, k)


@TRANSITIONS.mistake("The probabilities are asked for; leave the logarithm for later.")
def as_logarithms(texts, names, k):
    return np.log(transition_table(texts, names, k))


@TRANSITIONS.mistake(
    "The sums of the rows must be divided as a column of shape (K, 1): NumPy's sum keeps it that "
    "way with keepdims=True."
)
def sums_as_a_row(texts, names, k):
    counts = _pair_counts(texts, names, k)
    return counts / counts.sum(axis=1)


@TRANSITIONS.hidden(times=5)
def draw_transitions(rng):
    names = list("XYZW"[: size(rng, 2, 4)])
    texts = [
        [names[int(i)] for i in rng.integers(0, len(names), size(rng, 2, 7))] for _ in range(4)
    ]
    return texts, names, float(rng.choice([0.01, 0.1, 1.0]))


QUIZ = (
    QuizQuestion(
        "In a hidden Markov model, what does the probability of a tag depend on?",
        "the tag before it",
        ("the word before it", "all words of the sentence", "nothing"),
        "The chain goes from tag to tag; each word depends on its own tag alone.",
    ),
    QuizQuestion(
        "Why may Viterbi forget all but one path into each tag?",
        "Whatever comes next multiplies all paths that end in this tag alike.",
        (
            "The other paths have probability 0, so they cannot win.",
            "There is no memory for more paths.",
            "It looks at the words again at the end.",
        ),
        "What comes later depends on the tag only, so the best way to it stays the best.",
    ),
    QuizQuestion(
        "A word was never seen in training. What should its emission be?",
        "the same for every tag",
        ("probability 0 for every tag", "that of the rarest tag", "that of the word before"),
        "If nothing else is known of it, its neighbours decide.",
    ),
    QuizQuestion(
        "What is a baseline?",
        "a simple method that a better one has to beat",
        ("the best result so far", "the first row of a table", "a model without errors"),
        "Only beside a simple method can you see what the effort was good for.",
    ),
    QuizQuestion(
        "Twelve words, four tags. About how many steps does Viterbi take?",
        "12 times 4 times 4",
        ("4 to the power of 12", "12 times 4", "12 to the power of 4"),
        "For each word, each of the four tags looks back at four tags before it.",
    ),
)
