"""Exercises on neural n-grams.

Looking up vectors, cutting texts into contexts, the parameters of the network, a step of Adam,
early stopping.
"""

from __future__ import annotations

import numpy as np

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, Mistake, Question, QuizQuestion


def look_up(table, ids):
    """Return the rows of the ids, side by side: (N, n x D) from a table (V, D) and ids (N, n)."""
    return table[ids].reshape(len(ids), -1)


def _tables():
    """Return probes: tables (V, D) and ids (N, n)."""
    rng = np.random.default_rng(2)
    return [
        (np.array([[0.1, 0.2], [1.0, 2.0], [-3.0, 4.0]]), np.array([[1, 2], [2, 0]])),
        (rng.normal(size=(6, 3)), rng.integers(0, 6, (4, 2))),
        (rng.normal(size=(5, 2)), rng.integers(0, 5, (3, 4))),
    ]


LOOK_UP = Exercise(
    name="neural.look_up",
    title="Look up, side by side",
    minutes=5,
    reference=look_up,
    probes=_tables,
    hints=(
        "What does NumPy give for a table with an array of row numbers in square brackets?",
        "With ids of shape (N, n) it gives an array (N, n, D). Put the n vectors of each example "
        "into one row, the first word's first.",
        "Row i of the result: e of id (i, 1), then e of id (i, 2), and so on.",
    ),
)


@LOOK_UP.mistake("Put the n vectors of an example side by side into one row: (N, n x D).")
def not_flattened(table, ids):
    return table[ids]


@LOOK_UP.mistake("The vectors of the words are added up; put them side by side.")
def added_up(table, ids):
    return table[ids].sum(1)


@LOOK_UP.mistake("The vectors of the words are averaged; put them side by side.")
def averaged(table, ids):
    return table[ids].mean(1)


@LOOK_UP.mistake("The first word's vector comes first; yours are back to front.")
def last_word_first(table, ids):
    return look_up(table, ids[:, ::-1])


@LOOK_UP.mistake(
    "The numbers of the words are mixed: all D numbers of the first word come first, then those "
    "of the second."
)
def mixed_up(table, ids):
    return table[ids].transpose(0, 2, 1).reshape(len(ids), -1)


@LOOK_UP.mistake("There is one row for each example, not one long row for all.")
def one_long_row(table, ids):
    return table[ids].reshape(-1)


@LOOK_UP.hidden()
def draw_look_up(rng):
    v, d = size(rng, 4, 8), size(rng, 2, 4)
    return rng.normal(size=(v, d)), rng.integers(0, v, (size(rng, 2, 4), size(rng, 2, 4)))


def windows(ids, context):
    """Return the `context` ids before each place, padded with 0, and the id at each place.

    Args:
        ids: T token ids.
        context: how many ids to look back on.

    Returns:
        Lists of T contexts, each of `context` ids, and of T ids.
    """
    row = [0] * context + list(ids)
    return [row[i : i + context] for i in range(len(ids))], list(ids)


WINDOWS = Exercise(
    name="neural.windows",
    title="Contexts and what follows",
    minutes=10,
    reference=windows,
    probes=lambda: [([5, 7, 6], 2), ([3, 8, 4, 9, 2], 3), ([4], 3), ([6, 2, 5], 1)],
    hints=(
        "What stands before the first token, when there is nothing?",
        "Put `context` zeros in front of the ids. Then the context of each place begins at that "
        "same place in the longer row.",
        "context number i = row[i], ..., row[i + context - 1], with row = zeros, then ids.",
    ),
)


@WINDOWS.mistake("The context ends before the token that follows: that one is to be predicted.")
def with_the_answer(ids, context):
    row = [0] * context + list(ids)
    return [row[i + 1 : i + 1 + context] for i in range(len(ids))], list(ids)


@WINDOWS.mistake("The first tokens have a context, too: padding stands for what is not there.")
def only_full_ones(ids, context):
    ids = list(ids)
    places = range(context, len(ids))
    return [ids[i - context : i] for i in places], [ids[i] for i in places]


@WINDOWS.mistake("The padding stands before the text, not after it.")
def padded_behind(ids, context):
    ids = list(ids)
    return [(ids[max(0, i - context) : i] + [0] * context)[:context] for i in range(len(ids))], ids


@WINDOWS.mistake("The oldest token comes first in a context; yours is back to front.")
def newest_first(ids, context):
    before, follows = windows(ids, context)
    return [one[::-1] for one in before], follows


@WINDOWS.mistake("A context has `context` tokens; yours has one less.")
def one_short(ids, context):
    before, follows = windows(ids, context)
    return [one[1:] for one in before], follows


