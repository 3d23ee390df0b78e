"""`training.Run` with steps of one's own: two models against each other, a policy that makes its
own data, several optimizers, averages, losses that must see their whole batch. Each goes on from
its checkpoint bit for bit.
"""

import copy
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from accelerate.tracking import GeneralTracker
from safetensors.torch import load_file, save_file
from torch import nn

from aigc_course import training
from aigc_course.core.errors import CourseError
from aigc_course.training import Options, Run, averages, checkpoints, progress

HERE = Path(__file__).resolve().parent


def rows(n=96):
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(1)) + 2


def nothing():
    """What happens in the middle of most steps."""


def at_call(number, what):
    """What happens in the middle of the steps: nothing, but for the call of this number, from 0."""
    calls = iter(range(10**6))
    return lambda: what() if next(calls) == number else None


class Stop(Exception):
    """Stands for a crash."""


def crash():
    raise Stop


def press():
    os.kill(os.getpid(), signal.SIGINT)


def press_twice():
    press()
    press()


def game(event=nothing, **options):
    """Two models against each other, each with its optimizer, and an average of the first."""
    torch.manual_seed(0)
    models = {
        "generator": nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 2)),
        "critic": nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.2), nn.Tanh(), nn.Linear(8, 1)),
    }
    optimizers = {
        "generator": torch.optim.Adam(models["generator"].parameters(), 1e-2),
        "critic": torch.optim.SGD(models["critic"].parameters(), 1e-2, momentum=0.9),
    }

    def step(run, batch):
        (real,) = batch
        generator, critic = run.models["generator"], run.models["critic"]
        fake = generator(torch.randn(len(real), 3))
        critic_loss = critic(fake.detach()).mean() - critic(real).mean()
        run.minimise(critic_loss, "critic")
        event()
        generator_loss = -critic(fake).mean()
        run.minimise(generator_loss, "generator")
        return {"critic": critic_loss, "generator": generator_loss}

    loader = training.batches(rows(), batch_size=16, seed=0)
    options = Options(**{"show": False, "average": 0.9, "schedule": "linear"} | options)
    return Run(step, models, optimizers, loader, options)


def policy(event=nothing, **options):
    """A policy over three actions that is rewarded for the last; it makes its own data."""
    torch.manual_seed(0)
    model = nn.Linear(1, 3)

    def step(run, number):
        actions = torch.distributions.Categorical(logits=run.model(torch.ones(32, 1)))
        taken = actions.sample()
        reward = (taken == 2).float()
        event()
        run.minimise(-((reward - reward.mean()) * actions.log_prob(taken)).mean())
        return {"reward": reward.mean(), "number": number}

    optimizer = torch.optim.Adam(model.parameters(), 5e-2)
    return Run(step, model, optimizer, options=Options(show=False, **options))


def muon_and_adamw(model, lr):
    """Muon for the matrix inside, AdamW for the rest."""
    rest = [weight for name, weight in model.named_parameters() if name != "1.weight"]
    return [torch.optim.Muon([model[1].weight], lr), torch.optim.AdamW(rest, lr)]


