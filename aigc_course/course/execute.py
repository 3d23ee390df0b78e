"""Execution of a notebook without a browser, with a progress bar over its cells."""

from __future__ import annotations

import contextlib
import html
import os
from collections.abc import Callable
from pathlib import Path

from aigc_course.core.errors import CourseError

CELL_SECONDS = 1200


def run(notebook, folder: Path, *, name: str, env: dict[str, str] | None = None) -> None:
    """Execute every cell in place; kernels start in `folder`.

    Args:
        notebook: nbformat's NotebookNode, which is filled with outputs.
        folder: working directory of the kernel.
        name: name shown beside the progress bar.
        env: environment variables for the kernel in addition to those of this process.

    Raises:
        CourseError: a cell raised an error or took over 20 minutes, or the kernel died; the cells
            before it keep their outputs.
    """
    from tqdm import tqdm

    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    bar = tqdm(total=cells, desc=name, unit="cell", dynamic_ncols=True)
    with bar, _environment(env or {}):

        def cell_done(cell, cell_index, **_) -> None:
            bar.update(cell.cell_type == "code")

        _execute(notebook, folder, name, cell_done)


def _execute(notebook, folder: Path, name: str, cell_done: Callable) -> None:
    """Execute every cell and raise a `CourseError` for whatever stops a cell."""
    from nbclient import NotebookClient
    from nbclient.exceptions import (
        CellExecutionError,
        CellTimeoutError,
        DeadKernelError,
    )
    from traitlets.config import Config

    # The setting that `lab` uses; without it the kernel prints a warning.
    quiet = Config({"KernelManager": {"transport_encryption": "auto"}})
    where = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources=where,
        on_cell_executed=cell_done,
        config=quiet,
    )
    try:
        client.execute()
    except CellExecutionError as error:
        problem = f"{_failed_cell(notebook)} failed with {error.ename}: {error.evalue}"
    except CellTimeoutError:
        problem = f"a cell took over {CELL_SECONDS // 60} minutes and was stopped."
    except DeadKernelError:
        problem = "the kernel died; most often memory ran out. "
        problem += "`python3 course.py doctor` tells how much there is."
    else:
        return
    raise CourseError(f"{name}: {problem}")


def _failed_cell(notebook) -> str:
    """Return which cell failed: its number as Jupyter shows it, and its first line of code."""
    for cell in notebook.cells:
        if any(output.output_type == "error" for output in cell.get("outputs", ())):
            line = next(
                (
                    text
                    for text in cell.source.splitlines()
                    if text.strip() and not text.startswith("#")
                ),
                "",
            )
            return f"cell [{cell.execution_count}] ({line.strip()[:60]})"
    return "a cell"


@contextlib.contextmanager
def _environment(extra: dict[str, str]):
    """Set environment variables within a `with` block, and restore them after it."""
    before = {name: os.environ.get(name) for name in extra}
    os.environ.update(extra)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def to_html(notebook, title: str, folder: Path) -> str:
    """Convert a notebook to one HTML page with its pictures inside.

    Args:
        notebook: nbformat's NotebookNode.
        title: title of the page.
        folder: where pictures named by a relative path are found.
    """
    from nbconvert import HTMLExporter

    notebook.metadata["title"] = title
    page, _ = HTMLExporter(embed_images=True).from_notebook_node(
        notebook, {"metadata": {"path": str(folder)}}
    )
    # nbconvert drops the alternative texts of figures: put them back in the order of the figures.
    figures = (
        output
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    )
    alts = [output.metadata.get("image/png", {}).get("alt", "figure") for output in figures]
    for alt in alts:
        page = page.replace(
            'alt="No description has been provided for this image"', f'alt="{html.escape(alt)}"', 1
        )
    return page
