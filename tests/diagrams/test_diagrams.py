"""Drawings: seen by every viewer, legible, small, told in words; one language for all."""

import importlib
import inspect
import itertools
import pkgutil
from xml.etree import ElementTree

import pytest

from aigc_course import diagrams
from aigc_course.diagrams import svg
from aigc_course.diagrams.language import MOST_BYTES, Drawing

MODULES = [
    importlib.import_module(f"aigc_course.diagrams.{module.name}")
    for module in pkgutil.iter_modules(diagrams.__path__)
    if module.name not in ("language", "svg")
]
ALL = [
    function
    for module in MODULES
    for name, function in vars(module).items()
    if inspect.isfunction(function)
    and function.__module__ == module.__name__
    and not name.startswith("_")
]
SPACE = "{http://www.w3.org/2000/svg}"
KNOWN = {"svg", "title", "rect", "text", "tspan", "polygon", "polyline", "circle"}


def named(function):
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"


@pytest.mark.parametrize("function", ALL, ids=named)
def test_a_drawing_is_small_and_every_viewer_shows_it(function):
    drawing = function()
    assert isinstance(drawing, Drawing)
    text = drawing.svg()
    assert len(text.encode()) <= MOST_BYTES
    root = ElementTree.fromstring(text)
    for part in root.iter():
        # What viewers remove when they clean SVG: styles, references, scripts.
        assert part.tag.removeprefix(SPACE) in KNOWN, part.tag
        assert not {"style", "class", "id", "href"} & set(part.attrib)
    assert root[1].attrib["fill"] == "#FFFFFF", "it brings a background for dark themes"


@pytest.mark.parametrize("function", ALL, ids=named)
def test_a_drawing_is_legible_at_its_own_size(function):
    drawing = function()
    assert drawing.width <= 860
    sizes = {
        float(part.attrib["font-size"])
        for part in ElementTree.fromstring(drawing.svg()).iter(f"{SPACE}text")
    }
    assert min(sizes) >= 12
    for one, other in itertools.combinations(drawing.written, 2):
        across = min(one[3], other[3]) - max(one[1], other[1])
        down = min(one[4], other[4]) - max(one[2], other[2])
        assert across <= 1 or down <= 1, f"{one[0]!r} lies over {other[0]!r}"


@pytest.mark.parametrize("function", ALL, ids=named)
def test_a_drawing_is_told_in_words(function):
    drawing = function()
    assert 60 <= len(drawing.alt) <= 1000 and drawing.alt.rstrip().endswith(".")
    shown = drawing._repr_mimebundle_()
    assert f'alt="{svg.html.escape(drawing.alt)}"' in shown["text/html"]
    assert "<title>" in drawing.svg()


def test_letters_are_lowered_and_raised():
    assert svg.pieces("h_{t-1} + x^2") == [("h", 0), ("t-1", -1), (" + x", 0), ("2", 1)]
    line = svg.text(0, 20, "w_1 x", 10, "#000000")
    root = ElementTree.fromstring(line)
    moves = [float(part.attrib.get("dy", 0)) for part in root]
    assert sum(moves) == pytest.approx(0), "the text goes back to its base line"
    assert "".join(root.itertext()) == "w1 x"
    assert svg.width_of("w_1", 20) < svg.width_of("w1", 20)


def test_what_does_not_fit_is_refused():
    drawing = Drawing(200, 100, "A test.")
    for write in (
        lambda: drawing.text(190, 50, "too far to the right"),
        lambda: drawing.text(100, 5, "too high"),
        lambda: drawing.data(100, 50, "many words in a small box", width=40),
    ):
        with pytest.raises(ValueError, match="does not fit"):
            write()


def test_words_cannot_become_code():
    drawing = Drawing(400, 100, 'A "quoted" <b>alt</b>.')
    drawing.text(200, 50, "<script>1</script>")
    root = ElementTree.fromstring(drawing.svg())
    assert {part.tag.removeprefix(SPACE) for part in root.iter()} <= KNOWN
    assert "<b>" not in drawing._repr_mimebundle_()["text/html"]


def test_arrows_go_from_edge_to_edge():
    drawing = Drawing(400, 100, "Two boxes.")
    left, right = drawing.data(80, 50, "one"), drawing.layer(320, 50, "two")
    drawing.arrow(left, right, "words")
    line = next(part for part in ElementTree.fromstring(drawing.svg()).iter(f"{SPACE}polyline"))
    (x0, y0), (x1, y1) = (map(float, point.split(",")) for point in line.get("points").split())
    assert (x0, y0, y1) == (pytest.approx(left.right[0], abs=0.1), 50, 50)
    assert right.left[0] - 8 < x1 < right.left[0]
