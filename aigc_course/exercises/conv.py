"""Exercises on convolutional networks.

Convolution, sizes, what a unit sees, transposed convolution, and how restoration is measured.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from aigc_course.evaluation import image_metrics
from aigc_course.exercises.engine.draws import normal, size
from aigc_course.exercises.engine.types import Exercise, Mistake, Question


def convolve(image, kernel):
    """Slide the kernel over the image; at each place multiply and add up."""
    k = len(kernel)
    rows, columns = image.shape[0] - k + 1, image.shape[1] - k + 1
    return torch.stack(
        [
            torch.stack([(image[i : i + k, j : j + k] * kernel).sum() for j in range(columns)])
            for i in range(rows)
        ]
    )


def _image_and_kernel(*more):
    """Return probes: an image, a kernel, and what else is given."""
    torch.manual_seed(1)
    return [
        (torch.randn(6, 7), torch.randn(3, 3), *more),
        (torch.randn(4, 4), torch.randn(2, 2), *more),
    ]


CONVOLVE = Exercise(
    name="conv.convolve",
    title="Convolution by hand",
    minutes=15,
    reference=convolve,
    probes=_image_and_kernel,
    hints=(
        "At how many places can the kernel lie in one row of the image, and in one column?",
        (
            "At each place cut out the patch under the kernel, multiply it with the kernel "
            "entry by entry, and add up."
        ),
        (
            "y(i, j) = sum over a and b of x(i + a, j + b) k(a, b), for i = 0 ... H - k and j "
            "= 0 ... W - k."
        ),
    ),
)


@CONVOLVE.mistake(
    "Your kernel is turned by 180 degrees. That is the mathematician's "
    "convolution; networks do not turn it."
)
def flipped(image, kernel):
    return convolve(image, kernel.flip(0, 1))


@CONVOLVE.mistake("Rows and columns of the kernel are exchanged.")
def kernel_transposed(image, kernel):
    return convolve(image, kernel.T)


@CONVOLVE.mistake(
    "Rows and columns of the result are exchanged: out[i, j] belongs to the "
    "patch whose first row is i."
)
def places_exchanged(image, kernel):
    return convolve(image, kernel).T


@CONVOLVE.mistake("The last place is missing: there are H - k + 1 places in a column, not H - k.")
def one_place_short(image, kernel):
    return convolve(image, kernel)[:-1, :-1]


@CONVOLVE.mistake("No padding here: the kernel stays inside, so the result has H - k + 1 rows.")
def same_size(image, kernel):
    return F.conv2d(image[None, None], kernel[None, None], padding=len(kernel) // 2)[0, 0]


@CONVOLVE.mistake("Add the products up; do not divide by their number.")
def averaged(image, kernel):
    return convolve(image, kernel) / kernel.numel()


@CONVOLVE.mistake("The kernel moves by one pixel at a time, not by its own width.")
def in_steps_of_the_kernel(image, kernel):
    return convolve(image, kernel)[:: len(kernel), :: len(kernel)]


@CONVOLVE.mistake("Multiply the patch by the kernel before you add it up.")
def not_multiplied(image, kernel):
    return convolve(image, torch.ones_like(kernel))


@CONVOLVE.hidden()
def draw_convolve(rng):
    k = size(rng, 2, 4)
    return normal(rng, size(rng, 5, 9), size(rng, 5, 9)), normal(rng, k, k)


def output_size(size, kernel, stride=1, padding=0):
    """Return how many places the kernel has: floor((size + 2 padding - kernel) / stride) + 1."""
    return (size + 2 * padding - kernel) // stride + 1


SIZE = Exercise(
    name="conv.size",
    title="How large is the result?",
    minutes=5,
    reference=output_size,
    probes=lambda: [
        (28, 3),
        (28, 3, 1, 1),
        (28, 4, 2, 1),
        (28, 5, 2, 0),
        (7, 3, 3, 2),
        (10, 10),
    ],
    hints=(
        "Where may the kernel's left edge stand first, and where last?",
        (
            "With padding the row is longer on both sides. From the first place to the last "
            "one it moves in steps of the stride; both ends count."
        ),
        (
            "places = floor(last place / stride) + 1, and the last place is size + 2 padding - "
            "kernel."
        ),
    ),
)


@SIZE.mistake("One is missing: a kernel as large as the image has one place, not none.")
def no_plus_one(size, kernel, stride=1, padding=0):
    return (size + 2 * padding - kernel) // stride


@SIZE.mistake("Padding is put on both sides: size + 2 * padding.")
def one_side_padded(size, kernel, stride=1, padding=0):
    return (size + padding - kernel) // stride + 1


@SIZE.mistake("Round down: a place where the kernel would hang over the edge does not count.")
def rounded_up(size, kernel, stride=1, padding=0):
    return math.ceil((size + 2 * padding - kernel) / stride) + 1


@SIZE.mistake("With a stride of s only every s-th place counts: divide by it.")
def stride_unused(size, kernel, stride=1, padding=0):
    return size + 2 * padding - kernel + 1


@SIZE.mistake("The kernel takes room: its last place is `kernel` before the end.")
def kernel_unused(size, kernel, stride=1, padding=0):
    return (size + 2 * padding) // stride


@SIZE.mistake("The + 1 comes after the division by the stride.")
def plus_one_first(size, kernel, stride=1, padding=0):
    return (size + 2 * padding - kernel + 1) // stride


@SIZE.mistake("Sizes are whole numbers: // rounds down.")
def not_whole(size, kernel, stride=1, padding=0):
    return (size + 2 * padding - kernel) / stride + 1


@SIZE.hidden(times=6)
def draw_size(rng):
    return size(rng, 8, 40), size(rng, 2, 7), size(rng, 1, 3), size(rng, 0, 3)


def receptive_field(layers):
    """Return the width of what one number of the last layer sees.

    Each (kernel, stride) adds (kernel - 1) times the strides before it.
    """
    width, step = 1, 1
    for kernel, stride in layers:
        width += (kernel - 1) * step
        step *= stride
    return width


RECEPTIVE = Exercise(
    name="conv.receptive",
    title="What one number sees",
    minutes=15,
    reference=receptive_field,
    probes=lambda: [
        ([(3, 1)],),
        ([(3, 1)] * 2,),
        ([(3, 1), (2, 2), (3, 1), (2, 2)],),
        ([(4, 2), (4, 2), (7, 1)],),
        ([(5, 3), (1, 1), (2, 1)],),
    ],
    hints=(
        "How many pixels of the picture lie between two neighbouring numbers of a layer?",
        (
            "Go upwards from one pixel. Each layer widens the view by kernel - 1 of such "
            "steps; its stride then makes the steps of all later layers longer."
        ),
        ("width = 1 + sum over the layers of (kernel - 1) x (product of the strides before it)."),
    ),
)


@RECEPTIVE.mistake("Neighbouring kernels overlap: each layer adds kernel - 1, not kernel.")
def kernels_added(layers):
    return sum(kernel for kernel, _ in layers)


@RECEPTIVE.mistake(
    "After a layer with stride 2 a step of one is two pixels of the image: "
    "multiply by the strides before."
)
def strides_forgotten(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)


@RECEPTIVE.mistake("A layer's own stride counts for the layers after it, not for itself.")
def own_stride_first(layers):
    width, step = 1, 1
    for kernel, stride in layers:
        step *= stride
        width += (kernel - 1) * step
    return width


@RECEPTIVE.mistake("Kernels do not multiply: two 3s see 5 pixels, not 9.")
def kernels_multiplied(layers):
    return math.prod(kernel for kernel, _ in layers)


@RECEPTIVE.mistake(
    "ALL strides before multiply: two layers of stride 2 make a step of four pixels."
)
def stride_not_multiplied(layers):
    width, before = 1, 1
    for kernel, stride in layers:
        width, before = width + (kernel - 1) * before, stride
    return width


@RECEPTIVE.mistake("The first layer of the list touches the image; you began with the last.")
def from_the_end(layers):
    return receptive_field(list(layers)[::-1])


@RECEPTIVE.mistake("Before any layer a number sees 1 pixel: begin with 1.")
def without_itself(layers):
    return receptive_field(layers) - 1


@RECEPTIVE.hidden(times=5)
def draw_receptive(rng):
    return ([(size(rng, 2, 5), size(rng, 1, 3)) for _ in range(size(rng, 2, 5))],)


WEIGHTS = Question(
    name="conv.weights",
    title="How many weights?",
    minutes=5,
    reference=4640,
    explanation="Each of the 32 kernels has 3 x 3 weights for each of 16 channels, and a bias: "
    "32 x (3 x 3 x 16 + 1) = 4,640. The size of the "
    "image does not matter; a linear layer from 16 x 14 x 14 to 32 x 14 x 14 numbers "
    "would have 19.7 million.",
    mistakes=(
        Mistake(4608, "Each of the 32 kernels has a bias, too."),
        Mistake(288, "A kernel reaches through all 16 channels: 3 x 3 x 16 weights each."),
        Mistake(
            320,
            "A kernel reaches through all 16 channels: 3 x 3 x 16 weights each, and a bias.",
        ),
        Mistake(144, "That is one kernel; there are 32, each with a bias."),
        Mistake(145, "That is one kernel; there are 32."),
        Mistake(4624, "There is one bias a kernel, 32 of them, not one for each incoming channel."),
    ),
    hints=(
        "How many numbers has one kernel that reaches through all channels below?",
        (
            "A kernel has 3 x 3 weights for each channel that comes in, and one bias. There is "
            "one kernel for each channel that goes out."
        ),
        "out x (k x k x in + 1).",
    ),
    tolerance=0.5,
)


def spread(image, kernel, stride=1):
    """Add the kernel, times each pixel's value, `stride` places further for each next pixel."""
    k, (rows, columns) = len(kernel), image.shape
    result = torch.zeros((rows - 1) * stride + k, (columns - 1) * stride + k)
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            result[top : top + k, left : left + k] += image[i, j] * kernel
    return result


