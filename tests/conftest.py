"""Every test runs in folders of its own; slow ones only with `python3 course.py test --full`."""

import os
import tempfile

# Before anything else, and in the environment, so that the kernels of notebooks inherit it.
os.environ["AIGC_HOME"] = tempfile.mkdtemp(prefix="aigc-test-home-")

import shutil

import hypothesis
import pytest

# The same examples in every run, and nothing written into the course folder.
hypothesis.settings.register_profile("course", derandomize=True, database=None)
hypothesis.settings.load_profile("course")


def pytest_collection_modifyitems(config, items):
    if os.environ.get("AIGC_FULL"):
        return
    slow = [item for item in items if item.get_closest_marker("full")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def pytest_unconfigure(config):
    shutil.rmtree(os.environ["AIGC_HOME"], ignore_errors=True)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A fresh folder of the learner's own, in which progress is recorded."""
    folder = tmp_path / "home"
    monkeypatch.setenv("AIGC_HOME", str(folder))
    monkeypatch.delenv("PYTEST_VERSION", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return folder
