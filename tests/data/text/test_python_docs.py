"""Glyphs, digits, Python's own text and the learner's own files."""

import pytest

from aigc_course.core.errors import CourseError
from aigc_course.data.text import python_docs


@pytest.mark.parametrize(
    "kind, least", [("topics", 300_000), ("docstrings", 1_000_000), ("source", 6_000_000)]
)
def test_python_docs(kind, least):
    documents = python_docs.load(kind)
    assert sum(map(len, documents)) > least and documents == python_docs.load(kind)


def test_python_docs_bad_kind():
    with pytest.raises(CourseError, match="topics"):
        python_docs.load("novels")


def test_python_without_its_text(monkeypatch):
    monkeypatch.setattr(python_docs, "_topics", list)
    with pytest.raises(CourseError, match="came without"):
        python_docs.load("topics")