@WINDOWS.mistake("The order is: first the contexts, then the tokens that follow.")
def windows_turned_round(ids, context):
    return windows(ids, context)[::-1]


@WINDOWS.mistake("The last token is predicted as well: there is a context for each of the T ids.")
def without_the_last(ids, context):
    before, follows = windows(ids, context)
    return before[:-1], follows[:-1]


@WINDOWS.hidden()
def draw_windows(rng):
    return [int(i) for i in rng.integers(1, 30, size(rng, 3, 8))], size(rng, 1, 4)


PARAMETERS = Question(
    name="neural.parameters",
    title="What the network learns",
    minutes=5,
    reference=108.0,
    explanation="The table has 10 x 3 = 30 numbers, however many words are looked up in it. The "
    "hidden layer has 2 x 3 inputs, so 6 x 4 + 4 = 28, and the last one 4 x 10 + 10 = 50.",
    mistakes=(
        Mistake(138, "There is one table; both words are looked up in the same one."),
        Mistake(94, "The neurons of both layers have a bias each: 4 and 10 more."),
        Mistake(96, "The vectors of two words stand side by side: the hidden layer has 6 inputs."),
        Mistake(78, "The table is learned, too: 10 rows of 3 numbers."),
        Mistake(98, "The neurons of the last layer have a bias each, too."),
        Mistake(104, "The neurons of the hidden layer have a bias each, too."),
        Mistake(1000, "That is the table of an n-gram that looks back two words: 10 x 10 x 10."),
    ),
    hints=(
        "Three things are learned: the table and two layers. How many inputs has the hidden layer?",
        "The table: words times numbers a word. A layer: inputs times neurons, and a bias for "
        "each neuron. The inputs of the hidden layer are the numbers of both words.",
        "V x D + (2 x D) x H + H + H x V + V",
    ),
)


def adam_step(weight, slope, mean, square, step, rate):
    """Return a weight, the mean of its slopes and that of their squares after a step of Adam.

    Args:
        weight, slope: arrays of the same shape.
        mean, square: running means of the slope and of its square before this step.
        step: number of the step, from 1.
        rate: learning rate.

    Returns:
        The new `weight`, `mean` and `square`.

    Source: Kingma and Ba (2015), algorithm 1, with the settings 0.9, 0.999 and 1e-8.
    """
    mean = 0.9 * mean + 0.1 * slope
    square = 0.999 * square + 0.001 * slope**2
    m, v = mean / (1 - 0.9**step), square / (1 - 0.999**step)
    return weight - rate * m / (np.sqrt(v) + 1e-8), mean, square


def _moments():
    """Return probes: weight, slope, both means, step, rate."""
    rng = np.random.default_rng(0)
    return [
        (np.array([1.0, 1.0]), np.array([10.0, -0.01]), np.zeros(2), np.zeros(2), 1, 0.1),
        (rng.normal(size=3), rng.normal(size=3), rng.normal(size=3), rng.random(3), 5, 0.01),
        (
            rng.normal(size=(2, 2)),
            rng.normal(size=(2, 2)),
            np.ones((2, 2)),
            np.ones((2, 2)),
            2,
            1.0,
        ),
    ]


ADAM = Exercise(
    name="neural.adam",
    title="A step of Adam",
    minutes=15,
    reference=adam_step,
    probes=_moments,
    hints=(
        "Which two questions does Adam answer with its two running means?",
        "New mean: nine tenths of the old one and one tenth of the slope. New square: 0.999 of the "
        "old one and 0.001 of the slope's square. Both are corrected, since they began at 0; "
        "then the step is the rate times the first divided by the root of the second. "
        "Return the means as they were before the correction.",
        "w minus rate times m over (root of v, plus 1e-8), where m is the new mean over one minus "
        "0.9 to the power t, and v the new square over one minus 0.999 to the power t.",
    ),
)


FIRST, SECOND, TINY = 0.9, 0.999, 1e-8  # Adam's usual settings


def _changed_adam(correct=True, root=True, minus=-1, first=FIRST, second=SECOND):
    """Return a step of Adam with one thing changed, for the known mistakes."""

    def step_of(weight, slope, mean, square, step, rate):
        mean = first * mean + (1 - first) * slope
        square = second * square + (1 - second) * slope**2
        m = mean / (1 - first**step) if correct else mean
        v = square / (1 - second**step) if correct else square
        return weight + minus * rate * m / ((np.sqrt(v) if root else v) + TINY), mean, square

    return step_of


@ADAM.mistake("The step goes against the slope: subtract it from the weight.")
def adam_uphill(weight, slope, mean, square, step, rate):
    return _changed_adam(minus=1)(weight, slope, mean, square, step, rate)


