"""Exercises on over-fitting: early stopping, labels learned by heart, folds, weight decay."""

from __future__ import annotations

import numpy as np

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, QuizQuestion


def share_by_heart(answers, labels, wrong):
    """Return the share of the wrong labels that are repeated."""
    answers, labels, wrong = np.asarray(answers), np.asarray(labels), np.asarray(wrong, dtype=bool)
    return (answers[wrong] == labels[wrong]).mean()


HEART = Exercise(
    name="overfit.by_heart",
    title="What was learned by heart?",
    minutes=5,
    reference=share_by_heart,
    probes=lambda: [
        (np.array([3, 8, 8, 1]), np.array([3, 8, 5, 1]), np.array([False, True, True, False])),
        (np.array([1, 2]), np.array([1, 2]), np.array([True, False])),
        (
            np.array([4, 4, 4, 0, 1]),
            np.array([4, 5, 4, 4, 1]),
            np.array([True, True, True, True, False]),
        ),
    ],
    hints=(
        "Which of the N examples count here at all?",
        "Take only the places where the label is wrong. An array of True and False picks them: "
        "`answers[wrong]`. Then ask how many of these answers are equal to the labels.",
        "mean of (answer equals label) over the places where `wrong` is True",
    ),
)


@HEART.mistake("All examples count in yours; only those whose label is wrong are asked for.")
def share_of_all_labels(answers, labels, wrong):
    return (answers == labels).mean()


@HEART.mistake("That is the share of ALL examples; divide by the number of wrong labels.")
def over_all_examples(answers, labels, wrong):
    return ((answers == labels) & wrong).mean()


@HEART.mistake("Those are the wrong labels that were NOT repeated.")
def refused_ones(answers, labels, wrong):
    return 1 - share_by_heart(answers, labels, wrong)


@HEART.mistake("You look at the examples whose label is right; take the others.")
def of_right_labels(answers, labels, wrong):
    return share_by_heart(answers, labels, ~wrong)


@HEART.mistake("That is a number of labels; divide it by how many are wrong.")
def repeated_labels(answers, labels, wrong):
    return ((answers == labels) & wrong).sum()


@HEART.hidden(times=4)
def draw_heart(rng):
    n = size(rng, 5, 9)
    wrong = np.append(rng.random(n - 2) < 0.5, [True, False])
    return rng.integers(0, 3, n), rng.integers(0, 3, n), wrong


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
    name="overfit.stop_early",
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


def folds(n, k):
    """Return k lists: the numbers from 0 to n - 1, dealt out like cards."""
    return [list(range(first, n, k)) for first in range(k)]


FOLDS = Exercise(
    name="overfit.folds",
    title="Deal out the examples",
    minutes=10,
    reference=folds,
    probes=lambda: [(7, 3), (4, 4), (6, 2), (5, 1), (2, 3)],
    hints=(
        "Which numbers go to the first fold, and which to the second?",
        "Number i goes to the fold whose place is the rest of i after division by k. Or: the "
        "fold j begins with j and takes every k-th number from there.",
        "fold j: j, j + k, j + 2 k, ... below n",
    ),
)


@FOLDS.mistake("Your folds are blocks; deal the numbers out one by one, like cards.")
def blocks(n, k):
    ends = [round(n * j / k) for j in range(k + 1)]
    return [list(range(ends[j], ends[j + 1])) for j in range(k)]


@FOLDS.mistake("Numbers are missing: if they cannot be dealt out evenly, some folds have one more.")
def even_folds_only(n, k):
    return [list(range(first, n // k * k, k)) for first in range(k)]


@FOLDS.mistake("You make folds of k numbers; k is the number of folds.")
def folds_of_size_k(n, k):
    return [list(range(first, min(n, first + k))) for first in range(0, n, k)]


@FOLDS.mistake("The numbers begin with 0.")
def begins_with_one(n, k):
    return [[i + 1 for i in fold] for fold in folds(n, k)]


@FOLDS.mistake("A list of lists is asked for; yours says for each number which fold it is in.")
def fold_of_each(n, k):
    return [i % k for i in range(n)]


@FOLDS.hidden(times=4)
def draw_folds(rng):
    return size(rng, 7, 20), size(rng, 3, 6)


def decayed_step(weight, slope, rate, decay):
    """Return a weight after a step of gradient descent with weight decay."""
    return weight - rate * slope - rate * decay * weight


DECAY = Exercise(
    name="overfit.decay",
    title="A step with weight decay",
    minutes=5,
    reference=decayed_step,
    probes=lambda: [
        (np.array([2.0]), np.array([1.0]), 0.1, 0.5),
        (np.array([1.0, -3.0]), np.array([0.5, 0.25]), 0.3, 0.02),
        (np.array([4.0, 0.0]), np.array([0.0, 1.0]), 1.0, 0.25),
    ],
    hints=(
        "Which two things change the weight in this step?",
        "The slope moves it as always. The decay takes away a share of the weight itself: the "
        "rate times the decay.",
        "w - rate g - rate decay w",
    ),
)


@DECAY.mistake("The decay is missing.")
def step_without_decay(weight, slope, rate, decay):
    return weight - rate * slope


@DECAY.mistake("The decay makes weights smaller in size: subtract it.")
def growing_weights(weight, slope, rate, decay):
    return weight - rate * slope + rate * decay * weight


@DECAY.mistake("Here the decay is multiplied by the rate as well.")
def decay_without_rate(weight, slope, rate, decay):
    return weight - rate * slope - decay * weight


@DECAY.mistake("A share of the WEIGHT is taken away, not the same amount from every weight.")
def same_amount_each(weight, slope, rate, decay):
    return weight - rate * slope - rate * decay


@DECAY.mistake("The decay takes a share of the weight, not of the slope.")
def share_of_the_slope(weight, slope, rate, decay):
    return weight - rate * slope - rate * decay * slope


@DECAY.mistake("The slope is missing.")
def decay_alone(weight, slope, rate, decay):
    return weight - rate * decay * weight


@DECAY.hidden(times=3)
def draw_decay(rng):
    n = size(rng, 2, 5)
    return (
        rng.normal(size=n),
        rng.normal(size=n),
        float(rng.uniform(0.1, 1)),
        float(rng.uniform(0.1, 1)),
    )


QUIZ = (
    QuizQuestion(
        "Which weights does early stopping keep?",
        "those with the lowest validation loss so far",
        ("those of the last step", "those with the lowest training loss", "the mean of all"),
        "The validation loss tells how good they are on what was not learned from.",
    ),
    QuizQuestion(
        "You choose the learning rate by the test set. What is wrong with that?",
        "It can no longer judge: the choice fits it a little.",
        (
            "The test set is too small for that.",
            "The test set has no right answers.",
            "Nothing, as long as it is not learned from.",
        ),
        "What had a say in a choice looks better than new examples will.",
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
    QuizQuestion(
        "A weight is kept up by a single picture only. What does weight decay do to it?",
        "It shrinks away.",
        ("It grows.", "It changes its sign.", "Nothing."),
        "In each step it loses a share of itself, and hardly any slope brings it back.",
    ),
)
