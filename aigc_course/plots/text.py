"""Figures of the text lessons: maps of words, parse trees, attention, and marked texts as HTML."""

from __future__ import annotations

import html
import itertools
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from aigc_course.plots.style import BLACK, BLUE, ORANGE, RED, show


def word_map(
    points,
    groups: dict[str, Sequence[int]],
    names: Sequence[str],
    alt: str,
    *,
    line: Sequence[float] | None = None,
) -> None:
    """Draw words as points of a plane, each group with its own colour and marker.

    Args:
        points: (N, 2).
        groups: name -> rows of `points`.
        names: of all N words; a group's names are written as a block above its points; () writes
            none.
        alt: alternative text.
        line: (w1, w2, b) of a boundary w1 x + w2 y + b = 0, drawn dashed; None draws none.
    """
    show(word_map_figure(points, groups, names, line=line), alt)


def word_map_figure(
    points,
    groups: dict[str, Sequence[int]],
    names: Sequence[str],
    *,
    line: Sequence[float] | None = None,
) -> Figure:
    """Return the figure of `word_map`, whose arguments these are."""
    points = np.asarray(points)
    figure, axes = plt.subplots(figsize=(7.5, 5) if names else (5.5, 3.6))
    above = {"xytext": (0, 8), "textcoords": "offset points", "ha": "center", "fontsize": 9}
    for (group, rows), marker in zip(groups.items(), itertools.cycle("osD^vP"), strict=False):
        axes.scatter(*points[list(rows)].T, marker=marker, s=45, label=group)
        if names:
            starts = range(0, len(rows), 3)
            block = [" ".join(names[i] for i in rows[start : start + 3]) for start in starts]
            spot = points[list(rows)].mean(0)[0], points[list(rows)].max(0)[1]
            axes.annotate("\n".join(block), spot, **above)
    if line is not None:
        _draw_boundary(axes, line)
    axes.margins(x=0.15, y=0.18)
    axes.legend(loc="best", fontsize=9)
    return figure


def _draw_boundary(axes, line: Sequence[float]) -> None:
    """Draw the line w1 x + w2 y + b = 0 across the axes, whose limits stay as they are."""
    low, high = axes.get_xlim(), axes.get_ylim()
    w, norm = np.array(line[:2]), np.hypot(line[0], line[1])
    nearest = -line[2] * w / norm**2  # the point nearest to the origin
    along = np.array([-w[1], w[0]]) / norm  # the direction of the line
    ends = nearest + np.outer([-1e3, 1e3], along)
    axes.plot(*ends.T, color=BLACK, linestyle="--", linewidth=1.5, label="boundary")
    axes.set(xlim=low, ylim=high)


def tree(root: tuple, alt: str) -> None:
    """Draw a parse tree with its words on one line at the bottom.

    Args:
        root: (label, child ...); a child is a tree of the same form, or a word.
        alt: alternative text.
    """
    show(tree_figure(root), alt)


def tree_figure(root: tuple) -> Figure:
    """Return the figure of a parse tree, with its words on one line at the bottom.

    Args:
        root: (label, child ...); a child is a tree of the same form, or a word.
    """

    def depth(node) -> int:  # levels below a node
        return 0 if isinstance(node, str) else 1 + max(map(depth, node[1:]))

    def place(node, level: int) -> float:  # sets a node above its children, returns its x
        if isinstance(node, str):
            x, y = len(words), 0
            words.append(node)
        else:
            below = [place(child, level - 1) for child in node[1:]]
            x, y = (below[0] + below[-1]) / 2, level
            for child, x_below in zip(node[1:], below, strict=True):
                lines.append((x, y, x_below, 0 if isinstance(child, str) else level - 1))
        spots.append((x, y, node if isinstance(node, str) else node[0]))
        return x

    words, spots, lines = [], [], []
    place(root, depth(root))
    figure, axes = plt.subplots(figsize=(0.9 * len(words) + 1, 0.62 * depth(root) + 0.6))
    for x0, y0, x1, y1 in lines:
        axes.plot([x0, x1], [y0, y1], color="#888888", linewidth=1, zorder=1)
    for x, y, label in spots:
        colour, style = (BLACK, "italic") if y == 0 else (BLUE, "normal")
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        axes.text(
            x, y, label, ha="center", va="center", color=colour, style=style, bbox=box, zorder=2
        )
    axes.set(xlim=(-0.6, len(words) - 0.4), ylim=(-0.5, depth(root) + 0.5))
    axes.axis("off")
    return figure


def attention_row(
    tokens: Sequence[str], weights: Sequence[float], alt: str, *, width: int = 92
) -> None:
    """Draw a text whose tokens are the darker the more the last token read attends to them.

    Args:
        tokens: T + 1 tokens: those read, the last of which is framed, and the next one, in orange.
        weights: (T,) attention weights of the last token read, in [0, 1].
        alt: alternative text.
        width: characters in a line.
    """
    lines, column = [[]], 0
    for i, token in enumerate(tokens):
        if column and column + len(token) > width:
            lines.append([])
            column = 0
        lines[-1].append((i, column, token))
        column += len(token) + 1.6  # room for the box around the token
    figure, axes = plt.subplots(figsize=(8, 0.3 + 0.27 * len(lines)))
    axes.set(xlim=(0, width + 4), ylim=(len(lines), 0))
    axes.axis("off")
    for row, line in enumerate(lines):
        for i, column, token in line:
            share = float(weights[i]) if i < len(weights) else 0.0
            colour = ORANGE if i == len(weights) else plt.get_cmap("Blues")(0.85 * share)
            frame = BLACK if i == len(weights) - 1 else "none"
            axes.text(
                column,
                row + 0.5,
                token,
                family="monospace",
                fontsize=9,
                va="center",
                color="white" if share > 0.6 else "black",
                bbox={"boxstyle": "round,pad=0.15", "facecolor": colour, "edgecolor": frame},
            )
    show(figure, alt)


