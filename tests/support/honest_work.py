"""Honest work of a class: right, wrong, half done, and odd in ways that cost no marks."""

import json
import re
import textwrap
from functools import partial

import classroom_work as work
import nbformat
from classroom_work import ALL_RIGHT

from aigc_course.exercises.engine import catalog, judging
from aigc_course.exercises.engine.types import Exercise

# --- values of other kinds: what the lesson accepts, grading accepts

ODD = {
    "decimals": "decimal.Decimal(repr(x)) if type(x) is float else x",
    "deques": "collections.deque(x) if isinstance(x, (list, tuple, np.ndarray)) else x",
    "arrays": "array.array('d', x) if isinstance(x, list) and x and type(x[0]) is float else x",
    "object-arrays": "np.array(x, dtype=object) if isinstance(x, (list, np.ndarray)) else x",
    "memoryviews": "memoryview(np.ascontiguousarray(x)) if isinstance(x, np.ndarray) else x",
    "frozen-sets": "frozenset(x) if isinstance(x, set) else x",
    "tuples": "tuple(x) if isinstance(x, list) else x",
    "lists": "x.tolist() if hasattr(x, 'tolist') else x",
    "numpy-numbers": "np.float64(x) if type(x) is float else np.int32(x) if type(x) is int else x",
    "fractions": "fractions.Fraction(x) if type(x) is float and np.isfinite(x) else x",
    "single-precision": "x.astype('float32') if getattr(x, 'dtype', 0) == 'float64' else x",
    "tensors": "torch.tensor(x) if isinstance(x, list) and x and type(x[0]) is float else x",
}
IMPORTS = "import array, collections, decimal, fractions\nimport numpy as np\nimport torch\n"


def odd(kind):
    """All answers right, results of another kind."""

    def change(notebook):
        work.right(notebook)
        for name in work.codes(notebook):
            cell = work.answers_of(notebook)[name]
            cell.source = re.sub(
                r"\n    return (.+)\Z", r"\n    return other_kind(\1)", cell.source
            )
        source = f"{IMPORTS}\ndef other_kind(x):\n    return {ODD[kind]}"
        notebook.cells.insert(3, nbformat.v4.new_code_cell(source))

    return change


def accepted_in_the_lesson(kind, names):
    """Those of the exercises that a lesson accepts when results are of another kind."""
    space = {}
    exec(f"{IMPORTS}\ndef other_kind(x):\n    return {ODD[kind]}", space)
    return [name for name in names if _accepted(catalog.find(name), space["other_kind"])]


def _accepted(task, other_kind):
    if not isinstance(task, Exercise):
        return True

    def answer(*arguments, **more):
        return other_kind(task.reference(*arguments, **more))

    return judging.judge(task, answer)[0].state == "right"


# --- cells split, copied, moved and marked otherwise


def split(pieces):
    """All right; every answer cell is cut into pieces, as "Split Cell" of JupyterLab does."""

    def change(notebook):
        work.right(notebook)
        cells = []
        for cell in notebook.cells:
            lines = cell.source.split("\n")
            if not cell.metadata.get("nbgrader", {}).get("solution") or len(lines) <= pieces:
                cells.append(cell)
                continue
            size = -(-len(lines) // pieces)
            for i in range(0, len(lines), size):
                piece = nbformat.from_dict(json.loads(json.dumps(cell)))
                piece.source, piece.id = "\n".join(lines[i : i + size]), f"{cell.id}-{i}"
                cells.append(piece)
        notebook.cells = cells

    return change


def copies(which, at, changed=None):
    """All right, and cells of a kind ("solution" or "grade") stand twice.

    Args:
        which: mark of the cells that are copied.
        at: 1 for a copy below the cell, None for copies at the end of the notebook.
        changed: of the *first* of two: (old text, new text).
    """

    def change(notebook):
        work.right(notebook)
        for i, cell in reversed(list(enumerate(notebook.cells))):
            if cell.metadata.get("nbgrader", {}).get(which):
                copy = nbformat.from_dict(json.loads(json.dumps(cell)))
                copy.id = f"{cell.id}-copy"
                if changed:
                    cell.source = cell.source.replace(*changed)
                notebook.cells.insert(len(notebook.cells) if at is None else i + at, copy)

    return change


def marks(change_marks):
    """All right; the marks of nbgrader are spoilt, as editors and merge tools do."""

    def change(notebook):
        work.right(notebook)
        for cell in notebook.cells:
            change_marks(cell)

    return change


def _old_schema(cell):
    if "nbgrader" in cell.metadata:
        cell.metadata["nbgrader"]["schema_version"] = 1


def _no_schema(cell):
    if "nbgrader" in cell.metadata:
        del cell.metadata["nbgrader"]["schema_version"]


def _empty_marks(cell):
    cell.metadata.setdefault("nbgrader", {})


def _unlocked(cell):
    if "nbgrader" in cell.metadata:
        cell.metadata["nbgrader"].update(locked=False, checksum="0")


def below_the_test(notebook):
    """Empty where the answer belongs; the right one stands in a cell below its test."""
    work.right(notebook)
    _move_answers(notebook, "...")


def corrected_below(notebook):
    """A wrong answer in its place, and the right one below its test."""
    work.right(notebook)
    _move_answers(notebook, "return None")


def _move_answers(notebook, left):
    """Put every answer below its test, and this line in its place."""
    for name in work.codes(notebook):
        cell = work.answers_of(notebook)[name]
        right, head = cell.source, cell.source.split("\n    ", 1)[0]
        cell.source = f"{head}\n    {left}"
        test = name.replace(".", "-") + "-test"
        at = next(
            i
            for i, one in enumerate(notebook.cells)
            if one.metadata.get("nbgrader", {}).get("grade_id") == test
        )
        notebook.cells.insert(at + 1, nbformat.v4.new_code_cell(right))


def helper_below(notebook):
    """Every answer calls a helper that is defined in the last cell."""
    work.right(notebook)
    for name in work.codes(notebook):
        cell = work.answers_of(notebook)[name]
        cell.source = re.sub(r"\n    return (.+)\Z", r"\n    return helper(\1)", cell.source)
    notebook.cells.append(nbformat.v4.new_code_cell("def helper(x):\n    return x"))


def answers_first(notebook):
    """All answer cells stand before all test cells."""
    work.right(notebook)
    tests = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
    notebook.cells = [c for c in notebook.cells if c not in tests] + tests


def without_words(notebook):
    """Every Markdown cell is deleted, and the setup with it."""
    work.right(notebook)
    notebook.cells = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata["nbgrader"]["grade_id"] != "setup"
    ]


