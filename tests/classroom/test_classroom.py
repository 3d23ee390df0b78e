"""A classroom with real nbgrader: export, release, submit, collect, autograde, feedback, marks,
report; honest work, accidents and attacks.
"""

import csv
import dataclasses
import os
import queue
import re
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import attacks
import classroom_work as work
import honest_work
import nbformat
import numpy as np
import psutil
import pytest
import walls
from walls import needs_walls, within_walls  # noqa: F401 (a fixture)

from aigc_course import cli
from aigc_course.classroom import (
    assignment,
    export,
    grading,
    report,
    sandbox,
    serialization,
)
from aigc_course.core.errors import CourseError
from aigc_course.course import lessons
from aigc_course.exercises.engine import catalog, judging
from aigc_course.exercises.engine.compare import Outcome, outcomes, same_behaviour
from aigc_course.exercises.engine.types import Exercise

TASKS = [task for topic in catalog.TOPICS for task in catalog.exercises_of(topic).values()]
CODE = [task for task in TASKS if isinstance(task, Exercise)]
each_code = pytest.mark.parametrize("task", CODE, ids=lambda task: task.name)
each_lesson = pytest.mark.parametrize("topic", [lesson.topic for lesson in lessons.all_lessons()])

# --- hidden parameters
# ------------------------------------------------------------------------------------


def test_every_exercise_that_asks_for_code_has_hidden_parameters():
    assert all(task.draw_one and task.n_hidden >= 2 for task in CODE)


@each_code
def test_hidden_parameters_are_others_and_pass_the_reference(task):
    """The reference takes them without an error; they depend on the seed alone, and differ from
    what learners see.
    """
    shown = [
        serialization.encode(list(map(serialization.encode, trial))) for trial in task.probes()
    ]
    one, again, other = (_drawn(task, seed) for seed in (1, 1, 2))
    assert one == again and (one != other or task.name == "welcome.headline")
    assert (
        not [trial for trial in one if trial in shown] or task.name == "gpt.causal_mask"
    )  # its only argument is a small number
    for seed in (1, 2):
        varied = dataclasses.replace(task, probes=lambda seed=seed: task.draw(seed))
        assert not [
            outcome
            for outcome in outcomes(varied, task.reference)
            if outcome.error or outcome.changed
        ]


def _drawn(task, seed):
    return [
        serialization.encode(list(map(serialization.encode, trial))) for trial in task.draw(seed)
    ]


# --- values as data
# ---------------------------------------------------------------------------------------


@each_code
def test_diagnoses_survive_the_way_through_data(task):
    """Every known mistake is still told apart when outcomes arrive as JSON."""

    def known(task, answer):
        return serialization.plain(outcomes(task, answer))

    assert judging.diagnose(task, known(task, task.reference), known) == ""
    for mistake in task.mistakes:
        assert judging.diagnose(task, known(task, mistake.answer), known) == mistake.says
    assert not re.search(
        r"'object'", str(serialization.encode_outcomes(outcomes(task, task.reference)))
    )


def test_errors_keep_their_kind_and_text_and_what_was_returned_stays_here():
    told = Outcome(error="KeyError", message="no", returned=object())
    assert serialization.plain([told]) == [Outcome(error="KeyError", message="no")]


def test_objects_lose_their_methods_on_the_way():
    space = {}
    exec(work.EQUAL_TO_EVERYTHING, space)
    sent = serialization.plain([Outcome(space["Anything"]())])
    assert type(sent[0].value) is float and not same_behaviour(sent, [Outcome(3.0)])


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        ["array", "<f8", [10**9], "AA=="],
        ["array", "O", [1], "AA=="],
        ["int", "x"],
        ["dict", [[["dict", []], ["none"]]]],
        ["odd"],
        ["array", "<f8", [-1, -1], ""],
        ["str"],
        {"a": 1},
        ["list", 3],
        ["float", 3],
        [[["list"]]],
    ],
)
def test_data_that_is_no_value_is_refused(data):
    with pytest.raises(ValueError):
        serialization.decode(data)


def of_all_kinds():
    """Values that an answer may give, and that say the same in many ways."""
    import array
    import decimal
    import fractions
    from collections import Counter, OrderedDict, deque

    import numpy as np
    import torch

    numbers = [2.0, 0.5, 4.0]
    return [
        *(None, True, 1, 1.0, 0.5, float("nan"), "x", "1", b"x", bytearray(b"x"), 10**30, 1j),
        *(decimal.Decimal("0.5"), fractions.Fraction(1, 2), np.float32(0.5), np.int8(1)),
        *(np.bool_(True), np.str_("x"), np.array(0.5), torch.tensor(0.5), torch.tensor([0.5])),
        *(numbers, tuple(numbers), deque(numbers), array.array("d", numbers), range(1, 4)),
        *(np.array(numbers), np.array(numbers, dtype=object), torch.tensor(numbers)),
        *(memoryview(np.array(numbers)), memoryview(np.ones((2, 2))), np.ones((2, 2)), [1, 2, 3]),
        *(torch.tensor(numbers).bfloat16(), [torch.tensor(x) for x in numbers], [[1.0, 1.0]] * 2),
        *([decimal.Decimal(2), 0.5, 4], np.array(["a", "b"]), ["a", "b"], ("a", "b"), deque("ab")),
        *({1, 2}, frozenset({1, 2}), {1: 0, 2: 0}.keys(), {frozenset({1})}, {(1, 2)}, set()),
        *({"a": 1}, OrderedDict(a=1), Counter("a"), {"a": np.int64(1)}, {np.int64(1): "x"}),
        *({1: "x"}, {(1, 2): [0.5]}, {(1, 2): (0.5,)}, {"a": deque([1])}, [], (), {}, object()),
    ]


def test_two_values_are_the_same_in_a_lesson_and_when_graded():
    """Whatever an answer gives and whatever is right: the verdict is one."""
    from aigc_course.exercises.engine.compare import same

    values = of_all_kinds()
    sent = [serialization.decode(serialization.encode(value)) for value in values]
    for value, there in zip(values, sent, strict=True):
        for right, right_there in zip(values, sent, strict=True):
            if type(right) in (object, bytearray, complex):  # no reference gives those
                continue
            assert same(value, right) == same(there, right_there), (value, right)