@ADAM.mistake(
    "The correction is missing: both means began at 0, so divide them by 1 - 0.9^t and 1 - 0.999^t."
)
def without_correction(weight, slope, mean, square, step, rate):
    return _changed_adam(correct=False)(weight, slope, mean, square, step, rate)


@ADAM.mistake("Divide by the root of the second mean: its unit is that of a slope squared.")
def without_root(weight, slope, mean, square, step, rate):
    return _changed_adam(root=False)(weight, slope, mean, square, step, rate)


@ADAM.mistake("Return the means as they were before the correction; it must not add up.")
def corrected_means(weight, slope, mean, square, step, rate):
    weight, mean, square = adam_step(weight, slope, mean, square, step, rate)
    return weight, mean / (1 - FIRST**step), square / (1 - SECOND**step)


@ADAM.mistake("The shares are turned round: 0.9 and 0.999 are the shares of the OLD mean.")
def shares_turned_round(weight, slope, mean, square, step, rate):
    new, keep = 1 - FIRST, 1 - SECOND
    m = new * mean + FIRST * slope
    v = keep * square + SECOND * slope**2
    down = rate * (m / (1 - FIRST**step)) / (np.sqrt(v / (1 - SECOND**step)) + TINY)
    return weight - down, m, v


@ADAM.mistake("The second mean is that of the squares: square the slope.")
def not_squared(weight, slope, mean, square, step, rate):
    new = FIRST * mean + (1 - FIRST) * slope
    second = SECOND * square + (1 - SECOND) * np.abs(slope)
    down = rate * (new / (1 - FIRST**step)) / (np.sqrt(second / (1 - SECOND**step)) + TINY)
    return weight - down, new, second


@ADAM.mistake(
    "The slope keeps its sign in the second mean: square it, so that all parts are positive."
)
def slope_with_its_sign(weight, slope, mean, square, step, rate):
    new = FIRST * mean + (1 - FIRST) * slope
    second = SECOND * square + (1 - SECOND) * slope
    with np.errstate(invalid="ignore"):
        down = rate * (new / (1 - FIRST**step)) / (np.sqrt(second / (1 - SECOND**step)) + TINY)
    return weight - down, new, second


@ADAM.mistake("The shares are exchanged: 0.9 belongs to the mean, 0.999 to the square.")
def shares_exchanged(weight, slope, mean, square, step, rate):
    return _changed_adam(first=SECOND, second=FIRST)(weight, slope, mean, square, step, rate)


@ADAM.mistake("Correct both means; only one of them is corrected.")
def only_the_mean_corrected(weight, slope, mean, square, step, rate):
    _, new, second = adam_step(weight, slope, mean, square, step, rate)
    return weight - rate * new / (1 - FIRST**step) / (np.sqrt(second) + TINY), new, second


@ADAM.mistake("Update the running means first, then step along the new ones.")
def old_means(weight, slope, mean, square, step, rate):
    _, new, second = adam_step(weight, slope, mean, square, step, rate)
    down = rate * (mean / (1 - FIRST**step)) / (np.sqrt(square / (1 - SECOND**step)) + TINY)
    return weight - down, new, second


@ADAM.mistake("You step along the slope itself; step along its running mean.")
def along_the_slope(weight, slope, mean, square, step, rate):
    _, new, second = adam_step(weight, slope, mean, square, step, rate)
    down = rate * slope / (np.sqrt(second / (1 - SECOND**step)) + TINY)
    return weight - down, new, second


@ADAM.mistake("Return three things: the weight, the mean of the slopes, that of their squares.")
def only_the_weight(weight, slope, mean, square, step, rate):
    return adam_step(weight, slope, mean, square, step, rate)[0]


@ADAM.hidden()
def draw_adam(rng):
    n = size(rng, 2, 5)
    means = rng.normal(size=n), rng.random(n) + 0.1
    return rng.normal(size=n), rng.normal(size=n), *means, size(rng, 1, 20), 0.1


def stop_early(losses, patience):
    """Return the place of the lowest loss seen before `patience` losses in a row were no lower."""
    best = 0
    for place, loss in enumerate(losses):
        if loss < losses[best]:
            best = place
        elif place - best >= patience:
            break
    return best