def as_markdown(notebook):
    """The type of every answer cell was changed by a slip of the keyboard."""
    work.right(notebook)
    for i, cell in enumerate(notebook.cells):
        if cell.metadata.get("nbgrader", {}).get("solution"):
            turned = nbformat.v4.new_markdown_cell(cell.source, metadata=cell.metadata)
            notebook.cells[i] = turned


# --- code of other habits


def first_line(line):
    """All right; every answer cell begins with this line."""
    return around(lambda source: f"{line}\n{source}")


def last_line(line):
    """All right; every answer cell ends with this line."""
    return around(lambda source: f"{source}\n\n{line}")


def in_the_body(line):
    """All right; every function begins with this line."""
    return around(
        lambda source: re.sub(r"(\ndef .*:\n)", lambda m: f"{m[1]}    {line}\n", source, count=1)
    )


def around(turn):
    """All right, with the source of every answer cell turned into another."""

    def alone(notebook):
        for cell in work.answers_of(notebook).values():
            cell.source = turn(cell.source)

    def change(notebook):
        work.right(notebook)
        alone(notebook)

    change.alone = alone
    return change


def _in_another_form(source):
    """`f = exercise("x")(f)` below the function in place of the decorator above it."""
    match = re.match(r"@exercise\((.*)\)\n(def (\w+).*)", source, re.S)
    if not match:
        return source
    return f"{match[2]}\n\n{match[3]} = exercise({match[1]})({match[3]})"


def _with_another_decorator(source):
    own = "def as_it_is(function):\n    return function\n\n@exercise("
    return source.replace("@exercise(", own, 1).replace(")\ndef ", ")\n@as_it_is\ndef ", 1)


def _tabs(source):
    return re.sub(r"^( {4})+", lambda m: "\t" * (len(m[0]) // 4), source, flags=re.M)


# --- files as other programs write them


def encoded(encoding):
    """The file in another encoding."""
    return lambda path: path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))


def with_line_ends(path):
    """The file with the line ends of Windows."""
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def on_one_line(path):
    """The file without a line break, as some platforms send it."""
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8"))), encoding="ascii")


