"""Work that a class hands in: honest answers of every kind, accidents, and attempts to get points
without an answer.
"""

import textwrap

from aigc_course.classroom import export
from aigc_course.exercises.engine import catalog
from aigc_course.exercises.engine.types import Exercise


def answers_of(notebook):
    """Answer cells of an assignment: exercise -> cell, in order."""
    return {
        cell.metadata["nbgrader"]["grade_id"].replace("-", ".", 1): cell
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    }


def codes(notebook):
    """Names of the exercises that ask for a function."""
    return [name for name in answers_of(notebook) if isinstance(catalog.find(name), Exercise)]


def fill(cell, body):
    """Replace the three dots of an answer cell."""
    head, dots, tail = cell.source.rpartition("    ...")
    assert dots, cell.source
    cell.source = head + textwrap.indent(body, "    ") + tail


def answer(cell, given):
    """Fill an answer cell with a function or a value of the course: a right one, or a known
    mistake.
    """
    fill(cell, export.body_of(given, cell.source) if callable(given) else repr(given))


def right(notebook, *, but=()):
    """Every answer right, except those of the exercises in `but`, which stay empty."""
    for name, cell in answers_of(notebook).items():
        task = catalog.find(name)
        if name in but:
            continue
        answer(cell, export.right_answer(task) if isinstance(task, Exercise) else task.reference)


def mistake(number):
    """Every answer wrong, in the known way of this number, as far as there are so many."""

    def change(notebook):
        for name, cell in answers_of(notebook).items():
            mistakes = catalog.find(name).mistakes
            answer(cell, mistakes[number % len(mistakes)].answer)

    return change


def one_wrong(body):
    """All right but the first exercise that asks for code, which has this body."""

    def change(notebook):
        first = codes(notebook)[0]
        right(notebook, but=(first,))
        fill(answers_of(notebook)[first], body)

    return change


def extra_cell(source, at=3):
    """All right, and one more cell before the answers."""

    def change(notebook):
        right(notebook)
        _insert(notebook, source, at)

    change.alone = lambda notebook: _insert(notebook, source, at)
    return change


def several(*changes):
    """One change after the other; only the first fills in the right answers."""

    def change(notebook):
        filled = False
        for one in changes:
            one = getattr(one, "alone", one) if filled else one
            one(notebook)
            filled = True

    return change


def attack(source, body="return None", at=3):
    """No exercise answered: every function has this body, and a cell tries to get points."""

    def change(notebook):
        for name in codes(notebook):
            fill(answers_of(notebook)[name], body)
        _insert(notebook, source, at)

    return change


def borrows(notebook):
    """Answer wrongly, and hand in again what the name stands for then."""
    for name in codes(notebook):
        cell = answers_of(notebook)[name]
        function = cell.source.split("def ")[1].split("(")[0]
        fill(cell, "return None")
        cell.source += (
            f'\n\nlent_{function} = {function}\n\n\n@exercise("{name}")\ndef {function}(*a, '
            f"**k):\n    return lent_{function}(*a, **k)"
        )


def _insert(notebook, source, at):
    import nbformat

    notebook.cells.insert(at, nbformat.v4.new_code_cell(source))


def delete(ending):
    """All right, then the first code exercise's answer cell ("") or test cell ("-test") is
    deleted.
    """

    def change(notebook):
        right(notebook)
        gone = codes(notebook)[0].replace(".", "-") + ending
        notebook.cells = [
            cell
            for cell in notebook.cells
            if cell.metadata.get("nbgrader", {}).get("grade_id") != gone
        ]

    return change


def cut_off(notebook):
    """All right, and everything after the first exercise's cells is gone."""
    right(notebook)
    first = next(iter(answers_of(notebook))).replace(".", "-") + "-test"
    end = next(
        i
        for i, cell in enumerate(notebook.cells)
        if cell.metadata.get("nbgrader", {}).get("grade_id") == first
    )
    del notebook.cells[end + 1 :]


def changed_tests(notebook):
    """Test cells emptied, points raised, an answer called a test."""
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("grade"):
            cell.source, marks["points"] = "pass", 100
        if marks.get("solution"):
            marks.update(grade=True, points=50, locked=False)


EQUAL_TO_EVERYTHING = """class Anything(float):
    shape = ()
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __abs__(self): return 0.0
    def __len__(self): return 1
    def __iter__(self): return iter([self])
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
"""

# what a submission deserves: all points, none, all but the first code exercise's, or the first
# exercise's alone
ALL_RIGHT = "all"
NONE = "none"
ALL_BUT_FIRST_CODE = "all but the first code exercise"
FIRST = "the first exercise alone"

