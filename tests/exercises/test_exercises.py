"""Every exercise: the reference passes, the stub counts as not attempted, each mistake gets its own
diagnosis, nothing blocks.
"""

import ast
import builtins
import contextlib
import itertools
import json
import re
import threading
import time

import pytest

from aigc_course.authoring.provenance import meaning
from aigc_course.classroom import export
from aigc_course.core.arguments import plain_source
from aigc_course.core.errors import CourseError
from aigc_course.course import lessons
from aigc_course.course.progress import progress
from aigc_course.exercises import answer, exercise, hint, require, solution
from aigc_course.exercises.engine import catalog, compare, judging, time_limit
from aigc_course.exercises.engine import record as record_module
from aigc_course.exercises.engine.emptiness import is_empty
from aigc_course.exercises.engine.record import load, record
from aigc_course.exercises.engine.types import Exercise, Question

TASKS = [task for topic in catalog.TOPICS for task in catalog.exercises_of(topic).values()]
FUNCTIONS = [task for task in TASKS if isinstance(task, Exercise)]
QUESTIONS = [task for task in TASKS if isinstance(task, Question)]


def by_name(task):
    return getattr(task, "name", None)


def told(name, answer):
    """What a learner is told about a wrong answer."""
    report, _ = judging.judge(catalog.find(name), answer)
    assert report.state == "wrong"
    return report.says


@pytest.mark.parametrize("task", FUNCTIONS, ids=by_name)
def test_reference_passes_and_stub_is_not_attempted(task):
    assert judging.judge(task, task.reference)[0].state == "right"

    def stub(*arguments):
        """Only a docstring."""
        ...

    assert judging.judge(task, stub)[0].state == "empty"


@pytest.mark.parametrize("task", FUNCTIONS, ids=by_name)
def test_each_mistake_gets_its_own_diagnosis(task):
    assert len(task.mistakes) >= 3
    for mistake in task.mistakes:
        for wrong in mistake.answers:
            report, goes_on_with = judging.judge(task, wrong)
            assert report.state == "wrong" and report.says == mistake.says
            assert mistake.says in report.message and goes_on_with is task.reference
    assert len({m.says for m in task.mistakes}) == len(task.mistakes)


@pytest.mark.parametrize("task", QUESTIONS, ids=by_name)
def test_questions(task):
    assert judging.judge_value(task, task.reference)[0].state == "right"
    for empty in (None, ...):
        assert judging.judge_value(task, empty)[0].state == "empty"
    for mistake in task.mistakes:
        report, goes_on_with = judging.judge_value(task, mistake.answer)
        assert report.state == "wrong" and report.says == mistake.says
        assert goes_on_with == task.reference
    assert judging.judge_value(task, [1])[0].state == "wrong"
    assert len({m.says for m in task.mistakes}) == len(task.mistakes)


@pytest.mark.parametrize("task", TASKS, ids=by_name)
def test_hints_and_solution(task, home, capsys):
    assert len(task.hints) >= 1 and 1 <= task.minutes <= 60
    for _ in range(len(task.hints) + 1):
        hint(task.name)
    shown = capsys.readouterr().out.splitlines()
    assert [f"Hint {min(i, len(task.hints))} of" in line for i, line in enumerate(shown, 1)] == [
        True
    ] * len(shown)
    solution(task.name)
    assert len(capsys.readouterr().out) > 20 and load()[task.name]["solution_seen"]


def test_solutions_can_be_switched_off(monkeypatch, capsys):
    monkeypatch.setenv("AIGC_SOLUTIONS", "off")
    solution("chance.entropy")
    assert "switched off" in capsys.readouterr().out


@pytest.mark.parametrize("seed", range(12))
def test_every_way_to_draw_gaussian_noise_is_right(seed):
    import torch

    task = catalog.find("vae.reparameterize")

    def other_way(mean, log_variance):
        torch.manual_seed(seed)
        return mean - log_variance.exp().sqrt() * torch.randn(mean.shape)

    def by_distribution(mean, log_variance):
        torch.manual_seed(seed)
        return torch.distributions.Normal(mean, (0.5 * log_variance).exp()).rsample()

    assert [judging.judge(task, way)[0].state for way in (other_way, by_distribution)] == [
        "right",
        "right",
    ]


