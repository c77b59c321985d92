"""Parameters, FLOPs and bytes of a decoder-only transformer, from its shape."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.units import Array


def embedding_params(vocabulary_size: Array, model_width: Array) -> Array:
    """Parameters of one table with a row for each entry of the vocabulary.

    Source: definition.
    """
    return vocabulary_size * model_width


def attention_weight_params_per_layer(
    model_width: Array, num_attention_heads: Array, num_key_value_heads: Array, head_width: Array
) -> Array:
    """Weights of the query, key, value and output projections of one layer, with grouped key and value heads.

    Source: Ainslie et al. 2023, GQA (arXiv:2305.13245), section 2.2; reproduces the published counts in the tests.
    """
    return 2 * model_width * head_width * (num_attention_heads + num_key_value_heads)


def attention_bias_params_per_layer(
    qkv_bias: Array, num_attention_heads: Array, num_key_value_heads: Array, head_width: Array
) -> Array:
    """Biases of the query, key and value projections of one layer, where the model has them.

    Source: Qwen2 technical report (arXiv:2407.10671), section 2.2.1.
    """
    return qkv_bias * head_width * (num_attention_heads + 2 * num_key_value_heads)


def ffn_params_per_expert(model_width: Array, ffn_width: Array) -> Array:
    """Weights of one gated feed-forward block (SwiGLU: gate, up and down).

    Source: Shazeer 2020, GLU variants (arXiv:2002.05202), equation 6.
    """
    return 3 * model_width * ffn_width


def router_params_per_layer(model_width: Array, num_experts: Array) -> Array:
    """Weights of the router of one mixture-of-experts layer; a dense model has none.

    Source: Jiang et al. 2024, Mixtral of Experts (arXiv:2401.04088), section 2.1.
    """
    return np.where(num_experts > 1, model_width * num_experts, 0.0)


def norm_params(num_layers: Array, model_width: Array) -> Array:
    """Scales of the two normalisations of each layer and of the last one.

    Source: Touvron et al. 2023, LLaMA (arXiv:2302.13971), section 2.2.
    """
    return (2 * num_layers + 1) * model_width


def params(
    embedding_params: Array,
    tied_embeddings: Array,
    num_layers: Array,
    attention_weight_params_per_layer: Array,
    attention_bias_params_per_layer: Array,
    ffn_params_per_expert: Array,
    num_experts: Array,
    router_params_per_layer: Array,
    norm_params: Array,
) -> Array:
    """Parameters of the whole model: what must be stored.

    Source: definition; the sum of the parts, equal to the published counts to the unit (tests).
    """
    attention = attention_weight_params_per_layer + attention_bias_params_per_layer
    layer = attention + num_experts * ffn_params_per_expert + router_params_per_layer
    return (2 - tied_embeddings) * embedding_params + num_layers * layer + norm_params


def active_params(
    params: Array,
    num_layers: Array,
    num_experts: Array,
    num_active_experts: Array,
    ffn_params_per_expert: Array,
) -> Array:
    """Parameters that one token uses: all but the experts that its router leaves out.

    Source: Jiang et al. 2024, Mixtral of Experts (arXiv:2401.04088), section 2.1.
    """
    return params - num_layers * (num_experts - num_active_experts) * ffn_params_per_expert


def matmul_params(
    embedding_params: Array,
    num_layers: Array,
    attention_weight_params_per_layer: Array,
    ffn_params_per_expert: Array,
    num_active_experts: Array,
    router_params_per_layer: Array,
) -> Array:
    """Active parameters that stand in matrix multiplications: the output head, but no input table and no scale.

    Source: Narayanan et al. 2021, Megatron-LM (arXiv:2104.04473), section 5.1.
    """
    ffn = num_active_experts * ffn_params_per_expert + router_params_per_layer
    return embedding_params + num_layers * (attention_weight_params_per_layer + ffn)


def attention_score_params(
    num_layers: Array, num_attention_heads: Array, head_width: Array, sequence_length: Array
) -> Array:
    """Multiply-adds of scores and weighted values for one token of a causal sequence, as if they were weights.

    A token attends to half of the sequence on average, twice: once for the scores and once for the values.

    Source: Narayanan et al. 2021, Megatron-LM (arXiv:2104.04473), section 5.1, halved for the causal mask.
    """
    return num_layers * num_attention_heads * head_width * sequence_length


def forward_flops_per_token(matmul_params: Array, attention_score_params: Array) -> Array:
    """Floating-point operations of the forward pass for one token, causal attention included.

    Source: Kaplan et al. 2020 (arXiv:2001.08361), table 1.
    """
    return units.FORWARD_FLOPS_PER_PARAM_TOKEN * (matmul_params + attention_score_params)


def training_flops_per_token(forward_flops_per_token: Array) -> Array:
    """Floating-point operations of a training step for one token: six for each weight, with its attention.

    Source: Kaplan et al. 2020 (arXiv:2001.08361), section 2.1.
    """
    return units.TRAINING_FLOPS_PER_FORWARD_FLOPS * forward_flops_per_token


def weights_bytes(params: Array, weight_bits_per_param: Array, compression_weights_ratio: Array) -> Array:
    """Memory that the weights take at the precision in which they are served, compressed where they are.

    Source: definition.
    """
    return params * weight_bits_per_param / units.BITS_PER_BYTE * compression_weights_ratio
