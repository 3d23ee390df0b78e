"""Scale, folders, safe writing."""

import pytest

from aigc_course.core import paths
from aigc_course.core.errors import CourseError


def test_home_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(CourseError, match="set AIGC_HOME"):
        paths.home()


def test_home_without_override_is_the_systems(monkeypatch, tmp_path):
    monkeypatch.delenv("AIGC_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert str(paths.home()).startswith(str(tmp_path)) and paths.home().name == "aigc-course"


def test_course_files():
    assert paths.course_file("data/tales.md").is_file() and paths.repository().startswith(
        "https://github.com/"
    )
    with pytest.raises(CourseError, match="no file"):
        paths.course_file("data/nothing.md")


def test_a_folder_whose_files_would_have_too_long_names_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "/".join(["x" * 100] * 38)))
    with pytest.raises(CourseError, match=r"3,500 bytes.*AIGC_HOME") as told:
        paths.home()
    assert len(str(told.value)) < 300 and not list(tmp_path.iterdir())
