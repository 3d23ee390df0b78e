"""Exercises on n-grams: counting, smoothing, and how much was copied."""

from __future__ import annotations

from collections import Counter, defaultdict

from aigc_course.evaluation.text_metrics import longest_copy
from aigc_course.exercises.engine.draws import letters, size
from aigc_course.exercises.engine.types import Exercise, QuizQuestion


def count(texts, n):
    """Return context, a tuple of n - 1 tokens -> Counter of the tokens that followed it."""
    counts = defaultdict(Counter)
    for tokens in texts:
        padded = ["<s>"] * (n - 1) + list(tokens) + ["</s>"]
        for i in range(n - 1, len(padded)):
            counts[tuple(padded[i - n + 1 : i])][padded[i]] += 1
    return dict(counts)


_TEXTS = (["a", "b", "a", "c"], ["a", "b"])


COUNT = Exercise(
    name="ngrams.count",
    title="Count what follows",
    minutes=15,
    reference=count,
    probes=lambda: [(list(_TEXTS), 2), (list(_TEXTS), 3), (list(_TEXTS), 1), ([["x"]], 4)],
    hints=(
        "Which tokens stand before the first one, and what stands behind the last one?",
        "Pad each text first. Then go through its places from the first real token on: the n - 1 "
        "tokens before it are the context. `defaultdict(Counter)` makes the counters by itself.",
        "for each place i: one more for the token at i, in the Counter of the n - 1 before it",
    ),
)


def _counted(texts, n, *, before=None, ends=True, joined=False, key=tuple):
    """Count as `count` does, for the known mistakes: each changes one thing.

    Args:
        texts, n: as there.
        before: how many signs of the beginning are put before a text, n - 1 if None.
        ends: whether the end is counted.
        joined: whether all texts are counted as one.
        key: what makes a context of a list of tokens.
    """
    before = n - 1 if before is None else before
    texts = [[token for text in texts for token in text]] if joined else texts
    counts = {}
    for tokens in texts:
        padded = ["<s>"] * before + list(tokens) + ["</s>"] * ends
        for i in range(n - 1, len(padded)):
            counts.setdefault(key(padded[i - n + 1 : i]), Counter())[padded[i]] += 1
    return counts


@COUNT.mistake("The beginning is missing: put n - 1 times <s> before each text.")
def without_beginning(texts, n):
    return _counted(texts, n, before=0)


@COUNT.mistake("The end is missing: </s> stands behind each text, and is counted as well.")
def without_the_end(texts, n):
    return _counted(texts, n, ends=False)


@COUNT.mistake("Each text begins anew: pad every one of them, do not join them into one.")
def joined_texts(texts, n):
    return _counted(texts, n, joined=True)


@COUNT.mistake("One <s> is too many: a context has n - 1 tokens, so n - 1 of them.")
def one_sign_too_many(texts, n):
    return _counted(texts, n, before=n)


@COUNT.mistake("A context is a tuple of tokens, not a string.")
def contexts_as_strings(texts, n):
    return _counted(texts, n, key=" ".join)


@COUNT.mistake("Your contexts have n tokens; with n - 1 of them, the last of the n is predicted.")
def contexts_too_long(texts, n):
    return count(texts, n + 1)


@COUNT.mistake("You note each token once; count how often it came.")
def each_token_once(texts, n):
    return {h: Counter(dict.fromkeys(c, 1)) for h, c in count(texts, n).items()}


@COUNT.hidden()
def draw_count(rng):
    return [letters(rng, size(rng, 2, 8)) for _ in range(3)], size(rng, 2, 4)


def mix(followers, word, shorter):
    """Return Witten and Bell's mixture: (c + t x shorter) / (n + t); `shorter` if all is new."""
    if not followers:
        return shorter
    t = len(followers)
    return (followers[word] + t * shorter) / (followers.total() + t)


MIX = Exercise(
    name="ngrams.mix",
    title="Mix two answers",
    minutes=10,
    reference=mix,
    probes=lambda: [
        (Counter(kite=6, hat=2), "kite", 0.1),
        (Counter(kite=6, hat=2), "drum", 0.05),
        (Counter(a=1, b=1, c=3), "b", 0.25),
        (Counter(), "kite", 0.3),
    ],
    hints=(
        "How often did the word come, how often did anything come, and how many different tokens?",
        "`followers[word]` is 0 for a word that never came. `followers.total()` adds all counts, "
        "and `len(followers)` is the number of different tokens.",
        "(c + t x shorter) / (n + t)",
    ),
)


