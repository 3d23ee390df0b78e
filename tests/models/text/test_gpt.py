"""The GPT against PyTorch's attention and Transformers' classes; the cache; what it refuses."""

import pytest
import torch
import torch.nn.functional as F

from aigc_course.core.errors import CourseError
from aigc_course.generation import sampling
from aigc_course.models.text import gpt
from aigc_course.models.text.gpt import GPT, GPTConfig
from aigc_course.pretrained import convert


def model_of(positions="rotary", **sizes):
    torch.manual_seed(0)
    model = GPT(
        GPTConfig(
            **({"vocab_size": 40, "context_length": 48, "d_model": 32} | sizes), positions=positions
        )
    ).eval()
    for weight in model.parameters():  # larger than at the start, so that mistakes show
        weight.data.add_(torch.randn(weight.shape) * 0.1)
    return model


both = pytest.mark.parametrize("positions", gpt.POSITIONS)


def test_attention_is_pytorchs():
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 4, 9, 8)
    ours = gpt.attention_weights(q, k, gpt.causal_mask(9, 9)) @ v
    torch.testing.assert_close(ours, F.scaled_dot_product_attention(q, k, v, is_causal=True))
    assert torch.equal(
        gpt.merge_heads(gpt.split_heads(v.transpose(1, 2).flatten(2), 4)),
        v.transpose(1, 2).flatten(2),
    )


def test_causal_mask_of_the_last_tokens():
    assert gpt.causal_mask(2, 4).tolist() == [[True, True, True, False], [True] * 4]


def test_rotated_scores_depend_on_distance_alone():
    torch.manual_seed(0)
    q, k = torch.randn(2, 1, 8)
    scores = [(gpt.rotate(q, at + 5) * gpt.rotate(k, at)).sum().item() for at in (0, 3, 90)]
    assert scores == pytest.approx([scores[0]] * 3, abs=1e-4) and scores[0] != pytest.approx(
        (q * k).sum().item(), abs=1e-3
    )


@both
def test_later_tokens_change_nothing_before(positions):
    model, tokens = model_of(positions), torch.randint(1, 40, (2, 20))
    other = torch.cat([tokens[:, :12], torch.randint(1, 40, (2, 8))], 1)
    before, after = model(tokens), model(other)
    torch.testing.assert_close(before[:, :12], after[:, :12])
    assert (before[:, 12:] - after[:, 12:]).abs().max() > 0.01


@both
@pytest.mark.parametrize("cuts", [(20,), (1,) * 20, (7, 1, 12)])
def test_the_cache_gives_what_reading_at_once_gives(positions, cuts):
    model, tokens = model_of(positions), torch.randint(1, 40, (2, 20))
    state, parts = None, []
    for part in tokens.split(cuts, 1):
        logits, state = model.read(part, state)
        parts.append(logits)
    torch.testing.assert_close(torch.cat(parts, 1), model(tokens), atol=1e-5, rtol=0)


def test_attention_maps():
    model, tokens = model_of(), torch.randint(1, 40, (2, 9))
    weights = model.attention(tokens)
    assert weights.shape == (2, 2, 4, 9, 9)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 2, 4, 9))
    assert weights.triu(1).abs().max() == 0


def test_parameters_as_counted_by_hand():
    model = GPT(GPTConfig(50, 32, n_layers=3, d_model=96, positions="learned"))
    assert (
        sum(p.numel() for p in model.parameters())
        == 50 * 96 + 32 * 96 + 3 * (12 * 96**2 + 13 * 96) + 2 * 96
    )


def test_first_weights_are_as_large_as_asked():
    model = GPT(GPTConfig(500, 32, n_layers=2, d_model=96, initializer_range=0.06))
    block = model.blocks[0]
    for weight in (
        model.embedding.weight,
        block.attention.qkv.weight,
        block.feed_forward[0].weight,
    ):
        assert weight.std().item() == pytest.approx(0.06, rel=0.03)
    for weight in (
        block.attention.out.weight,
        block.feed_forward[2].weight,
    ):  # four parts add to the stream
        assert weight.std().item() == pytest.approx(0.03, rel=0.03)
    assert convert.from_transformers(convert.to_transformers(model)).config == model.config


@pytest.mark.parametrize(
    "sizes, word",
    [
        ({"d_model": 30}, "divide"),
        ({"n_heads": 5}, "divide"),
        ({"n_layers": 0}, "n_layers"),
        ({"vocab_size": 2.5}, "vocab"),
        ({"initializer_range": 0}, "initializer_range"),
    ],
)
def test_bad_sizes(sizes, word):
    with pytest.raises(CourseError, match=word):
        model_of(**sizes)


def test_too_long_a_text_and_no_ids():
    model = model_of()
    with pytest.raises(CourseError, match="48 tokens at most, not 49"):
        model(torch.ones(1, 49, dtype=torch.long))
    with pytest.raises(CourseError, match="48"):
        sampling.generate(model, torch.ones(1, 40, dtype=torch.long), 20, seed=0)
    with pytest.raises(CourseError, match="must be ids"):
        model(torch.randn(2, 3))


def test_silenced_heads_add_nothing_and_come_back():
    model, tokens = model_of(), torch.randint(1, 40, (1, 9))
    before = model(tokens)
    with gpt.silenced(model, [(1, 2)]):
        block = model.blocks[1].attention
        x = torch.randn(1, 9, 32)
        q, k, v = block.heads(x)
        parts = gpt.attention_weights(q, k, gpt.causal_mask(9, 9)) @ v
        parts[:, 2] = 0
        torch.testing.assert_close(
            block(x)[0], block.out(gpt.merge_heads(parts)), atol=1e-5, rtol=0
        )
        assert (model(tokens) - before).abs().max() > 1e-3
    assert torch.equal(model(tokens), before)
    with pytest.raises(ZeroDivisionError), gpt.silenced(model, [(0, 0)]):
        1 / 0  # noqa: B018
    assert torch.equal(model(tokens), before)


def test_on_the_shipped_gpt_names_need_the_heads_that_look_at_names():
    """As the lesson on GPT shows: silence the heads of layer 0 that look at mentions, and names
    go; three others hardly matter.
    """
    from aigc_course import pretrained
    from aigc_course.data.stories import tales

    model, tokenizer = pretrained.load_gpt("tales-gpt")
    names = {word.key for word in tales.world("long").lexicon["name"]}
    rows, looked = [], torch.zeros(2, 8)
    with torch.no_grad():
        for tale in tales.sample(12, seed=9, form="long"):
            ids = torch.tensor([[1, *tokenizer.convert_tokens_to_ids(tale.tokens)]])
            sure = model(ids)[0, :-1].softmax(-1).gather(1, ids[0, 1:, None])[:, 0] > 0.9
            at = torch.tensor(
                [i for i, word in enumerate(tale.tokens) if word in names and sure[i]]
            )
            rows.append((ids, at))
            same = (ids[0, 1:, None] == ids[0]).tril()
            looked += (model.attention(ids)[0][:, :, :-1] * same).sum(-1)[:, :, at].sum(-1)
        order = looked[0].argsort(descending=True).tolist()

        def right(heads):
            with gpt.silenced(model, [(0, head) for head in heads]):
                return (
                    torch.cat(
                        [
                            (model(ids)[0, at].argmax(-1) == ids[0, at + 1]).float()
                            for ids, at in rows
                        ]
                    )
                    .mean()
                    .item()
                )

        assert (
            right([]) == 1 and right(order[:3]) < 0.6 and right(order[-3:]) > right(order[:3]) + 0.2
        )
