"""Measures: how uncertain, how far from the truth, how correct, how new."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from aigc_course.core.arguments import (
    check_argument,
    checked,
    function,
    one_of,
    texts,
    token_list,
    tokenized,
    whole,
)
from aigc_course.core.errors import CourseError


@checked(texts=texts(1), check=function(), known=texts())
def quality(texts: Sequence[str], check: Callable, known: Iterable[str]) -> dict[str, float]:
    """Judge generated texts by the rules of their world.

    Args:
        texts: what a model wrote.
        check: text -> verdict with `.grammatical` and `.consistent`, `tales.check` say.
        known: the training texts.

    Returns:
        Shares in [0, 1]: "grammatical", "consistent", "new" (not in `known`) and "good" (consistent
        and new).

    Raises:
        CourseError: there are no texts.
    """
    known = set(known)
    verdicts = [check(text) for text in texts]
    new = [text not in known for text in texts]
    good = [verdict.consistent and is_new for verdict, is_new in zip(verdicts, new, strict=True)]
    rows = {
        "grammatical": [v.grammatical for v in verdicts],
        "consistent": [v.consistent for v in verdicts],
        "new": new,
        "good": good,
    }
    return {name: sum(row) / len(texts) for name, row in rows.items()}


@checked(texts=tokenized(), n=whole(1))
def distinct(texts: Iterable[Sequence[str]], n: int) -> float:
    """Share of different n-grams among all n-grams of some texts given as tokens; 1 means that
    nothing comes twice.

    Source: after Li et al. (2016), "A diversity-promoting objective function for neural
    conversation models", section 5, who divide by the number of tokens.

    Raises:
        CourseError: no text has n tokens.
    """
    texts = list(texts)
    if any(isinstance(tokens, str) for tokens in texts):
        raise CourseError(
            "distinct: texts must be lists of tokens, not strings; tokenise them first."
        )
    grams = [tuple(tokens[i : i + n]) for tokens in texts for i in range(len(tokens) - n + 1)]
    if not grams:
        raise CourseError(f"distinct needs at least one text of {n} tokens.")
    return len(set(grams)) / len(grams)


@checked(tokens=token_list(), known=tokenized(of=str))
def longest_copy(tokens: Sequence[str], known: Iterable[Sequence[str]]) -> int:
    """Length of the longest run of tokens that stands, in this order and unbroken, in one of the
    known texts.
    """
    # One long string with a separator that no token holds: the search for a run is the
    # interpreter's own, in C.
    haystack = "\n".join(f"\x1f{chr(0x1F).join(text)}\x1f" for text in known)
    best = 0
    for start in range(len(tokens)):
        while (
            start + best < len(tokens)
            and f"\x1f{chr(0x1F).join(tokens[start : start + best + 1])}\x1f" in haystack
        ):
            best += 1
    return best


@checked(texts=texts(1), references=tokenized(1))
def bleu(
    texts: Sequence[str], references: Sequence[Sequence[str]], language: str = "en"
) -> tuple[float, str]:
    """BLEU of texts against one or more references each, by sacrebleu.

    Args:
        texts: N texts.
        references: for each text, at least one reference.
        language: "en" or "zh"; Chinese is cut into characters.

    Returns:
        (score in [0, 100], signature): quote both, as scores with different signatures cannot be
        compared.

    Source: Papineni et al. (2002); the signature by Post (2018), "A call for clarity in reporting
    BLEU scores".

    Raises:
        CourseError: there are not as many lists of references as texts.
    """
    from sacrebleu.metrics import BLEU

    if len(texts) != len(references) or not all(references):
        raise CourseError(
            "bleu needs at least one text, and for each a list with at least one "
            "reference: bleu([text], [[reference]])."
        )
    most = max(map(len, references))
    streams = [
        [refs[i] if i < len(refs) else None for refs in references] for i in range(most)
    ]  # None: no i-th reference for this text
    metric = BLEU(
        tokenize={"en": "13a", "zh": "zh"}[check_argument("language", language, one_of("en", "zh"))]
    )
    return metric.corpus_score(list(texts), streams).score, str(metric.get_signature())


class _Characters:
    """Tokenizer for rouge-score, whose own keeps only a to z and digits."""

    def tokenize(self, text: str) -> list[str]:
        return [character for character in text if not character.isspace()]


@checked(texts=texts(1), references=texts(1))
def rouge(
    texts: Sequence[str], references: Sequence[str], language: str = "en"
) -> dict[str, float]:
    """Mean ROUGE F1 against one reference each, by rouge-score: shared words, shared pairs, longest
    common subsequence.

    Args:
        texts: N texts.
        references: N texts.
        language: "en" or "zh"; Chinese is cut into characters.

    Returns:
        "rouge1", "rouge2" and "rougeL" in [0, 1].

    Source: Lin (2004), "ROUGE: a package for automatic evaluation of summaries".

    Raises:
        CourseError: the two differ in length.
    """
    from rouge_score.rouge_scorer import RougeScorer

    if len(texts) != len(references):
        raise CourseError("rouge needs at least one text, and one reference for each.")
    tokenizer = (
        _Characters() if check_argument("language", language, one_of("en", "zh")) == "zh" else None
    )
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=tokenizer)
    scores = [
        scorer.score(reference, text) for text, reference in zip(texts, references, strict=True)
    ]
    return {name: float(np.mean([score[name].fmeasure for score in scores])) for name in scores[0]}


@checked(texts=texts(1), topics=texts(1), check=function())
def relevance(texts: Sequence[str], topics: Sequence[str], check: Callable) -> float:
    """Share in [0, 1] of the texts that follow the topic they were written for.

    Args:
        texts: N texts.
        topics: N topics.
        check: text -> verdict with `.plot`, `headlines.check` say.
    """
    if len(texts) != len(topics):
        raise CourseError("relevance needs at least one text, and one topic for each.")
    return sum(check(text).plot == topic for text, topic in zip(texts, topics, strict=True)) / len(
        texts
    )
