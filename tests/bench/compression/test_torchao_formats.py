"""torchao's formats are close, as small as they say, and ready for a process of their own."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable

import pytest
import torch
from torch import nn

from bench.compression.forms import Form
from bench.errors import MeasurementError
from bench.models.building import build
from bench.models.generation import Generator
from bench.models.mlp import MlpConfig
from bench.training.checkpoints import tensors_as_bytes

pytestmark = pytest.mark.usefixtures("one_thread")

Take = Callable[..., Form]
ErrorOf = Callable[[Form, nn.Module], float]

ERRORS = {"int8_dynamic": 0.03, "int8_weight": 0.02, "int4_weight": 0.15, "fp8_weight": 0.08}
"""Relative to the logits; fp8 keeps 4 bits of a number, int4 as many of the largest of 32."""
SIZES = {"int8_dynamic": 0.40, "int8_weight": 0.40, "int4_weight": 0.25, "fp8_weight": 0.40}


@pytest.mark.parametrize("kind", ["mlp", "gpt"])
@pytest.mark.parametrize("word", ERRORS)
def test_logits_are_close_and_the_file_is_small(
    kind: str, word: str, take: Take, error_of: ErrorOf, request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(kind)
    form = take(f"torchao({word})", model)
    assert 0 < error_of(form, model) < ERRORS[word]
    assert form.file_bytes < SIZES[word] * len(tensors_as_bytes(model.state_dict()))
    assert form.engine == "torchao"
    assert isinstance(form.module, Generator) == (kind == "gpt")


@pytest.mark.parametrize("word", ERRORS)
def test_they_pickle(word: str, take: Take, mlp: nn.Module) -> None:
    module, rows = take(f"torchao({word})", mlp).module, torch.rand(3, 64)
    with torch.inference_mode():
        assert torch.equal(pickle.loads(pickle.dumps(module))(rows), module(rows))


def test_the_precision_of_other_products_stays_as_it_was(take: Take, mlp: nn.Module) -> None:
    for word in ERRORS:
        take(f"torchao({word})", mlp)
    assert torch.get_float32_matmul_precision() == "highest"


def test_layers_of_a_shape_that_does_not_fit_are_named(take: Take) -> None:
    # Ten classes are no multiple of 16, and the kernel of int4 takes no others.
    form = take("torchao(int4_weight)", build(MlpConfig(64, (64,), 10)).eval())
    assert any("left as they were, for their shape: " in note and "layers.2" in note for note in form.notes)


def test_what_cannot_be_done_is_said(take: Take, mlp: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MeasurementError, match=r"torchao\(fp8_dynamic\): needs a GPU"):
        take("torchao(fp8_dynamic)", mlp)
    monkeypatch.setitem(sys.modules, "torchao", None)
    with pytest.raises(
        MeasurementError, match=r"torchao is not installed; pip install 'benchplan\[compress\]'"
    ):
        take("torchao(int8_weight)", mlp)
