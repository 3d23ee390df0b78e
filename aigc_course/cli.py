"""The commands behind `python3 course.py ...` and `python -m aigc_course ...`."""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from aigc_course import pretrained, runtime
from aigc_course.core import files, machine, paths
from aigc_course.core.errors import CourseError
from aigc_course.course import lessons

DESCRIPTION = "The AIGC course: open it, run it, test it."


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status.

    A `CourseError` becomes one line and exit status 2, an interrupt exit status 130.

    Args:
        arguments: words of the command line; default: those of this process.
    """
    parser = _parser()
    known, rest = parser.parse_known_args(arguments)
    if rest and not known.passes_on:
        parser.error(f"unknown option {rest[0]}")
    try:
        if os.environ.get("AIGC_SCALE"):
            runtime.scale()  # a wrong value is told before anything starts
        return known.command(known, rest)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="course.py", description=DESCRIPTION)
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(name: str, command, text: str, passes_on: bool = False) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        sub.set_defaults(command=command, passes_on=passes_on)
        return sub

    _add_for_learners(add)
    _add_for_teachers(add)
    _add_for_authors(add)
    return parser


def _add_for_learners(add: Callable) -> None:
    """Add the commands for learners to the parser."""
    lab = "open JupyterLab on the welcome notebook; other options go to jupyter lab"
    add("lab", _lab, lab, passes_on=True)
    run = add("run", _run, "run a lesson (or a notebook file) without a browser")
    run.add_argument("lesson", help='number ("01"), topic ("chance"), or path of a notebook')
    run.add_argument("--scale", choices=runtime.SCALES, help="default: what the machine allows")
    run.add_argument("--html", action="store_true", help="write an HTML page too")
    where = "folder for the results; default: runs/ in your own folder"
    run.add_argument("--out", type=Path, help=where)
    doctor = add("doctor", _doctor, "say what this machine is, what works, what to mend")
    doctor.add_argument("--json", action="store_true", help="machine-readable")
    reset = add("reset", _reset, "bring the original of a lesson back, keep the edited copy")
    reset.add_argument("lesson", help='number or topic of the lesson: "01", "chance"')
    again = "make one of the checkpoints that ship with the course again, from its seed"
    pretrain = add("pretrain", _pretrain, again)
    pretrain.add_argument("name", help=", ".join(pretrained.NAMES))
    pretrain.add_argument("--steps", type=int, help="fewer or more steps than the recipe's")
    fewer = "fewer or more training tales or images than the recipe's"
    pretrain.add_argument("--examples", "--tales", type=int, help=fewer)


def _add_for_teachers(add: Callable) -> None:
    """Add the command for teachers, `classroom`, to the parser."""
    about = "for teachers: lessons as nbgrader assignments, and a report of marks and mistakes"
    classroom = add("classroom", _classroom, about)
    tasks = classroom.add_subparsers(dest="task", required=True, metavar="task")
    export = tasks.add_parser("export", help="turn lessons into assignments", allow_abbrev=False)
    export.add_argument("lesson", nargs="+", help="numbers or topics of lessons")
    source = "the source folder of your teaching folder, teaching/source say"
    export.add_argument("--out", type=Path, required=True, help=source)
    export.add_argument("--seed", type=int, help="of the hidden parameters; default: drawn")
    pages = "marks, reasons and mistakes as a CSV and an HTML page"
    report = tasks.add_parser("report", help=pages, allow_abbrev=False)
    teaching = "the teaching folder, the one with nbgrader_config.py"
    report.add_argument("course", type=Path, help=teaching)
    where = "folder for the report; default: report/ in the teaching folder"
    report.add_argument("--out", type=Path, help=where)


def _add_for_authors(add: Callable) -> None:
    """Add the commands for authors to the parser."""
    quick = "run every test and every notebook at smoke scale; other options go to pytest"
    test = add("test", _test, quick, passes_on=True)
    how_much = test.add_mutually_exclusive_group()
    full = "every notebook at cpu scale with its promised quality, and all slow tests"
    how_much.add_argument("--full", action="store_true", help=full)
    changed = "the slow tests of what changed since a commit (default: the newest one older than "
    changed += "four hours), and of a few other lessons in turn"
    how_much.add_argument("--changed", nargs="?", const="", metavar="COMMIT", help=changed)
    add("lint", _lint, "for authors: style, format and types of the code")
    store = add("store", _store, "for authors: run lessons and store their outputs")
    store.add_argument("lesson", nargs="*", help="numbers or topics; default: all")
    stale = "those whose code changed since their outputs were stored"
    store.add_argument("--stale", action="store_true", help=stale)
    everywhere = (
        "for authors: write numbers, names, links and tables of lessons wherever they stand"
    )
    add("stamp", _stamp, everywhere)
    facts = add("facts", _facts, "for authors: what can be counted in the text of a lesson")
    facts.add_argument("lesson", nargs="*", help="numbers or topics; default: all")


def _classroom(options: argparse.Namespace, rest: list[str]) -> int:
    """Export assignments, or write a report."""
    if options.task == "export":
        from aigc_course.classroom import export, isolation

        print(*export.export(options.lesson, options.out, options.seed), sep="\n")
        if why := isolation.why_not():
            print(f"Hand-ins cannot be graded on this machine yet: {why}; see docs/classroom.md.")
        return 0
    from aigc_course.classroom import report

    print(*report.write(options.course, options.out or options.course / "report"), sep="\n")
    return 0


def _lab(options: argparse.Namespace, rest: list[str]) -> int:
    """Start JupyterLab in the learner's folder, after an update of the copies of lessons."""
    for notice in lessons.sync_copies():
        print(notice)
    home = paths.home()
    print(f"Your copies of the lessons are in {home / 'notebooks'}", flush=True)
    _say_when_port_is_taken(rest)
    # The course's settings, without touching the learner's own.
    settings = [str(Path(__file__).parent / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, settings))
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={home}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return _hand_over([*command, *rest])


