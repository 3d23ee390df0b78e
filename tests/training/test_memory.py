"""`training.fit` does what the loop does, survives kills and interrupts, and scales out;
checkpoints are whole or not there."""

import collections

import pytest
import torch
from small_training import fit, loss_fn, new_model, weights

from aigc_course.core.errors import CourseError


class OutOfMemory:
    """A loss function that has no memory for more than `rows` rows."""

    def __init__(self, rows, error=torch.OutOfMemoryError, loss=loss_fn):
        self.rows, self.error, self.loss, self.seen = rows, error, loss, []

    def __call__(self, model, batch):
        self.seen.append(len(batch[0]))
        if len(batch[0]) > self.rows:
            raise self.error("CUDA out of memory. Tried to allocate 20.00 GiB.")
        return self.loss(model, batch)


def gradient(model):
    return torch.cat([p.grad.flatten() for p in model.parameters()])


ERRORS = (
    torch.OutOfMemoryError,
    RuntimeError,
    MemoryError,
    lambda _: RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried ..."),
)


def test_out_of_memory_halves_the_batch_and_keeps_the_gradient(capsys, count):
    cases = [(rows, error) for rows in (8, 5, 4, 1) for error in ERRORS]
    for rows, error in cases:
        check_parts(capsys, rows, error)
    count("failures of memory in `fit`", len(cases))


def check_parts(capsys, rows, error):
    """Gradient of one step, to 1e-6, and, for one kind of error, a whole run; told once, and the
    run goes on in parts.
    """
    small = OutOfMemory(rows, error)
    model, whole = new_model(), new_model()
    fit(model, 1, loss=small)
    fit(whole, 1)
    assert torch.allclose(gradient(model), gradient(whole), rtol=0, atol=1e-6)
    parts = {8: 2, 5: 4, 4: 4, 1: 16}[rows]
    said = capsys.readouterr().out
    assert (
        said.count("Memory ran out") == 1
        and f"parts of {16 // parts}," in said
        and "the same gradient." in said
    )
    if error is not ERRORS[0]:
        return
    model, whole, small = new_model(), new_model(), OutOfMemory(rows, error)
    history, expected = fit(model, 30, loss=small), fit(whole, 30)
    assert history.losses == pytest.approx(expected.losses, abs=1e-6) and torch.allclose(
        weights(model), weights(whole), atol=1e-5
    )
    assert capsys.readouterr().out.count("Memory ran out") == 1
    assert small.seen[-parts:] == [16 // parts] * parts  # it does not try the whole batch again


def test_out_of_memory_later_and_again(capsys):
    """The first steps fit; then half does, then a quarter: told each time that it changes."""
    calls = OutOfMemory(16)

    def loss(model, batch):
        calls.rows = 16 if len(calls.seen) < 5 else 8 if len(calls.seen) < 20 else 4
        return calls(model, batch)

    model, whole = new_model(), new_model()
    assert fit(model, 30, loss=loss).losses == pytest.approx(fit(whole, 30).losses, abs=1e-6)
    assert capsys.readouterr().out.count("Memory ran out") == 2


@pytest.mark.parametrize("rows", [7, 16])
def test_parts_of_other_shapes(rows):
    """Rows that do not divide evenly, and batches that are dictionaries or hold what has no
    rows.
    """
    from aigc_course.training import memory

    Pair = collections.namedtuple("Pair", "x y")
    halves = [part for _, part in memory.divided(Pair(torch.arange(rows), torch.arange(rows)), 2)]
    assert all(isinstance(part, Pair) for part in halves) and torch.equal(
        torch.cat([part.y for part in halves]), torch.arange(rows)
    )
    with pytest.raises(CourseError, match="holds no tensors"):
        memory.more_parts(["a", "b"], 1, 1)
    assert not memory.ran_out(RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED."))
    batch = {
        "x": torch.arange(rows),
        "pair": (torch.arange(rows * 2).view(rows, 2), torch.tensor(3.0)),
        "name": "a",
    }
    parts = list(memory.divided(batch, 4))
    assert sum(share for share, _ in parts) == pytest.approx(1) and torch.equal(
        torch.cat([part["x"] for _, part in parts]), batch["x"]
    )
    assert (
        all(part["name"] == "a" and part["pair"][1] == 3 for _, part in parts)
        and memory.rows_of(batch) == rows
    )
    assert [share * rows for share, _ in parts] == pytest.approx(
        [len(part["x"]) for _, part in parts]
    )


def test_batch_normalisation_is_named_and_one_row_too_much_is_told(capsys):
    normed = torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 1)
    )
    fit(normed, 2, loss=OutOfMemory(8))
    assert "nearly the same gradient (batch normalisation" in capsys.readouterr().out
    with pytest.raises(CourseError, match="one row at a time"):
        fit(new_model(), 1, loss=OutOfMemory(0))
    with pytest.raises(ZeroDivisionError):  # any other error is the learner's to see
        fit(new_model(), 1, loss=lambda model, batch: 1 / 0)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        fit(torch.nn.Linear(3, 1), 1)


def test_real_memory_that_runs_out_is_told(capsys):
    """On the CPU, more than any machine has is asked for until the rows are few."""

    def loss(model, batch):
        torch.empty(2**50 if len(batch[0]) > 4 else 1)
        return loss_fn(model, batch)

    assert (
        len(fit(new_model(), 3, loss=loss).losses) == 3 and "parts of 4" in capsys.readouterr().out
    )