def _with_stride_by_name(answer, arguments):
    """Call the answer with `stride=...`, as the lesson does, too."""
    image, kernel, stride = arguments
    return answer(image, kernel, stride=stride)


TRANSPOSED = Exercise(
    name="conv.transposed",
    title="Transposed convolution by hand",
    minutes=20,
    reference=spread,
    probes=lambda: _image_and_kernel(2) + _image_and_kernel(1) + _image_and_kernel(3),
    observe=_with_stride_by_name,
    hints=(
        "To which numbers of the result does one pixel of the image contribute?",
        (
            "Begin with zeros. Each pixel adds the whole kernel, times its own value, to a "
            "square of k x k; the next pixel's square begins `stride` further. Where squares "
            "overlap, values add up."
        ),
        (
            "Pixel (i, j) adds x(i, j) k(a, b) at place (i s + a, j s + b), with stride s; the "
            "result has (H - 1) s + k rows."
        ),
    ),
)


@TRANSPOSED.mistake("Where two kernels overlap their values add up: use +=.")
def overwritten(image, kernel, stride=1):
    k = len(kernel)
    result = torch.zeros((image.shape[0] - 1) * stride + k, (image.shape[1] - 1) * stride + k)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            result[i * stride : i * stride + k, j * stride : j * stride + k] = image[i, j] * kernel
    return result


