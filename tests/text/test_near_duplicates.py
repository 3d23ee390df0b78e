"""MinHash estimates the Jaccard similarity, and near-copies are found as by comparing all pairs."""

import itertools

import numpy as np
import pytest

from aigc_course.core.errors import CourseError
from aigc_course.data.stories import tales
from aigc_course.text import near_duplicates


def texts():
    """Forty tales, and a copy of each with one fact changed."""
    originals = tales.sample(40, seed=11)
    copies = [tales.alter(tale, seed=i) for i, tale in enumerate(originals)]
    return [" ".join(tales.tokenize(text)) for text in [tale.text for tale in originals] + copies]


def test_shingles_are_all_runs_of_tokens():
    tokens = ["Mia", "lost", "her", "kite", "."]
    assert near_duplicates.shingles(tokens, 3) == {
        ("Mia", "lost", "her"),
        ("lost", "her", "kite"),
        ("her", "kite", "."),
    }
    assert near_duplicates.shingles(["Mia"], 3) == {("Mia",)}


@pytest.mark.parametrize(("shared", "own"), [(0, 30), (10, 20), (30, 10), (30, 0)])
def test_signatures_agree_as_often_as_sets_are_similar(shared, own):
    a = {("both", str(i)) for i in range(shared)} | {("a", str(i)) for i in range(own)}
    b = {("both", str(i)) for i in range(shared)} | {("b", str(i)) for i in range(own)}
    functions = near_duplicates.hash_functions(2000, seed=1)
    one, other = (near_duplicates.minhash(near_duplicates.hashes(s), *functions) for s in (a, b))
    similar = near_duplicates.jaccard(a, b)
    assert similar == shared / (shared + 2 * own)
    assert abs((one == other).mean() - similar) < 0.05  # more than four standard errors


def test_near_duplicates_are_those_of_a_comparison_of_all_pairs():
    some = texts()
    sets = [near_duplicates.shingles(text.split()) for text in some]
    pairs = itertools.combinations(range(len(some)), 2)
    true = [(i, j) for i, j in pairs if near_duplicates.jaccard(sets[i], sets[j]) >= 0.7]
    assert near_duplicates.near_duplicates(some) == true
    assert set(true) >= {(i, i + 40) for i in range(40)}


def test_few_bands_miss_pairs_and_never_invent_one():
    some = texts()
    found = near_duplicates.near_duplicates(some, bands=1, rows=20)
    assert set(found) < set(near_duplicates.near_duplicates(some))


def test_hashes_stay_within_64_bits():
    a, b = near_duplicates.hash_functions(50, seed=0)
    signature = near_duplicates.minhash(np.array([near_duplicates.PRIME - 1]), a, b)
    exact = [
        (int(x) * (near_duplicates.PRIME - 1) + int(y)) % near_duplicates.PRIME
        for x, y in zip(a, b, strict=True)
    ]
    assert signature.tolist() == exact


def test_a_text_without_words_is_named():
    with pytest.raises(CourseError, match="text 1 has no word"):
        near_duplicates.near_duplicates(["a b c", "  "])
