"""One computer, many people: sixteen processes of four users start at once, on a course folder that
cannot be written to and a cold cache.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aigc_course.core import files, paths
from aigc_course.core.errors import CourseError
from aigc_course.course import lessons

USERS, EACH = 4, 4

# What a lesson does first, without torch: copies of the lessons, a dictionary that is costly to
# make, a check of a text, an answer.
WORK = """
import json, os, sys
number, start = int(sys.argv[1]), sys.argv[2]
import aigc_course
from aigc_course.core import paths
from aigc_course.course import lessons
from aigc_course.data.stories import tales
from aigc_course.exercises.engine.record import record
from aigc_course.text import segmentation
import jieba
make = jieba.Tokenizer.gen_pfdict
def counted(*arguments):
    print("MADE", file=sys.__stderr__, flush=True)
    return make(*arguments)
jieba.Tokenizer.gen_pfdict = staticmethod(counted)
import time
open(start + f".{os.getpid()}", "w").close()
while not os.path.exists(start):
    time.sleep(0.005)
lessons.sync_copies()
names = ["chance.entropy", "tokens.merge", "vectors.ppmi", "ngrams.add_k"]
record(names[number], state="right")
for _ in range(30):
    record("tokens.max_match", state="wrong", mistake=f"mistake {number}")
words = segmentation.segment("研究生命起源的人在图书馆里")
verdict = tales.check(tales.sample(1, seed=3)[0].text)
assert "torch" not in sys.modules
print(json.dumps([words, verdict.consistent, str(paths.cache())]))
"""


def listing(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def copies(folder):
    """The listing of a learner's copies of these notebooks: without the outputs."""
    content = {lesson.path.name: lesson.content() for lesson in lessons.all_lessons()}
    return listing(folder) | {
        name: hashlib.sha256(data).hexdigest() for name, data in content.items()
    }


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A copy of the course that nobody may write to."""
    root = Path(__file__).resolve().parents[2]
    folder = tmp_path_factory.mktemp("shared") / "course"
    for part in ("aigc_course", "notebooks", "data"):
        shutil.copytree(root / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", folder)
    for path in folder.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


@pytest.mark.full(guards="core course.lessons text.segmentation exercises.engine.record")
@pytest.mark.parametrize("shared", [True, False], ids=["one cache", "own caches"])
def test_sixteen_processes_of_four_users_start_at_once(course, tmp_path, shared):
    before, start = listing(course), tmp_path / "start"
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o1777)
    (tmp_path / "work.py").write_text(WORK, encoding="utf-8")
    running = []
    for user in range(USERS):
        own = {
            "HOME": tmp_path / f"user{user}",
            "AIGC_HOME": tmp_path / f"user{user}" / "aigc",
            "PYTHONPATH": course,
            "TMPDIR": tmp_path / f"tmp{user}",
        }
        (tmp_path / f"tmp{user}").mkdir()
        own |= {"AIGC_CACHE": tmp_path / "cache"} if shared else {}
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "AIGC"))} | {
            "PYTHONDONTWRITEBYTECODE": "1"
        }
        for number in range(EACH):
            command = [sys.executable, str(tmp_path / "work.py"), str(number), str(start)]
            running.append(
                subprocess.Popen(
                    command,
                    env=kept | {k: str(v) for k, v in own.items()},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
    while len(list(tmp_path.glob("start.*"))) < USERS * EACH:  # all are loaded, and wait
        assert not [process for process in running if process.poll()], [
            process.communicate() for process in running if process.poll()
        ]
        time.sleep(0.05)
    start.touch()
    results = [process.communicate(timeout=300) for process in running]
    assert [process.returncode for process in running] == [0] * (USERS * EACH), results
    answers = [json.loads(out) for out, _ in results]
    assert all(answer[:2] == answers[0][:2] and answer[1] for answer in answers)
    made = sum(err.count("MADE") for _, err in results)
    assert made == (1 if shared else USERS)  # one makes the table, the others wait and read it
    for user in range(USERS):
        home = tmp_path / f"user{user}" / "aigc"
        done = json.loads((home / "progress.json").read_text(encoding="utf-8"))["exercises"]
        assert (
            sum(entry["state"] == "right" for entry in done.values()) == EACH
            and done["tokens.max_match"]["tries"] == 30 * EACH
        )
        assert sorted(done["tokens.max_match"]["mistakes"]) == [f"mistake {i}" for i in range(EACH)]
        assert listing(home / "notebooks") == copies(course / "notebooks")
    assert not list(tmp_path.rglob("*.part")) and listing(course) == before
    print(
        f"{USERS * EACH} processes, the table was made {made} time(s), {len(before)} "
        "files of the course unchanged"
    )


def test_a_lock_keeps_others_out_and_tells_when_it_takes_too_long(tmp_path):
    target = tmp_path / "x"
    with (
        files.lock(target),
        pytest.raises(CourseError, match="Another process has kept"),
        files.lock(target, seconds=0.2),
    ):
        pass
    with files.lock(target, seconds=0.2):  # free again
        target.write_text("done")


def test_the_cache_is_ones_own_unless_it_is_shared(home, tmp_path, monkeypatch):
    assert paths.cache() == home
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path))
    assert paths.cache() == tmp_path
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "not there"))
    with pytest.raises(CourseError, match="no such folder"):
        paths.cache()


def test_in_colab_progress_is_kept_on_a_mounted_drive(tmp_path, monkeypatch):
    monkeypatch.delenv("AIGC_HOME", raising=False)
    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "usual"))
    monkeypatch.setattr(paths, "DRIVE", tmp_path)
    assert paths.home() != tmp_path / "aigc-course"
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    assert paths.home() == tmp_path / "aigc-course"
    monkeypatch.setattr(paths, "DRIVE", tmp_path / "not mounted")
    assert "not mounted" not in str(paths.home())
