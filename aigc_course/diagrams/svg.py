"""Elements of SVG that every viewer shows: attributes only, and no styles, markers or links.

Viewers of notebooks clean SVG before they show it, and drop what they do not know.
"""

from __future__ import annotations

import functools
import html
import math
import re
from collections.abc import Sequence

FONT = "Arial, Helvetica, 'DejaVu Sans', sans-serif"
Point = tuple[float, float]

_SMALL = 0.72  # size of raised and lowered letters, as a part of that of the text
_MARKED = re.compile(r"([_^])(\{[^}]*\}|\S)")


def number(value: float) -> str:
    """Return a number with at most one decimal."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def attributes(**values: object) -> str:
    """Return attributes of an element; underscores in names become hyphens, None is left out."""
    parts = []
    for name, value in values.items():
        if value is not None:
            written = number(value) if isinstance(value, float) else str(value)
            parts.append(f' {name.replace("_", "-")}="{html.escape(written)}"')
    return "".join(parts)


def element(name: str, content: str = "", **values: object) -> str:
    """Return an element as text."""
    head = f"<{name}{attributes(**values)}"
    return f"{head}>{content}</{name}>" if content else f"{head}/>"


def text(x: float, y: float, words: str, size: float, fill: str, **values: object) -> str:
    """Return a line of text.

    Args:
        x, y: where it is anchored, on its base line.
        words: plain text; `h_t` and `h_{t-1}` lower letters, `x^2` and `e^{x}` raise them.
        size: of the letters, in pixels.
        fill: colour.
        values: further attributes, such as `text_anchor="middle"`.
    """
    parts, back = [], 0.0
    for piece, shift in pieces(words):
        lowered = {-1: 0.3, 0: 0.0, 1: -0.38}[shift] * size
        move = lowered - back
        back = lowered
        small = number(size * _SMALL) if shift else None
        parts.append(
            element(
                "tspan",
                html.escape(piece) or " ",
                dy=number(move) if move else None,
                font_size=small,
            )
            if shift or move
            else html.escape(piece)
        )
    return element("text", "".join(parts), x=x, y=y, font_size=number(size), fill=fill, **values)


def pieces(words: str) -> list[tuple[str, int]]:
    """Return the parts of a text: (letters, -1 for lowered, 0, or 1 for raised)."""
    found, start = [], 0
    for marked in _MARKED.finditer(words):
        if marked.start() > start:
            found.append((words[start : marked.start()], 0))
        letters = marked[2][1:-1] if marked[2].startswith("{") else marked[2]
        found.append((letters, 1 if marked[1] == "^" else -1))
        start = marked.end()
    if start < len(words):
        found.append((words[start:], 0))
    return found


def width_of(words: str, size: float, bold: bool = False) -> float:
    """Return the width of a text in pixels, in DejaVu Sans, which is wider than most fonts."""
    font = _font(bold)
    return sum(
        font.getlength(piece) / 100 * size * (_SMALL if shift else 1)
        for piece, shift in pieces(words)
    )


@functools.cache
def _font(bold: bool):
    from matplotlib import font_manager
    from PIL import ImageFont

    weight = "bold" if bold else "normal"
    found = font_manager.findfont(font_manager.FontProperties(family="DejaVu Sans", weight=weight))
    return ImageFont.truetype(found, 100)


def polygon(points: Sequence[Point], **values: object) -> str:
    """Return a closed line through points."""
    return element("polygon", points=_listed(points), **values)


def polyline(points: Sequence[Point], **values: object) -> str:
    """Return an open line through points."""
    return element("polyline", points=_listed(points), fill="none", **values)


def _listed(points: Sequence[Point]) -> str:
    return " ".join(f"{number(x)},{number(y)}" for x, y in points)


def arrow_head(end: Point, before: Point, colour: str, size: float = 9) -> str:
    """Return the head of an arrow.

    Args:
        end: its tip.
        before: a point on the line before the tip, which gives the direction.
        colour: of the head.
        size: its length in pixels.
    """
    angle = math.atan2(end[1] - before[1], end[0] - before[0])
    points = [end]
    for turn in (2.7, -2.7):
        points.append(
            (end[0] + size * math.cos(angle + turn), end[1] + size * math.sin(angle + turn))
        )
    return polygon(points, fill=colour)
