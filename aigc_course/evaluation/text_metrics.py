"""Measures of generated texts: correctness, novelty, diversity, and closeness to references."""

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
        texts: what a model generated.
        check: text -> verdict with `.grammatical` and `.consistent`, such as `tales.check`.
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
    """Return the share of different n-grams among all n-grams of some texts.

    Args:
        texts: each a list of tokens.
        n: tokens in an n-gram.

    Returns:
        A share in (0, 1]; 1 means that no n-gram occurs twice.

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
    """Return the length of the longest run of tokens that also stands in a known text.

    The run must stand there in the same order and without a gap.

    Args:
        tokens: of one text.
        known: the tokens of each known text.
    """
    # The texts are one long string with a separator that no token contains, because the
    # interpreter's own search in a string, written in C, is fast.
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
    """Return BLEU of texts against one or more references each, computed by sacrebleu.

    Args:
        texts: N texts.
        references: for each text, at least one reference.
        language: "en" or "zh"; Chinese is split into characters.

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
    ]  # None where a text has no i-th reference
    metric = BLEU(
        tokenize={"en": "13a", "zh": "zh"}[check_argument("language", language, one_of("en", "zh"))]
    )
    return metric.corpus_score(list(texts), streams).score, str(metric.get_signature())


class _Characters:
    """A tokenizer into characters for rouge-score, whose own keeps only a to z and digits."""

    def tokenize(self, text: str) -> list[str]:
        """Return the characters of a text without white space."""
        return [character for character in text if not character.isspace()]


@checked(texts=texts(1), references=texts(1))
def rouge(
    texts: Sequence[str], references: Sequence[str], language: str = "en"
) -> dict[str, float]:
    """Return the mean ROUGE F1 of texts against one reference each, computed by rouge-score.

    Args:
        texts: N texts.
        references: N texts.
        language: "en" or "zh"; Chinese is split into characters.

    Returns:
        "rouge1" (shared tokens), "rouge2" (shared pairs of tokens) and "rougeL" (longest common
        subsequence), in [0, 1].

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
    """Return the share in [0, 1] of texts that follow the topic they were generated for.

    Args:
        texts: N texts.
        topics: N topics.
        check: text -> verdict with `.plot`, such as `headlines.check`.

    Raises:
        CourseError: there are not as many topics as texts.
    """
    if len(texts) != len(topics):
        raise CourseError("relevance needs at least one text, and one topic for each.")
    return sum(check(text).plot == topic for text, topic in zip(texts, topics, strict=True)) / len(
        texts
    )
