"""A recorder of the library's functions that a notebook runs, and of the data files that it reads.

    from aigc_course.authoring import recording
    recording.start()          # before anything else of the course is imported
    ...
    recording.ran()            # {"aigc_course.plots.figures": ["bars", "curves"], ...}

Each function of the library gets one more line when its module is imported: a call that notes its
name. Python's own tracing would record the same, but it slows down every line of a training.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import sys
from pathlib import Path

PACKAGE = "aigc_course"
ROOT = Path(__file__).resolve().parents[2]  # of the checkout
NOT_READ = (".md", ".png", "SHA256SUMS")  # cards, covers and lists of hashes change no result

_ran: dict[str, set[str]] = {}
_read: set[str] = set()


def start() -> None:
    """Start recording; modules that are imported already are left out."""
    sys.meta_path.insert(0, _Finder())
    sys.addaudithook(_note_file)


def ran() -> dict[str, list[str]]:
    """Return module -> names of the functions and methods ("GPT.forward") that ran so far."""
    return {module: sorted(names) for module, names in sorted(_ran.items()) if names}


def read() -> list[str]:
    """Return the files of `data/` that were read so far, by their path in the checkout."""
    return sorted(_read)


def _note_file(event: str, arguments: tuple) -> None:
    """Note a file of `data/` that is opened; an audit hook of Python."""
    if event != "open" or not isinstance(arguments[0], str):
        return
    data = str(ROOT / "data") + "/"
    if arguments[0].startswith(data) and not arguments[0].endswith(NOT_READ):
        _read.add(Path(arguments[0]).relative_to(ROOT).as_posix())


class _Finder(importlib.abc.MetaPathFinder):
    """A finder of the package's modules that has them loaded by `_Loader`."""

    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] != PACKAGE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    """A loader that adds a note to each function of a module and keeps no bytecode."""

    def path_stats(self, path):
        raise OSError("without a time no bytecode is read or written")

    def source_to_code(self, data, path, *, _optimize=-1):
        tree = ast.parse(data)
        _add_notes(tree.body, "")
        return compile(tree, path, "exec", dont_inherit=True, optimize=_optimize)

    def exec_module(self, module) -> None:
        vars(module)["__ran__"] = _ran.setdefault(module.__name__, set()).add
        super().exec_module(module)


def _add_notes(body: list[ast.stmt], prefix: str) -> None:
    """Insert `__ran__("name")` into every function and method.

    A function defined inside another gets no note of its own.
    """
    for node in body:
        if isinstance(node, ast.ClassDef):
            _add_notes(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            has_docstring = ast.get_docstring(node, clean=False) is not None
            note = ast.parse(f"__ran__({prefix + node.name!r})").body[0]
            first = node.body[-1 if len(node.body) == has_docstring else has_docstring]
            ast.copy_location(note, first)
            ast.fix_missing_locations(note)
            for part in ast.walk(note):
                part.lineno = part.end_lineno = first.lineno
            node.body.insert(has_docstring, note)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            _add_notes(node.body, prefix)