def _hand_over(command: list[str]) -> int:
    """Replace this process by a command where the system can, else run it; return its status.

    A child process would outlive a signal to its parent.
    """
    if os.name == "posix":
        sys.stdout.flush()
        os.execv(command[0], command)
    return subprocess.call(command)


def _say_when_port_is_taken(rest: list[str]) -> None:
    """Tell the learner when the wanted port is in use.

    Raises:
        CourseError: the wanted port is no number of a port.
    """
    wanted = next(
        (o.split("=")[1] for o in rest if o.startswith(("--port=", "--ServerApp.port="))), "8888"
    )
    if "--port" in rest[:-1]:
        wanted = rest[rest.index("--port") + 1]
    if not wanted.isdecimal() or int(wanted) > 65535:
        raise CourseError(f"--port must be a number from 0 to 65535, not {wanted!r}.")
    with socket.socket() as probe:
        try:
            probe.connect(("127.0.0.1", int(wanted)))
        except OSError:
            return
    print(
        f"Port {wanted} is in use; JupyterLab takes the next free one (or choose one with --port).",
        flush=True,
    )


def _test(options: argparse.Namespace, rest: list[str]) -> int:
    """Run the tests and print how long they took."""
    _check_is_checkout()
    slow = options.full or options.changed is not None
    os.environ["AIGC_SCALE"] = "cpu" if slow else "smoke"
    os.environ["AIGC_FULL"] = "all" if options.full else ""
    if options.changed is not None:
        os.environ["AIGC_FULL"] = _what_changed(options.changed)
    start = time.monotonic()
    command = [sys.executable, "-m", "pytest", *_side_by_side(rest, 6 if slow else 3), *rest]
    code = subprocess.call(command, cwd=paths.course_root())
    minutes, seconds = divmod(round(time.monotonic() - start), 60)
    print(f"That took {minutes} min {seconds} s.", flush=True)
    return code


def _check_is_checkout() -> None:
    """Refuse to go on without the course folder, which has the tests.

    Raises:
        CourseError: this is an installed package.
    """
    if not (paths.course_root() / "tests").is_dir():
        raise CourseError(
            "The tests live in the course folder, which an installed package lacks; get "
            f"it from {paths.repository()}."
        )


def _what_changed(commit: str) -> str:
    """Print what the slow tests will be run for, and return it for `tests/conftest.py`."""
    from aigc_course.authoring import selection

    found = selection.since(commit)
    said = {"changed": found.changed, "exercises": found.judged, "in turn": found.rotating}
    for what, some in said.items():
        print(f"{what}: {', '.join(lesson.name for lesson in some) or 'no lesson'}", flush=True)
    return found.as_environment()


