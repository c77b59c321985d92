"""Three ways of counting FLOPs agree on every shape, and what a counter does not see is an error."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from bench.errors import MeasurementError
from bench.measuring.flops import agreed, count_by_fvcore, count_on_meta
from bench.models.building import Config, build
from bench.models.convolutional import ConvConfig
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig

SHAPES: list[Config] = [
    MlpConfig(),
    MlpConfig(hidden_widths=(1024, 32)),
    GptConfig(width=64, num_layers=2, num_heads=4, feed_forward_width=128, context_tokens=40),
    GptConfig(
        width=32, num_layers=3, num_heads=2, feed_forward_width=48, context_tokens=200, activation="swiglu"
    ),
    GptConfig(width=64, num_layers=1, num_heads=8, feed_forward_width=64, context_tokens=8, tied_head=True),
    ConvConfig(),
    ConvConfig(image_size=70, num_channels=3, widths=(8, 8, 24), blocks_per_stage=(2, 1, 2)),
]
ROWS = 3


def inputs_of(config: Config) -> torch.Tensor:
    if isinstance(config, MlpConfig):
        return torch.zeros(ROWS, config.num_inputs)
    if isinstance(config, ConvConfig):
        return torch.zeros(ROWS, config.num_channels, config.image_size, config.image_size)
    assert isinstance(config, GptConfig)
    return torch.zeros(ROWS, config.context_tokens, dtype=torch.long)


@pytest.mark.parametrize("config", SHAPES, ids=lambda config: config.in_words())
def test_formula_meta_counter_and_fvcore_agree_exactly(config: Config) -> None:
    def make() -> torch.Tensor:
        return inputs_of(config)

    expected = config.forward_flops(ROWS)
    assert count_on_meta(lambda: build(config), make, training=False) == expected
    assert count_by_fvcore(build(config), inputs_of(config)) == expected
    assert count_on_meta(lambda: build(config), make, training=True) == config.training_flops(ROWS)


def test_a_model_too_large_for_this_machine_is_counted_all_the_same() -> None:
    large = GptConfig(
        width=8192,
        num_layers=80,
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
