"""Hidden parameters of the exercises on text: lessons 00 to 08."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np

from aigc_course.exercises.engine.draws import case, ints, letters, normal, size


@case("welcome.headline")
def _(rng):
    who = ["Noa", "an old friend", "the baker", "Ida's cat", "a dog", "Mr. McLeod"]
    what = ["a green ball", "Ben's map", "an apple", "the lost key", "Ada's USB stick"]
    return str(rng.choice(who)), str(rng.choice(what))


@case("chance.grammar_size")
def _(rng):
    words = lambda n: [f"w{i}" for i in range(n)]  # noqa: E731
    return (
        {
            "START": ["A A B", *["A B", "B ends"][: size(rng, 1, 2)]],
            "A": [*words(size(rng, 2, 4)), "very C"],
            "B": words(size(rng, 2, 5)),
            "C": words(size(rng, 2, 3)),
        },
    )


@case("chance.entropy", times=4)
def _(rng):
    return ([*rng.dirichlet(np.ones(size(rng, 2, 7))).tolist(), 0.0],)


@case("chance.temperature", times=4)
def _(rng):
    return np.append(rng.dirichlet(np.ones(size(rng, 2, 6))), 0.0), float(rng.uniform(0.3, 3))


@case("chance.add_k")
def _(rng):
    vocabulary = [f"w{i}" for i in range(size(rng, 3, 7))]
    return (
        Counter({word: size(rng, 1, 9) for word in vocabulary[:2]}),
        vocabulary,
        float(rng.uniform(0.1, 2)),
    )


@case("chance.longest_copy", times=6)
def _(rng):
    return letters(rng, size(rng, 5, 12)), [letters(rng, size(rng, 3, 12)) for _ in range(3)]


@case("tokens.normalize", times=6)
def _(rng):
    pieces = [
        "  ",
        "\u00a0",
        "\u00ad",
        "\u200b",
        "\x07",
        "\r\n",
        "\t",
        "e\u0301",
        "ﬂ",
        "¼",
        "news",
        "Ärger",
        "新闻",
        "！",
        "a\x00b",
        "x",
    ]
    return ("".join(pieces[i] for i in rng.integers(0, len(pieces), 14)),)


@case("tokens.count_pairs", times=4)
def _(rng):
    return ({tuple(letters(rng, size(rng, 1, 6))): size(rng, 2, 9) for _ in range(4)},)


@case("tokens.merge", times=6)
def _(rng):
    return tuple(letters(rng, size(rng, 2, 9), "ab")), tuple(letters(rng, 2, "ab"))


@case("tokens.max_match", times=6)
def _(rng):
    text = "".join(letters(rng, 8, "天地人大小"))
    starts = rng.integers(0, 6, 5)
    return text, {text[start : start + size(rng, 1, 4)] for start in starts}


@case("tokens.word_f1", times=6)
def _(rng):
    text = "".join(letters(rng, 9, "ab"))

    def cut():
        places = [
            0,
            *sorted(rng.choice(np.arange(1, 9), size(rng, 1, 5), replace=False).tolist()),
            9,
        ]
        return [text[a:b] for a, b in itertools.pairwise(places)]

    return cut(), cut()


@case("words.viterbi", times=8)
def _(rng):
    states, times = size(rng, 2, 4), size(rng, 2, 12)
    tables = (
        rng.dirichlet(np.ones(states)),
        rng.dirichlet(np.ones(states), states),
        rng.dirichlet(np.ones(states), times),
    )
    return tuple(np.log(table + 1e-9) for table in tables)


@case("words.ppmi")
def _(rng):
    n = size(rng, 3, 5)
    counts = rng.integers(0, 6, (n, n)).astype(float) + np.eye(n)
    counts[:, -1] = 0  # never counted
    return (counts + np.eye(n, k=-1),)


@case("words.gradient")
def _(rng):
    n, d = size(rng, 2, 7), size(rng, 2, 4)
    return (
        rng.normal(size=(n, d)),
        (rng.random(n) > 0.5) * 1.0,
        rng.normal(size=d),
        float(rng.normal()),
    )


@case("words.negative_sampling")
def _(rng):
    n = size(rng, 2, 6)
    return normal(rng, n), normal(rng, n, size(rng, 2, 5))


@case("rnn.step")
def _(rng):
    B, D, N = size(rng, 2), size(rng, 2), size(rng, 2)
    return (
        normal(rng, B, D),
        normal(rng, B, N),
        normal(rng, N, D),
        normal(rng, N, N),
        normal(rng, N),
    )


@case("rnn.bptt")
def _(rng):
    D, N = size(rng, 2, 4), size(rng, 2, 5)
    return tuple(
        normal(rng, *shape, double=True) for shape in ((D,), (D,), (N,), (N, D), (N, N), (N,), (N,))
    )


@case("rnn.clip", times=5)
def _(rng):
    return [normal(rng, 3), 3 * normal(rng, 2, 2)], float(rng.uniform(0.5, 12))


@case("rnn.masked_loss")
def _(rng):
    B, T, V = size(rng, 2, 4), size(rng, 3, 6), size(rng, 4, 8)
    targets = ints(rng, 1, V, B, T)
    for row in range(B - 1):
        targets[row, size(rng, 1, T - 1) :] = 0
    return 2 * normal(rng, B, T, V), targets


@case("lstm.step")
def _(rng):
    B, D, N = size(rng, 2, 4), size(rng, 2, 4), size(rng, 2, 4)
    return (
        normal(rng, B, D),
        normal(rng, B, N),
        normal(rng, B, N),
        normal(rng, 4 * N, D + N),
        normal(rng, 4 * N),
    )


@case("lstm.temperature", times=4)
def _(rng):
    return 2 * normal(rng, size(rng, 1, 3), size(rng, 2, 6)), float(rng.uniform(0.3, 3))


@case("lstm.top_p", times=6)
def _(rng):
    import torch

    return torch.tensor(rng.dirichlet(np.ones(size(rng, 3, 7))), dtype=torch.float32), float(
        rng.uniform(0.3, 0.97)
    )


@case("lstm.relevance", times=2)
def _(rng):
    from aigc_course.data.stories import headlines

    drawn = headlines.sample(10, seed=int(rng.integers(1000)))
    topics = [story.facts[0]["topic"] for story in drawn]
    asked = [*topics[:4], *topics[5:], topics[0]]
    texts = [
        headlines.alter(story, seed=1) if i % 3 == 0 else story.text
        for i, story in enumerate(drawn)
    ]
    texts[1] = "A dragon came to sport weather prices science culture transport"
    return texts, asked, headlines.check


@case("gpt.attention")
def _(rng):
    from aigc_course.models.text.gpt import causal_mask

    B, T, D = size(rng, 1, 3), size(rng, 2, 6), size(rng, 3, 8)
    new = size(rng, 1, T)
    return normal(rng, B, new, D), normal(rng, B, T, D), normal(rng, B, T, D), causal_mask(new, T)


@case("gpt.causal_mask")
def _(rng):
    return (size(rng, 2, 12),)


@case("gpt.split_heads")
def _(rng):
    H = size(rng, 2, 4)
    return normal(rng, size(rng, 1, 3), size(rng, 2, 5), H * size(rng, 2, 4)), H


@case("gpt.read_on")
def _(rng):
    T, P, D = size(rng, 1, 4), size(rng, 2, 6), 2 * size(rng, 1, 3)
    return tuple(normal(rng, 2, 3, t, D) for t in (T, T, T, P, P))


@case("translation.sinusoids")
def _(rng):
    return size(rng, 2, 9), 2 * size(rng, 2, 8)


@case("translation.padding_mask")
def _(rng):
    ids = ints(rng, 1, 9, size(rng, 2, 4), size(rng, 3, 6))
    ids[0, -size(rng, 1, 2) :] = 0
    return (ids,)


@case("translation.shift")
def _(rng):
    rows = ints(rng, 2, 12, size(rng, 2, 4), size(rng, 4, 7))
    rows[:, 0], rows[:, -1] = 1, 1
    rows[0, -2:] = rows.new_tensor([1, 0])
    return (rows,)


@case("translation.smooth")
def _(rng):
    B, T, V = size(rng, 2, 3), size(rng, 3, 5), size(rng, 4, 8)
    targets = ints(rng, 1, V, B, T)
    targets[0, -1] = 0
    return normal(rng, B, T, V), targets, float(rng.uniform(0.05, 0.4))


@case("translation.grow", times=5)
def _(rng):
    n = size(rng, 2, 3)
    beams = [(-float(rng.uniform(0.5, 3)), [1, *rng.integers(2, 7, 2).tolist()]) for _ in range(n)]
    return beams, (2 * normal(rng, n, 7)).log_softmax(1), size(rng, 1, 3)


@case("pretrained.bits")
def _(rng):
    from aigc_course.exercises.pretrained import _Bigrams

    return _Bigrams(), ints(rng, 0, 7, 1, size(rng, 3, 8))


@case("pretrained.labels")
def _(rng):
    ids = ints(rng, 1, 20, 3, 8)
    for row in range(3):
        ids[row, size(rng, 5, 8) :] = 0
    return ids, ints(rng, 1, 5, 3)


@case("pretrained.merge")
def _(rng):
    out, width, r = size(rng, 2, 5), size(rng, 2, 5), size(rng, 2, 3)
    return normal(rng, out, width), normal(rng, r, width), normal(rng, out, r), size(rng, 1, 16)


@case("pretrained.prompt")
def _(rng):
    turns = [
        (f"Who was {word}?", name)
        for word, name in (("there", "Leo"), ("late", "Ida"), ("first", "Ben"))
    ]
    return (
        f"{rng.choice(['Ida', 'Ben'])} had a map.",
        turns[: size(rng, 0, 3)],
        f"Where was {rng.choice(['it', 'she'])}?",
    )
