"""Exercises on generative adversarial networks.

The best discriminator, both losses, one step of each network, sizes, a condition.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from aigc_course.exercises.engine.draws import ints, normal, size
from aigc_course.exercises.engine.observe import with_gradients
from aigc_course.exercises.engine.types import Exercise, Mistake, Question
from aigc_course.models.images import gan


def optimal(p, q):
    """Return the best discriminator: the share of real ones among all that comes at a place."""
    return p / (p + q)


def _densities():
    """Return probes: densities of real and of generated ones at some places."""
    return [
        (torch.tensor([0.1, 0.4, 0.0, 0.2]), torch.tensor([0.3, 0.1, 0.5, 0.2])),
        (torch.tensor([0.05]), torch.tensor([0.9])),
    ]


OPTIMAL = Exercise(
    name="gan.optimal",
    title="The best discriminator",
    minutes=10,
    reference=optimal,
    probes=_densities,
    hints=(
        (
            "If 3 real and 1 generated thing come at a place, how probable is it that one of "
            "them is real?"
        ),
        (
            "At a place x real things come with density p, generated ones with density q, both "
            "equally often. D gives the share of real ones among all that come there."
        ),
        "D(x) = p(x) / (p(x) + q(x)).",
    ),
)


@OPTIMAL.mistake(
    "D gives a probability, at most 1: real ones among ALL that come at this place, p / (p + q)."
)
def ratio(p, q):
    return p / q


@OPTIMAL.mistake(
    "That is the probability that it is generated; D gives the probability that it is real."
)
def share_of_fakes(p, q):
    return q / (p + q)


@OPTIMAL.mistake("That is the logit of the answer; the probability is asked for.")
def logit(p, q):
    return (p / q).log()


@OPTIMAL.mistake("Not a difference but a share: of what comes at this place, how much is real?")
def difference(p, q):
    return (p - q + 1) / 2


@OPTIMAL.mistake("D need not decide: it gives a probability, not yes or no.")
def hard(p, q):
    return (p > q).float()


@OPTIMAL.mistake("Where p = q it is half and half: 0.5. You are off by a factor of 2.")
def bits(p, q):
    return 2 * p / (p + q)


@OPTIMAL.hidden()
def draw_optimal(rng):
    n = size(rng, 2, 6)
    p, q = (torch.tensor(rng.uniform(0.05, 1, n), dtype=torch.float32) for _ in range(2))
    p[0] = 0
    return p, q


VALUE = Question(
    name="gan.value",
    title="When nobody can tell",
    minutes=5,
    reference=2 * math.log(2),
    explanation="D can only give 1/2 for everything: -log(1/2) for the real ones and -log(1/2) "
    "for the generated ones, 2 log 2 = 1.386 nats.",
    mistakes=(
        Mistake(math.log(2), "That is one of two terms: real and generated ones cost log 2 each."),
        Mistake(0.0, "0 would be a D that is always right; here it can only guess."),
        Mistake(1.0, "In nats: -log(1/2) - log(1/2)."),
        Mistake(2.0, "That is in bits; in nats it is 2 log 2."),
        Mistake(-2 * math.log(2), "The sign: a loss of -log p is never negative."),
        Mistake(0.5, "That is what D gives; its loss is -log of that, twice."),
    ),
    hints=(
        "Which probability does the best D give when p = q everywhere?",
        (
            'It pays the surprise at "real" for a real thing and the surprise at "generated" '
            "for a generated one."
        ),
        "-ln D - ln(1 - D), with that D.",
    ),
)


def called_real_and_generated(real, fake):
    """Return the cross-entropy with the labels 1 for real and 0 for generated ones."""
    by_torch = F.binary_cross_entropy_with_logits
    return by_torch(real, torch.ones_like(real)) + by_torch(fake, torch.zeros_like(fake))


def _logits():
    """Return probes: logits as large as in the lesson's games, in both shapes of its networks."""
    torch.manual_seed(0)
    return [
        (torch.randn(5), torch.randn(5)),
        (torch.tensor([3.0, -2.0]), torch.tensor([1.0, 0.5])),
        (3 * torch.randn(6, 1), 2 * torch.randn(6, 1)),
        (torch.tensor([[-8.0], [2.0]]), torch.tensor([[-40.0], [1.0]])),
    ]


