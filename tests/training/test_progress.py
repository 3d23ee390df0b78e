"""`training.fit` does what the loop does, survives kills and interrupts, and scales out;
checkpoints are whole or not there."""

import os
import signal
import sys

import pytest
import torch

from aigc_course import training
from aigc_course.core.errors import CourseError
from aigc_course.training import progress


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
