"""A limit on the memory that this process takes for what came from a stranger."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psutil

try:
    import resource
except ImportError:  # Windows
    resource = None


@contextlib.contextmanager
def memory_limit(gigabytes: float) -> Iterator[None]:
    """Let the code in the block take at most so much more memory than there is now.

    Raises:
        MemoryError: the block takes more.
    """
    if resource is None:
        yield
        return
    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = psutil.Process().memory_info().vms + int(gigabytes * 1e9)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))
