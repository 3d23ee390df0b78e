"""The project as a whole: tidy code, links that lead somewhere, no stray words."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from aigc_course.core import paths
from aigc_course.course import lessons

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "SECURITY.md",
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "data").rglob("*.md")),
]
WRITTEN = set(".py .md .toml .yml .yaml .cfg .cff .svg .txt .ipynb .json".split())


def named(path):
    return str(path.relative_to(ROOT))


def test_ruff():
    result = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout


def links_of(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n".join(
            cell.source for cell in lessons.read(path).cells if cell.cell_type == "markdown"
        )
    return re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", text)


@pytest.mark.parametrize(
    "path", [*TEXTS, *(lesson.path for lesson in lessons.all_lessons())], ids=named
)
def test_links_lead_to_things_that_exist(path):
    inside = paths.repository()
    for pair in links_of(path):
        link = next(filter(None, pair))
        if link.startswith(inside + "/"):
            local = ROOT / re.sub(r"^/(blob|tree|raw)/main/", "", link.removeprefix(inside))
            assert local.exists(), link
        elif "colab.research.google.com/github/" in link:
            assert (ROOT / link.split("/blob/main/")[1]).exists(), link
        elif not link.startswith(("http", "#", "attachment:")):
            assert (path.parent / link.split("#")[0]).exists(), link


def test_readme_names_commands_lessons_and_times():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "python3 course.py lab" in text and "python3 course.py test" in text
    for lesson in lessons.all_lessons():
        assert re.search(rf"\| \[{lesson.number} .*\| \d+ min \| \d+ s \| [\d.]+ GB \|", text), (
            lesson.number
        )
    assert not re.search(r"\b[A-Z]+_TIME\b|\b(RUN|MEM)\d", text)
    assert "tested on Linux" in text


def test_the_project_speaks_of_itself_alone():
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split("\0")
    # Spelled in pieces, so that this file does not contain them.
    stray = re.compile(
        "|".join(
            [
                "/work" + "/",
                "/root" + "/",
                "TO" + "DO",
                "FIX" + "ME",
                "py" + r"pi\.org",
                "files\\.python" + "hosted",
                "deb" + r"ian\.org",
            ]
        )
    )
    for name in filter(None, tracked):
        path = ROOT / name
        if (
            path.suffix
            in {
                ".py",
                ".md",
                ".toml",
                ".yml",
                ".yaml",
                ".cfg",
                ".svg",
                ".txt",
                ".cff",
                ".ipynb",
                ".json",
            }
            and path.is_file()
        ):
            found = stray.search(path.read_text(encoding="utf-8"))
            assert not found, (name, found)
            if name != "CONTRIBUTING.md":
                assert ".." + "/shared" not in path.read_text(encoding="utf-8"), name
