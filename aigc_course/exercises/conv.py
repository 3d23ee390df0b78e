"""Exercises of lesson 09: convolution, sizes, what a unit sees, transposed convolution, restoration
measured.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from aigc_course.evaluation import image_metrics
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


def _flipped(image, kernel):
    return convolve(image, kernel.flip(0, 1))


def _kernel_transposed(image, kernel):
    return convolve(image, kernel.T)


def _one_place_short(image, kernel):
    return convolve(image, kernel)[:-1, :-1]


def _same_size(image, kernel):
    return F.conv2d(image[None, None], kernel[None, None], padding=len(kernel) // 2)[0, 0]


def _averaged(image, kernel):
    return convolve(image, kernel) / kernel.numel()


def _in_steps_of_the_kernel(image, kernel):
    return convolve(image, kernel)[:: len(kernel), :: len(kernel)]


def _places_exchanged(image, kernel):
    return convolve(image, kernel).T


def _not_multiplied(image, kernel):
    return convolve(image, torch.ones_like(kernel))


def output_size(size, kernel, stride=1, padding=0):
    """floor((size + 2 padding - kernel) / stride) + 1: how many places the kernel has."""
    return (size + 2 * padding - kernel) // stride + 1


def _no_plus_one(size, kernel, stride=1, padding=0):
    return (size + 2 * padding - kernel) // stride


def _one_side_padded(size, kernel, stride=1, padding=0):
    return (size + padding - kernel) // stride + 1


def _rounded_up(size, kernel, stride=1, padding=0):
    return math.ceil((size + 2 * padding - kernel) / stride) + 1


def _stride_unused(size, kernel, stride=1, padding=0):
    return size + 2 * padding - kernel + 1


def _kernel_unused(size, kernel, stride=1, padding=0):
    return (size + 2 * padding) // stride


def _plus_one_first(size, kernel, stride=1, padding=0):
    return (size + 2 * padding - kernel + 1) // stride


def _not_whole(size, kernel, stride=1, padding=0):
    return (size + 2 * padding - kernel) / stride + 1


def receptive_field(layers):
    """Width of what one number of the last layer sees: each (kernel, stride) adds (kernel - 1)
    times the strides before it.
    """
    width, step = 1, 1
    for kernel, stride in layers:
        width += (kernel - 1) * step
        step *= stride
    return width


def _kernels_added(layers):
    return sum(kernel for kernel, _ in layers)


def _strides_forgotten(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)


def _own_stride_first(layers):
    width, step = 1, 1
    for kernel, stride in layers:
        step *= stride
        width += (kernel - 1) * step
    return width


def _kernels_multiplied(layers):
    return math.prod(kernel for kernel, _ in layers)


def _stride_not_multiplied(layers):
    width, before = 1, 1
    for kernel, stride in layers:
        width, before = width + (kernel - 1) * before, stride
    return width


def _from_the_end(layers):
    return receptive_field(list(layers)[::-1])


def _without_itself(layers):
    return receptive_field(layers) - 1


def spread(image, kernel, stride=1):
    """Each pixel paints the kernel, times its own value, `stride` places further than its
    neighbour; what overlaps adds up.
    """
    k = len(kernel)
    painted = torch.zeros((image.shape[0] - 1) * stride + k, (image.shape[1] - 1) * stride + k)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            painted[i * stride : i * stride + k, j * stride : j * stride + k] += (
                image[i, j] * kernel
            )
    return painted


def _painted_over(image, kernel, stride=1):
    k = len(kernel)
    painted = torch.zeros((image.shape[0] - 1) * stride + k, (image.shape[1] - 1) * stride + k)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            painted[i * stride : i * stride + k, j * stride : j * stride + k] = image[i, j] * kernel
    return painted


def _side_by_side(image, kernel, stride=1):
    return spread(image, kernel, 1)


def _spread_flipped(image, kernel, stride=1):
    return spread(image, kernel.flip(0, 1), stride)


def _cut_off(image, kernel, stride=1):
    return spread(image, kernel, stride)[: image.shape[0] * stride, : image.shape[1] * stride]


def _own_value_forgotten(image, kernel, stride=1):
    return spread(torch.ones_like(image), kernel, stride)


def _enlarged_and_convolved(image, kernel, stride=1):
    large = image.repeat_interleave(stride, 0).repeat_interleave(stride, 1)
    return F.conv2d(large[None, None], kernel[None, None], padding=len(kernel) - 1)[0, 0]


def decibels(images, truth):
    """10 log10(1 / mean squared error) of each image."""
    return -10 * (images - truth).square().flatten(1).mean(1).log10()


def _natural_log(images, truth):
    return -10 * (images - truth).square().flatten(1).mean(1).log()


def _of_the_root(images, truth):
    return -10 * (images - truth).square().flatten(1).mean(1).sqrt().log10()


def _twenty(images, truth):
    return -20 * (images - truth).square().flatten(1).mean(1).log10()


def _whole_batch(images, truth):
    return (-10 * (images - truth).square().mean().log10()).expand(len(images))


def _negative(images, truth):
    return -image_metrics.psnr(images, truth)


def _absolute(images, truth):
    return -10 * (images - truth).abs().flatten(1).mean(1).log10()


def _summed(images, truth):
    return -10 * (images - truth).square().flatten(1).sum(1).log10()


def _some_images():
    torch.manual_seed(0)
    truth = torch.rand(3, 1, 4, 4)
    return [
        ((truth + 0.2 * torch.randn_like(truth)).clamp(0, 1), truth),
        (torch.zeros(2, 1, 4, 5), torch.full((2, 1, 4, 5), 0.1)),
    ]


def _image_and_kernel(*more):
    torch.manual_seed(1)
    return [
        (torch.randn(6, 7), torch.randn(3, 3), *more),
        (torch.randn(4, 4), torch.randn(2, 2), *more),
    ]


EXERCISES = (
    Exercise(
        name="conv.convolve",
        title="Convolution by hand",
        minutes=15,
        reference=convolve,
        probes=_image_and_kernel,
        mistakes=(
            Mistake(
                _flipped,
                (
                    "Your kernel is turned by 180 degrees. That is the mathematician's "
                    "convolution; networks do not turn it."
                ),
            ),
            Mistake(_kernel_transposed, "Rows and columns of the kernel are exchanged."),
            Mistake(
                _places_exchanged,
                (
                    "Rows and columns of the result are exchanged: out[i, j] belongs to the "
                    "patch whose first row is i."
                ),
            ),
            Mistake(
                _one_place_short,
                "The last place is missing: there are H - k + 1 places in a column, not H - k.",
            ),
            Mistake(
                _same_size,
                "No padding here: the kernel stays inside, so the result has H - k + 1 rows.",
            ),
            Mistake(_averaged, "Add the products up; do not divide by their number."),
            Mistake(
                _in_steps_of_the_kernel,
                "The kernel moves by one pixel at a time, not by its own width.",
            ),
            Mistake(_not_multiplied, "Multiply the patch by the kernel before you add it up."),
        ),
        hints=(
            "A patch is image[i : i + k, j : j + k]; i goes from 0 to H - k, j from 0 to W - k.",
            "(patch * kernel).sum() is one number of the result.",
            "out = torch.zeros(H - k + 1, W - k + 1), then fill out[i, j] in two loops.",
        ),
    ),
    Exercise(
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
        mistakes=(
            Mistake(
                _no_plus_one,
                "One is missing: a kernel as large as the image has one place, not none.",
            ),
            Mistake(_one_side_padded, "Padding is put on both sides: size + 2 * padding."),
            Mistake(
                _rounded_up,
                "Round down: a place where the kernel would hang over the edge does not count.",
            ),
            Mistake(
                _stride_unused, "With a stride of s only every s-th place counts: divide by it."
            ),
            Mistake(
                _kernel_unused, "The kernel takes room: its last place is `kernel` before the end."
            ),
            Mistake(_plus_one_first, "The + 1 comes after the division by the stride."),
            Mistake(_not_whole, "Sizes are whole numbers: // rounds down."),
        ),
        hints=(
            "The first place is 0, the last size + 2 * padding - kernel.",
            "Count in steps of `stride`, both ends included: // stride, + 1.",
        ),
    ),
    Exercise(
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
        mistakes=(
            Mistake(
                _kernels_added,
                "Neighbouring kernels overlap: each layer adds kernel - 1, not kernel.",
            ),
            Mistake(
                _strides_forgotten,
                (
                    "After a layer with stride 2 a step of one is two pixels of the image: "
                    "multiply by the strides before."
                ),
            ),
            Mistake(
                _own_stride_first,
                "A layer's own stride counts for the layers after it, not for itself.",
            ),
            Mistake(_kernels_multiplied, "Kernels do not multiply: two 3s see 5 pixels, not 9."),
            Mistake(
                _stride_not_multiplied,
                "ALL strides before multiply: two layers of stride 2 make a step of four pixels.",
            ),
            Mistake(
                _from_the_end,
                "The first layer of the list touches the image; you began with the last.",
            ),
            Mistake(_without_itself, "Before any layer a number sees 1 pixel: begin with 1."),
        ),
        hints=(
            "Begin with width = 1 and step = 1, pixels between two neighbours of the layer.",
            "Each layer: width += (kernel - 1) * step, then step *= stride.",
        ),
    ),
    Question(
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
            Mistake(
                4624, "There is one bias a kernel, 32 of them, not one for each incoming channel."
            ),
        ),
        hints=(
            "One kernel: 3 x 3 x (channels that come in) weights and one bias.",
            "There is a kernel for each channel that goes out.",
        ),
        tolerance=0.5,
    ),
    Exercise(
        name="conv.transposed",
        title="Transposed convolution by hand",
        minutes=20,
        reference=spread,
        probes=lambda: _image_and_kernel(2) + _image_and_kernel(1) + _image_and_kernel(3),
        mistakes=(
            Mistake(_painted_over, "Where two kernels overlap their values add up: use +=."),
            Mistake(
                _side_by_side,
                "The stride is not used: the next pixel paints `stride` places further.",
            ),
            Mistake(_spread_flipped, "The kernel is painted as it is, not turned."),
            Mistake(
                _cut_off, "The last kernel hangs over: the result has (H - 1) * stride + k rows."
            ),
            Mistake(_own_value_forgotten, "Each pixel paints the kernel times its own value."),
            Mistake(
                _enlarged_and_convolved,
                (
                    "Enlarging and convolving is another way to grow an image; here each "
                    "pixel paints a kernel."
                ),
            ),
        ),
        hints=(
            "painted = torch.zeros((H - 1) * stride + k, (W - 1) * stride + k).",
            "Pixel (i, j) paints at [i * stride : i * stride + k, j * stride : j * stride + k].",
            "+= image[i, j] * kernel.",
        ),
    ),
    Exercise(
        name="conv.psnr",
        title="Peak signal-to-noise ratio",
        minutes=10,
        reference=image_metrics.psnr,
        probes=_some_images,
        mistakes=(
            Mistake(_natural_log, "Decibels take the logarithm to base 10."),
            Mistake(
                _of_the_root,
                "10 log10 of the mean SQUARED error; you took its root (then it would be 20).",
            ),
            Mistake(
                _twenty,
                (
                    "20 goes with the root of the mean squared error; with the mean squared "
                    "error itself it is 10."
                ),
            ),
            Mistake(
                _whole_batch, "One number for each image: take the mean over its own pixels only."
            ),
            Mistake(_negative, "Better images have MORE decibels: the sign is turned."),
            Mistake(_absolute, "The mean of squares, not of absolute values."),
            Mistake(_summed, "The MEAN over the pixels: otherwise a larger image looks worse."),
        ),
        hints=(
            "error = (images - truth).square().flatten(1).mean(1), one number an image.",
            "-10 * error.log10().",
        ),
        shown=decibels,
    ),
)
