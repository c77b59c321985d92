"""Kernels that skip zeros: compressed rows on the CPU, two of every four on CUDA."""

from __future__ import annotations

import copy
import warnings
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.compression.extras import first_line, left_out, linear_layers, must_be_plain
from bench.compression.forms import Form, Studio
from bench.compression.quantization import cast_to
from bench.compression.recipes import Step
from bench.errors import MeasurementError
from bench.training.checkpoints import tensors_as_bytes

MAX_DENSITY = 0.5
"""Each number that is kept needs its place as well, so above a half a layer takes more memory than with its zeros."""
ROWS_2_TO_4, COLUMNS_2_TO_4 = 32, 64
"""Weights must be multiples of these in bf16, or the kernel of 2:4 takes them not."""


def sparse(form: Form, step: Step, studio: Studio) -> Form:
    """Take the step `sparse`.

    Raises MeasurementError on the wrong device, and where no linear layer has enough zeros.
    """
    must_be_plain(form, str(step))
    wanted = "cpu" if step.word("layout") == "csr" else "cuda"
    if studio.device != wanted:
        raise MeasurementError(
            f"{step}: these kernels are for {wanted.replace('cpu', 'the CPU')}; this is {studio.device}"
        )
    linear = linear_layers(form.module, str(step))
    changed = (
        _compressed_rows(form, linear, str(step))
        if wanted == "cpu"
        else _two_of_four(form, linear, str(step))
    )
    try:
        with torch.inference_mode():
            changed.module(studio.data.validation.inputs[:2])
    except RuntimeError as err:
        raise MeasurementError(
            f"{step}: torch {torch.__version__} cannot run it here ({first_line(err)})"
        ) from err
    return changed


def density(layer: nn.Linear) -> float:
    """Return the share of a layer's weights that are not zero."""
    return float(layer.weight.detach().count_nonzero()) / layer.weight.numel()


def _compressed_rows(form: Form, linear: dict[str, nn.Linear], step: str) -> Form:
    densities = {name: density(layer) for name, layer in linear.items()}
    dense = {name: share for name, share in densities.items() if share > MAX_DENSITY}
    if len(dense) == len(linear):
        raise MeasurementError(
            f"{step}: every linear layer has more than {MAX_DENSITY:.0%} of its weights left (the emptiest "
            f"{min(dense.values()):.0%}), where zeros cannot pay; prune(magnitude, 0.9) before it makes enough"
        )
    module = _replaced(form.module, {n: SparseLinear(each) for n, each in linear.items() if n not in dense})
    notes = left_out(form.module, step)
    if dense:
        notes = (
            *notes,
            f"{step} left dense, with more than {MAX_DENSITY:.0%} of weights: {', '.join(dense)}",
        )
    return replace(
        form,
        module=module,
        file_bytes=len(tensors_as_bytes(module.state_dict())),
        method=form.then("weights of linear layers in compressed rows, multiplied by torch's sparse kernels"),
        notes=(*form.notes, *notes),
    )


def _two_of_four(form: Form, linear: dict[str, nn.Linear], step: str) -> Form:
    kept = [name for name, layer in linear.items() if not _fits_two_of_four(layer)]
    if len(kept) == len(linear):
        raise MeasurementError(
            f"{step}: no linear layer has two zeros in every four weights and a shape in multiples of "
            f"{ROWS_2_TO_4} x {COLUMNS_2_TO_4}; prune(2:4) before it makes the zeros"
        )
    cast = cast_to(form.module, torch.bfloat16)
    prefix = "" if type(cast) is type(form.module) else "model."
    halves = {
        prefix + name: TwoOfFourLinear(layer.to(torch.bfloat16))
        for name, layer in linear_layers(copy.deepcopy(form.module), step).items()
        if name not in kept
    }
    module = _replaced(cast, halves)
    saved = sum(each.saved_bytes for each in halves.values())
    notes = left_out(form.module, step)
    if kept:
        notes = (*notes, f"{step} left dense, for want of zeros or for their shape: {', '.join(kept)}")
    return replace(
        form,
        module=module,
        file_bytes=len(tensors_as_bytes(module.state_dict())) - saved,
        method=form.then(
            "linear layers with two of every four weights by the GPU's sparse kernels, all in bf16"
        ),
        notes=(*form.notes, *notes),
    )


def _fits_two_of_four(layer: nn.Linear) -> bool:
    outputs, inputs = layer.weight.shape
    if outputs % ROWS_2_TO_4 or inputs % COLUMNS_2_TO_4:
        return False
    return bool((layer.weight.detach().view(-1, 4).count_nonzero(1) <= 2).all())


class SparseLinear(nn.Module):
    """A linear layer whose weight is kept as compressed rows: what is not zero, with its place."""

    starts: Tensor
    columns: Tensor
    values: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        with warnings.catch_warnings():
            # torch calls this layout a beta.
            warnings.simplefilter("ignore", UserWarning)
            rows = linear.weight.detach().to_sparse_csr()
        self.shape = tuple(linear.weight.shape)
        self.register_buffer("starts", rows.crow_indices().to(torch.int32))
        self.register_buffer("columns", rows.col_indices().to(torch.int32))
        self.register_buffer("values", rows.values().clone())
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach().clone())
        self._weight: Tensor | None = None

    def forward(self, inputs: Tensor) -> Tensor:
        """(..., inputs) to (..., outputs)."""
        if self._weight is None:
            self._weight = torch.sparse_csr_tensor(
                self.starts, self.columns, self.values, self.shape, check_invariants=True
            )
        columns = inputs.reshape(-1, inputs.shape[-1]).t()
        outputs: Tensor = torch.sparse.mm(self._weight, columns).t()
        if self.bias is not None:
            outputs = outputs + self.bias
        return outputs.reshape(*inputs.shape[:-1], -1)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_weight": None}


class TwoOfFourLinear(nn.Module):
    """A linear layer in bf16 with two zeros in every four weights, packed when it is first called."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.register_buffer("weight", linear.weight.detach().clone())
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach().clone())
        self._packed: Tensor | None = None

    @property
    def saved_bytes(self) -> int:
        """Bytes that packing saves: half of the numbers go, and each that stays needs two bits for its place."""
        return self.weight.nbytes // 2 - self.weight.numel() // 2 * 2 // 8

    def forward(self, inputs: Tensor) -> Tensor:
        """(..., inputs) to (..., outputs)."""
        if self._packed is None:
            self._packed = torch.sparse.to_sparse_semi_structured(self.weight)
        return F.linear(inputs, self._packed, self.bias)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_packed": None}


def _replaced(module: nn.Module, layers: dict[str, Any]) -> nn.Module:
    changed = copy.deepcopy(module)
    for name, layer in layers.items():
        parent, _, own = name.rpartition(".")
        setattr(changed.get_submodule(parent), own, layer)
    return changed
