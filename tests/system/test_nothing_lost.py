"""What docs/reliability.md promises of kills, full disks and interrupts, with counts. Slow ones run
with `--full`.
"""

import errno
import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from aigc_course.core import files
from aigc_course.core.errors import CourseError
from aigc_course.training import checkpoints

resource = pytest.importorskip("resource", reason="needs a POSIX system")
HERE = Path(__file__).parent
SUPPORT = HERE.parent / "support"
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")


def killing(tmp_path, *arguments):
    environment = os.environ | {
        "AIGC_HOME": str(tmp_path),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(SUPPORT),
    }
    command = [sys.executable, str(SUPPORT / "killing.py"), *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=900)
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.full(guards="training recipes core.files pretrained")
@forks
@pytest.mark.parametrize(
    ("what", "kills", "save_every"), [("fit", 100, 10), ("text", 50, 2), ("images", 50, 1)]
)
def test_kills_lose_at_most_what_came_after_the_last_checkpoint(
    tmp_path, count, what, kills, save_every
):
    counted = killing(tmp_path, what, kills)
    assert counted["while_writing"] >= 1
    assert counted["most_lost"] <= save_every and counted["unequal"] == 0, (
        counted
    )  # the step that was running counts, too
    count(
        {
            "fit": "kills of `fit` at random moments",
            "text": "kills of `pretrain` (text) at random moments",
            "images": "kills of `pretrain` (images) at random moments",
        }[what],
        counted["kills"],
    )


@pytest.mark.full(guards="training recipes core.files pretrained")
@forks
def test_killed_at_each_line_of_writing(tmp_path, count):
    saved, kept = killing(tmp_path, "save"), killing(tmp_path, "keep")
    assert saved["failed"] == kept["failed"] == 0
    count("kills at each line of writing a checkpoint", saved["kills"])
    count("kills at each line of putting a finished one in its place", kept["kills"])


def model(step):
    one = torch.nn.Linear(4, 2)
    torch.nn.init.constant_(one.bias, step)
    return one


def write(step, state=()):
    checkpoints.save("run", model(step), {"losses": torch.zeros(step), "more": state}, step)


def check_kept(*steps):
    """One of these checkpoints is there, whole."""
    other = torch.nn.Linear(4, 2)
    step = len(checkpoints.load("run", other)["losses"])
    assert step in steps and (other.bias == step).all()


CALLS = [
    (os, "fsync"),
    (os, "open"),
    (os, "close"),
    (Path, "mkdir"),
    (Path, "open"),
    (Path, "rename"),
    (Path, "replace"),
    (checkpoints, "save_model"),
]


def test_each_failing_call_leaves_the_old_checkpoint_whole(home, count):
    """Every call that writes, the first time it is made, the second time and so on, fails as on a
    full disk.
    """
    faults = 0
    for owner, name in CALLS:
        for nth in range(1, 20):
            shutil.rmtree(home, ignore_errors=True)
            write(1)
            before, calls = getattr(owner, name), iter(range(1, 1000))

            def failing(*args, before=before, calls=calls, nth=nth, **kwargs):
                if next(calls) == nth:
                    raise OSError(errno.ENOSPC, "No space left on device")
                return before(*args, **kwargs)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(owner, name, failing)
                try:
                    write(2)
                except CourseError as error:
                    assert "No space left" in str(error) and re.search(
                        "make room|AIGC_HOME", str(error)
                    )
                else:
                    if next(calls) <= nth:  # this call is not made so often
                        break
                    check_kept(2)  # it failed where nothing was lost by it
                    continue
            faults += 1
            check_kept(1, 2)  # what fails after the renaming fails when the new one is in its place
            write(3)
            check_kept(3)
    count("calls that fail while a checkpoint is written", faults)


