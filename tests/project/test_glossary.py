"""The glossary: every term once, in both languages, and every link of a lesson leads to one."""

import re

import pytest

from aigc_course.core import paths
from aigc_course.course import lessons

TEXT = (paths.course_root() / "docs" / "glossary.md").read_text(encoding="utf-8")
ENTRIES = re.findall(r"^### (.+)\n\n(.+)\n", TEXT, re.M)
ANCHORS = {name.replace(" ", "-") for name, _ in ENTRIES}
LINK = re.compile(r"\[([^\]]+)\]\(([^)]*glossary\.md)#([^)]*)\)")
BOLD = re.compile(r"\*\*(.+?)\*\*", re.S)
LABELS = re.compile(r"(Next|Back|Before|Common errors|Further reading|A longer one)\b.*")

ALL = lessons.all_lessons()
TOLD_ANEW = [
    lesson
    for lesson in ALL
    if any("glossary.md#" in cell.source for cell in lessons.read(lesson.path).cells)
]


def prose(lesson):
    """The text of a lesson below its title."""
    cells = lessons.read(lesson.path).cells[1:]
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_every_term_stands_once_and_in_order():
    names = [name for name, _ in ENTRIES]
    assert len(names) > 70 and TEXT.count("### ") == len(names)
    assert names == sorted(set(names), key=lambda name: name.replace("-", " "))


@pytest.mark.parametrize(("name", "entry"), ENTRIES, ids=[name for name, _ in ENTRIES])
def test_an_entry_has_both_languages_a_sentence_and_a_lesson(name, entry):
    # GitHub and JupyterLab make the same anchor of such a heading.
    assert re.fullmatch(r"[a-z0-9]+([ -][a-z0-9]+)*", name)
    assert re.match(r"\*\*[^*]*[\u4e00-\u9fff][^*]*\*\*", entry), "no Chinese"
    assert re.search(r"\. Lessons? \d\d( and \d\d)?\.$", entry) and len(entry.split()) >= 5


@pytest.mark.parametrize("lesson", ALL, ids=lambda lesson: lesson.number)
def test_links_to_the_glossary_lead_to_an_entry(lesson):
    for words, path, anchor in LINK.findall(prose(lesson)):
        assert path == "../docs/glossary.md" and anchor in ANCHORS, words


@pytest.mark.parametrize("lesson", TOLD_ANEW, ids=lambda lesson: lesson.number)
def test_each_bold_term_has_its_entry(lesson):
    """Bold is for terms alone, and for the labels at the end of a lesson."""
    for term in BOLD.findall(prose(lesson)):
        assert LINK.fullmatch(term) or LABELS.fullmatch(term), term


@pytest.mark.parametrize("lesson", TOLD_ANEW, ids=lambda lesson: lesson.number)
def test_a_term_is_bold_at_its_first_use_only(lesson):
    anchors = [LINK.fullmatch(term)[3] for term in BOLD.findall(prose(lesson)) if LINK.match(term)]
    assert len(anchors) == len(set(anchors))