DISCRIMINATOR_LOSS = Exercise(
    name="gan.discriminator_loss",
    title="What the discriminator wants",
    minutes=10,
    reference=gan.discriminator_loss,
    probes=_logits,
    observe=with_gradients,
    hints=(
        "Which label should D give to real things, which to generated ones?",
        (
            "It is a binary cross-entropy for each of the two batches, each a mean, and the "
            "two are added. The numbers are logits: choose a function that takes them, as the "
            "sigmoid loses its digits where D is sure."
        ),
        "mean of softplus(-real) + mean of softplus(fake), where softplus(x) = ln(1 + e^x).",
    ),
    shown=called_real_and_generated,
)


@DISCRIMINATOR_LOSS.mistake(
    "The labels are swapped: real ones should be called real (1), generated ones not (0)."
)
def labels_swapped(real, fake):
    return gan.discriminator_loss(fake, real)


@DISCRIMINATOR_LOSS.mistake(
    "The sigmoid is applied twice: these are logits, and "
    "binary_cross_entropy_with_logits has one inside."
)
def d_sigmoid_twice(real, fake):
    return gan.discriminator_loss(real.sigmoid(), fake.sigmoid())


@DISCRIMINATOR_LOSS.mistake(
    "Something is added inside the logarithm. That bends the loss where D is sure, and its "
    "gradient, too; with logits nothing need be added: F.softplus, say.",
    eps=(1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3),
)
def with_eps(real, fake, eps=1e-6):
    return -((real.sigmoid() + eps).log().mean() + (1 - fake.sigmoid() + eps).log().mean())


@DISCRIMINATOR_LOSS.mistake(
    "That is half of it. Two means are added, one for real and one for generated things; a mean "
    "over both together, or a division by 2, halves D's loss."
)
def halved(real, fake):
    return gan.discriminator_loss(real, fake) / 2


@DISCRIMINATOR_LOSS.mistake(
    "The targets must have the shape of the logits, which may be (B,) or (B, 1): "
    "torch.ones_like(real), torch.zeros_like(fake)."
)
def flat_targets(real, fake):
    by_torch = F.binary_cross_entropy_with_logits
    n = real.shape[0]
    return by_torch(real, torch.ones(n)) + by_torch(fake, torch.zeros(n))


@DISCRIMINATOR_LOSS.mistake("The generated ones are missing: D would call everything real.")
def real_only(real, fake):
    return F.softplus(-real).mean()


@DISCRIMINATOR_LOSS.mistake("Generated ones have the label 0; you call everything real.")
def all_called_real(real, fake):
    return F.softplus(-real).mean() + F.softplus(-fake).mean()


@DISCRIMINATOR_LOSS.mistake("Means over the batch, not sums.")
def summed(real, fake):
    return F.softplus(-real).sum() + F.softplus(fake).sum()


@DISCRIMINATOR_LOSS.mistake(
    "That is a critic's difference (Wasserstein); here it is the cross-entropy."
)
def raw_scores(real, fake):
    return fake.mean() - real.mean()


@DISCRIMINATOR_LOSS.mistake("The sign: a loss is made small. -log D(real) - log(1 - D(fake)).")
def maximised(real, fake):
    return -gan.discriminator_loss(real, fake)


@DISCRIMINATOR_LOSS.hidden()
def draw_discriminator_loss(rng):
    shape = (size(rng, 2, 6), 1)[: size(rng, 1, 2)]
    return 2 * normal(rng, *shape), 2 * normal(rng, *shape)


def called_real(fake):
    """Return the cross-entropy with the label that the generator wants, 1."""
    return F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))


GENERATOR_LOSS = Exercise(
    name="gan.generator_loss",
    title="What the generator wants",
    minutes=10,
    reference=gan.generator_loss,
    probes=lambda: [(real,) for real, _ in _logits()] + [(torch.tensor([-14.0, 3.0]),)],
    observe=with_gradients,
    hints=(
        "What would the generator like D to say about its things?",
        (
            "The generator wants them to be called real. That is one binary cross-entropy, and "
            "not D's own term with the sign turned."
        ),
        "-ln D = softplus(-logit), with softplus(x) = ln(1 + e^x); the mean over the batch.",
    ),
    shown=called_real,
)


