"""The commands behind `python3 course.py ...` and `python -m aigc_course ...`."""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from aigc_course import pretrained, runtime
from aigc_course.core import files, machine
from aigc_course.core import paths as core_paths
from aigc_course.core.errors import CourseError
from aigc_course.course import lessons

DESCRIPTION = "The AIGC course: open it, run it, test it."


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a `CourseError` becomes one line and exit status 2."""
    parser = _parser()
    known, rest = parser.parse_known_args(arguments)
    if rest and not known.passes_on:
        parser.error(f"unknown option {rest[0]}")
    try:
        runtime.scale() if os.environ.get(
            "AIGC_SCALE"
        ) else None  # a wrong value is told before anything starts
        return known.command(known, rest)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="course.py", description=DESCRIPTION)
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(name: str, command, text: str, passes_on: bool = False) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        sub.set_defaults(command=command, passes_on=passes_on)
        return sub

    add(
        "lab",
        _lab,
        "open JupyterLab on the welcome notebook; other options go to jupyter lab",
        passes_on=True,
    )
    test = add(
        "test",
        _test,
        "run every test and every notebook at smoke scale; other options go to pytest",
        passes_on=True,
    )
    test.add_argument(
        "--full",
        action="store_true",
        help="every notebook at cpu scale with its promised quality, and all slow tests",
    )
    run = add("run", _run, "run a lesson (or a notebook file) without a browser")
    run.add_argument("lesson", help='number ("01"), topic ("chance"), or path of a notebook')
    run.add_argument("--scale", choices=runtime.SCALES, help="default: what the machine allows")
    run.add_argument("--html", action="store_true", help="write an HTML page too")
    run.add_argument(
        "--out", type=Path, help="folder for the results; default: runs/ in your own folder"
    )
    doctor = add("doctor", _doctor, "say what this machine is, what works, what to mend")
    doctor.add_argument("--json", action="store_true", help="machine-readable")
    reset = add("reset", _reset, "bring the original of a lesson back, keep the edited copy")
    reset.add_argument("lesson", help='number or topic of the lesson: "01", "chance"')
    pretrain = add(
        "pretrain",
        _pretrain,
        "make one of the checkpoints that ship with the course again, from its seed",
    )
    pretrain.add_argument("name", help=", ".join(pretrained.NAMES))
    pretrain.add_argument("--steps", type=int, help="fewer or more steps than the recipe's")
    pretrain.add_argument(
        "--examples",
        "--tales",
        type=int,
        help="fewer or more training tales or images than the recipe's",
    )
    _add_classroom(
        add(
            "classroom",
            _classroom,
            "for teachers: lessons as nbgrader assignments, and a report of marks and mistakes",
        )
    )
    store = add("store", _store, "for authors: run lessons and store their outputs")
    store.add_argument("lesson", nargs="*", help="numbers or topics; default: all")
    add(
        "stamp",
        _stamp,
        "for authors: write numbers, names, links and tables of lessons, and the repository's "
        "address, wherever they stand",
    )
    return parser


def _add_classroom(parser: argparse.ArgumentParser) -> None:
    tasks = parser.add_subparsers(dest="task", required=True, metavar="task")
    export = tasks.add_parser("export", help="turn lessons into assignments", allow_abbrev=False)
    export.add_argument("lesson", nargs="+", help="numbers or topics of lessons")
    export.add_argument(
        "--out",
        type=Path,
        required=True,
        help="the source folder of your teaching folder, teaching/source say",
    )
    export.add_argument("--seed", type=int, help="of the hidden parameters; default: drawn")
    report = tasks.add_parser(
        "report", help="marks, reasons and mistakes as a CSV and an HTML page", allow_abbrev=False
    )
    report.add_argument(
        "course", type=Path, help="the teaching folder, the one with nbgrader_config.py"
    )
    report.add_argument(
        "--out", type=Path, help="folder for the report; default: report/ in the teaching folder"
    )


def _classroom(options: argparse.Namespace, rest: list[str]) -> int:
    if options.task == "export":
        from aigc_course.classroom import export

        print(*export.export(options.lesson, options.out, options.seed), sep="\n")
        return 0
    from aigc_course.classroom import report

    print(*report.write(options.course, options.out or options.course / "report"), sep="\n")
    return 0


def _lab(options: argparse.Namespace, rest: list[str]) -> int:
    for notice in lessons.sync_copies():
        print(notice)
    home = core_paths.home()
    print(f"Your copies of the lessons are in {home / 'notebooks'}", flush=True)
    _say_when_port_is_taken(rest)
    # The course's settings, without touching the learner's own.
    paths = [str(Path(__file__).parent / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={home}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return _hand_over([*command, *rest])


def _hand_over(command: list[str]) -> int:
    """Replace this process where the system can; a child would outlive a signal to its parent."""
    if os.name == "posix":
        sys.stdout.flush()
        os.execv(command[0], command)
    return subprocess.call(command)


def _say_when_port_is_taken(rest: list[str]) -> None:
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
    root = core_paths.course_root()
    if not (root / "tests").is_dir():
        raise CourseError(
            "The tests live in the course folder, which an installed package lacks; get "
            f"it from {core_paths.repository()}."
        )
    os.environ["AIGC_SCALE"] = "cpu" if options.full else "smoke"
    os.environ["AIGC_FULL"] = "1" if options.full else ""
    start = time.monotonic()
    code = subprocess.call(
        [sys.executable, "-m", "pytest", *_side_by_side(rest, 6 if options.full else 3), *rest],
        cwd=root,
    )
    minutes, seconds = divmod(round(time.monotonic() - start), 60)
    print(f"That took {minutes} min {seconds} s.", flush=True)
    return code


def _side_by_side(rest: list[str], gb: int) -> list[str]:
    """Options that run tests in several processes that share the cores: with small models, two do
    more that way than as two threads.

    Not where the tests were chosen by file or name or are to be watched, and not where memory is
    scarce (`gb` for each).
    """
    if any(
        not option.startswith("-")
        or option.startswith(("-n", "-k", "-s", "-p", "--pdb", "--trace", "--capture"))
        for option in rest
    ):
        return []
    cores, memory = machine.threads(), machine.memory_gb()[0]
    workers = min(cores, int(memory // gb), 8)
    if workers < 2:
        return []
    os.environ.setdefault("OMP_NUM_THREADS", str(cores // workers))
    return [
        "-n",
        str(workers),
        "--dist",
        "loadfile",
        "--no-loadscope-reorder",
    ]  # the cells of a notebook need one kernel


def _run(options: argparse.Namespace, rest: list[str]) -> int:
    from aigc_course.course import execute

    path = Path(options.lesson)
    if path.suffix != ".ipynb":
        lesson = lessons.find(options.lesson)
        path = lesson.path
        if lesson.edited():
            print(f"This runs the original. Your edited copy: python3 course.py run {lesson.copy}")
    notebook = lessons.read(path)
    out = options.out or core_paths.home() / "runs"
    scale = options.scale or runtime.scale()
    start = time.monotonic()
    try:
        execute.run(
            notebook,
            path.parent if os.access(path.parent, os.W_OK) else core_paths.home(),
            name=path.stem,
            env={"AIGC_SCALE": scale},
        )
    finally:
        _save(notebook, out / path.name, path.parent if options.html else None)
    print(f"{path.stem} ran at {scale!r} scale in {time.monotonic() - start:.0f} s")
    return 0


def _save(notebook, result: Path, pictures: Path | None) -> None:
    """Write the executed notebook under a free name, and an HTML page when the folder of its
    pictures is given.
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
    from aigc_course.course import doctor

    findings = doctor.examine()
    data = doctor.as_data(findings)
    print(json.dumps(data, indent=1) if options.json else doctor.as_text(findings))
    return 0 if data["ok"] else 1


def _reset(options: argparse.Namespace, rest: list[str]) -> int:
    print(lessons.reset(options.lesson))
    return 0


def _pretrain(options: argparse.Namespace, rest: list[str]) -> int:
    from aigc_course import recipes

    print(f"The checkpoint is in {recipes.make(options.name, options.steps, options.examples)}")
    return 0


def _store(options: argparse.Namespace, rest: list[str]) -> int:
    from aigc_course.authoring import store as authoring_store

    for lesson in options.lesson or [lesson.topic for lesson in lessons.all_lessons()]:
        print(authoring_store.store(lesson))
    return 0


def _stamp(options: argparse.Namespace, rest: list[str]) -> int:
    from aigc_course.authoring import stamp

    print("\n".join(stamp.stamp()) or "nothing to change")
    return 0
