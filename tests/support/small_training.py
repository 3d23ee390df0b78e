"""A small model, its data and its loss, for tests of training."""

import torch

from aigc_course import training
from aigc_course.training import Options


def data(n=200):
    torch.manual_seed(5)
    x = torch.randn(n, 4)
    return x, x @ torch.randn(4, 1)


def new_model(width=8, dropout=0.0):
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(4, width),
        torch.nn.Dropout(dropout),
        torch.nn.Tanh(),
        torch.nn.Linear(width, 1),
    )


def loss_fn(model, batch):
    x, y = batch
    return ((model(x) - y) ** 2).mean()


def fit(model, steps=30, loss=loss_fn, **options):
    return training.fit(
        model,
        training.batches(*data(), batch_size=16, seed=0),
        loss,
        steps,
        1e-2,
        Options(show=False, **options),
    )


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


class Stop(Exception):
    """Stands for a crash."""