def test_containers_that_take_for_ever_to_build_are_refused():
    for data in (
        ["list", [["none"]] * 200_001],
        ["set", [["int", hex(k * (2**61 - 1))] for k in range(3_001)]],
        ["list", [["dict", [[["int", hex(k)], ["none"]] for k in range(100)]]] * 31],
        ["int", hex(16**3_000)],
        ["array", "<f8", [1] * 40, ""],
    ):
        start = time.monotonic()
        with pytest.raises(ValueError):
            serialization.decode(data)
        assert time.monotonic() - start < 2
    assert len(serialization.decode(["list", [["none"]] * 200_000])) == 200_000


def test_no_reference_gives_more_than_may_be_sent():
    for task in CODE:
        for seed in (1, 2, 3):
            varied = dataclasses.replace(task, probes=lambda task=task, seed=seed: task.draw(seed))
            assert serialization.plain(outcomes(varied, task.reference)), task.name


def test_numpys_numbers_are_numbers():
    import numpy as np

    for value, sent in (
        (np.bool_(True), True),
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        ({np.int64(2): np.str_("x")}, {2: "x"}),
    ):
        back = serialization.decode(serialization.encode(value))
        assert back == sent and type(back) is type(sent)


def test_deep_and_large_values_are_refused():
    import numpy as np

    deep = []
    for _ in range(50):
        deep = [deep]
    for value, says in ((deep, "nested"), (np.zeros(1_000_001), "1,000,000 numbers")):
        (sent,) = serialization.encode_outcomes([Outcome(value)])
        assert sent["error"] == "ValueError" and says in sent["message"]


# --- the sandbox
# ------------------------------------------------------------------------------------------

SETUP = "import math\nfrom aigc_course.classroom import exercise, answer"
RIGHT = (
    '@exercise("chance.entropy")\ndef f(p):\n    return -sum(x * math.log2(x) for x in p if x > 0)'
)
ENTROPY = grading.Check("chance.entropy", (4711, 12))


def graded(*items, checks=(ENTROPY,)):
    """Run sources and checks in this order; (findings, exercise -> verdict)."""
    walls.need()
    cells = {i: item for i, item in enumerate(items) if isinstance(item, str)}
    places = [item.name if isinstance(item, grading.Check) else i for i, item in enumerate(items)]
    asked = grading.merged(checks)
    wanted = {name: grading.for_sandbox(check) for name, check in asked.items()}
    found = sandbox.run(places, cells, wanted)
    said = {
        name: grading.verdict(
            check,
            found.examples[name],
            found.hidden.get(name, []),
            grading.reason_missing(name, cells, found.errors),
        )
        for name, check in asked.items()
    }
    return found, said


@needs_walls
def test_what_a_submission_does_stays_in_its_process(tmp_path):
    (tmp_path / "gradebook.db").write_text("secret")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBGRADER_EXECUTION", "autograde")
        patch.setenv("MY_SECRET", "x")
        found, said = graded(
            SETUP,
            RIGHT,
            (
                f"import os\nprint(os.path.exists({str(tmp_path)!r}), sorted(k for k in "
                "os.environ if 'NBGRADER' in k or 'SECRET' in k))"
            ),
            "import os\nos._exit(3)",
            "print(len(open('/proc/net/dev').readlines()) - 2)",
            "x = bytearray(20 * 10**9)",
            "from aigc_course.exercises.engine import catalog\ncatalog.find",
            ENTROPY,
        )
    assert said == {"chance.entropy": grading.RIGHT}
    assert [len(run["outcomes"]) for run in found.hidden["chance.entropy"]] == [4, 4]
    assert found.errors[3] == "this cell ended the process"
    assert 4 in found.texts, "it was started again without that cell"
    assert found.errors[5].startswith("MemoryError")
    assert "import of aigc_course.exercises" in found.errors[6]
    assert found.texts[2] == "False []\n" and found.texts[4] == "1\n", "the loopback alone"


@pytest.mark.parametrize(
    "spoil",
    [
        "sum = 0",
        RIGHT.replace("log2", "log"),
        "math = None",
        "def f(p):\n    return 1",
        "import builtins\nbuiltins.sum = len",
        "del f",
    ],
    ids=[
        "a built-in's name",
        "a wrong answer",
        "a module's name",
        "the answer's name",
        "builtins",
        "deleted",
    ],
)
def test_later_cells_do_not_break_an_answer(spoil):
    """But for what the notebook cannot keep apart: a change inside a module."""
    _, said = graded(SETUP, RIGHT, ENTROPY, spoil)
    assert (said["chance.entropy"] == grading.RIGHT) == ("builtins" not in spoil)


def test_an_answer_elsewhere_counts_when_its_place_is_empty():
    stub = '@exercise("chance.entropy")\ndef f(p):\n    ...'
    assert graded(SETUP, stub, ENTROPY, RIGHT)[1]["chance.entropy"] == grading.RIGHT
    assert graded(SETUP, stub, ENTROPY)[1]["chance.entropy"] == "not attempted."


def test_answers_may_use_each_other_also_after_a_crash():
    """A new start forgets nothing."""
    temperature = grading.Check("chance.temperature", (3,))
    uses = (
        '@exercise("chance.temperature")\ndef g(p, t):\n    assert abs(f([0.5, 0.5]) - 1) < 1e-9\n'
        "    import numpy as np\n    q = np.asarray(p) ** (1 / t)\n    return q / q.sum()"
    )
    _, said = graded(
        SETUP,
        RIGHT,
        ENTROPY,
        uses,
        temperature,
        "import os\nos._exit(0)",
        checks=(ENTROPY, temperature),
    )
    assert said == {"chance.entropy": grading.RIGHT, "chance.temperature": grading.RIGHT}


