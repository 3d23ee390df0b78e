"""Rows of results as a table, in Jupyter and in print."""

from __future__ import annotations

import html
from collections.abc import Sequence


class Table:
    """A table that shows itself as HTML in Jupyter and as aligned text in print.

    Args:
        rows: each column -> value; the first row names the columns. Floats are written with two
            decimals.
    """

    def __init__(self, rows: Sequence[dict]):
        self.rows = [{str(k): _written(v) for k, v in row.items()} for row in rows]

    def __repr__(self) -> str:
        """Return the table as text in aligned columns."""
        if not self.rows:
            return "(an empty table)"
        names = list(self.rows[0])
        widths = [max(len(name), *(len(row[name]) for row in self.rows)) for name in names]
        lines = [names, *([row[name] for name in names] for row in self.rows)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )

    def _repr_html_(self) -> str:
        """Return the table as HTML, for Jupyter."""
        names = list(self.rows[0]) if self.rows else []
        head = "".join(f'<th style="text-align:left">{html.escape(name)}</th>' for name in names)
        body = "".join(
            "<tr>"
            + "".join(
                f'<td style="text-align:left;vertical-align:top">{html.escape(row[name])}</td>'
                for name in names
            )
            + "</tr>"
            for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _written(value: object) -> str:
    """Return a value as text, a float with two decimals."""
    return f"{value:.2f}" if isinstance(value, float) else str(value)
