"""The house: imports point one way, nothing private crosses a module, all is documented."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "aigc_course"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "nbgrader_config.py")

# A module imports from its own line and from those above. Three parts of packages stand lower than
# the rest of theirs, as they need nothing of it.
LAYERS = (
    "core",
    "runtime",
    "course.syllabus",
    "plots",
    "diagrams",
    "data",
    "evaluation.statistics",
    "text",
    "models.base",
    "generation",
    "models",
    "training",
    "pretrained",
    "evaluation",
    "widgets",
    "recipes",
    "exercises",
    "course",
    "classroom",
    "authoring",
    "cli",
)

# The verbs that docstrings of functions begin with; a new verb is added here.
IMPERATIVES = set(
    """
    Accept Add Append Apply Ask Assert Assign Attend Bring Build Call Change Check Choose Clean
    Clear Clip Close Collect Combine Compare Compile Compute Convert Copy Correct Count Create Cut
    Decode Decorate Delete Describe Detect Display Divide Download Drag Draw Drop Encode
    Evaluate Examine Execute Export Extend Extract Fetch Fill Filter Find Fit Forget Format
    Free Freeze Generate Give Guard Hide Import Initialize Insert Interpolate Invert Join Judge Keep
    Learn Leave Let Load Look Make Match Measure Merge Minimize Move Name Normalize Note Open
    Pad Parse Pass Pick Predict Prepare Print Publish Put Raise Read Reconstruct Record Reduce
    Refuse Register Release Remove Rename Repeat Replace Require Reset Resize Restore Resume
    Return Rotate Run Sample Save Score Search Seed Select Send Set Sharpen Show Shuffle Silence
    Sort Split Stamp Start Stop Store Take Tell Tokenize Train Transform Translate Trim Try Turn
    Undo Unpack Update Verify Wait Warn Weigh Wrap Write Yield
    """.split()
)

# The functions of these modules are known mistakes too, which their decorators describe.
DESCRIBED = [path for path in MODULES if path.parent != PACKAGE / "exercises"]


def named(path):
    return str(path.relative_to(ROOT))


def dotted(path):
    """The name of a module or package within the library, "plots.figures" say."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


KNOWN = {dotted(path) for path in MODULES}


@cache
def imports(path):
    """(module of the library, name or "" for the module itself, line) of every import, wherever it
    stands in the file.
    """
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aigc_course"):
            base = node.module.removeprefix("aigc_course").removeprefix(".")
            for alias in node.names:
                whole = f"{base}.{alias.name}".strip(".")
                inside = whole in KNOWN
                found.append((whole if inside else base, "" if inside else alias.name, node.lineno))
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names if a.name.startswith("aigc_course.")]
            found += [(name.removeprefix("aigc_course."), "", node.lineno) for name in names]
    return found


def layer(module):
    """Index of the longest entry of `LAYERS` that a module belongs to."""
    own = [i for i, name in enumerate(LAYERS) if f"{module}.".startswith(f"{name}.")]
    assert own or module in ("", "__main__"), f"{module} stands in no layer"
    return max(own, key=lambda i: len(LAYERS[i]), default=len(LAYERS))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_imports_point_one_way(path):
    above = [
        f"line {line}: {module}"
        for module, _, line in imports(path)
        if module and layer(module) > layer(dotted(path))
    ]
    assert not above, f"{dotted(path)} imports from above: {above}"


def test_no_circle_of_imports():
    """Imports inside functions count, too."""
    graph = {dotted(path): {module for module, _, _ in imports(path)} for path in MODULES}
    done, on_the_way = set(), []

    def visit(module):
        assert module not in on_the_way, " -> ".join([*on_the_way, module])
        if module not in done:
            on_the_way.append(module)
            for other in sorted(graph.get(module, ())):
                visit(other)
            done.add(on_the_way.pop())

    for module in sorted(graph):
        visit(module)


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_no_private_name_crosses_a_module(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    crossing = [name for _, name, _ in imports(path) if name.startswith("_")]
    modules = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aigc_course")
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            private = node.attr.startswith("_") and not node.attr.startswith("__")
            crossing += [f"{node.value.id}.{node.attr}"] * (private and node.value.id in modules)
    assert not crossing


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_everything_public_is_documented_and_functions_are_short(path):
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    assert ast.get_docstring(tree), "the module has no docstring"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            # The known mistakes of an exercise are told by their decorator.
            known = any("mistake(" in ast.unparse(d) for d in node.decorator_list)
            hidden = any(".hidden(" in ast.unparse(d) for d in node.decorator_list)
            if not node.name.startswith("_") and node in tree.body and not known and not hidden:
                assert ast.get_docstring(node), node.name
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 40, node.name
            assert len(node.args.args) + len(node.args.kwonlyargs) <= 7, node.name  # with self


@pytest.mark.parametrize("path", DESCRIBED, ids=named)
def test_docstrings_are_imperative(path):
    """A docstring tells a function what to do ("Return the entropy"), as Google style has it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    begun = [(f.name, doc.split()[0]) for f in functions if (doc := ast.get_docstring(f))]
    other = [f"{name}: {word!r}" for name, word in begun if word not in IMPERATIVES]
    assert not other, f"no verb in the imperative, or one to add to IMPERATIVES: {other}"


def test_each_thing_exists_once():
    """No two modules of the library define a public function or class of one name with one body."""
    seen = {}
    for path in MODULES:
        if path.parent.name == "exercises":  # one mistake may be made in several exercises
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and len(node.body) > 1:
                body = ast.dump(ast.Module([n for n in node.body if not is_text(n)], []))
                assert seen.setdefault(body, named(path)) == named(path), (node.name, seen[body])


def is_text(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
