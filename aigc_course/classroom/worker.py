"""The untrusted side of grading, which runs a submission and reports what its answers gave.

It runs the cells, then the answers on the examples, then those on hidden arguments. It is started
by `sandbox` as `python -m aigc_course.classroom.worker`. It knows no right answer that the course
does not publish, and gives no marks: whatever the submission does to this process, only values
leave it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import signal
import sys

CELL_SECONDS = 8.0
OUTPUT = 2000  # characters kept of what a cell prints


def main() -> None:
    """Read a job from stdin and report on stdout, one JSON object a line.

    A job has "names", those of the exercises; "items", in the order of the notebook, {"id",
    "source"} for a cell and {"check": name} for the place of a test cell; "examples", the exercises
    whose answers are run on the examples; and the limits "memory_gb" and "cpu_seconds".
    """
    report = _Reporter(os.dup(1))
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    job = json.loads(requests.readline())
    _limit(job["memory_gb"], job["cpu_seconds"])
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silent, stream)
    shell = _shell()
    answers = _Answers(job["names"], shell.user_ns)
    answers.open_classroom()
    for item in job["items"]:
        if "check" in item:
            answers.keep(item["check"])
        else:
            report("running", cell=item["id"])
            report("ran", cell=item["id"], **_run_cell(shell, item["source"], answers))
    for name in job["examples"]:
        report("examining", name=name)
        report("examined", name=name, **answers.on_examples(name))
    report("ready")
    # The seeds come only now: nothing that a cell printed, or an answer gave on the examples, can
    # hold them.
    for check in json.loads(requests.readline()):
        report("checking", name=check["name"])
        report(
            "checked",
            name=check["name"],
            runs=[answers.on_hidden(check["name"], seed) for seed in check["seeds"]],
        )


class _Reporter:
    """A writer of events, one JSON object a line.

    Args:
        descriptor: of the open file to write to.
    """

    def __init__(self, descriptor: int):
        self.file = os.fdopen(descriptor, "w", encoding="utf-8")

    def __call__(self, event: str, **more) -> None:
        """Write an event, its name and more about it."""
        self.file.write(json.dumps({"event": event, **more}) + "\n")
        self.file.flush()


def _limit(memory_gb: float, cpu_seconds: int) -> None:
    """Set this process's limits on memory, processor time and files, where the system has them."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, most in (
        ("DATA", int(memory_gb * 1e9)),
        ("CPU", cpu_seconds),
        ("FSIZE", 20_000_000),
        ("CORE", 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(getattr(resource, f"RLIMIT_{what}"), (most, most))


class _Answers:
    """The answer to each exercise, and how to run it.

    It holds all that it needs, so that what cells change in the modules later does not matter.

    Args:
        names: the exercises of the assignment.
        space: the names of the notebook, in which answers look things up.
    """

    def __init__(self, names: list[str], space: dict):
        from aigc_course.classroom import serialization
        from aigc_course.exercises.engine import (
            catalog,
            compare,
            emptiness,
            judging,
            time_limit,
        )
        from aigc_course.exercises.engine.types import Question

        self.tasks, self.space = {name: catalog.find(name) for name in names}, space
        self.given: dict[str, object] = {}
        self.kept: dict[
            str, tuple[object, dict]
        ] = {}  # at the place of the test cell: the answer, and what all names meant there
        self.outcomes, self.limit, self.TooSlow = (
            compare.outcomes,
            time_limit.with_time_limit,
            time_limit.TooSlow,
        )
        self.encode, self.encode_outcomes, self.is_empty = (
            serialization.encode,
            serialization.encode_outcomes,
            emptiness.is_empty,
        )
        self.judge, self.judge_value, self.Question, self.named = (
            judging.judge,
            judging.judge_value,
            Question,
            judging.under_its_own_name,
        )
        self.closed: dict[str, object] = {}

    def open_classroom(self) -> None:
        """Put a stub that keeps answers in place of the modules of exercises and of the classroom.

        No import reaches the modules with reference answers any more.
        """
        import types

        import aigc_course

        def exercise(name: str):
            return lambda learners: self.take(name, learners)

        def answer(name: str, value: object = None):
            return self.take(name, value)

        def elsewhere(*_, **__) -> None:
            """Leave hints, solutions and progress to the lesson."""

        stub = types.ModuleType(
            "aigc_course.classroom",
            "Graded work: answers are kept; hints and solutions are for the lesson.",
        )
        silent = ("hint", "solution", "progress", "require", "require_hidden", "require_value")
        vars(stub).update(exercise=exercise, answer=answer, **dict.fromkeys(silent, elsewhere))
        for name in [
            name
            for name in sys.modules
            if name.startswith(("aigc_course.exercises", "aigc_course.classroom"))
        ]:
            self.closed[name] = sys.modules[name]
            sys.modules[name] = None  # an import of it fails
        for name in ("exercises", "classroom"):
            sys.modules[f"aigc_course.{name}"] = stub
            setattr(aigc_course, name, stub)

    def take(self, name: str, given: object):
        """Keep an answer, print whether it is right on the examples, and return it as it is.

        Raises:
            KeyError: the assignment has no exercise of that name.
        """
        if name not in self.tasks:
            raise KeyError(f"there is no exercise {name!r} in this assignment")
        task, self.given[name] = self.tasks[name], given
        judge = self.judge_value if isinstance(task, self.Question) else self.judge
        report, _ = judge(task, given)
        print(f"{report.state}: {report.says}")
        return given

    def keep(self, name: str) -> None:
        """Keep the answer as it stands at its test cell, so that no later cell can break it."""
        if name in self.given and not self.empty(name):
            self.kept[name] = self.given[name], dict(self.space)

    def empty(self, name: str) -> bool:
        """Return whether an answer was given, but not attempted."""
        answer = self.given[name]
        return (
            answer is None or answer is ...
            if isinstance(self.tasks[name], self.Question)
            else self.is_empty(answer)
        )

    def on_examples(self, name: str) -> dict:
        """Return what the answer gives on the examples that learners see.

        Returns:
            {"state": ...}, which is "missing", "empty", "slow", "value" (with the value, encoded)
            or "outcomes" (with the outcomes, encoded).
        """
        task = self.tasks[name]
        if name not in self.given:
            return {"state": "missing"}
        if name not in self.kept and self.empty(name):
            return {"state": "empty"}
        answer, _ = self.kept.setdefault(name, (self.given[name], dict(self.space)))
        if isinstance(task, self.Question):
            try:
                return {"state": "value", "value": self.encode(answer)}
            except Exception:  # an object that raises when it is looked at
                return {
                    "state": "value",
                    "value": ["object", type(answer).__name__, "a value that cannot be read"],
                }
        return self.run(name, task)

    def on_hidden(self, name: str, seed: int) -> dict:
        """Return what the answer gives on the hidden arguments of a seed, as `run` does."""
        return self.run(name, self.with_hidden(self.tasks[name], seed))

    def run(self, name: str, task) -> dict:
        """Run the answer that was kept on the probes of an exercise.

        Returns:
            {"state": "outcomes", "outcomes": one a probe, encoded} or {"state": "slow"}.
        """
        answer, space = self.kept[name]
        self.space.clear()
        self.space.update(space)
        try:
            with self.named(answer):
                return {
                    "state": "outcomes",
                    "outcomes": self.limit(
                        task.seconds, lambda: self.encode_outcomes(self.outcomes(task, answer))
                    ),
                }
        except self.TooSlow:
            return {"state": "slow"}

    def with_hidden(self, task, seed: int):
        """Return the exercise with hidden arguments as its probes.

        They are drawn before any answer runs on them.
        """
        stub = {name: sys.modules[name] for name in self.closed}
        sys.modules.update(self.closed)
        try:
            # Twice: `outcomes` compares what an answer left of its arguments with untouched ones.
            drawn = [task.draw(seed) for _ in range(2)]
        finally:
            sys.modules.update(stub)
        return dataclasses.replace(task, probes=lambda: drawn.pop())


def _shell():
    """Return an IPython shell without history, colours or files.

    With it, cells may hold magics and display things.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = (
        "NoColor" if "NoColor" in getattr(InteractiveShell.colors, "values", ()) else "nocolor"
    )

    class Shell(InteractiveShell):
        """A shell that leaves out what grading has no use for, and runs the rest of a cell.

        Figures are drawn to nowhere, and `!pip` has no network to work with.
        """

        def enable_gui(self, gui=None) -> None:
            pass

        def system(self, command: str) -> None:
            print(f"left out when graded: !{command}")

        def getoutput(self, command: str, *_, **__):
            self.system(command)
            return []

        def ask_exit(self) -> None:
            raise SystemExit

    return Shell.instance(config=settings)


class _Short(io.StringIO):
    """A text stream that keeps its first `OUTPUT` characters and drops the rest."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, OUTPUT - self.tell())])
        return len(text)


def _told(problem: BaseException) -> str:
    """Return an error in one line, as learners know it: its kind and its text."""
    # Python 3.13 has kinds of syntax errors of its own, whose names are private.
    kinds = [kind.__name__ for kind in type(problem).__mro__ if not kind.__name__.startswith("_")]
    if isinstance(problem, SyntaxError):  # its text names IPython's own file
        return f"{kinds[0]}: {problem.msg} (line {problem.lineno})"[:300]
    return f"{kinds[0]}: {str(problem)[:200]}"


def _run_cell(shell, source: str, answers: _Answers) -> dict:
    """Run one cell and return {"text": what it printed, "error": "" or one line}."""
    printed, problem = _Short(), None
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        _cell_limit(answers.TooSlow),
    ):
        try:
            result = shell.run_cell(source)
            problem = result.error_before_exec or result.error_in_exec
        except BaseException as raised:  # whatever a cell raises, the next one runs
            problem = raised
    if isinstance(problem, answers.TooSlow):
        return {"text": "", "error": f"this cell ran longer than {CELL_SECONDS:g} s"}
    return {"text": printed.getvalue(), "error": _told(problem) if problem is not None else ""}


@contextlib.contextmanager
def _cell_limit(error: type[BaseException]):
    """Raise an error after `CELL_SECONDS` of processor time.

    That is another clock than the one that limits exercises inside a cell.
    """
    if not hasattr(signal, "setitimer"):  # Windows: the parent ends the process
        yield
        return

    def stop(signum, frame):
        raise error

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(
        signal.ITIMER_PROF, CELL_SECONDS, 0.1
    )  # again and again, as some `except` may catch one
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


if __name__ == "__main__":
    main()
