"""CPU time to a validation loss of 1.88 on tiny Shakespeare's characters: the course's GPT against
Transformers' GPT-2.

    AIGC_SHAKESPEARE=input.txt python3 benchmarks/shakespeare.py        (with the course's Python,
    about eight minutes)

The file is the 1.1 MB "tiny Shakespeare" of Karpathy's char-rnn; the first nine tenths are for
training. The peer is `GPT2LMHeadModel` in a plain loop with nanoGPT's CPU configuration: 4 layers,
4 heads, 128 wide, context 64, batch 12, dropout 0, AdamW with learning rate 1e-3, 100 steps of
warm-up and cosine decay to a tenth over 2,000 steps. The course's GPT has rotary positions, three
layers, and trains with Muon (for matrices) and AdamW, linear decay. Both run in turn in this
process, one thread, and are judged on the same 64-character windows of the whole validation text;
only training counts as time. Both curves are kept in `benchmarks/results/shakespeare.json`.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
import torch.nn.functional as F

from aigc_course.core.errors import CourseError
from aigc_course.models.text.gpt import GPT, GPTConfig

TARGET, CONTEXT = 1.88, 64


def read() -> tuple[torch.Tensor, torch.Tensor, int]:
    """(training ids, validation ids, number of characters) of the file that AIGC_SHAKESPEARE
    names.
    """
    path = os.environ.get("AIGC_SHAKESPEARE", "")
    if not Path(path).is_file():
        raise CourseError(
            f"Set AIGC_SHAKESPEARE to the path of tiny Shakespeare's input.txt; now it is {path!r}."
        )
    text = Path(path).read_text(encoding="utf-8")
    ids = {c: i for i, c in enumerate(sorted(set(text)))}
    data = torch.tensor([ids[c] for c in text])
    cut = int(0.9 * len(data))
    return data[:cut], data[cut:], len(ids)


def windows(data: torch.Tensor, batch: int) -> Iterator[torch.Tensor]:
    """Random (batch, CONTEXT + 1) pieces, without end."""
    generator = torch.Generator().manual_seed(0)
    while True:
        starts = torch.randint(len(data) - CONTEXT, (batch,), generator=generator)
        yield data[starts[:, None] + torch.arange(CONTEXT + 1)]


@torch.no_grad()
def validation(logits_of: Callable, data: torch.Tensor) -> float:
    """Mean nats a character over all windows side by side."""
    rows = data[: (len(data) - 1) // CONTEXT * CONTEXT + 1].unfold(0, CONTEXT + 1, CONTEXT)
    nats = [
        F.cross_entropy(
            logits_of(part[:, :-1]).flatten(0, 1), part[:, 1:].flatten(), reduction="sum"
        ).item()
        for part in rows.split(128)
    ]
    return sum(nats) / (len(rows) * CONTEXT)


def train(
    model,
    logits_of: Callable,
    optimizers: list,
    rate: Callable,
    batch: int,
    steps: int,
    every: int,
    data,
    held_out,
) -> list[dict]:
    """-> [{step, cpu_seconds, loss}], a point every `every` steps; judging does not count as
    time.
    """
    curve, spent, pieces = [], 0.0, windows(data, batch)
    for step in range(steps + 1):
        if step % every == 0:
            model.eval()
            curve.append(
                {
                    "step": step,
                    "cpu_seconds": round(spent, 2),
                    "loss": round(validation(logits_of, held_out), 4),
                }
            )
            model.train()
            print(type(model).__name__, curve[-1], flush=True)
        start = time.process_time()
        rows = next(pieces)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["first"] * rate(step)
        loss = F.cross_entropy(logits_of(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        spent += time.process_time() - start
    return curve


def named(optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
    """Remembers each group's learning rate, which the schedule scales."""
    for group in optimizer.param_groups:
        group["first"] = group["lr"]
    return optimizer


def peer(data, held_out, V: int) -> list[dict]:
    """Transformers' GPT-2, AdamW, as nanoGPT trains on a CPU."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=V,
        n_positions=CONTEXT,
        n_embd=128,
        n_layer=4,
        n_head=4,
        bos_token_id=0,
        eos_token_id=0,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
    )
    model = GPT2LMHeadModel(config)
    matrices = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
        lr=1e-3,
        betas=(0.9, 0.99),
    )

    def rate(step: int) -> float:
        return (
            (step + 1) / 101
            if step < 100
            else 0.1 + 0.45 * (1 + math.cos(math.pi * min(1, (step - 100) / 1900)))
        )

    return train(
        model,
        lambda ids: model(input_ids=ids, use_cache=False).logits,
        [named(optimizer)],
        rate,
        12,
        2000,
        100,
        data,
        held_out,
    )


def ours(data, held_out, V: int, steps: int = 450, batch: int = 16) -> list[dict]:
    """The course's GPT with Muon for the matrices of its blocks."""
    torch.manual_seed(0)
    model = GPT(GPTConfig(V, CONTEXT, n_layers=3, n_heads=4, d_model=128))
    matrices = [p for p in model.blocks.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if all(p is not m for m in matrices)]
    optimizers = [
        named(torch.optim.Muon(matrices, lr=0.03, weight_decay=0.0)),
        named(torch.optim.AdamW(others, lr=3e-3, betas=(0.9, 0.95))),
    ]
    return train(
        model,
        model,
        optimizers,
        lambda step: min((step + 1) / 50, 1 - step / (steps + 1)),
        batch,
        steps,
        25,
        data,
        held_out,
    )


def reached(curve: list[dict]) -> dict | None:
    """The first point at or below the target."""
    return next((point for point in curve if point["loss"] <= TARGET), None)


def main() -> None:
    torch.set_num_threads(1)
    data, held_out, V = read()
    curves = {
        "Transformers GPT-2, AdamW": peer(data, held_out, V),
        "course GPT, rotary, Muon": ours(data, held_out, V),
    }
    target = Path(__file__).parent / "results" / "shakespeare.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(
        json.dumps(
            {"target": TARGET, "torch": torch.__version__.split("+")[0], "curves": curves}, indent=1
        )
        + "\n",
        encoding="utf-8",
    )
    print("| model | steps | CPU-seconds to 1.88 | last loss |\n|---|---|---|---|")
    for name, curve in curves.items():
        point = reached(curve) or {"step": "not reached", "cpu_seconds": curve[-1]["cpu_seconds"]}
        print(f"| {name} | {point['step']} | {point['cpu_seconds']} | {curve[-1]['loss']} |")
    theirs, mine = curves.values()
    if point := reached(mine):
        whole = (
            ""
            if reached(theirs)
            else ", and the peer has not come there at the end of its schedule"
        )
        share = point["cpu_seconds"] / (reached(theirs) or theirs[-1])["cpu_seconds"]
        print(f"\nTo {TARGET} the course's GPT needs {share:.2f} of the peer's CPU time{whole}.")


if __name__ == "__main__":
    try:
        main()
    except CourseError as error:
        sys.exit(str(error))
