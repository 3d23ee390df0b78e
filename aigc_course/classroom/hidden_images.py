"""Hidden parameters of the exercises on images: lessons 09 to 11."""

from __future__ import annotations

from aigc_course.exercises.engine.draws import case, ints, normal, size


@case("conv.convolve")
def _(rng):
    k = size(rng, 2, 4)
    return normal(rng, size(rng, 5, 9), size(rng, 5, 9)), normal(rng, k, k)


@case("conv.size", times=6)
def _(rng):
    return size(rng, 8, 40), size(rng, 2, 7), size(rng, 1, 3), size(rng, 0, 3)


@case("conv.receptive", times=5)
def _(rng):
    return ([(size(rng, 2, 5), size(rng, 1, 3)) for _ in range(size(rng, 2, 5))],)


@case("conv.transposed")
def _(rng):
    k = size(rng, 2, 4)
    return normal(rng, size(rng, 2, 5), size(rng, 2, 5)), normal(rng, k, k), size(rng, 1, 4)


@case("conv.psnr")
def _(rng):
    n, side = size(rng, 2, 4), size(rng, 3, 6)
    truth = normal(rng, n, 1, side, side).sigmoid()
    return (truth + 0.2 * normal(rng, n, 1, side, side)).clamp(0, 1), truth


@case("vae.reparameterize", times=2)
def _(rng):
    import torch

    spread = torch.tensor(
        rng.uniform(0.8, 2, (1, 3)) * rng.choice([-1, 1], (1, 3)), dtype=torch.float32
    )
    return normal(rng, 1, 3), spread


@case("vae.kl")
def _(rng):
    shape = size(rng, 2, 4), size(rng, 2, 4)
    return normal(rng, *shape), normal(rng, *shape)


@case("vae.loss")
def _(rng):
    B, side, Z = size(rng, 2, 4), size(rng, 3, 6), size(rng, 2, 5)
    return (
        normal(rng, B, 1, side, side),
        normal(rng, B, 1, side, side).sigmoid(),
        normal(rng, B, Z),
        normal(rng, B, Z),
    )


@case("vae.traverse")
def _(rng):
    Z = size(rng, 2, 6)
    return normal(rng, Z), size(rng, 0, Z - 1), rng.normal(size=size(rng, 2, 5)).tolist()


@case("vae.free_bits")
def _(rng):
    return 2 * normal(rng, size(rng, 2, 5), 4).sigmoid(), float(rng.uniform(0.5, 1.5))


@case("vae.bound")
def _(rng):
    K = size(rng, 2, 6)
    return (normal(rng, K, size(rng, 2, 4)) * 3 - float(rng.choice([20, 900])),)


@case("gan.optimal")
def _(rng):
    import torch

    n = size(rng, 2, 6)
    p, q = (torch.tensor(rng.uniform(0.05, 1, n), dtype=torch.float32) for _ in range(2))
    p[0] = 0
    return p, q


@case("gan.discriminator_loss")
def _(rng):
    n = size(rng, 2, 6)
    return 2 * normal(rng, n), 2 * normal(rng, n)


@case("gan.generator_loss")
def _(rng):
    return (2 * normal(rng, size(rng, 2, 6)),)


@case("gan.d_step", times=2)
def _(rng):
    n = size(rng, 3, 6)
    return normal(rng, n, 2) + 1, normal(rng, n, 2)


@case("gan.size", times=6)
def _(rng):
    return size(rng, 2, 12), size(rng, 3, 6), size(rng, 1, 3), size(rng, 0, 1)


@case("gan.condition")
def _(rng):
    n, classes = size(rng, 2, 5), size(rng, 3, 6)
    return normal(rng, n, size(rng, 1, 4)), ints(rng, 0, classes, n), classes