def test_unknown_mistake_shows_arguments_expected_and_got():
    says = told("chance.entropy", lambda p: 42.0)
    assert "expected 1.5" in says and "gave 42" in says
    assert "ZeroDivisionError" in told("chance.entropy", lambda p: 1 / 0)
    assert "TypeError" in told("chance.entropy", lambda: 0)


def test_endless_answer_is_stopped_and_said():
    import dataclasses

    task = dataclasses.replace(catalog.find("chance.entropy"), seconds=0.3)

    def endless(p):
        while True:
            pass

    start = time.monotonic()
    says = judging.judge(task, endless)[0].says
    assert "does not end" in says and "all possibilities" in says
    assert time.monotonic() - start < 3

    def stubborn(p):
        while True:
            with contextlib.suppress(Exception):
                time.sleep(0.01)

    assert "does not end" in judging.judge(task, stubborn)[0].says and time.monotonic() - start < 6


def test_a_recursive_answer_calls_itself_and_not_an_older_one():
    """In a notebook a name is bound after the decorator is done; until then it is missing, or means
    an older answer.
    """
    space = {"exercise": exercise}
    right = (
        "def count(rules, symbol='START'):\n    if symbol not in rules: return 1\n    total "
        "= 0\n    for alternative in rules[symbol]:\n"
    )
    right += (
        "        product = 1\n        for part in alternative.split(): product *= "
        "count(rules, part)\n        total += product\n    return total\n"
    )
    decorator = "@exercise('chance.grammar_size')\n"
    exec(decorator + right, space)
    assert (
        space["count"].__code__.co_names
        != catalog.find("chance.grammar_size").reference.__code__.co_names
    )
    require("chance.grammar_size")
    without_base_case = right.replace("    if symbol not in rules: return 1\n", "")
    exec(decorator + without_base_case, space)  # `count` still means the right answer here
    assert space["count"] is catalog.find("chance.grammar_size").reference
    with pytest.raises(AssertionError, match="KeyError"):
        require("chance.grammar_size")


def test_an_answer_that_changes_its_arguments_is_told():
    def in_place(followers, vocabulary, k):
        for token in vocabulary:
            followers[token] += k
        return {token: followers[token] / followers.total() for token in vocabulary}

    assert "work on a copy" in told("ngrams.add_k", in_place)

    def power_in_place(p, temperature):
        p **= 1 / temperature
        p /= p.sum()
        return p

    assert "work on a copy" in told("chance.temperature", power_in_place)


def test_a_missing_return_is_told():
    def prints(p):
        print(p)

    assert "`return` missing" in told("chance.entropy", prints)


@pytest.mark.parametrize("task", FUNCTIONS, ids=by_name)
def test_the_answer_that_solution_shows_is_right(task, capsys):
    assert judging.judge(task, task.shown or task.reference)[0].state == "right"
    solution(task.name)
    shown = capsys.readouterr().out
    # Nothing around it: no check of the library, no comma.
    assert shown.startswith(("def ", "class "))
    assert len(meaning(shown).splitlines()) <= 11  # what it explains does not count


@pytest.mark.parametrize("lesson", lessons.all_lessons(), ids=lambda lesson: lesson.topic)
def test_a_shown_answer_uses_only_names_that_the_lesson_has(lesson):
    """Typed into the lesson's cell it runs: no constant of the exercise's module, say."""
    notebook = lessons.read(lesson.path)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    nodes = [node for cell in cells for node in ast.walk(ast.parse(cell))]
    has = set(dir(builtins))
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            has |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            has.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            has.add(node.id)
    for task in catalog.exercises_of(lesson.topic).values():
        if isinstance(task, Exercise):
            shown = task.shown or task.reference
            needs = export.names_from_outside(plain_source(shown))
            assert needs <= has, (task.name, needs - has)


def test_an_answer_that_changes_its_arguments_spoils_nothing():
    task = catalog.find("chance.grammar_size")

    def spoils(rules, symbol="START"):
        rules.clear()
        return 1

    for _ in range(2):
        assert judging.judge(task, spoils)[0].state == "wrong"
    assert (
        judging.judge(task, lambda rules: 1)[0].state == "wrong"
        and judging.judge(task, task.reference)[0].state == "right"
    )


