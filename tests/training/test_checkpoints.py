"""`training.fit` does what the loop does, survives kills and interrupts, and scales out;
checkpoints are whole or not there."""

import os
import random
import signal

import numpy as np
import pytest
import torch
from small_training import Stop, fit, loss_fn, new_model, weights

from aigc_course.core.errors import CourseError
from aigc_course.training import checkpoints


def test_an_interrupt_writes_a_checkpoint_and_the_cell_goes_on(home, capsys):
    calls = iter(range(1000))

    def loss(model, batch):
        if next(calls) == 19:
            os.kill(os.getpid(), signal.SIGINT)
        return loss_fn(model, batch)

    history = fit(
        new_model(), loss=loss, checkpoint="run"
    )  # save_every is 500: only the interrupt can have kept it
    assert history.interrupted and "run the cell again" in capsys.readouterr().out
    model, whole = new_model(), new_model()
    assert fit(model, checkpoint="run").resumed_from == 20
    fit(whole)
    assert torch.equal(weights(model), weights(whole))


def test_pressed_twice_it_stops_at_once_and_keeps_the_last_whole_checkpoint(home, capsys):
    """In the middle of a step: what is half done is not kept, and the run that goes on equals an
    unbroken one.
    """
    calls = iter(range(10**6))

    def loss(model, batch):
        value = loss_fn(model, (batch[0] + torch.randn_like(batch[0]), batch[1]))
        if next(calls) == 7:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
        return value

    assert fit(new_model(dropout=0.3), loss=loss, checkpoint="run", save_every=5).interrupted
    assert "last checkpoint of 'run'" in capsys.readouterr().out
    again, whole = new_model(dropout=0.3), None
    history = fit(again, loss=loss, checkpoint="run", save_every=5)
    assert history.resumed_from == 5
    whole = new_model(dropout=0.3)
    assert fit(whole, loss=loss).losses == history.losses and torch.equal(
        weights(again), weights(whole)
    )


def test_a_failing_watch_does_not_cost_the_checkpoint(home):
    def watch(step, model):
        raise Stop

    with pytest.raises(Stop):
        fit(new_model(), checkpoint="run", save_every=5, watch=watch)
    assert fit(new_model(), checkpoint="run", save_every=5).resumed_from == 5


def test_checkpoints_keep_two_and_fall_back_when_one_is_damaged(home, capsys):
    model = new_model()
    for step in (10, 20, 30):
        torch.nn.init.constant_(model[0].bias, step)
        checkpoints.save("run", model, {"losses": torch.zeros(step)}, step)
    assert [p.name for p in sorted(checkpoints.folder("run").iterdir())] == [
        "step-00000020",
        "step-00000030",
    ]
    file = checkpoints.folder("run") / "step-00000030" / "model.safetensors"
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(raw)
    other = new_model()
    assert len(checkpoints.load("run", other)["losses"]) == 20 and other[0].bias[0] == 20
    assert "damaged" in capsys.readouterr().out
    assert checkpoints.load("another", other) is None
    checkpoints.save(
        "run", model, {"losses": torch.zeros(25)}, 25
    )  # the run goes on from 20: the damaged one is left behind
    assert [p.name for p in sorted(checkpoints.folder("run").iterdir())] == [
        "step-00000020",
        "step-00000025",
    ]


def test_a_whole_checkpoint_of_the_same_step_stays(home):
    """To replace it would be to have none for a moment; a damaged one is replaced."""
    checkpoints.save("run", new_model(), {"losses": torch.zeros(3)}, 3)
    file = checkpoints.folder("run") / "step-00000003" / "state.pt"
    before = file.stat().st_mtime_ns
    checkpoints.save("run", new_model(), {"losses": torch.ones(3)}, 3)
    assert (
        file.stat().st_mtime_ns == before
        and checkpoints.load("run", new_model())["losses"].sum() == 0
    )
    file.write_bytes(b"damaged")
    checkpoints.save("run", new_model(), {"losses": torch.ones(3)}, 3)
    assert checkpoints.load("run", new_model())["losses"].sum() == 3


def test_checkpoint_of_another_model_and_bad_names(home):
    checkpoints.save("run", new_model(8), {"losses": torch.zeros(1)}, 1)
    other = new_model(9)
    before = weights(other)
    with pytest.raises(CourseError, match="another model"):
        checkpoints.load("run", other)
    assert torch.equal(weights(other), before)  # nothing was overwritten on the way
    deeper = torch.nn.Sequential(*new_model(8), torch.nn.Linear(1, 1))
    with pytest.raises(CourseError, match="another model"):
        checkpoints.load("run", deeper)
    for name in ("../x", "", "a/b", ".hidden", None):
        with pytest.raises(CourseError, match="name"):
            checkpoints.folder(name)


def test_a_failing_write_leaves_the_old_checkpoint(home, monkeypatch):
    model = new_model()
    checkpoints.save("run", model, {"losses": torch.zeros(1)}, 1)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints.os, "fsync", full)
    with pytest.raises(CourseError, match="No space left"):
        checkpoints.save("run", model, {"losses": torch.zeros(2)}, 2)
    assert len(checkpoints.load("run", model)["losses"]) == 1
    assert [p.name for p in checkpoints.folder("run").iterdir()] == ["step-00000001"]


def test_leftovers_of_a_kill_are_swept(home):
    checkpoints.save("run", new_model(), {"losses": torch.zeros(1)}, 1)
    (checkpoints.folder("run") / ".step-00000002.99999.part").mkdir()
    checkpoints.save("run", new_model(), {"losses": torch.zeros(3)}, 3)
    assert [p.name for p in sorted(checkpoints.folder("run").iterdir())] == [
        "step-00000001",
        "step-00000003",
    ]


def test_random_state_comes_back():
    state = checkpoints.random_state()
    drawn = random.random(), np.random.rand(), torch.rand(1).item()
    checkpoints.set_random_state(state)
    assert drawn == (random.random(), np.random.rand(), torch.rand(1).item())
