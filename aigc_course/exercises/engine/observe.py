"""Ways to observe an answer on a probe, for exercises where its result alone is not enough."""

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
    """Return the result and the gradients that it lets through, where a lesson trains through it.

    Args:
        answer: gives a tensor, or a tuple or list of tensors.
        arguments: the gradient with respect to each floating tensor among them is observed.

    Returns:
        `RESULT` -> the result, `PASSES` -> whether it lets gradients through and, if it does,
        "gradient by argument 1", ... -> that gradient; None where the answer gave None.
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
    """Return the result when floating tensors come with requires_grad, as weights of a model do.

    Torch records what is done with such tensors.
    """
    return answer(*[_tracked(argument) for argument in arguments])


def _send_back(result: object) -> bool:
    """Run the backward pass from a weighted sum of all numbers of the result.

    Returns:
        Whether that is possible: all parts of the result are tensors that require gradients.
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
    """Return a copy of a floating tensor that requires gradients; anything else as it is."""
    return argument.clone().requires_grad_() if _is_floating(argument) else argument


def _gradient(argument: Any) -> Any:
    """Return the gradient that arrived at a tensor, zeros where none did: it was not used."""
    import torch

    return torch.zeros_like(argument) if argument.grad is None else argument.grad


def _is_floating(argument: object) -> bool:
    """Return whether an argument is a tensor of floating numbers."""
    import torch

    return isinstance(argument, torch.Tensor) and argument.is_floating_point()