def with_large_outputs(path):
    """The file with eight megabytes of stored outputs."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    output = {"output_type": "stream", "name": "stdout", "text": ["x" * 80 + "\n"] * 10_000}
    for cell in [cell for cell in notebook["cells"] if cell["cell_type"] == "code"][:10]:
        cell["outputs"] = [output]
    path.write_text(json.dumps(notebook), encoding="utf-8")


def older_format(path):
    """The file in the format of nbformat 4.4, without ids of cells."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["nbformat_minor"] = 4
    for cell in notebook["cells"]:
        cell.pop("id", None)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def of_another_kernel(path):
    """The file as it is after it was opened with another language's kernel."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["metadata"] = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    path.write_text(json.dumps(notebook), encoding="utf-8")


def beside_other_files(path):
    """The file beside others that a student works with."""
    (path.parent / "my notes.txt").write_text("π", encoding="utf-8")
    (path.parent / ".ipynb_checkpoints").mkdir(exist_ok=True)
    (path.parent / "data").mkdir(exist_ok=True)
    (path.parent / "data" / "own.csv").write_text("1,2")


def beside_many_pictures(path):
    """More files than are taken over; the notebook comes first."""
    for number in range(300):
        (path.parent / f"Picture {number}.png").write_bytes(b"PNG")


EXTRA = work.extra_cell
AT_START = {
    "colab": "from google.colab import drive\ndrive.mount('/content/drive')",
    "pandas": "import pandas as pd, seaborn as sns\nsns.set_theme()",
    "no-such-magic": "%load_ext no_such_extension\n%matplotlib widget",
    "asks": "name = input('Your name? ')\nyears = int(input('How old? '))",
    "relative-file": "print(open('my_file.csv').read())",
    "gpu": "import torch\ntorch.zeros(3).to('cuda')",
}
SETTINGS = {
    "double-precision": "import torch\ntorch.set_default_dtype(torch.float64)",
    "no-gradients": "import torch\ntorch.set_grad_enabled(False)",
    "strict-numpy": "import numpy as np\nnp.seterr(all='raise')",
    "warnings-as-errors": "import warnings\nwarnings.simplefilter('error')",
    "other-seeds": "import random, numpy, torch\nrandom.seed(1)\nnumpy.random.seed(1)\n"
    "torch.manual_seed(1)",
    "moves-away": "import os\nos.makedirs('work', exist_ok=True)\nos.chdir('work')",
}

NEW = {
    **{f"odd-{kind}": (odd(kind), partial(accepted_in_the_lesson, kind)) for kind in ODD},
    "split": (split(2), ALL_RIGHT),
    "split-in-four": (split(4), ALL_RIGHT),
    "copy-of-answers": (copies("solution", 1), ALL_RIGHT),
    "copy-corrected": (copies("solution", 1, ("\n    return ", "\n    return 99, ")), ALL_RIGHT),
    "copy-of-tests": (copies("grade", 1), ALL_RIGHT),
    "tests-again-at-the-end": (copies("grade", None), ALL_RIGHT),
    "old-schema": (marks(_old_schema), ALL_RIGHT),
    "no-schema": (marks(_no_schema), ALL_RIGHT),
    "empty-marks": (marks(_empty_marks), ALL_RIGHT),
    "unlocked": (marks(_unlocked), ALL_RIGHT),
    "below-the-test": (below_the_test, ALL_RIGHT),
    "corrected-below": (corrected_below, ALL_RIGHT),
    "helper-below": (helper_below, ALL_RIGHT),
    "answers-first": (answers_first, ALL_RIGHT),
    "without-words": (without_words, ALL_RIGHT),
    "as-markdown": (as_markdown, ALL_RIGHT),
    **{f"starts-{kind}": (first_line(code), ALL_RIGHT) for kind, code in AT_START.items()},
    **{f"sets-{kind}": (EXTRA(code), ALL_RIGHT) for kind, code in SETTINGS.items()},
    "writes-a-module": (
        work.several(
            EXTRA("from helper_of_mine import twice\ntwice(2)"),
            EXTRA("%%writefile helper_of_mine.py\ndef twice(x):\n    return 2 * x"),
            first_line("from helper_of_mine import twice"),
        ),
        ALL_RIGHT,
    ),
    "times-itself": (first_line("%%time"), ALL_RIGHT),
    "prints-much": (in_the_body("print('called', '.' * 500)"), ALL_RIGHT),
    "sleeps-a-little": (in_the_body("__import__('time').sleep(0.2)"), ALL_RIGHT),
    "in-threads": (
        in_the_body("__import__('threading').Thread(target=print, args=(1,)).start()"),
        ALL_RIGHT,
    ),
    "draws": (
        last_line("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
        ALL_RIGHT,
    ),
    "asks-for-a-hint": (last_line('hint("chance.entropy")\nhelp(len)'), ALL_RIGHT),
    "waits": (EXTRA("import asyncio\nawait asyncio.sleep(0.1)"), ALL_RIGHT),
    "ends-cells": (last_line("quit()"), ALL_RIGHT),
    "looks-inside": (first_line("import pdb; pdb.set_trace(); breakpoint()"), ALL_RIGHT),
    "other-form": (around(_in_another_form), ALL_RIGHT),
    "decorated-twice": (around(_with_another_decorator), ALL_RIGHT),
    "tabs": (around(_tabs), ALL_RIGHT),
    "in-blocks": (around(lambda s: "if True:\n" + textwrap.indent(s, "    ")), ALL_RIGHT),
    "emoji": (first_line("# 🐉 ничего 龍 \u200b"), ALL_RIGHT),
}
# Files are changed after the notebook was written.
FILES = {
    "utf-8-bom": encoded("utf-8-sig"),
    "utf-16": encoded("utf-16"),
    "utf-16-no-mark": encoded("utf-16-le"),
    "windows-line-ends": with_line_ends,
    "on-one-line": on_one_line,
    "large-outputs": with_large_outputs,
    "older-format": older_format,
    "another-kernel": of_another_kernel,
    "other-files": beside_other_files,
    "many-pictures": beside_many_pictures,
}
FILE_CHANGES = {f"file-{kind}": change for kind, change in FILES.items()}
NEW |= dict.fromkeys(FILE_CHANGES, (work.right, ALL_RIGHT))
HONEST = work.HONEST | NEW
