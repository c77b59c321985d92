"""What torch's compilers make gives the same logits for every shape; without a C++ compiler that is said."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable

import pytest
import torch
from torch import nn

from bench.compression.forms import Form
from bench.errors import MeasurementError
from bench.training.checkpoints import tensors_as_bytes

Take = Callable[..., Form]
ErrorOf = Callable[[Form, nn.Module], float]

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("g++", "clang++"))), reason="there is no C++ compiler here"
)


@pytest.mark.slow
@needs_compiler
def test_compiled_code_gives_the_logits_and_pickles(take: Take, error_of: ErrorOf, mlp: nn.Module) -> None:
    form = take("compile", mlp)
    assert error_of(form, mlp) < 1e-5
    assert form.engine == "inductor"
    rows = torch.rand(3, 64)
    with torch.inference_mode():
        torch.testing.assert_close(pickle.loads(pickle.dumps(form.module))(rows), mlp(rows))


@pytest.mark.slow
def test_static_int8_serves_every_shape(take: Take, error_of: ErrorOf, mlp: nn.Module) -> None:
    form = take("int8_static", mlp)
    assert 1e-5 < error_of(form, mlp) < 0.04
    assert form.file_bytes < 0.40 * len(tensors_as_bytes(mlp.state_dict()))
    rows = torch.rand(3, 64)
    with torch.inference_mode():
        expected = form.module(rows)
        torch.testing.assert_close(pickle.loads(pickle.dumps(form.module))(rows), expected)
        assert form.module(rows[:1]).shape == (1, 16)


def test_a_missing_compiler_is_said(take: Take, mlp: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(
        MeasurementError, match=r"compile: needs a C\+\+ compiler, and g\+\+ or clang\+\+ is not here"
    ):
        take("compile", mlp)
    monkeypatch.setenv("CXX", "nowhere-c++")
    with pytest.raises(MeasurementError, match=r"nowhere-c\+\+, as CXX says, is not here"):
        take("compile", mlp)
    with pytest.raises(MeasurementError, match="runs on the CPU alone"):
        take("int8_static", mlp, device="cuda")
