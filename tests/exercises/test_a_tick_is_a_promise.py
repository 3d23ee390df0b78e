"""A tick is a promise: whatever is accepted works in every later cell of the lesson; what would not
is refused with the reason.
"""

import itertools
import math
import re
import warnings
from pathlib import Path

import accepted_answers
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aigc_course.course import execute, lessons
from aigc_course.exercises import exercise
from aigc_course.exercises.engine import adapting, catalog, judging, observe
from aigc_course.exercises.engine.types import Exercise

TASKS = [task for topic in catalog.TOPICS for task in catalog.exercises_of(topic).values()]
TRAINED_THROUGH = [t for t in TASKS if getattr(t, "observe", None) is observe.with_gradients]


def by_name(task):
    return task.name


def judged(name, answer):
    """The report on an answer, and what the lesson goes on with."""
    return judging.judge(catalog.find(name), answer)


# --- accepted answers


@pytest.mark.parametrize("number", (0, 1))
@pytest.mark.parametrize("task", TASKS, ids=by_name)
def test_other_right_answers_are_accepted(task, number):
    judge = judging.judge if isinstance(task, Exercise) else judging.judge_value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of NumPy, about logarithms of 0
        report, _ = judge(task, accepted_answers.given(task.name, number))
    assert report.state == "right", report


def _like(value, wanted):
    """Whether a value has the form of the reference's: kinds, types of numbers, scalar or not."""
    if isinstance(wanted, list | tuple):
        pairs = itertools.zip_longest(value, wanted)
        return isinstance(value, type(wanted)) and all(_like(a, b) for a, b in pairs)
    if isinstance(wanted, dict):
        return isinstance(value, type(wanted)) and all(_like(value[k], wanted[k]) for k in wanted)
    if isinstance(wanted, torch.Tensor | np.ndarray):
        same_kind = isinstance(value, type(wanted)) and value.dtype == wanted.dtype
        return same_kind and value.shape == wanted.shape
    return isinstance(value, type(wanted))


@pytest.mark.parametrize("number", (0, 1))
@pytest.mark.parametrize("task", [t for t in TASKS if isinstance(t, Exercise)], ids=by_name)
def test_the_lesson_gets_the_form_that_the_reference_has(task, number):
    """On the examples and on others that the answer has not been judged on."""
    answer = accepted_answers.given(task.name, number)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        _, usable = judging.judge(task, answer)
        for arguments in task.probes() + task.draw(seed=1):
            mine, right = (returned(task, f, arguments) for f in (usable, task.reference))
            assert _like(mine, right), (task.name, mine, right)


def returned(task, function, arguments):
    """What a function gave when the exercise observed it."""
    seen = []

    def noted(*args, **kwargs):
        seen.append(function(*args, **kwargs))
        return seen[-1]

    task.observe(noted, arguments)
    return seen[-1]


def test_what_needs_no_change_stays_the_function_that_it_is():
    def mine(p):
        return -sum(x * math.log2(x) for x in p if x)

    report, usable = judged("chance.entropy", mine)
    assert usable is mine and report.message == "right. The lesson goes on with your version."


def test_the_report_says_what_is_converted():
    report, usable = judged("gan.optimal", lambda p, q: (p / (p + q)).tolist())
    assert report.says == "right." and report.in_lesson.endswith(
        "its results are converted from a list into a float32 tensor."
    )
    p = torch.tensor([0.3, 0.1])
    torch.testing.assert_close(usable(p, p), torch.tensor([0.5, 0.5]))
    report, _ = judged("conv.size", lambda size, kernel, stride=1, padding=0: np.int64(1))
    assert report.state == "wrong" and report.in_lesson.startswith("(The course's own")


def test_conversion_keeps_gradients():
    _, usable = judged("vae.kl", lambda m, v: 0.5 * (m**2 + v.exp() - 1 - v).double())
    mean = torch.tensor([1.0, 2.0], requires_grad=True)
    cost = usable(mean, torch.zeros(2))
    assert cost.dtype == torch.float32
    cost.sum().backward()
    torch.testing.assert_close(mean.grad, mean.detach())


def test_conversion_follows_the_type_of_the_arguments():
    """The probes are in single precision; what is called in double stays there."""
    _, usable = judged("gan.optimal", lambda p, q: (p / (p + q)).numpy())
    assert usable(torch.rand(3).double(), torch.rand(3).double()).dtype == torch.float64
    assert usable(torch.rand(3), torch.rand(3)).dtype == torch.float32


def test_whole_numbers_stay_whole_and_others_are_not_cut():
    size = catalog.find("conv.size").reference
    _, usable = judged("conv.size", lambda *sizes: float(size(*sizes)))
    assert usable(28, 3) == 26 and isinstance(usable(28, 3), int)
    assert adapting.conversion(2, 2.0) == ""
    assert adapting.conversion(2.0, 2) == "a float into an int"


def test_questions_go_on_with_the_exact_answer():
    for task in TASKS:
        if isinstance(task, Exercise) or isinstance(task.reference, str):
            continue
        near = task.reference + 0.9 * task.tolerance
        report, exact = judging.judge_value(task, near)
        assert report.state == "right" and exact == task.reference, task.name


