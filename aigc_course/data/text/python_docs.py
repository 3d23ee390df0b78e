"""English text and code that every machine has: the texts of CPython (card: data/python_docs.md).

The text differs from one Python version to the next, so no number measured on it is a constant.
"""

from __future__ import annotations

import ast
import sysconfig
import warnings
from pathlib import Path

from aigc_course.core.arguments import check_argument, one_of
from aigc_course.core.errors import CourseError

KINDS = ("topics", "docstrings", "source")


def load(kind: str = "topics") -> list[str]:
    """Load documents that come with the running Python.

    Args:
        kind: "topics" (the language reference, about 0.5 MB), "docstrings" (of the standard
            library, about 2 MB) or "source" (of the standard library, about 11 MB).

    Returns:
        Documents in a fixed order.

    Raises:
        CourseError: `kind` is unknown, or this Python was built without the text.
    """
    documents = {"topics": _topics, "docstrings": _docstrings, "source": _source}[
        check_argument("kind", kind, one_of(*KINDS))
    ]()
    if not documents:
        raise CourseError(
            f"This Python came without its {kind}; use a text file of your own, or "
            "another Python build."
        )
    return documents


def _topics() -> list[str]:
    """Return the sections of the language reference, or [] when this Python has none."""
    try:
        from pydoc_data.topics import topics
    except ImportError:
        return []
    return [topics[name] for name in sorted(topics)]


def _source() -> list[str]:
    """Return the source of the library's modules, without its own tests and bundled packages."""
    root = Path(sysconfig.get_path("stdlib"))
    left_out = {
        "test",
        "tests",
        "idle_test",
        "idlelib",
        "lib2to3",
        "site-packages",
        "dist-packages",
        "ensurepip",
        "__pycache__",
        "pydoc_data",
    }
    paths = sorted(p for p in root.rglob("*.py") if not left_out & set(p.relative_to(root).parts))
    return [path.read_text(encoding="utf-8", errors="replace") for path in paths]


def _docstrings() -> list[str]:
    """Return the docstrings of the standard library."""
    found = []
    for text in _source():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about invalid escapes in the library's own strings
            try:
                tree = ast.parse(text)
            except (SyntaxError, ValueError):
                continue
        nodes = (
            n
            for n in ast.walk(tree)
            if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        )
        found += [doc for doc in map(ast.get_docstring, nodes) if doc]
    return found
