"""Scale, folders, safe writing."""

import os

import pytest

from aigc_course.core import files
from aigc_course.core.errors import CourseError


def test_write_safely_leaves_the_old_file_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "file"
    files.write_atomically(path, b"old")

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CourseError, match="No space left"):
        files.write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_unused_path(tmp_path):
    path = tmp_path / "a.txt"
    assert files.unused_path(path) == path
    path.touch()
    (tmp_path / "a-2.txt").touch()
    assert files.unused_path(path).name == "a-3.txt"
