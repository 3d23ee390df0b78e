"""The course's GPT in the form of Hugging Face Transformers, and back, with the same weights.

A GPT with learned positions is a `GPT2LMHeadModel`; one with rotary positions a
`GPTNeoXForCausalLM`. Both have other names for the weights, and another order of some.
"""

from __future__ import annotations

import torch
from torch import nn

from aigc_course.core.errors import CourseError
from aigc_course.models.text.gpt import GPT, GPTConfig

# Our module -> theirs; in a block, both names follow that of the block.
_GPT2 = {"embedding": "transformer.wte", "places": "transformer.wpe", "norm": "transformer.ln_f"}
_GPT2_BLOCK = {
    "norm1": "ln_1",
    "attention.qkv": "attn.c_attn",
    "attention.out": "attn.c_proj",
    "norm2": "ln_2",
    "feed_forward.0": "mlp.c_fc",
    "feed_forward.2": "mlp.c_proj",
}
_NEOX = {"embedding": "gpt_neox.embed_in", "norm": "gpt_neox.final_layer_norm"}
_NEOX_BLOCK = {
    "norm1": "input_layernorm",
    "attention.qkv": "attention.query_key_value",
    "attention.out": "attention.dense",
    "norm2": "post_attention_layernorm",
    "feed_forward.0": "mlp.dense_h_to_4h",
    "feed_forward.2": "mlp.dense_4h_to_h",
}


def to_transformers(model: GPT, eos: int = 1, pad: int = 0):
    """Return a Transformers model that computes the same logits as ours.

    Args:
        model: GPT(GPTConfig(...)).
        eos: id of the token that begins and ends a text.
        pad: id of padding.

    Returns:
        GPT2LMHeadModel or GPTNeoXForCausalLM, in float32, in evaluation mode.
    """
    ids = {"bos_token_id": eos, "eos_token_id": eos, "pad_token_id": pad}
    make = _gpt2_of if model.config.positions == "learned" else _neox_of
    theirs = make(model.config, ids)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            _parameter(theirs, name).copy_(_to_theirs(name, weight, model.config))
    return theirs.eval()


def _gpt2_of(config: GPTConfig, ids: dict[str, int]):
    """Return a GPT-2 of Transformers with the sizes of ours, its weights still random."""
    from transformers import GPT2Config, GPT2LMHeadModel

    sizes = {
        "vocab_size": config.vocab_size,
        "n_positions": config.context_length,
        "n_embd": config.d_model,
        "n_layer": config.n_layers,
        "n_head": config.n_heads,
    }
    dropout = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), config.dropout)
    first = {"initializer_range": config.initializer_range}
    return GPT2LMHeadModel(
        GPT2Config(**sizes, **dropout, **first, activation_function="gelu", **ids)
    )


def _neox_of(config: GPTConfig, ids: dict[str, int]):
    """Return a GPT-NeoX of Transformers with the sizes of ours, its weights still random."""
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    sizes = {
        "vocab_size": config.vocab_size,
        "max_position_embeddings": config.context_length,
        "hidden_size": config.d_model,
        "num_hidden_layers": config.n_layers,
        "num_attention_heads": config.n_heads,
        "intermediate_size": 4 * config.d_model,
    }
    rotary = {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 1.0}
    form = {
        "hidden_act": "gelu",
        "use_parallel_residual": False,
        "rope_parameters": rotary,
        "tie_word_embeddings": True,
        "initializer_range": config.initializer_range,
    }
    dropout = dict.fromkeys(("hidden_dropout", "attention_dropout"), config.dropout)
    return GPTNeoXForCausalLM(GPTNeoXConfig(**sizes, **form, **dropout, **ids))


