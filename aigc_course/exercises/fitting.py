"""Exercises on training well: momentum, Adam, best rates, a rate that rises and falls."""

from __future__ import annotations

import math

import numpy as np

from aigc_course.exercises.engine.draws import size
from aigc_course.exercises.engine.types import Exercise, QuizQuestion


def momentum_step(weight, slope, velocity, rate):
    """Return a weight and its velocity after a step with momentum: v <- 0.9 v + slope."""
    velocity = 0.9 * velocity + slope
    return weight - rate * velocity, velocity


MOMENTUM = Exercise(
    name="fitting.momentum",
    title="A step with momentum",
    minutes=10,
    reference=momentum_step,
    probes=lambda: [
        (np.array([1.0, 1.0]), np.array([5.0, -0.5]), np.array([2.0, 1.0]), 0.1),
        (np.array([0.5]), np.array([2.0]), np.zeros(1), 0.01),
        (np.array([0.0, 2.0, -1.0]), np.array([1.0, 0.0, 3.0]), np.array([-4.0, 1.0, 2.0]), 0.5),
    ],
    hints=(
        "Which two things change in a step, and which of them first?",
        "First the velocity: nine tenths of the old one, and the slope on top. Then the weight "
        "moves along the new velocity, against it as always.",
        "v = 0.9 v + slope, then w = w - rate x v",
    ),
)


@MOMENTUM.mistake("The step goes against the velocity: subtract it from the weight.")
def momentum_uphill(weight, slope, velocity, rate):
    velocity = 0.9 * velocity + slope
    return weight + rate * velocity, velocity


@MOMENTUM.mistake("The weight moves along the NEW velocity: update that one first.")
def old_velocity(weight, slope, velocity, rate):
    return weight - rate * velocity, 0.9 * velocity + slope


@MOMENTUM.mistake("Nine tenths of the old velocity are kept, not all of it.")
def without_friction(weight, slope, velocity, rate):
    velocity = velocity + slope
    return weight - rate * velocity, velocity


@MOMENTUM.mistake("Here the slope is added whole, not a tenth of it.")
def mean_of_slopes(weight, slope, velocity, rate):
    velocity = 0.9 * velocity + 0.1 * slope
    return weight - rate * velocity, velocity


@MOMENTUM.mistake("You step along the slope itself; the velocity has to be in it.")
def slope_alone(weight, slope, velocity, rate):
    return weight - rate * slope, 0.9 * velocity + slope


@MOMENTUM.mistake("The rate belongs to the step of the weight, not into the velocity.")
def rate_in_velocity(weight, slope, velocity, rate):
    velocity = 0.9 * velocity + rate * slope
    return weight - velocity, velocity


@MOMENTUM.mistake("Return two things: the new weight and the new velocity.")
def velocity_not_returned(weight, slope, velocity, rate):
    return momentum_step(weight, slope, velocity, rate)[0]


@MOMENTUM.mistake("The order is: first the weight, then the velocity.")
def velocity_first(weight, slope, velocity, rate):
    return momentum_step(weight, slope, velocity, rate)[::-1]


@MOMENTUM.hidden()
def draw_momentum(rng):
    n = size(rng, 2, 5)
    return rng.normal(size=n), rng.normal(size=n), rng.normal(size=n), float(rng.uniform(0.1, 1))


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
    name="fitting.adam",
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


def best_rates(losses):
    """Return name -> (best rate, its mean loss); a rate with a loss that is no number is left out.

    Args:
        losses: name -> {rate: losses of several seeds}.
    """
    found = {}
    for name, by_rate in losses.items():
        means = {rate: sum(some) / len(some) for rate, some in by_rate.items()}
        means = {rate: mean for rate, mean in means.items() if not math.isnan(mean)}
        best = min(means, key=means.get)
        found[name] = (best, means[best])
    return found


_TRIED = {
    "SGD": {10.0: [math.nan, 0.1], 0.1: [0.5, 0.7], 1.0: [0.2, 0.4]},
    "Adam": {0.001: [0.9, 0.7], 0.01: [0.05, 0.6], 0.1: [0.3, 0.2]},
}


BEST_RATES = Exercise(
    name="fitting.best_rates",
    title="Each at its own best",
    minutes=10,
    reference=best_rates,
    probes=lambda: [
        (_TRIED,),
        ({"a": {1.0: [2.0]}},),
        ({"a": {1.0: [1.0, 3.0], 2.0: [1.5, 1.9]}, "b": {1.0: [0.1, math.nan], 3.0: [4.0, 4.0]}},),
    ],
    hints=(
        "By which number is a rate judged, when it was tried with several seeds?",
        "For each optimizer, make a dictionary from rates to mean losses, leave out what is no "
        "number (`math.isnan`), and take the rate with the smallest mean. `min` can be told, by "
        "its argument `key`, what to compare.",
        "the rate whose mean over the seeds is lowest, and this mean",
    ),
)


def _best_by(losses, judge, drop=math.isnan):
    """Choose as `best_rates` does, for the known mistakes.

    Args:
        losses: as there.
        judge: losses of the seeds -> number, the lower the better.
        drop: which numbers leave a rate out.
    """
    found = {}
    for name, by_rate in losses.items():
        judged = {rate: judge(some) for rate, some in by_rate.items() if not drop(sum(some))}
        best = min(judged, key=judged.get)
        found[name] = (best, judged[best])
    return found


@BEST_RATES.mistake("That is the best single seed; a rate is judged by the MEAN over its seeds.")
def by_the_luckiest_seed(losses):
    return _best_by(losses, min)


