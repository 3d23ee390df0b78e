"""Exercises on the best path: a greedy search, Viterbi, and all paths together."""

from __future__ import annotations

import numpy as np

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion
from aigc_course.models.text.tagger import viterbi, walk_back


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
    name="viterbi.viterbi",
    title="The best path",
    minutes=25,
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
    return greedy_path(start, transition, emission)


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


PATHS = Question(
    name="viterbi.paths",
    title="How many paths?",
    minutes=5,
    reference=81.0,
    explanation="Each of the 4 words has 3 choices, and choices multiply: 3 x 3 x 3 x 3 = 81.",
    mistakes=(
        Mistake(12, "Choices that follow each other multiply; you added them up."),
        Mistake(64, "Turned round: each of the 4 words has 3 tags to choose from."),
        Mistake(27, "That is for 3 words; there are 4."),
        Mistake(24, "A tag may be used more than once, so every word has all 3 choices."),
    ),
    hints=(
        "How many choices has the first word, and for each of them the second?",
        "Each word multiplies the number of paths by the number of tags.",
        "tags to the power of words",
    ),
)


def greedy_path(start, transition, emission):
    """Return the path that takes the best next tag each time.

    Args:
        start: (K,) log-probabilities.
        transition: (K, K), row before, column after.
        emission: (T, K).
    """
    path = [int(np.argmax(start + emission[0]))]
    for row in emission[1:]:
        path.append(int(np.argmax(transition[path[-1]] + row)))
    return path


GREEDY = Exercise(
    name="viterbi.greedy",
    title="The greedy path",
    minutes=10,
    reference=greedy_path,
    probes=_lattices,
    hints=(
        "What do you know when you come to word i, and which tags can you choose from?",
        "Take the row of the transitions that belongs to the tag before, add the emissions of the "
        "word, and take the place of the largest sum.",
        "next = argmax over k of (transition[j, k] + emission[i, k])",
    ),
)


@GREEDY.mistake("You found the best path. Here the best NEXT tag is asked for each time.")
def the_best_path(start, transition, emission):
    return viterbi(start, transition, emission)


@GREEDY.mistake("You look at each word alone; add the transition from the tag before.")
def greedy_by_words(start, transition, emission):
    return emission_only(start, transition, emission)


@GREEDY.mistake("You look at the transitions alone; the word counts as well.")
def greedy_by_tags(start, transition, emission):
    path = [int(np.argmax(start + emission[0]))]
    for _ in emission[1:]:
        path.append(int(np.argmax(transition[path[-1]])))
    return path


@GREEDY.mistake("Row and column are exchanged: the tag before chooses the row.")
def greedy_transposed(start, transition, emission):
    return greedy_path(start, transition.T, emission)


@GREEDY.mistake("The first tag has a probability of its own: start.")
def greedy_without_start(start, transition, emission):
    return greedy_path(np.zeros_like(start), transition, emission)


@GREEDY.hidden(times=6)
def draw_greedy(rng):
    return draw_viterbi(rng)


def follow_back(last, pointers):
    """Return the path that ends in the best box, by the notes where each box came from.

    Args:
        last: (K,) values of the boxes of the last column.
        pointers: T - 1 lists (K,); pointers[t][k] is the tag before tag k of column t + 1.
    """
    path = [int(np.argmax(last))]
    for notes in reversed(pointers):
        path.append(int(notes[path[-1]]))
    return path[::-1]


def _noted():
    """Return probes: a last column, and the notes of the columns before."""
    return [
        (np.log([0.003456, 0.001344]), [[1, 0], [0, 0]]),
        (np.array([-3.0, -1.0, -2.0]), [[2, 0, 1], [1, 2, 0], [0, 0, 1]]),
        (np.array([-2.0, -5.0]), [[1, 1], [1, 0], [0, 1], [1, 0]]),
        (np.array([-1.0, -0.5]), []),
    ]


FOLLOW = Exercise(
    name="viterbi.follow_back",
    title="Walk back",
    minutes=10,
    reference=follow_back,
    probes=_noted,
    hints=(
        "Where does the best path end? And where was it just before?",
        "Begin with the best box of the last column. Its note names the tag of the column before, "
        "whose note names the one before that. At the end the list is back to front.",
        "the next tag backwards = notes of the later column at the tag found last",
    ),
)


@FOLLOW.mistake("The path is found from its end to its beginning; turn the list round.")
def still_backwards(last, pointers):
    return follow_back(last, pointers)[::-1]


@FOLLOW.mistake("Go through the notes from the last column to the first.")
def from_the_left(last, pointers):
    path = [int(np.argmax(last))]
    for notes in pointers:
        path.append(int(notes[path[-1]]))
    return path[::-1]


