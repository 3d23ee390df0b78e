"""Training: `fit` trains one model with one loss, `Run` makes steps of any other kind.

>>> loader = batches(inputs, targets, batch_size=64, seed=0)            # doctest: +SKIP
>>> history = fit(model, loader, loss_fn, steps=1000, lr=3e-3)          # doctest: +SKIP
"""

from aigc_course.training.batching import batches
from aigc_course.training.fit import fit
from aigc_course.training.options import History, Options
from aigc_course.training.run import Run

__all__ = ["History", "Options", "Run", "batches", "fit"]
