"""Exercises on the tags of words: a baseline, the probability of a path, counted tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, QuizQuestion


def ambiguous(texts):
    """Return the tokens with two or more tags, each with a Counter of its tags.

    Args:
        texts: pairs (tokens, tags).
    """
    jobs = defaultdict(Counter)
    for tokens, tags in texts:
        for token, tag in zip(tokens, tags, strict=True):
            jobs[token][tag] += 1
    return {token: tags for token, tags in jobs.items() if len(tags) > 1}


AMBIGUOUS = Exercise(
    name="words.ambiguous",
    title="Words with more than one job",
    minutes=10,
    reference=ambiguous,
    probes=lambda: [
        (
            [
                (["We", "fish"], ["PRON", "VERB"]),
                (["big", "fish"], ["ADJ", "NOUN"]),
                (["fish", "swim"], ["NOUN", "VERB"]),
            ],
        ),
        ([(["to", "To", "to"], ["ADP", "PART", "ADP"])],),
        ([(["a", "b"], ["X", "Y"]), (["b", "a", "a"], ["X", "Y", "X"])],),
    ],
    hints=(
        "What do you have to know about every token before you can say that it is ambiguous?",
        "Count, for each token, how often it has each tag, over all texts. Then keep the tokens "
        "that have more than one.",
        "all tokens whose Counter has more than one entry, with that Counter",
    ),
)


@AMBIGUOUS.mistake("Tokens with a single tag do not belong in it.")
def all_tokens(texts):
    jobs = defaultdict(Counter)
    for tokens, tags in texts:
        for token, tag in zip(tokens, tags, strict=True):
            jobs[token][tag] += 1
    return dict(jobs)


@AMBIGUOUS.mistake("Count how often each tag comes; you note each of them once.")
def tags_once(texts):
    return {token: Counter(list(tags)) for token, tags in ambiguous(texts).items()}


@AMBIGUOUS.mistake("Tokens stay as they are written: To and to are two of them.")
def small_letters(texts):
    return ambiguous([([token.lower() for token in tokens], tags) for tokens, tags in texts])


@AMBIGUOUS.mistake("A token counts as ambiguous over ALL texts, not within a single one.")
def text_by_text(texts):
    found = {}
    for text in texts:
        found.update(ambiguous([text]))
    return found


@AMBIGUOUS.mistake("A dictionary with the counts is asked for, not the tokens alone.")
def tokens_alone(texts):
    return sorted(ambiguous(texts))


@AMBIGUOUS.mistake("Keep tokens that occur with two different TAGS, not those that occur twice.")
def seen_twice(texts):
    return {token: tags for token, tags in all_tokens(texts).items() if tags.total() > 1}


@AMBIGUOUS.hidden(times=4)
def draw_ambiguous(rng):
    def text():
        n = size(rng, 3, 6)
        return ["aAbc"[i] for i in rng.integers(0, 4, n)], ["XYZ"[i] for i in rng.integers(0, 3, n)]

    return ([text() for _ in range(3)],)


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
        "A path has two tags and two words. Its start has 0.5, the transition 0.4, the words 0.1 "
        "and 0.5. How probable is it?",
        "0.01",
        ("1.5", "0.05", "0.2"),
        "All four are multiplied: 0.5 x 0.4 x 0.1 x 0.5.",
    ),
    QuizQuestion(
        "Why is a small number added to each count of a table?",
        "A pair that was never seen must not make a path impossible.",
        ("The counts become whole numbers.", "Rows would not add up to 1.", "It saves memory."),
        "A zero makes the whole product zero, however good the rest of the path is.",
    ),
)