@MIX.mistake("t is the number of DIFFERENT tokens that followed, not of all.")
def all_for_different(followers, word, shorter):
    n = followers.total()
    return (followers[word] + n * shorter) / (2 * n) if n else shorter


@MIX.mistake("The shorter context is missing: without it, what was never seen has probability 0.")
def counts_alone(followers, word, shorter):
    return followers[word] / followers.total() if followers else shorter


@MIX.mistake("A context that was never seen knows nothing: return what the shorter one says.")
def nothing_if_new(followers, word, shorter):
    return mix(followers, word, shorter) if followers else 0.0


@MIX.mistake("The sum must grow by t as well: divide by n + t.")
def divided_by_n(followers, word, shorter):
    if not followers:
        return shorter
    return (followers[word] + len(followers) * shorter) / followers.total()


@MIX.mistake("t is multiplied by what the shorter context says, not added as it is.")
def t_added(followers, word, shorter):
    if not followers:
        return shorter
    return (followers[word] + len(followers)) / (followers.total() + len(followers))


@MIX.hidden(times=4)
def draw_mix(rng):
    words = [f"w{i}" for i in range(size(rng, 2, 5))]
    word = words[int(rng.integers(0, len(words)))]
    return Counter({w: size(rng, 1, 9) for w in words}), word, float(rng.uniform(0.05, 0.5))


def add_k(followers: Counter, vocabulary: list[str], k: float) -> dict[str, float]:
    """Return (count + k) / (total + k V) for every token of the vocabulary; V is its size."""
    total = followers.total() + k * len(vocabulary)
    return {token: (followers[token] + k) / total for token in vocabulary}


ADD_K = Exercise(
    name="ngrams.add_k",
    title="Add-k smoothing",
    minutes=15,
    reference=add_k,
    probes=lambda: [
        (Counter(red=3, blue=1), ["blue", "green", "red"], 0.5),
        (Counter(a=2), ["a", "b"], 1),
        (Counter(), ["a", "b", "c", "d"], 0.1),
    ],
    hints=(
        (
            "If every token of the vocabulary had been seen k times more, how large would the "
            "total be?"
        ),
        (
            "Each count grows by k, and the total by k for each token of the vocabulary. A "
            "Counter gives 0 for what it does not hold."
        ),
        "P(token) = (count + k) / (total + k V), with V the size of the vocabulary.",
    ),
)


@ADD_K.mistake(
    "k is added to every token of the vocabulary, so the total grows by k times its size, not by k."
)
def k_once_in_total(followers, vocabulary, k):
    return {token: (followers[token] + k) / (followers.total() + k) for token in vocabulary}


@ADD_K.mistake("The probabilities sum to more than 1: the total must grow by what you added.")
def total_without_k(followers, vocabulary, k):
    return {token: (followers[token] + k) / followers.total() for token in vocabulary}


@ADD_K.mistake("Tokens that were never seen are missing: they are the reason for smoothing.")
def seen_only(followers, vocabulary, k):
    total = followers.total() + k * len(followers)
    return {token: (count + k) / total for token, count in followers.items()}


@ADD_K.mistake(
    "The total grows by what you add to every token together: k times the size of the vocabulary."
)
def size_in_total(followers, vocabulary, k):
    total = followers.total() + len(vocabulary)
    return {token: (followers[token] + k) / total for token in vocabulary}


@ADD_K.mistake("You always add 1; add k.")
def always_one(followers, vocabulary, k):
    return add_k(followers, vocabulary, 1)


@ADD_K.hidden()
def draw_add_k(rng):
    vocabulary = [f"w{i}" for i in range(size(rng, 3, 7))]
    return (
        Counter({word: size(rng, 1, 9) for word in vocabulary[:2]}),
        vocabulary,
        float(rng.uniform(0.1, 2)),
    )


def longest_common_run(tokens, known):
    """Return the length of the longest run of tokens that also stands in a known text.

    ends[j] is the length of the run that ends at tokens[j - 1] and at the token just read.
    """
    best = 0
    for text in known:
        ends = [0] * (len(tokens) + 1)
        for token in text:
            ends = [0] + [ends[j] + 1 if tokens[j] == token else 0 for j in range(len(tokens))]
            best = max(best, *ends)
    return best