@FOLLOW.mistake("Begin with the BEST box of the last column.")
def from_the_worst(last, pointers):
    return follow_back(-np.asarray(last), pointers)


@FOLLOW.mistake("The best box at the end belongs to the path as well: T tags, not T - 1.")
def end_left_out(last, pointers):
    return follow_back(last, pointers)[:-1]


@FOLLOW.mistake("You always look up the note of the same tag; go on from the tag you have found.")
def always_the_last_tag(last, pointers):
    end = int(np.argmax(last))
    return [*[int(notes[end]) for notes in pointers], end]


@FOLLOW.hidden(times=6)
def draw_follow(rng):
    k, t = size(rng, 2, 4), size(rng, 3, 6)
    return rng.normal(size=k), [[int(i) for i in rng.integers(0, k, k)] for _ in range(t)]


def forward(start, transition, emission):
    """Return the log-probability of T words: the sum over all paths of tags.

    Args:
        start: (K,) log-probabilities.
        transition: (K, K), row before, column after.
        emission: (T, K).
    """
    column = start + emission[0]
    for row in emission[1:]:
        column = np.logaddexp.reduce(column[:, None] + transition, axis=0) + row
    return float(np.logaddexp.reduce(column))


FORWARD = Exercise(
    name="viterbi.forward",
    title="The forward algorithm",
    minutes=15,
    reference=forward,
    probes=_lattices,
    hints=(
        "In the table of Viterbi, where is the best of several ways chosen?",
        "Make a table of all ways from one word to the next: row j, column k holds the way from "
        "tag j to tag k. Add up its rows with np.logaddexp.reduce, for each k; then add the word.",
        "column(k) = ln of the sum over j of e^(column(j) + transition(j, k)), plus emission(i, k)",
    ),
)


def _summed(start, transition, emission, *, axis=0, first=True, join=np.logaddexp):
    """Add up paths as `forward` does, for the known mistakes: each changes one thing.

    Args:
        start, transition, emission: as there.
        axis: of the table of ways along which one adds up.
        first: whether the word of the first column counts.
        join: of two ways.
    """
    column = start + (emission[0] if first else 0)
    for row in emission[1:]:
        column = join.reduce(column[:, None] + transition, axis=axis) + row
    return float(join.reduce(column))


@FORWARD.mistake("That is the best path; here ALL paths are added up.")
def best_path_only(start, transition, emission):
    return _summed(start, transition, emission, join=np.maximum)


@FORWARD.mistake("You add up along the wrong axis: for each tag k, over the tags j before it.")
def wrong_axis(start, transition, emission):
    return _summed(start, transition, emission, axis=1)


@FORWARD.mistake("Logarithms cannot be added up like that: np.logaddexp adds the probabilities.")
def logarithms_added(start, transition, emission):
    return _summed(start, transition, emission, join=np.add)


@FORWARD.mistake("The first word counts as well: begin with start + emission[0].")
def forward_without_first_word(start, transition, emission):
    return _summed(start, transition, emission, first=False)


@FORWARD.mistake("The log-probability is asked for, not the probability.")
def forward_as_probability(start, transition, emission):
    return float(np.exp(forward(start, transition, emission)))


@FORWARD.mistake("At the end, the whole last column is added up, to one number.")
def last_column(start, transition, emission):
    column = start + emission[0]
    for row in emission[1:]:
        column = np.logaddexp.reduce(column[:, None] + transition, axis=0) + row
    return column


@FORWARD.mistake("The start is missing: the first tag has a probability of its own.")
def forward_without_start(start, transition, emission):
    return forward(np.zeros_like(start), transition, emission)


@FORWARD.hidden(times=4)
def draw_forward(rng):
    return draw_viterbi(rng)


QUIZ = (
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
        "Twelve words, four tags. About how many steps does Viterbi take?",
        "12 times 4 times 4",
        ("4 to the power of 12", "12 times 4", "12 to the power of 4"),
        "For each word, each of the four tags looks back at four tags before it.",
    ),
    QuizQuestion(
        "A greedy search takes the best next tag each time. What can go wrong?",
        "A tag that looks worse now may lead to the best path.",
        (
            "It takes too long for a long sentence.",
            "It needs a table of all paths.",
            "It may never come to an end.",
        ),
        "What comes later can make up for a weak beginning.",
    ),
    QuizQuestion(
        "How many ways lead into one box of Viterbi's table, with five tags?",
        "5",
        ("1", "25", "5 to the power of the words"),
        "One from each tag of the word before; only the best of them is kept.",
    ),
    QuizQuestion(
        "Where does one read off the best path in the table?",
        "from the best box at the end, walking back",
        ("from the first column on", "the best box of each column", "the row with most"),
        "Which early boxes belong to the best path is known only at the end.",
    ),
)
