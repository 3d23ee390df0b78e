"""The untrusted side of grading: runs a submission's cells, then its answers on examples, and reports what they gave.

Started by `sandbox.start` as `python -m aigc_course.classroom.worker`. It knows no right answer that the course does not publish, and
gives no marks: whatever the submission does to this process, only values leave it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import sys

CELL_SECONDS = 8.0
OUTPUT = 2000  # characters kept of what a cell prints


def main() -> None:
    """Read a job from stdin, report on stdout, one JSON object a line."""
    report = _Reporter(os.dup(1))
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    job = json.loads(requests.readline())
    _limit(job["memory_gb"], job["cpu_seconds"])
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silent, stream)
    answers = _Answers(job["names"])
    shell = _shell()
    answers.open_classroom()
    for cell in job["cells"]:
        report("running", cell=cell["id"])
        report("ran", cell=cell["id"], **_run_cell(shell, cell["source"], answers))
    report("ready")
    # The seeds come only now: nothing that a cell printed or kept can hold them.
    for check in json.loads(requests.readline()):
        report("checking", name=check["name"])
        report("checked", name=check["name"], **answers.check(check["name"], check["seeds"]))


class _Reporter:
    def __init__(self, descriptor: int):
        self.file = os.fdopen(descriptor, "w", encoding="utf-8")

    def __call__(self, event: str, **more) -> None:
        self.file.write(json.dumps({"event": event, **more}) + "\n")
        self.file.flush()


def _limit(memory_gb: float, cpu_seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, most in (("DATA", int(memory_gb * 1e9)), ("CPU", cpu_seconds), ("FSIZE", 20_000_000), ("CORE", 0)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(getattr(resource, f"RLIMIT_{what}"), (most, most))


class _Answers:
    """The latest answer to each exercise, and how to run it; holds all it needs, so that later changes to the modules do not matter."""

    def __init__(self, names: list[str]):
        from aigc_course.classroom import hidden, wire
        from aigc_course.exercises import catalog, compare, engine
        from aigc_course.exercises.types import Question

        self.tasks = {name: catalog.find(name) for name in names}
        self.given: dict[str, object] = {}
        self.arguments, self.outcomes, self.limit, self.TooSlow = hidden.arguments, compare.outcomes, compare.with_time_limit, compare.TooSlow
        self.encode, self.encode_outcomes, self.is_empty = wire.encode, wire.encode_outcomes, engine.is_empty
        self.judge, self.judge_value, self.Question, self.named = engine.judge, engine.judge_value, Question, engine._under_its_own_name
        self.closed: dict[str, object] = {}

    def open_classroom(self) -> None:
        """Stand in for `aigc_course.exercises`: answers are kept, and modules with reference answers are out of reach of an import."""
        import types

        import aigc_course

        def exercise(name: str):
            return lambda learners: self.take(name, learners, self.judge)

        def answer(name: str, value: object = None):
            return self.take(name, value, self.judge_value)

        def elsewhere(*_, **__) -> None:
            print("Hints, solutions and progress are for the lesson; here answers are collected.")

        stub = types.ModuleType("aigc_course.exercises", "Graded work: answers are kept; hints and solutions are for the lesson.")
        vars(stub).update(exercise=exercise, answer=answer, **dict.fromkeys(("hint", "solution", "progress", "require"), elsewhere))
        for name in [name for name in sys.modules if name.startswith(("aigc_course.exercises", "aigc_course.classroom"))]:
            self.closed[name] = sys.modules[name]
            sys.modules[name] = None  # an import of it fails
        sys.modules["aigc_course.exercises"] = aigc_course.exercises = stub

    def take(self, name: str, given: object, judge):
        """Keep an answer; what the next cells use is this one when it is right, the reference otherwise, as in the lesson."""
        if name not in self.tasks:
            raise KeyError(f"there is no exercise {name!r} in this assignment")
        self.given[name] = given
        report, _ = judge(self.tasks[name], given)
        print(report)
        return given if report.state == "right" else self.tasks[name].reference

    def check(self, name: str, seeds: list[int]) -> dict:
        """What the answer gives: {"state": "missing" | "empty" | "value" | "outcomes" | "slow", ...}."""
        task = self.tasks[name]
        if name not in self.given:
            return {"state": "missing"}
        answer = self.given[name]
        if isinstance(task, self.Question):
            return {"state": "empty"} if answer is None or answer is ... else {"state": "value", "value": self.encode(answer)}
        if self.is_empty(answer):
            return {"state": "empty"}
        runs = [task, *(self.with_hidden(task, seed) for seed in seeds)]
        try:
            with self.named(answer):
                gave = self.limit(task.seconds, lambda: [self.encode_outcomes(self.outcomes(run, answer)) for run in runs])
            return {"state": "outcomes", "runs": gave}
        except self.TooSlow:
            return {"state": "slow"}

    def with_hidden(self, task, seed: int):
        """The exercise with hidden arguments as its probes, drawn before any answer runs on them."""
        stub = {name: sys.modules[name] for name in self.closed}
        sys.modules.update(self.closed)
        try:
            # Twice: `outcomes` compares what an answer left of its arguments with untouched ones.
            drawn = [self.arguments(task.name, seed) for _ in range(2)]
        finally:
            sys.modules.update(stub)
        return dataclasses.replace(task, probes=lambda: drawn.pop())


def _shell():
    """An IPython without history, colours or files: cells may hold magics and display things."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "NoColor" if "NoColor" in getattr(InteractiveShell.colors, "values", ()) else "nocolor"
    return InteractiveShell.instance(config=settings)


class _Short(io.StringIO):
    """Keeps the first characters of what is written and drops the rest."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, OUTPUT - self.tell())])
        return len(text)


def _run_cell(shell, source: str, answers: _Answers) -> dict:
    """Run one cell; gives {"text": what it printed, "error": "" or one line}."""
    printed, error = _Short(), ""
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            result = answers.limit(CELL_SECONDS, lambda: shell.run_cell(source))
            problem = result.error_before_exec or result.error_in_exec
        except BaseException as raised:  # whatever a cell raises, the next one runs
            problem = raised
    if isinstance(problem, answers.TooSlow):
        return {"text": "", "error": f"this cell ran longer than {CELL_SECONDS:g} s"}
    if problem is not None:
        error = f"{type(problem).__name__}: {str(problem)[:200]}"
    return {"text": printed.getvalue(), "error": error}


if __name__ == "__main__":
    main()