@GENERATOR_LOSS.mistake(
    "That is log(1 - D(fake)), the saturating loss: flat just when the "
    "generator is bad. Use -log D(fake)."
)
def saturating(fake):
    return -F.softplus(fake).mean()


@GENERATOR_LOSS.mistake(
    "That is what D wants, generated ones called 0. The generator wants them called real."
)
def as_discriminator(fake):
    return F.softplus(fake).mean()


@GENERATOR_LOSS.mistake("The sigmoid is applied twice: these are logits.")
def g_sigmoid_twice(fake):
    return F.softplus(-fake.sigmoid()).mean()


@GENERATOR_LOSS.mistake(
    "Something is added inside the logarithm. That bends the loss just where the generator is "
    "bad, and its gradient, too; with logits nothing need be added: F.softplus, say.",
    eps=(1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3),
)
def g_with_eps(fake, eps=1e-6):
    return -(fake.sigmoid() + eps).log().mean()


@GENERATOR_LOSS.mistake("The minus is missing: a loss is made small, and -log D(fake) is the loss.")
def g_minus_forgotten(fake):
    return F.logsigmoid(fake).mean()


@GENERATOR_LOSS.mistake(
    "The targets must have the shape of the logits, which may be (B,) or (B, 1): "
    "torch.ones_like(fake)."
)
def g_flat_targets(fake):
    return F.binary_cross_entropy_with_logits(fake, torch.ones(fake.shape[0]))


@GENERATOR_LOSS.mistake("The mean over the batch, not the sum.")
def g_summed(fake):
    return F.softplus(-fake).sum()


@GENERATOR_LOSS.mistake("That is the loss against a critic or a hinge; here it is -log D(fake).")
def g_score(fake):
    return -fake.mean()


@GENERATOR_LOSS.mistake(
    "-log D(fake), not -D(fake): the logarithm makes gradients large where D is sure."
)
def probability(fake):
    return -fake.sigmoid().mean()


@GENERATOR_LOSS.hidden()
def draw_generator_loss(rng):
    return (2 * normal(rng, *(size(rng, 2, 6), 1)[: size(rng, 1, 2)]),)


def discriminator_step(G, D, real, z, optimizer):
    """Make one step of D: real ones up, generated ones down; G stays as it is."""
    fake = G(z).detach()
    loss = gan.discriminator_loss(D(real), D(fake))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def _step(D, loss, optimizer, zero=True):
    """Make one step of D with a loss and return it, for the known mistakes.

    Args:
        D: the discriminator.
        loss: one number that depends on D.
        optimizer: of D.
        zero: whether to set the gradients to 0 first.
    """
    if zero:
        optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def _observed_step(answer, arguments):
    """Return what one step changed, and its loss.

    This is D's weights, whether G's weights stayed, and whether gradients reached G.
    """
    real, z, as_function = arguments
    torch.manual_seed(0)
    G, D = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(D.parameters(), lr=0.1)
    D(real).sum().backward()  # gradients of an earlier step
    d_before, g_before = ([p.detach().clone() for p in net.parameters()] for net in (D, G))
    # A conditional GAN wraps its generator into a plain function.
    loss = answer((lambda noise: G(noise)) if as_function else G, D, real, z, optimizer)
    seen = {
        "D's weights afterwards": [p.detach().clone() for p in D.parameters()],
        "G stays as it was": _same_weights(G, g_before),
        "gradients reached G": _has_gradients(G),
        "the loss": loss.item() if hasattr(loss, "item") else loss,
    }
    if _same_weights(D, d_before):  # tell why
        seen["D's gradients are there"] = _has_gradients(D)
    return seen


def _same_weights(net, before):
    """Return whether a network has the weights of `before`."""
    return all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))


def _has_gradients(net):
    """Return whether a network has a gradient other than 0."""
    return any(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in net.parameters())