def test_numpys_numbers_answer_questions():
    bits = grading.Check("chance.plot_bits")
    assert graded(
        SETUP,
        'import numpy as np\nanswer("chance.plot_bits", np.float64(1.5))',
        bits,
        checks=(bits,),
    )[1] == {bits.name: grading.RIGHT}


def test_nothing_of_the_courses_own_is_put_in_an_answers_place():
    bits = grading.Check("chance.plot_bits")
    wrong = RIGHT.replace("log2", "log")
    again = '@exercise("chance.entropy")\ndef g(p):\n    return f(p)'
    twice = 'x = answer("chance.plot_bits", 1e9)\nx = answer("chance.plot_bits", x)'
    _, said = graded(SETUP, wrong, again, ENTROPY, twice, bits, checks=(ENTROPY, bits))
    assert grading.RIGHT not in said.values()


def test_in_the_learners_own_kernel_answers_are_named_and_given_back(capsys):
    def wrong(probabilities):
        return 3

    assert (
        assignment.exercise("chance.entropy")(wrong) is wrong
        and assignment.answer("chance.plot_bits", 7) == 7
    )
    said = capsys.readouterr().out
    assert (
        "✘ chance.entropy: for [0.5, 0.25, 0.25] expected 1.5, but yours gave 3." in said
        and "course's own" not in said
    )
    for name in ("chance.entropy", "chance.plot_bits", "chance.temperature"):
        with pytest.raises(assignment.NotRight) as told:
            assignment.require(name)
        assert told.value._render_traceback_()[0].startswith(f"✘ {name}")
    assert assignment.answer("chance.plot_bits", 1.5) == 1.5
    assignment.require("chance.plot_bits")
    assert "✔ chance.plot_bits" in capsys.readouterr().out


def test_a_teachers_own_question_has_the_teachers_answer():
    asked = grading._asked('require_value("chance.plot_bits", 2.0)')
    own, old = 'answer("chance.plot_bits", 2.0)', 'answer("chance.plot_bits", 1.5)'
    assert graded(SETUP, own, asked, checks=(asked,))[1]["chance.plot_bits"] == grading.RIGHT
    assert "is not the answer" in graded(SETUP, old, asked, checks=(asked,))[1]["chance.plot_bits"]
    assert grading._asked("assert f(1) == 2").startswith("only require") and grading._asked(
        'require("no.such")'
    ).startswith("There is no exercise")


@pytest.mark.parametrize(
    "cell",
    [
        "%matplotlib inline",
        "%pip install nothing",
        "!pip install nothing",
        "quit()",
        "x = !ls",
        "%time 1 + 1",
    ],
)
def test_what_a_notebook_may_hold_leaves_the_rest_of_its_cell(cell):
    helper = "def helper(x):\n    return math.log2(x)"
    uses = RIGHT.replace("math.log2", "helper")
    first = f"{helper}\n{cell}" if cell == "quit()" else f"{cell}\n{helper}"
    found, said = graded(SETUP, first, uses, ENTROPY)
    assert said["chance.entropy"] == grading.RIGHT, found.errors
    assert ("left out when graded" in found.texts[1]) == ("!" in cell or "%pip" in cell)


LEAKS = {
    "frames": "import sys\ndef f(p):\n    frame, seen = sys._getframe(), []\n    while frame:\n    "
    "    seen.append(repr(frame.f_locals))\n"
    "        frame = frame.f_back\n    raise ValueError(' '.join(s for s in seen if "
    "str(4700 + 11) in s)[-150:] + str(p))\n"
    "exercise('chance.entropy')(f)",
    "forged events": f"SHOWN = {[trial[0] for trial in catalog.find('chance.entropy').probes()]}\n"
    "import json, os\n@exercise('chance.entropy')\ndef f(p):\n    for fd in range(3, 30) "
    "if p not in SHOWN else ():\n"
    "        for event in ('running', 'ran'):\n            try:\n"
    "                os.write(fd, (json.dumps({'event': event, 'cell': 0, 'text': f'LEAK "
    "{p}', 'error': f'LEAK {p}'}) + '\\n').encode())\n"
    "            except OSError:\n                pass\n    return -sum(x * math.log2(x) "
    "for x in p if x > 0)",
    "a new start": f"SHOWN = {[trial[0] for trial in catalog.find('chance.entropy').probes()]}\n"
    "import os\nif os.path.exists('/dev/shm/aigc-leak'):\n    print('LEAK', "
    "open('/dev/shm/aigc-leak').read())\n    os.remove('/dev/shm/aigc-leak')\n"
    "@exercise('chance.entropy')\ndef f(p):\n    if p not in SHOWN:\n        "
    "open('/dev/shm/aigc-leak', 'w').write(str(p))\n        os._exit(1)\n"
    "    return -sum(x * math.log2(x) for x in p if x > 0)",
    "a wrong answer": "SHOWN = "
    f"{[list(map(float, trial[0])) for trial in catalog.find('chance.entropy').probes()]}\n"
    "@exercise('chance.entropy')\ndef f(p):\n    return -sum(x * math.log2(x) for x in p "
    "if x > 0) if p in SHOWN else 99.0",
    "early ready": "import json, os\nfor fd in range(3, 30):\n    try:\n        os.write(fd, "
    "(json.dumps({'event': 'ready'}) + '\\n').encode())\n"
    "    except OSError:\n        pass\nimport time\ntime.sleep(1)\nseen = b''\n"
    "for fd in range(3, 30):\n    try:\n        os.set_blocking(fd, False)\n"
    "        seen += os.read(fd, 9999) or b''\n    except OSError:\n        "
    "pass\nprint('LEAK', seen)",
}


@pytest.mark.parametrize("kind", LEAKS)
def test_hidden_parameters_never_come_back(kind):
    """Not in what cells print, not in reasons: whatever an answer finds out about them stays in its
    process.
    """
    found, said = graded(SETUP, LEAKS[kind], ENTROPY)
    hidden_values = [
        repr(trial[0][0])[:8]
        for seed in ENTROPY.seeds
        for trial in catalog.find("chance.entropy").draw(seed)
    ]
    told = str(found.texts) + str(found.errors) + str(said) + str(found.examples)
    if kind == "a wrong answer":
        assert said["chance.entropy"] == grading.NOT_SHOWN
    assert "4711" not in told and not [value for value in hidden_values if value in told]


