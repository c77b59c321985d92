"""The parts of a training step's memory have known sizes, and a fresh process needs at least the tensors."""

from __future__ import annotations

import pytest
import torch

from bench.errors import InputError
from bench.measuring.examples import example_batch
from bench.measuring.training_memory import (
    logical_training_memory,
    process_peaks,
    step_memory,
)
from bench.models.building import KINDS, Config, build
from bench.models.convolutional import ConvConfig
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig

SMALL_GPT = GptConfig(width=32, num_layers=1, num_heads=2, feed_forward_width=64, context_tokens=16)
BYTES_PER_FLOAT = 4


@pytest.mark.parametrize("config", [MlpConfig(), SMALL_GPT, ConvConfig()])
def test_examples_fit_their_model(config: Config) -> None:
    batch = example_batch(config, 3)
    logits = build(config)(batch.inputs)
    assert logits.shape[:-1] == batch.targets.shape
    assert int(batch.targets.max()) < logits.shape[-1]
    assert torch.equal(batch.inputs, example_batch(config, 3).inputs)


def test_every_kind_has_examples() -> None:
    for kind in KINDS.values():
        assert len(example_batch(kind(), 2).inputs) == 2


def test_the_parts_of_a_perceptron_with_adamw() -> None:
    config = MlpConfig(hidden_widths=(32,))
    found = logical_training_memory(config, num_rows=8)
    tensors = 4
    assert found.weights_bytes == BYTES_PER_FLOAT * config.params
    assert found.gradients_bytes == BYTES_PER_FLOAT * config.params
    # Two moments, and a step counter for each tensor.
    assert found.optimizer_bytes == BYTES_PER_FLOAT * (2 * config.params + tensors)
    # Hidden values after the ReLU, logarithms of the shares, the mean's weight and the loss; neither what lay
    # before the ReLU nor the logits are needed for the backward pass.
    assert found.activations_bytes == BYTES_PER_FLOAT * (8 * (32 + 10) + 2)
    assert found.peak_bytes > found.weights_bytes + found.gradients_bytes + found.optimizer_bytes


def test_optimizers_differ_by_their_state() -> None:
    config = MlpConfig()
    momentum, adamw = (logical_training_memory(config, 8, name) for name in ("sgd", "adamw"))
    assert momentum.optimizer_bytes == BYTES_PER_FLOAT * config.params
    assert adamw.peak_bytes - momentum.peak_bytes == pytest.approx(BYTES_PER_FLOAT * config.params, rel=0.05)
    with pytest.raises(InputError, match="adamw"):
        logical_training_memory(config, 8, "adamv")


def test_activations_grow_with_the_rows_and_the_rest_does_not() -> None:
    few, many = (logical_training_memory(SMALL_GPT, rows) for rows in (2, 8))
    assert (few.weights_bytes, few.optimizer_bytes) == (many.weights_bytes, many.optimizer_bytes)
    assert many.activations_bytes == pytest.approx(4 * few.activations_bytes, rel=0.02)


def test_it_is_the_same_to_the_byte_and_leaves_no_gradients() -> None:
    assert len({logical_training_memory(SMALL_GPT, 4).peak_bytes for _ in range(3)}) == 1
    model = build(SMALL_GPT)
    step_memory(model, example_batch(SMALL_GPT, 2), "adamw", "cpu")
    assert all(p.grad is None for p in model.parameters())


def test_a_fresh_process_needs_more_than_the_tensors() -> None:
    config = MlpConfig(hidden_widths=(1024, 1024))
    logical = logical_training_memory(config, 32).peak_bytes
    found = process_peaks(config, 32, num_threads=1)
    assert found.training_bytes > logical
    assert found.training_bytes < logical + 500e6
    assert BYTES_PER_FLOAT * config.params < found.inference_bytes < found.training_bytes
