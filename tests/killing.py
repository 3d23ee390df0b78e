"""Trains in children that are killed at random moments, a hundred times; run by test_reliability.py as a program of its own.

Forks, so that torch is loaded once; one thread, as forking a program with several is not safe.
"""

import json
import os
import random
import signal
import sys
import time

import torch

from aigc_course import checkpoints, training

STEPS, EVERY = 300, 10


def new_model():
    torch.manual_seed(7)
    return torch.nn.Sequential(torch.nn.Linear(6, 24), torch.nn.Dropout(0.2), torch.nn.Tanh(), torch.nn.Linear(24, 1))


def train(name, log):
    """One attempt at a run; says before each step which one it is."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(200, 6, generator=generator)
    done = [0]

    def loss_fn(model, batch):
        done[0] += 1
        os.write(log, f"{done[0]}\n".encode())
        time.sleep(0.0005)
        return (model(batch[0]) - batch[0].sum(1, keepdim=True)).square().mean() + random.random()  # Python's random numbers must come back, too

    model = new_model()
    torch.manual_seed(3)
    random.seed(3)
    loader = training.batches(x, batch_size=16, seed=0)
    options = training.Options(schedule="cosine", warmup=5, checkpoint=name, save_every=EVERY, show=False)
    history = training.fit(model, loader, loss_fn, STEPS, 1e-2, options)
    return model, history


def attempt(name, seconds):
    """Start a child and kill it after some time; the lines that it said: numbers of steps begun, and "end ..." when it came to its end."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        _, history = train(name, writing)
        os.write(writing, f"end {history.resumed_from}\n".encode())
        os._exit(0)
    os.close(writing)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        return said.read().splitlines()


def main(kills):
    """Print as JSON: kills, kills while a checkpoint was written, runs that came to their end, most steps that were lost, unequal results."""
    torch.set_num_threads(1)
    rng = random.Random(0)
    silent = os.open(os.devnull, os.O_WRONLY)
    expected, whole = train("unbroken", silent)
    result = {"kills": 0, "runs": 0, "most_lost": 0, "while_writing": 0, "unequal": 0}
    while result["kills"] < kills:
        name, begun = f"run{result['runs']}", 0
        while True:
            lines = attempt(name, rng.uniform(0.02, 0.5))
            steps = [int(line) for line in lines if line.isdigit()]
            if lines and lines[-1].startswith("end"):
                break
            result["kills"] += 1
            result["while_writing"] += any(checkpoints.folder(name).glob(".*.part"))
            kept = max((int(path.name[5:]) for path in checkpoints.folder(name).glob("step-*")), default=0)
            begun += len(steps)  # the last may not have been finished
            result["most_lost"] = max(result["most_lost"], begun - kept)
            begun = kept
        model, history = train(name, silent)  # nothing left to do: the result as it was kept
        same = all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), expected.state_dict().values(), strict=True))
        result["unequal"] += not (same and history.losses == whole.losses)
        result["runs"] += 1
    print(json.dumps(result))


if __name__ == "__main__":
    main(int(sys.argv[1]))
