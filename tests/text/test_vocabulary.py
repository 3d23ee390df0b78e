"""Cleaning against a known truth, tokenisers there and back on any text, word boundaries, splits
that share nothing."""

from aigc_course.text.vocabulary import Vocabulary


def test_vocabulary():
    vocabulary = Vocabulary([["b", "a", "b"]], first=["<x>"], least=1)
    assert (
        vocabulary.tokens == ["<pad>", "<end>", "<unk>", "<x>", "a", "b"] and len(vocabulary) == 6
    )
    assert vocabulary.batch([["a"], ["<x>", "b", "new"]]).tolist() == [[4, 1, 0, 0], [3, 5, 2, 1]]
    assert vocabulary.decode([4, 0, 5, 1, 4]) == ["a", "b"]
    assert Vocabulary([["b", "a", "b"]], least=2).encode(["a", "b"]) == [2, 3]
