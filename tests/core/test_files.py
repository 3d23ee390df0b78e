"""Scale, folders, safe writing."""

import os
from pathlib import Path

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


@pytest.mark.parametrize("links", [True, False])
def test_write_new_never_replaces(tmp_path, monkeypatch, links):
    if not links:  # as on a file system of a memory card

        def refuse(self, target):
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(Path, "hardlink_to", refuse)
    path = tmp_path / "file"
    assert files.write_new(path, b"first") and path.read_bytes() == b"first"
    assert not files.write_new(path, b"second") and path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_write_new_where_a_file_stands_for_the_folder(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(CourseError, match="Cannot write"):
        files.write_new(tmp_path / "a" / "b", b"")


def test_only_plain_files_of_a_known_size_are_read(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    (tmp_path / "link").symlink_to(path)
    (tmp_path / "zeros").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    assert files.read_plain(path, 5) == files.read_plain(tmp_path / "link", 5) == b"12345"
    for name, how in (
        ("file", {"most": 4}),
        ("link", {"most": 9, "links": False}),
        ("zeros", {"most": 9}),
        ("pipe", {"most": 9}),
        (".", {"most": 9}),
        ("missing", {"most": 9}),
    ):
        with pytest.raises(OSError):
            files.read_plain(tmp_path / name, **how)