@TRANSPOSED.mistake(
    "The stride is not used: the next pixel's kernel begins `stride` places further."
)
def side_by_side(image, kernel, stride=1):
    return spread(image, kernel, 1)


@TRANSPOSED.mistake("The kernel is put down as it is, not turned.")
def spread_flipped(image, kernel, stride=1):
    return spread(image, kernel.flip(0, 1), stride)


@TRANSPOSED.mistake("The last kernel hangs over: the result has (H - 1) * stride + k rows.")
def cut_off(image, kernel, stride=1):
    return spread(image, kernel, stride)[: image.shape[0] * stride, : image.shape[1] * stride]


@TRANSPOSED.mistake("Each pixel puts down the kernel times its own value.")
def own_value_forgotten(image, kernel, stride=1):
    return spread(torch.ones_like(image), kernel, stride)


@TRANSPOSED.mistake(
    "Enlarging and convolving is another way to grow an image; here each pixel puts down a kernel."
)
def enlarged_and_convolved(image, kernel, stride=1):
    large = image.repeat_interleave(stride, 0).repeat_interleave(stride, 1)
    return F.conv2d(large[None, None], kernel[None, None], padding=len(kernel) - 1)[0, 0]


@TRANSPOSED.hidden()
def draw_transposed(rng):
    k = size(rng, 2, 4)
    return normal(rng, size(rng, 2, 5), size(rng, 2, 5)), normal(rng, k, k), size(rng, 1, 4)