STOP = Exercise(
    name="neural.stop_early",
    title="Stop in time",
    minutes=15,
    reference=stop_early,
    probes=lambda: [
        ([3.0, 2.0, 1.5, 1.6, 1.7, 1.4, 1.0], 2),
        ([3.0, 2.0, 1.5, 1.6, 1.7, 1.4, 1.0], 3),
        ([2.0, 2.5, 3.0], 5),
        ([2.0, 1.0, 1.0, 1.0, 0.5], 2),
        ([3.0, 1.0, 2.0, 2.0, 2.0, 0.5], 2),
        ([3.0, 2.0, 2.5, 1.0, 1.5, 0.5], 2),
        ([3.0, 1.0, 2.5, 2.4, 2.6, 2.3, 0.5], 2),
        ([1.0], 1),
    ],
    hints=(
        "At each loss: is it the lowest so far? And if not, how long ago was the lowest?",
        "Remember the place of the lowest loss. When a loss is lower, remember its place instead. "
        "When the lowest is `patience` places ago, stop looking; what comes later does not count.",
        "stop when place - best = patience",
    ),
)


@STOP.mistake(
    "You look at all losses; after `patience` in a row that were no lower, training stopped."
)
def lowest_of_all(losses, patience):
    return int(np.argmin(losses))


@STOP.mistake("Return the place of the lowest loss, not the place where training stopped.")
def where_it_stopped(losses, patience):
    best = 0
    for place, loss in enumerate(losses):
        if loss < losses[best]:
            best = place
        elif place - best >= patience:
            return place
    return len(losses) - 1


@STOP.mistake(
    "You stop at the first loss that is no lower; wait until there are `patience` of them."
)
def at_once(losses, patience):
    return stop_early(losses, 1)


@STOP.mistake("Return the place of the lowest loss, not the loss itself.")
def the_loss(losses, patience):
    return losses[stop_early(losses, patience)]


@STOP.mistake("You wait one loss too long: after `patience` in a row that were no lower, stop.")
def one_too_long(losses, patience):
    return stop_early(losses, patience + 1)


@STOP.mistake("When a new lowest loss comes, the waiting begins anew: count from there.")
def waiting_never_reset(losses, patience):
    best, bad = 0, 0
    for place, loss in enumerate(losses):
        if loss < losses[best]:
            best = place
        elif place:
            bad += 1
            if bad >= patience:
                break
    return best


@STOP.mistake("Compare each loss with the lowest so far, not with the one just before it.")
def compared_with_the_last(losses, patience):
    best, bad = 0, 0
    for place in range(1, len(losses)):
        bad = 0 if losses[place] < losses[place - 1] else bad + 1
        if losses[place] < losses[best]:
            best = place
        if bad >= patience:
            break
    return best


@STOP.mistake("A loss that is only as low as the best is no improvement: it must be lower.")
def ties_count(losses, patience):
    best = 0
    for place, loss in enumerate(losses):
        if loss <= losses[best]:
            best = place
        elif place - best >= patience:
            break
    return best


@STOP.hidden(times=5)
def draw_stop(rng):
    n = size(rng, 4, 12)
    return [float(v) for v in rng.integers(1, 9, n)], size(rng, 1, 4)


QUIZ = (
    QuizQuestion(
        "Why does counting need so many texts when it looks back a dozen words?",
        "Most such contexts were seen once or never.",
        (
            "Long contexts have no probability.",
            "Long contexts have no next word.",
            "Smoothing does not work for them.",
        ),
        "With every word the possible contexts become many times more; the texts do not.",
    ),
    QuizQuestion(
        "Why does the network need fewer texts than counting?",
        "It need not see a context as a whole.",
        (
            "It counts faster than a table.",
            "It looks at fewer words at a time.",
            "It needs no smoothing.",
        ),
        "Its hidden neurons read each word by itself, so what they know holds in new combinations.",
    ),
    QuizQuestion(
        "A table has 150 words and 24 numbers a word. How many are looked up for 12 words before?",
        "12 x 24 = 288",
        ("150 x 24 = 3,600", "24", "12"),
        "Each of the twelve words gives its row of 24 numbers, and they stand side by side.",
    ),
    QuizQuestion(
        "Two weights have slopes of 10 and 0.01. How do the first steps of Adam compare?",
        "They are the same length.",
        (
            "The first is a thousand times longer.",
            "The second is a thousand times longer.",
            "The first is about thirty times longer.",
        ),
        "A slope divided by the root of its own square is 1 or -1, whatever its size.",
    ),
    QuizQuestion(
        "The training loss falls and the validation loss rises. What is going on?",
        "over-fitting: it learns its examples by heart",
        (
            "The learning rate is too small.",
            "The network has too few neurons.",
            "The softmax is missing.",
        ),
        "What it still learns holds for its own examples only.",
    ),
    QuizQuestion(
        "Validation losses: 3, 2, 2.1, 2.2, 1.9. With a patience of 2, which weights are kept?",
        "those of the loss 2",
        ("those of the loss 1.9", "those of the loss 2.2", "those of the loss 3"),
        "After 2.1 and 2.2 training stops, so 1.9 is never seen.",
    ),
)