class Unshowable:
    def __repr__(self):
        raise ValueError("no")


@pytest.mark.parametrize(
    "value",
    [
        1j,
        10**400,
        [10**400] * 10,
        Unshowable(),
        {"a": object()},
        [[1], [2, 3]],
        float("nan"),
        b"x",
        ...,
        type,
    ],
)
@pytest.mark.parametrize("task", FUNCTIONS, ids=by_name)
def test_strange_results_are_wrong_and_nothing_more(task, value):
    assert judging.judge(task, lambda *arguments: value)[0].state == "wrong"


@pytest.mark.parametrize("value", [1j, 10**400, Unshowable(), [1], "x", object()])
def test_strange_values_are_wrong_and_nothing_more(value):
    for task in QUESTIONS:
        assert judging.judge_value(task, value)[0].state == "wrong"


def test_an_answer_that_ends_the_program_is_wrong():
    def ends(p):
        raise SystemExit

    assert "SystemExit" in told("chance.entropy", ends)


def test_time_limit_outside_the_main_thread():
    box = []

    def work():
        with pytest.raises(time_limit.TooSlow):
            time_limit.with_time_limit(0.1, lambda: time.sleep(0.6))
        box.append("stopped")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(box) == 1


def test_what_counts_as_empty():
    def only_pass():
        pass

    def not_implemented():
        raise NotImplementedError("later")

    def something():
        return 0

    class Empty:
        """Nothing yet."""

        def forward(self, x): ...

    class Full:
        def forward(self, x):
            return x

    assert all(map(is_empty, (only_pass, not_implemented, Empty)))
    assert not any(map(is_empty, (something, Full, abs, lambda x: x)))


@pytest.mark.parametrize(
    "a, b, equal",
    [
        (1.0, 1.0 + 1e-9, True),
        (1.0, 1.1, False),
        (float("nan"), float("nan"), True),
        ([1, 2], (1, 2), True),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"b": 1}, False),
        ("a", "a", True),
        ("a", 1, False),
        ([1], [1, 2], False),
        (None, None, True),
        (None, 0, False),
    ],
)
def test_comparison(a, b, equal):
    assert compare.same(a, b) is equal


def test_comparison_of_arrays_and_tensors():
    import numpy as np
    import torch

    assert (
        compare.same(np.ones(3), torch.ones(3))
        and not compare.same(np.ones(3), np.ones((3, 1)))
        and not compare.same(np.ones(2), "x")
    )


def test_an_object_equal_to_everything_is_not_right():
    class Equal(float):
        def __eq__(self, other):
            return True

        __hash__ = float.__hash__

    class Text(str):
        def __eq__(self, other):
            return True

        __hash__ = str.__hash__

    assert judging.judge(catalog.find("chance.entropy"), lambda p: Equal(5))[0].state == "wrong"
    assert (
        judging.judge(catalog.find("welcome.headline"), lambda a, b: Text("x"))[0].state == "wrong"
    )


def test_decorator_uses_the_right_answer_and_replaces_the_wrong_one(capsys):
    task = catalog.find("chance.entropy")

    def mine(p):
        return task.reference(p)

    assert exercise("chance.entropy")(mine) is mine
    require("chance.entropy")
    assert exercise("chance.entropy")(task.mistakes[0].answer) is task.reference
    with pytest.raises(AssertionError, match="nats"):
        require("chance.entropy")
    assert (
        answer("chance.plot_bits", 1.5) == 1.5
        and answer("chance.plot_bits", 7) == 1.5
        and answer("chance.plot_bits") == 1.5
    )
    assert "✔ chance.entropy" in capsys.readouterr().out


def test_wrong_names_are_told():
    for call in (
        lambda: exercise("chance.nothing"),
        lambda: exercise(abs),
        lambda: require("chance.entrop"),
        lambda: hint("x"),
        lambda: exercise("chance.plot_bits"),
        lambda: answer("chance.entropy", 1),
    ):
        with pytest.raises(CourseError):
            call()
    with pytest.raises(AssertionError, match="no answer"):
        require("ngrams.longest_copy")


