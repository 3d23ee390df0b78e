"""Exercises of lesson 11: the best discriminator, both losses, one step of each network, sizes, a
condition.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from aigc_course.exercises.engine.compare import with_gradients
from aigc_course.exercises.engine.types import Exercise, Mistake, Question
from aigc_course.models.images import gan


def optimal(p, q):
    """The best discriminator: the share of real ones among what comes at a place."""
    return p / (p + q)


def _ratio(p, q):
    return p / q


def _share_of_fakes(p, q):
    return q / (p + q)


def _logit(p, q):
    return (p / q).log()


def _difference(p, q):
    return (p - q + 1) / 2


def _hard(p, q):
    return (p > q).float()


def _bits(p, q):
    return 2 * p / (p + q)


def called_real_and_painted(real, fake):
    """Cross-entropy with the labels 1 and 0."""
    by_torch = F.binary_cross_entropy_with_logits
    return by_torch(real, torch.ones_like(real)) + by_torch(fake, torch.zeros_like(fake))


def called_real(fake):
    """Cross-entropy with the label that the generator wants, 1."""
    return F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))


def _log_of_sigmoid(real, fake):
    return -(real.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean())


def _g_log_of_sigmoid(fake):
    return -(fake + 0).sigmoid().log().mean()


def _labels_swapped(real, fake):
    return gan.discriminator_loss(fake, real)


def _d_sigmoid_twice(real, fake):
    return gan.discriminator_loss(real.sigmoid(), fake.sigmoid())


def _real_only(real, fake):
    return F.softplus(-real).mean()


def _all_called_real(real, fake):
    return F.softplus(-real).mean() + F.softplus(-fake).mean()


def _summed(real, fake):
    return F.softplus(-real).sum() + F.softplus(fake).sum()


def _raw_scores(real, fake):
    return fake.mean() - real.mean()


def _maximised(real, fake):
    return -gan.discriminator_loss(real, fake)


def _saturating(fake):
    return -F.softplus(fake).mean()


def _as_discriminator(fake):
    return F.softplus(fake).mean()


def _g_sigmoid_twice(fake):
    return F.softplus(-fake.sigmoid()).mean()


def _g_summed(fake):
    return F.softplus(-fake).sum()


def _g_score(fake):
    return -fake.mean()


def _probability(fake):
    return -fake.sigmoid().mean()


def discriminator_step(G, D, real, z, optimizer):
    """One step of D: real ones up, painted ones down; G stays as it is."""
    fake = G(z).detach()
    loss = gan.discriminator_loss(D(real), D(fake))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def _step(D, loss, optimizer, zero=True):
    if zero:
        optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def _not_detached(G, D, real, z, optimizer):
    return _step(D, gan.discriminator_loss(D(real), D(G(z))), optimizer)


def _old_gradients(G, D, real, z, optimizer):
    return _step(D, gan.discriminator_loss(D(real), D(G(z).detach())), optimizer, zero=False)


def _step_swapped(G, D, real, z, optimizer):
    return _step(D, gan.discriminator_loss(D(G(z).detach()), D(real)), optimizer)


def _helps_the_generator(G, D, real, z, optimizer):
    return _step(D, gan.generator_loss(D(G(z).detach())), optimizer)


def _never_steps(G, D, real, z, optimizer):
    loss = gan.discriminator_loss(D(real), D(G(z).detach()))
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


def _judges_noise(G, D, real, z, optimizer):
    return _step(D, gan.discriminator_loss(D(real), D(torch.randn_like(real))), optimizer)


def _real_ones_only(G, D, real, z, optimizer):
    return _step(D, F.softplus(-D(real)).mean(), optimizer)


def _observed_step(answer, arguments):
    """What one step changed: D's weights, G's weights, whether gradients reached G, and the
    loss.
    """
    real, z = arguments
    torch.manual_seed(0)
    G, D = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(D.parameters(), lr=0.1)
    D(real).sum().backward()  # gradients of an earlier step
    before = [p.clone() for p in G.parameters()]
    loss = answer(G, D, real, z, optimizer)
    still = all(torch.equal(a, b) for a, b in zip(before, G.parameters(), strict=True))
    reached = any(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in G.parameters())
    return (
        [p.detach().clone() for p in D.parameters()],
        "G unchanged" if still else "G changed",
        reached,
        float(loss),
    )


def grown(size, kernel, stride, padding):
    """(size - 1) stride - 2 padding + kernel: pixels that a transposed convolution paints."""
    return (size - 1) * stride - 2 * padding + kernel


def _like_convolution(size, kernel, stride, padding):
    return (size + 2 * padding - kernel) // stride + 1


def _no_minus_one(size, kernel, stride, padding):
    return size * stride - 2 * padding + kernel


def _padding_added(size, kernel, stride, padding):
    return (size - 1) * stride + 2 * padding + kernel


def _one_padding(size, kernel, stride, padding):
    return (size - 1) * stride - padding + kernel


def _times_stride(size, kernel, stride, padding):
    return size * stride


def _kernel_minus_one(size, kernel, stride, padding):
    return (size - 1) * stride - 2 * padding + kernel - 1


def condition(z, labels, n_classes):
    """z (B, Z) and labels (B,) -> (B, Z + n_classes): the label as one-hot numbers behind the
    noise.
    """
    return torch.cat([z, F.one_hot(labels, n_classes).to(z.dtype)], 1)


def _label_as_a_number(z, labels, n_classes):
    return torch.cat([z, labels[:, None].to(z.dtype)], 1)


def _label_first(z, labels, n_classes):
    return torch.cat([F.one_hot(labels, n_classes).to(z.dtype), z], 1)


def _noise_lost(z, labels, n_classes):
    return F.one_hot(labels, n_classes).to(z.dtype)


def _label_lost(z, labels, n_classes):
    return torch.cat([z, torch.zeros(len(z), n_classes, dtype=z.dtype)], 1)


def _classes_from_the_batch(z, labels, n_classes):
    return torch.cat([z, F.one_hot(labels, int(labels.max()) + 1).to(z.dtype)], 1)


def _same_for_all(z, labels, n_classes):
    return torch.cat([z, F.one_hot(labels[:1], n_classes).to(z.dtype).expand(len(z), -1)], 1)


def _densities():
    return [
        (torch.tensor([0.1, 0.4, 0.0, 0.2]), torch.tensor([0.3, 0.1, 0.5, 0.2])),
        (torch.tensor([0.05]), torch.tensor([0.9])),
    ]


def _logits():
    torch.manual_seed(0)
    return [
        (torch.randn(5), torch.randn(5)),
        (torch.tensor([3.0, -2.0]), torch.tensor([1.0, 0.5])),
        (torch.tensor([-200.0]), torch.tensor([200.0])),
    ]


def _steps():
    torch.manual_seed(1)
    return [(torch.randn(4, 2), torch.randn(4, 2)), (torch.randn(3, 2) + 2, torch.randn(3, 2))]


EXERCISES = (
    Exercise(
        name="gan.optimal",
        title="The best discriminator",
        minutes=10,
        reference=optimal,
        probes=_densities,
        mistakes=(
            Mistake(
                _ratio,
                (
                    "D says a probability, at most 1: real ones among ALL that come at this "
                    "place, p / (p + q)."
                ),
            ),
            Mistake(
                _share_of_fakes,
                "That is how probably it is painted; D says how probably it is real.",
            ),
            Mistake(_logit, "That is the logit of the answer; the probability is asked for."),
            Mistake(
                _difference,
                "Not a difference but a share: of what comes at this place, how much is real?",
            ),
            Mistake(_hard, "D need not decide: it says how probably, not yes or no."),
            Mistake(_bits, "Where p = q it is half and half: 0.5. You are off by a factor of 2."),
        ),
        hints=(
            "At a place x, real ones come with density p, painted ones with q.",
            "Of all that come there, the share p / (p + q) is real.",
        ),
    ),
    Question(
        name="gan.value",
        title="When nobody can tell",
        minutes=5,
        reference=2 * math.log(2),
        explanation=(
            "D can only say 1/2 for everything: -log(1/2) for the real ones and -log(1/2) "
            "for the painted ones, 2 log 2 = 1.386 nats."
        ),
        mistakes=(
            Mistake(
                math.log(2), "That is one of two terms: real ones and painted ones cost log 2 each."
            ),
            Mistake(0.0, "0 would be a D that is always right; here it can only guess."),
            Mistake(1.0, "In nats: -log(1/2) - log(1/2)."),
            Mistake(2.0, "That is in bits; in nats it is 2 log 2."),
            Mistake(-2 * math.log(2), "The sign: a loss of -log p is never negative."),
            Mistake(0.5, "That is what D says; its loss is -log of that, twice."),
        ),
        hints=(
            "What does D say when p = q everywhere?",
            "-log(1/2) for real ones, -log(1 - 1/2) for painted ones.",
        ),
    ),
    Exercise(
        name="gan.discriminator_loss",
        title="What the discriminator wants",
        minutes=10,
        reference=gan.discriminator_loss,
        probes=_logits,
        observe=with_gradients,
        mistakes=(
            Mistake(
                _labels_swapped,
                (
                    "The labels are swapped: real ones should be called real (1), painted "
                    "ones not (0)."
                ),
            ),
            Mistake(
                _d_sigmoid_twice,
                (
                    "The sigmoid is applied twice: these are logits, and "
                    "binary_cross_entropy_with_logits has one inside."
                ),
            ),
            Mistake(
                _log_of_sigmoid,
                (
                    "Right on paper, but log(sigmoid(x)) is infinite where D is sure: use "
                    "the logits, F.softplus say."
                ),
            ),
            Mistake(_real_only, "The painted ones are missing: D would call everything real."),
            Mistake(_all_called_real, "Painted ones have the label 0; you call everything real."),
            Mistake(_summed, "Means over the batch, not sums."),
            Mistake(
                _raw_scores,
                "That is a critic's difference (Wasserstein); here it is the cross-entropy.",
            ),
            Mistake(_maximised, "The sign: a loss is made small. -log D(real) - log(1 - D(fake))."),
        ),
        hints=(
            "F.binary_cross_entropy_with_logits(real, torch.ones_like(real)) is the first half.",
            "The other half: fake with torch.zeros_like(fake). Add them.",
        ),
        shown=called_real_and_painted,
    ),
    Exercise(
        name="gan.generator_loss",
        title="What the generator wants",
        minutes=10,
        reference=gan.generator_loss,
        probes=lambda: [(real,) for real, _ in _logits()],
        observe=with_gradients,
        mistakes=(
            Mistake(
                _saturating,
                (
                    "That is log(1 - D(fake)), the saturating loss: flat just when the "
                    "generator is bad. Use -log D(fake)."
                ),
            ),
            Mistake(
                _as_discriminator,
                (
                    "That is what D wants, painted ones called 0. The generator wants them "
                    "called real."
                ),
            ),
            Mistake(_g_sigmoid_twice, "The sigmoid is applied twice: these are logits."),
            Mistake(
                _g_log_of_sigmoid,
                (
                    "Right on paper, but log(sigmoid(x)) is infinite where D is sure: use "
                    "the logits, F.softplus(-fake)."
                ),
            ),
            Mistake(_g_summed, "The mean over the batch, not the sum."),
            Mistake(
                _g_score, "That is the loss against a critic or a hinge; here it is -log D(fake)."
            ),
            Mistake(
                _probability,
                "-log D(fake), not -D(fake): the logarithm makes gradients large where D is sure.",
            ),
        ),
        hints=(
            "The generator wants its pictures to be called real: label 1.",
            "F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake)).",
        ),
        shown=called_real,
    ),
    Exercise(
        name="gan.d_step",
        title="One step of the discriminator",
        minutes=15,
        reference=discriminator_step,
        probes=_steps,
        observe=_observed_step,
        mistakes=(
            Mistake(
                _not_detached,
                (
                    "The fakes are not detached: gradients run on into the generator, which "
                    "costs time, and they pile up there."
                ),
            ),
            Mistake(
                _old_gradients,
                (
                    "The gradients of the step before are still there: optimizer.zero_grad() "
                    "before backward()."
                ),
            ),
            Mistake(_step_swapped, "The labels are swapped: D(real) belongs in the first place."),
            Mistake(_helps_the_generator, "That is the generator's loss; here D learns."),
            Mistake(_never_steps, "optimizer.step() is missing."),
            Mistake(_judges_noise, "The painted ones are G(z), not fresh noise."),
            Mistake(_real_ones_only, "D must see painted ones, too."),
        ),
        hints=(
            "fake = G(z).detach() stops the gradients.",
            "loss = discriminator_loss(D(real), D(fake)).",
            "zero_grad, backward, step, return loss.item().",
        ),
    ),
    Exercise(
        name="gan.size",
        title="How large is what is painted?",
        minutes=5,
        reference=grown,
        probes=lambda: [(1, 7, 1, 0), (7, 4, 2, 1), (14, 4, 2, 1), (5, 3, 2, 0), (4, 5, 3, 2)],
        mistakes=(
            Mistake(
                _like_convolution,
                "That is the size after a convolution; a transposed one goes the other way.",
            ),
            Mistake(_no_minus_one, "Between `size` pixels there are size - 1 steps."),
            Mistake(_padding_added, "Padding of a transposed convolution is cut OFF the result."),
            Mistake(_one_padding, "It is cut off on both sides: 2 * padding."),
            Mistake(
                _times_stride,
                (
                    "True for kernel 4, stride 2, padding 1; in general the kernel and the "
                    "padding count."
                ),
            ),
            Mistake(_kernel_minus_one, "The last kernel is painted whole: + kernel."),
        ),
        hints=(
            "The last kernel begins at (size - 1) * stride and is `kernel` wide.",
            "Cut `padding` off on both sides.",
        ),
    ),
    Exercise(
        name="gan.condition",
        title="A generator that is told what to paint",
        minutes=10,
        reference=condition,
        probes=lambda: [
            (torch.tensor([[0.5, -1.0], [2.0, 0.0]]), torch.tensor([1, 0]), 3),
            (torch.ones(3, 1), torch.tensor([1, 1, 0]), 4),
        ],
        mistakes=(
            Mistake(
                _label_as_a_number,
                "One number for the label says that class 2 lies between 1 and 3: use F.one_hot.",
            ),
            Mistake(_label_first, "The noise comes first, the label behind it."),
            Mistake(_noise_lost, "The noise is lost: everything of a class would look alike."),
            Mistake(_label_lost, "The label is not in it: zeros everywhere."),
            Mistake(
                _classes_from_the_batch,
                "F.one_hot needs n_classes: a batch without the last class would be narrower.",
            ),
            Mistake(_same_for_all, "Each row has a label of its own."),
        ),
        hints=(
            "F.one_hot(labels, n_classes) is (B, n_classes), of integers.",
            "torch.cat([z, one_hot.to(z.dtype)], 1).",
        ),
    ),
)
