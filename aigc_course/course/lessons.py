"""The files of the lessons: their originals, and the learner's copies, kept apart."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from aigc_course.core import files
from aigc_course.core import paths as core_paths
from aigc_course.core.errors import CourseError
from aigc_course.course import syllabus


@dataclass(frozen=True)
class LessonFile:
    """The notebook of a lesson that exists.

    Attributes:
        record: the lesson in the syllabus.
    """

    record: syllabus.Lesson

    @property
    def topic(self) -> str:
        """Return the lesson's name in code, such as "chance"."""
        return self.record.topic

    @property
    def number(self) -> str:
        """Return the two digits of the lesson's number, such as "01"."""
        return self.record.number

    @property
    def name(self) -> str:
        """Return the file name without its ending, such as "01_rules_and_chance"."""
        return self.record.name

    @property
    def path(self) -> Path:
        """Return the path of the original; learners work on a copy."""
        return core_paths.course_root() / "notebooks" / f"{self.name}.ipynb"

    @property
    def copy(self) -> Path:
        """Return the path of the learner's copy, in their own folder."""
        return _copies() / self.path.name

    def content(self) -> bytes:
        """Return what a copy holds: the original without its outputs, drawings excepted.

        The outputs of the original are for readers; a learner is to predict them first.

        Raises:
            CourseError: the original cannot be read.
        """
        try:
            return _without_outputs(self.path.read_bytes())
        except OSError as error:
            raise _unreadable_file(self.path, error) from None

    def edited(self) -> bool:
        """Return whether the learner has a copy that differs from what was copied."""
        return self.copy.exists() and _digest(self.copy) != _digest_of(self.content())


def all_lessons() -> list[LessonFile]:
    """Return every lesson whose notebook is there, in the order of the syllabus."""
    lessons = [LessonFile(record) for record in syllabus.present()]
    return [lesson for lesson in lessons if lesson.path.is_file()]


def find(key: str) -> LessonFile:
    """Find a lesson by its number, topic or name.

    Args:
        key: "01" or "1", "chance", or "01_rules_and_chance".

    Raises:
        CourseError: there is no such lesson.
    """
    key = str(key)
    wanted = key.zfill(2) if key.isdecimal() else key
    for lesson in all_lessons():
        if wanted in (lesson.number, lesson.topic, lesson.name):
            return lesson
    known = ", ".join(f"{lesson.number} {lesson.topic}" for lesson in all_lessons())
    known = known or "none: the folder notebooks/ is empty"
    raise CourseError(f"There is no lesson {key!r}; lessons are {known}.")


def read(path: Path):
    """Read a notebook and return it as nbformat's NotebookNode.

    Raises:
        CourseError: the file is missing or is not a notebook.
    """
    try:
        import nbformat
    except ImportError:
        raise CourseError('nbformat is missing: pip install "aigc-course[lab]"') from None
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except FileNotFoundError:
        raise CourseError(f"There is no file {path}.") from None
    except Exception as error:  # nbformat raises many kinds, json's and jsonschema's among them
        problem = (
            str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
        )
        raise CourseError(
            f"{path} is not a notebook that can be read ({problem}). {_way_out(path)}"
        ) from None
    return notebook


def _way_out(path: Path) -> str:
    """Return a sentence on what to do about a notebook that cannot be read."""
    lesson = next((lesson for lesson in all_lessons() if lesson.path.name == path.name), None)
    if lesson is None:
        return "Open it in a text editor, or go back to an earlier copy."
    if path.parent == lesson.path.parent:
        return f"Get a fresh copy of the course, or `git checkout -- notebooks/{path.name}`."
    return (
        f"`python3 course.py reset {lesson.number}` brings the original back and keeps this "
        "file under another name."
    )


def reset(key: str) -> str:
    """Bring the original of a lesson back, and return a line on what was done.

    An edited copy is kept under another name.

    Raises:
        CourseError: there is no such lesson, or a file cannot be renamed, read or written.
    """
    lesson = find(key)
    with files.lock(_record()):
        return _reset(lesson)


def _reset(lesson: LessonFile) -> str:
    if not lesson.copy.exists():
        _copy(lesson)
        return f"{lesson.name}: there was no copy yet; {lesson.copy} is the original."
    if not lesson.edited():
        return f"{lesson.name}: {lesson.copy} is the original already."
    kept = files.unused_path(lesson.copy.with_stem(f"{lesson.name}-mine"))
    _rename(lesson.copy, kept)
    _copy(lesson)
    return f"{lesson.name}: the original is back; your copy is kept as {kept}."