def test_report_shows_itself_without_html_injection():
    report = judging.Report("x", "wrong", "<script>")
    assert "&lt;script&gt;" in report._repr_html_() and "<script>" in repr(report)


# --- progress
# ----------------------------------------------------------------------------------------


def test_progress_keeps_what_was_done(home):
    exercise("chance.entropy")(catalog.find("chance.entropy").mistakes[0].answer)
    exercise("chance.entropy")(catalog.find("chance.entropy").reference)
    exercise("chance.entropy")(catalog.find("chance.entropy").mistakes[1].answer)
    entry = load()["chance.entropy"]
    assert entry["state"] == "right" and entry["tries"] == 3 and len(entry["mistakes"]) == 2
    assert (
        f"1 of {len(TASKS)} exercises done" in repr(progress())
        and "✔ done" in progress()._repr_html_()
    )
    exercise("chance.grammar_size")(lambda rules, symbol="START": -1)
    exercise("gan.size")(catalog.find("gan.size").reference)
    counts = progress().counts()
    of_lesson = sum(task.name.startswith("chance.") for task in TASKS)
    assert (
        counts["chance"] == (1, 1, of_lesson - 2)
        and counts["gan"][:2] == (1, 0)
        and sum(map(sum, counts.values())) == len(TASKS)
    )
    drawn = progress()._repr_html_()
    assert (
        f"{1 + 1} exercises done, 1 tried, {len(TASKS) - 3} open" in drawn
        and f"✔ 1  ✘ 1  ○ {of_lesson - 2}" in drawn
    )


def test_a_test_run_never_touches_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTEST_VERSION", "9")
    exercise("chance.entropy")(lambda p: 0)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        '{"exercises": 3}',
        '{"exercises": {"chance.entropy": 1}}',
        '{"exercises": {"chance.entropy": {}}}',
    ],
)
def test_a_damaged_progress_file_is_put_aside(home, damage, capsys):
    home.mkdir()
    (home / "progress.json").write_text(damage)
    record("chance.entropy", state="right")
    assert load()["chance.entropy"]["state"] == "right"
    assert (
        home / "progress-unreadable.json"
    ).read_text() == damage and "kept as" in capsys.readouterr().err


def test_a_progress_file_with_damaged_entries_is_put_aside(home, capsys):
    home.mkdir()
    entry = {"state": "right", "tries": "x", "hints": 0, "solution_seen": False, "mistakes": []}
    (home / "progress.json").write_text(json.dumps({"exercises": {"chance.entropy": entry}}))
    record("chance.entropy", state="wrong")
    assert load()["chance.entropy"]["tries"] == 1 and (home / "progress-unreadable.json").exists()


def test_progress_that_cannot_be_kept_does_not_stop_the_lesson(home, monkeypatch, capsys):
    monkeypatch.setattr(record_module, "_warned", False)
    home.write_text("a file where the folder should be")
    record("chance.entropy", state="right")
    record("chance.entropy", state="right")
    assert capsys.readouterr().err.count("not kept") == 1


def test_progress_is_valid_json_after_every_write(home):
    for name in itertools.islice(itertools.cycle(t.name for t in TASKS), 20):
        record(name, state="wrong", mistake="x")
        json.loads((home / "progress.json").read_text(encoding="utf-8"))
    assert sorted(p.name for p in home.iterdir()) == [".progress.json.lock", "progress.json"]


# --- lessons and exercises
# ------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", lessons.all_lessons(), ids=lambda lesson: lesson.topic)
def test_at_least_two_exercises_are_used_later(lesson):
    if lesson.topic == "welcome":
        return
    cells = [cell.source for cell in lessons.read(lesson.path).cells if cell.cell_type == "code"]
    used = 0
    for i, source in enumerate(cells):
        if source.startswith("@exercise("):
            function = re.search(r"^(?:def|class) (\w+)", source, re.M)[1]
            used += any(re.search(rf"\b{function}\(", later) for later in cells[i + 1 :])
    # The gradient of a neuron moved from "words" to "network"; "words" is to be split.
    assert sum(source.startswith("@exercise(") for source in cells) >= 4 and used >= 2
