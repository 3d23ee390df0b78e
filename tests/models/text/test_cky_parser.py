"""Tagger, parser and vectors against brute force, closed forms and the world's truth."""

import pytest

from aigc_course.core.errors import CourseError
from aigc_course.data.stories import tales
from aigc_course.models.text import cky_parser

TALES = tales.sample(300, seed=1)


NEW = tales.sample(60, seed=2)


def sentences(stories):
    return [sentence for story in stories for sentence in cky_parser.read_tree(story.tree)[1:]]


def test_trees_are_read_and_measured():
    tree = cky_parser.read_tree("(S (NP (PROPN Mia)) (VP (VERB saw) (NP (PROPN Tom))))")
    assert cky_parser.leaves(tree) == ["Mia", "saw", "Tom"]
    assert sorted(cky_parser.brackets(tree)) == [
        ("NP", 0, 1),
        ("NP", 2, 3),
        ("S", 0, 3),
        ("VP", 1, 3),
    ]
    assert cky_parser.bracket_scores([tree], [tree]) == pytest.approx(
        {"precision": 1, "recall": 1, "F1": 1}
    )
    flat = cky_parser.read_tree("(S (NP (PROPN Mia)) (VERB saw) (NP (PROPN Tom)))")
    assert cky_parser.bracket_scores([flat], [tree]) == pytest.approx(
        {"precision": 1, "recall": 3 / 4, "F1": 6 / 7}
    )
    assert cky_parser.bracket_scores([None], [tree])["F1"] == 0
    for bad in ("", "(S", "S)", "a b", "(S a))", "()", "(S)", "(NP the dog)", "((A b))"):
        with pytest.raises(CourseError):
            cky_parser.read_tree(bad)


def test_parser_finds_the_trees_of_new_sentences():
    parser = cky_parser.TreebankParser(sentences(TALES))
    true = sentences(NEW)
    found = [parser.parse(cky_parser.leaves(tree)) for tree in true]
    assert cky_parser.bracket_scores([tree and tree[0] for tree in found], true)["F1"] > 0.97
    for tree in filter(None, found):
        assert (
            tree[0][0] == "S"
            and tree[1] <= 0
            and "[" not in str(tree[0])
            and "/" not in str(tree[0])
        )
    assert [cky_parser.leaves(tree[0]) for tree in found if tree] == [
        cky_parser.leaves(tree) for tree in true
    ]
    assert parser.parse("park the in".split()) is None and parser.parse([]) is None
    with pytest.raises(CourseError, match="list of tokens"):
        parser.parse("Mia had a red hat.")
    with pytest.raises(CourseError, match="as many"):
        cky_parser.bracket_scores([], true)
    strange = ["Zork" if token == "Mia" else token for token in "Mia had a red hat .".split()]
    assert parser.parse(strange)[0][1] == ("NP", ("PROPN", "Zork"))
    with pytest.raises(CourseError):
        cky_parser.TreebankParser([])


def test_the_most_probable_tree_wins():
    """Two readings of one sentence: the one that the treebank prefers."""
    low = "(S (NP (N she)) (VP (V saw) (NP (NP (N him)) (PP (P with) (NP (N it))))))"
    high = "(S (NP (N she)) (VP (V saw) (NP (N him)) (PP (P with) (NP (N it)))))"
    words = "she saw him with it".split()
    for often, seldom in ((low, high), (high, low)):
        parser = cky_parser.TreebankParser(
            [cky_parser.read_tree(t) for t in [often] * 5 + [seldom]]
        )
        assert parser.parse(words)[0] == cky_parser.read_tree(often)
