"""References to lessons in texts, written with the numbers and names that lessons have now.

They are found by the numbers and names that lessons had when the text was last stamped.

A reference is a link to a notebook, the name of one, "lesson" or "lessons" before numbers of two
digits, such a number after one of the course's commands, or one in a table's column "lesson".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from aigc_course.core.errors import CourseError
from aigc_course.course import syllabus

_NUMBER = r"\d\d(?![\w%])"
_LIST = rf"{_NUMBER}(?:(?:, and |, or |, | and | or | to ){_NUMBER})*"
_LINK = r"\[[^\[\]]*\]\([\w./-]*?\d\d_[a-z0-9_]+\.ipynb\)"
_REFERENCE = re.compile(
    rf"(?P<span>{_LINK}\s+to\s+{_LINK})"
    rf"|(?P<link>{_LINK})"
    rf"|(?P<word>\b[Ll]essons?(?: +| *\n *))(?P<list>{_LIST})"
    rf"|(?P<command>\b(?:course\.py (?:run|reset|store)|classroom export) )(?P<one>{_NUMBER})"
    r"|(?<!\w)(?P<name>\d\d_[a-z0-9_]+)(?!\w)"
)


@dataclass(frozen=True)
class Stamped:
    """The numbers and names that lessons had when texts were last stamped.

    Attributes:
        numbers: number -> topic.
        names: name of a notebook, such as "01_rules_and_chance" -> topic.
    """

    numbers: dict[str, str]
    names: dict[str, str]

    def renewed(self, text: str, where: str) -> str:
        """Return the text with every reference to a lesson as it must be now.

        Args:
            text: Markdown or Python.
            where: name of the text, for the error.

        Raises:
            CourseError: the text refers to a lesson that is not there.
        """
        text = _in_tables(text, lambda cell: self._list(cell, where))
        return _REFERENCE.sub(lambda found: self._reference(found, where), text)

    def _reference(self, found: re.Match, where: str) -> str:
        """Return a reference that was found as it must be now."""
        if found["span"]:
            return self._span_of_links(found["span"], where)
        if found["link"]:
            return self._link(found["link"], where)
        if found["list"]:
            return found["word"] + self._list(found["list"], where)
        if found["one"]:
            return found["command"] + self._lesson(found["one"], where).number
        topic = self.names.get(found["name"])  # else another name, or a number such as 10_000
        return syllabus.by_topic()[topic].name if topic else found[0]

    def _lesson(self, number: str, where: str) -> syllabus.Lesson:
        """Return the lesson that had a number.

        Raises:
            CourseError: no lesson had it, or the lesson is no longer there.
        """
        topic = self.numbers.get(number)
        if topic is None or syllabus.by_topic()[topic].planned:
            raise CourseError(
                f"{where} refers to lesson {number}, and there is none of that number: change "
                "that sentence first. Nothing was written."
            )
        return syllabus.by_topic()[topic]

    def _list(self, text: str, where: str) -> str:
        """Return numbers as they stand in a sentence: "04", "04 and 06", "09 to 11"."""

        def item(found: re.Match) -> str:
            if not found["last"]:
                return self._lesson(found["first"], where).number
            return _runs(self._span(found["first"], found["last"], where), lambda it: it.number)

        return re.sub(r"(?P<first>\d\d)(?: to (?P<last>\d\d))?", item, text)

    def _span(self, first: str, last: str, where: str) -> list[syllabus.Lesson]:
        """Return the lessons that once had the numbers `first` to `last`, in today's order."""
        lessons = [self._lesson(f"{n:02}", where) for n in range(int(first), int(last) + 1)]
        return sorted(lessons, key=lambda lesson: lesson.number)

    def _span_of_links(self, text: str, where: str) -> str:
        """Return two links with "to" between them as they must be now."""
        first, last = re.findall(_LINK, text)
        folder, name = _target(first)
        ends = [self._of_name(one, where).topic for one in (name, _target(last)[1])]
        old = {topic: number for number, topic in self.numbers.items()}
        lessons = self._span(*(old[topic] for topic in ends), where)
        return _runs(lessons, lambda it: f"[{it.number}]({folder}{it.name}.ipynb)")

    def _link(self, text: str, where: str) -> str:
        """Return a link as it must be now.

        Its text is a number, a number and the title, or anything else, which stays.
        """
        folder, name = _target(text)
        lesson = self._of_name(name, where)
        said = text[1 : text.index("]")]
        if re.match(r"\d\d( |$)", said):
            said = f"{lesson.number} {lesson.title}" if " " in said else lesson.number
        return f"[{said}]({folder}{lesson.name}.ipynb)"

    def _of_name(self, name: str, where: str) -> syllabus.Lesson:
        """Return the lesson whose notebook had a name.

        Raises:
            CourseError: no lesson had it.
        """
        if name not in self.names:
            raise CourseError(
                f"{where} links to {name}.ipynb, and there is no such lesson: change that link "
                "first. Nothing was written."
            )
        return syllabus.by_topic()[self.names[name]]


def _target(link: str) -> tuple[str, str]:
    """Return folder and name of the notebook that a link leads to."""
    folder, _, file = link[link.index("](") + 2 : -1].rpartition("/")
    return folder + "/" * bool(folder), file.removesuffix(".ipynb")


def _runs(lessons: list[syllabus.Lesson], show: Callable[[syllabus.Lesson], str]) -> str:
    """Return lessons as they stand in a sentence.

    Three or more in a row become "09 to 11"; so do two when there are no others. The rest are named
    one by one.
    """
    runs: list[list[syllabus.Lesson]] = []
    for lesson in lessons:
        if runs and int(runs[-1][-1].number) + 1 == int(lesson.number):
            runs[-1].append(lesson)
        else:
            runs.append([lesson])
    parts = []
    for run in runs:
        whole = len(run) > 2 or (len(runs) == 1 and len(run) == 2)
        parts += [f"{show(run[0])} to {show(run[-1])}"] if whole else map(show, run)
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _in_tables(text: str, change: Callable[[str], str]) -> str:
    """Change the cells of Markdown tables that stand in a column "lesson" and hold numbers."""
    lines, column = text.split("\n"), None
    for i, line in enumerate(lines):
        cells = line.split("|")
        if not line.startswith("|"):
            column = None
        elif column is None:
            titles = [cell.strip() for cell in cells]
            column = titles.index("lesson") if "lesson" in titles else -1
        elif 0 < column < len(cells) and re.fullmatch(rf" ({_LIST}) ", cells[column]):
            cells[column] = change(cells[column])
            lines[i] = "|".join(cells)
    return "\n".join(lines)