@pytest.mark.parametrize(
    "forged",
    [
        "{}",
        "{'event': 'ready'}",
        "{'event': 'running', 'cell': []}",
        "{'event': 'gave', 'name': 'chance.entropy'}",
    ],
)
def test_a_submission_cannot_keep_the_grader_waiting(monkeypatch, forged):
    """Signs of life, forged again and again."""
    monkeypatch.setattr(sandbox, "TOTAL_SECONDS", 3)
    noise = (
        "import json, os, time\nwhile True:\n    for fd in range(3, 30):\n        try:\n"
        f"            os.write(fd, (json.dumps({forged}) + '\\n').encode())\n        "
        "except BaseException:\n            pass\n"
        "    try:\n        time.sleep(0.2)\n    except BaseException:\n        pass"
    )
    start = time.monotonic()
    _, said = graded(SETUP, noise, RIGHT, ENTROPY)
    assert time.monotonic() - start < 30 and grading.RIGHT not in said.values()


@pytest.mark.parametrize("holds", ["", "memory"])
def test_lines_without_meaning_stop_no_clock(monkeypatch, holds):
    """One empty line after the other, while children hold memory."""
    for name, value in {"TOTAL_SECONDS": 60, "CELL_SECONDS": 1, "IDLE_SECONDS": 1.5}.items():
        monkeypatch.setattr(sandbox, name, float(value))
    monkeypatch.setattr(sandbox, "MEMORY_GB", 0.8)
    hold = (
        "for _ in range(4):\n    if os.fork() == 0:\n        x = bytearray(500_000_000)\n"
        "        for i in range(0, len(x), 4096): x[i] = 1\n        time.sleep(10**6)\n"
    )
    drip = "while True:\n    os.write(outs[-1], b'\\n')\n    time.sleep(0.03)"
    cell = attacks._PIPES + (hold if holds else "") + drip
    start = time.monotonic()
    found, said = graded(SETUP, RIGHT, ENTROPY, cell)
    assert time.monotonic() - start < 30 and said["chance.entropy"] == grading.RIGHT
    assert ("memory" if holds else "did not end") in found.errors[3]


def a_process(monkeypatch, reads, writes):
    """The grader's side of a submission that does nothing."""
    process = sandbox._Process.__new__(sandbox._Process)
    process.why, process.late, process.deadline = "", False, time.monotonic() + 60
    process.process = SimpleNamespace(stdin=os.fdopen(writes, "wb", 0), pid=os.getpid())
    process.lines = queue.Queue()
    monkeypatch.setattr(sandbox.isolation, "end", lambda process: None)
    os.set_blocking(writes, False)
    return process


def test_a_full_pipe_keeps_nobody_waiting(monkeypatch):
    reads, writes = os.pipe()
    process = a_process(monkeypatch, reads, writes)
    process.send("x" * 1000)
    assert len(os.read(reads, 5000)) == 1003
    with pytest.raises(sandbox._Lost):
        process.send("x" * 10**6, seconds=0.5)
    assert process.late and "takes no requests" in process.why
    os.close(reads)
    process.process.stdin.close()


def test_a_line_of_very_many_parts_is_not_even_read(monkeypatch):
    reads, writes = os.pipe()
    process = a_process(monkeypatch, reads, writes)
    many = ",".join(["[]"] * (sandbox.MOST_PARTS + 1))
    for content in (many, "[], 1"):
        process.lines.put(f'{{"event": "gave", "a": [{content}]}}'.encode())
    watch = sandbox._Watch(os.getpid())
    assert process.receive(9, watch) == {"event": "?"}
    assert process.receive(9, watch)["event"] == "gave"
    os.close(reads)
    process.process.stdin.close()


@pytest.mark.parametrize(
    ("answers", "right"),
    [
        (["rules", "learned"], True),
        (["learned", "rules"], False),
        (["learned", "..."], True),
        (["learned"], True),
    ],
)
def test_of_two_answers_to_a_question_the_last_counts(answers, right):
    """Two guesses would do for a question with two choices."""
    cells = [f'answer("welcome.learned", {a!r})'.replace("'...'", "...") for a in answers]
    check = grading.Check("welcome.learned")
    setup = "from aigc_course.exercises import answer"
    _, said = graded(setup, cells[0], check, *cells[1:], checks=(check,))
    assert (said["welcome.learned"] == grading.RIGHT) == right


def test_many_crashes_cost_only_their_own_cells():
    cells = ["import os\nos._exit(0)"] * 5
    assert graded(SETUP, *cells, RIGHT, ENTROPY)[1]["chance.entropy"] == grading.RIGHT


def test_a_loop_below_an_answer_does_not_cost_it(monkeypatch):
    monkeypatch.setattr(sandbox, "CELL_SECONDS", 1.0)
    assert (
        graded(SETUP, RIGHT + "\nwhile True:\n    pass", ENTROPY)[1]["chance.entropy"]
        == grading.RIGHT
    )


def test_a_process_that_cannot_start_is_not_the_submissions_fault(monkeypatch):
    monkeypatch.setattr(sandbox, "START_SECONDS", 0.001)  # no process starts as fast
    monkeypatch.setattr(sandbox, "_LOOK_EVERY", 0.001)
    with pytest.raises(CourseError, match="cannot be run here"):
        graded(SETUP, RIGHT, ENTROPY)


@pytest.mark.parametrize(
    "gave",
    [
        {},
        {"state": []},
        {"state": "outcomes"},
        {"state": "outcomes", "outcomes": [{}]},
        {"state": "value", "value": 3},
    ],
)
def test_whatever_comes_back_has_a_verdict(gave):
    assert grading.verdict(ENTROPY, gave, [gave], "missing") == grading.UNREADABLE
    assert grading.verdict(grading.Check("chance.plot_bits"), gave, [], "missing") in (
        grading.UNREADABLE,
        "missing",
    )


