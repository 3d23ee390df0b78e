"""The same seed gives the same answer: every lesson run three times in one thread, all its models
and numbers compared bit for bit. The last of the three has no network, as after installation no
cell needs it.

At "smoke" scale; `AIGC_SAME_SCALE=cpu` takes the promised one (half an hour on two cores).
"""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from aigc_course.course import lessons

pytestmark = pytest.mark.full
SCALE = os.environ.get("AIGC_SAME_SCALE", "smoke")
RUNS = 3
WITHOUT_NETWORK = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]

DIGEST = '''
import hashlib as _hashlib, random as _random, types as _types
import numpy as _np


def _digest(value, seen, depth=0):
    """Hash of a value: numbers by their bits, containers in their order, the course's and the lesson's own objects by what they hold."""
    kind = type(value)
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu()
        value = value.float().numpy() if str(value.dtype) in ("torch.bfloat16", "torch.float16") else value.numpy()
    if isinstance(value, _np.ndarray):
        content = value.tobytes() if value.dtype != object else repr(value.tolist()).encode()
        return _hashlib.sha256(repr((value.dtype, value.shape)).encode() + content).hexdigest()
    if isinstance(value, (str, bytes, int, float, bool, type(None))):
        return _hashlib.sha256(f"{kind.__name__} {value!r}".encode("utf-8", "surrogatepass")).hexdigest()
    if id(value) in seen or depth > 12:
        return "seen"
    seen = seen | {id(value)}
    if isinstance(value, (set, frozenset)):
        parts = sorted(_digest(one, seen, depth + 1) for one in value)
    elif isinstance(value, dict):
        parts = [_digest(part, seen, depth + 1) for pair in value.items() for part in pair]
    elif isinstance(value, (list, tuple)):
        parts = [_digest(one, seen, depth + 1) for one in value]
    elif isinstance(value, _random.Random):
        parts = [repr(value.getstate())]
    elif kind.__module__.split(".")[0] in ("aigc_course", "__main__", "torch", "transformers", "peft") and hasattr(value, "__dict__"):
        if hasattr(value, "state_dict"):
            parts = [_digest(dict(value.state_dict()), seen, depth + 1)]
        else:
            parts = [_digest(vars(value), seen, depth + 1)]
    else:
        return "other"
    return _hashlib.sha256((kind.__name__ + " ".join(parts)).encode()).hexdigest()


_left_out = (_types.ModuleType, _types.FunctionType, _types.BuiltinFunctionType, type)
_names = sorted(name for name, value in globals().items() if not name.startswith("_") and name not in ("In", "Out", "exit", "quit", "get_ipython"))
for _name in _names:
    if not isinstance(globals()[_name], _left_out):
        _found = _digest(globals()[_name], frozenset())
        if _found != "other":
            print(_name, type(globals()[_name]).__name__, _found)
'''  # noqa: E501 (code of a cell)

MAY_DIFFER = {
    "welcome": {"findings", "rows"},
    "chainrule": {"begun", "seconds", "times", "faster"},
    "lstm": {"seconds", "start", "faster"},
    "gpt": {"seconds", "start"},
    "pretrained": {"place"},
    "gan": {"folder"},
}
# Memory that is free, measured times, names of temporary folders.


def can_cut_the_network():
    return (
        shutil.which("unshare")
        and subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode == 0
    )


def answers(lesson, folder, before=()):
    """Name and kind of what a lesson leaves behind -> hash; from a process of its own, started by
    the command `before`.
    """
    notebook = lessons.read(lesson.path)
    notebook.cells.append(nbformat.v4.new_code_cell(DIGEST))
    shutil.rmtree(folder, ignore_errors=True)  # the same name for every run
    folder.mkdir()
    path, made = folder / lesson.path.name, folder / "made"
    nbformat.write(notebook, path)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTEST")
    }
    environment |= {"AIGC_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1"}
    command = [
        *before,
        sys.executable,
        "-m",
        "aigc_course",
        "run",
        str(path),
        "--scale",
        SCALE,
        "--out",
        str(made),
    ]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    outputs = nbformat.read(made / lesson.path.name, as_version=4).cells[-1].outputs
    text = "".join(output.text for output in outputs if output.output_type == "stream")
    return dict(line.rsplit(" ", 1) for line in text.splitlines())


@pytest.mark.parametrize("lesson", lessons.all_lessons(), ids=lambda lesson: lesson.topic)
def test_three_runs_are_equal_bit_for_bit_the_last_without_a_network(lesson, tmp_path, count):
    first, *others = [answers(lesson, tmp_path / "run") for _ in range(RUNS - 1)]
    cut = can_cut_the_network()
    others.append(answers(lesson, tmp_path / "run", WITHOUT_NETWORK if cut else ()))
    assert len(first) > 5
    for other in others:
        assert other.keys() == first.keys()
        differ = {name.split()[0] for name in first if first[name] != other[name]}
        assert differ <= MAY_DIFFER.get(lesson.topic, set()), differ
    count("values of a lesson compared bit for bit, three runs each, at least", len(first))
    if not cut:
        pytest.skip(
            "equal bit for bit; but this system does not let us cut the network (needs "
            "Linux and root)"
        )
