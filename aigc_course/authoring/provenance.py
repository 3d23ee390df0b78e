"""The code that stored outputs come from, and whether it has changed since.

Outputs are stale when any of these changed in meaning: a cell, a function of the library that the
lesson *ran*, a constant or class that one of these names, or a data file that the lesson read. A
better docstring or comment, a new function, or a change in a function that the lesson never runs
does not make them stale.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import io
import tokenize
from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path

from aigc_course.core import files, paths
from aigc_course.course.first_cell import MARK

# Modules from which no result comes: where files lie, how they are written, how an exercise is
# found by its name, and how progress is kept.
_PLUMBING = (
    "aigc_course.core.files",
    "aigc_course.core.paths",
    "aigc_course.exercises.engine.catalog",
    "aigc_course.exercises.engine.record",
)
# The order of the lessons is a result only where it is drawn. A new lesson changes no other.
_SYLLABUS, _DRAWS_IT = "aigc_course.course.syllabus", "aigc_course.course.map"

OP = tokenize.OP
PACKAGE = Path(__file__).resolve().parents[1]


def record(notebook, ran: dict[str, list[str]], read: list[str]) -> dict:
    """Return the metadata that a notebook keeps beside its outputs.

    Args:
        notebook: nbformat's NotebookNode.
        ran: module -> functions that ran, from `recording.ran`.
        read: data files, from `recording.read`.

    Returns:
        {"ran": as given, "read": as given, "made_from": part -> digest}.
    """
    return {"ran": ran, "read": read, "made_from": digests(notebook, ran, read)}


def changes(notebook) -> list[str]:
    """Return the parts that changed since a notebook's outputs were stored; [] when none did."""
    stored = notebook.metadata.get("aigc_course", {})
    if "made_from" not in stored:
        return ["never stored"]
    before = that_count(stored["made_from"])
    now = that_count(digests(notebook, stored["ran"], stored["read"]))
    return sorted(part for part in before.keys() | now.keys() if before.get(part) != now.get(part))


def that_count(made_from: dict[str, str]) -> dict[str, str]:
    """Return the parts of a record, part -> digest, on which outputs depend."""
    left_out = _PLUMBING if _DRAWS_IT in made_from else (*_PLUMBING, _SYLLABUS)
    return {part: digest for part, digest in made_from.items() if part not in left_out}


