"""Sparse kernels give what the dense ones give; where zeros are too few for them, that is said."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest
import torch
from torch import nn

from bench.compression.forms import Form
from bench.errors import MeasurementError
from bench.training.checkpoints import tensors_as_bytes

pytestmark = pytest.mark.usefixtures("one_thread")

Take = Callable[..., Form]
ErrorOf = Callable[[Form, nn.Module], float]


def emptied(model: nn.Module, share: float, skipped: int = 0) -> nn.Module:
    """Make the smallest weights of linear layers zero, of all but the first few layers."""
    layers = [each for each in model.modules() if isinstance(each, nn.Linear)]
    for layer in layers[skipped:]:
        with torch.no_grad():
            layer.weight[layer.weight.abs() < layer.weight.abs().quantile(share)] = 0
    return model


@pytest.mark.parametrize("kind", ["mlp", "gpt"])
def test_compressed_rows_change_no_logit_and_take_less(
    kind: str, take: Take, error_of: ErrorOf, request: pytest.FixtureRequest
) -> None:
    model = emptied(request.getfixturevalue(kind), 0.9)
    form = take("sparse(csr)", model)
    assert error_of(form, model) < 1e-5
    # A tenth of the weights, each with a place of as many bytes.
    assert form.file_bytes < 0.5 * len(tensors_as_bytes(model.state_dict()))
    assert form.num_params == sum(p.numel() for p in model.parameters())


def test_they_pickle_after_they_have_run(take: Take, mlp: nn.Module) -> None:
    module, rows = take("sparse(csr)", emptied(mlp, 0.9)).module, torch.rand(3, 64)
    with torch.inference_mode():
        expected = module(rows)
        assert torch.equal(pickle.loads(pickle.dumps(module))(rows), expected)


def test_layers_that_are_too_full_stay_dense_and_are_named(
    take: Take, error_of: ErrorOf, mlp: nn.Module
) -> None:
    model = emptied(mlp, 0.9, skipped=1)
    form = take("sparse(csr)", model)
    assert form.notes == ("sparse(csr) left dense, with more than 50% of weights: layers.0",)
    assert error_of(form, model) < 1e-5


def test_a_full_model_and_the_wrong_device_are_refused(take: Take, mlp: nn.Module) -> None:
    with pytest.raises(MeasurementError, match=r"more than 50% of its weights left \(the emptiest 100%\)"):
        take("sparse(csr)", mlp)
    with pytest.raises(MeasurementError, match=r"sparse\(2:4\): these kernels are for cuda; this is cpu"):
        take("sparse(2:4)", mlp)
    with pytest.raises(MeasurementError, match=r"sparse\(csr\): these kernels are for the CPU; this is cuda"):
        take("sparse(csr)", mlp, device="cuda")