def alignment(
    weights, rows: Sequence[str], columns: Sequence[str], labels: tuple[str, str], alt: str
) -> None:
    """Draw the attention weights between two texts, in any script, as colours.

    Args:
        weights: (len(rows), len(columns)) in [0, 1].
        rows: words that attend. Where they are Chinese and this machine has no font for them, the
            figure shows numbers, and the words are printed below it.
        columns: words attended to.
        labels: (what the columns are, what the rows are).
        alt: alternative text.
    """
    font = None if "".join(rows).isascii() else _chinese_font()
    numbered = not font and not "".join(rows).isascii()
    figure, axes = plt.subplots(figsize=(1.2 + 0.17 * len(columns), 1.0 + 0.16 * len(rows)))
    axes.imshow(np.asarray(weights), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=8)
    axes.set_yticks(
        range(len(rows)),
        map(str, range(1, len(rows) + 1)) if numbered else rows,
        fontsize=8,
        fontproperties=font,
    )
    axes.grid(visible=False)
    axes.set(xlabel=labels[0], ylabel=labels[1])
    show(figure, alt)
    if numbered:
        print(" ".join(f"{i}:{word}" for i, word in enumerate(rows, 1)))


def _chinese_font():
    """Return a font with Chinese characters if this machine has one known by name, else None."""
    from matplotlib import font_manager

    known = (
        "Noto Sans CJK SC",
        "Noto Sans CJK JP",
        "Source Han Sans SC",
        "WenQuanYi Micro Hei",
        "PingFang SC",
        "Hiragino Sans GB",
        "Microsoft YaHei",
        "SimHei",
    )
    there = {entry.name: entry.fname for entry in font_manager.fontManager.ttflist}
    return next(
        (font_manager.FontProperties(fname=there[name], size=8) for name in known if name in there),
        None,
    )


def attended(tokens: Sequence[str], weights: Sequence[float], at: int) -> str:
    """Return HTML of a text in which tokens are the darker the more one token attends to them.

    That token is framed; tokens with a weight of 5 % or more show it.

    Args:
        tokens: T tokens.
        weights: (T,) attention weights of token `at`, in [0, 1].
        at: index of the token that attends.
    """
    # The colour is mixed with white and not made transparent, as the page may be dark.
    style = (
        "background:rgb({red:.0f},{green:.0f},{blue:.0f});color:{ink};padding:1px "
        "3px;margin:1px;{frame}display:inline-block"
    )
    box = '<span title="{share:.1%}" style="' + style + '">{token}{small}</span>'
    parts = []
    for i, (token, share) in enumerate(zip(tokens, weights, strict=True)):
        small = f"<sub>{share:.0%}</sub>" if share >= 0.05 else ""
        frame = f"border:2px solid {ORANGE};" if i == at else ""
        mixed = {
            name: 255 + (full - 255) * float(share)
            for name, full in (("red", 0), ("green", 114), ("blue", 178))
        }
        ink = "white" if share > 0.55 else "black"
        parts.append(
            box.format(
                share=share, ink=ink, frame=frame, token=html.escape(token), small=small, **mixed
            )
        )
    return '<p style="line-height:1.9">' + "".join(parts) + "</p>"


def judged(text: str, verdict, tokens: Sequence[str], join) -> str:
    """Return HTML of a text with its first wrong token marked and the verdict below.

    All that follows that token is marked, too.

    Args:
        text: what a model generated.
        verdict: as `tales.check` gives it.
        tokens: the text's tokens, to which `verdict.error_at` is an index.
        join: tokens -> text.
    """
    if verdict.error_at is None:
        return f"<p>{html.escape(text)}</p><p>✔ consistent ({verdict.bits:.1f} bits)</p>"
    text = join(tokens)
    cut = len(join(tokens[: verdict.error_at]))
    good, bad = text[:cut], text[cut:].lstrip()
    name = "grammatical, but not consistent" if verdict.grammatical else "not grammatical"
    mark = (
        '<span style="text-decoration:underline wavy '
        f'{RED};text-underline-offset:3px">{html.escape(bad)}</span>'
    )
    return f"<p>{html.escape(good)} {mark}</p><p>✘ {name}: {html.escape(verdict.reason)}</p>"


def token_boxes(tokens: Sequence[str]) -> str:
    """Return HTML of tokens as boxes side by side, in two shades in turn.

    A space is shown as a low bracket, the end of a line as an arrow.
    """
    box = (
        '<span style="background:{};color:black;padding:1px '
        '3px;margin:1px;border-radius:3px;display:inline-block">{}</span>'
    )
    shades = ("#CFE8F7", "#FBE3B4")
    written = (
        html.escape(token).replace(" ", "\u2423").replace("\n", "\u21b5") for token in tokens
    )
    return (
        "<p>"
        + "".join(box.format(shades[i % 2], token) for i, token in enumerate(written))
        + "</p>"
    )