def test_what_goes_wrong_on_hidden_arguments_is_told_in_one_sentence():
    """A choice of known mistakes, errors and endless loops would tell the arguments bit by bit."""
    task = catalog.find("chance.entropy")
    gave = {"state": "outcomes", "outcomes": serialization.encode_outcomes(_right_outcomes(task))}
    said = set()
    for seed in ENTROPY.seeds:
        varied = dataclasses.replace(task, probes=lambda seed=seed: task.draw(seed))
        wrong = [outcomes(varied, mistake.answer) for mistake in task.mistakes]
        wrong += [[Outcome(error="ValueError", message="no")] * 4, [Outcome(None)] * 4]
        runs = [
            {"state": "outcomes", "outcomes": serialization.encode_outcomes(one)} for one in wrong
        ]
        for run in (*runs, {"state": "slow"}, {"state": "died"}, {}, {"state": "outcomes"}):
            said.add(grading.verdict(ENTROPY, gave, [run, run], ""))
    said.add(grading.verdict(ENTROPY, gave, [{"state": "died"}], ""))
    assert said == {grading.NOT_SHOWN}


def _right_outcomes(task):
    return outcomes(task, task.reference)


@needs_walls
def test_nothing_is_told_after_a_process_has_seen_hidden_arguments(tmp_path):
    """An answer that finds its arguments ends the process; cells of the next one print or fail."""
    shown = [list(map(float, trial[0])) for trial in catalog.find("chance.entropy").probes()]
    ends = (
        f"SHOWN = {shown}\nimport os\n@exercise('chance.entropy')\ndef f(p):\n"
        "    if list(p) not in SHOWN:\n        os._exit(1)\n"
        "    return -sum(x * math.log2(x) for x in p if x > 0)"
    )
    turn = "import time\nprint('TOLD', time.time_ns())"
    found, said = graded(SETUP, turn, ends, ENTROPY, "1 / (time.time_ns() % 2)")
    assert said["chance.entropy"] == grading.NOT_SHOWN and found.closed
    before = sandbox.Findings(texts={1: "first"}, closed=True)
    attempt = sandbox._Attempt([1], {1: "1"})
    process = SimpleNamespace(
        folder="",
        process=SimpleNamespace(pid=os.getpid()),
        send=lambda message, seconds: None,
        receive=iter(
            [
                {"event": "running", "cell": 1},
                {"event": "ran", "cell": 1, "text": "secret", "error": "secret"},
                {"event": "ready"},
            ]
        ).__next__,
    )
    process.receive = lambda *_, _next=process.receive, **__: _next()
    attempt._cells(process, [], before)
    sandbox._note(before, sandbox._Blame("cell", 1, "ended", False))
    sandbox._note(before, sandbox._Blame("example", "chance.entropy", "ended", False))
    assert (before.texts, before.errors, before.examples) == ({1: "first"}, {}, {})


def test_hidden_arguments_belong_to_one_hand_in():
    one, other, longer = (
        grading.with_seeds_of(ENTROPY, own).seeds
        for own in (("ann", "x = 1"), ("bob", "x = 1"), ("ann", "x = 1 "))
    )
    assert len({*one, *other, *longer, *ENTROPY.seeds}) == 8
    assert grading.with_seeds_of(ENTROPY, ("ann", "x = 1")).seeds == one
    draws = [catalog.find("chance.entropy").draw(seed) for seed in (*one, *other, *longer)]
    assert len({str(draw) for draw in draws}) == 6


def test_text_is_not_made_an_array_of():
    """It would take as much room as its longest piece, for each piece."""
    from aigc_course.exercises.engine import facts
    from aigc_course.exercises.engine.compare import same

    mine, right = ["x" * 200_000] + [""] * 100_000, np.zeros(3)
    tracemalloc.start()
    assert not same(mine, right) and not same(right, mine) and not same([[mine]], right)
    assert "expected" in facts.difference(mine, right)
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


def test_judging_has_a_limit_of_memory(monkeypatch):
    def hungry(*arguments, **more):
        return [bytearray(10**8) for _ in range(100)]

    monkeypatch.setattr(grading.judging, "diagnose", hungry)
    task = catalog.find("chance.entropy")
    assert grading._diagnosed(task, {"outcomes": []}, outcomes) == grading.UNREADABLE


def test_a_process_may_have_any_name(monkeypatch, tmp_path):
    status = b"Name:\ta\\rb\r\xff\xfe\nRssAnon:\t 10 kB\nRssShmem:\t 5 kB\n"
    monkeypatch.setattr(sandbox.Path, "read_bytes", lambda self: status)
    assert sandbox._own_memory(psutil.Process()) == 15 * 1024


@pytest.mark.full(guards="classroom exercises.engine")
@needs_walls
def test_a_busy_machine_costs_no_marks(monkeypatch):
    """An answer that computes for a second, beside four others for each core."""
    slow = RIGHT.replace(
        "    return",
        "    import time\n    end = time.process_time() + 0.3\n"
        "    while time.process_time() < end: pass\n    return",
    )
    monkeypatch.setattr(catalog.find("chance.entropy"), "seconds", 3)
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(4 * os.cpu_count())
    ]
    try:
        _, said = graded(SETUP, slow, ENTROPY)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert said["chance.entropy"] == grading.RIGHT


