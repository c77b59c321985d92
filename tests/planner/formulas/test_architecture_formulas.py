"""Parameters and FLOPs of transformers: the published counts to the unit, and the published training compute."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from planner import catalogue
from planner.engine import Graph, figures_of
from planner.formulas import architecture

SHAPE = (
    "num_layers", "model_width", "num_attention_heads", "num_key_value_heads", "head_width", "ffn_width",
    "vocabulary_size", "num_experts", "num_active_experts", "tied_embeddings", "qkv_bias",
)  # fmt: skip


def shape_of(*numbers: float) -> dict[str, float]:
    """A shape by layers, width, query heads, key-value heads, head width, inner width, vocabulary and the rest."""
    given = dict(zip(SHAPE, numbers, strict=False))
    return {"num_experts": 1, "num_active_experts": 1, "tied_embeddings": 0, "qkv_bias": 0} | given


def figure(name: str, shape: Mapping[str, float], sequence_length: float = 2048) -> float:
    leaves = {
        **shape,
        "sequence_length": sequence_length,
        "weight_bits_per_param": 8.0,
        "compression_weights_ratio": 1.0,
    }
    program = Graph(figures_of(architecture), {}, leaves).resolve([name])
    return float(program.run(leaves, 1)[name])


def catalogue_shape(model: str) -> dict[str, float]:
    return {name: catalogue.model(model).fact(name).value for name in SHAPE}


@pytest.mark.parametrize("model", [m for m in catalogue.model_ids() if not m.startswith("qwen3")])
def test_params_of_the_catalogue_are_the_published_counts_to_the_unit(model: str) -> None:
    published = catalogue.model(model).fact("published_params").value
    assert figure("params", catalogue_shape(model)) == published


@pytest.mark.parametrize("model", [m for m in catalogue.model_ids() if m.startswith("qwen3")])
def test_params_of_qwen3_leave_out_nothing_but_its_scales_of_queries_and_keys(model: str) -> None:
    # Qwen3 scales queries and keys: two vectors as long as a head in each layer, which the shape does not hold.
    shape, published = catalogue_shape(model), catalogue.model(model).fact("published_params").value
    assert figure("params", shape) + 2 * shape["num_layers"] * shape["head_width"] == published
    assert figure("params", shape) == pytest.approx(published, rel=1e-6)


@pytest.mark.parametrize(
    ("shape", "params"),
    [
        (shape_of(32, 4096, 32, 32, 128, 11008, 32000), 6_738_415_616),  # Llama 2 7B
        (shape_of(40, 5120, 40, 40, 128, 13824, 32000), 13_015_864_320),  # Llama 2 13B
        (shape_of(80, 8192, 64, 8, 128, 28672, 32000), 68_976_648_192),  # Llama 2 70B
        (shape_of(60, 6656, 52, 52, 128, 17920, 32000), 32_528_943_616),  # LLaMA 33B
        (shape_of(80, 8192, 64, 64, 128, 22016, 32000), 65_285_660_672),  # LLaMA 65B
        (shape_of(32, 4096, 32, 8, 128, 14336, 128256), 8_030_261_248),  # Llama 3 8B
        (shape_of(80, 8192, 64, 8, 128, 28672, 128256), 70_553_706_496),  # Llama 3 70B
        (shape_of(126, 16384, 128, 8, 128, 53248, 128256), 405_853_388_800),  # Llama 3.1 405B
        (shape_of(16, 2048, 32, 8, 64, 8192, 128256, 1, 1, 1), 1_235_814_400),  # Llama 3.2 1B, one table
        (shape_of(28, 3072, 24, 8, 128, 8192, 128256, 1, 1, 1), 3_212_749_824),  # Llama 3.2 3B, one table
        (shape_of(22, 2048, 32, 4, 64, 5632, 32000), 1_100_048_384),  # TinyLlama
        (shape_of(32, 4096, 32, 8, 128, 14336, 32000), 7_241_732_096),  # Mistral 7B
        (shape_of(28, 3584, 28, 4, 128, 18944, 152064, 1, 1, 0, 1), 7_615_616_512),  # Qwen2.5 7B, biases
        (shape_of(32, 4096, 32, 8, 128, 14336, 32000, 8, 2), 46_702_792_704),  # Mixtral 8x7B
        (shape_of(56, 6144, 48, 8, 128, 16384, 32768, 8, 2), 140_630_071_296),  # Mixtral 8x22B
    ],
)
def test_params_of_published_shapes_to_the_unit(shape: dict[str, float], params: int) -> None:
    assert figure("params", shape) == params


def test_active_params_of_a_mixture_of_experts() -> None:
    mixtral = catalogue_shape("mixtral-8x7b")
    assert figure("active_params", mixtral) == 12_879_925_248
    dense = catalogue_shape("llama-3.1-8b")
    assert figure("active_params", dense) == figure("params", dense)


def test_a_dense_model_has_no_router() -> None:
    assert figure("router_params_per_layer", catalogue_shape("llama-3.1-8b")) == 0
    assert figure("router_params_per_layer", catalogue_shape("mixtral-8x7b")) == 4096 * 8


@pytest.mark.parametrize(
    ("shape", "sequence_length", "share", "tolerance"),
    [
        (catalogue_shape("llama-2-7b"), 4096, 0.08, 0.005),
        (catalogue_shape("llama-2-7b"), 32768, 0.64, 0.015),
        (catalogue_shape("llama-3.1-8b"), 8192, 0.13, 0.007),
        (catalogue_shape("llama-3.1-405b"), 8192, 0.04, 0.005),
    ],
)
def test_causal_attention_adds_its_share_to_six_flops_for_each_param(
    shape: dict[str, float], sequence_length: float, share: float, tolerance: float
) -> None:
    # The shares are of six times all parameters of the model, with every token seeing half of its sequence.
    attention = 6 * figure("attention_score_params", shape, sequence_length)
    assert attention / (6 * figure("params", shape)) == pytest.approx(share, abs=tolerance)


def test_training_compute_of_gpt_3() -> None:
    # Brown et al. 2020, table D.1: 3.14e23 FLOPs for 174.6e9 parameters and 300e9 tokens at six for each and no
    # attention. GPT-3 has an ungated inner layer of 4 x 12288, so 2/3 of it counts as much as three gated matrices.
    shape = shape_of(96, 12288, 96, 96, 128, 4 * 12288 * 2 / 3, 50257, 1, 1, 1)
    assert figure("params", shape) == pytest.approx(174.6e9, rel=0.002)
    with_attention = figure("training_flops_per_token", shape, 2048) * 300e9
    without = 6 * figure("matmul_params", shape) * 300e9
    assert without == pytest.approx(3.14e23, rel=0.003)
    assert with_attention == pytest.approx(3.14e23, rel=0.02)
    assert with_attention > without


def test_training_compute_of_llama_3_405b() -> None:
    # Llama 3 paper (arXiv:2407.21783), section 3.2: 3.8e25 FLOPs on 15.6e12 tokens, at six for each parameter.
    flops = figure("training_flops_per_token", catalogue_shape("llama-3.1-405b"), 8192) * 15.6e12
    assert flops == pytest.approx(3.8e25, rel=0.05)


def test_a_training_step_costs_three_forward_passes() -> None:
    shape = catalogue_shape("llama-3.1-8b")
    forward = figure("forward_flops_per_token", shape)
    assert forward == 2 * (figure("matmul_params", shape) + figure("attention_score_params", shape))
    assert figure("training_flops_per_token", shape) == 3 * forward


def test_matmuls_leave_out_the_input_table_the_scales_and_the_biases() -> None:
    shape = catalogue_shape("qwen2.5-7b")
    table, scales = 152064 * 3584, (2 * 28 + 1) * 3584
    biases = 28 * 128 * (28 + 2 * 4)
    assert figure("params", shape) - figure("matmul_params", shape) == table + scales + biases
    tied = catalogue_shape("llama-3.2-1b")  # one table that is read at the input and multiplied at the output
    assert figure("params", tied) - figure("matmul_params", tied) == (2 * 16 + 1) * 2048


def test_weights_in_bytes() -> None:
    assert figure("weights_bytes", catalogue_shape("llama-3.1-8b")) == 8_030_261_248
