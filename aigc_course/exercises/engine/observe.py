"""What is looked at when an answer runs on a probe, for exercises where the result alone does not
say enough.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

RESULT = "result"
PASSES = "lets gradients through"
NO_GRADIENT = (
    "the result must be a tensor that gradients can go through, as the lesson trains through it: "
    "no .item(), no .detach(), no NumPy."
)


def with_gradients(answer: Callable, arguments: tuple) -> dict[str, object] | None:
    """Call an answer; look at its result and at the gradients that it lets through.

    For exercises whose answer the lesson trains through.

    Args:
        answer: gives a tensor, or a tuple or list of tensors.
        arguments: the gradient by each floating tensor among them is looked at.

    Returns:
        "result", whether it lets gradients through and, if so, "gradient by argument 1", ... ->
        value; None where the answer gave None.
    """
    tracked = [_tracked(argument) for argument in arguments]
    result = answer(*tracked)
    if result is None:
        return None
    if not _send_back(result):
        return {RESULT: result, PASSES: False}
    gradients = {
        f"gradient by argument {place}": _gradient(argument)
        for place, argument in enumerate(tracked, start=1)
        if _is_floating(argument)
    }
    return {RESULT: result, PASSES: True, **gradients}


def given_parameters(answer: Callable, arguments: tuple) -> object:
    """Return the result for floating tensors that come as a model's weights do: they record what
    happens to them.
    """
    return answer(*[_tracked(argument) for argument in arguments])


def _send_back(result: object) -> bool:
    """Start the backward pass from a weighted sum of all numbers of the result; return whether that
    was possible.
    """
    import torch

    parts = result if isinstance(result, tuple | list) else (result,)
    if not all(isinstance(part, torch.Tensor) and part.requires_grad for part in parts):
        return False
    # Each number has a weight of its own, so that one gradient cannot stand for another.
    numbers = torch.cat([part.reshape(-1) for part in parts])
    (numbers * torch.linspace(0.5, 1.5, len(numbers))).sum().backward()
    return True


def _tracked(argument: Any) -> Any:
    return argument.clone().requires_grad_() if _is_floating(argument) else argument


def _gradient(argument: Any) -> Any:
    """Return what arrived at an argument: zeros if nothing, as an unused argument has slope 0."""
    import torch

    return torch.zeros_like(argument) if argument.grad is None else argument.grad


def _is_floating(argument: object) -> bool:
    import torch

    return isinstance(argument, torch.Tensor) and argument.is_floating_point()