def several(event=nothing, **options):
    """One model and two optimizers that share its weights, as `fit` takes them."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), nn.Linear(8, 8), nn.Dropout(0.2), nn.Linear(8, 1))
    optimizers = dict(zip("mw", muon_and_adamw(model, 1e-2), strict=True))

    def step(run, batch):
        event()
        return run.minimise_in_parts(lambda part: run.model(part[0]).square().mean(), batch)

    loader = training.batches(rows(), batch_size=16, seed=0)
    options = Options(show=False, clip=1.0, schedule="cosine", **options)
    return Run(step, model, optimizers, loader, options)


KINDS = {"game": game, "policy": policy, "several": several}


def weights(run):
    """All numbers of all models of a run, and of its average."""
    models = [*run.models.values(), *([] if run.average is None else [run.average])]
    return torch.cat([t.double().flatten() for m in models for t in m.state_dict().values()])


# A step


def test_the_alternation_is_the_loop_by_hand():
    run, by_hand = game(schedule="constant"), game()
    history = run.train(20)
    torch.manual_seed(0)  # as `game` begins, and the noise follows the first weights
    game()
    generator, critic = by_hand.models.values()
    to_g, to_c = by_hand.optimizers.values()
    curves, batches = {"critic": [], "generator": []}, iter(())
    for _ in range(20):
        batch = next(batches, None)
        if batch is None:
            batches = iter(by_hand.loader)
            batch = next(batches)
        fake = generator(torch.randn(16, 3))
        loss = critic(fake.detach()).mean() - critic(batch[0]).mean()
        to_c.zero_grad()
        loss.backward()
        to_c.step()
        curves["critic"].append(loss.item())
        loss = -critic(fake).mean()
        to_g.zero_grad()
        loss.backward()
        to_g.step()
        curves["generator"].append(loss.item())
    assert history.curves == curves and history.losses == curves["critic"]
    for name in run.models:
        for mine, its in zip(
            run.models[name].state_dict().values(),
            by_hand.models[name].state_dict().values(),
            strict=True,
        ):
            assert torch.equal(mine, its), name


def test_a_policy_learns_from_what_it_makes():
    history = policy().train(60)
    assert history.curves["number"] == list(range(1, 61))
    assert sum(history.curves["reward"][-10:]) / 10 > 0.9 > 2 * history.curves["reward"][0]


def test_only_the_named_optimizers_step():
    model = nn.Linear(2, 1)
    before = copy.deepcopy(model.state_dict())
    optimizers = {name: torch.optim.SGD([weight], 0.1) for name, weight in model.named_parameters()}

    def step(run, number):
        return run.minimise(run.model(torch.ones(4, 2)).mean(), "bias")

    Run(step, model, optimizers, options=Options(show=False)).train(3)
    assert torch.equal(model.weight, before["weight"])
    assert model.bias.item() == pytest.approx(before["bias"].item() - 0.3)


def small_model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 8), nn.Linear(8, 8), nn.Linear(8, 1))


def square(model, batch):
    return model(batch[0]).square().mean()


def fit(model, steps, loss=square, **options):
    loader = training.batches(rows(), batch_size=16, seed=0)
    return training.fit(model, loader, loss, steps, 1e-2, Options(show=False, **options))


def test_muon_beside_adamw_in_fit(home):
    """Both move their weights, and both go on from a checkpoint."""
    expected = small_model()
    whole = fit(expected, 20, optimizers=muon_and_adamw)
    for mine, first in zip(expected.parameters(), small_model().parameters(), strict=True):
        assert not torch.equal(mine, first)
    assert whole.losses[-1] < whole.losses[0]
    fit(small_model(), 10, optimizers=muon_and_adamw, checkpoint="run")
    kept = checkpoints.load("run", small_model())["optimizers"].values()
    assert [set(one["state"][0]) for one in kept] == [
        {"momentum_buffer"},
        {"step", "exp_avg", "exp_avg_sq"},
    ]
    model = small_model()
    history = fit(model, 20, optimizers=muon_and_adamw, checkpoint="run")
    assert history.resumed_from == 10 and history.losses == whole.losses
    for mine, its in zip(model.parameters(), expected.parameters(), strict=True):
        assert torch.equal(mine, its)


def test_two_optimizers_must_not_share_a_weight():
    def twice(model, lr):
        return [torch.optim.SGD(model.parameters(), lr) for _ in range(2)]

    with pytest.raises(CourseError, match="must not share a weight"):
        fit(small_model(), 1, optimizers=twice)


def test_a_schedule_of_ones_own_and_rates_that_come_back():
    """Every group of every optimizer follows it; afterwards the rates are as they were given."""
    model, seen = nn.Linear(2, 1), []
    groups = [{"params": [model.weight]}, {"params": [model.bias], "lr": 1.0}]
    optimizers = {"a": torch.optim.SGD(groups, 0.5)}

    def step(run, number):
        seen.append([group["lr"] for group in run.optimizers["a"].param_groups])
        return run.minimise(run.model(torch.ones(4, 2)).mean())

    options = Options(show=False, schedule=lambda step, steps: 1 - step / steps)
    Run(step, model, optimizers, options=options).train(4)
    assert seen == [[0.5, 1.0], [0.375, 0.75], [0.25, 0.5], [0.125, 0.25]]
    assert [group["lr"] for group in optimizers["a"].param_groups] == [0.5, 1.0]


# Averages


def test_the_average_follows_the_weights():
    """As computed by hand, with batch normalisation's statistics, counters and a mask."""
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    model.register_buffer("mask", torch.full((3, 3), float("-inf")).triu(1))
    expected, last = copy.deepcopy(model.state_dict()), {}

    def watch(step, averaged):
        last.update(copy.deepcopy(averaged.state_dict()))

    def loss(net, batch):
        return net(batch[0]).square().mean()

    keeps = iter(min(0.6, (n + 1) / (n + 10)) for n in range(1, 100))
    for steps in range(1, 9):  # one more each time, so that every step's weights are seen
        torch.manual_seed(0)
        trained = copy.deepcopy(model)
        history = fit(trained, steps, loss, average=0.6, watch=watch)
        keep = next(keeps)
        for name, value in trained.state_dict().items():
            if value.is_floating_point() and name != "mask":
                expected[name] = keep * expected[name] + (1 - keep) * value
            else:
                expected[name] = value
    for name, value in history.average.state_dict().items():
        assert torch.allclose(value, expected[name], atol=1e-6), name
        assert torch.equal(value, last[name]), "the average is what is watched"
    assert not torch.allclose(history.average[1].running_mean, trained[1].running_mean)
    assert not history.average.training and fit(trained, 1).average is None


