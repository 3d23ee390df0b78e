"""The GPT against PyTorch's attention and Transformers' classes; the cache; what it refuses."""

import pytest
import torch

from aigc_course.core.errors import CourseError
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


@both
def test_equal_to_transformers_and_back(positions):
    model = model_of(positions)
    theirs, tokens = convert.to_transformers(model), torch.randint(40, (3, 20))
    with torch.no_grad():
        torch.testing.assert_close(
            theirs(input_ids=tokens).logits, model(tokens), atol=1e-4, rtol=0
        )
        torch.testing.assert_close(
            convert.from_transformers(theirs)(tokens), model(tokens), atol=1e-6, rtol=0
        )


def test_another_kind_of_model_is_refused():
    from transformers import GPT2Config, GPT2LMHeadModel

    with pytest.raises(
        CourseError, match="exact GELU"
    ):  # GPT-2's own activation is an approximation
        convert.from_transformers(
            GPT2LMHeadModel(
                GPT2Config(
                    vocab_size=9,
                    n_positions=8,
                    n_embd=8,
                    n_layer=1,
                    n_head=2,
                    bos_token_id=0,
                    eos_token_id=0,
                )
            )
        )