def _side_by_side(rest: list[str], gb: int) -> list[str]:
    """Return options that run tests in several processes that share the cores.

    With small models, two processes do more than one process with two threads. There are no such
    options where the tests were chosen by file or name or are to be watched, and none where memory
    is scarce.

    Args:
        rest: options for pytest from the command line.
        gb: memory that each process needs, in GB.
    """
    watched = ("-n", "-k", "-s", "-p", "--pdb", "--trace", "--capture")
    if any(not option.startswith("-") or option.startswith(watched) for option in rest):
        return []
    cores, memory = machine.threads(), machine.memory_gb()[0]
    workers = min(cores, int(memory // gb), 8)
    if workers < 2:
        return []
    os.environ.setdefault("OMP_NUM_THREADS", str(cores // workers))
    # By file: the cells of a notebook need one kernel.
    return ["-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"]


def _lint(options: argparse.Namespace, rest: list[str]) -> int:
    """Run every check of the code's form; return 1 when one of them finds something, else 0."""
    _check_is_checkout()
    checks = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"])
    codes = []
    for check in checks:
        print(f"$ {' '.join(check)}", flush=True)
        codes.append(subprocess.call([sys.executable, "-m", *check], cwd=paths.course_root()))
    return int(any(codes))


def _run(options: argparse.Namespace, rest: list[str]) -> int:
    """Run a lesson or a notebook, and save what it gave, even when a cell fails."""
    from aigc_course.course import execute

    path = Path(options.lesson)
    if path.suffix != ".ipynb":
        lesson = lessons.find(options.lesson)
        path = lesson.path
        if lesson.edited():
            print(f"This runs the original. Your edited copy: python3 course.py run {lesson.copy}")
    notebook = lessons.read(path)
    out = options.out or paths.home() / "runs"
    scale = options.scale or runtime.scale()
    start = time.monotonic()
    try:
        execute.run(
            notebook,
            path.parent if os.access(path.parent, os.W_OK) else paths.home(),
            name=path.stem,
            env={"AIGC_SCALE": scale},
        )
    finally:
        _save(notebook, out / path.name, path.parent if options.html else None)
    print(f"{path.stem} ran at {scale!r} scale in {time.monotonic() - start:.0f} s")
    return 0


def _save(notebook, result: Path, pictures: Path | None) -> None:
    """Save an executed notebook under a free name, and an HTML page if it is wanted.

    Args:
        notebook: nbformat's NotebookNode.
        result: path of the notebook; another name is taken when there is a file already.
        pictures: folder of the notebook's pictures; None writes no page.
    """
    import nbformat

    from aigc_course.course import execute

    while (result := files.unused_path(result)).with_suffix(".html").exists():
        result = result.with_stem(f"{result.stem}-new")
    files.write_atomically(result, nbformat.writes(notebook).encode())
    print(f"Notebook: {result}")
    if pictures:
        page = result.with_suffix(".html")
        files.write_atomically(page, execute.to_html(notebook, result.stem, pictures).encode())
        print(f"Page: {page}")


def _doctor(options: argparse.Namespace, rest: list[str]) -> int:
    """Print what the doctor finds; return 0 when nothing is wrong, else 1."""
    from aigc_course.course import doctor

    findings = doctor.examine()
    data = doctor.as_data(findings)
    print(json.dumps(data, indent=1) if options.json else doctor.as_text(findings))
    return 0 if data["ok"] else 1


def _reset(options: argparse.Namespace, rest: list[str]) -> int:
    """Bring the original of a lesson back."""
    print(lessons.reset(options.lesson))
    return 0


def _pretrain(options: argparse.Namespace, rest: list[str]) -> int:
    """Make a checkpoint again and print its folder."""
    from aigc_course import recipes

    print(f"The checkpoint is in {recipes.make(options.name, options.steps, options.examples)}")
    return 0


def _store(options: argparse.Namespace, rest: list[str]) -> int:
    """Run lessons and store their outputs.

    Raises:
        CourseError: both lessons and --stale are given, or a lesson fails.
    """
    from aigc_course.authoring import store

    if options.stale and options.lesson:
        raise CourseError("store takes either numbers of lessons or --stale, not both.")
    numbers = options.lesson or [lesson.topic for lesson in lessons.all_lessons()]
    if options.stale:
        found = store.stale()
        for lesson, changes in found.items():
            print(f"{lesson.name} is stale: {', '.join(changes)}", flush=True)
        numbers = [lesson.topic for lesson in found]
    for number in numbers:
        print(store.store(number), flush=True)
    if not numbers:
        print("No lesson is stale.")
    return 0


def _facts(options: argparse.Namespace, rest: list[str]) -> int:
    """Print the facts of lessons, one column a lesson."""
    from aigc_course.authoring import facts

    keys = options.lesson or [lesson.number for lesson in lessons.all_lessons()]
    found = [facts.of_lesson(key) for key in keys]
    print(f"{'':28}", *(f"{lessons.find(key).number:>7}" for key in keys))
    for name in found[0]:
        print(f"{name:28}", *(f"{one[name]:>7g}" for one in found))
    return 0


def _stamp(options: argparse.Namespace, rest: list[str]) -> int:
    """Write all that follows from the syllabus, and print the names of what changed."""
    from aigc_course.authoring import stamp

    print("\n".join(stamp.stamp()) or "nothing to change")
    return 0
