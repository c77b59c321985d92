"""Linear layers in fp8 on CUDA: weights with a scale by output channel, activations with one by row, at run time."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from torch import Tensor, nn

from bench.compression.extras import PicklesByTorch, first_line, left_out, linear_layers, must_be_plain
from bench.compression.forms import Form, Studio
from bench.compression.quantization import CastsInputs, cast_to
from bench.compression.recipes import Step
from bench.errors import MeasurementError
from bench.training.checkpoints import tensors_as_bytes

FP8 = torch.float8_e4m3fn
LARGEST = torch.finfo(FP8).max
LEAST_CAPABILITY = (8, 9)
"""Compute capability of the first GPUs with products in fp8 (Ada and Hopper)."""
STEP = 16
"""The kernels take widths that are multiples of it."""


def fp8(form: Form, step: Step, studio: Studio) -> Form:
    """Take the step `fp8`; what is not linear becomes bf16.

    Raises MeasurementError without a GPU that multiplies in fp8, and where no linear layer fits.
    """
    check_device(studio, str(step))
    must_be_plain(form, str(step))
    module = cast_to(form.module, torch.bfloat16)
    inner = module.model if isinstance(module, CastsInputs) else module
    found = linear_layers(inner, str(step))
    narrow = [n for n, each in found.items() if each.in_features % STEP or each.out_features % STEP]
    for name in found.keys() - set(narrow):
        parent, _, own = name.rpartition(".")
        setattr(inner.get_submodule(parent), own, Fp8Linear(found[name]))
    if len(narrow) == len(found):
        raise MeasurementError(
            f"{step}: no linear layer has widths that are multiples of {STEP}, as its kernels want"
        )
    try:
        with torch.inference_mode():
            module(studio.data.validation.inputs[:2])
    except (RuntimeError, ValueError) as err:
        raise MeasurementError(
            f"{step}: torch {torch.__version__} cannot run it here ({first_line(err)})"
        ) from err
    notes = left_out(form.module, str(step))
    if narrow:
        notes = (
            *notes,
            f"{step} left in bf16, for widths that are no multiples of {STEP}: {', '.join(narrow)}",
        )
    return replace(
        form,
        module=module,
        file_bytes=len(tensors_as_bytes(module.state_dict())),
        method=form.then(
            "linear layers in fp8 (e4m3), scales by output channel and by row, all else in bf16"
        ),
        notes=(*form.notes, *notes),
    )


def check_device(studio: Studio, step: str) -> None:
    """Raise MeasurementError unless there is a GPU that multiplies in fp8."""
    if studio.device != "cuda":
        raise MeasurementError(
            f"{step}: needs a GPU that multiplies in fp8; on the CPU it would only be slower"
        )
    capability = torch.cuda.get_device_capability()
    if capability < LEAST_CAPABILITY:
        raise MeasurementError(
            f"{step}: needs a GPU of compute capability 8.9 or more; this one has {capability[0]}.{capability[1]}"
        )


class Fp8Linear(PicklesByTorch):
    """A linear layer with its weight in fp8; it takes and gives bf16."""

    weight: Tensor
    scale: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight, scale = to_fp8(linear.weight.detach())
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale.t().contiguous())
        self.register_buffer("bias", None if linear.bias is None else copy.deepcopy(linear.bias.detach()))

    def forward(self, inputs: Tensor) -> Tensor:
        """(..., inputs) to (..., outputs)."""
        rows, scale = to_fp8(inputs.reshape(-1, inputs.shape[-1]))
        outputs: Tensor = torch._scaled_mm(
            rows, self.weight.t(), scale_a=scale, scale_b=self.scale, bias=self.bias, out_dtype=torch.bfloat16
        )
        return outputs.view(*inputs.shape[:-1], -1)


def to_fp8(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows in fp8 and the scale of each (rows, 1), by which they must be multiplied."""
    scale = rows.abs().amax(1, keepdim=True).float().clamp_min(torch.finfo(torch.float32).tiny) / LARGEST
    return (rows.float() / scale).clamp(-LARGEST, LARGEST).to(FP8), scale
