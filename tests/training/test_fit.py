"""`training.fit` does what the loop does, survives kills and interrupts, and scales out;
checkpoints are whole or not there."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from small_training import Stop, data, fit, loss_fn, new_model, weights

from aigc_course import training
from aigc_course.core.errors import CourseError
from aigc_course.training import Options
from aigc_course.training import options as training_options

SUPPORT = Path(__file__).resolve().parents[1] / "support"


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
from small_training import data, loss_fn, new_model
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
    script.write_text(_SCRIPT.format(tests=str(SUPPORT), out=str(tmp_path / "losses.pt")))
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
