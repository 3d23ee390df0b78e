"""The tables and lists of README and docs that repeat the syllabus or the records of checkpoints.

Each stands between two marks, such as `<!-- lessons -->` and `<!-- end of lessons -->`, and is
written by `python3 course.py stamp`.
"""

from __future__ import annotations

import re

from aigc_course.core.errors import CourseError
from aigc_course.course import syllabus
from aigc_course.pretrained import records

_TOGETHER = "own data in one lesson (`OWN_TEXT`, `DATA`), shown to the others"
_PAGE = "a page: what the model made, measured"


def between(text: str, mark: str) -> str:
    """Return what stands between the two marks of a name.

    Raises:
        CourseError: the marks are not there.
    """
    return _found(text, mark)[2]


def put_between(text: str, mark: str, content: str) -> str:
    """Return the text with `content` between the two marks of a name.

    An empty line stands before and after the content.

    Raises:
        CourseError: the marks are not there.
    """
    found = _found(text, mark)
    return text[: found.start(2)] + f"\n{content.strip()}\n\n" + text[found.end(2) :]


def _found(text: str, mark: str) -> re.Match:
    """Find the two marks of a name: groups 1 and 3 are the marks, 2 is what is between them.

    Raises:
        CourseError: the marks are not there.
    """
    found = re.search(rf"(<!-- {mark} -->\n)(.*?)(<!-- end of {mark} -->)", text, re.S)
    if not found:
        raise CourseError(
            f"There must be `<!-- {mark} -->` and `<!-- end of {mark} -->` around the place "
            "that is written by a command."
        )
    return found


def renewed(name: str, text: str, costs: str) -> str:
    """Return a text of the course with its tables and lists as they must be now.

    Args:
        name: path of the text inside the course folder; one without tables comes back as it is.
        text: Markdown.
        costs: text of docs/costs.md, for the figures of the README.
    """
    if name == "README.md":
        text = put_between(text, "lessons", _lessons(costs))
        return put_between(text, "checkpoints", _checkpoints())
    if name == "docs/classroom.md":
        text = put_between(text, "weeks", _weeks())
        return put_between(text, "short courses", _short_courses())
    if name == "docs/costs.md":
        return _in_order(text)
    return text


def _table(*rows: tuple[str, ...]) -> str:
    """Return a Markdown table of rows, of which the first is the head."""
    head, *others = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|---" * len(rows[0]) + "|", *others])


def _lessons(costs: str) -> str:
    """Return the README's table of lessons, with measured times and memory."""
    measured = rows_of(costs, "lessons")
    rows = [("lesson", "time", "run", "memory", "you build")]
    for lesson in syllabus.present():
        own = measured.get(lesson.name)
        figures = ("-", "-")
        if own:
            figures = f"{own['wall s, 2 threads']} s", f"{float(own['peak GB, 2 threads']):.1f} GB"
        link = f"[{lesson.number} {lesson.title}](notebooks/{lesson.name}.ipynb)"
        rows.append((link, f"{lesson.minutes} min", *figures, lesson.builds))
    return _table(*rows)


def rows_of(costs: str, mark: str) -> dict[str, dict[str, str]]:
    """Return the measured lessons of docs/costs.md: name -> column -> figure."""
    lines = [line for line in between(costs, mark).splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[2:]}


def _in_order(costs: str) -> str:
    """Return docs/costs.md with its rows of lessons in the order of the syllabus."""
    order = {lesson.name: i for i, lesson in enumerate(syllabus.present())}
    for mark in ("lessons", "lessons on a GPU"):
        content = between(costs, mark)
        rows = re.findall(r"^\| \d\d_.*\n", content, re.M)
        ranked = sorted(rows, key=lambda row: order.get(row.split()[1], len(order)))
        if rows:
            costs = costs.replace("".join(rows), "".join(ranked))
    return costs


def _weeks() -> str:
    """Return the table of the weeks of a term."""
    rows, together = [("week", "lesson", "in the lab", "to hand in")], []
    for lesson in syllabus.present():
        together.append(lesson.number)
        if lesson.lab:
            rows.append((str(len(rows)), ", ".join(together), lesson.lab, lesson.number))
            together = []
    return _table(*rows, (str(len(rows)), "-", _TOGETHER, _PAGE))


def _short_courses() -> str:
    """Return the list of the short courses with the numbers of their lessons."""
    lines = []
    for course in syllabus.COURSES:
        numbers = ", ".join(lesson.number for lesson in syllabus.short_course(course))
        lines.append(f"- *{course}*: {numbers}")
    return "\n".join(lines)


def _checkpoints() -> str:
    """Return the table of the checkpoints that ship with the course."""
    numbers = {lesson.topic: lesson.number for lesson in syllabus.present()}
    rows = [("checkpoint", "what it is", "class", "lessons")]
    for one in records.CHECKPOINTS:
        card = f"[{one.name}](data/pretrained/{one.name}/README.md)"
        used = ", ".join(sorted(numbers[topic] for topic in one.lessons))
        rows.append((card, one.about.removesuffix("."), f"`{one.kind}`", used))
    return _table(*rows)
