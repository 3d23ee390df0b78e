"""A classroom with real nbgrader: export, release, submit, collect, autograde, feedback, marks, report; honest work, accidents and attacks."""

import csv
import dataclasses
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import classroom_work as work
import nbformat
import pytest

from aigc_course import cli, lessons
from aigc_course.classroom import export, grading, hidden, report, sandbox, wire
from aigc_course.errors import CourseError
from aigc_course.exercises import catalog, engine
from aigc_course.exercises.compare import Outcome, outcomes, same_behaviour
from aigc_course.exercises.types import Exercise

TASKS = [task for topic in catalog.TOPICS for task in catalog.exercises_of(topic).values()]
CODE = [task for task in TASKS if isinstance(task, Exercise)]
each_code = pytest.mark.parametrize("task", CODE, ids=lambda task: task.name)
each_lesson = pytest.mark.parametrize("number", [lesson.number for lesson in lessons.all_lessons()])

# --- hidden parameters ------------------------------------------------------------------------------------


def test_every_exercise_that_asks_for_code_has_hidden_parameters():
    assert sorted(hidden.names()) == sorted(task.name for task in CODE)
    with pytest.raises(CourseError, match=r"no hidden parameters for 'chance.plot_bits'"):
        hidden.arguments("chance.plot_bits", 1)


@each_code
def test_hidden_parameters_are_others_and_pass_the_reference(task):
    """The reference takes them without an error; they depend on the seed alone, and differ from what learners see."""
    shown = [wire.encode(list(map(wire.encode, trial))) for trial in task.probes()]
    one, again, other = (_drawn(task, seed) for seed in (1, 1, 2))
    assert one == again and (one != other or task.name == "welcome.headline")
    assert not [trial for trial in one if trial in shown] or task.name == "gpt.causal_mask"  # its only argument is a small number
    for seed in (1, 2):
        varied = dataclasses.replace(task, probes=lambda seed=seed: hidden.arguments(task.name, seed))
        assert not [outcome for outcome in outcomes(varied, task.reference) if outcome.error or outcome.changed]


def _drawn(task, seed):
    return [wire.encode(list(map(wire.encode, trial))) for trial in hidden.arguments(task.name, seed)]


# --- values as data ---------------------------------------------------------------------------------------


@each_code
def test_diagnoses_survive_the_way_through_data(task):
    """Every known mistake is still told apart when outcomes arrive as JSON."""

    def known(task, answer):
        return wire.plain(outcomes(task, answer))

    assert engine.diagnose(task, known(task, task.reference), known) == ""
    for mistake in task.mistakes:
        assert engine.diagnose(task, known(task, mistake.answer), known) == mistake.says
    assert not re.search(r"'object'", str(wire.encode_outcomes(outcomes(task, task.reference))))


def test_objects_lose_their_methods_on_the_way():
    space = {}
    exec(work.EQUAL_TO_EVERYTHING, space)
    sent = wire.plain([Outcome(space["Anything"]())])
    assert type(sent[0].value) is float and not same_behaviour(sent, [Outcome(3.0)])


@pytest.mark.parametrize(
    "data",
    [None, [], ["array", "<f8", [10**9], "AA=="], ["array", "O", [1], "AA=="], ["int", "x"], ["dict", [[["dict", []], ["none"]]]], ["odd"],
     ["array", "<f8", [-1, -1], ""], ["str"], {"a": 1}, ["list", 3], ["float", 3], [[["list"]]]],
)  # fmt: skip
def test_data_that_is_no_value_is_refused(data):
    with pytest.raises(ValueError):
        wire.decode(data)


def test_deep_and_large_values_are_refused():
    import numpy as np

    deep = []
    for _ in range(50):
        deep = [deep]
    assert "nested" in wire.encode_outcomes([Outcome(deep)])[0]["error"]
    assert "1,000,000 numbers" in wire.encode_outcomes([Outcome(np.zeros(1_000_001))])[0]["error"]


# --- the sandbox ------------------------------------------------------------------------------------------


