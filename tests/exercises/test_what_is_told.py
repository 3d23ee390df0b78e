"""What a learner is told: facts about a result that no known mistake explains, the known mistakes
that were long unknown, hints that lead to an answer and do not hold it.
"""

import dataclasses
import io
import itertools
import re
import tokenize

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aigc_course.core.arguments import plain_source
from aigc_course.exercises.engine import catalog, facts, judging
from aigc_course.exercises.engine.types import Exercise

TASKS = [task for topic in catalog.TOPICS for task in catalog.exercises_of(topic).values()]
FUNCTIONS = [task for task in TASKS if isinstance(task, Exercise)]


def by_name(task):
    return task.name


def told(name, answer):
    """What a learner is told about a wrong answer."""
    report, _ = judging.judge(catalog.find(name), answer)
    assert report.state == "wrong"
    return report.says


# --- facts

SQUARE = np.arange(16.0).reshape(4, 4)


@pytest.mark.parametrize(
    "got, want, says",
    [
        (np.ones((3, 1)), np.ones(3), "expected shape (3,), but yours has (3, 1)"),
        (np.ones((5, 4)), np.ones((4, 5)), "(rows and columns are exchanged)"),
        (SQUARE.T, SQUARE, "first at [0, 1]: expected 1, but yours gave 4; rows and columns"),
        (np.array([1.0, 2]), np.array([2.0, 1]), "expected array([2, 1]), but yours gave array([1"),
        (np.array([1.0, 2]), np.array([2.0, 1]), "the numbers are right, their order is not"),
        (np.where(SQUARE == 5, np.nan, SQUARE), SQUARE, "nan at [1, 1], where 5 is expected"),
        (np.where(SQUARE == 7, 0, SQUARE), SQUARE, "1 of 16 entries of shape (4, 4) differ, first"),
        (np.ones(2), np.ones(2, dtype=bool), "expected type bool, but yours is float64"),
        (torch.ones(3), torch.zeros(3), "expected tensor([0, 0, 0]), but yours gave tensor([1"),
        (None, np.ones(2), "expected array([1, 1]), but yours gave None"),
        ("x", SQUARE, "expected a float64 array of shape (4, 4), but yours gave 'x'"),
        ([1, 2], [1, 2, 3], "expected [1, 2, 3], but yours gave [1, 2]"),
        ([0] * 300, [0] * 299 + [1], "(item 299) expected 1, but yours gave 0"),
        ([0] * 300, [0] * 299, "expected 299 items, but yours gave 300"),
        ((SQUARE, SQUARE + 1), (SQUARE, SQUARE), "(item 1) 16 of 16 entries"),
        ({"a": 1}, {"a": 1, "b": 2}, "expected 'b' in the result, too"),
        ({"a": 1, "b": 2}, {"a": 1}, "yours also has 'b'"),
        ({"a": 3}, {"a": 1}, "(a) expected 1, but yours gave 3"),
        ({("x", "y"): 3}, {("x", "y"): 1}, "(('x', 'y')) expected 1"),
        (2.00004, 1.0, "expected 1, but yours gave 2"),
    ],
)
def test_a_difference_is_told_in_facts(got, want, says):
    assert says in facts.difference(got, want)


def test_a_difference_is_never_between_two_equal_descriptions():
    """As it was once: expected ndarray of shape (4, 4), but yours gave ndarray of shape (4, 4)."""
    for task in FUNCTIONS:
        broken = [np.zeros((5, 5)), torch.zeros(3, 4), 0.0, [0], "x", {}]
        for value in broken:
            says = judging.judge(task, lambda *a, value=value, **k: value)[0].says
            match = re.search(r"expected (.*), but yours gave (.*?)\.(?: Every|$)", says)
            assert match is None or match[1] != match[2], says


@pytest.mark.parametrize(
    "name, change, says",
    [
        ("chance.temperature", lambda p: -p, "Every number has the wrong sign."),
        ("conv.convolve", lambda y: y / 2, "Every number is half what it should be."),
        ("conv.convolve", lambda y: y + 0.25, "Every number is too large by 0.25."),
        ("vectors.ppmi", lambda y: y * 3, "Every number is 3 times what it should be."),
        ("vae.bound", lambda y: y / np.log(2), "1 / ln 2 = 1.443 times"),
        ("conv.psnr", lambda y: y * np.log2(10), "to base 2 in place of that to base 10"),
        ("translation.smooth", lambda y: y / np.log(2), "1 / ln 2 = 1.443 times"),
        ("vae.kl", lambda y: y * 2, "The factor 1/2 is missing."),
    ],
)
def test_what_holds_for_all_numbers_is_told(name, change, says):
    reference = catalog.find(name).reference
    assert says in told(name, lambda *arguments: change(reference(*arguments)))


def test_a_wrong_gradient_is_told_apart_from_a_wrong_result():
    def partly_detached(q, k, v, mask):
        return F.scaled_dot_product_attention(q, k.detach(), v, attn_mask=mask)

    assert "(gradient by argument 2)" in told("gpt.attention", partly_detached)


# --- mistakes that were not named


def step(order):
    def answer(G, D, real, z, optimizer):
        fake = G(z).detach()
        loss = F.softplus(-D(real)).mean() + F.softplus(D(fake)).mean()
        for part in {
            "cleared too late": (loss.backward, optimizer.zero_grad, optimizer.step),
            "no step": (optimizer.zero_grad, loss.backward),
            "no clearing": (loss.backward, optimizer.step),
        }[order]:
            part()
        return loss.item()

    return answer


