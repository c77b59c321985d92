"""Smaller forms are smaller, nearly as good, and leave the model alone; what cannot be made is said."""

from __future__ import annotations

import builtins
from types import ModuleType

import pytest
import torch
from torch import nn

from bench.compression.quantization import compress, quantized_tensors, to_bf16, to_int8
from bench.data.digits import load_digits
from bench.errors import MeasurementError
from bench.models.building import build
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig
from bench.training.checkpoints import tensors_as_bytes
from bench.training.loop import Recipe, score, train

RECIPE = Recipe(num_steps=200, num_rows=32, learning_rate=3e-3, warmup_steps=5)
GPT = GptConfig(width=128, num_layers=2, num_heads=4, feed_forward_width=512, context_tokens=32)


@pytest.fixture(scope="module")
def trained_mlp() -> nn.Module:
    model = build(MlpConfig())
    train(model, load_digits(), RECIPE)
    return model


@pytest.mark.parametrize("make", [to_int8, to_bf16])
def test_quality_hardly_changes(trained_mlp: nn.Module, make: object) -> None:
    assert callable(make)
    test = load_digits().test
    before, after = score(trained_mlp, test), score(make(trained_mlp).model, test)
    assert sum(after.accuracies_share) == pytest.approx(sum(before.accuracies_share), abs=4)
    assert after.loss_nats == pytest.approx(before.loss_nats, abs=0.02)
    assert after.losses_nats != before.losses_nats


def test_int8_takes_a_quarter_of_the_linear_layers() -> None:
    model = build(GPT)
    whole = len(tensors_as_bytes(model.state_dict()))
    linear = 4 * (GPT.matrix_params)
    rest = whole - linear
    small = to_int8(model).file_bytes
    assert linear / 4 + rest < small < 0.28 * linear + rest


def test_bf16_takes_half() -> None:
    model = build(GPT)
    whole = len(tensors_as_bytes(model.state_dict()))
    assert to_bf16(model).file_bytes == pytest.approx(whole / 2, rel=0.01)


def test_what_is_stored_of_int8_gives_back_the_weights() -> None:
    model = build(MlpConfig())
    stored = quantized_tensors(to_int8(model).model)
    for name, original in model.state_dict().items():
        if name.endswith("weight"):
            layer = name.removesuffix(".weight")
            scale = stored[f"{layer}.scale"][:, None]
            zero = stored[f"{layer}.zero_point"][:, None]
            restored = (stored[name].float() - zero) * scale
            assert stored[name].dtype == torch.int8
            assert torch.all((restored - original).abs() <= 0.501 * scale)
        else:
            torch.testing.assert_close(stored[name], original)


def test_everything_that_is_not_linear_is_stored_as_it_is() -> None:
    model = build(GPT)
    stored = quantized_tensors(to_int8(model).model)
    assert torch.equal(stored["embedding.weight"], model.state_dict()["embedding.weight"])
    assert {name.rpartition(".")[0] for name in model.state_dict()} <= {n.rpartition(".")[0] for n in stored}


@pytest.mark.parametrize("make", [to_int8, to_bf16])
def test_the_model_itself_is_left_alone(make: object) -> None:
    assert callable(make)
    model = build(GPT)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    make(model)
    for name, value in model.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, before[name])


def test_the_device_decides_the_form() -> None:
    assert compress(build(MlpConfig()), "cpu").variant == "int8"
    assert compress(build(MlpConfig()), "cuda").variant == "bf16"


def test_a_torch_without_dynamic_quantization_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> ModuleType:
        if name == "torch.ao.quantization":
            raise ImportError("No module named 'torch.ao.quantization'")
        return real_import(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MeasurementError, match="offers no dynamic quantization"):
        to_int8(build(MlpConfig()))


def test_a_model_with_nothing_to_quantize_is_said() -> None:
    with pytest.raises(MeasurementError, match="quantized no layer"):
        to_int8(nn.Sequential(nn.ReLU()))
