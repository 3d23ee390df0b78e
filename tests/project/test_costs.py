"""docs/costs.md is complete, and nothing in it is over budget."""

import re

import pytest

from aigc_course.core import paths
from aigc_course.course import lessons

PAGE = (paths.course_root() / "docs" / "costs.md").read_text(encoding="utf-8")
BUDGETS = {
    "wall s, 1 thread": 150,
    "wall s, 2 threads": 150,
    "peak GB, 1 thread": 3,
    "peak GB, 2 threads": 3,
    "notebook KB": 700,
}


def table(part):
    """Rows of the table between two marks, as dictionaries."""
    text = re.search(f"<!-- {part} -->(.*?)<!-- end of {part} -->", PAGE, re.S)[1]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[2:]], text


def test_every_lesson_is_measured_with_one_thread_and_two_and_within_its_budget():
    rows, text = table("lessons")
    assert [row["lesson"] for row in rows] == [lesson.name for lesson in lessons.all_lessons()]
    assert re.search(r"Measured on .*cores, .*Python 3\.\d+.*torch .*\d{4}-\d\d-\d\d", text)
    for row in rows:
        for what, budget in BUDGETS.items():
            assert 0 < float(row[what]) <= budget, (row["lesson"], what, row[what])
        assert all(
            float(row[f"{what}, {n} thread{'s' * (n > 1)}"]) > 0
            for what in ("wall s", "CPU s", "peak GB")
            for n in (1, 2)
        )


def test_notebooks_are_as_large_as_the_table_says():
    rows, _ = table("lessons")
    for row, lesson in zip(rows, lessons.all_lessons(), strict=True):
        assert float(row["notebook KB"]) == pytest.approx(lesson.path.stat().st_size / 1000, abs=10)


def test_starting_is_within_its_budget():
    rows, _ = table("start")
    assert len(rows) == 3 and "torch" in rows[0]["what"] and "lab" in rows[2]["what"]
    assert all(0 < float(row["seconds"]) <= float(row["budget"]) for row in rows)


def test_tests_are_within_their_budget():
    rows = re.findall(r"^\| `python3 (course\.py test[^`]*)` \| ([^|]+) \| (\d+) \|", PAGE, re.M)
    assert [(name, budget) for name, _, budget in rows] == [
        ("course.py test", "15"),
    ]
    assert all(0 < float(minutes) <= float(budget) for _, minutes, budget in rows)


def test_the_readme_says_the_same():
    """Its run times and memory are those of two threads."""
    readme = (paths.course_root() / "README.md").read_text(encoding="utf-8")
    for row in table("lessons")[0]:
        said = re.search(
            rf"notebooks/{row['lesson']}\.ipynb\) \| [^|]* \| (\d+) s \| ([\d.]+) GB", readme
        )
        assert float(said[1]) == float(row["wall s, 2 threads"]) and float(
            said[2]
        ) == pytest.approx(float(row["peak GB, 2 threads"]), abs=0.051)
