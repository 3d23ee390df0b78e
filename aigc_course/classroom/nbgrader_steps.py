"""What the course puts in the place of nbgrader's own steps around grading: collecting, reading,
putting cells in order, and feedback.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import bleach
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter, NotebookExporter
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.exchange.default import ExchangeCollect
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import parse_utc

from aigc_course.classroom import submission_files
from aigc_course.classroom.export import marked
from aigc_course.classroom.memory_limit import memory_limit
from aigc_course.core.errors import CourseError
from aigc_course.exercises.engine.time_limit import TooSlow, with_time_limit

try:
    import pwd
except ImportError:  # Windows, which has no exchange
    pwd = None


_LONG_AGO = parse_utc("1970-01-01 00:00:00 UTC")


class CollectPlainFiles(ExchangeCollect):
    """Takes hand-ins from the exchange without following a link in them.

    Whoever can write to the exchange can hand in under another's name. Where accounts are named
    like students, only what a student's own account handed in counts.
    """

    def _path_to_record(self, path):
        """Read student and time off the name of a hand-in; "" for a name that says neither."""
        try:
            record = super()._path_to_record(path)
            if not submission_files.is_fit(record["username"]):
                raise ValueError
            return record
        except Exception:  # whatever a stranger calls a folder
            self.log.error("Not collected: %s is no name of a hand-in", ascii(str(path)))
            return {"username": "", "filename": Path(path).name, "timestamp": _LONG_AGO}

    def copy_files(self):
        """Copy what can be told whose it is."""
        self.src_records = [record for record in self.src_records if record["username"]]
        super().copy_files()

    def _sort_by_timestamp(self, records):
        """Sort the hand-ins of one student, the latest first, without those of others."""
        own = [one for one in records if _owner(self._place(one)) == one["username"]]
        return super()._sort_by_timestamp(own or records)

    def _place(self, record) -> Path:
        return Path(self.inbound_path) / record["filename"]

    def do_copy(self, src, dest, log=None):
        """Copy one hand-in; one that is no folder, or a link to one, is left out and named."""
        try:
            left_out = submission_files.copy(Path(src), Path(dest))
            # Of the time only the exchange's own word counts.
            (Path(dest) / "timestamp.txt").write_text(Path(src).name.rsplit("+", 3)[2])
        except (CourseError, OSError) as error:
            shutil.rmtree(dest, ignore_errors=True)
            self.log.error("Not collected: %s", ascii(str(error)))
            return
        for name in left_out:
            why = "is a link, no plain file, too large, or has a strange name"
            self.log.warning("Left out of %s: %s %s", src, ascii(name), why)
        if self.coursedir.groupshared:
            for folder, _, names in os.walk(dest):
                Path(folder).chmod(0o2770)
                for name in names:
                    (Path(folder) / name).chmod(0o660)


def _owner(path: Path) -> str:
    """Return the account that a file belongs to, itself and not what it links to."""
    try:
        return pwd.getpwuid(path.lstat().st_uid).pw_name
    except (KeyError, OSError):
        return ""


def set_links_aside(assignment: str, student: str, notebooks: list[str]) -> None:
    """Move links and devices out of a submission before nbgrader copies what is beside it.

    A hook of nbgrader's `autograde`, called for each submission.
    """
    for folder in {Path(name).absolute().parent for name in notebooks}:
        try:
            submission_files.set_right(folder)
        except Exception as error:  # nbgrader would go on and follow the links
            raise SystemExit(f"{folder} holds what cannot be moved away: {error}") from error


def only_pages(assignment: str, student: str, notebooks: list[str]) -> None:
    """Leave in the folder of feedback nothing that came from the student's hand-in as it was.

    A hook of nbgrader's `generate_feedback`, called for each submission after nbgrader copied what
    is beside the notebooks: a page of the student's own, say, with live scripts.
    """
    kept = {Path(name).with_suffix(".html").name for name in notebooks}
    kept |= {"timestamp.txt", "submission_secret.txt"}
    for name in notebooks[:1]:
        graded = Path(name).absolute().parent
        folder = graded.parents[2] / "feedback" / graded.parent.name / graded.name
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name not in kept:
                path.unlink()


class ReadSubmission(NotebookExporter):
    """Reads a notebook that was handed in as `submission_files` does, whatever wrote it."""

    def from_filename(self, filename, resources=None, **kw):
        """Convert a notebook from a file; what nbgrader itself wrote is read as it is.

        Raises:
            CourseError: the file is refused; nbgrader notes it and goes on with the next student.
        """
        path = Path(filename)
        if path.absolute().parents[2].name != "submitted":
            return super().from_filename(filename, resources=resources, **kw)
        notebook = submission_files.read(path)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        return self.from_notebook_node(notebook, resources=resources, **kw)


class AlignCells(NbGraderPreprocessor):
    """Gives every cell of the assignment its place and its marks, whatever became of them.

    Of a submission's own marks only the names of cells count. Cells that were deleted come back,
    an answer that was split into several cells becomes one, and of several cells of one name the
    last is the one that is meant, as it is the one that ran last.
    """

    def preprocess(self, nb, resources):
        """Put the cells of one notebook in order."""
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            assigned = gradebook.find_notebook(about["notebook"], about["assignment"])
            points = {cell.name: cell.max_score for cell in assigned.grade_cells}
            answers = {cell.name for cell in assigned.solution_cells}
            sources = {cell.name: cell for cell in assigned.source_cells}
            cells = _one_of_each(_whole(nb.cells), sources)
            before = -1
            for name, source in sources.items():
                answer, most = name in answers, points.get(name)
                place = next((i for i, cell in enumerate(cells) if name_of(cell) == name), None)
                if place is None:
                    place = before + 1
                    cells.insert(place, _new(source, answer))
                _mark(cells[place], source, most, answer)
                before = place
            nb.cells = cells
        return nb, resources


def name_of(cell) -> str:
    """Return the name that a cell has in an assignment, "" when it has none."""
    return submission_files.name_in(cell.metadata)


def _whole(cells: list) -> list:
    """Join neighbours of one name, as JupyterLab leaves them when a cell is split.

    A copy of an answer below it is no part of it: it asks for the exercise again.
    """
    joined: list = []
    for cell in cells:
        last = joined[-1] if joined else None
        split = (
            last is not None
            and name_of(cell)
            and name_of(cell) == name_of(last)
            and cell.cell_type == last.cell_type
            and not (_asks(cell.source) and _asks(last.source))
        )
        if split:
            last.source = f"{last.source}\n{cell.source}"
        else:
            joined.append(cell)
    return joined


def _asks(source: str) -> bool:
    """Tell whether a cell asks for an exercise to be judged."""
    return bool(re.search(r"\b(?:exercise|answer)\(", source))


def _one_of_each(cells: list, known: dict) -> list:
    """Take the marks of a cell away that is none of the assignment's, or not the last of a name."""
    seen = set()
    for cell in reversed(cells):
        name = name_of(cell)
        if name not in known or name in seen:
            cell.metadata.pop("nbgrader", None)
        seen.add(name)
    return cells