def _steps():
    """Return probes: real ones (N, 2), noise (N, 2), and whether G comes as a plain function."""
    torch.manual_seed(1)
    return [
        (torch.randn(4, 2), torch.randn(4, 2), False),
        (torch.randn(3, 2) + 2, torch.randn(3, 2), False),
        (torch.randn(4, 2), torch.randn(4, 2), True),
    ]


D_STEP = Exercise(
    name="gan.d_step",
    title="One step of the discriminator",
    minutes=15,
    reference=discriminator_step,
    probes=_steps,
    observe=_observed_step,
    hints=(
        (
            "Which of the two networks may change in this step, and what would carry gradients "
            "into the other?"
        ),
        (
            "Cut the generated things off from G before D sees them. Then the usual four parts "
            "in their order: loss, clear old gradients, new gradients, step."
        ),
        (
            "loss = D's loss of (D of real things, D of cut-off G of z); it is returned as a "
            "plain number."
        ),
    ),
)


@D_STEP.mistake(
    "The fakes are not detached: gradients run on into the generator, which "
    "costs time, and they pile up there."
)
def not_detached(G, D, real, z, optimizer):
    return _step(D, gan.discriminator_loss(D(real), D(G(z))), optimizer)


@D_STEP.mistake(
    "The gradients of the step before are still there: optimizer.zero_grad() before backward()."
)
def old_gradients(G, D, real, z, optimizer):
    return _step(D, gan.discriminator_loss(D(real), D(G(z).detach())), optimizer, zero=False)


@D_STEP.mistake("The labels are swapped: D(real) belongs in the first place.")
def step_swapped(G, D, real, z, optimizer):
    return _step(D, gan.discriminator_loss(D(G(z).detach()), D(real)), optimizer)


@D_STEP.mistake("That is the generator's loss; here D learns.")
def helps_the_generator(G, D, real, z, optimizer):
    return _step(D, gan.generator_loss(D(G(z).detach())), optimizer)


@D_STEP.mistake(
    "zero_grad() comes after backward(): it throws the new gradients away, and step() changes "
    "nothing. First zero_grad(), then backward(), then step()."
)
def cleared_too_late(G, D, real, z, optimizer):
    loss = gan.discriminator_loss(D(real), D(G(z).detach()))
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@D_STEP.mistake("The loss is not given back: end with `return loss.item()`.")
def returns_nothing(G, D, real, z, optimizer):
    _step(D, gan.discriminator_loss(D(real), D(G(z).detach())), optimizer)


@D_STEP.mistake("optimizer.step() is missing.")
def never_steps(G, D, real, z, optimizer):
    loss = gan.discriminator_loss(D(real), D(G(z).detach()))
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


@D_STEP.mistake("The generated ones are G(z), not fresh noise.")
def judges_noise(G, D, real, z, optimizer):
    return _step(D, gan.discriminator_loss(D(real), D(torch.randn_like(real))), optimizer)


@D_STEP.mistake("D must see generated ones, too.")
def real_ones_only(G, D, real, z, optimizer):
    return _step(D, F.softplus(-D(real)).mean(), optimizer)


@D_STEP.hidden(times=2)
def draw_d_step(rng):
    n = size(rng, 3, 6)
    return normal(rng, n, 2) + 1, normal(rng, n, 2), bool(rng.integers(2))


def grown(size, kernel, stride, padding):
    """Return the pixels that a transposed convolution gives.

    They are (size - 1) stride - 2 padding + kernel.
    """
    return (size - 1) * stride - 2 * padding + kernel


SIZE = Exercise(
    name="gan.size",
    title="How large is the result?",
    minutes=5,
    reference=grown,
    probes=lambda: [(1, 7, 1, 0), (7, 4, 2, 1), (14, 4, 2, 1), (5, 3, 2, 0), (4, 5, 3, 2)],
    hints=(
        "Where does the kernel of the last pixel begin, and how far does it reach?",
        (
            "Kernels begin `stride` apart, size of them; the last one stands whole. Padding is "
            "cut off on both sides afterwards."
        ),
        "(size - 1) stride + kernel - 2 padding.",
    ),
)


