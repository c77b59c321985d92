"""ONNX Runtime gives the model's logits, in fp32 as they are and in each format within what rounding explains."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable

import pytest
import torch
from torch import nn

from bench.compression import onnx_formats
from bench.compression.forms import Form
from bench.compression.onnx_export import as_bytes, export
from bench.compression.onnx_graphs import write_chain
from bench.compression.onnx_runtime import OnnxModel
from bench.errors import MeasurementError
from bench.models.building import build
from bench.models.convolutional import ConvConfig
from bench.models.mlp import Mlp
from bench.training.checkpoints import tensors_as_bytes

pytestmark = pytest.mark.usefixtures("one_thread")

Take = Callable[..., Form]
ErrorOf = Callable[[Form, nn.Module], float]

FP32_ERROR = 1e-5
ERRORS = {"int8": 0.03, "int8_static": 0.03, "int4": 0.2}
"""Relative to the logits: weights in 7 or 8 bits are off by a few thousandths, in 4 bits by about a tenth."""
SIZES = {"int8": 0.40, "int8_static": 0.45, "int4": 0.30}
"""Of such small models, where what is not a weight counts as well."""


@pytest.mark.parametrize("kind", ["mlp", "gpt"])
def test_in_fp32_nothing_changes_but_the_engine(
    kind: str, take: Take, error_of: ErrorOf, request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(kind)
    form = take("onnx", model)
    assert error_of(form, model) < FP32_ERROR
    assert form.engine == "onnxruntime"
    assert "run by ONNX Runtime" in form.method
    assert len(form.module.content) == form.file_bytes


@pytest.mark.parametrize("kind", ["mlp", "gpt"])
@pytest.mark.parametrize("word", ["int8", "int8_static", "int4"])
def test_rounded_logits_are_close_and_the_file_is_small(
    kind: str, word: str, take: Take, error_of: ErrorOf, request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(kind)
    form = take(f"onnx({word})", model)
    assert FP32_ERROR < error_of(form, model) < ERRORS[word]
    assert form.file_bytes < SIZES[word] * len(tensors_as_bytes(model.state_dict()))


@pytest.mark.slow
def test_what_torch_exports_is_what_is_written_by_hand(mlp: nn.Module) -> None:
    assert isinstance(mlp, Mlp)
    rows = torch.rand(5, 64)
    written, exported = (OnnxModel(as_bytes(graph))(rows) for graph in (write_chain(mlp), export(mlp, rows)))
    torch.testing.assert_close(written, exported)


def test_any_number_of_rows_goes_in(take: Take, mlp: nn.Module) -> None:
    form = take("onnx(int8)", mlp)
    rows = torch.rand(33, 64)
    with torch.inference_mode():
        assert form.module(rows).shape == (33, 16)
        # A range at run time is that of all rows together, so a row alone is rounded otherwise.
        torch.testing.assert_close(form.module(rows[:1]), mlp(rows[:1]), atol=0.02, rtol=0)


@pytest.mark.slow
def test_what_is_left_in_fp32_is_named(take: Take, error_of: ErrorOf) -> None:
    model = build(ConvConfig(widths=(8,), blocks_per_stage=(1,))).eval()
    form = take("onnx(int8)", model)
    assert "stem.0 (Conv2d)" in form.notes[0]
    assert error_of(form, model) < ERRORS["int8"]
    assert take("onnx(int8_static)", model).notes == ()


def test_it_pickles_as_its_file_and_answers_alike(take: Take, mlp: nn.Module) -> None:
    module = take("onnx(int4)", mlp).module
    rows = torch.rand(4, 64)
    expected = module(rows)
    again = pickle.dumps(module)
    assert len(again) < len(module.content) + 2000, "the session does not go along"
    assert torch.equal(pickle.loads(again)(rows), expected)


def test_the_session_has_as_many_threads_as_torch(take: Take, mlp: nn.Module) -> None:
    module = take("onnx", mlp).module
    rows = torch.rand(4, 64)
    first, session = module(rows), module.session()
    assert session.get_session_options().intra_op_num_threads == 1
    assert module.session() is session
    torch.set_num_threads(2)
    assert module.session().get_session_options().intra_op_num_threads == 2
    torch.testing.assert_close(module(rows), first)


def test_weights_are_narrower_where_the_kernel_loses_sums(
    take: Take, mlp: nn.Module, error_of: ErrorOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_formats, "saturates", lambda: True)
    narrow = take("onnx(int8)", mlp)
    assert "7 of the 8 bits" in narrow.method
    assert error_of(narrow, mlp) < ERRORS["int8"]


@pytest.mark.parametrize("before", ["bf16", "int8"])
def test_a_model_that_was_rounded_before_is_refused(before: str, take: Take, mlp: nn.Module) -> None:
    with pytest.raises(MeasurementError, match=r"onnx: takes a model in fp32"):
        take(f"{before} -> onnx", mlp)


def test_a_gpu_and_a_model_without_linear_layers_are_refused(take: Take, mlp: nn.Module) -> None:
    with pytest.raises(MeasurementError, match="runs on the CPU here"):
        take("onnx", mlp, device="cuda")
    bare = nn.Sequential(nn.Conv1d(1, 1, 3, padding=1))
    with pytest.raises(
        MeasurementError, match=r"onnx\(int8\): there is no linear layer in Sequential; .*0 \(Conv1d\)"
    ):
        take("onnx(int8)", bare)


def test_a_missing_package_is_named_with_its_extra(
    take: Take, mlp: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        MeasurementError, match=r"onnxruntime is not installed; pip install 'benchplan\[deploy\]'"
    ):
        take("onnx", mlp)
