"""Trains and writes in children that are killed, at random moments or at each line; run by
test_nothing_lost.py as a program of its own.

    python tests/support/killing.py fit 100        # or: text, images (pretraining), save, keep

Forks, so that torch is loaded once; one thread, as forking a program with several is not safe.
Every run has its own AIGC_HOME.
"""

import contextlib
import dataclasses
import io
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

import torch

from aigc_course import recipes, training
from aigc_course.core import files, paths
from aigc_course.pretrained import checkpoints as shipped
from aigc_course.recipes import curve
from aigc_course.training import checkpoints

STEPS, EVERY = 300, 10
SILENT = os.open(os.devnull, os.O_WRONLY)
BASE = Path(os.environ["AIGC_HOME"])


def say(log, text):
    os.write(log, f"{text}\n".encode())


def home(name):
    os.environ["AIGC_HOME"] = str(BASE / name)
    return BASE / name


@contextlib.contextmanager
def counted(log):
    """Every step of every training says that it begins."""
    advance = training.Run.advance

    def counting(run, batch):
        say(log, "step")
        advance(run, batch)

    training.Run.advance = counting
    try:
        yield
    finally:
        training.Run.advance = advance


class Fit:
    """A run of `fit` with dropout, a schedule, and Python's random numbers in its loss."""

    seconds = 0.02, 0.5  # before a kill

    @staticmethod
    def model():
        torch.manual_seed(7)
        return torch.nn.Sequential(
            torch.nn.Linear(6, 24), torch.nn.Dropout(0.2), torch.nn.Tanh(), torch.nn.Linear(24, 1)
        )

    def run(self, log):
        with counted(log):
            self.train()

    def train(self):
        x = torch.randn(200, 6, generator=torch.Generator().manual_seed(1))

        def loss_fn(model, batch):
            time.sleep(0.0005)
            return (
                model(batch[0]) - batch[0].sum(1, keepdim=True)
            ).square().mean() + random.random()

        model = self.model()
        torch.manual_seed(3)
        random.seed(3)
        options = training.Options(
            schedule="cosine", warmup=5, checkpoint="run", save_every=EVERY, show=False
        )
        training.fit(
            model, training.batches(x, batch_size=16, seed=0), loss_fn, STEPS, 1e-2, options
        )

    def result(self):
        """All that a run leaves: weights, and the state of optimizer, schedule and random numbers,
        with the losses.
        """
        model = self.model()
        return model.state_dict(), checkpoints.load("run", model)


class Text:
    """A pretraining of the BERT, both of its parts, made small."""

    seconds, name, steps = (0.1, 1.2), "tales-bert", 24
    batch_size = 4

    def __init__(self):
        def judge(model):
            return {"size": sum(p.numel() for p in model.parameters())}

        self.recipe = dataclasses.replace(
            recipes.RECIPES[self.name], judge=judge, batch_size=self.batch_size
        )

    def run(self, log):
        recipes.RECIPES[self.name] = self.recipe
        quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
        with counted(log), quiet[0], quiet[1]:
            recipes.make(self.name, self.steps, 64, show=False)

    def result(self):
        """Weights and curve, without the time that it took."""
        folder = paths.home() / "pretrained" / self.name
        curve = [
            {k: v for k, v in point.items() if k != "cpu_seconds"}
            for point in json.loads((folder / "curve.json").read_text())
        ]
        return (folder / "model.safetensors").read_bytes(), curve


class Images(Text):
    """A pretraining of the GAN, made small."""

    seconds, name, steps = (0.05, 2.0), "glyphs-gan", 12
    batch_size = 2


def child(work, seconds=None):
    """Run `work(log)` in a child, killed after some time if any; the lines that it said, "end" last
    when it came to its end.
    """
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        os.close(reading)
        os.dup2(SILENT, 1)
        try:
            work(writing)
            say(writing, "end")
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(writing)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(process, signal.SIGKILL)
    with os.fdopen(reading) as said:
        lines = said.read().splitlines()
    _, status = os.waitpid(process, 0)
    if not os.WIFSIGNALED(status) and (not lines or lines[-1] != "end"):
        sys.exit(f"a child ended by itself, not by a kill, after {lines[-3:]}")
    return lines


