"""Loss against compute for GPTs of several widths on short tales: `python3 benchmarks/scaling.py`
(with the course's Python, about ten minutes).

Writes `data/curves/scaling.json`, which lesson 24 shows: for each model the parameters that
multiply and, along the training, the steps, the floating-point operations (6 for each of these
parameters and each token; Kaplan et al., 2020, section 2.1) and the bits a held-out tale.
"""

from __future__ import annotations

import json

import torch

from aigc_course import training
from aigc_course.core import files, paths
from aigc_course.data.stories import tales
from aigc_course.models.text.gpt import GPT, GPTConfig
from aigc_course.models.text.language_model import next_token_loss
from aigc_course.text.vocabulary import END, Vocabulary

STEPS, BATCH, LR = 3000, 16, 4e-3
MODELS = {
    "d_model 24": (24, "rotary"),
    "d_model 48": (48, "rotary"),
    "d_model 96": (96, "rotary"),
    "d_model 96, learned positions": (96, "learned"),
}


def curve(width: int, positions: str, steps: int = STEPS) -> dict:
    """Train one model; every point comes from a run of its own length, as the learning rate must
    reach 0 at its end.
    """
    train, held_out = tales.sample(40_000, seed=1), tales.sample(500, seed=2)
    rows = [[END, *tale.tokens] for tale in train]
    vocabulary = Vocabulary(rows)
    data, test = (
        vocabulary.batch(rows),
        vocabulary.batch([[END, *tale.tokens] for tale in held_out]),
    )
    tokens_a_step = BATCH * (data != 0).sum().item() / len(data)
    points, runs = [], sorted({steps // 2**k for k in range(5)})
    for n in runs:
        torch.manual_seed(0)
        model = GPT(GPTConfig(len(vocabulary), 256, d_model=width, positions=positions))
        options = training.Options(schedule="linear", warmup=min(100, n // 5), clip=1.0, show=False)
        training.fit(
            model, training.batches(data, batch_size=BATCH, seed=0), next_token_loss, n, LR, options
        )
        points.append(
            {
                "steps": n,
                "flops": training_flops(multiplying_parameters(model), tokens_a_step * n),
                "bits": round(model.bits(test).mean().item(), 3),
            }
        )
        print(width, positions, points[-1], flush=True)
    return {"parameters": multiplying_parameters(model), "points": points}


def multiplying_parameters(model: GPT) -> int:
    """Return how many parameters take part in a multiplication: all but learned positions, which
    are looked up and added. The embedding counts, as it is the output layer, too.
    """
    looked_up = 0 if model.places is None else model.places.weight.numel()
    return sum(p.numel() for p in model.parameters()) - looked_up


def training_flops(parameters: int, tokens: float) -> float:
    """Return the floating-point operations of a training: 2 for each parameter and token on the way
    forward, 4 on the way back.
    """
    return 6 * parameters * tokens


def main() -> None:
    torch.set_num_threads(1)
    found = {name: curve(*model) for name, model in MODELS.items()}
    result = {
        "command": "python3 benchmarks/scaling.py",
        "world": tales.entropy(),
        "torch": torch.__version__.split("+")[0],
        "models": found,
    }
    files.write_atomically(
        paths.course_root() / "data" / "curves" / "scaling.json",
        (json.dumps(result, indent=1) + "\n").encode(),
    )


if __name__ == "__main__":
    main()