@pytest.mark.full(guards="classroom exercises.engine")
@needs_walls
@pytest.mark.parametrize(
    "kind", ["shared-mapping", "sixty-forks", "sleeps", "stops-its-clocks", "endless-number"]
)
def test_limits_hold_whatever_an_answer_does(kind, monkeypatch):
    """Memory of all processes together, time of computing, and idle time."""
    monkeypatch.setattr(sandbox, "MEMORY_GB", 2.0)
    monkeypatch.setattr(sandbox, "IDLE_SECONDS", 3.0)
    monkeypatch.setattr(catalog.find("chance.entropy"), "seconds", 2)
    stub = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("1"),
            nbformat.v4.new_code_cell("1"),
            nbformat.v4.new_code_cell("1"),
            export.marked(
                nbformat.v4.new_code_cell('@exercise("chance.entropy")\ndef f(p):\n    ...'),
                "chance-entropy",
                solution=True,
                locked=False,
            ),
        ]
    )
    attacks.ATTACKS[kind](stub)
    start, free = time.monotonic(), psutil.virtual_memory().available
    lowest = [free]
    monkeypatch.setattr(sandbox, "_own_memory", _noting(sandbox._own_memory, lowest), raising=True)
    _, said = graded(SETUP, *[cell.source for cell in stub.cells], ENTROPY)
    assert said["chance.entropy"] != grading.RIGHT
    assert time.monotonic() - start < 60
    assert free - min(lowest) < 6e9, "as much more as is taken between two looks"


def _noting(function, lowest):
    """The function, and the least free memory whenever it is called."""

    def noted(*arguments):
        lowest.append(psutil.virtual_memory().available)
        return function(*arguments)

    return noted


def test_several_test_cells_of_one_exercise_ask_for_all_their_seeds():
    asked = grading.merged(
        [
            grading.Check("chance.entropy"),
            grading.Check("chance.entropy", (7,)),
            grading.Check("chance.entropy", (8, 7)),
        ]
    )
    assert asked == {"chance.entropy": grading.Check("chance.entropy", (7, 8))}


# --- export
# -----------------------------------------------------------------------------------------------


@each_lesson
def test_export_has_every_exercise_and_nothing_that_trains(topic):
    lesson = lessons.read(lessons.find(topic).path)
    made = export.assignment(lesson, seed=5)
    nbformat.validate(made)
    names = [found.name for found in export.exercises(lesson)]
    assert sorted(names) == sorted(task.name for task in TASKS if task.name.split(".")[0] == topic)
    assert list(work.answers_of(made)) == names
    for cell in made.cells:
        if cell.cell_type == "code":
            compile(cell.source, "a cell", "exec")
    everything = "\n".join(cell.source for cell in made.cells)
    assert "fit(" not in everything and "AIGC_SOLUTIONS" in everything
    assert "exercises.engine" not in everything, "answers that are graded cannot import it"
    tests = [cell for cell in made.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert len(tests) == len(names) and all(
        cell.metadata["nbgrader"]["points"] >= 1 for cell in tests
    )
    for cell in tests:
        name = cell.metadata["nbgrader"]["grade_id"].removesuffix("-test").replace("-", ".", 1)
        assert (
            "require_hidden" if isinstance(catalog.find(name), Exercise) else "require_value"
        ) in cell.source


def test_export_overwrites_nothing(tmp_path, capsys):
    out = tmp_path / "teaching" / "source"
    assert cli.main(["classroom", "export", "welcome", "--out", str(out), "--seed", "3"]) == 0
    settings = out.parent / "nbgrader_config.py"
    assert "ExecuteApart" in settings.read_text() and str(settings) in capsys.readouterr().out
    for wrong, says in (
        (["0"], "is there already"),
        (["chance", "0"], "Nothing was written"),
        (["chance", "99"], "no lesson '99'"),
    ):
        assert (
            cli.main(["classroom", "export", *wrong, "--out", str(out)]) == 2
            and says in capsys.readouterr().err
        )
    settings.write_text("c = get_config()\n")
    assert (
        cli.main(["classroom", "export", "chance", "--out", str(out)]) == 2
        and "your own" in capsys.readouterr().err
    )
    assert settings.read_text() == "c = get_config()\n" and [
        path.name for path in out.iterdir()
    ] == [lessons.find("welcome").name]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "source").write_text("mine")
    for place, says in (
        (tmp_path / "other" / "source", "cannot be a folder"),
        (tmp_path, "named source"),
    ):
        assert (
            cli.main(["classroom", "export", "chance", "--out", str(place)]) == 2
            and says in capsys.readouterr().err
        )


def test_plain_nbgrader_gives_no_points_by_mistake():
    with pytest.raises(CourseError, match=r"nbgrader_config.py"):
        assignment.require_hidden("chance.entropy", 1)


# --- whole rounds
# -----------------------------------------------------------------------------------------