@BEST_RATES.mistake("A rate at which a seed ran away does not count, however good the others were.")
def runaways_ignored(losses):
    def of_the_rest(some):
        rest = [loss for loss in some if not math.isnan(loss)]
        return sum(rest) / len(rest)

    return _best_by(losses, of_the_rest, drop=lambda _: False)


@BEST_RATES.mistake("The highest loss was taken; the best rate has the lowest.")
def worst_rates(losses):
    found = _best_by(losses, lambda some: -sum(some) / len(some))
    return {name: (rate, -loss) for name, (rate, loss) in found.items()}


@BEST_RATES.mistake("Return pairs: the best rate, and its mean loss.")
def rates_without_losses(losses):
    return {name: rate for name, (rate, _) in best_rates(losses).items()}


@BEST_RATES.mistake("All optimizers are judged at one rate; each has its own best.")
def at_the_rate_of_the_first(losses):
    rate = next(iter(best_rates(losses).values()))[0]
    return {
        name: (rate, sum(by_rate[rate]) / len(by_rate[rate])) if rate in by_rate else (rate, 0.0)
        for name, by_rate in losses.items()
    }


@BEST_RATES.mistake("The mean is asked for, not the sum over the seeds.")
def sums_of_losses(losses):
    return _best_by(losses, sum)


@BEST_RATES.hidden(times=3)
def draw_best_rates(rng):
    def tried():
        return {rate: [float(v) for v in rng.uniform(0.1, 2, 3)] for rate in (0.01, 0.1, 1.0)}

    return ({"SGD": tried() | {10.0: [math.nan, 0.01, 0.01]}, "Adam": tried()},)


def rate_at(step, steps, rate, warmup):
    """Return the learning rate of a step: up along a line in the warm-up, then down to 0.

    Args:
        step: its number, from 0 to steps - 1.
        steps: of the whole training.
        rate: the largest learning rate.
        warmup: steps of the warm-up, less than `steps`.
    """
    if step < warmup:
        return rate * (step + 1) / (warmup + 1)
    return rate * (steps - step) / (steps - warmup)


RATE = Exercise(
    name="fitting.rate",
    title="A rate that rises and falls",
    minutes=10,
    reference=rate_at,
    probes=lambda: [
        (0, 100, 0.1, 9),
        (8, 100, 0.1, 9),
        (9, 100, 0.1, 9),
        (50, 100, 0.1, 9),
        (99, 100, 0.1, 9),
        (0, 10, 1.0, 0),
        (4, 10, 0.5, 0),
    ],
    hints=(
        "In which of the two parts is this step? And which share of the rate does it get there?",
        "In the warm-up the share grows by one of warmup + 1 equal parts a step. After it, the "
        "share is how much of the way is left: the steps still to come, over all steps after the "
        "warm-up.",
        "warm-up: share = (1 + step) over (1 + warmup); then: steps left over steps after it",
    ),
)


@RATE.mistake("The warm-up is missing: in the first `warmup` steps the rate rises.")
def without_warmup(step, steps, rate, warmup):
    return rate * (steps - step) / (steps - warmup)


@RATE.mistake("After the warm-up the rate falls along a line, to 0 at the end.")
def stays_up(step, steps, rate, warmup):
    return rate_at(step, steps, rate, warmup) if step < warmup else rate


@RATE.mistake("The first step would get the rate 0 and do nothing: take (step + 1) / (warmup + 1).")
def begins_with_nothing(step, steps, rate, warmup):
    return rate * step / warmup if step < warmup else rate_at(step, steps, rate, warmup)


@RATE.mistake("The way down has steps - warmup steps, not `steps`: it begins with the whole rate.")
def falls_from_less(step, steps, rate, warmup):
    return rate_at(step, steps, rate, warmup) if step < warmup else rate * (steps - step) / steps


@RATE.mistake("That is a share of the rate; multiply it by `rate`.")
def a_share(step, steps, rate, warmup):
    return rate_at(step, steps, 1.0, warmup)


@RATE.mistake("The whole rate comes one step too early: divide by warmup + 1 in the warm-up.")
def warm_too_early(step, steps, rate, warmup):
    if step < warmup:
        return rate * (step + 1) / warmup
    return rate_at(step, steps, rate, warmup)


@RATE.hidden(times=6)
def draw_rate(rng):
    steps, warmup = size(rng, 20, 60), size(rng, 3, 9)
    return int(rng.integers(0, 2 * warmup)), steps, float(rng.uniform(0.1, 1)), warmup


QUIZ = (
    QuizQuestion(
        "With momentum, slopes of 1 come again and again. How large does the velocity become?",
        "10",
        ("1", "0.9", "larger and larger without end"),
        "It keeps 0.9 of itself and gets 1 more: 10 = 0.9 x 10 + 1.",
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
        "Two optimizers are compared, both with a learning rate of 0.01. Is that fair?",
        "No; each should have its own best rate.",
        ("Yes, the rate is the same.", "Yes, if the seed is the same, too.", "No; use 0.1."),
        "The same number means steps of quite different length for different optimizers.",
    ),
    QuizQuestion(
        "Why does a warm-up begin with small steps?",
        "The running means rest on a few slopes only.",
        ("The loss is small at first.", "The batches are small.", "The rate must not be 0."),
        "What Adam knows in its first steps is mostly chance.",
    ),
    QuizQuestion(
        "In Adam, which part of the step tells how large slopes are at a weight?",
        "the root of the mean of their squares",
        ("the mean of the slopes", "the learning rate", "the number of the step"),
        "Squares have no sign, so slopes that contradict each other do not cancel in them.",
    ),
)