ON_A_SMALL_DISK = """
import sys, torch
sys.path.insert(0, {tests!r})
from test_nothing_lost import check_kept, write
from aigc_course.core.errors import CourseError
import subprocess
write(1)
for what in ("full", "read-only"):
    if what == "read-only":
        subprocess.run(["mount", "-o", "remount,ro", {disk!r}], check=True)
    try:
        write(2, torch.zeros(10**6))
    except CourseError as error:
        print(what, error)
    else:
        sys.exit("it was written")
    subprocess.run(["mount", "-o", "remount,rw", {disk!r}], check=True)
    check_kept(1)
print("whole")
"""


def test_a_full_and_a_read_only_disk_leave_the_old_checkpoint_whole(tmp_path):
    """A real disk of two megabytes, in a name space of its own."""
    if not shutil.which("unshare"):
        pytest.skip("needs Linux's unshare")
    disk = tmp_path / "disk"
    disk.mkdir()
    script = ON_A_SMALL_DISK.format(tests=str(HERE), disk=str(disk))
    command = f'mount -t tmpfs -o size=2m none "{disk}" && exec "{sys.executable}" -c "$SCRIPT"'
    environment = os.environ | {"SCRIPT": script, "AIGC_HOME": str(disk / "home")}
    result = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", command],
        capture_output=True,
        text=True,
        env=environment,
    )
    if result.returncode and "Traceback" not in result.stderr and not result.stdout:
        pytest.skip("this system lets nobody mount a disk of their own")
    lines = result.stdout.splitlines()
    assert lines[-1:] == ["whole"], result.stderr[-2000:]
    assert (
        "full Cannot keep checkpoint" in lines[0]
        and "read-only Cannot write to" in lines[1]
        and "AIGC_HOME" in lines[1]
    )


def test_a_write_that_breaks_off_leaves_the_old_file(home):
    """The system itself ends the write: files may not grow beyond some bytes."""
    files.write_atomically(home / "file", b"old")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        with pytest.raises(CourseError, match="make room"):
            files.write_atomically(home / "file", b"new" * 1000)
        write_failed = False
        try:
            write(1)
        except CourseError:
            write_failed = True
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert (home / "file").read_bytes() == b"old" and write_failed
    assert sorted(path.name for path in home.rglob("*")) == [
        "file",
        "run",
        "runs",
    ]  # nothing half-written is left
    write(1)
    check_kept(1)


BUSY = {
    "fit": "training.fit(model, loader, lambda m, b: m(b[0]).square().mean(), 10**6, 1e-3)",
    "loop by hand": "for step in progress.progress_steps(10**9):\n    pass",
    "data": "tales.sample(10**6, seed=0)",
    "generate": (
        "sampling.generate(gpt, torch.ones(64, 1, dtype=torch.long), 250, seed=0); [None for "
        "_ in iter(int, 1)]"
    ),
    "exercise": (
        "@exercise('chance.entropy')\ndef entropy(p):\n    while True:\n        pass\nwhile "
        "True:\n    pass"
    ),
}
BEFORE = """
import torch
from aigc_course import pretrained, training
from aigc_course.data.stories import tales
from aigc_course.exercises import exercise
from aigc_course.generation import sampling
from aigc_course.training import progress
model = torch.nn.Linear(4, 1)
loader = training.batches(torch.randn(512, 4), batch_size=8, seed=0)
gpt, _ = pretrained.load_gpt("tales-gpt")
"""


@pytest.mark.full(guards="training recipes core.files pretrained")
def test_after_twenty_interrupts_of_a_kernel_the_next_cell_works(kernel, count):
    rng, interrupts = random.Random(0), 0
    assert kernel(BEFORE)[1] == "ok"
    for n in range(20):
        kind = list(BUSY)[n % len(BUSY)]
        printed, status, _ = kernel(BUSY[kind], stop_after=rng.uniform(0.2, 2.5))
        interrupts += 1
        assert (
            "Stopped after" in printed if kind in ("fit", "loop by hand") else status == "error"
        ), (kind, printed, status)
        next_cell = (
            f"print({n}, next(model.parameters()).isfinite().all().item(), "
            f"len(tales.sample(2, seed={n})))"
        )
        assert kernel(next_cell)[:2] == (f"{n} True 2\n", "ok"), kind
    count("interrupts of a kernel", interrupts)