def equal(a, b):
    """Bit for bit, through tuples, lists and dictionaries."""
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    return a == b


def kept_steps(folder):
    """Steps in the newest checkpoint of every run there, together."""
    newest = {}
    for path in folder.glob("runs/*/step-*"):
        newest[path.parent] = max(newest.get(path.parent, 0), int(path.name[5:]))
    return sum(newest.values())


def at_random(task, kills):
    """Kill until `kills` were made, three runs came to an end, and the run at hand is through."""
    rng = random.Random(0)
    home("unbroken")
    task.run(SILENT)
    expected = task.result()
    result = {"kills": 0, "runs": 0, "most_lost": 0, "while_writing": 0, "unequal": 0}
    while result["kills"] < kills or result["runs"] < 3:
        folder, kept = home(f"run{result['runs']}"), 0
        while True:
            lines = child(task.run, rng.uniform(*task.seconds))
            if lines and lines[-1] == "end":
                break
            result["kills"] += 1
            result["while_writing"] += any(folder.glob("runs/*/.*.part"))
            begun = kept + len(lines)  # the last may not have been finished
            kept = kept_steps(folder)
            result["most_lost"] = max(result["most_lost"], begun - kept)
        result["unequal"] += not equal(task.result(), expected)
        result["runs"] += 1
    return result


WRITERS = {module.__file__ for module in (checkpoints, files, curve, shipped)}


def dying_at(line, work):
    """A child's work that ends, as by SIGKILL, before the given line of the code that writes."""

    def run(log):
        seen = 0

        def trace(frame, event, _):
            nonlocal seen
            if frame.f_code.co_filename not in WRITERS:
                return None
            if event == "line":
                seen += 1
                if seen == line:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        work(log)

    return run


def each_line(prepare, work, check):
    """Kill at line 1, 2 ... of the writing until it comes to its end; how many lines those were,
    and how many checks failed.
    """
    line = failed = 0
    while True:
        line += 1
        folder = home(f"line{line}")
        prepare()
        ended = child(dying_at(line, work))
        failed += not check(bool(ended))
        shutil.rmtree(folder)
        if ended:
            return {"kills": line - 1, "failed": failed}


def save():
    """The third checkpoint of a run: the second or the third is there afterwards, whole, and the
    first is never needed.
    """

    def model(step):
        one = Fit.model()
        torch.nn.init.constant_(one[0].bias, step)
        return one

    def write(step):
        checkpoints.save("run", model(step), {"losses": torch.zeros(step)}, step)

    def check(ended):
        other = Fit.model()
        step = len(checkpoints.load("run", other)["losses"])
        write(40)  # and the run can go on
        return step in ((30,) if ended else (20, 30)) and bool((other[0].bias == step).all())

    def prepare():
        write(10)
        write(20)
        for i in range(8):  # left by earlier kills
            (checkpoints.folder("run") / f".step-{25 + i:08}.99999.part").mkdir()

    return each_line(prepare, lambda log: write(30), check)


def keep():
    """A finished checkpoint in the place of an older one: nothing is lost, and the same command
    ends what was broken off.
    """

    def make(content):
        points = curve.Curve("run", lambda model: {})
        points.points = [{"step": 1, "cpu_seconds": 0.0}]
        curve.keep(
            "tales-gpt",
            lambda folder: (folder / "model.safetensors").write_text(content),
            "card",
            points,
        )

    def contents():
        return sorted(
            file.read_text()
            for file in (paths.home() / "pretrained").glob("[!.]*/model.safetensors")
        )

    def check(ended):
        there = contents()
        if not ended:
            make("new")
        return "old" in there and contents() in (["new", "old"], ["new", "new", "old"])

    return each_line(lambda: make("old"), lambda log: make("new"), check)


def main(what, kills=0):
    torch.set_num_threads(1)
    tasks = {"fit": Fit, "text": Text, "images": Images}
    print(
        json.dumps(
            at_random(tasks[what](), kills)
            if what in tasks
            else {"save": save, "keep": keep}[what]()
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
