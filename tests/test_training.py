"""`training.fit` does what the loop does, survives kills and interrupts, and scales out;
checkpoints are whole or not there.
"""

import collections
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from aigc_course import training
from aigc_course.core.errors import CourseError
from aigc_course.training import Options, checkpoints, progress
from aigc_course.training import options as training_options

ROOT = Path(__file__).resolve().parent.parent


def data(n=200):
    torch.manual_seed(5)
    x = torch.randn(n, 4)
    return x, x @ torch.randn(4, 1)


def new_model(width=8, dropout=0.0):
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(4, width),
        torch.nn.Dropout(dropout),
        torch.nn.Tanh(),
        torch.nn.Linear(width, 1),
    )


def loss_fn(model, batch):
    x, y = batch
    return ((model(x) - y) ** 2).mean()


def fit(model, steps=30, loss=loss_fn, **options):
    return training.fit(
        model,
        training.batches(*data(), batch_size=16, seed=0),
        loss,
        steps,
        1e-2,
        Options(show=False, **options),
    )


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_fit_is_the_loop():
    model, by_hand, losses = new_model(), new_model(), []
    optimizer = torch.optim.AdamW(by_hand.parameters(), lr=1e-2)
    batches = training.batches(*data(), batch_size=16, seed=0)
    while len(losses) < 30:  # more than two passes over 12 batches
        for batch in batches:
            loss = loss_fn(by_hand, batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if len(losses) == 30:
                break
    history = fit(model)
    assert (
        history.losses == pytest.approx(losses)
        and not history.interrupted
        and history.resumed_from == 0
    )
    assert torch.equal(weights(model), weights(by_hand)) and history.losses[-1] < history.losses[0]


def test_batches_are_shuffled_anew_and_complete():
    rows = torch.arange(50)
    loader = training.batches(rows, rows * 2, batch_size=10, seed=0)
    first, second = (list(loader) for _ in range(2))
    for one in (first, second):
        assert sorted(torch.cat([x for x, _ in one]).tolist()) == list(range(50)) and all(
            (y == 2 * x).all() for x, y in one
        )
    assert not torch.equal(first[0][0], second[0][0])
    again = next(iter(training.batches(rows, batch_size=10, seed=0)))[0]
    other = next(iter(training.batches(rows, batch_size=10, seed=1)))[0]
    assert torch.equal(again, first[0][0]) and not torch.equal(other, first[0][0])


@pytest.mark.parametrize("schedule", training_options.SCHEDULES)
def test_schedules(schedule):
    rates = [
        training_options.rate(step, 100, Options(schedule=schedule, warmup=10))
        for step in range(100)
    ]
    assert (
        rates[0] == pytest.approx(1 / 11)
        and rates[10] == pytest.approx(1)
        and max(rates) == pytest.approx(1)
    )
    assert sorted(rates[:11]) == rates[:11] and sorted(rates[10:], reverse=True) == rates[10:]
    assert rates[-1] == 1 if schedule == "constant" else rates[-1] < 0.02
    if schedule != "constant":
        assert rates[55] == pytest.approx(0.5)


def test_clipping_limits_the_step():
    plain, clipped = new_model(), new_model()
    sgd = torch.optim.SGD
    fit(plain, 1, optimizer=sgd)
    fit(clipped, 1, optimizer=sgd, clip=0.01)
    assert (weights(clipped) - weights(new_model())).norm() == pytest.approx(1e-2 * 0.01, rel=1e-3)
    assert (weights(plain) - weights(new_model())).norm() > 1e-3


class Stop(Exception):
    """Stands for a crash."""


def raising(error, at):
    """The loss function, until its call number `at` raises `error`."""
    calls = iter(range(10_000))

    def loss(model, batch):
        if next(calls) == at:
            raise error
        return loss_fn(model, batch)

    return loss


@pytest.mark.parametrize("at", [1, 7, 12, 13, 25, 29])
def test_a_resumed_run_equals_an_unbroken_one(home, capsys, at):
    options = {"schedule": "cosine", "clip": 1.0}
    whole = new_model(dropout=0.3)
    expected = fit(whole, **options).losses
    broken = new_model(dropout=0.3)
    with pytest.raises(Stop):
        fit(broken, loss=raising(Stop, at), checkpoint="run", save_every=5, **options)
    torch.manual_seed(
        99
    )  # a new process would stand elsewhere; dropout must go on from the checkpoint all the same
    model = new_model(dropout=0.3)
    if at < 5:  # nothing was kept: a fresh start, with the random state that new_model leaves
        history = fit(model, checkpoint="run", save_every=5, **options)
        assert history.resumed_from == 0
    else:
        torch.randn(3)
        history = fit(model, checkpoint="run", save_every=5, **options)
        assert history.resumed_from == at // 5 * 5 and "Resumed 'run'" in capsys.readouterr().out
    assert history.losses == expected and torch.equal(weights(model), weights(whole))
    again = fit(new_model(dropout=0.3), checkpoint="run", save_every=5, **options)
    assert again.resumed_from == 30 and again.losses == expected  # nothing left to do


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


OTHER = [
    {"lr": 1e-5},
    {"schedule": "linear"},
    {"warmup": 3},
    {"optimizer": torch.optim.SGD},
    {"steps": 10},
    {"batch_size": 8},
]


@pytest.mark.parametrize("changed", OTHER)
def test_a_run_of_other_settings_is_not_taken_over(home, changed):
    fit(new_model(), checkpoint="run")
    changed = dict(changed)
    steps, lr, batch_size = (
        changed.pop("steps", 30),
        changed.pop("lr", 1e-2),
        changed.pop("batch_size", 16),
    )
    loader = training.batches(*data(), batch_size=batch_size, seed=0)
    with pytest.raises(CourseError, match="choose another name"):
        training.fit(
            new_model(),
            loader,
            loss_fn,
            steps,
            lr,
            Options(show=False, checkpoint="run", **changed),
        )


def test_more_steps_go_on_where_the_run_ended(home):
    fit(new_model(), 20, checkpoint="run")
    assert fit(new_model(), 30, checkpoint="run").losses == fit(new_model(), 30).losses


def test_a_second_fit_sees_new_orders():
    seen = []

    def loss(model, batch):
        seen.append(batch[0][0, 0].item())
        return loss_fn(model, batch)

    loader = training.batches(*data(), batch_size=16, seed=0)
    for _ in range(2):
        training.fit(new_model(), loader, loss, 3, 1e-2, Options(show=False))
    assert seen[:3] != seen[3:]


def test_each_fit_has_its_own_precision():
    model, loader = new_model(), training.batches(*data(), batch_size=16, seed=0)
    for precision in ("no", "bf16", "no"):
        training.fit(model, loader, loss_fn, 2, 1e-2, Options(show=False, precision=precision))
        out = model(data()[0])
        assert out.dtype == torch.float32 and not hasattr(model.forward, "__wrapped__")


def test_an_interrupt_keeps_what_was_learned(capsys):
    model = new_model()
    history = fit(model, loss=raising(KeyboardInterrupt, 20))
    expected = new_model()
    assert (
        history.interrupted
        and len(history.losses) == 20
        and history.losses == fit(expected, 30).losses[:20]
    )
    assert "after 20 of 30 steps" in capsys.readouterr().out and not torch.equal(
        weights(model), weights(new_model())
    )


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
    """Gradient of one step and a whole run, to 1e-6; told once, and the run goes on in parts."""
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


def test_a_loss_that_trains_nothing_is_told():
    for wrong in (
        lambda m, b: 3.0,
        lambda m, b: m(b[0]),
        lambda m, b: torch.tensor(1.0),
        lambda m, b: loss_fn(m, b).detach(),
        lambda m, b: None,
    ):
        with pytest.raises(CourseError, match="loss_fn must give one number"):
            fit(new_model(), 1, loss=wrong)
    frozen = new_model()
    frozen.requires_grad_(False)
    with pytest.raises(CourseError, match="model must have parameters"):
        fit(frozen, 1)


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


def test_models_with_infinite_masks_and_optimizers_of_other_shapes_are_resumed(home):
    """What is odd and sound: a buffer of -inf, a frozen layer, states that are not shaped like
    their weights, none at all.
    """

    def model():
        one = new_model()
        one.register_buffer("mask", torch.full((4, 4), float("-inf")).triu(1))
        one.add_module("frozen", torch.nn.Identity())
        one.unused = torch.nn.Parameter(torch.zeros(3))
        return one

    def loss(net, batch):
        return (torch.nn.Sequential.forward(net, batch[0]) - batch[1]).square().mean()

    for name in ("AdamW", "Adafactor", "SGD", "RMSprop", "Adagrad", "NAdam"):
        optimizer = getattr(torch.optim, name)
        fit(model(), 10, loss=loss, checkpoint=f"run-{name}", optimizer=optimizer)
        expected = model()
        assert (
            fit(expected, 20, loss=loss, checkpoint=f"run-{name}", optimizer=optimizer).resumed_from
            == 10
        ), name


def test_a_loss_of_one_number_in_a_list_is_a_loss():
    assert len(fit(new_model(), 3, loss=lambda m, b: (m(b[0]) - b[1]).square().mean(0)).losses) == 3


def test_the_stop_button_ends_between_two_steps_and_the_run_goes_on_bit_for_bit(home):
    """Pressed in the middle of a step that draws random numbers; a second press would end it at
    once.
    """
    calls = iter(range(10**6))

    def loss(model, batch):
        if next(calls) == 7:
            os.kill(os.getpid(), signal.SIGINT)
        return loss_fn(model, (batch[0] + torch.randn_like(batch[0]), batch[1]))

    model = new_model(dropout=0.3)
    assert fit(model, loss=loss, checkpoint="run").interrupted
    again = new_model(dropout=0.3)
    torch.randn(5)
    history = fit(again, loss=loss, checkpoint="run")
    assert history.resumed_from == 8
    whole = new_model(dropout=0.3)
    expected = fit(whole, loss=loss)
    assert history.losses == expected.losses and torch.equal(weights(again), weights(whole))


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


def test_a_loss_that_is_not_finite_is_told():
    with pytest.raises(CourseError, match="nan at step 1"):
        fit(new_model(), loss=lambda model, batch: loss_fn(model, batch) * float("nan"))


@pytest.mark.parametrize(
    "call",
    [
        lambda m, b: training.fit(m, b, loss_fn, 0, 1e-2),
        lambda m, b: training.fit(m, b, loss_fn, 10, -1),
        lambda m, b: training.fit(m, b, loss_fn, 10, float("nan")),
        lambda m, b: training.fit(m, [1, 2], loss_fn, 10, 1e-2),
        lambda m, b: training.fit(m, b, loss_fn, 10, 1e-2, {"clip": 1}),
        lambda m, b: training.fit(m, b, loss_fn, 10, 1e-2, Options(schedule="wild")),
        lambda m, b: training.fit(m, b, loss_fn, 10, 1e-2, Options(clip=-1)),
        lambda m, b: training.fit(m, b, loss_fn, 10, 1e-2, Options(save_every=0)),
        lambda m, b: training.fit(m, b, loss_fn, 10, 1e-2, Options(warmup="x")),
        lambda m, b: training.fit(m, b, loss_fn, 10, 1e-2, Options(precision="bfloat16")),
        lambda m, b: training.fit(
            m, b, loss_fn, 10, 1e-2, Options(tracker="tensorboard")
        ),  # not installed here
        lambda m, b: training.fit(m, b, loss_fn, 10, True),
        lambda m, b: training.fit(
            m, torch.utils.data.DataLoader([1, 2], 8, drop_last=True), loss_fn, 10, 1e-2
        ),
        lambda m, b: training.batches(torch.zeros(3), torch.zeros(4), batch_size=2, seed=0),
        lambda m, b: training.batches(torch.zeros(3), batch_size=4, seed=0),
        lambda m, b: training.batches(torch.zeros(3), batch_size=0, seed=0),
        lambda m, b: training.batches(batch_size=1, seed=0),
    ],
)
def test_bad_arguments(call):
    with pytest.raises(CourseError):
        call(new_model(), training.batches(*data(), batch_size=16, seed=0))


_SCRIPT = """
import os, sys, torch
sys.path.insert(0, {tests!r})
from test_training import data, loss_fn, new_model
from aigc_course import training
torch.set_num_threads(1)
model = new_model()
loader = training.batches(*data(), batch_size=16, seed=0)
options = training.Options(show=False, clip=1.0)
history = training.fit(model, loader, loss_fn, 30, 1e-2, options)
if os.environ.get("RANK", "0") == "0":
    torch.save((history.losses, int(os.environ.get("WORLD_SIZE", 1))), {out!r})
"""


def test_two_processes_reach_the_loss_of_one(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(_SCRIPT.format(tests=str(ROOT / "tests"), out=str(tmp_path / "losses.pt")))
    launch = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--multi_gpu",
        "--num_processes",
        "2",
        "--num_machines",
        "1",
        "--mixed_precision",
        "no",
        "--dynamo_backend",
        "no",
        "--main_process_port",
        "0",
        str(script),
    ]
    result = subprocess.run(
        launch,
        env={**os.environ, "ACCELERATE_USE_CPU": "true"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    losses, processes = torch.load(tmp_path / "losses.pt", weights_only=True)
    assert processes == 2 and losses == pytest.approx(fit(new_model(), clip=1.0).losses, rel=1e-5)


def test_a_tracker_gets_the_losses():
    from accelerate.tracking import GeneralTracker

    class Notebook(GeneralTracker):
        name, requires_logging_directory, tracker = "notebook", False, None

        def __init__(self):
            super().__init__()
            self.seen = []

        def store_init_configuration(self, values):
            pass

        def log(self, values, step=None, **_):
            self.seen.append((step, values["loss"]))

    tracker = Notebook()
    history = fit(new_model(), tracker=tracker)
    assert tracker.seen == list(enumerate(history.losses, 1))


def test_the_monitor_draws_in_place(monkeypatch):
    """One figure, updated; nothing is drawn more often than its pause allows."""
    shown = []

    class Handle:
        def update(self, figure, metadata):
            shown.append(("update", metadata["image/png"]["alt"]))

    def display(figure, metadata, display_id):
        shown.append(("display", metadata["image/png"]["alt"]))
        return Handle()

    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    with progress.Monitor(3) as monitor:
        for n in (2, 3):
            monitor.update({"loss": [2.0, 1.0, 0.5][:n]})
    assert [kind for kind, _ in shown] == ["display", "update"] and "from 2.00 to 0.50" in shown[
        -1
    ][1]
    for odd in ([1.0, float("nan"), float("inf"), 2.0], [-5.1, -4.9, -5.0], [1.0, 1.0, 1.0]):
        with progress.Monitor(len(odd)) as monitor:
            monitor.update(
                {"loss": odd}
            )  # a loss that is not finite must not hide the error that says so
    monkeypatch.setattr(progress, "SECONDS", 60.0)
    shown.clear()
    with progress.Monitor(100) as monitor:
        for n in range(1, 100):
            monitor.update({"loss": [1.0] * n})
    assert len(shown) <= 1


def test_a_loop_by_hand_counts_its_steps_and_ends_at_the_stop_button(capsys):
    before = signal.getsignal(signal.SIGINT)
    assert (
        list(progress.progress_steps(5, "a model")) == [0, 1, 2, 3, 4]
        and capsys.readouterr().out == ""
    )
    done = []
    for step in progress.progress_steps(5):
        if step == 2:
            os.kill(os.getpid(), signal.SIGINT)
        done.append(step)  # the step is finished
    assert done == [0, 1, 2] and "Stopped after 3 of 5 steps" in capsys.readouterr().out
    with pytest.raises(KeyboardInterrupt):
        for _ in progress.progress_steps(5):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_bar_alone_draws_no_plot(monkeypatch):
    monkeypatch.setattr(progress.Monitor, "_draw", lambda *_: pytest.fail("a plot was drawn"))
    with progress.Monitor(3, show="bar") as monitor:
        monitor.update({"loss": [3.0, 2.0, 1.0]})
        assert monitor.bar.n == 3
    with pytest.raises(CourseError, match="show"):
        training.fit(
            torch.nn.Linear(1, 1),
            training.batches(torch.zeros(4, 1), batch_size=2, seed=0),
            lambda m, b: m(b[0]).mean(),
            1,
            0.1,
            training.Options(show="plot"),
        )


IN_A_KERNEL = """
import torch
from aigc_course import training
from aigc_course.training import progress
model = torch.nn.Linear(4, 1)
loader = training.batches(torch.randn(512, 4), batch_size=8, seed=0)
"""
LONG = {
    "fit": (
        "history = training.fit(model, loader, lambda m, b: m(b[0]).square().mean(), 10**6, "
        "1e-3)\nprint('LEARNED', len(history.losses) > 0)"
    ),
    "by hand": (
        "done = []\nfor step in progress.progress_steps(10**9):\n    "
        "done.append(step)\nprint('LEARNED', len(done) > 0)"
    ),
}


def test_the_stop_button_in_a_real_kernel_keeps_the_model_and_says_how_to_go_on(kernel):
    assert kernel(IN_A_KERNEL)[1] == "ok"
    for kind, code in LONG.items():
        printed, status, made = kernel(code, stop_after=4)
        assert status == "ok" and "Stopped after" in printed and "LEARNED True" in printed, (
            kind,
            printed,
            status,
        )
        assert made < 12, (
            f"{kind}: {made} outputs"
        )  # a live plot is changed in place, it does not flood the cell
        assert kernel("print(next(model.parameters()).shape)")[0].startswith("torch.Size")
