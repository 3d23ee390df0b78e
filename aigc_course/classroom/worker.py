"""The untrusted side of grading: runs a submission's cells, then its answers on examples and on
hidden arguments, and reports what they gave.

Started by `sandbox` as `python -m aigc_course.classroom.worker`. It knows no right answer that the
course does not publish, and gives no marks: whatever the submission does to this process, only
values leave it.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import dataclasses
import functools
import io
import json
import os
import pdb
import re
import sys

OUTPUT = 2000  # characters kept of what a cell prints
PARTS = 50  # statements of a cell that may fail; the rest of it runs
FILE_BYTES, FILES, PROCESSES = 20_000_000, 256, 48


def main() -> None:
    """Read a job from stdin, report on stdout, one JSON object a line.

    A job has "names" of the exercises and "items" in the order of the notebook, {"id", "source"}
    for a cell and {"check": name} for the place of a test cell. After the cells come requests, one
    by one: {"name", "version", "seed"}; version 0 is the answer as it stood at its test cell, 1 as
    it stands at the end; seed None means the examples.
    """
    report = _Reporter(os.dup(1))
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    job = json.loads(requests.readline())
    _limit(job["memory_gb"], job["cpu_seconds"], PROCESSES if job["walls"] else 0)
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silent, stream)
    shell = _shell()
    answers = _Answers(job["names"], shell.user_ns)
    answers.open_classroom()
    pdb.set_trace = lambda *_, **__: None  # nobody can type; `breakpoint` is off, too
    sys.path.append("")  # what `%%writefile` writes can be imported, behind all else
    for item in job["items"]:
        if "check" in item:
            answers.keep(item["check"])
        else:
            report("running", cell=item["id"])
            ran = _run_cell(shell, item["source"], answers, job["cell_seconds"])
            report("ran", cell=item["id"], **ran)
    report("ready")
    # The seeds come only now: nothing that a cell printed, or an answer gave on the examples, can
    # hold them.
    for line in requests:
        asked = json.loads(line)
        report("gave", name=asked["name"], **answers.run(**asked))


class _Reporter:
    def __init__(self, descriptor: int):
        self.file = os.fdopen(descriptor, "w", encoding="utf-8")

    def __call__(self, event: str, **more) -> None:
        self.file.write(json.dumps({"event": event, **more}) + "\n")
        self.file.flush()


def _limit(memory_gb: float, cpu_seconds: float, processes: int) -> None:
    """Set limits for this process and those that it starts.

    `processes` is 0 for no limit, as all processes of an account count.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    # More than the memory that is allowed: torch reserves what it does not use.
    for what, most in (
        ("DATA", int(memory_gb * 1e9)),
        ("AS", int(memory_gb * 1e9) + 10_000_000_000),
        ("CPU", int(cpu_seconds)),
        ("FSIZE", FILE_BYTES),
        ("NOFILE", FILES),
        ("CORE", 0),
        *([("NPROC", processes)] if processes else []),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(getattr(resource, f"RLIMIT_{what}"), (most, most))


class _Answers:
    """The answer to each exercise, and how to run it; holds all it needs, so that later changes to
    the modules do not matter.

    Args:
        names: exercises of the assignment.
        space: names of the notebook, in which answers look things up.
    """

    def __init__(self, names: list[str], space: dict):
        from aigc_course.classroom import serialization
        from aigc_course.exercises.engine import catalog, compare, emptiness, judging, time_limit
        from aigc_course.exercises.engine.types import Question

        self.tasks, self.space = {name: catalog.find(name) for name in names}, space
        self.given: dict[str, object] = {}
        # At the place of the test cell: the answer, and what all names meant there.
        self.kept: dict[str, tuple[object, dict]] = {}
        self.outcomes, self.is_empty = compare.outcomes, emptiness.is_empty
        self.limit, self.TooSlow = time_limit.with_time_limit, time_limit.TooSlow
        self.encode = serialization.encode
        self.encode_outcomes = serialization.encode_outcomes
        self.Question, self.named = Question, judging.under_its_own_name
        self.closed: dict[str, object] = {}

    def open_classroom(self) -> None:
        """Put a stand-in in the place of `aigc_course.exercises`: answers are kept, and modules
        with reference answers are out of reach of an import.
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
        """Keep an answer, and give it back as it is."""
        if name not in self.tasks:
            raise KeyError(f"there is no exercise {name!r} in this assignment")
        self.given[name] = given
        return given

    def keep(self, name: str) -> None:
        """Keep the answer as it stands at its test cell: what comes later cannot break it."""
        if name in self.given and not self.empty(name):
            self.kept[name] = self.given[name], dict(self.space)

    def empty(self, name: str) -> bool:
        """Tell whether an exercise was not attempted."""
        answer = self.given[name]
        if isinstance(self.tasks[name], self.Question):
            return answer is None or answer is ...
        return self.is_empty(answer)

    def run(self, name: str, version: int, seed: int | None) -> dict:
        """Run an answer.

        Args:
            name: of the exercise.
            version: 0, as it stood at its test cell, or 1, as it stands at the end.
            seed: of hidden arguments; None for what learners see.

        Returns:
            {"state": "missing" | "empty" | "value" | "outcomes" | "slow", "later": whether there
            is a version 1, ...}
        """
        if name not in self.given:
            return {"state": "missing"}
        at_the_end = self.given[name], self.end
        answer, space = at_the_end if version else self.kept.get(name, at_the_end)
        task, later = self.tasks[name], {"later": name in self.kept}
        if (version or name not in self.kept) and self.empty(name):
            return {"state": "empty"}
        if isinstance(task, self.Question):
            return {"state": "value", "value": self.readable(answer)} | later
        _back_to_usual_settings()
        if seed is not None:
            task = self.with_hidden(task, seed)
        self.space.clear()
        self.space.update(space)
        try:
            with self.named(answer):
                return {"state": "outcomes", "outcomes": self.limited(task, answer)} | later
        except self.TooSlow:  # the same function is as slow at the end
            return {"state": "slow", "later": later["later"] and answer is not self.given[name]}

    def limited(self, task, answer) -> list:
        """Run an answer on all arguments within its time."""
        return self.limit(task.seconds, lambda: self.encode_outcomes(self.outcomes(task, answer)))

    def readable(self, value: object) -> list:
        """Encode the answer to a question, whatever it is."""
        try:
            return self.encode(value)
        except Exception:  # an object that raises when it is looked at
            return ["object", type(value).__name__, "a value that cannot be read"]

    @functools.cached_property
    def end(self) -> dict:
        """Return what all names mean after the last cell."""
        return dict(self.space)

    def with_hidden(self, task, seed: int):
        """Return the exercise with hidden arguments as its probes, drawn before any answer runs
        on them.
        """
        stub = {name: sys.modules[name] for name in self.closed}
        sys.modules.update(self.closed)
        try:
            # Twice: `outcomes` compares what an answer left of its arguments with untouched ones.
            drawn = [task.draw(seed) for _ in range(2)]
        finally:
            sys.modules.update(stub)
        return dataclasses.replace(task, probes=lambda: drawn.pop())


def _back_to_usual_settings() -> None:
    """Undo settings for the whole process: hidden arguments are drawn as in the grader's."""
    import warnings

    import numpy as np

    warnings.simplefilter("ignore")
    np.seterr(divide="warn", over="warn", under="ignore", invalid="warn")
    if torch := sys.modules.get("torch"):
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
        torch.set_grad_enabled(True)


def _shell():
    """Make an IPython without history, colours or files: cells may hold magics and display
    things.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = (
        "NoColor" if "NoColor" in getattr(InteractiveShell.colors, "values", ()) else "nocolor"
    )

    class Shell(InteractiveShell):
        """Figures are drawn to nowhere, and `!pip` has no network to work with: both are left out,
        the rest of a cell runs.
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

    builtins.input = _no_input
    return Shell.instance(config=settings)


def _no_input(prompt: object = "") -> str:
    """Return an empty text where nobody can type one."""
    print(f"{prompt}(left out when graded: input)")
    return ""


class _Short(io.StringIO):
    """Keeps the first characters of what is written and drops the rest."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, OUTPUT - self.tell())])
        return len(text)


def _told(problem: BaseException) -> str:
    """Tell an error in a line, as learners know it."""
    # Python 3.13 has kinds of syntax errors of its own, whose names are private.
    kinds = [kind.__name__ for kind in type(problem).__mro__ if not kind.__name__.startswith("_")]
    if isinstance(problem, SyntaxError):  # its text names IPython's own file
        return f"{kinds[0]}: {problem.msg} (line {problem.lineno})"[:300]
    return f"{kinds[0]}: {str(problem)[:200]}"


def _run_cell(shell, source: str, answers: _Answers, seconds: float) -> dict:
    """Run one cell; return {"text": what it printed, "error": "" or one line}.

    A statement that fails does not take those below it along: what a browser or another machine
    has, and the grader has not, costs nobody an answer.
    """
    printed, problems = _Short(), []
    source = _WRAPPERS.sub("", source)
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            answers.limit(seconds, lambda: _run_parts(shell, source, problems, answers.TooSlow))
        except answers.TooSlow:
            return {"text": "", "error": f"this cell computed longer than {seconds:g} s"}
    return {"text": printed.getvalue(), "error": _told(problems[0]) if problems else ""}


# Magics that run the rest of their cell; without them a statement that fails is found in it.
_WRAPPERS = re.compile(r"\A\s*%%(?:time|timeit|capture|prun)\b.*\n")


def _run_parts(shell, source: str, problems: list, too_slow: type[BaseException]) -> None:
    """Run a cell, and after a statement that fails the rest below it."""
    for _ in range(PARTS):
        problem = None
        try:
            result = shell.run_cell(source)
            problem = result.error_before_exec or result.error_in_exec
        except BaseException as raised:  # whatever a cell raises, the next one runs
            problem = raised
        if isinstance(problem, too_slow):
            raise problem
        if problem is None:
            return
        problems.append(problem)
        source = _below(shell, source, problem)
        if not source:
            return


def _below(shell, source: str, problem: BaseException) -> str:
    """Return the statements of a cell below the one that raised an error, "" when there are none.

    They are IPython's own translation of the cell, without magics.
    """
    try:
        lines = shell.transform_cell(source)
        body = ast.parse(lines).body
    except Exception:  # no Python: nothing of the cell ran
        return ""
    step, failed = problem.__traceback__, 0
    while step is not None:
        if step.tb_frame.f_code.co_name == "<module>" and step.tb_frame.f_globals is shell.user_ns:
            failed = step.tb_lineno
            break
        step = step.tb_next
    rest = [node for node in body if _first_line(node) > failed]
    return "\n".join(lines.splitlines()[_first_line(rest[0]) - 1 :]) if failed and rest else ""


def _first_line(node: ast.stmt) -> int:
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])


if __name__ == "__main__":
    main()
