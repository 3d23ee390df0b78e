"""The encoder-decoder against torch.nn.Transformer; decoding; what a translation keeps."""

import math

import pytest
import torch

from aigc_course.core.errors import CourseError
from aigc_course.generation import beam_search
from aigc_course.models.text import seq2seq
from aigc_course.models.text.seq2seq import Seq2Seq, Seq2SeqConfig


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(1)
    model = Seq2Seq(Seq2SeqConfig(30, 12, d_model=32, d_ff=64)).eval()
    model.target.weight.data *= 2  # surer, so that decoding has something to choose
    return model


def test_beam_of_one_is_greedy_and_scores_are_log_probabilities():
    torch.manual_seed(0)
    small, ended = Seq2Seq(Seq2SeqConfig(30, 5, d_model=32, d_ff=64)).eval(), 0
    for seed in range(8):
        torch.manual_seed(seed)
        source = torch.randint(2, 30, (1, 6))
        greedy = beam_search.translate(small, source, 12)[0].tolist()
        assert beam_search.beam_search(small, source, 12, width=1, alpha=0)[0][1] == greedy
        scored = beam_search.beam_search(small, source, 12, width=4, alpha=0)
        for score, ids in scored:
            assert score == pytest.approx(log_probability(small, source, ids), abs=1e-4)
        assert [score for score, _ in scored] == sorted(
            (score for score, _ in scored), reverse=True
        )
        ended += greedy[-1] == 1
    assert ended >= 4  # else the test shows little
    with pytest.raises(CourseError, match="width"):
        beam_search.beam_search(small, source, 12, width=0)


NEXT = {
    1: [0, 0, 0.6, 0.4],
    2: [0, 0.5, 0.25, 0.25],
    3: [0, 0.9, 0.05, 0.05],
}  # probabilities after each token


class Trap(seq2seq.Seq2Seq):
    """Token 2 looks best at first, but what begins with 3 ends better."""

    def __init__(self):
        torch.nn.Module.__init__(self)

    def encode(self, source):
        return torch.zeros(len(source), 1, 1)

    def decode(self, target, memory, source):
        return torch.tensor([[NEXT[i] for i in row] for row in target.tolist()]).log()


def test_an_end_counts_only_among_the_best(monkeypatch):
    monkeypatch.setitem(NEXT, 1, [0, 0.4, 0.6, 0])
    assert beam_search.beam_search(Trap(), torch.tensor([[5]]), 5, width=1, alpha=0)[0][1] == [
        1,
        2,
        1,
    ]  # as greedy; not [1, 1]


def test_a_beam_takes_a_step_back_where_greedy_cannot():
    source = torch.tensor([[5]])
    assert beam_search.translate(Trap(), source, 5)[0].tolist() == [1, 2, 1]
    (score, ids), *_ = beam_search.beam_search(Trap(), source, 5, width=2, alpha=0)
    assert ids == [1, 3, 1] and score == pytest.approx(math.log(0.36))
    penalised = {
        tuple(ids): score
        for score, ids in beam_search.beam_search(Trap(), source, 5, width=2, alpha=1)
    }
    assert penalised[1, 3, 1] == pytest.approx(math.log(0.36) / ((5 + 2) / 6))


def log_probability(model, source, ids):
    ids = torch.tensor([ids])
    with torch.no_grad():
        logp = model(source, ids[:, :-1]).log_softmax(-1)
    return logp.gather(-1, ids[:, 1:, None]).sum().item()


def test_rows_of_a_batch_are_translated_alike(model):
    source = torch.randint(2, 30, (3, 6))
    source[1, 4:] = 0
    together = beam_search.translate(model, source, 8)
    for row, text in zip(source, together, strict=True):
        alone = beam_search.translate(model, row[row != 0][None], 8)[0]
        assert [i for i in text.tolist() if i] == alone.tolist()