def test_what_a_submission_does_stays_in_its_process(tmp_path):
    (tmp_path / "gradebook.db").write_text("secret")
    cells = {
        0: "import math\nfrom aigc_course.exercises import exercise",
        1: '@exercise("chance.entropy")\ndef f(p):\n    return -sum(x * math.log2(x) for x in p if x > 0)',
        2: f"import os\nprint(os.listdir({str(tmp_path)!r}), sorted(k for k in os.environ if 'NBGRADER' in k or 'SECRET' in k))",
        3: "import os\nos._exit(3)",
        4: "print(len(open('/proc/net/dev').readlines()) - 2)",
        5: "x = bytearray(20 * 10**9)",
        6: "from aigc_course.exercises import catalog\ncatalog.find",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBGRADER_EXECUTION", "autograde")
        patch.setenv("MY_SECRET", "x")
        found = sandbox.run(cells, {"chance.entropy": [1, 2]}, hide=tmp_path)
    assert [len(run) for run in found.checks["chance.entropy"]["runs"]] == [4, 4, 4]
    assert found.errors[3] == "this cell ended the process" and 4 in found.texts  # it was started again without that cell
    assert found.errors[5].startswith("MemoryError") and "'NoneType' object" in found.errors[6]
    if found.apart:
        assert found.texts[2] == "[] []\n" and found.texts[4] == "1\n"  # the loopback alone


def test_hidden_parameters_come_after_the_cells():
    """What cells print is kept only until the seeds are sent."""
    source = (
        "import sys\nfrom aigc_course.exercises import exercise\n"
        '@exercise("chance.entropy")\ndef f(p):\n    print("SEEN", p, file=sys.__stdout__)\n    raise ValueError(str(p))'
    )
    found = sandbox.run({0: source}, {"chance.entropy": [5]})
    seen = str(hidden.arguments("chance.entropy", 5)[0][0][0])
    assert "SEEN" not in str(found.texts) + str(found.errors) and seen not in str(found.texts)


# --- export -----------------------------------------------------------------------------------------------


@each_lesson
def test_export_has_every_exercise_and_nothing_that_trains(number):
    lesson = lessons.read(lessons.find(number).path)
    made = export.assignment(lesson, seed=5)
    nbformat.validate(made)
    names = [found.name for found in export.exercises(lesson)]
    assert sorted(names) == sorted(task.name for task in TASKS if catalog.TOPICS[task.name.split(".")[0]][0] == number)
    assert list(work.answers_of(made)) == names
    everything = "\n".join(cell.source for cell in made.cells)
    assert "fit(" not in everything and "AIGC_SOLUTIONS" in everything
    tests = [cell for cell in made.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert len(tests) == len(names) and all(cell.metadata["nbgrader"]["points"] >= 1 for cell in tests)
    for cell in tests:
        name = cell.metadata["nbgrader"]["grade_id"].removesuffix("-test").replace("-", ".", 1)
        assert ("require_hidden" in cell.source) == (name in hidden.names())


def test_export_overwrites_nothing(tmp_path, capsys):
    out = tmp_path / "course" / "source"
    assert cli.main(["classroom", "export", "00", "--out", str(out), "--seed", "3"]) == 0
    settings = out.parent / "nbgrader_config.py"
    assert "ExecuteApart" in settings.read_text()
    assert cli.main(["classroom", "export", "0", "--out", str(out)]) == 2 and "is there already" in capsys.readouterr().err
    settings.write_text("c = get_config()\n")
    assert cli.main(["classroom", "export", "01", "--out", str(out)]) == 2 and "your own" in capsys.readouterr().err
    assert settings.read_text() == "c = get_config()\n" and (out / "01_rules_and_chance" / "01_rules_and_chance.ipynb").exists()


def test_plain_nbgrader_gives_no_points_by_mistake():
    with pytest.raises(CourseError, match=r"nbgrader_config.py"):
        hidden.require_hidden("chance.entropy", 1)


# --- whole rounds -----------------------------------------------------------------------------------------


class Round:
    """A course after one round with real nbgrader."""

    def __init__(self, folder: Path, number: str, kinds: dict):
        self.kinds, self.root = kinds, folder / "round"
        source = export.export(number, self.root / "source", seed=1234)
        self.name = source.stem
        settings = self.root / "nbgrader_config.py"
        places = f"c.Exchange.root = {str(folder / 'exchange')!r}\nc.Exchange.cache = {str(folder / 'cache')!r}\n"
        settings.write_text(settings.read_text() + places)
        (folder / "exchange").mkdir()
        (folder / "exchange").chmod(0o777)
        self.nbgrader("generate_assignment", self.name)
        self.nbgrader("release_assignment", self.name)
        for student, (change, _) in kinds.items():
            self.hand_in(folder / "students" / student, student, change)
        self.nbgrader("collect", self.name)
        self.autograded = self.nbgrader("autograde", self.name, may_fail=True)
        self.nbgrader("generate_feedback", self.name, may_fail=True)
        self.nbgrader("export", "--to", "nbgrader.csv")
        self.marks = report.marks(self.root)
        self.paths = report.write(self.root, folder / "report")

    def nbgrader(self, *arguments: str, may_fail: bool = False) -> subprocess.CompletedProcess:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"  # nbgrader starts `alembic` by name
        result = subprocess.run([sys.executable, "-m", "nbgrader", *arguments], cwd=self.root, env=environment, capture_output=True, text=True)
        assert may_fail or result.returncode == 0, result.stderr[-3000:]
        return result

    def hand_in(self, folder: Path, student: str, change) -> None:
        """Fetch, work, submit, as `nbgrader fetch_assignment` and `nbgrader submit` do."""
        from nbgrader.auth import Authenticator
        from nbgrader.coursedir import CourseDirectory
        from nbgrader.exchange.default import ExchangeFetchAssignment, ExchangeSubmit
        from traitlets.config import Config

        settings = Config()
        settings.CourseDirectory.course_id, settings.CourseDirectory.student_id, settings.CourseDirectory.assignment_id = "round", student, self.name
        exchange = self.root.parent / "exchange"
        settings.Exchange.root, settings.Exchange.cache, settings.Exchange.assignment_dir = str(exchange), str(folder / "cache"), str(folder)
        folder.mkdir(parents=True)
        parts = {"coursedir": CourseDirectory(config=settings), "authenticator": Authenticator(config=settings), "config": settings}
        ExchangeFetchAssignment(**parts).start()
        path = folder / self.name / f"{self.name}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        assert not re.search(r"BEGIN|require_hidden|1234", "\n".join(cell.source for cell in notebook.cells)), "students got what is hidden"
        change(notebook)
        nbformat.write(notebook, path)
        if student == "file-cut-off":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        ExchangeSubmit(**parts).start()

    def points(self, student: str) -> dict[str, float]:
        return {mark.exercise: mark.score for mark in self.marks if mark.student == student}

    def why(self, student: str) -> dict[str, str]:
        return {mark.exercise: mark.why for mark in self.marks if mark.student == student}

    def deserved(self, student: str) -> dict[str, float]:
        """What a submission should get, by what it is."""
        released = nbformat.read(self.root / "release" / self.name / f"{self.name}.ipynb", as_version=4)
        names, first_code = list(work.answers_of(released)), work.codes(released)[0]
        most = {mark.exercise: mark.most for mark in self.marks}
        kind = self.kinds[student][1]
        full = {work.ALL_RIGHT: names, work.NONE: [], work.ALL_BUT_FIRST_CODE: [n for n in names if n != first_code], work.FIRST: names[:1]}[kind]
        return {name: most[name] if name in full else 0.0 for name in names}


SHORT = {kind: work.HONEST[kind] for kind in ("right", "empty", "mistake-0", "syntax-error", "cut-off", "file-cut-off")} | {
    kind: (work.ATTACKS[kind], work.NONE) for kind in ("own-require", "equal-to-everything", "changes-tests")
}
LONG = work.HONEST | {kind: (change, work.NONE) for kind, change in work.ATTACKS.items()}


def check_marks(made: Round):
    """Everyone has the marks deserved, a reason for each, and nbgrader's own table agrees."""
    for student in made.kinds:
        assert made.points(student) == made.deserved(student), (student, made.points(student), made.why(student))
        for name, why in made.why(student).items():
            assert (why == "right.") == (made.points(student)[name] > 0) and why.strip(), (student, name, why)
    theirs = {row["student_id"]: float(row["score"]) for row in csv.DictReader((made.root / "nbgrader.csv").open())}
    assert theirs == {student: sum(made.deserved(student).values()) for student in made.kinds}
    for student in made.kinds:
        feedback = made.root / "feedback" / student / made.name / f"{made.name}.html"
        assert feedback.exists() == (student not in ("file-cut-off", "changes-tests"))
        text = feedback.read_text(encoding="utf-8") if feedback.exists() else ""
        assert "SNIFFED True" not in text and "gradebook.db" not in text.partition("SNIFFED")[2][:300]


@pytest.fixture(scope="module")
def short_round(tmp_path_factory):
    return Round(tmp_path_factory.mktemp("short"), "01", SHORT)


def test_marks_of_a_short_round(short_round):
    check_marks(short_round)


def test_reasons_name_the_mistake(short_round):
    for name, why in short_round.why("mistake-0").items():
        assert why == catalog.find(name).mistakes[0].says
    assert set(short_round.why("empty").values()) == {"not attempted."}
    assert "SyntaxError" in short_round.why("syntax-error")["chance.grammar_size"]
    assert set(short_round.why("file-cut-off").values()) == {report.UNREADABLE}
    assert "its cell is missing" in short_round.why("cut-off")["chance.entropy"]


def test_report_is_a_table_and_a_page(short_round):
    table, page = short_round.paths
    rows = list(csv.DictReader(table.open(encoding="utf-8-sig")))
    assert len(rows) == len(short_round.marks) and {row["student"] for row in rows} == set(SHORT)
    text = page.read_text(encoding="utf-8")
    assert "4 of 9" in text or re.search(r"\d of 9", text)
    for mark in short_round.marks:
        assert mark.exercise in text
    again = report.write(short_round.root, table.parent)
    assert again[0].name == "marks-2.csv" and again[1].name == "report-2.html"


def test_report_before_anything_says_what_to_do(tmp_path, capsys):
    assert cli.main(["classroom", "report", str(tmp_path)]) == 2 and "nbgrader generate_assignment" in capsys.readouterr().err


def test_a_spreadsheet_takes_no_cell_for_a_formula():
    assert report._safe("=1+1") == "'=1+1" and report._safe("right.") == "right."


def test_names_in_the_page_are_escaped():
    mark = report.Mark("<a>", "<script>", "chance.entropy", 0.0, 1.0, "<b>", "<i>")
    assert not re.search(r"<a>|<script>|<i>", report.page([mark]))


@pytest.mark.full
@pytest.mark.parametrize("number", ["01", "05", "10"])
def test_thirty_and_more_submissions(number, tmp_path_factory):
    made = Round(tmp_path_factory.mktemp("long"), number, LONG)
    assert len(LONG) >= 30
    check_marks(made)
    for name, why in made.why("mistake-1").items():
        mistakes = catalog.find(name).mistakes
        assert why == mistakes[1 % len(mistakes)].says
    print(f"{len(LONG)} submissions of {number}: {sum(map(len, map(made.points, made.kinds)))} marks, all as deserved")


@pytest.mark.full
@each_lesson
def test_grading_a_right_submission_is_quick(number):
    """At most 20 s, and every solution that the teacher's copy shows is right."""
    made = export.assignment(lessons.read(lessons.find(number).path), seed=9)
    cells = {i: cell.source for i, cell in enumerate(made.cells) if cell.cell_type == "code" and not cell.metadata["nbgrader"]["grade"]}
    start = time.monotonic()
    found = sandbox.run(cells, {name: [9] if name in hidden.names() else [] for name in work.answers_of(made)})
    seconds = time.monotonic() - start
    for name, gave in found.checks.items():
        check = grading.Check(name, (9,) if isinstance(catalog.find(name), Exercise) else ())
        assert grading.verdict(check, gave, "missing") == grading.RIGHT, (name, grading.verdict(check, gave, "missing"), found.errors)
    assert seconds < 20
