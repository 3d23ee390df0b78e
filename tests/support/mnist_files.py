"""A tiny MNIST with its own checksums."""

import gzip
import hashlib
import struct

import numpy as np
import pytest

from aigc_course.data.images import image_sets


def idx(array):
    """An array in the format of MNIST's files."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A tiny MNIST with its own checksums; returns its root and what a server would give for each
    file.
    """
    rng = np.random.default_rng(0)
    arrays = [
        rng.integers(0, 256, (30, 28, 28), dtype=np.uint8),
        rng.integers(0, 10, 30, dtype=np.uint8),
        rng.integers(0, 256, (10, 28, 28), dtype=np.uint8),
        rng.integers(0, 10, 10, dtype=np.uint8),
    ]
    kind, address, names = image_sets.SETS["mnist"]
    packed = {
        file: gzip.compress(idx(a), mtime=0)
        for (file, _), a in zip(kind.resources, arrays, strict=True)
    }
    fake = type(
        "MNIST",
        (kind,),
        {"resources": [(file, hashlib.md5(data).hexdigest()) for file, data in packed.items()]},
    )
    monkeypatch.setitem(image_sets.SETS, "mnist", (fake, address, names))
    return tmp_path / "sets", packed, arrays


def put(root, packed):
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file, data in packed.items():
        (raw / file).write_bytes(data)
    return raw
