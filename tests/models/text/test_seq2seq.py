"""The encoder-decoder against torch.nn.Transformer; decoding; what a translation keeps."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from aigc_course.core.errors import CourseError
from aigc_course.data.stories import tales
from aigc_course.exercises.translation import smooth_loss
from aigc_course.models.text import seq2seq
from aigc_course.models.text.gpt import causal_mask
from aigc_course.models.text.seq2seq import Seq2Seq, Seq2SeqConfig


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(1)
    model = Seq2Seq(Seq2SeqConfig(30, 12, d_model=32, d_ff=64)).eval()
    model.target.weight.data *= 2  # surer, so that decoding has something to choose
    return model


def test_equal_to_pytorchs_transformer():
    torch.manual_seed(0)
    theirs = nn.Transformer(32, 4, 2, 2, 64, dropout=0.0, batch_first=True).eval()
    for weight in theirs.parameters():
        weight.data.add_(torch.randn(weight.shape) * 0.1)
    ours = Seq2Seq(Seq2SeqConfig(30, 12, d_model=32, d_ff=64)).load_torch(theirs).eval()
    source, target = torch.randint(1, 30, (3, 9)), torch.randint(1, 12, (3, 7))
    source[1, 5:], source[2, 8:] = 0, 0
    masks = {
        "src_key_padding_mask": source == 0,
        "memory_key_padding_mask": source == 0,
        "tgt_mask": ~causal_mask(7, 7),
    }
    with torch.no_grad():
        vectors = theirs(ours.embed(source, ours.source), ours.embed(target, ours.target), **masks)
        torch.testing.assert_close(
            ours(source, target), F.linear(vectors, ours.target.weight), atol=1e-4, rtol=0
        )


def test_padding_and_later_tokens_change_nothing(model):
    source, target = torch.randint(2, 30, (1, 6)), torch.randint(2, 12, (1, 5))
    logits = model(source, target)
    longer = torch.cat([source, torch.zeros(1, 4, dtype=torch.long)], 1)
    torch.testing.assert_close(model(longer, target), logits, atol=1e-5, rtol=0)
    other = torch.cat([target[:, :3], torch.randint(2, 12, (1, 2))], 1)
    torch.testing.assert_close(model(source, other)[:, :3], logits[:, :3], atol=1e-5, rtol=0)


def test_alignment_rows_sum_to_one_and_leave_padding_out(model):
    source, target = torch.randint(2, 30, (2, 6)), torch.randint(2, 12, (2, 5))
    source[0, 4:] = 0
    weights = model.alignment(source, target)
    assert weights.shape == (2, 2, 4, 5, 6) and weights[0, ..., 4:].abs().max() == 0
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 2, 4, 5))


def test_losses_agree(model):
    source, target = torch.randint(2, 30, (3, 6)), torch.randint(2, 12, (3, 7))
    target[1, 4:] = 0
    logits = model(source, target[:, :-1])
    expected = F.cross_entropy(
        logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=0, label_smoothing=0.1
    )
    torch.testing.assert_close(seq2seq.translation_loss(model, (source, target)), expected)
    torch.testing.assert_close(smooth_loss(logits, target[:, 1:], 0.1), expected)


def test_waves_turn_alike():
    waves = seq2seq.sinusoids(50, 16)
    dots = waves @ waves.T
    torch.testing.assert_close(
        dots[3, 10], dots[30, 37]
    )  # the dot product depends on distance alone
    assert waves[0].tolist() == [0, 1] * 8


def test_bad_sizes():
    for sizes, word in (({"d_model": 30}, "even and divide"), ({"n_layers": 0}, "n_layers")):
        with pytest.raises(CourseError, match=word):
            Seq2Seq(Seq2SeqConfig(9, 9, **sizes))


def test_facts_are_the_same_in_both_languages():
    for form in ("short", "long"):
        for tale in tales.sample(40, seed=3, form=form):
            facts = tales.check(tale.text, form=form).facts
            assert facts == tales.check(tale.chinese, form=form, language="zh").facts
            assert facts == tale.values
    assert tales.check("Mia is here.").facts == {}
    altered = tales.alter(tales.sample(1, seed=3)[0], seed=1)
    assert tales.check(altered).facts == {}
