"""Three ways of counting FLOPs agree on every shape, and what a counter does not see is an error."""

from __future__ import annotations

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bench.errors import MeasurementError
from bench.measuring.flops import agreed, count_by_fvcore, count_on_meta, is_product, on_meta
from bench.models.building import Config, build
from bench.models.choosing import of_config
from bench.models.convolutional import ConvConfig
from bench.models.gpt import Gpt, GptConfig, KeyValueCache
from bench.models.mlp import MlpConfig

pytestmark = pytest.mark.usefixtures("one_thread")

ROWS = 3

perceptrons = st.builds(
    MlpConfig,
    num_inputs=st.integers(1, 20),
    hidden_widths=st.lists(st.integers(1, 30), max_size=3).map(tuple),
    num_classes=st.integers(1, 12),
)


@st.composite
def transformers(draw: st.DrawFn) -> GptConfig:
    key_value_heads, shared_by = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    heads = key_value_heads * shared_by
    return GptConfig(
        width=heads * 2 * draw(st.integers(1, 4)),
        num_layers=draw(st.integers(1, 2)),
        num_heads=heads,
        num_key_value_heads=key_value_heads,
        feed_forward_width=draw(st.integers(1, 40)),
        context_tokens=draw(st.integers(2, 20)),
        activation=draw(st.sampled_from(["gelu", "swiglu"])),
        tied_head=draw(st.booleans()),
        vocabulary=draw(st.integers(2, 60)),
    )


@st.composite
def convolutional(draw: st.DrawFn) -> ConvConfig:
    stages = draw(st.integers(1, 3))
    return ConvConfig(
        image_size=draw(st.integers(4, 80)),
        num_channels=draw(st.integers(1, 3)),
        widths=tuple(draw(st.lists(st.integers(1, 9), min_size=stages, max_size=stages))),
        blocks_per_stage=tuple(draw(st.lists(st.integers(1, 2), min_size=stages, max_size=stages))),
        num_classes=draw(st.integers(1, 10)),
    )


@settings(max_examples=12, deadline=None)
@example(MlpConfig())
@example(GptConfig(num_key_value_heads=2, activation="swiglu"))
@example(GptConfig(tied_head=True, context_tokens=200))
@example(ConvConfig())
@example(ConvConfig(image_size=97, num_channels=3, widths=(8, 8, 24), blocks_per_stage=(2, 1, 2)))
@given(st.one_of(perceptrons, transformers(), convolutional()))
def test_formula_meta_counter_and_fvcore_agree_exactly(config: Config) -> None:
    model = of_config(config)
    [inputs] = model.inputs(ROWS)
    expected = config.forward_flops(ROWS)
    assert (
        count_on_meta(lambda: build(config), lambda: torch.zeros_like(inputs, device="meta"), training=False)
        == expected
    )
    assert count_by_fvcore(build(config), inputs) == expected
    assert count_on_meta(
        lambda: build(config), lambda: torch.zeros_like(inputs, device="meta"), training=True
    ) == config.training_flops(ROWS)
    assert config.params == sum(parameter.numel() for parameter in build(config).parameters())


def test_decoding_with_the_cache_takes_the_flops_of_the_formula() -> None:
    config = GptConfig(
        width=48, num_layers=2, num_heads=6, num_key_value_heads=2, feed_forward_width=70, context_tokens=20
    )
    with torch.device("meta"):
        model, cache = build(config), KeyValueCache(config, ROWS, 20, device="meta")
        prompt, token = (torch.zeros(ROWS, length, dtype=torch.long) for length in (11, 1))
    assert isinstance(model, Gpt)
    for tokens, expected in (
        (prompt, config.forward_flops(ROWS, 11)),
        (token, config.decode_flops(ROWS, 12)),
    ):
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            model(tokens, cache)
        assert counter.get_total_flops() == expected


def test_a_model_too_large_for_this_machine_is_counted_all_the_same() -> None:
    large = GptConfig(
        width=8192,
        num_layers=20,
        num_heads=64,
        feed_forward_width=28672,
        activation="swiglu",
        context_tokens=64,
    )
    counted = count_on_meta(
        lambda: build(large), lambda: torch.zeros(1, 64, dtype=torch.long), training=False
    )
    assert counted == large.forward_flops(1)


def test_a_counter_that_sees_nothing_is_an_error() -> None:
    with torch.no_grad():
        silent = count_on_meta(nn.ReLU, lambda: torch.zeros(2, 2), training=False)
    assert silent == 0
    with pytest.raises(MeasurementError, match="saw no operation"):
        agreed({"formula": 8, "counter": silent}, "relu")


def test_disagreement_over_one_percent_is_an_error_that_shows_all_counts() -> None:
    assert agreed({"formula": 1000, "counter": 1010}, "model") == 1000
    with pytest.raises(MeasurementError, match=r"formula 1,000, counter 1,000, fvcore 1,011"):
        agreed({"formula": 1000, "counter": 1000, "fvcore": 1011}, "model")


def test_which_operations_are_products_is_read_from_their_names() -> None:
    products = (
        "aten::mm", "aten::_int_mm", "aten::convolution", "aten::conv2d", "aten::_conv_depthwise2d",
        "aten::_scaled_dot_product_flash_attention_for_cpu", "aten::mkldnn_rnn_layer", "aten::lstm",
        "aten::_transformer_encoder_layer_fwd", "quantized::linear_dynamic", "torchvision::deform_conv2d",
        "aten::_weight_int4pack_mm_for_cpu", "aten::mkldnn_linear",
    )  # fmt: skip
    others = (
        "aten::add",
        "aten::upsample_bilinear2d",
        "aten::layer_norm",
        "aten::_convert_to",
        "prim::Constant",
    )
    assert [name for name in products if not is_product(name)] == []
    assert [name for name in others if is_product(name)] == []


def test_a_copy_on_meta_takes_no_memory_and_shares_what_was_shared() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.BatchNorm1d(4))
    model[1].weight = model[0].weight
    model[1].weight.requires_grad_(False)
    shadow = on_meta(model)
    assert {tensor.device.type for tensor in [*shadow.parameters(), *shadow.buffers()]} == {"meta"}
    assert shadow[1].weight is shadow[0].weight
    assert not shadow[0].weight.requires_grad
    assert {tensor.device.type for tensor in [*model.parameters(), *model.buffers()]} == {"cpu"}, (
        "left as it was"
    )


def test_fvcore_that_cannot_trace_a_model_says_so() -> None:
    class Asks(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise ValueError("not today\nor ever")

    with pytest.raises(MeasurementError, match=r"cannot trace the model \(ValueError: not today\)"):
        count_by_fvcore(Asks(), torch.zeros(1))
