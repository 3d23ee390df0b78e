"""Checkpoints that ship: verified, small, as good as promised; made again from their seed, also
after a kill."""

import pytest

from aigc_course.core.errors import CourseError
from aigc_course.data.stories import tale_tasks, tales


def test_answers_stand_in_the_tale():
    kinds = set()
    for tale in tales.sample(200, seed=4):
        kinds.add(tale_tasks.kind(tale))
        for ask in tale_tasks.questions(tale):
            assert ask.answer in tale.tokens or ask.answer in {
                word.key for word in tale.world.lexicon["count"]
            }, (ask, tale.text)
            assert ask.question.endswith("?")
    assert kinds == {"lost and found", "sharing", "trading"}
    with pytest.raises(CourseError, match="tale must be"):
        tale_tasks.questions("Mia had a hat.")
