"""The built-in kinds take the options of their shape, and no others."""

from __future__ import annotations

import pytest
import torch

from bench.errors import InputError
from bench.models.building import KINDS
from bench.models.choosing import OPTIONS, choose, load_model_spec
from bench.models.convolutional import ConvConfig
from bench.models.counting import count_flops, count_params
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_default_with_inputs_that_fit(kind: str) -> None:
    model = load_model_spec(kind)
    assert model.config is not None
    assert model.config == KINDS[kind](), "the default is the default of the shape"
    module = model.make()
    with torch.inference_mode():
        assert module.eval()(*model.inputs(3)).shape[0] == 3
    assert count_params(model, module) == model.config.params
    account = count_flops(model, num_rows=3)
    assert account.has_formula
    assert account.flops == model.config.forward_flops(3)
    assert count_flops(model, training=True, num_rows=3).flops == model.config.training_flops(3)


def test_options_shape_the_model() -> None:
    gpt = choose(
        "gpt", layers=12, d_model=768, kv_heads=4, vocabulary=50_257, context=1024, tied_head=True, heads=None
    )
    assert gpt.config == GptConfig(
        width=768, num_layers=12, num_heads=12, num_key_value_heads=4, feed_forward_width=3072,
        context_tokens=1024, tied_head=True, vocabulary=50_257,
    )  # fmt: skip
    assert gpt.example_inputs[0].shape == (1, 1024)
    swiglu = choose("gpt", d_model=768, activation="swiglu").config
    assert isinstance(swiglu, GptConfig)
    assert swiglu.feed_forward_width == 2048, "two thirds of the width that GELU gets"
    assert choose("mlp", layers=3, d_model=7, inputs=5, classes=2).config == MlpConfig(5, (7, 7, 7), 2)
    assert choose("mlp", layers=0).config == MlpConfig(hidden_widths=())
    conv = choose("conv", layers=2, d_model=8, stages=3, image_size=32, channels=3, classes=4)
    assert conv.config == ConvConfig(32, 3, (8, 16, 32), (2, 2, 2), 4)


def test_a_large_model_is_counted_without_memory() -> None:
    large = choose("gpt", layers=4, d_model=16384, kv_heads=8, activation="swiglu", context=64)
    assert large.config is not None
    assert 4 * large.config.params > 40e9, "bytes"
    assert count_flops(large).flops == large.config.forward_flops(1)


@pytest.mark.parametrize(
    ("spec", "options", "message"),
    [
        ("mlp", {"heads": 3}, "--model mlp: --heads is no part of its shape; there are --layers, --d-model"),
        ("gpt", {"image_size": 3}, "--image-size is no part"),
        ("gpt", {"d_model": 100, "heads": 3}, "--model gpt: width 100 must split into 3 heads"),
        ("gpt", {"activation": "relu"}, "activation is 'relu'; there is gelu and swiglu"),
        ("gpt", {"layers": 0}, "num_layers is 0"),
        ("mlp", {"layers": -1}, "cannot be -1 hidden layers"),
        ("mlp", {"d_model": 0}, "at least one unit"),
        ("conv", {"stages": 0}, "0 widths"),
        ("some.py:f", {"layers": 3}, "--layers only shape the built-in kinds"),
    ],
)
def test_options_that_make_no_shape_are_refused(
    spec: str, options: dict[str, int | str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        choose(spec, **options)


def test_the_options_that_are_listed_are_those_that_are_taken() -> None:
    others: dict[str, int | str] = {"activation": "swiglu", "tied_head": True, "d_model": 64, "context": 6}
    for kind, names in OPTIONS.items():
        for name in names:
            config = choose(kind, **{name: others.get(name, 4)}).config
            assert config != KINDS[kind](), f"{name} changes nothing"