def test_an_average_alone_keeps_its_first_weights_for_one_step():
    model = nn.Linear(2, 1)
    average = averages.average_of(model, 0.75)
    nn.init.constant_(average.module.weight, 0.0)
    nn.init.constant_(model.weight, 1.0)
    for expected in (1 - 2 / 11, 1 - 2 / 11 * 3 / 12):
        average.update_parameters(model)
        assert torch.allclose(average.module.weight, torch.tensor(expected))


def test_an_average_of_another_step_is_refused(home):
    game(checkpoint="run").train(6)
    file = checkpoints.folder("run") / "step-00000006" / "model.safetensors"
    tensors = load_file(file)
    for count in (-10, 6, 8, 2**40):
        tensors["average.n_averaged"] = torch.tensor(count)
        save_file(tensors, file)
        rehash(file.parent)
        with pytest.raises(CourseError, match="no training of the course leaves"):
            game(checkpoint="run").train(9)
    tensors["average.n_averaged"] = torch.tensor(7)
    save_file(tensors, file)
    rehash(file.parent)
    assert game(checkpoint="run").train(9).resumed_from == 6


def rehash(folder):
    """Hashes that fit files which were changed."""
    hashes = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("model.safetensors", "state.pt")
    }
    (folder / "hashes.json").write_text(json.dumps(hashes))


# Checkpoints


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [1, 6, 7, 13, 19])
def test_a_resumed_run_equals_an_unbroken_one(home, kind, at):
    whole = KINDS[kind]()
    expected = whole.train(20)
    with pytest.raises(Stop):
        KINDS[kind](at_call(at, crash), checkpoint="run", save_every=3).train(20)
    again = KINDS[kind](checkpoint="run", save_every=3)
    if at >= 3:
        torch.randn(5)  # a new process stands elsewhere
    history = again.train(20)
    assert history.resumed_from == at // 3 * 3
    assert history.curves == expected.curves and torch.equal(weights(again), weights(whole))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("pressed", "kept"), [(press, 8), (press_twice, 6)])
def test_the_stop_button_keeps_whole_steps(home, capsys, kind, pressed, kept):
    """Pressed in the middle of step 8, between the steps of two optimizers: that step is finished
    and kept; pressed twice, it is not, and the last checkpoint stands.
    """
    whole = KINDS[kind]()
    expected = whole.train(20)
    first = KINDS[kind](at_call(7, pressed), checkpoint="run", save_every=3)
    assert first.train(20).interrupted and "un the cell again" in capsys.readouterr().out
    again = KINDS[kind](checkpoint="run", save_every=3)
    torch.randn(5)
    history = again.train(20)
    assert history.resumed_from == kept and not history.interrupted
    assert history.curves == expected.curves and torch.equal(weights(again), weights(whole))


