"""`training.fit` does what the loop does, survives kills and interrupts, and scales out;
checkpoints are whole or not there."""

import torch

from aigc_course import training


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
