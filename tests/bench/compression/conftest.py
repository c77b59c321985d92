"""Steps of recipes taken on small models, and how far what they give lies from the model that they began with."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from bench.compression.forms import Form, Studio, follow
from bench.compression.recipes import read_recipe
from bench.data.digits import load_digits
from bench.data.splits import Batch, DataSet
from bench.environment import Device
from bench.measuring.num_threads import threads
from bench.models.building import build
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig
from bench.training.checkpoints import tensors_as_bytes
from bench.training.loop import Recipe, train

BRIEF = Recipe(num_steps=20, num_rows=32, learning_rate=3e-3, warmup_steps=2)

Take = Callable[..., Form]


@pytest.fixture
def take() -> Take:
    """Follow a recipe from a model, with digits or with random tokens as its data."""

    def take(recipe: str, model: nn.Module, data: DataSet | None = None, device: Device = "cpu") -> Form:
        size = len(tensors_as_bytes(model.state_dict()))
        form = Form(model.eval(), size, sum(p.numel() for p in model.parameters()))
        return follow(read_recipe(recipe), form, Studio(model, data or data_for(model), device, BRIEF))

    return take


@pytest.fixture(scope="session")
def digits() -> DataSet:
    """Handwritten digits, as rows."""
    return load_digits()


@pytest.fixture(scope="session")
def trained(digits: DataSet) -> nn.Module:
    """A perceptron that has learnt the digits; tests leave it as it is."""
    # One thread, as in the tests: threads that wait for each other take far longer.
    with threads(1):
        model = build(MlpConfig())
        train(model, digits, Recipe(num_steps=300, num_rows=32, learning_rate=3e-3, warmup_steps=5))
    return model.eval()


@pytest.fixture
def teacher(trained: nn.Module) -> nn.Module:
    """The model that a smaller one learns from."""
    return trained


@pytest.fixture
def mlp() -> nn.Module:
    """A perceptron whose widths the kernels of every format take."""
    return build(MlpConfig(64, (128, 96), 16)).eval()


@pytest.fixture
def gpt() -> nn.Module:
    """A transformer of two layers."""
    return build(
        GptConfig(width=64, num_heads=4, feed_forward_width=128, context_tokens=24, vocabulary=64)
    ).eval()


@pytest.fixture
def error_of() -> Callable[[Form, nn.Module], float]:
    """Measure how far the logits of a form lie from those of a model, relative to their size."""

    def error_of(form: Form, model: nn.Module) -> float:
        inputs = data_for(model).test.inputs[:16]
        with torch.inference_mode():
            expected, found = model(inputs), form.module(inputs).float()
        assert found.shape == expected.shape
        return float((found - expected).norm() / expected.norm())

    return error_of


def data_for(model: nn.Module) -> DataSet:
    """Return digits, as rows or as images, or random tokens, as the model wants."""
    config = getattr(model, "config", None)
    if isinstance(config, GptConfig):
        return _tokens(config)
    return (
        load_digits().as_images() if any(isinstance(m, nn.Conv2d) for m in model.modules()) else load_digits()
    )


def _tokens(config: GptConfig) -> DataSet:
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> Tensor:
        return torch.randint(config.vocabulary, shape, generator=generator)

    rows = Batch(*random(2, 32, config.context_tokens))
    return DataSet("random tokens", "tokens", Batch(*random(2, 2000)), rows, rows, config.context_tokens)