def test_a_run_of_other_settings_is_not_taken_over(home):
    def one(lr=0.1, optimizer=torch.optim.SGD, settings=None, **options):
        model = nn.Linear(2, 1)

        def step(run, number):
            return run.minimise(run.model(torch.ones(4, 2)).mean())

        options = Options(show=False, checkpoint="run", **options)
        return Run(step, model, optimizer(model.parameters(), lr), None, options, settings)

    one(settings={"group": 4}).train(3)
    for changed, said in (
        ({"lr": 0.2}, "'SGD, lr 0.1'"),
        ({"optimizer": torch.optim.Adam}, "'SGD, lr 0.1'"),
        ({"settings": {"group": 8}}, "'group': 4"),
        ({"settings": {"group": 4, "new": 1}}, "settings"),
        ({"schedule": "cosine"}, "'schedule': 'constant'"),
        ({"schedule": lambda step, steps: 1.0}, "'schedule': 'constant'"),
        ({"average": 0.9}, "another model"),
    ):
        with pytest.raises(CourseError, match="another name") as caught:
            one(**{"settings": {"group": 4}} | changed).train(3)
        assert said in str(caught.value) or said == "settings", caught.value
    with pytest.raises(CourseError, match="for 3 steps already"):
        one(settings={"group": 4}).train(2)
    assert one(settings={"group": 4}).train(5).resumed_from == 3


def test_other_losses_than_those_of_the_checkpoint_are_told(home):
    game(checkpoint="run").train(3)
    run = game(checkpoint="run")
    run.step = lambda run, batch: run.minimise(run.model(torch.ones(4, 3)).mean(), "generator")
    with pytest.raises(CourseError, match=r"same losses.*not loss; .*needs another name"):
        run.train(5)


# Memory


def contrastive(seen, rows_that_fit):
    """Each row's code must be nearer to its own copy than to those of the others: InfoNCE."""

    def loss(model, batch):
        seen.append(len(batch[0]))
        if len(batch[0]) > rows_that_fit:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
        codes = model(batch[0])
        return nn.functional.cross_entropy(codes @ codes.T, torch.arange(len(codes)))

    return loss


def test_a_contrastive_loss_is_not_divided(capsys):
    """In parts it would be another loss: told in one line, with nothing changed; a loss that may be
    divided goes on.
    """
    model, seen = small_model(), []
    with pytest.raises(CourseError) as caught:
        fit(model, 3, contrastive(seen, 8), whole_batch=True)
    said = str(caught.value)
    assert seen == [16] and "16 rows at once" in said and "needs its batch whole" in said
    assert "\n" not in said and "lower batch_size" in said
    for mine, first in zip(model.parameters(), small_model().parameters(), strict=True):
        assert torch.equal(mine, first)
    whole = fit(small_model(), 1, contrastive([], 16), whole_batch=True).losses
    parts = fit(small_model(), 1, contrastive(seen, 8)).losses
    assert seen[-2:] == [8, 8] and parts[0] < 0.9 * whole[0]


def test_memory_that_runs_out_in_a_step_of_ones_own_is_told():
    """Whatever it was doing, with a batch and without; any other error is the author's to see."""
    with pytest.raises(CourseError, match=r"Memory ran out with 16 rows at once, and this step"):
        game(at_call(1, lambda: torch.empty(2**50))).train(3)
    with pytest.raises(CourseError, match=r"Memory ran out, and this step needs its batch whole"):
        policy(at_call(1, lambda: torch.empty(2**50))).train(3)
    with pytest.raises(ZeroDivisionError):
        policy(lambda: 1 / 0).train(3)


# Losses


@pytest.mark.parametrize(
    "returned",
    [None, "x", True, {}, {"loss": None}, {1: 2.0}, torch.zeros(2), {"a": torch.zeros(2)}],
)
def test_what_is_no_loss_is_told(returned):
    run = policy()
    run.step = lambda run, number: returned
    with pytest.raises(CourseError, match=r"losses"):
        run.train(2)