@pytest.mark.parametrize(
    "order, says",
    [
        ("cleared too late", "zero_grad() comes after backward()"),
        ("no step", "optimizer.step() is missing"),
        ("no clearing", "The gradients of the step before are still there"),
    ],
)
def test_the_four_parts_of_a_step_in_the_wrong_order(order, says):
    assert says in told("gan.d_step", step(order))


def concatenated(real, fake):
    labels = torch.cat([torch.ones_like(real), torch.zeros_like(fake)])
    return F.binary_cross_entropy_with_logits(torch.cat([real, fake]), labels)


def on_sigmoids(real, fake):
    return concatenated(real.sigmoid(), fake.sigmoid()) * 2


@pytest.mark.parametrize(
    "name, answer, says",
    [
        ("gan.discriminator_loss", concatenated, "That is half of it."),
        ("gan.discriminator_loss", on_sigmoids, "The sigmoid is applied twice"),
        ("gan.generator_loss", lambda x: torch.log(x.sigmoid()).mean(), "The minus is missing"),
        *(
            (
                "gan.generator_loss",
                lambda x, e=e: -(x.sigmoid() + e).log().mean(),
                "is added inside",
            )
            for e in (1e-8, 1e-6, 1e-3)
        ),
        (
            "skipgram.negative_sampling",
            lambda p, n: -(p.sigmoid().log2() + (-n).sigmoid().log2().sum(-1)).mean(),
            "nats, not bits",
        ),
        (
            "viterbi.viterbi",
            lambda s, t, e: [int(k) for k in [(s + e[0]).argmax(), *e[1:].argmax(1)]],
            "The transitions are ignored",
        ),
    ],
)
def test_mistakes_that_had_no_name(name, answer, says):
    assert says in told(name, answer)


def test_a_search_through_all_paths_is_not_called_endless():
    """Named for what it may be: it works on a small lattice."""

    def all_paths(start, transition, emission):
        def score(path):
            seen = sum(row[k] for row, k in zip(emission, path, strict=True))
            return (
                start[path[0]] + seen + sum(transition[a, b] for a, b in itertools.pairwise(path))
            )

        return list(max(itertools.product(range(len(start)), repeat=len(emission)), key=score))

    task = catalog.find("viterbi.viterbi")
    small = dataclasses.replace(task, probes=lambda: task.probes()[:2])
    assert judging.judge(small, all_paths)[0].state == "right"
    says = judging.judge(dataclasses.replace(task, seconds=0.5), all_paths)[0].says
    assert "search through all possibilities" in says and "?" in says


@pytest.mark.parametrize(
    "name, answer",
    [
        (
            "gan.discriminator_loss",
            lambda real, fake: -(real.sigmoid().log() + (1 - fake.sigmoid()).log()).mean(),
        ),
        ("gan.generator_loss", lambda fake: -fake.sigmoid().log().mean()),
        (
            "skipgram.negative_sampling",
            lambda p, n: -(p.sigmoid().log() + (1 - n.sigmoid()).log().sum(1)).mean(),
        ),
    ],
)
def test_the_logarithm_of_a_sigmoid_is_right_everywhere_where_it_works(name, answer):
    assert judging.judge(catalog.find(name), answer)[0].state == "right"


# --- words


def texts_of(task):
    mistakes = [mistake.says for mistake in task.mistakes]
    return [task.title, *task.hints, *mistakes, getattr(task, "explanation", "")]


@pytest.mark.parametrize("task", TASKS, ids=by_name)
def test_a_generator_generates_and_a_model_assigns(task):
    for text in texts_of(task):
        assert not re.search(r"(?i)\bpaint|\b(?:model|network|discriminator|D) says\b", text), text


# --- hints

LONGEST_RUN = 6  # tokens of an answer in a row that a hint may hold: a formula has as many


def tokens(text):
    return re.findall(r"\w+|[^\w\s]", text)


def code_of(task):
    """The tokens of the answers that exist in the library, without their docstrings."""
    for function in (task.shown, task.reference):
        if function is not None:
            read = io.StringIO(plain_source(function)).readline
            skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT)
            parts = [t for t in tokenize.generate_tokens(read) if t.type not in skipped]
            is_text = [t.type == tokenize.STRING and t.string.startswith('"""') for t in parts]
            yield tokens(
                " ".join(t.string for t, text in zip(parts, is_text, strict=True) if not text)
            )


def longest_shared_run(a, b):
    runs, longest = [0] * (len(b) + 1), 0
    for x in a:
        runs = [0, *(runs[j] + 1 if x == y else 0 for j, y in enumerate(b))]
        longest = max(longest, *runs)
    return longest


@pytest.mark.parametrize("task", FUNCTIONS, ids=by_name)
def test_no_hint_holds_the_code_of_the_answer(task):
    for hint in task.hints:
        for code in code_of(task):
            assert longest_shared_run(tokens(hint), code) < LONGEST_RUN, hint


def test_the_search_for_code_in_hints_finds_it():
    task = catalog.find("headlines.top_p")
    old = (
        "Keep a token if ordered.cumsum(0) - ordered < p, then result[order[kept]] = ordered[kept]."
    )
    assert max(longest_shared_run(tokens(old), code) for code in code_of(task)) >= LONGEST_RUN


@pytest.mark.parametrize("task", TASKS, ids=by_name)
def test_hints_go_from_a_question_to_more(task):
    assert len(task.hints) >= 2 and len(set(task.hints)) == len(task.hints)
    assert "?" in task.hints[0], "the first hint asks a question"
