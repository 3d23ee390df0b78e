"""Exercises of lesson 10: reparameterisation, KL, the loss, what a mean does to beta, traversals,
the importance-weighted bound, free bits.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from aigc_course.exercises.engine.compare import with_gradients
from aigc_course.exercises.engine.types import Exercise, Mistake, Question
from aigc_course.models.images.vae import kl_to_standard, pixel_loss, reparameterize


def _observed(answer, arguments):
    """Facts about 40,000 draws that hold or not, far from any edge: any way to draw Gaussian noise
    passes.
    """
    mean, log_variance = (x.repeat(40_000, 1).requires_grad_() for x in arguments)
    torch.manual_seed(0)
    z = answer(mean, log_variance)
    if tuple(z.shape) != tuple(mean.shape):
        return {"shape": tuple(z.shape)}
    noise = (z - mean).detach()
    scale = noise.std(0).clamp(min=1e-9)
    unit = noise / scale
    power = scale.log() / arguments[1][0]  # 0.5 when std = exp(log_variance / 2)
    rows = (
        unit[1:] * unit[:-1]
    ).mean().abs() < 0.1  # noise of its own for each row, and for each number
    columns = all(
        abs((unit[:, i] * unit[:, j]).mean()) < 0.1 for i in range(unit.shape[1]) for j in range(i)
    )
    gradients = (
        torch.autograd.grad(z.sum(), (mean, log_variance), allow_unused=True)
        if z.requires_grad
        else (None, None)
    )
    to_mean, to_variance = (torch.zeros_like(mean) if g is None else g for g in gradients)
    first = (noise[0] / (arguments[1][0] / 2).exp())[:, None]
    return {
        "random": bool((noise.std(0) > 1e-4).all()),
        "the std itself": bool(((first - 1).abs() < 1e-4).all()),
        "one draw for all": len(first) > 1 and bool((first - first[0]).abs().max() < 1e-4),
        "centred": bool((noise.mean(0).abs() < 0.05 * scale).all()),
        "power": [
            round(float(p) * 2) / 2 if abs(float(p) * 2 - round(float(p) * 2)) < 0.1 else "odd"
            for p in power
        ],
        "tails of a Gaussian": bool(
            (((unit.abs() > 2).float().mean(0) - 0.0455).abs() < 0.015).all()
        ),
        "rows apart": bool(rows),
        "columns apart": columns,
        "gradient to mean": bool((to_mean - 1).abs().max() < 1e-3),
        "gradient to log_variance": bool(
            (to_variance - noise / 2).abs().max() < 1e-3 * scale.max()
        ),
    }


def _variance_as_std(mean, log_variance):
    return mean + log_variance.exp() * torch.randn_like(mean)


def _log_as_std(mean, log_variance):
    return mean + log_variance * torch.randn_like(mean)


def _outside_autograd(mean, log_variance):
    return torch.normal(mean.detach(), (0.5 * log_variance).exp().detach())


def _std_detached(mean, log_variance):
    return mean + (0.5 * log_variance).exp().detach() * torch.randn_like(mean)


def _uniform(mean, log_variance):
    return mean + (0.5 * log_variance).exp() * torch.rand_like(mean)


def _no_noise(mean, log_variance):
    return mean + (0.5 * log_variance).exp()


def _one_draw(mean, log_variance):
    return mean + (0.5 * log_variance).exp() * torch.randn(())


def _one_draw_a_row(mean, log_variance):
    return mean + (0.5 * log_variance).exp() * torch.randn(len(mean), 1)


def _one_draw_a_column(mean, log_variance):
    return mean + (0.5 * log_variance).exp() * torch.randn(1, mean.shape[1])


def _sign_of_kl(mean, log_variance):
    return -kl_to_standard(mean, log_variance)


def _no_half(mean, log_variance):
    return mean**2 + log_variance.exp() - 1 - log_variance


def _std_in_kl(mean, log_variance):
    return 0.5 * (mean**2 + (0.5 * log_variance).exp() - 1 - log_variance)


def _no_one(mean, log_variance):
    return 0.5 * (mean**2 + log_variance.exp() - log_variance)


def _mean_not_squared(mean, log_variance):
    return 0.5 * (mean + log_variance.exp() - 1 - log_variance)


def _other_way_round(mean, log_variance):
    return 0.5 * ((1 + mean**2) / log_variance.exp() - 1 + log_variance)


def _variance_taken_for_its_log(mean, log_variance):
    return 0.5 * (mean**2 + log_variance - 1 - log_variance.abs().log())


def _summed_already(mean, log_variance):
    return kl_to_standard(mean, log_variance).sum(1)


def vae_loss(logits, images, mean, log_variance):
    """Both terms summed over pixels and latents, then the mean over the batch."""
    return (pixel_loss(logits, images) + kl_to_standard(mean, log_variance).sum(1)).mean()


def _pixel_mean(logits, images, mean, log_variance):
    return (
        F.binary_cross_entropy_with_logits(logits, images)
        + kl_to_standard(mean, log_variance).sum(1).mean()
    )


def _latent_mean(logits, images, mean, log_variance):
    return (pixel_loss(logits, images) + kl_to_standard(mean, log_variance).mean(1)).mean()


def _both_mean(logits, images, mean, log_variance):
    return (
        F.binary_cross_entropy_with_logits(logits, images)
        + kl_to_standard(mean, log_variance).mean()
    )


def _kl_subtracted(logits, images, mean, log_variance):
    return (pixel_loss(logits, images) - kl_to_standard(mean, log_variance).sum(1)).mean()


def _sigmoid_twice(logits, images, mean, log_variance):
    return vae_loss(logits.sigmoid(), images, mean, log_variance)


def _batch_summed(logits, images, mean, log_variance):
    return vae_loss(logits, images, mean, log_variance) * len(images)


def _no_kl(logits, images, mean, log_variance):
    return pixel_loss(logits, images).mean()


def _squares(logits, images, mean, log_variance):
    return (
        (logits.sigmoid() - images).square().flatten(1).sum(1)
        + kl_to_standard(mean, log_variance).sum(1)
    ).mean()


def traverse(z, which, values):
    """Copies of z (Z,) with latent `which` set to each of `values`: (len(values), Z)."""
    rows = z.repeat(len(values), 1)
    rows[:, which] = torch.as_tensor(values, dtype=z.dtype)
    return rows


def _added(z, which, values):
    rows = traverse(z, which, values)
    rows[:, which] += z[which]
    return rows


def _all_of_them(z, which, values):
    return torch.as_tensor(values, dtype=z.dtype)[:, None].expand(-1, len(z))


def _others_zero(z, which, values):
    return traverse(torch.zeros_like(z), which, values)


def _turned_round(z, which, values):
    return traverse(z, which, values).T


def _only_the_first(z, which, values):
    return traverse(z, 0, values)


def bound(log_weights):
    """log of the mean of the weights over K samples, from (K, B) log-weights: (B,)."""
    return torch.logsumexp(log_weights, 0) - math.log(len(log_weights))


def _mean_of_logs(log_weights):
    return log_weights.mean(0)


def _forgot_k(log_weights):
    return torch.logsumexp(log_weights, 0)


def _over_the_batch(log_weights):
    return torch.logsumexp(log_weights, 1) - math.log(log_weights.shape[1])


def _overflows(log_weights):
    return log_weights.exp().mean(0).log()


def _largest(log_weights):
    return log_weights.max(0).values


def _not_logged(log_weights):
    return (log_weights - log_weights.max()).exp().mean(0)


def free_bits(kl, least):
    """KL (B, Z) -> sum over the latents of max(mean over the batch, least)."""
    return kl.mean(0).clamp(min=least).sum()


def _each_image(kl, least):
    return kl.clamp(min=least).sum(1).mean()


def _capped(kl, least):
    return kl.mean(0).clamp(max=least).sum()


def _total(kl, least):
    return kl.mean(0).sum().clamp(min=least)


def _subtracted(kl, least):
    return (kl.mean(0) - least).clamp(min=0).sum()


def _added_bits(kl, least):
    return (kl.mean(0) + least).sum()


def _latents_averaged(kl, least):
    return kl.mean(0).clamp(min=least).mean()


def _two_gaussians():
    return [
        (torch.tensor([[0.5, -1.0, 2.0]]), torch.tensor([[-2.0, 1.0, -1.0]])),
        (torch.tensor([[0.0]]), torch.tensor([[3.0]])),
    ]


def _some_latents():
    torch.manual_seed(3)
    return [(torch.randn(3, 2), torch.randn(3, 2)), (torch.tensor([[0.0]]), torch.tensor([[0.0]]))]


def _some_painted():
    torch.manual_seed(4)
    return [(torch.randn(3, 1, 4, 4), torch.rand(3, 1, 4, 4), torch.randn(3, 2), torch.randn(3, 2))]


def _log_weights():
    return [
        (torch.tensor([[-1.0, -3.0], [-2.0, -3.0], [-5.0, -1.0]]),),
        (torch.tensor([[-1200.0], [-1210.0]]),),
        (torch.tensor([[-7.0]]),),
    ]


EXERCISES = (
    Exercise(
        name="vae.reparameterize",
        title="Noise that gradients pass",
        minutes=15,
        reference=reparameterize,
        probes=_two_gaussians,
        observe=_observed,
        mistakes=(
            Mistake(
                _variance_as_std,
                (
                    "The noise has variance exp(2 * log_variance): take half the "
                    "log-variance, std = exp(0.5 * log_variance)."
                ),
            ),
            Mistake(_log_as_std, "log_variance is a logarithm: std = exp(0.5 * log_variance)."),
            Mistake(
                _outside_autograd,
                (
                    "Drawn outside autograd, no gradient reaches mean and log_variance: draw "
                    "noise, then mean + std * noise."
                ),
            ),
            Mistake(
                _std_detached,
                "Gradients reach the mean, but not log_variance: do not detach the std.",
            ),
            Mistake(
                _uniform,
                (
                    "torch.rand is uniform between 0 and 1; the noise must be Gaussian: "
                    "torch.randn_like."
                ),
            ),
            Mistake(
                _no_noise,
                "There is no randomness in it: multiply the std by torch.randn_like(mean).",
            ),
            Mistake(
                _one_draw,
                (
                    "One draw is shared by all: every number needs noise of its own, "
                    "torch.randn_like(mean)."
                ),
            ),
            Mistake(
                _one_draw_a_row,
                (
                    "One draw is shared by all latents of a row: every number needs noise of "
                    "its own, torch.randn_like(mean)."
                ),
            ),
            Mistake(
                _one_draw_a_column,
                (
                    "All rows share their draws: every number needs noise of its own, "
                    "torch.randn_like(mean)."
                ),
            ),
        ),
        hints=(
            "noise = torch.randn_like(mean) has mean 0 and variance 1.",
            "std = torch.exp(0.5 * log_variance).",
            "mean + std * noise.",
        ),
    ),
    Exercise(
        name="vae.kl",
        title="KL to the standard Gaussian",
        minutes=15,
        reference=kl_to_standard,
        probes=_some_latents,
        observe=with_gradients,
        mistakes=(
            Mistake(_sign_of_kl, "The sign is turned: a KL divergence is never negative."),
            Mistake(_no_half, "The factor 1/2 is missing."),
            Mistake(_std_in_kl, "exp(log_variance) is the variance; you took its root."),
            Mistake(_no_one, "The - 1 is missing: for N(0, 1) itself the KL must be 0."),
            Mistake(_mean_not_squared, "The mean counts squared."),
            Mistake(
                _other_way_round,
                "That is KL(N(0, 1) || q), the other way round; here q comes first.",
            ),
            Mistake(
                _variance_taken_for_its_log,
                "You are given the LOGARITHM of the variance: the variance is its exp.",
            ),
            Mistake(_summed_already, "One number for each latent, (B, Z); the sum comes later."),
        ),
        hints=(
            "variance = log_variance.exp().",
            "0.5 * (mean ** 2 + variance - 1 - log_variance).",
        ),
    ),
    Exercise(
        name="vae.loss",
        title="Both terms, summed",
        minutes=15,
        reference=vae_loss,
        probes=_some_painted,
        observe=with_gradients,
        mistakes=(
            Mistake(
                _pixel_mean,
                (
                    "The pixels are averaged and the latents summed: the KL then counts as "
                    "many times as there are pixels. Sum both."
                ),
            ),
            Mistake(
                _latent_mean,
                (
                    "The latents are averaged and the pixels summed: the KL counts too "
                    "little. Sum both."
                ),
            ),
            Mistake(
                _both_mean,
                (
                    "Both are averaged, over different numbers of things: sum over pixels "
                    "and over latents, then mean over the batch."
                ),
            ),
            Mistake(_kl_subtracted, "The KL is a price: add it."),
            Mistake(
                _sigmoid_twice,
                "The sigmoid is applied twice: binary_cross_entropy_with_logits takes logits.",
            ),
            Mistake(_batch_summed, "The mean over the batch is asked for, not the sum."),
            Mistake(_no_kl, "The KL is missing: without it this is an autoencoder with noise."),
            Mistake(
                _squares,
                (
                    "Pixels are probabilities of white here: binary cross-entropy, not "
                    "squared differences."
                ),
            ),
        ),
        hints=(
            (
                "F.binary_cross_entropy_with_logits(logits, images, "
                "reduction='none').flatten(1).sum(1) is one number an image."
            ),
            "kl(mean, log_variance).sum(1) is another; add them, then .mean().",
        ),
    ),
    Question(
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
            "How many pixels does the mean divide by?",
            "loss x 784 = sum over pixels + 784 x KL.",
        ),
    ),
    Exercise(
        name="vae.traverse",
        title="Walk along one latent",
        minutes=5,
        reference=traverse,
        probes=lambda: [
            (torch.tensor([0.5, -1.0, 2.0]), 1, [-2.0, 0.0, 3.0]),
            (torch.tensor([1.0, 2.0]), 0, [4.0]),
        ],
        mistakes=(
            Mistake(_added, "Set the latent to each value; you add the value to what was there."),
            Mistake(_all_of_them, "Only one latent changes; the others keep the values of z."),
            Mistake(_others_zero, "The others keep the values of z, not 0."),
            Mistake(_turned_round, "A row for each value: (len(values), Z)."),
            Mistake(
                _only_the_first, "It is latent number `which` that changes, not always the first."
            ),
        ),
        hints=(
            "rows = z.repeat(len(values), 1) makes copies.",
            "rows[:, which] = torch.tensor(values).",
        ),
    ),
    Exercise(
        name="vae.free_bits",
        title="Free bits",
        minutes=10,
        reference=free_bits,
        probes=lambda: [
            (torch.tensor([[0.2, 1.0, 0.0], [0.0, 3.0, 0.1]]), 0.5),
            (torch.tensor([[2.0, 0.4], [0.0, 0.4]]), 0.25),
        ],
        observe=with_gradients,
        mistakes=(
            Mistake(_each_image, "Take the mean over the batch first: single images may pay less."),
            Mistake(_capped, "At LEAST `least`: clamp(min=...)."),
            Mistake(_total, "Each latent for itself has its free bits, not all of them together."),
            Mistake(
                _subtracted,
                "max(KL, least) is not KL - least: a latent that pays `least` counts as `least`.",
            ),
            Mistake(
                _added_bits,
                "Nothing is added: a latent that pays more than `least` counts as it is.",
            ),
            Mistake(_latents_averaged, "Latents are summed."),
        ),
        hints=("kl.mean(0) is one number a latent.", ".clamp(min=least).sum()."),
    ),
    Exercise(
        name="vae.bound",
        title="The importance-weighted bound",
        minutes=20,
        reference=bound,
        probes=_log_weights,
        mistakes=(
            Mistake(
                _mean_of_logs,
                "The mean of the logarithms is the ELBO again: take the logarithm of the mean.",
            ),
            Mistake(_forgot_k, "Divide by K: subtract log K."),
            Mistake(_over_the_batch, "The first axis holds the K samples; the second the images."),
            Mistake(
                _overflows,
                (
                    "exp(-1200) is 0 in floating point, and its log minus infinity: "
                    "torch.logsumexp stays finite."
                ),
            ),
            Mistake(_largest, "The mean of all K weights, not the largest alone."),
            Mistake(_not_logged, "A logarithm is asked for: the log of the mean weight."),
        ),
        hints=(
            "log(1/K sum exp(a)) = logsumexp(a) - log K.",
            "torch.logsumexp(log_weights, 0) - math.log(len(log_weights)).",
        ),
    ),
)
