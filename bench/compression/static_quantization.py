"""int8 with ranges from calibration, by PT2E of torchao and the quantizer for the x86 inductor."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from bench.compression.extras import first_line, left_out, linear_layers, must_be_plain, needed
from bench.compression.forms import Form, Studio
from bench.compression.onnx_runtime import quietly
from bench.compression.recipes import Step
from bench.errors import MeasurementError
from bench.training.checkpoints import tensors_as_bytes

EXTRA = "compress"
CALIBRATION_ROWS = 256
_PT2E = "torchao.quantization.pt2e"
_FAILURES = (
    RuntimeError,
    NotImplementedError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    KeyError,
)


def int8_static(form: Form, step: Step, studio: Studio) -> Form:
    """Take the step `int8_static`.

    Raises MeasurementError on a GPU, without torchao, and where PT2E cannot take the model.
    """
    if studio.device != "cpu":
        raise MeasurementError(f"{step}: PT2E with the x86 inductor runs on the CPU alone; take --device cpu")
    must_be_plain(form, str(step))
    linear_layers(form.module, str(step))
    with quietly():
        package = needed("torchao", str(step), EXTRA)
        needed(f"{_PT2E}.quantize_pt2e", str(step), EXTRA)
    generator = torch.Generator().manual_seed(studio.recipe.seed)
    rows = studio.data.sample(CALIBRATION_ROWS, generator).inputs
    module = StaticInt8(copy.deepcopy(form.module).eval(), rows)
    try:
        stored = module.quantized(rows[:1])
        with torch.inference_mode():
            module(studio.data.validation.inputs[:1])
    except _FAILURES as err:
        raise MeasurementError(
            f"{step}: PT2E of torchao {package.__version__} cannot take the model ({first_line(err)})"
        ) from err
    tensors = {name: tensor for name, tensor in stored.state_dict().items() if isinstance(tensor, Tensor)}
    if not any(tensor.dtype == torch.int8 for tensor in tensors.values()):
        raise MeasurementError(f"{step}: PT2E left every layer as it was")
    notes = (
        *left_out(form.module, str(step), (nn.Linear, nn.Conv2d)),
        f"{step} makes a program for each shape",
    )
    if hasattr(form.module, "new_cache"):
        notes = (*notes, f"{step} serves whole passes; generation with a cache was not timed")
    return replace(
        form,
        module=module,
        file_bytes=len(tensors_as_bytes(tensors)),
        method=form.then(
            f"by PT2E of torchao {package.__version__}: weights in int8 by output channel, activations by ranges "
            f"from {CALIBRATION_ROWS} rows of the training part"
        ),
        engine="inductor",
        notes=(*form.notes, *notes),
    )


class StaticInt8(nn.Module):
    """A module that is calibrated, rounded and lowered for each shape of inputs when that shape first comes.

    What PT2E lowers serves one shape and does not pickle; the module pickles as what it is made of.
    """

    def __init__(self, module: nn.Module, rows: Tensor) -> None:
        super().__init__()
        self.module = module
        self.rows = rows
        self._lowered: dict[torch.Size, Any] = {}

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the logits."""
        lowered = self._lowered.get(inputs.shape)
        if lowered is None:
            lowered = self._lowered[inputs.shape] = self._lower(inputs)
        logits: Tensor = lowered(inputs)
        return logits

    def quantized(self, inputs: Tensor) -> nn.Module:
        """Return the rounded graph for inputs of this shape, calibrated on the rows."""
        pt2e = needed(f"{_PT2E}.quantize_pt2e", "int8_static", EXTRA)
        x86 = needed(f"{_PT2E}.quantizer.x86_inductor_quantizer", "int8_static", EXTRA)
        quantizer = x86.X86InductorQuantizer()
        quantizer.set_global(x86.get_default_x86_inductor_quantization_config(reduce_range=not _has_vnni()))
        count = len(inputs)
        # Rows are taken again from the start until they fill whole inputs.
        rows = torch.cat([self.rows] * (1 + count // len(self.rows)))
        with quietly(), torch.inference_mode(False), torch.no_grad():
            exported = torch.export.export(self.module, (inputs.clone(),), strict=True).module()
            prepared = pt2e.prepare_pt2e(exported, quantizer)
            for first in range(0, max(1, len(self.rows) // count) * count, count):
                prepared(rows[first : first + count])
            rounded: nn.Module = pt2e.convert_pt2e(prepared)
        return rounded

    def _lower(self, inputs: Tensor) -> Any:  # noqa: ANN401, a graph module as torch makes it
        lowering = needed(f"{_PT2E}.lowering", "int8_static", EXTRA)
        rounded = self.quantized(inputs)
        with quietly(), torch.inference_mode(False), torch.no_grad():
            return lowering.lower_pt2e_quantized_to_x86(rounded, (inputs.clone(),))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lowered": {}}


def _has_vnni() -> bool:
    # Without it pairs of products are summed in 16 bits, which int8 in its full range overflows.
    return bool(getattr(torch.cpu, "_is_vnni_supported", lambda: False)())