def test_losses_keep_their_names():
    run = policy()
    run.step = lambda run, number: {"a": 1, "b": 2.0} if number < 3 else {"a": 1}
    with pytest.raises(CourseError, match=r"same losses \(a, b\), not a;"):
        run.train(4)
    run = policy()
    run.step = lambda run, number: {"a": 1, "b": 2.0} if number < 3 else {"b": 2.0, "a": 1}
    assert run.train(4).curves == {"a": [1.0] * 4, "b": [2.0] * 4}


def test_a_named_loss_that_is_not_finite_is_told_by_name():
    run = policy()
    run.step = lambda run, number: {"a": 1.0, "b": float("nan") if number == 3 else 2.0}
    with pytest.raises(CourseError, match="The loss 'b' is nan at step 3"):
        run.train(4)


def test_what_cannot_be_minimised_is_told():
    for loss in (3.0, torch.tensor(1.0), torch.ones(2, requires_grad=True), None):
        run = policy()
        run.step = lambda run, number, loss=loss: run.minimise(loss)
        with pytest.raises(CourseError, match="minimise: loss must be one number"):
            run.train(1)
    run = policy()
    run.step = lambda run, number: run.minimise(run.model.weight.sum(), "D", "optimizer")
    with pytest.raises(CourseError, match="no optimizer 'D'; there are optimizer"):
        run.train(1)


def test_a_tracker_gets_all_losses():
    class Notebook(GeneralTracker):
        name, requires_logging_directory, tracker = "notebook", False, None

        def __init__(self):
            super().__init__()
            self.seen = []

        def store_init_configuration(self, values):
            pass

        def log(self, values, step=None, **_):
            self.seen.append((step, values))

    tracker = Notebook()
    curves = game(tracker=tracker).train(7).curves
    assert tracker.seen == [
        (step, {name: curve[step - 1] for name, curve in curves.items()}) for step in range(1, 8)
    ]


def test_the_monitor_draws_a_curve_for_each_loss(monkeypatch):
    drawn = []

    def display(figure, metadata, display_id):
        labels = [line.get_label() for line in figure.axes[0].get_lines()]
        drawn.append((labels, metadata["image/png"]["alt"]))

    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr("IPython.display.display", display)
    with progress.Monitor(3) as monitor:
        monitor.update({"D": [2.0, 1.5, 1.0], "G": [0.5, 1.0, 2.0]})
        assert "D=1.500" in str(monitor.bar) and "G=1.167" in str(monitor.bar)
    ((labels, alt),) = drawn
    assert labels == ["D, each step", "D, mean of 1", "G, each step", "G, mean of 1"]
    assert "D goes from 2.00 to 1.00, G goes from 0.50 to 2.00 in 3 steps" in alt


# What it is given


def arguments(**changed):
    model = nn.Linear(2, 1)
    good = {
        "step": lambda run, number: run.minimise(run.model(torch.ones(4, 2)).mean()),
        "models": model,
        "optimizers": torch.optim.SGD(model.parameters(), 0.1),
        "options": Options(show=False),
    }
    return good | changed


SGD = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 0.1)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"step": 3}, "step must be"),
        ({"models": {}}, "models must be"),
        ({"models": [nn.Linear(2, 1)]}, "models must be"),
        ({"models": {"a": 3}}, "models must be"),
        ({"models": {1: nn.Linear(2, 1)}}, "models must be"),
        ({"models": {"a.b": nn.Linear(2, 1)}}, "models must be named otherwise than a.b"),
        ({"models": {"average": nn.Linear(2, 1)}}, "named otherwise than average"),
        ({"models": {"keys": nn.Linear(2, 1)}}, "named otherwise than keys"),
        ({"optimizers": {}}, "optimizers must be"),
        ({"optimizers": torch.optim.SGD}, "optimizers must be"),
        ({"loader": [1, 2]}, "loader must be"),
        ({"loader": torch.utils.data.DataLoader([1], 8, drop_last=True)}, "at least one batch"),
        ({"options": {"clip": 1}}, "options must be training.Options"),
        ({"options": Options(average=1.0)}, "average must be"),
        ({"options": Options(average="x")}, "average must be"),
        ({"options": Options(optimizers=3)}, "optimizers must be"),
        ({"options": Options(whole_batch=1)}, "whole_batch must be"),
        ({"options": Options(schedule=3)}, "schedule must be"),
        ({"settings": 3}, "settings must be"),
        ({"options": Options(precision="fp16"), "optimizers": {"a": SGD, "b": SGD}}, "one optim"),
    ],
)
def test_bad_arguments(changed, said):
    with pytest.raises(CourseError, match=said) as caught:
        Run(**arguments(**changed))
    assert "\n" not in str(caught.value)