class Round:
    """A course after one round with real nbgrader."""

    def __init__(self, folder: Path, topic: str, kinds: dict):
        walls.need()
        self.kinds, self.root = kinds, folder / "round"
        source = export.export([topic], self.root / "source", seed=123456789)[-1]
        self.name = source.stem
        settings = self.root / "nbgrader_config.py"
        places = (
            f"c.Exchange.root = {str(folder / 'exchange')!r}\nc.Exchange.cache = "
            f"{str(folder / 'cache')!r}\n"
        )
        settings.write_text(settings.read_text() + places)
        (folder / "exchange").mkdir()
        (folder / "exchange").chmod(0o777)
        self.nbgrader("generate_assignment", self.name)
        self.nbgrader("release_assignment", self.name)
        for student, (change, _) in kinds.items():
            self.hand_in(folder / "students" / student, student, change)
        (self.root / "canary").write_text("as it was")
        (self.root / "canary").chmod(0o640)
        self.nbgrader("collect", self.name)
        self.autograded = self.nbgrader("autograde", self.name, may_fail=True)
        self.nbgrader("generate_feedback", self.name, may_fail=True)
        self.nbgrader("export", "--to", "nbgrader.csv")
        self.marks = report.marks(self.root)
        self.paths = report.write(self.root, folder / "report")

    def nbgrader(self, *arguments: str, may_fail: bool = False) -> subprocess.CompletedProcess:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        environment["PATH"] = (
            # nbgrader starts `alembic` by name
            f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        )
        result = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert may_fail or result.returncode == 0, result.stderr[-3000:]
        return result

    def hand_in(self, folder: Path, student: str, change) -> None:
        """Fetch, work, submit, as `nbgrader fetch_assignment` and `nbgrader submit` do."""
        from nbgrader.auth import Authenticator
        from nbgrader.coursedir import CourseDirectory
        from nbgrader.exchange.default import ExchangeFetchAssignment, ExchangeSubmit
        from traitlets.config import Config

        settings = Config()
        (
            settings.CourseDirectory.course_id,
            settings.CourseDirectory.student_id,
            settings.CourseDirectory.assignment_id,
        ) = "round", student, self.name
        exchange = self.root.parent / "exchange"
        settings.Exchange.root, settings.Exchange.cache, settings.Exchange.assignment_dir = (
            str(exchange),
            str(folder / "cache"),
            str(folder),
        )
        folder.mkdir(parents=True)
        parts = {
            "coursedir": CourseDirectory(config=settings),
            "authenticator": Authenticator(config=settings),
            "config": settings,
        }
        ExchangeFetchAssignment(**parts).start()
        path = folder / self.name / f"{self.name}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        assert not re.search(
            r"BEGIN|require_hidden|require_value|123456789",
            "\n".join(cell.source for cell in notebook.cells),
        ), "students got what is hidden"
        change(notebook)
        nbformat.write(notebook, path)
        if student == "file-cut-off":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        if student in honest_work.FILE_CHANGES:
            honest_work.FILE_CHANGES[student](path)
        ExchangeSubmit(**parts).start()
        if student in attacks.FILES:
            inbound = exchange / self.root.name / "inbound"
            (handed_in,) = inbound.glob(f"{student}+{self.name}+*")
            handed_in.chmod(0o755)
            attacks.FILES[student](handed_in, self.root)

    def points(self, student: str) -> dict[str, float]:
        return {mark.exercise: mark.score for mark in self.marks if mark.student == student}

    def why(self, student: str) -> dict[str, str]:
        return {mark.exercise: mark.why for mark in self.marks if mark.student == student}

    def deserved(self, student: str) -> dict[str, float]:
        """What a submission should get, by what it is."""
        released = nbformat.read(
            self.root / "release" / self.name / f"{self.name}.ipynb", as_version=4
        )
        names, first_code = list(work.answers_of(released)), work.codes(released)[0]
        most = {mark.exercise: mark.most for mark in self.marks}
        kind = self.kinds[student][1]
        if callable(kind):
            full = kind(names)
            return {name: most[name] if name in full else 0.0 for name in names}
        full = {
            work.ALL_RIGHT: names,
            work.NONE: [],
            work.ALL_BUT_FIRST_CODE: [n for n in names if n != first_code],
            work.FIRST: names[:1],
        }[kind]
        return {name: most[name] if name in full else 0.0 for name in names}


SHORT = {
    kind: work.HONEST[kind]
    for kind in ("right", "empty", "mistake-0", "syntax-error", "cut-off", "file-cut-off")
} | {
    kind: (work.ATTACKS[kind], work.NONE)
    for kind in ("own-require", "equal-to-everything", "changes-tests")
}
ATTACKS = {kind: (change, work.NONE) for kind, change in attacks.ATTACKS.items()}
FIRST_THIRTY = work.HONEST | {kind: ATTACKS[kind] for kind in work.ATTACKS}
NEW = honest_work.NEW | {kind: ATTACKS[kind] for kind in attacks.NEW}
LESSONS = ("chance", "headlines", "vae")


def long_round(topic):
    """The submissions of a lesson: those that each lesson gets, and a third of the others."""
    share = list(NEW)[LESSONS.index(topic) :: len(LESSONS)]
    return FIRST_THIRTY | {kind: NEW[kind] for kind in share}


def check_marks(made: Round):
    """Everyone has the marks deserved, a reason for each, and nbgrader's own table agrees."""
    assert made.why("folder-is-a-link") == {}, "nothing was collected"
    for student in made.kinds.keys() - {"folder-is-a-link"}:
        assert made.points(student) == made.deserved(student), (
            student,
            made.points(student),
            made.why(student),
        )
        for name, why in made.why(student).items():
            assert (why == "right.") == (made.points(student)[name] > 0) and why.strip(), (
                student,
                name,
                why,
            )
    theirs = {
        row["student_id"]: float(row["score"])
        for row in csv.DictReader((made.root / "nbgrader.csv").open())
    }
    all_of_ours = {student: sum(made.deserved(student).values()) for student in made.kinds}
    assert theirs == {student: all_of_ours[student] for student in theirs}
    assert made.kinds.keys() - theirs.keys() <= attacks.REFUSED.keys(), "never collected"
    for student in made.kinds:
        check_feedback(made, student)
    check_nothing_else_happened(made)


# What an attack prints, with what it got hold of.
SUCCESS = "SNIFFED True|FOUND|LEFT|WROTE|TRACED 0|TRACED -1 0|TYPED|ROOT|CONNECTED|DID "


def check_feedback(made, student):
    """All who were graded have it; it holds no secret, no success and nothing that runs."""
    feedback = made.root / "feedback" / student / made.name / f"{made.name}.html"
    refused = student == "file-cut-off" or student in attacks.REFUSED
    assert feedback.exists() != refused, student
    if refused:
        assert attacks.REFUSED.get(student, "") in str(made.why(student)), made.why(student)
        return
    there = {path.name for path in feedback.parent.iterdir()}
    assert there <= {feedback.name, "timestamp.txt", "submission_secret.txt"}, (student, there)
    assert (feedback.parent / "submission_secret.txt").is_file(), "needed to release feedback"
    page = feedback.read_text(encoding="utf-8")
    text = re.sub(r"<style.*?</style>", "", page, flags=re.S)
    assert "BEGIN HIDDEN" not in text and "123456789" not in text
    assert "Content-Security-Policy" in page and "script-src" not in page
    graded = made.root / "autograded" / student / made.name / f"{made.name}.ipynb"
    printed = "\n".join(
        output.get("text", "")
        for cell in nbformat.read(graded, 4).cells
        for output in cell.get("outputs", ())
    )
    assert not re.search(SUCCESS, printed), (student, printed)
    live = r"<script|<iframe|<form|<[^>]*\s(?:onerror|onload)\s*=|href\s*=\s*[\"']?\s*javascript:"
    assert not re.search(live, text, re.I), student