def digests(notebook, ran: dict[str, list[str]], read: list[str]) -> dict[str, str]:
    """Return part -> digest: "cells", each module that counts, each data file that was read."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    cells = [source for source in cells if not source.startswith(MARK)]
    parts = {"cells": "\0".join(map(meaning, cells))}
    for module, texts in _texts(cells, ran).items():
        parts[module] = "\0".join(texts[name] for name in sorted(texts))
    found = {part: hashlib.sha256(text.encode()).hexdigest()[:12] for part, text in parts.items()}
    return found | {name: _digest_of_file(name) for name in read}


def _digest_of_file(name: str) -> str:
    """Return the digest of a file of the course, or "gone"."""
    path = paths.course_root() / name
    return files.sha256(path)[:12] if path.is_file() else "gone"


def _texts(cells: list[str], ran: dict[str, list[str]]) -> dict[str, dict[str, str]]:
    """Return module -> name -> text of everything that the outputs depend on.

    This is the functions that ran, and, by name, whatever they or the cells refer to.
    """
    found: dict[str, dict[str, str]] = {}
    waiting: list[tuple[str, str]] = []
    for module, names in ran.items():
        outline = outline_of(module)
        for name in names:
            found.setdefault(module, {})[name] = outline.functions.get(name, ("gone", ()))[0]
            waiting += [(module, used) for used in outline.functions.get(name, ("", ()))[1]]
            waiting.append((module, name.rpartition(".")[0]))  # the class of a method
        for i, (text, names_used) in enumerate(outline.statements):
            found[module][f"statement {i}"] = text
            waiting += [(module, used) for used in names_used]
    cell_outline = outline_from("\n".join(map(meaning, cells)))
    for name in cell_outline.everything_used:
        waiting += _imported(cell_outline, name)
    followed = set()
    while waiting:
        module, name = waiting.pop()
        if (module, name) not in followed:
            followed.add((module, name))
            _follow(module, name, found, waiting)
    return found


def _follow(module: str, name: str, found: dict, waiting: list) -> None:
    """Add a constant or a class by its name, and queue the names that it refers to."""
    outline = outline_of(module)
    if name in found.get(module, {}):
        return
    if name in outline.values:
        text, used = outline.values[name]
        found.setdefault(module, {})[name] = text
        waiting += [(module, one) for one in used]
    else:
        waiting += _imported(outline, name)


def _imported(outline: Outline, name: str) -> list[tuple[str, str]]:
    """Return where a name that a module imports from the library is defined.

    A dotted name ("plots.BLUE") is followed too. The result is [(module, name)], or [] when the
    name is not imported from the library.
    """
    first, _, rest = name.partition(".")
    if first not in outline.imports:
        return []
    module, attribute = outline.imports[first]
    whole = f"{module}.{attribute}"
    if _path(whole) is None:  # a name defined in the module, not a module of its own
        return [(module, attribute)]
    return [(whole, rest.partition(".")[0])] if rest else []


@dataclass
class Outline:
    """The text of a module by name, without docstrings and comments.

    Attributes:
        functions: "function" or "Class.method" -> (text, names that it uses).
        values: constant or class -> the same; a class without its methods.
        statements: the other statements that are executed when the module is imported.
        imports: name -> (module of the library, name there).
    """

    functions: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    values: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    statements: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def everything_used(self) -> set[str]:
        """Return the names that any part uses."""
        parts = [*self.functions.values(), *self.values.values(), *self.statements]
        return {name for _, used in parts for name in used}


def outline_of(module: str) -> Outline:
    """Return the outline of a module of the library as it is on disk now; empty when it is gone."""
    path = _path(module)
    return _outline_of_file(path, path.stat().st_mtime_ns) if path else Outline()


@functools.cache
def _outline_of_file(path: Path, changed: int) -> Outline:
    """Return the outline of a file; `changed`, its time of change, is part of the cache's key."""
    return outline_from(path.read_text(encoding="utf-8"))


def _path(module: str) -> Path | None:
    """Return the file of a module of the library, None when there is none."""
    base = PACKAGE.joinpath(*module.split(".")[1:])
    path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    return path if path.is_file() else None


def outline_from(source: str) -> Outline:
    """Return the outline of a module's source."""
    lines, outline = meaning(source, keep_lines=True).splitlines(), Outline()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aigc_course"):
            outline.imports |= {a.asname or a.name: (node.module, a.name) for a in node.names}
    for node in tree.body:
        _add(node, "", lines, outline)
    known = outline.values.keys() | outline.imports.keys()
    for part in (outline.functions, outline.values):
        part |= {name: (text, _among(known, used)) for name, (text, used) in part.items()}
    outline.statements = [(text, _among(known, used)) for text, used in outline.statements]
    return outline