def _new(source, answer: bool):
    """Make a cell as the assignment has it; an answer cell comes back empty."""
    new = new_code_cell if source.cell_type == "code" else new_markdown_cell
    return new("# This cell was missing." if answer else source.source)


def _mark(cell, source, points: float | None, answer: bool) -> None:
    """Give a cell the marks that the assignment has for it."""
    graded = {} if points is None else {"grade": True, "points": points}
    marked(cell, source.name, solution=answer, locked=source.locked, **graded)


class HideSeeds(NbGraderPreprocessor):
    """Takes hidden tests out of what goes back to learners: their seeds are good for the next
    hand-in.
    """

    def preprocess(self, nb, resources):
        """Cut the marked parts out of every cell."""
        for cell in nb.cells:
            cell.source = without_hidden(cell.source)
        return nb, resources


def without_hidden(source: str) -> str:
    """Return a cell's source without the lines of hidden tests and their marks."""
    kept, hidden = [], False
    for line in source.split("\n"):
        hidden |= "### BEGIN HIDDEN TESTS" in line
        if not hidden:
            kept.append(line)
        hidden &= "### END HIDDEN TESTS" not in line
    return "\n".join(kept)


_TAGS = {
    *("a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("hr", "i", "img", "li", "ol", "p", "pre", "span", "strong", "sub", "sup", "table", "tbody"),
    *("td", "th", "thead", "tr", "ul"),
}


def _is_allowed(tag: str, name: str, value: str) -> bool:
    """Tell whether an attribute may stay: links lead to pages, pictures are in the page itself."""
    if (tag, name) == ("img", "src"):
        return bool(re.match(r"data:image/(?:png|jpeg|gif);base64,", value))
    if (tag, name) == ("a", "href"):
        return bool(re.match(r"https?://|mailto:|#", value, re.I))
    return name in ("align", "alt", "title")


class SafeFeedback(HTMLExporter):
    """Writes feedback in which nothing that a student wrote runs.

    Markup is cleaned, and the page itself forbids scripts and everything from elsewhere; formulas
    stay as they were typed. A page that takes more than `SECONDS` or `GIGABYTES`
    is not made.
    """

    SECONDS, GIGABYTES = 30, 1.0

    _policy = (
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'; font-src data:; form-action 'none'\">"
    )

    @pass_context
    def markdown2html(self, context, source):
        """Convert Markdown, of which only words, tables, pictures and links are left."""
        page = super().markdown2html(context, source)
        kinds = {"http", "https", "mailto", "data"}
        return bleach.clean(page, tags=_TAGS, attributes=_is_allowed, protocols=kinds)

    def from_notebook_node(self, nb, resources=None, **kw):
        """Convert a notebook.

        Raises:
            CourseError: it takes too long; nbgrader notes it and goes on with the next student.
        """

        def work():
            return super(SafeFeedback, self).from_notebook_node(nb, resources, **kw)

        try:
            with memory_limit(self.GIGABYTES):
                page, resources = with_time_limit(self.SECONDS, work)
        except (TooSlow, MemoryError):
            raise CourseError(
                f"Feedback takes longer than {self.SECONDS} s or more than {self.GIGABYTES} GB to "
                "write."
            ) from None
        head, body, rest = page.partition("<body>")
        head = re.sub(r"<script\b.*?</script>", "", head, flags=re.S)  # MathJax, from elsewhere
        head = head.replace("<head>", f"<head>\n{self._policy}", 1)
        return head + body + rest, resources
