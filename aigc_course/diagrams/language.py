"""The visual language of all drawings: one shape for each kind of thing, one colour for each role.

- Data (numbers, words, pictures) have square corners and are white; a vector is a row of cells.
- A layer, which has weights, has round corners and is blue.
- An operation without weights is grey and round: a circle for one sign, a pill for a word.
- A random draw is a pink diamond, a loss a red hexagon.
- Data flow along solid arrows from left to right or from bottom to top; gradients flow back along
  dashed red ones.
- A query is blue, a key orange, a value green; what is true is black, what is generated pink.

Every drawing brings its own white background, so that it reads the same in a dark theme.
"""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

from aigc_course.diagrams import svg
from aigc_course.diagrams.svg import Point
from aigc_course.plots import style

INK, GREY, PALE = "#222222", "#5A5A5A", "#EFEFEF"
QUERY, KEY, VALUE = style.BLUE, style.ORANGE, style.GREEN
TRUE, GENERATED, LOSS, LAYER = style.BLACK, style.PINK, style.RED, style.BLUE
_FILLS = {
    style.BLUE: "#DCEBF6",
    style.ORANGE: "#FCEBCB",
    style.GREEN: "#D3F0E6",
    style.PINK: "#F8E4EF",
    style.RED: "#FBE3D4",
    style.SKY: "#E1F2FC",
    INK: "#FFFFFF",
    GREY: PALE,
}
"""Colour of a line -> that of the area inside it."""

LETTERS, SMALL = 15, 13  # pixels
MOST_BYTES = 40_000


@dataclass(frozen=True)
class Shape:
    """A shape that was drawn: its middle and its size in pixels.

    Attributes:
        x, y: of the middle.
        width, height: of the box around it.
    """

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> Point:
        """Return the middle of the left side."""
        return self.x - self.width / 2, self.y

    @property
    def right(self) -> Point:
        """Return the middle of the right side."""
        return self.x + self.width / 2, self.y

    @property
    def top(self) -> Point:
        """Return the middle of the upper side."""
        return self.x, self.y - self.height / 2

    @property
    def bottom(self) -> Point:
        """Return the middle of the lower side."""
        return self.x, self.y + self.height / 2