def from_transformers(theirs) -> GPT:
    """Return our GPT with the weights of a `GPT2LMHeadModel` or `GPTNeoXForCausalLM`.

    Raises:
        CourseError: the model is of another kind, or has parts that ours lacks.
    """
    config = theirs.config
    if _is_our_gpt2(config):
        sizes = (config.vocab_size, config.n_positions, config.n_layer, config.n_head)
        sizes = (*sizes, config.n_embd, "learned", config.resid_pdrop)
    elif _is_our_neox(config):
        sizes = (config.vocab_size, config.max_position_embeddings, config.num_hidden_layers)
        sizes = (*sizes, config.num_attention_heads, config.hidden_size, "rotary")
        sizes = (*sizes, config.hidden_dropout)
    else:
        wanted = "a GPT-2 with exact GELU or what `to_transformers` makes"
        raise CourseError(f"from_transformers takes {wanted}, not {type(theirs).__name__}.")
    ours = GPTConfig(*sizes, config.initializer_range)
    model = GPT(ours)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(_to_ours(name, _parameter(theirs, name), ours))
    return model.to(theirs.device).eval()


def _is_our_gpt2(config) -> bool:
    """Return whether a configuration of Transformers is a GPT-2 that computes what ours does."""
    return (
        config.model_type == "gpt2"
        and config.activation_function == "gelu"
        and config.n_inner in (None, 4 * config.n_embd)
        and config.tie_word_embeddings
        and not config.scale_attn_by_inverse_layer_idx
        and config.layer_norm_epsilon == 1e-5
    )


def _is_our_neox(config) -> bool:
    """Return whether a configuration of Transformers is a GPT-NeoX that computes what ours does."""
    return (
        config.model_type == "gpt_neox"
        and not config.use_parallel_residual
        and config.hidden_act == "gelu"
        and config.tie_word_embeddings
        and config.attention_bias
        and config.intermediate_size == 4 * config.hidden_size
        and config.layer_norm_eps == 1e-5
        and config.rope_parameters["partial_rotary_factor"] == 1
        and config.rope_parameters["rope_theta"] == 10000
    )


def _parameter(theirs: nn.Module, name: str) -> nn.Parameter:
    """Return the parameter of a Transformers model that corresponds to one of ours by name."""
    gpt2 = theirs.config.model_type == "gpt2"
    module, _, kind = name.rpartition(".")
    if module.startswith("blocks."):
        _, i, part = module.split(".", 2)
        there = (
            f"transformer.h.{i}.{_GPT2_BLOCK[part]}"
            if gpt2
            else f"gpt_neox.layers.{i}.{_NEOX_BLOCK[part]}"
        )
    else:
        there = (_GPT2 if gpt2 else _NEOX)[module]
    return theirs.get_parameter(f"{there}.{kind}")


def _linear(name: str) -> bool:
    """Return whether a parameter of ours is the matrix of a linear layer in a block."""
    return name.endswith("weight") and ("attention" in name or "feed_forward" in name)


def _to_theirs(name: str, weight: torch.Tensor, config: GPTConfig) -> torch.Tensor:
    """Return a weight of ours as Transformers stores it.

    Args:
        name: of our parameter.
        weight: a matrix (out, in) or a vector.
        config: of our model.
    """
    if config.positions == "learned":
        return weight.T if _linear(name) else weight  # (out, in) -> (in, out)
    if "qkv" in name:  # ours: all queries, all keys, all values; theirs: head by head
        # (3 H D, ...) -> (3, H, D, ...) -> (H, 3, D, ...) -> (H 3 D, ...)
        return weight.unflatten(0, (3, config.n_heads, -1)).transpose(0, 1).flatten(0, 2)
    return weight


def _to_ours(name: str, weight: torch.Tensor, config: GPTConfig) -> torch.Tensor:
    """Return a weight of Transformers as ours stores it: the inverse of `_to_theirs`.

    Args:
        name: of our parameter.
        weight: a matrix or a vector.
        config: of our model.
    """
    if config.positions == "learned":
        return weight.T if _linear(name) else weight
    if "qkv" in name:
        # (H 3 D, ...) -> (H, 3, D, ...) -> (3, H, D, ...) -> (3 H D, ...)
        return weight.unflatten(0, (config.n_heads, 3, -1)).transpose(0, 1).flatten(0, 2)
    return weight
