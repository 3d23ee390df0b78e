"""Glyphs, digits, Python's own text and the learner's own files."""

import pytest

from aigc_course.core.errors import CourseError
from aigc_course.data.text import own_text


def test_own_text(tmp_path):
    good = tmp_path / "a.txt"
    good.write_text("hello, wörld", encoding="utf-8")
    assert own_text.read_text(good) == "hello, wörld"
    bad, empty = tmp_path / "b.txt", tmp_path / "c.txt"
    bad.write_bytes("wörld".encode("latin-1"))
    empty.write_text(" \n")
    for path, words in (
        (bad, "UTF-8"),
        (empty, "empty"),
        (tmp_path / "none.txt", "no file"),
        (tmp_path, "no file of text"),
    ):
        with pytest.raises(CourseError, match=words):
            own_text.read_text(path)
    with pytest.raises(CourseError, match="12 characters; this lesson needs at least 2,000"):
        own_text.read_text(good, least=2000)
    for nonsense in (3, "", None):
        with pytest.raises(CourseError, match="a string, not"):
            own_text.read_text(nonsense)