class Drawing:
    """A drawing, built up shape by shape; the last line of a cell shows it.

    Args:
        width, height: in pixels; at most 860 wide, so that it is legible at its own size.
        alt: alternative text: what the drawing shows, for those who cannot see it.

    Attributes:
        written: each line of text with the left, upper, right and lower edge of its place.
    """

    def __init__(self, width: int, height: int, alt: str):
        self.width, self.height, self.alt = width, height, alt
        self.parts: list[str] = []
        self.written: list[tuple[str, float, float, float, float]] = []

    # --- what stands in it

    def data(
        self, x: float, y: float, words: str, *, width: float = 0, height: float = 34, **look
    ) -> Shape:
        """Draw data around a point: a box with square corners, as wide as its words."""
        return self._box(x, y, words, (width, height), 0, **({"colour": INK} | look))

    def layer(
        self, x: float, y: float, words: str, *, width: float = 0, height: float = 44, **look
    ) -> Shape:
        """Draw a layer, which has weights, around a point; "|" parts its lines."""
        return self._box(x, y, words, (width, height), 9, **({"colour": LAYER} | look))

    def operation(self, x: float, y: float, words: str, *, width: float = 0, **look) -> Shape:
        """Draw an operation without weights around a point: a circle, or a pill for a word."""
        width = width or max(34, svg.width_of(words, LETTERS) + 26)
        return self._box(x, y, words, (width, 34), 17, **({"colour": GREY} | look))

    def sample(self, x: float, y: float, words: str = "draw") -> Shape:
        """Draw a random draw around a point."""
        w, h = svg.width_of(words, SMALL) / 2 + 30, 29
        self._add(
            svg.polygon(
                [(x - w, y), (x, y - h), (x + w, y), (x, y + h)],
                fill=_FILLS[GENERATED],
                stroke=GENERATED,
                stroke_width=2,
            )
        )
        self.text(x, y + 5, words, size=SMALL)
        return Shape(x, y, 2 * w, 2 * h)

    def loss(self, x: float, y: float, words: str = "loss") -> Shape:
        """Draw a loss around a point."""
        w, h = svg.width_of(words, LETTERS) / 2 + 22, 21
        points = [(x - w, y), (x - w + 14, y - h), (x + w - 14, y - h)]
        points += [(x + w, y), (x + w - 14, y + h), (x - w + 14, y + h)]
        self._add(svg.polygon(points, fill=_FILLS[LOSS], stroke=LOSS, stroke_width=2))
        self.text(x, y + 5, words)
        return Shape(x, y, 2 * w, 2 * h)

    def vector(
        self,
        x: float,
        y: float,
        values: Sequence[str | float],
        *,
        upright: bool = False,
        cell: Point = (44, 30),
        **look,
    ) -> Shape:
        """Draw a vector around a point: cells side by side, or one above the other.

        Args:
            x, y: the middle.
            values: what stands in the cells, from left to right or from top to bottom.
            upright: whether the cells stand one above the other.
            cell: width and height of a cell in pixels.
            look: `colour` of the lines; `shades`, one number a cell, 0 for white to 1 for the
                colour's full tint.
        """
        colour, shades = look.get("colour", INK), look.get("shades")
        across, down = (0, cell[1]) if upright else (cell[0], 0)
        for i, value in enumerate(values):
            place = i - (len(values) - 1) / 2
            at = x + place * across, y + place * down
            fill = None if shades is None else _mixed(colour, shades[i])
            corner = at[0] - cell[0] / 2, at[1] - cell[1] / 2
            self._rectangle(*corner, *cell, colour, fill=fill, stroke_width=1.4)
            self.text(at[0], at[1] + 5, str(value), size=SMALL)
        n = len(values) - 1
        return Shape(x, y, cell[0] + n * across, cell[1] + n * down)

    def dot(self, x: float, y: float, colour: str = INK, radius: float = 4) -> Shape:
        """Draw a point, such as one example in a plane."""
        self._add(svg.element("circle", cx=float(x), cy=float(y), r=radius, fill=colour))
        return Shape(x, y, 2 * radius, 2 * radius)

    def cross(self, x: float, y: float, colour: str = INK, radius: float = 5) -> Shape:
        """Draw a cross, an example of the other kind."""
        for dx in (radius, -radius):
            self.line((x - dx, y - radius), (x + dx, y + radius), colour=colour, width=2.4)
        return Shape(x, y, 2 * radius, 2 * radius)

    def frame(
        self, left: float, top: float, right: float, bottom: float, words: str = "", **look
    ) -> Shape:
        """Draw a dashed frame around parts that belong together, with its name inside, on top."""
        colour = look.get("colour", GREY)
        size = right - left, bottom - top
        dashes = {"stroke_dasharray": "6 4", "stroke_width": 1.4}
        self._rectangle(left, top, *size, colour, fill="none", rx=10, **dashes)
        if words:
            self.text(left + 10, top + 18, words, size=SMALL, colour=colour, anchor="start")
        return Shape((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)

    # --- what joins it

    def arrow(
        self,
        start: Point | Shape,
        end: Point | Shape,
        words: str = "",
        *,
        via: Sequence[Point] = (),
        above: bool = True,
        **look,
    ) -> None:
        """Draw an arrow.

        Args:
            start: a point, or a shape, from whose edge the arrow goes.
            end: a point, or a shape, at whose edge the arrow ends.
            words: written beside its middle.
            via: corners on the way.
            above: whether the words stand above a level arrow, or to the right of a steep one.
            look: `colour` of the arrow and its words, `dashed`, `width` of the line in pixels.
        """
        first, last = _ends(start, end, via)
        points = [first, *via, last]
        colour = look.get("colour", INK)
        self.curve([*points[:-1], _back(points[-2], last, 6)], **({"width": 1.8} | look))
        self._add(svg.arrow_head(last, points[-2], colour))
        if words:
            middle = points[len(points) // 2 - 1], points[len(points) // 2]
            self._write_beside(*middle, words, colour, 1 if above else -1)

    def gradient(self, start: Point | Shape, end: Point | Shape, words: str = "", **how) -> None:
        """Draw the arrow of a gradient: dashed and red."""
        self.arrow(start, end, words, colour=LOSS, dashed=True, **how)

    def line(
        self, start: Point, end: Point, *, colour: str = INK, width: float = 1.5, dashed=False
    ) -> None:
        """Draw a line."""
        self.curve([start, end], colour=colour, width=width, dashed=dashed)

    def curve(
        self, points: Sequence[Point], *, colour: str = INK, width: float = 2, dashed=False
    ) -> None:
        """Draw a line through many points."""
        dash = "6 4" if dashed else None
        self._add(svg.polyline(points, stroke=colour, stroke_width=width, stroke_dasharray=dash))

    def area(self, points: Sequence[Point], colour: str) -> None:
        """Fill the area inside a line through points with the tint of a colour."""
        self._add(svg.polygon(points, fill=_FILLS.get(colour, colour)))

    # --- what is written in it

    def text(self, x: float, y: float, words: str, *, size: float = LETTERS, **look) -> None:
        """Write a line of text.

        Args:
            x, y: where it is anchored, on its base line.
            words: plain text; `h_{t-1}` lowers letters, `x^2` raises them.
            size: of the letters in pixels.
            look: `colour`; `anchor`, "start", "middle" or "end"; `bold`.

        Raises:
            ValueError: the text does not fit into the drawing.
        """
        anchor, bold = look.get("anchor", "middle"), look.get("bold", False)
        how = {"text_anchor": anchor, "font_weight": "bold" if bold else None}
        self._add(svg.text(float(x), float(y), words, size, look.get("colour", INK), **how))
        width = svg.width_of(words, size, bold)
        left = x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        if left < -0.5 or left + width > self.width + 0.5 or not size <= y <= self.height:
            raise ValueError(f"{words!r} does not fit into the drawing")
        self.written.append((words, left, y - 0.72 * size, left + width, y + 0.2 * size))

    def note(self, x: float, y: float, words: str, **how) -> None:
        """Write small grey lines that explain, parted by "|"."""
        for i, line in enumerate(words.split("|")):
            self.text(x, y + 17 * i, line, **({"size": SMALL, "colour": GREY} | how))

    def title(self, x: float, y: float, words: str, **how) -> None:
        """Write the name of a part of the drawing, in bold."""
        self.text(x, y, words, **({"bold": True} | how))

    # --- how it is shown

    def svg(self) -> str:
        """Return the drawing as the text of an SVG file."""
        background = svg.element(
            "rect", width=self.width, height=self.height, rx=10, fill="#FFFFFF"
        )
        return svg.element(
            "svg",
            svg.element("title", html.escape(self.alt)) + background + "".join(self.parts),
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {self.width} {self.height}",
            width=self.width,
            height=self.height,
            role="img",
            aria_label=self.alt,
            font_family=svg.FONT,
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        """Show the drawing as a picture with alternative text, which every viewer displays."""
        coded = base64.b64encode(self.svg().encode()).decode()
        picture = (
            f'<img src="data:image/svg+xml;base64,{coded}" width="{self.width}" '
            f'alt="{html.escape(self.alt)}" style="max-width:100%">'
        )
        return {"text/html": picture, "text/plain": f"Drawing: {self.alt}"}

    def __repr__(self) -> str:
        return f"Drawing: {self.alt}"

    def _add(self, part: str) -> None:
        self.parts.append(part)

    def _rectangle(
        self, left: float, top: float, width: float, height: float, colour: str, **look
    ) -> None:
        """Draw a rectangle in a colour, filled with the colour's tint unless `fill` is another."""
        how = {"stroke_width": 1.8} | look
        how["fill"] = how.get("fill") or _FILLS.get(colour, "#FFFFFF")
        where = {"x": float(left), "y": float(top)}
        size = {"width": float(width), "height": float(height)}
        self._add(svg.element("rect", **where, **size, stroke=colour, **how))

    def _write_beside(self, start: Point, end: Point, words: str, colour: str, side: int) -> None:
        """Write beside the middle of a line: above it or below, right of a steep one or left."""
        x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        if abs(end[1] - start[1]) > abs(end[0] - start[0]):
            anchor = "start" if side > 0 else "end"
            self.text(x + 8 * side, y + 5, words, size=SMALL, colour=colour, anchor=anchor)
        else:
            self.text(x, y - 8 if side > 0 else y + 18, words, size=SMALL, colour=colour)

    def _box(self, x: float, y: float, words: str, size: Point, radius: float, **look) -> Shape:
        """Draw a box with words in its middle; "|" parts its lines.

        Args:
            x, y: the middle.
            words: what stands in it.
            size: width and height in pixels; a width of 0 follows the words.
            radius: of its corners.
            look: `colour` of its line, `fill`, `letters` for the size of the words.

        Raises:
            ValueError: the words do not fit.
        """
        width, height = size
        colour, letters = look["colour"], look.get("letters", LETTERS)
        lines = words.split("|")
        needed = max(svg.width_of(line, letters) for line in lines)
        if width and needed > width:
            raise ValueError(f"{words!r} does not fit into a box of {width} pixels")
        width = width or needed + 24
        height = max(height, 19 * len(lines) + 10)
        corner = x - width / 2, y - height / 2
        inside = {"fill": look.get("fill"), "rx": radius or None}
        self._rectangle(*corner, width, height, colour, **inside)
        for i, line in enumerate(lines):
            self.text(x, y + 5 + 19 * (i - (len(lines) - 1) / 2), line, size=letters)
        return Shape(x, y, width, height)


def _ends(start: Point | Shape, end: Point | Shape, via: Sequence[Point]) -> tuple[Point, Point]:
    """Return where an arrow between points or shapes begins and ends."""
    middle = [(one.x, one.y) if isinstance(one, Shape) else one for one in (start, end)]
    ways = [(via[0] if via else middle[1]), (via[-1] if via else middle[0])]
    edges = [
        _edge(one, way) if isinstance(one, Shape) else one
        for one, way in zip((start, end), ways, strict=True)
    ]
    return edges[0], edges[1]


def _edge(shape: Shape, towards: Point) -> Point:
    """Return the middle of that side of a shape that looks towards a point."""
    dx, dy = towards[0] - shape.x, towards[1] - shape.y
    if abs(dx) * shape.height >= abs(dy) * shape.width:
        return shape.right if dx > 0 else shape.left
    return shape.bottom if dy > 0 else shape.top


def _back(before: Point, end: Point, distance: float) -> Point:
    """Return the point on a line that lies so far before its end."""
    length = math.dist(before, end) or 1
    part = max(0.0, 1 - distance / length)
    return before[0] + (end[0] - before[0]) * part, before[1] + (end[1] - before[1]) * part


def _mixed(colour: str, share: float) -> str:
    """Return a colour mixed with white; letters in ink stay legible on it."""
    part = 0.75 * min(max(share, 0.0), 1.0)
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(255 + (c - 255) * part):02X}" for c in rgb)