def decibels(images, truth):
    """Return 10 log10(1 / mean squared error) of each image (N, ...): (N,)."""
    return -10 * (images - truth).square().flatten(1).mean(1).log10()


def _some_images():
    """Return probes: images with noise and the true ones, each (N, 1, H, W) in [0, 1]."""
    torch.manual_seed(0)
    truth = torch.rand(3, 1, 4, 4)
    return [
        ((truth + 0.2 * torch.randn_like(truth)).clamp(0, 1), truth),
        (torch.zeros(2, 1, 4, 5), torch.full((2, 1, 4, 5), 0.1)),
    ]


PSNR = Exercise(
    name="conv.psnr",
    title="Peak signal-to-noise ratio",
    minutes=10,
    reference=image_metrics.psnr,
    probes=_some_images,
    hints=(
        "Over what is the error averaged, if each image is to get a number of its own?",
        (
            "Mean squared error of each image over all its pixels, then a logarithm to base "
            "10. A smaller error must give more decibels."
        ),
        "PSNR = 10 log10(1 / MSE).",
    ),
    shown=decibels,
)


@PSNR.mistake("Decibels take the logarithm to base 10.")
def natural_log(images, truth):
    return -10 * (images - truth).square().flatten(1).mean(1).log()


@PSNR.mistake("10 log10 of the mean SQUARED error; you took its root (then it would be 20).")
def of_the_root(images, truth):
    return -10 * (images - truth).square().flatten(1).mean(1).sqrt().log10()


@PSNR.mistake(
    "20 goes with the root of the mean squared error; with the mean squared error itself it is 10."
)
def twenty(images, truth):
    return -20 * (images - truth).square().flatten(1).mean(1).log10()


@PSNR.mistake("One number for each image: take the mean over its own pixels only.")
def whole_batch(images, truth):
    return (-10 * (images - truth).square().mean().log10()).expand(len(images))


@PSNR.mistake("Better images have MORE decibels: the sign is turned.")
def negative(images, truth):
    return -image_metrics.psnr(images, truth)


@PSNR.mistake("The mean of squares, not of absolute values.")
def absolute(images, truth):
    return -10 * (images - truth).abs().flatten(1).mean(1).log10()


@PSNR.mistake("The MEAN over the pixels: otherwise a larger image looks worse.")
def summed(images, truth):
    return -10 * (images - truth).square().flatten(1).sum(1).log10()


@PSNR.hidden()
def draw_psnr(rng):
    n, side = size(rng, 2, 4), size(rng, 3, 6)
    truth = normal(rng, n, 1, side, side).sigmoid()
    return (truth + 0.2 * normal(rng, n, 1, side, side)).clamp(0, 1), truth
