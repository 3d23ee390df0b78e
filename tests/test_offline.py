"""Promise 1: after installation no cell needs the network."""

import os
import shutil
import subprocess
import sys

import pytest

from aigc_course import lessons


def can_cut_the_network():
    return shutil.which("unshare") and subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode == 0


@pytest.mark.full
@pytest.mark.parametrize("lesson", lessons.all_lessons(), ids=lambda lesson: lesson.number)
def test_lesson_runs_with_the_network_cut(lesson, tmp_path):
    if not can_cut_the_network():
        pytest.skip("this system does not let us cut the network (needs Linux and root)")
    inside = f'ip link set lo up && exec "{sys.executable}" -m aigc_course run {lesson.number} --scale smoke'
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")} | {"AIGC_HOME": str(tmp_path), "AIGC_SCALE": "smoke"}
    result = subprocess.run(["unshare", "-n", "sh", "-c", inside], capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr
