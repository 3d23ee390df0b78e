"""Cleaning against a known truth, tokenisers there and back on any text, word boundaries, splits
that share nothing."""

from hypothesis import given
from hypothesis import strategies as st

from aigc_course.text import splitting


@given(st.lists(st.integers(0, 30), min_size=20, max_size=80), st.integers(0, 5))
def test_a_split_shares_nothing(items, seed):
    if len(set(items)) < 5:
        return
    parts = splitting.split(items, (0.6, 0.2, 0.2), seed=seed, key=lambda item: item)
    assert sorted(item for part in parts for item in part) == sorted(items)
    assert parts == splitting.split(items, (0.6, 0.2, 0.2), seed=seed, key=lambda item: item)
    for i in range(3):
        for j in range(i):
            assert not set(parts[i]) & set(parts[j])
