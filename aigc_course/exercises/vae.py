"""Exercises on variational autoencoders.

Reparameterisation, KL, the loss, what a mean does to beta, traversals, the importance-weighted
bound, free bits.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from aigc_course.exercises.engine.draws import normal, size
from aigc_course.exercises.engine.observe import PASSES, with_gradients
from aigc_course.exercises.engine.types import Exercise, Mistake, Question
from aigc_course.models.images.vae import kl_to_standard, pixel_loss, reparameterize


def _observed(answer, arguments):
    """Return facts about 40,000 draws of an answer, each of which clearly holds or not.

    In this way, every correct way to draw Gaussian noise passes.
    """
    mean, log_variance = (x.repeat(40_000, 1).requires_grad_() for x in arguments)
    torch.manual_seed(0)
    z = answer(mean, log_variance)
    if z is None:
        return None
    if not isinstance(z, torch.Tensor):
        return {PASSES: False}
    if tuple(z.shape) != tuple(mean.shape):
        return {"shape": tuple(z.shape)}
    noise = (z - mean).detach()
    return _spread(noise, arguments[1][0]) | _gradients(z, mean, log_variance, noise)


def _spread(noise, log_variance):
    """Return facts about the distribution of noise.

    Args:
        noise: (N, Z).
        log_variance: the log-variances that it should have, (Z,).
    """
    scale = noise.std(0).clamp(min=1e-9)
    unit = noise / scale
    pairs = [(i, j) for i in range(unit.shape[1]) for j in range(i)]
    first = (noise[0] / (log_variance / 2).exp())[:, None]
    beyond = (unit.abs() > 2).float().mean(0)  # a Gaussian: 4.55 % beyond two standard deviations
    power = (scale.log() / log_variance).tolist()  # 0.5 when std = exp(log_variance / 2)
    return {
        "random": bool((noise.std(0) > 1e-4).all()),
        "the std itself": bool(((first - 1).abs() < 1e-4).all()),
        "one draw for all": len(first) > 1 and bool((first - first[0]).abs().max() < 1e-4),
        "centred": bool((noise.mean(0).abs() < 0.05 * scale).all()),
        "power": [round(2 * p) / 2 if abs(2 * p - round(2 * p)) < 0.1 else "odd" for p in power],
        "tails of a Gaussian": bool(((beyond - 0.0455).abs() < 0.015).all()),
        "rows apart": bool((unit[1:] * unit[:-1]).mean().abs() < 0.1),
        "columns apart": all(abs((unit[:, i] * unit[:, j]).mean()) < 0.1 for i, j in pairs),
    }


def _gradients(z, mean, log_variance, noise):
    """Return whether the gradients of z are those of mean + std * noise."""
    found = (None, None)
    if z.requires_grad:
        found = torch.autograd.grad(z.sum(), (mean, log_variance), allow_unused=True)
    to_mean, to_variance = (torch.zeros_like(mean) if g is None else g for g in found)
    largest = noise.std(0).max()
    return {
        "gradient to mean": bool((to_mean - 1).abs().max() < 1e-3),
        "gradient to log_variance": bool((to_variance - noise / 2).abs().max() < 1e-3 * largest),
    }


def _two_gaussians():
    """Return probes: means and log-variances (1, Z)."""
    return [
        (torch.tensor([[0.5, -1.0, 2.0]]), torch.tensor([[-2.0, 1.0, -1.0]])),
        (torch.tensor([[0.0]]), torch.tensor([[3.0]])),
    ]


REPARAMETERIZE = Exercise(
    name="vae.reparameterize",
    title="Noise that lets gradients pass",
    minutes=15,
    reference=reparameterize,
    probes=_two_gaussians,
    observe=_observed,
    hints=(
        (
            "If noise has mean 0 and standard deviation 1, what must be done to it to get mean "
            "m and standard deviation s?"
        ),
        (
            "Draw the noise apart, one number for each entry, and let mean and spread enter by "
            "sums and products that gradients pass. What the encoder gives is the logarithm of "
            "the variance, and the standard deviation is the root of the variance."
        ),
        "z = m + s ε with s = exp(log-variance / 2) and ε ~ N(0, 1).",
    ),
)


@REPARAMETERIZE.mistake(
    "The noise has variance exp(2 * log_variance): take half the "
    "log-variance, std = exp(0.5 * log_variance)."
)
def variance_as_std(mean, log_variance):
    return mean + log_variance.exp() * torch.randn_like(mean)


@REPARAMETERIZE.mistake("log_variance is a logarithm: std = exp(0.5 * log_variance).")
def log_as_std(mean, log_variance):
    return mean + log_variance * torch.randn_like(mean)


@REPARAMETERIZE.mistake(
    "Drawn outside autograd, no gradient reaches mean and log_variance: draw "
    "noise, then mean + std * noise."
)
def outside_autograd(mean, log_variance):
    return torch.normal(mean.detach(), (0.5 * log_variance).exp().detach())


@REPARAMETERIZE.mistake("Gradients reach the mean, but not log_variance: do not detach the std.")
def std_detached(mean, log_variance):
    return mean + (0.5 * log_variance).exp().detach() * torch.randn_like(mean)


@REPARAMETERIZE.mistake(
    "torch.rand is uniform between 0 and 1; the noise must be Gaussian: torch.randn_like."
)
def uniform(mean, log_variance):
    return mean + (0.5 * log_variance).exp() * torch.rand_like(mean)


@REPARAMETERIZE.mistake("There is no randomness in it: multiply the std by torch.randn_like(mean).")
def no_noise(mean, log_variance):
    return mean + (0.5 * log_variance).exp()


@REPARAMETERIZE.mistake(
    "One draw is shared by all: every number needs noise of its own, torch.randn_like(mean)."
)
def one_draw(mean, log_variance):
    return mean + (0.5 * log_variance).exp() * torch.randn(())


@REPARAMETERIZE.mistake(
    "One draw is shared by all latents of a row: every number needs noise of "
    "its own, torch.randn_like(mean)."
)
def one_draw_a_row(mean, log_variance):
    return mean + (0.5 * log_variance).exp() * torch.randn(len(mean), 1)


@REPARAMETERIZE.mistake(
    "All rows share their draws: every number needs noise of its own, torch.randn_like(mean)."
)
def one_draw_a_column(mean, log_variance):
    return mean + (0.5 * log_variance).exp() * torch.randn(1, mean.shape[1])


@REPARAMETERIZE.hidden(times=2)
def draw_reparameterize(rng):
    spread = torch.tensor(
        rng.uniform(0.8, 2, (1, 3)) * rng.choice([-1, 1], (1, 3)), dtype=torch.float32
    )
    return normal(rng, 1, 3), spread


def _some_latents():
    """Return probes: means and log-variances, (B, Z) or (Z,)."""
    torch.manual_seed(3)
    return [
        (torch.randn(3, 2), torch.randn(3, 2)),
        (torch.tensor([[0.0]]), torch.tensor([[0.0]])),
        (torch.randn(5), torch.zeros(5)),  # the lesson also asks for a row of latents
    ]


KL = Exercise(
    name="vae.kl",
    title="KL to the standard Gaussian",
    minutes=15,
    reference=kl_to_standard,
    probes=_some_latents,
    observe=with_gradients,
    hints=(
        "What should the price be when q is N(0, 1) itself?",
        (
            "The formula needs the mean, the variance and the logarithm of the variance. You "
            "are given the first and the last. One number for each latent: no sum yet."
        ),
        "KL = (μ² + σ² - 1 - ln σ²) / 2.",
    ),
)


@KL.mistake("The sign is turned: a KL divergence is never negative.")
def sign_of_kl(mean, log_variance):
    return -kl_to_standard(mean, log_variance)


@KL.mistake("The factor 1/2 is missing.")
def no_half(mean, log_variance):
    return mean**2 + log_variance.exp() - 1 - log_variance


@KL.mistake("exp(log_variance) is the variance; you took its root.")
def std_in_kl(mean, log_variance):
    return 0.5 * (mean**2 + (0.5 * log_variance).exp() - 1 - log_variance)


@KL.mistake("The - 1 is missing: for N(0, 1) itself the KL must be 0.")
def no_one(mean, log_variance):
    return 0.5 * (mean**2 + log_variance.exp() - log_variance)


@KL.mistake("The mean counts squared.")
def mean_not_squared(mean, log_variance):
    return 0.5 * (mean + log_variance.exp() - 1 - log_variance)


@KL.mistake("That is KL(N(0, 1) || q), the other way round; here q comes first.")
def other_way_round(mean, log_variance):
    return 0.5 * ((1 + mean**2) / log_variance.exp() - 1 + log_variance)


@KL.mistake("You are given the LOGARITHM of the variance: the variance is its exp.")
def variance_taken_for_its_log(mean, log_variance):
    return 0.5 * (mean**2 + log_variance - 1 - log_variance.abs().log())


@KL.mistake("One number for each latent, (B, Z); the sum comes later.")
def summed_already(mean, log_variance):
    return kl_to_standard(mean, log_variance).sum(1)


@KL.hidden()
def draw_kl(rng):
    shape = size(rng, 2, 4), size(rng, 2, 4)
    return normal(rng, *shape), normal(rng, *shape)


def vae_loss(logits, images, mean, log_variance):
    """Return the loss: both terms summed over pixels and latents, then the mean over the batch."""
    return (pixel_loss(logits, images) + kl_to_standard(mean, log_variance).sum(1)).mean()


def vae_loss_in_full(logits, images, mean, log_variance):
    """Return the same, with every step spelled out."""
    pixels = F.binary_cross_entropy_with_logits(logits, images, reduction="none")
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance)
    return (pixels.flatten(1).sum(1) + kl.sum(1)).mean()


def _some_generated():
    """Return probes: logits and images (B, 1, H, W), means and log-variances (B, Z)."""
    torch.manual_seed(4)
    sure = torch.tensor([20.0, -110, 3, -2]).view(1, 1, 2, 2)  # logits after a long training
    return [
        (torch.randn(3, 1, 4, 4), torch.rand(3, 1, 4, 4), torch.randn(3, 2), torch.randn(3, 2)),
        (sure, torch.tensor([1.0, 0, 1, 0]).view(1, 1, 2, 2), torch.randn(1, 3), torch.randn(1, 3)),
    ]


LOSS = Exercise(
    name="vae.loss",
    title="Both terms, summed",
    minutes=15,
    reference=vae_loss,
    shown=vae_loss_in_full,
    probes=_some_generated,
    observe=with_gradients,
    hints=(
        ("Over which axes does each of the two terms sum, and over which one is the mean taken?"),
        (
            "Both are one number for each image: cross-entropy summed over its pixels, KL "
            "summed over its latents. Only then comes the mean over the batch. Mind that the "
            "pixels come as logits."
        ),
        (
            "loss = the mean over images of (sum over pixels of cross-entropy + sum over "
            "latents of KL)."
        ),
    ),
)


@LOSS.mistake(
    "The pixels are averaged and the latents summed: the KL then counts as "
    "many times as there are pixels. Sum both."
)
def pixel_mean(logits, images, mean, log_variance):
    return (
        F.binary_cross_entropy_with_logits(logits, images)
        + kl_to_standard(mean, log_variance).sum(1).mean()
    )


@LOSS.mistake("The latents are averaged and the pixels summed: the KL counts too little. Sum both.")
def latent_mean(logits, images, mean, log_variance):
    return (pixel_loss(logits, images) + kl_to_standard(mean, log_variance).mean(1)).mean()


@LOSS.mistake(
    "Both are averaged, over different numbers of things: sum over pixels "
    "and over latents, then mean over the batch."
)
def both_mean(logits, images, mean, log_variance):
    return (
        F.binary_cross_entropy_with_logits(logits, images)
        + kl_to_standard(mean, log_variance).mean()
    )


@LOSS.mistake(
    "Right on paper, but where the decoder is sure, sigmoid gives exactly 1 or 0, and 0 times the "
    "logarithm of 0 is NaN: use binary_cross_entropy_with_logits."
)
def log_of_sigmoid(logits, images, mean, log_variance):
    p = logits.sigmoid()
    pixels = -(images * p.log() + (1 - images) * (1 - p).log())
    return (pixels.flatten(1).sum(1) + kl_to_standard(mean, log_variance).sum(1)).mean()


@LOSS.mistake("The sign: -ELBO is made small, so the logarithms come with a minus.")
def minus_forgotten(logits, images, mean, log_variance):
    return -vae_loss(logits, images, mean, log_variance)


@LOSS.mistake("The KL is a price: add it.")
def kl_subtracted(logits, images, mean, log_variance):
    return (pixel_loss(logits, images) - kl_to_standard(mean, log_variance).sum(1)).mean()


@LOSS.mistake("The sigmoid is applied twice: binary_cross_entropy_with_logits takes logits.")
def sigmoid_twice(logits, images, mean, log_variance):
    return vae_loss(logits.sigmoid(), images, mean, log_variance)


@LOSS.mistake("The mean over the batch is asked for, not the sum.")
def batch_summed(logits, images, mean, log_variance):
    return vae_loss(logits, images, mean, log_variance) * len(images)


@LOSS.mistake("The KL is missing: without it this is an autoencoder with noise.")
def no_kl(logits, images, mean, log_variance):
    return pixel_loss(logits, images).mean()


@LOSS.mistake(
    "Logits stand for probabilities of white here: binary cross-entropy, not squared differences."
)
def squares(logits, images, mean, log_variance):
    return (
        (logits.sigmoid() - images).square().flatten(1).sum(1)
        + kl_to_standard(mean, log_variance).sum(1)
    ).mean()


@LOSS.hidden()
def draw_loss(rng):
    B, side, Z = size(rng, 2, 4), size(rng, 3, 6), size(rng, 2, 5)
    return (
        normal(rng, B, 1, side, side),
        normal(rng, B, 1, side, side).sigmoid(),
        normal(rng, B, Z),
        normal(rng, B, Z),
    )


BETA = Question(
    name="vae.beta",
    title="What a mean does",
    minutes=5,
    reference=784.0,
    explanation="The mean over 28 x 28 pixels is the sum divided by 784. Dividing one of two "
    "terms by 784 is (up to a factor of the whole "
    "loss) the same as multiplying the other by 784: beta = 784.",
    mistakes=(
        Mistake(1.0, "Only when both are summed, or both divided by the same number."),
        Mistake(28.0, "There are 28 x 28 pixels."),
        Mistake(1 / 784, "The other way round: the pixels count less, so the KL counts more."),
        Mistake(16.0, "The number of latents does not matter here; they are summed."),
        Mistake(
            49.0, "784 / 16 would be right if the latents were averaged, too; they are summed."
        ),
    ),
    hints=(
        "By how many numbers does a mean over all pixels divide?",
        (
            "Multiply the whole loss by that number: the best weights stay the same, the "
            "pixels are summed again. What now stands in front of the KL?"
        ),
        "A / P + B is smallest where A + P B is.",
    ),
)


def traverse(z, which, values):
    """Return copies of z (Z,) with latent `which` set to each of `values`: (len(values), Z)."""
    rows = z.repeat(len(values), 1)
    rows[:, which] = torch.as_tensor(values, dtype=z.dtype)
    return rows


TRAVERSE = Exercise(
    name="vae.traverse",
    title="Walk along one latent",
    minutes=5,
    reference=traverse,
    probes=lambda: [
        (torch.tensor([0.5, -1.0, 2.0]), 1, [-2.0, 0.0, 3.0]),
        (torch.tensor([1.0, 2.0]), 0, [4.0]),
    ],
    hints=(
        "How many rows has the result, and in how many of its columns do they differ?",
        (
            "Copy z once for each value, then overwrite one column. Write into the copies, not "
            "into z."
        ),
        "row(i, j) = values(i) where j is `which`, else z(j).",
    ),
)


@TRAVERSE.mistake("Set the latent to each value; you add the value to what was there.")
def added(z, which, values):
    rows = traverse(z, which, values)
    rows[:, which] += z[which]
    return rows


@TRAVERSE.mistake("Only one latent changes; the others keep the values of z.")
def all_of_them(z, which, values):
    return torch.as_tensor(values, dtype=z.dtype)[:, None].expand(-1, len(z))


@TRAVERSE.mistake("The others keep the values of z, not 0.")
def others_zero(z, which, values):
    return traverse(torch.zeros_like(z), which, values)


@TRAVERSE.mistake("A row for each value: (len(values), Z).")
def turned_round(z, which, values):
    return traverse(z, which, values).T


@TRAVERSE.mistake("It is latent number `which` that changes, not always the first.")
def only_the_first(z, which, values):
    return traverse(z, 0, values)


@TRAVERSE.hidden()
def draw_traverse(rng):
    Z = size(rng, 2, 6)
    return normal(rng, Z), size(rng, 0, Z - 1), rng.normal(size=size(rng, 2, 5)).tolist()


def free_bits(kl, least):
    """Return the sum over the latents of max(mean over the batch, least), for a KL (B, Z)."""
    return kl.mean(0).clamp(min=least).sum()


FREE_BITS = Exercise(
    name="vae.free_bits",
    title="Free bits",
    minutes=10,
    reference=free_bits,
    probes=lambda: [
        (torch.tensor([[0.2, 1.0, 0.0], [0.0, 3.0, 0.1]]), 0.5),
        (torch.tensor([[2.0, 0.4], [0.0, 0.4]]), 0.25),
    ],
    observe=with_gradients,
    hints=(
        (
            "What does a latent pay that costs less than `least` on average, and what one that "
            "costs more?"
        ),
        (
            "First the mean over the batch, one number for each latent; then none of them "
            "counts less than `least`; then the sum."
        ),
        "sum over latents of max(mean over the batch of KL, least).",
    ),
)


@FREE_BITS.mistake("Take the mean over the batch first: single images may pay less.")
def each_image(kl, least):
    return kl.clamp(min=least).sum(1).mean()


@FREE_BITS.mistake("At LEAST `least`: clamp(min=...).")
def capped(kl, least):
    return kl.mean(0).clamp(max=least).sum()


@FREE_BITS.mistake("Each latent for itself has its free bits, not all of them together.")
def total(kl, least):
    return kl.mean(0).sum().clamp(min=least)


@FREE_BITS.mistake(
    "max(KL, least) is not KL - least: a latent that pays `least` counts as `least`."
)
def subtracted(kl, least):
    return (kl.mean(0) - least).clamp(min=0).sum()


@FREE_BITS.mistake("Nothing is added: a latent that pays more than `least` counts as it is.")
def added_bits(kl, least):
    return (kl.mean(0) + least).sum()


@FREE_BITS.mistake("Latents are summed.")
def latents_averaged(kl, least):
    return kl.mean(0).clamp(min=least).mean()


@FREE_BITS.hidden()
def draw_free_bits(rng):
    return 2 * normal(rng, size(rng, 2, 5), 4).sigmoid(), float(rng.uniform(0.5, 1.5))


def bound(log_weights):
    """Return the log of the mean of the weights over K samples: (B,) for log-weights (K, B)."""
    return torch.logsumexp(log_weights, 0) - np.log(len(log_weights))


def _log_weights():
    """Return probes: log-weights (K, B)."""
    return [
        (torch.tensor([[-1.0, -3.0], [-2.0, -3.0], [-5.0, -1.0]]),),
        (torch.tensor([[-1200.0], [-1210.0]]),),
        (torch.tensor([[-7.0]]),),
    ]


BOUND = Exercise(
    name="vae.bound",
    title="The importance-weighted bound",
    minutes=20,
    reference=bound,
    probes=_log_weights,
    hints=(
        "Where does exp(-1200) go in floating point, and what would its logarithm be?",
        (
            "The logarithm of a mean is the logarithm of a sum, less the logarithm of how many "
            "there are. PyTorch has the first in one piece, without overflow. The samples are "
            "the first axis."
        ),
        "ln((1 / K) sum of exp(a_k)) = logsumexp(a) - ln K.",
    ),
)


@BOUND.mistake("The mean of the logarithms is the ELBO again: take the logarithm of the mean.")
def mean_of_logs(log_weights):
    return log_weights.mean(0)


@BOUND.mistake("Divide by K: subtract log K.")
def forgot_k(log_weights):
    return torch.logsumexp(log_weights, 0)


@BOUND.mistake("The first axis holds the K samples; the second the images.")
def over_the_batch(log_weights):
    return torch.logsumexp(log_weights, 1) - math.log(log_weights.shape[1])


@BOUND.mistake(
    "exp(-1200) is 0 in floating point, and its log minus infinity: torch.logsumexp stays finite."
)
def overflows(log_weights):
    return log_weights.exp().mean(0).log()


@BOUND.mistake("The mean of all K weights, not the largest alone.")
def largest(log_weights):
    return log_weights.max(0).values


@BOUND.mistake("A logarithm is asked for: the log of the mean weight.")
def not_logged(log_weights):
    return (log_weights - log_weights.max()).exp().mean(0)


@BOUND.hidden()
def draw_bound(rng):
    K = size(rng, 2, 6)
    return (normal(rng, K, size(rng, 2, 4)) * 3 - float(rng.choice([20, 900])),)
