"""Tests that need the walls around submissions: left out where there are none, and say so; with
`AIGC_WALLS=required` they fail instead.
"""

import os

import pytest

from aigc_course.classroom import isolation


def need():
    """Leave the test out where there are no walls."""
    if isolation.why_not() and os.environ.get("AIGC_WALLS") != "required":
        pytest.skip(f"no walls around submissions: {isolation.why_not()}")


@pytest.fixture
def within_walls():
    """For tests that start nothing themselves before they know."""
    need()


needs_walls = pytest.mark.usefixtures("within_walls")