def _among(known: Set[str], used: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the names used that a module defines as constant or class, or imports."""
    return tuple(name for name in used if name in known or name.partition(".")[0] in known)


def _add(node: ast.stmt, prefix: str, lines: list[str], outline: Outline) -> None:
    """Add a statement of a module or class to its outline."""
    if isinstance(node, ast.Import | ast.ImportFrom) or _is_docstring(node):
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        outline.functions[prefix + node.name] = _text(node, lines), _used(node)
    elif isinstance(node, ast.ClassDef):
        outline.values[prefix + node.name] = _frame(node, lines), _used_outside_methods(node)
        for part in node.body:
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                _add(part, f"{prefix}{node.name}.", lines, outline)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and (names := _targets(node)):
        for name in names:
            outline.values[name] = _text(node, lines), _used(node)
    else:
        outline.statements.append((_text(node, lines), _used(node)))


def _is_docstring(node: ast.stmt) -> bool:
    """Return whether a statement is a constant alone, such as a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    """Return the names that an assignment binds, [] when it binds anything else too."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [part for target in targets for part in ast.walk(target)]
    plain = all(isinstance(part, ast.Name | ast.Tuple | ast.Store) for part in names)
    return [part.id for part in names if isinstance(part, ast.Name)] if plain else []


def _first_line(node: ast.stmt) -> int:
    """Return the number of the first line of a statement, its decorators included."""
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])


def _text(node: ast.stmt, lines: list[str]) -> str:
    """Return the text of a statement, with joined lines."""
    return _joined("\n".join(lines[_first_line(node) - 1 : node.end_lineno]))


def _frame(node: ast.ClassDef, lines: list[str]) -> str:
    """Return the text of a class without its methods."""
    inside = {
        number
        for part in node.body
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for number in range(_first_line(part), part.end_lineno + 1)
    }
    numbers = range(_first_line(node), node.end_lineno + 1)
    return _joined("\n".join(lines[n - 1] for n in numbers if n not in inside))


def _used(node: ast.AST) -> tuple[str, ...]:
    """Return the names that a piece of code loads, including dotted ones such as "plots.BLUE"."""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    dotted = {
        f"{part.value.id}.{part.attr}"
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name)
    }
    return tuple(sorted(names | dotted))


def _used_outside_methods(node: ast.ClassDef) -> tuple[str, ...]:
    """Return the names that a class uses outside its methods."""
    parts = [*node.bases, *node.keywords, *node.decorator_list]
    parts += [p for p in node.body if not isinstance(p, ast.FunctionDef | ast.AsyncFunctionDef)]
    return tuple(sorted({name for part in parts for name in _used(part)}))


@functools.lru_cache(10_000)  # cells are looked at several times
def meaning(source: str, keep_lines: bool = False) -> str:
    """Return a module's text without docstrings and comments, and with joined lines.

    The text is cut by position, not written anew from the syntax tree, so that every Python version
    gives the same.

    Args:
        source: Python code; code that cannot be parsed (a cell with a magic) is returned unchanged.
        keep_lines: leave empty lines where something was cut, so that line numbers stay the same.
    """
    try:
        tree, lines = ast.parse(source), source.splitlines()
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (SyntaxError, tokenize.TokenError):
        return source
    for token in tokens:
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _cut_docstring(node, lines)
    kept = "\n".join(line.rstrip() for line in lines)
    return kept if keep_lines else _joined(kept)


def _joined(text: str) -> str:
    """Join lines inside brackets and drop empty ones: a formatter's line breaks have no meaning.

    A comma before a closing bracket on a line of its own goes, too, as formatters put it there.
    Parentheses that a formatter adds do count as a change.
    """
    lines, depth, broken = text.split("\n"), 0, set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            depth += (token.string in "([{") - (token.string in ")]}") if token.type == OP else 0
            if token.type == tokenize.NL and depth > 0:
                broken.add(token.start[0])
    except (tokenize.TokenError, IndentationError):
        pass  # a class without its methods may end too early; what was read counts
    found = ""
    for number, line in enumerate(lines, 1):
        if number - 1 not in broken:
            found += f"\n{line}" if line.strip() else ""
            continue
        line = line.strip()
        found = found.removesuffix(",") if line[:1] in tuple(")]}") else found
        inner = found.endswith(("(", "[", "{")) or line[:1] in tuple(")]}") or not line
        found += line if inner else f" {line}"
    return found.lstrip("\n")


def _cut_docstring(node, lines: list[str]) -> None:
    """Replace the docstring of a module, class or function by empty lines, in place."""
    if ast.get_docstring(node) is None:
        return
    first = node.body[0]
    lines[first.lineno - 1 : first.end_lineno] = [""] * (first.end_lineno - first.lineno + 1)
