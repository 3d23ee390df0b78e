"""The stored curve of loss against compute, shown in the lesson on GPT, fits the sizes of its
models.
"""

import importlib.util
import json

import pytest

from aigc_course.core import paths
from aigc_course.data.stories import tales
from aigc_course.models.text.gpt import GPT, GPTConfig
from aigc_course.text.vocabulary import END, Vocabulary

STORED = json.loads(paths.course_file("data/curves/scaling.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def scaling():
    """The program that makes the curve."""
    path = paths.course_root() / "benchmarks" / "scaling.py"
    spec = importlib.util.spec_from_file_location("scaling", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_stored_sizes_are_those_that_multiply(scaling):
    words = Vocabulary([END, *tale.tokens] for tale in tales.sample(2000, seed=1))
    assert set(STORED["models"]) == set(scaling.MODELS)
    for name, (width, positions) in scaling.MODELS.items():
        model = GPT(GPTConfig(len(words), 256, d_model=width, positions=positions))
        assert STORED["models"][name]["parameters"] == scaling.multiplying_parameters(model), name
    same = [STORED["models"][name]["parameters"] for name in scaling.MODELS if "96" in name]
    assert same[0] == same[1]  # rotary or learned: positions are added, they multiply nothing


def test_stored_operations_follow_from_sizes_and_steps(scaling):
    """Every model read the same tokens, so that operations are in proportion."""
    first, *others = STORED["models"].values()
    tokens = first["points"][0]["flops"] / scaling.training_flops(first["parameters"], 1)
    a_step = tokens / first["points"][0]["steps"]
    for kept in (first, *others):
        for point in kept["points"]:
            counted = scaling.training_flops(kept["parameters"], a_step * point["steps"])
            assert point["flops"] == pytest.approx(counted, rel=1e-9)