@SIZE.mistake("That is the size after a convolution; a transposed one goes the other way.")
def like_convolution(size, kernel, stride, padding):
    return (size + 2 * padding - kernel) // stride + 1


@SIZE.mistake("Between `size` pixels there are size - 1 steps.")
def no_minus_one(size, kernel, stride, padding):
    return size * stride - 2 * padding + kernel


@SIZE.mistake("Padding of a transposed convolution is cut OFF the result.")
def padding_added(size, kernel, stride, padding):
    return (size - 1) * stride + 2 * padding + kernel


@SIZE.mistake("It is cut off on both sides: 2 * padding.")
def one_padding(size, kernel, stride, padding):
    return (size - 1) * stride - padding + kernel


@SIZE.mistake(
    "True for kernel 4, stride 2, padding 1; in general the kernel and the padding count."
)
def times_stride(size, kernel, stride, padding):
    return size * stride


@SIZE.mistake("The last kernel stands there whole: + kernel.")
def kernel_minus_one(size, kernel, stride, padding):
    return (size - 1) * stride - 2 * padding + kernel - 1


@SIZE.hidden(times=6)
def draw_size(rng):
    return size(rng, 2, 12), size(rng, 3, 6), size(rng, 1, 3), size(rng, 0, 1)


def condition(z, labels, n_classes):
    """Return z with the label as one-hot numbers behind the noise, (B, Z + n_classes).

    Args:
        z: noise (B, Z).
        labels: classes (B,).
        n_classes: number of classes.
    """
    return torch.cat([z, F.one_hot(labels, n_classes).to(z.dtype)], 1)


CONDITION = Exercise(
    name="gan.condition",
    title="A generator that is told what to generate",
    minutes=10,
    reference=condition,
    probes=lambda: [
        (torch.tensor([[0.5, -1.0], [2.0, 0.0]]), torch.tensor([1, 0]), 3),
        (torch.ones(3, 1), torch.tensor([1, 1, 0]), 4),
    ],
    observe=with_gradients,
    hints=(
        ("How can a class be told to a network without saying that class 2 lies between 1 and 3?"),
        (
            "Each class gets a number of its own, 1 for the wanted one and 0 for the others. "
            "These stand behind the noise, in the noise's own type."
        ),
        "(B, Z) beside (B, n_classes) gives (B, Z + n_classes).",
    ),
)


@CONDITION.mistake(
    "One number for the label says that class 2 lies between 1 and 3: use F.one_hot."
)
def label_as_a_number(z, labels, n_classes):
    return torch.cat([z, labels[:, None].to(z.dtype)], 1)


@CONDITION.mistake("The noise comes first, the label behind it.")
def label_first(z, labels, n_classes):
    return torch.cat([F.one_hot(labels, n_classes).to(z.dtype), z], 1)


@CONDITION.mistake("The noise is lost: everything of a class would look alike.")
def noise_lost(z, labels, n_classes):
    return F.one_hot(labels, n_classes).to(z.dtype)


@CONDITION.mistake("The label is not in it: zeros everywhere.")
def label_lost(z, labels, n_classes):
    return torch.cat([z, torch.zeros(len(z), n_classes, dtype=z.dtype)], 1)


@CONDITION.mistake("F.one_hot needs n_classes: a batch without the last class would be narrower.")
def classes_from_the_batch(z, labels, n_classes):
    return torch.cat([z, F.one_hot(labels, int(labels.max()) + 1).to(z.dtype)], 1)


@CONDITION.mistake(
    "The gradient is cut off: in the lesson z is what G generated, and G learns through it. No "
    ".detach(), no .data, no NumPy."
)
def cut_off(z, labels, n_classes):
    return condition(z, labels, n_classes).detach()


@CONDITION.mistake("Each row has a label of its own.")
def same_for_all(z, labels, n_classes):
    return torch.cat([z, F.one_hot(labels[:1], n_classes).to(z.dtype).expand(len(z), -1)], 1)


@CONDITION.hidden()
def draw_condition(rng):
    n, classes = size(rng, 2, 5), size(rng, 3, 6)
    return normal(rng, n, size(rng, 1, 4)), ints(rng, 0, classes, n), classes
