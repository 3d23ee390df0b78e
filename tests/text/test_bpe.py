"""Cleaning against a known truth, tokenisers there and back on any text, word boundaries, splits
that share nothing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_course.data.stories import tales
from aigc_course.text.bpe import BPE, count_pairs, merge, split_words

TEXTS = [tale.text for tale in tales.sample(300, seed=1)]


ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates among them


def bpe(n=300):
    return BPE.train(TEXTS, n)


def test_training_is_the_naive_algorithm():
    from collections import Counter

    words = {
        tuple(bytes([b]) for b in word.encode()): n
        for word, n in Counter(w for text in TEXTS for w in split_words(text)).items()
    }
    merges = []
    for _ in range(60):
        pairs = count_pairs(words)
        merges.append(min(pairs, key=lambda pair: (-pairs[pair], pair)))
        words = {merge(word, merges[-1]): n for word, n in words.items()}
    assert BPE.train(TEXTS, 60).merges == merges


TOKENIZER, THEIRS = bpe(), bpe().to_hugging_face()


@settings(max_examples=300)
@given(ANY_TEXT)
def test_any_text_comes_back(text):
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == text and "".join(split_words(text)) == text


@settings(max_examples=300)
@given(
    st.text(
        st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("aehot 01.,'\n\t")),
        max_size=60,
    )
)
def test_equal_to_hugging_face(text):
    assert (
        THEIRS.encode(text).ids == TOKENIZER.encode(text)
        and THEIRS.decode(TOKENIZER.encode(text)) == text
    )


def test_no_token_reaches_across_words():
    assert all(b" " not in token[1:] for token in TOKENIZER.tokens if token.strip())
    assert (
        len(BPE.train(["aaaa"], 100).merges) == 2
    )  # then the word is one token, and nothing is left to merge