def check_nothing_else_happened(made):
    """Nothing is left on this computer, and nothing of the teacher's or others' changed."""
    left = [p for d in ("/tmp", "/dev/shm", "/var/tmp", "/run") for p in Path(d).glob("*aigc-*")]
    assert not [path for path in left if attacks.MARKER in path.name]
    names = [process.info["name"] for process in psutil.process_iter(["name"])]
    assert attacks.MARKER not in names
    assert (made.root / "canary").read_text() == "as it was"
    assert (made.root / "canary").stat().st_mode & 0o777 == 0o640


@pytest.fixture(scope="module")
def short_round(tmp_path_factory):
    return Round(tmp_path_factory.mktemp("short"), "chance", SHORT)


def test_marks_of_a_short_round(short_round):
    check_marks(short_round)


def test_reasons_name_the_mistake(short_round):
    for name, why in short_round.why("mistake-0").items():
        assert why == catalog.find(name).mistakes[0].says
    assert set(short_round.why("empty").values()) == {"not attempted."}
    assert "SyntaxError" in short_round.why("syntax-error")["chance.derive"]
    assert set(short_round.why("file-cut-off").values()) == {report.UNREADABLE}
    assert "its cell is missing" in short_round.why("cut-off")["chance.entropy"]


def test_report_is_a_table_and_a_page(short_round):
    table, totals, page = short_round.paths
    rows = list(csv.DictReader(table.open(encoding="utf-8-sig")))
    sums = {
        row["student"]: float(row["points"])
        for row in csv.DictReader(totals.open(encoding="utf-8-sig"))
    }
    assert sums == {student: sum(short_round.points(student).values()) for student in SHORT}
    assert len(rows) == len(short_round.marks) and {row["student"] for row in rows} == set(SHORT)
    text = page.read_text(encoding="utf-8")
    right = sum(
        mark.why == "right." for mark in short_round.marks if mark.exercise == "chance.entropy"
    )
    assert (
        f"{right} of {len(SHORT)}" in text and f"<b>{len(SHORT) - right} x</b>" not in text
    )  # they went wrong in several ways
    for mark in short_round.marks:
        assert mark.exercise in text
    assert (
        report.write(short_round.root, table.parent.parent)[0].parent != table.parent
    )  # an earlier report stays


def test_report_before_anything_says_what_to_do(tmp_path, capsys):
    assert (
        cli.main(["classroom", "report", str(tmp_path)]) == 2
        and "nbgrader generate_assignment" in capsys.readouterr().err
    )
    assert (
        cli.main(["classroom", "report", str(tmp_path / "nowhere")]) == 2
        and "There is no folder" in capsys.readouterr().err
    )


def test_an_argument_called_like_a_helper_is_no_name_from_outside():
    """An assignment that imported the helper would grade another function."""
    source = "def scaled(size):\n    half = size / 2\n    return rounded(half)"
    assert export.names_from_outside(source) == {"rounded"}


def test_a_spreadsheet_takes_no_cell_for_a_formula():
    assert report._safe("right.") == "right."
    for risky in ("=1+1", "\t=1+1", " =1+1", "\r=1+1", "@x", "+1", "-1"):
        assert report._safe(risky).startswith("'")
    # Where cells are parted by semicolons.
    assert report._safe("a;=cmd|'/C calc'!A0;b; -1") == "a;'=cmd|'/C calc'!A0;b; '-1"
    assert report._safe("it ended; look at it") == "it ended; look at it"


def test_a_name_from_another_system_stops_no_report(tmp_path):
    mark = report.Mark("a", "jos\udce9", "chance.entropy", 0.0, 1.0, "x", "")
    assert b"jos\\udce9" in report._table([[mark.student, mark.why]])
    assert report.page([mark]).encode("utf-8", "backslashreplace")


def test_names_in_the_page_are_escaped():
    mark = report.Mark("<a>", "<script>", "chance.entropy", 0.0, 1.0, "<b>", "<i>")
    assert not re.search(r"<a>|<script>|<i>", report.page([mark]))


@pytest.mark.full(guards="classroom exercises.engine")
@pytest.mark.parametrize("topic", LESSONS)
def test_a_class_of_all_kinds(topic, tmp_path_factory):
    """A third of all submissions, and forty that every lesson gets: each has the marks deserved."""
    kinds = long_round(topic)
    made = Round(tmp_path_factory.mktemp("long"), topic, kinds)
    check_marks(made)
    for name, why in made.why("mistake-1").items():
        mistakes = catalog.find(name).mistakes
        assert why == mistakes[1 % len(mistakes)].says
    print(f"{len(kinds)} submissions of {topic}: all marks as deserved")


def test_all_kinds_are_graded_in_one_lesson_or_another(count):
    assert set().union(*map(long_round, LESSONS)) == {*honest_work.HONEST, *attacks.ATTACKS}
    count("attacks on grading", len(attacks.ATTACKS))
    count("honest submissions of every kind", len(honest_work.HONEST))


@pytest.mark.full(guards="classroom exercises.engine")
@each_lesson
def test_grading_a_right_submission_is_quick(topic):
    """At most 20 s, and every solution that the teacher's copy shows is right."""
    made = export.assignment(lessons.read(lessons.find(topic).path), seed=9)
    checks = [
        grading._asked(cell.source) if cell.metadata["nbgrader"]["grade"] else None
        for cell in made.cells
        if cell.cell_type == "code"
    ]
    sources = [cell.source for cell in made.cells if cell.cell_type == "code"]
    start = time.monotonic()
    found, said = graded(
        *(check or source for check, source in zip(checks, sources, strict=True)),
        checks=list(filter(None, checks)),
    )
    seconds = time.monotonic() - start
    print(f"{topic}: a right submission is graded in {seconds:.1f} s")
    assert set(said.values()) == {grading.RIGHT} and len(said) == len(work.answers_of(made)), (
        said,
        found.errors,
    )
    assert seconds < 20
