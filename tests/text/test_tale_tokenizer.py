"""Checkpoints that ship: verified, small, as good as promised; made again from their seed, also
after a kill."""

import pytest

from aigc_course.data.stories import tale_tasks, tales
from aigc_course.text import tale_tokenizer


@pytest.mark.parametrize("form", ["short", "long"])
def test_the_tokenizer_gives_back_every_tale(form):
    tokenizer = tale_tokenizer.wrap(tale_tokenizer.tale_vocabulary(), 256)
    for tale in tales.sample(200, seed=8, form=form):
        ids = tokenizer(tale.text).input_ids
        assert tokenizer.convert_ids_to_tokens(ids[1:]) == tale.tokens and ids[0] == 1
        assert tokenizer.decode(ids, skip_special_tokens=True) == tale.text
    for tale in tales.sample(50, seed=9, form=form):
        for text in [tale_tasks.summary(tale), tale_tasks.kind(tale)] + [
            f"{a.question} {a.answer}" for a in tale_tasks.questions(tale)
        ]:
            assert tokenizer.unk_token_id not in tokenizer(text).input_ids, text
