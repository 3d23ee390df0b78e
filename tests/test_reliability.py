"""What is promised in docs/reliability.md, with counts. Slow ones run with `--full`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 100
SAVE_EVERY = 10  # of killing.py


@pytest.mark.full
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")
def test_a_hundred_kills_lose_at_most_what_came_after_the_last_checkpoint(tmp_path):
    environment = os.environ | {"AIGC_HOME": str(tmp_path), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, str(Path(__file__).with_name("killing.py")), str(KILLS)]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr[-3000:]
    counted = json.loads(result.stdout.splitlines()[-1])
    print(counted)
    assert counted["kills"] >= KILLS and counted["runs"] >= 3 and counted["while_writing"] >= 1
    assert counted["most_lost"] <= SAVE_EVERY + 1 and counted["unequal"] == 0  # the step that was running counts, too