def sync_copies() -> list[str]:
    """Copy every lesson that is new or was never edited, and return notices for the learner.

    A copy that differs from what was once copied is the learner's: it stays as it is. When a
    lesson has a new number or title, an untouched copy follows it, and an edited one stays under
    its old name.
    """
    with files.lock(_record()):
        _finish_replacements()
        _copy_glossary()
        return _follow_renamed_lessons() + _sync()


def _follow_renamed_lessons() -> list[str]:
    """Move untouched copies to the new names of their lessons, and return notices.

    A notice tells, too, to which lesson of today an edited copy belongs.
    """
    copied = _copied()
    names = {lesson.name for lesson in syllabus.present()}
    renames, notices = {}, []
    for name in sorted(filter(_is_a_name, set(copied) - names)):
        old = _copies() / f"{name}.ipynb"
        if not old.exists():
            continue
        lesson = _lesson_of(old)
        if lesson is None:
            notices.append(f"{old} belongs to no lesson of today; it is kept.")
        elif lesson.copy.exists() or copied[name] != _digest(old):
            notices.append(f"{old} is your copy of today's lesson {lesson.name}; it is kept.")
        else:
            renames[name] = lesson.name
    if renames:
        _rename_copies(renames)
        told = ", ".join(f"{old} is now {new}" for old, new in renames.items())
        notices.insert(0, f"Lessons have new names: {told}.")
    return notices


def _rename_copies(renames: dict[str, str]) -> None:
    """Rename untouched copies, old name -> new.

    The record of copies knows both names meanwhile, so that it is right after a kill, too.
    """
    copied = _copied()
    copied |= {new: copied[old] for old, new in renames.items()}
    files.write_atomically(_record(), json.dumps(copied, indent=1).encode())
    for old, new in renames.items():
        _rename(_copies() / f"{old}.ipynb", _copies() / f"{new}.ipynb")
    left = {name: digest for name, digest in copied.items() if name not in renames}
    files.write_atomically(_record(), json.dumps(left, indent=1).encode())


def _rename(path: Path, target: Path) -> None:
    """Rename a file.

    Raises:
        CourseError: the system refuses.
    """
    try:
        path.rename(target)
    except OSError as error:
        raise CourseError(
            f"{path} cannot be renamed ({error.strerror}); make its folder writable, or set "
            "AIGC_HOME."
        ) from None


def _is_a_name(name: str) -> bool:
    """Return whether a text has the form of a lesson's name, "01_rules_and_chance"."""
    return bool(re.fullmatch(r"\d\d_[a-z0-9_]{1,100}", name))


def _lesson_of(copy: Path) -> LessonFile | None:
    """Return the lesson that a copy was made from, None when there is none.

    It is found by the topic in the copy's metadata, or without one by the title in its name.
    """
    try:
        metadata = json.loads(copy.read_text(encoding="utf-8"))["metadata"]
        topic = metadata.get("aigc_course", {}).get("topic")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        topic = None
    for lesson in all_lessons():
        if topic == lesson.topic or (topic is None and copy.stem[3:] == lesson.record.slug):
            return lesson
    return None


def _sync() -> list[str]:
    """Copy lessons that have no copy, or an untouched one of an older version; return notices."""
    notices = []
    copied = _copied()
    for lesson in all_lessons():
        # A copy that differs from the original, yet is what was copied last, was never touched: the
        # original is newer.
        if not lesson.copy.exists() or (
            lesson.edited() and copied.get(lesson.name) == _digest(lesson.copy)
        ):
            _copy(lesson, copied.get(lesson.name))
        elif lesson.edited() and copied.get(lesson.name) != _digest_of(lesson.content()):
            notices.append(
                f"Lesson {lesson.number} has a newer version; your copy is left alone. "
                f"`python3 course.py reset {lesson.number}` "
                "brings the new one and keeps yours."
            )
        notices += _unreadable(lesson)
    return notices


def _unreadable(lesson: LessonFile) -> list[str]:
    """Return a notice in a list when the learner's copy of a lesson cannot be read, else []."""
    try:
        json.loads(lesson.copy.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return [f"{lesson.copy} cannot be read as a notebook. {_way_out(lesson.copy)}"]
    return []


def _copy(lesson: LessonFile, untouched: str | None = None) -> None:
    """Copy a lesson and its pictures into the learner's folder, and record what was copied.

    Args:
        lesson: the lesson.
        untouched: digest of the learner's copy that may be replaced. One that was saved meanwhile
            is another, and stays.
    """
    for picture in (lesson.path.parent / "images").glob("*"):
        beside = lesson.copy.parent / "images" / picture.name
        if not beside.exists():
            files.write_atomically(beside, picture.read_bytes())
    content = lesson.content()
    aside = lesson.copy.with_name(f"{_ASIDE}{lesson.copy.name}")
    if lesson.copy.exists():
        # Moved first and looked at then: whatever is saved from now on is a new file.
        _rename(lesson.copy, aside)
        if _digest(aside) != untouched:
            _put_back(aside)
            return
    if files.write_new(lesson.copy, content):
        _note_copy(lesson.name, content)
    aside.unlink(missing_ok=True)


def _note_copy(name: str, content: bytes) -> None:
    """Record what was copied under a name."""
    copied = _copied() | {name: _digest_of(content)}
    files.write_atomically(_record(), json.dumps(copied, indent=1).encode())


def _copy_glossary() -> None:
    """Copy the glossary beside the lessons, which link to it, unless the learner changed it."""
    original = core_paths.course_root() / "docs" / "glossary.md"
    copy = core_paths.home() / "docs" / original.name
    if not original.is_file():
        return
    content = original.read_bytes()
    if copy.exists() and _digest(copy) not in (_copied().get(_GLOSSARY), _digest_of(content)):
        return
    if not copy.exists() or copy.read_bytes() != content:
        files.write_atomically(copy, content)
        _note_copy(_GLOSSARY, content)


_GLOSSARY = "docs/glossary.md"  # its name in the record of copies


_ASIDE = ".replaced-"  # how names of copies begin that are being replaced


def _finish_replacements() -> None:
    """Put back what an ended process had moved aside; what was copied untouched goes."""
    copied = set(_copied().values())
    for aside in _copies().glob(f"{_ASIDE}*.ipynb"):
        if _digest(aside) in copied:
            aside.unlink()
        else:
            _put_back(aside)


def _put_back(aside: Path) -> None:
    """Give a learner's copy its name again, or another where a newer one has it."""
    path = aside.with_name(aside.name.removeprefix(_ASIDE))
    if files.write_new(path, aside.read_bytes()):
        aside.unlink()
    else:
        _rename(aside, files.unused_path(path.with_stem(f"{path.stem}-mine")))


def _copied() -> dict[str, str]:
    """Return lesson name -> digest of the original that was copied last."""
    try:
        record = json.loads(_record().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _copies() -> Path:
    """Return the folder of the learner's copies."""
    return core_paths.home() / "notebooks"


def _record() -> Path:
    """Return the path of the record of copies."""
    return core_paths.home() / "copied.json"


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits.

    Raises:
        CourseError: the file cannot be read.
    """
    try:
        return _digest_of(path.read_bytes())
    except OSError as error:
        raise _unreadable_file(path, error) from None


def _digest_of(content: bytes) -> str:
    """Return the SHA-256 of bytes as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _unreadable_file(path: Path, error: OSError) -> CourseError:
    """Return the error for a file that cannot be read."""
    return CourseError(f"{path} cannot be read ({error.strerror}); move it away and start again.")


@functools.lru_cache(maxsize=64)
def _without_outputs(data: bytes) -> bytes:
    """Return a notebook without outputs, drawings excepted; what is no notebook stays as it is."""
    try:
        notebook = json.loads(data)
        cells = [cell for cell in notebook["cells"] if cell.get("outputs")]
        for cell in cells:
            cell["outputs"] = [output for output in cell["outputs"] if _is_drawing(output)]
            cell["execution_count"] = None
            for output in cell["outputs"]:
                if "execution_count" in output:
                    output["execution_count"] = None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return data
    if not cells:
        return data
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _is_drawing(output: dict) -> bool:
    """Return whether an output is a drawing of `aigc_course.diagrams`."""
    shown = output.get("data", {}).get("text/html", "")
    return "".join(shown).startswith('<img src="data:image/svg+xml;')