def test_it_trains_once():
    run = Run(**arguments())
    for steps in (0, -1, 2.0, None):
        with pytest.raises(CourseError, match="steps must be"):
            run.train(steps)
    assert len(run.train(3).losses) == 3
    with pytest.raises(CourseError, match="make a new one"):
        run.train(5)


@pytest.mark.parametrize("precision", ["bf16", "no"])
def test_afterwards_the_models_are_as_they_were_given(precision):
    run = game(precision=precision)
    given = dict(run.models)
    run.train(3)
    assert run.models == given and run.trained is run.history.average
    for model in given.values():
        assert not hasattr(model.forward, "__wrapped__") and isinstance(model, nn.Sequential)


# Several processes

_SCRIPT = """
import os, sys, torch
sys.path.insert(0, {tests!r})
import test_run
torch.set_num_threads(1)
history, kept, refused = test_run.on_this_process(int(os.environ.get("WORLD_SIZE", 1)))
if os.environ.get("RANK", "0") == "0":
    torch.save((history.curves, kept, refused), {out!r})
"""


def on_this_process(processes):
    """A game without noise or normalisation, stopped in the middle and gone on with."""

    def one(event=nothing):
        torch.manual_seed(0)
        models = {name: nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2)) for name in "ab"}
        optimizers = {n: torch.optim.Adam(m.parameters(), 1e-2) for n, m in models.items()}

        def step(run, batch):
            event()
            a, b = run.models.values()
            fake = a(batch[0])
            loss = (b(fake.detach()) - b(batch[0])).square().mean()
            run.minimise(loss, "b")
            other = (b(fake) - 1).square().mean()
            run.minimise(other, "a")
            return {"b": loss, "a": other}

        options = Options(show=False, clip=1.0, average=0.9, checkpoint="run", save_every=5)
        loader = training.batches(rows(), batch_size=16, seed=0)
        return Run(step, models, optimizers, loader, options)

    with pytest.raises(Stop):
        one(at_call(12, crash)).train(20)
    run = one()
    history = run.train(20)
    try:
        fit(small_model(), 1, whole_batch=True)
        refused = ""
    except CourseError as error:
        refused = str(error)
    return history, {k: v.clone() for k, v in run.trained.state_dict().items()}, refused


def test_two_processes_play_the_game_of_one(home, tmp_path):
    script, out = tmp_path / "script.py", tmp_path / "out.pt"
    script.write_text(_SCRIPT.format(tests=str(HERE), out=str(out)))
    launch = "-m accelerate.commands.launch --multi_gpu --num_processes 2 --num_machines 1"
    more = "--mixed_precision no --dynamo_backend no --main_process_port 0"
    result = subprocess.run(
        [sys.executable, *launch.split(), *more.split(), str(script)],
        env={**os.environ, "ACCELERATE_USE_CPU": "true"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    curves, average, refused = torch.load(out, weights_only=True)
    assert "several processes would divide" in refused
    assert "Resumed 'run' at step 10 of 20" in result.stdout
    checkpoints_of_two = checkpoints.folder("run")
    assert len(torch.load(checkpoints_of_two / "step-00000020" / "state.pt")["random"]) == 2
    checkpoints_of_two.rename(tmp_path / "aside")
    history, expected, refused = on_this_process(1)
    assert not refused and history.resumed_from == 10
    for name, curve in history.curves.items():
        assert curves[name] == pytest.approx(curve, rel=1e-4)
    for name, value in expected.items():
        assert torch.allclose(average[name], value, atol=1e-5), name
