"""Which code stored outputs come from."""

import ast
import hashlib
import io
import tokenize
from pathlib import Path


def fingerprint(notebook, modules: list[str]) -> str:
    """Digest of the code that stored outputs come from: the cells, and the library modules they
    loaded.

    Comments and docstrings do not count, so that a better sentence does not ask for a new run.
    """
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    package = Path(__file__).resolve().parents[1]
    for module in modules:
        base = package.joinpath(*module.split(".")[1:])
        path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
        sources.append(
            meaning(path.read_text(encoding="utf-8")) if path.exists() else f"{module} is gone"
        )
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()[:16]


def meaning(source: str) -> str:
    """A module's text without docstrings, comments and empty lines; cut by position, so that every
    Python version agrees.
    """
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and ast.get_docstring(node) is not None
        ):
            first = node.body[0]
            lines[first.lineno - 1 : first.end_lineno] = [""] * (
                first.end_lineno - first.lineno + 1
            )
    return "\n".join(line.rstrip() for line in lines if line.strip())