LONGEST_COPY = Exercise(
    name="ngrams.longest_copy",
    title="How long is the longest copied passage?",
    minutes=30,
    reference=longest_copy,
    shown=longest_common_run,
    probes=lambda: [
        ("a b c d e".split(), ["x b c d y".split(), "a b".split()]),
        ("the cat sat on the mat".split(), ["on the mat sat the cat".split()]),
        ("a b".split(), ["c d".split()]),
        ("p a q b".split(), ["a b".split()]),
        (["he", "cat", "sat"], [["the", "cat", "ran"]]),
    ],
    hints=(
        (
            "If two tokens are equal, one in your text and one in a known text, how long is "
            "the copied run that ends there?"
        ),
        (
            "It is one longer than the run that ends one token earlier in both texts. Where "
            "the two tokens differ it is 0. So one pass over all pairs of places is enough."
        ),
        (
            "run(i, j) = run(i - 1, j - 1) + 1 where token i equals token j, else 0; the "
            "answer is the largest of all."
        ),
    ),
    seconds=20,
)


@LONGEST_COPY.mistake(
    'You compare letters: "he cat" stands in "the cat", but the token "he" does not.'
)
def as_strings(tokens, known):
    runs = ((i, j) for i in range(len(tokens)) for j in range(i + 1, len(tokens) + 1))
    return max(
        (j - i for i, j in runs if any(" ".join(tokens[i:j]) in " ".join(text) for text in known)),
        default=0,
    )


@LONGEST_COPY.mistake(
    "You compare beginnings only; a copied passage may start anywhere in both texts."
)
def longest_prefix(tokens, known):
    best = 0
    for text in known:
        n = 0
        while n < min(len(tokens), len(text)) and tokens[n] == text[n]:
            n += 1
        best = max(best, n)
    return best


@LONGEST_COPY.mistake("You count shared words in any order; a copy keeps the order without gaps.")
def any_order(tokens, known):
    return max((sum(token in text for token in tokens) for text in known), default=0)


@LONGEST_COPY.mistake("You allow gaps (a common subsequence); a copied passage is unbroken.")
def with_gaps(tokens, known):
    best = 0
    for text in known:
        row = [0] * (len(tokens) + 1)
        for token in text:
            new = [0]
            for j, mine in enumerate(tokens):
                new.append(row[j] + 1 if mine == token else max(row[j + 1], new[j]))
            row = new
        best = max(best, row[-1])
    return best


@LONGEST_COPY.hidden(times=6)
def draw_longest_copy(rng):
    return letters(rng, size(rng, 5, 12)), [letters(rng, size(rng, 3, 12)) for _ in range(3)]


QUIZ = (
    QuizQuestion(
        "How many tokens does an n-gram model with n = 4 look back on?",
        "3",
        ("4", "2", "5"),
        "An n-gram is n tokens in a row, and the last of them is the one that is predicted.",
    ),
    QuizQuestion(
        "A model needs fewer bits for its training tales than the entropy. What does that show?",
        "It knows them by heart.",
        ("It understands them.", "It is smoothed well.", "It has a bug in its counts."),
        "Nobody can predict new tales with fewer bits than the entropy; these are not new to it.",
    ),
    QuizQuestion(
        "Why is an unsmoothed n-gram model surprised without end by some new tales?",
        "They hold an n-gram that it never saw.",
        ("They are longer than others.", "They break the world's rules.", "They use new letters."),
        "What was never seen has the frequency 0, and the logarithm of 0 is minus infinity.",
    ),
    QuizQuestion(
        "Why do very long contexts cost more bits on new tales?",
        "A context seen once is trusted, and the new tale goes on otherwise.",
        (
            "Long contexts take too much memory to be counted.",
            "New tales have more words than those that were counted.",
            "The entropy of the world grows with the length of the context.",
        ),
        "With long contexts most were seen once; what followed then gets nearly everything.",
    ),
    QuizQuestion(
        "A context was seen 8 times, and 2 different tokens followed it. What weight gets the "
        "shorter context by Witten and Bell?",
        "2/10",
        ("2/8", "8/10", "1/2"),
        "The weight is t / (n + t): 2 of 8 + 2.",
    ),
)