# --- refused with the reason


@pytest.mark.parametrize("task", TRAINED_THROUGH, ids=by_name)
@pytest.mark.parametrize("cut", (torch.Tensor.detach, lambda t: t.detach().numpy()))
def test_where_the_lesson_trains_a_lost_gradient_is_refused_with_the_reason(task, cut):
    def without_gradients(*arguments):
        result = task.reference(*arguments)
        return tuple(map(cut, result)) if isinstance(result, tuple) else cut(result)

    report, goes_on_with = judging.judge(task, without_gradients)
    assert report.state == "wrong" and goes_on_with is task.reference
    assert ".detach()" in report.says and "gradient" in report.says


def test_what_the_lesson_trains_through_is_observed_with_gradients():
    names = {task.name for task in TRAINED_THROUGH}
    assert names == {
        *(
            "skipgram.negative_sampling",
            "rnn.step",
            "rnn.masked_loss",
            "lstm.step",
            "gpt.attention",
        ),
        *("gpt.split_heads", "translation.smooth", "vae.kl", "vae.loss", "vae.free_bits"),
        *("gan.discriminator_loss", "gan.generator_loss", "gan.condition"),
    }


def test_weights_of_a_model_are_probed_as_such():
    """In the lesson they record what happens to them, and NumPy refuses such tensors."""

    def with_numpy(W, A, B, alpha):
        return W.numpy() + alpha / len(A) * B.numpy() @ A.numpy()

    report, _ = judged("pretrained.merge", with_numpy)
    assert report.state == "wrong" and "requires grad" in report.says


def test_targets_of_one_shape_only_are_refused():
    def flat(fake):
        return F.binary_cross_entropy_with_logits(fake, torch.ones(fake.size(0)))

    assert "(B, 1)" in judged("gan.generator_loss", flat)[0].says


def test_a_stride_is_also_given_by_name():
    def other_name(image, kernel, step=1):
        return catalog.find("conv.transposed").reference(image, kernel, step)

    assert "unexpected keyword argument 'stride'" in judged("conv.transposed", other_name)[0].says


def test_a_generator_may_be_any_function():
    def switches_mode(G, D, real, z, optimizer):
        G.eval()
        return catalog.find("gan.d_step").reference(G, D, real, z, optimizer)

    assert "has no attribute 'eval'" in judged("gan.d_step", switches_mode)[0].says


# --- through the lessons

ASKS = re.compile(r'@exercise\("([\w.]+)"\)\n(?:def|class) (\w+).*', re.S)
QUESTION = re.compile(r'^(\w+ = answer\("([\w.]+)"), \.\.\.\)', re.M)


def answer_all(notebook, given):
    """Put an answer into every cell that asks for one; returns how many.

    Args:
        notebook: nbformat's NotebookNode.
        given: (name of the exercise, whether it is a question) -> Python that gives the answer.
    """
    cells = [cell for cell in notebook.cells if "exercise" in cell.metadata.get("tags", ())]
    for cell in cells:
        if match := ASKS.fullmatch(cell.source):
            name, function = match.groups()
            cell.source = f'{function} = exercise("{name}")({given(name)})'
        else:
            cell.source, n = QUESTION.subn(lambda m: f"{m[1]}, {given(m[2])})", cell.source)
            assert n == 1, cell.source
    return len(cells)


def marks(notebook):
    """The sign of every report that the notebook shows."""
    shown = [
        str(output.get("data", {}).get("text/plain", ""))
        for cell in notebook.cells
        for output in cell.get("outputs", ())
    ]
    return [text[0] for text in shown if re.match(r"[✔✘○] [a-z]+\.\w+:", text)]


GIVEN = {
    "wrong": lambda name: f'catalog.find("{name}").mistakes[0].answer',
    "accepted": lambda name: f'accepted_answers.given("{name}", 0)',
    "also_accepted": lambda name: f'accepted_answers.given("{name}", 1)',
}


@pytest.mark.full(exercises=True)
@pytest.mark.parametrize("answers", GIVEN)
@pytest.mark.parametrize("lesson", lessons.all_lessons(), ids=lambda lesson: lesson.topic)
def test_a_lesson_runs_to_its_end_with_every_answer(lesson, answers, tmp_path):
    """With wrong answers it goes on with its own, with accepted ones it uses them."""
    notebook = lessons.read(lesson.path)
    asked = answer_all(notebook, GIVEN[answers])
    folder = str(Path(accepted_answers.__file__).parent)
    notebook.cells[1].source += (
        f"\nimport sys\nsys.path.append({folder!r})"
        "\nimport accepted_answers\nfrom aigc_course.exercises.engine import catalog"
    )
    execute.run(notebook, tmp_path, name=lesson.topic, env={"AIGC_SCALE": "smoke"})
    assert marks(notebook) == ["✘" if answers == "wrong" else "✔"] * asked


def test_exercise_gives_the_lesson_what_it_can_use(capsys):
    usable = exercise("vectors.ppmi")(
        lambda counts: catalog.find("vectors.ppmi").reference(counts).tolist()
    )
    assert isinstance(usable(np.eye(2)), np.ndarray)
    assert "converted from a list into a float64 NumPy array" in capsys.readouterr().out