HONEST = {
    "right": (right, ALL_RIGHT),
    "empty": (lambda notebook: None, NONE),
    **{f"mistake-{k}": (mistake(k), NONE) for k in range(6)},
    "syntax-error": (one_wrong("return ((("), ALL_BUT_FIRST_CODE),
    "endless-answer": (one_wrong("while True: pass"), ALL_BUT_FIRST_CODE),
    "endless-caught": (
        one_wrong(
            "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
        ),
        ALL_BUT_FIRST_CODE,
    ),
    "endless-cell": (extra_cell("while True:\n    pass"), ALL_RIGHT),
    "memory": (one_wrong("return [bytearray(10**9) for _ in range(60)]"), ALL_BUT_FIRST_CODE),
    "process-ends": (one_wrong("import os\nos._exit(0)"), ALL_BUT_FIRST_CODE),
    "answer-deleted": (delete(""), ALL_BUT_FIRST_CODE),
    "test-deleted": (delete("-test"), ALL_RIGHT),
    "cut-off": (cut_off, FIRST),
    "file-cut-off": (right, NONE),
    "output-flood": (
        extra_cell(
            "for _ in range(200_000):\n    print('x' * 200)\nimport os\nos.write(1, b'y' * 10**7)"
        ),
        ALL_RIGHT,
    ),
    "error-elsewhere": (extra_cell("1 / 0"), ALL_RIGHT),
    "warns": (
        extra_cell(
            "import sys, warnings\nwarnings.warn('careful')\nprint('note', file=sys.stderr)"
        ),
        ALL_RIGHT,
    ),
    "magic": (extra_cell("%matplotlib inline\n%time 1 + 1\n!echo hello"), ALL_RIGHT),
    "cell-exits": (extra_cell("import sys\nsys.exit(0)"), ALL_RIGHT),
    "surrogate": (extra_cell("print('\\ud800 \\x00')"), ALL_RIGHT),
}

ATTACKS = {
    "own-require": attack("require = lambda *names: None\nrequire_hidden = require"),
    "patched-assert": attack(
        "import builtins\nbuiltins.AssertionError = type('Fine', (Exception,), "
        "{})\nbuiltins.__build_class__ = None"
    ),
    "exits": attack("", body="import sys\nsys.exit(0)"),
    "equal-to-everything": attack(EQUAL_TO_EVERYTHING, body="return Anything()"),
    "silent": attack(
        "shell = get_ipython()\nshell.showtraceback = lambda *a, **k: "
        "None\nshell.set_custom_exc((BaseException,), lambda *a, **k: [])"
    ),
    "rewrites-cells": attack(
        "get_ipython().input_transformers_post.append(lambda lines: ['pass\\n'])"
    ),
    "checker-overwritten": attack(
        "import sys\n"
        "for name, module in list(sys.modules.items()):\n"
        "    if name.startswith('aigc_course') and module:\n"
        "        for what in ('judge', 'diagnose', 'require', 'same', 'same_behaviour', "
        "'outcomes', 'encode_outcomes', 'verdict'):\n"
        "            setattr(module, what, lambda *a, **k: True)"
    ),
    "looks-references-up": attack(
        "from aigc_course.exercises.engine import catalog\n"
        "import importlib\n"
        "try:\n"
        "    module = importlib.import_module('aigc_course.exercises.engine.catalog')\n"
        "    catalog = importlib.reload(module)\n"
        "except BaseException:\n    pass",
        body="import inspect\nreturn [task.reference for task in catalog.TASKS][0]",
    ),
    "borrows": borrows,
    "sniffs": attack(
        "import os, glob\n"
        "graded = any('NBGRADER' in name for name in os.environ)\n"
        "found = glob.glob('/tmp/**/gradebook.db', recursive=True) + "
        "glob.glob('/tmp/**/source/**/*.ipynb', recursive=True)\n"
        "print('SNIFFED', graded, [f for f in found if 'round' in f])"
    ),
    "changes-tests": changed_tests,
    "forges-results": attack(
        "import json, os\n"
        "for fd in range(3, 40):\n"
        "    for event in ({'event': 'ready'}, {'event': 'examined', 'state': 'right'}, "
        "{'event': 'checked', 'runs': []}, []):\n"
        "        try:\n            os.write(fd, (json.dumps(event) + '\\n').encode())\n  "
        "      except OSError:\n            pass"
    ),
    "child-lives-on": attack(
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; "
        "time.sleep(99)'], start_new_session=True)"
    ),
}
