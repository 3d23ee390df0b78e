"""Which thread settings should `course.py` choose? Times training steps of a small Transformer and
a small CNN.

    python3 benchmarks/threads.py        (with the course's Python, about five minutes)

Each setting runs in a process of its own, on an otherwise idle machine and beside as many busy
processes as there are cores less one, in alternation; the table shows the median milliseconds a
step. Ratios within one run are what counts.
"""

import os
import statistics
import subprocess
import sys

SETTINGS = {
    "1 thread": {"OMP_NUM_THREADS": "1"},
    "all threads, spinning (default)": {},
    "all threads, OMP_WAIT_POLICY=passive": {"OMP_WAIT_POLICY": "passive"},
    "all threads, GOMP_SPINCOUNT=20000": {"GOMP_SPINCOUNT": "20000"},
    "all threads, GOMP_SPINCOUNT=5000": {"GOMP_SPINCOUNT": "5000"},
}
ROUNDS = 3

STEPS = """
import statistics, sys, time
import torch
from torch import nn
torch.manual_seed(0)
text = nn.TransformerEncoder(nn.TransformerEncoderLayer(96, 4, 384, batch_first=True), 2)
convolutions = nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU()
image = nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(32 * 49, 10))
for model, shape in ((text, (16, 40, 96)), (image, (64, 1, 28, 28))):
    optimiser, x, times = torch.optim.AdamW(model.parameters()), torch.randn(shape), []
    for _ in range(80):
        start = time.perf_counter()
        model(x).square().mean().backward()
        optimiser.step()
        optimiser.zero_grad()
        times.append(time.perf_counter() - start)
    print(1000 * statistics.median(times[20:]))
"""


def measure(setting: dict[str, str], busy: int) -> list[float]:
    """Median milliseconds a step of the text and the image model."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_"))}
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        result = subprocess.run(
            [sys.executable, "-c", STEPS],
            env={**clean, **setting},
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        for other in others:
            other.kill()
            other.wait()
    return [float(line) for line in result.stdout.split()]


def main() -> None:
    print(
        "| setting | text, idle | text, busy | image, idle | image, busy |\n|---|---|---|---|---|"
    )
    cells = {name: {(model, busy): [] for model in (0, 1) for busy in (0, 1)} for name in SETTINGS}
    for _ in range(ROUNDS):  # in alternation, so that a slow minute of the machine hits all alike
        for busy in (0, 1):
            for name, setting in SETTINGS.items():
                for model, value in enumerate(
                    measure(setting, busy * max(1, (os.cpu_count() or 2) - 1))
                ):
                    cells[name][model, busy].append(value)
    for name, values in cells.items():
        row = " | ".join(
            f"{statistics.median(values[key]):.1f}" for key in ((0, 0), (0, 1), (1, 0), (1, 1))
        )
        print(f"| {name} | {row} |")


if __name__ == "__main__":
    main()
