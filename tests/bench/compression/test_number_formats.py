"""Number formats of torch as steps: close, smaller, ready for another process; what they leave out is named."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest
import torch
from torch import nn

from bench.compression.forms import Form
from bench.compression.fp8 import Fp8Linear
from bench.errors import MeasurementError
from bench.models.building import build
from bench.models.convolutional import ConvConfig
from bench.models.generation import Generator
from bench.training.checkpoints import tensors_as_bytes

pytestmark = pytest.mark.usefixtures("one_thread")

Take = Callable[..., Form]
ErrorOf = Callable[[Form, nn.Module], float]

ERRORS = {"bf16": 0.02, "fp16": 0.002, "int8": 0.05}
"""Relative to the logits; bf16 keeps 8 bits of a number, fp16 11; torch rounds activations to 7 bits."""
SIZES = {"bf16": 0.51, "fp16": 0.51, "int8": 0.40}


@pytest.mark.parametrize("kind", ["mlp", "gpt"])
@pytest.mark.parametrize("word", ERRORS)
def test_logits_are_close_and_the_file_is_small(
    kind: str, word: str, take: Take, error_of: ErrorOf, request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(kind)
    form = take(word, model)
    assert 0 < error_of(form, model) < ERRORS[word]
    assert form.file_bytes < SIZES[word] * len(tensors_as_bytes(model.state_dict()))
    rows = take("fp32", model).module.state_dict()
    assert all(tensor.dtype == torch.float32 for tensor in rows.values()), "the model itself stays as it was"


@pytest.mark.parametrize("word", ERRORS)
def test_transformers_still_generate(word: str, take: Take, gpt: nn.Module) -> None:
    module = take(word, gpt).module
    assert isinstance(module, Generator)
    cache = module.new_cache(2, 8)
    with torch.inference_mode():
        assert module(torch.zeros(2, 8, dtype=torch.long), cache).shape == (2, 8, 64)
    assert cache.length == 8


@pytest.mark.parametrize("word", ERRORS)
def test_they_pickle(word: str, take: Take, mlp: nn.Module) -> None:
    module, rows = take(word, mlp).module, torch.rand(3, 64)
    assert torch.equal(pickle.loads(pickle.dumps(module))(rows), module(rows))


def test_what_int8_leaves_is_named(take: Take) -> None:
    model = build(ConvConfig(widths=(8,), blocks_per_stage=(1,))).eval()
    [note] = take("int8", model).notes
    assert "int8 left as they were: stem.0 (Conv2d)" in note


def test_what_cannot_be_done_is_said(take: Take, mlp: nn.Module) -> None:
    with pytest.raises(MeasurementError, match="int8: torch's dynamic int8 runs on the CPU alone"):
        take("int8", mlp, device="cuda")
    with pytest.raises(MeasurementError, match="fp8: needs a GPU"):
        take("fp8", mlp)
    with pytest.raises(
        MeasurementError, match="int8: there is no linear layer in Sequential; it has no layer"
    ):
        take("int8", nn.Sequential(nn.ReLU()))
    huge = nn.Sequential(nn.Linear(64, 10))
    with torch.no_grad():
        huge[0].weight.fill_(1e6)
    with pytest.raises(MeasurementError, match=r"fp16: some numbers of the model are beyond .* 65,504"):
        take("fp16", huge)


def test_a_layer_in_fp8_pickles_and_gives_back_its_weight() -> None:
    linear = nn.Linear(32, 16)
    layer = pickle.loads(pickle.dumps(Fp8Linear(linear.to(torch.bfloat16))))
    assert layer.weight.dtype == torch.float8_e4m3fn
    restored = layer.weight.float() * layer.scale.t()
    # Three bits behind the leading one: half a step is a sixteenth.
    torch.testing.assert_close(restored, linear.weight.float(), rtol=1 / 16, atol=1e-3)
