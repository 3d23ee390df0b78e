"""Segmentation of Chinese text, which has no spaces: maximum matching, jieba, and a score."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr
from functools import cache

from aigc_course.core import files, paths
from aigc_course.core.arguments import checked, string, texts, token_list, tokenized
from aigc_course.core.errors import CourseError
from aigc_course.evaluation.statistics import precision_recall_f1


@checked(text=string(), words=texts())
def max_match(text: str, words: Iterable[str]) -> list[str]:
    """Take the longest known word at each position, or one character where no word begins.

    Args:
        text: Chinese text without spaces.
        words: the dictionary.

    Source: forward maximum matching, in use since the 1980s; Xue (2003), section 2, tells its
    history.
    """
    words = words if isinstance(words, set | frozenset) else set(words)
    longest = max(map(len, words), default=1)
    found, i = [], 0
    while i < len(text):
        length = next((n for n in range(longest, 1, -1) if text[i : i + n] in words), 1)
        found.append(text[i : i + length])
        i += length
    return found


@checked(text=string())
def segment(text: str) -> list[str]:
    """Split Chinese text into words with jieba.

    jieba finds the most probable path through a large dictionary with frequencies, and uses a
    hidden Markov model for unknown words.

    Source: jieba 0.42 (MIT licence), https://github.com/fxsjy/jieba
    """
    return _jieba().lcut(text)


@cache
def _jieba():
    """Load jieba, with its table in the course's cache."""
    with (
        warnings.catch_warnings(),
        redirect_stderr(io.StringIO()),
    ):  # jieba warns of escapes in its source and prints messages about its cache
        warnings.simplefilter("ignore")
        import jieba

        jieba.setLogLevel(logging.ERROR)
        # By default jieba keeps its table in the system's temporary folder, where any user could
        # replace it.
        table = paths.cache() / "jieba" / "words.cache"
        with files.lock(table):
            jieba.dt.tmp_dir, jieba.dt.cache_file = str(table.parent), table.name
            jieba.initialize()
            with contextlib.suppress(OSError):  # only its owner could read it, and others share it
                table.chmod(0o644)
    return jieba


@checked(words=token_list())
def spans(words: Sequence[str]) -> set[tuple[int, int]]:
    """Return (start, end) of each word in the joined text."""
    ends, position = [], 0
    for word in words:
        ends.append((position, position + len(word)))
        position += len(word)
    return set(ends)


@checked(predicted=tokenized(), true=tokenized())
def scores(predicted: Sequence[Sequence[str]], true: Sequence[Sequence[str]]) -> dict[str, float]:
    """Compute precision, recall and F1 of words found at their exact place, over all texts.

    Raises:
        CourseError: the two do not spell the same texts, or differ in their number of texts.
    """
    if len(predicted) != len(true):
        raise CourseError(
            f"scores compares as many texts with as many; got {len(predicted)} and {len(true)}."
        )
    right = found = there = 0
    for mine, truth in zip(predicted, true, strict=True):
        if "".join(mine) != "".join(truth):
            raise CourseError(
                "scores compares two ways to cut one text; these differ: "
                f"{''.join(mine)[:20]!r} and {''.join(truth)[:20]!r}."
            )
        a, b = spans(mine), spans(truth)
        right, found, there = right + len(a & b), found + len(a), there + len(b)
    return precision_recall_f1(right, found, there)
