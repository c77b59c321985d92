"""int8 with ranges from calibration, by PT2E of torchao and the quantizer for the x86 inductor."""

from __future__ import annotations

import copy
import operator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from bench.compression.extras import first_line, left_out, linear_layers, must_be_plain, needed, quietly
from bench.compression.forms import Form, Studio
from bench.compression.recipes import Step
from bench.errors import MeasurementError
from bench.training.checkpoints import tensors_as_bytes

EXTRA = "compress"
CALIBRATION_ROWS = 256
ROWS_PER_CALL = 32
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
        with torch.inference_mode():
            module(studio.data.validation.inputs[:1])
    except _FAILURES as err:
        raise MeasurementError(
            f"{step}: PT2E of torchao {package.__version__} cannot take the model ({first_line(err)})"
        ) from err
    stored = used_tensors(module.rounded())
    if not any(tensor.dtype == torch.int8 for tensor in stored.values()):
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
        file_bytes=len(tensors_as_bytes(stored)),
        method=form.then(
            f"by PT2E of torchao {package.__version__}: weights in int8 by output channel, activations by ranges "
            f"from {CALIBRATION_ROWS} rows of the training part"
        ),
        engine="inductor",
        notes=(*form.notes, *notes),
    )


def used_tensors(graph_module: nn.Module) -> dict[str, Tensor]:
    """Return the tensors that a graph reads: those that were rounded stay beside their rounded form, unused."""
    graph: Any = graph_module.graph
    names = [str(node.target) for node in graph.nodes if node.op == "get_attr"]
    found = {name: operator.attrgetter(name)(graph_module) for name in names}
    return {name: each for name, each in found.items() if isinstance(each, Tensor)}


class StaticInt8(nn.Module):
    """A module that is calibrated and rounded once, and lowered for each shape of inputs when that shape first comes.

    What PT2E lowers serves one shape and does not pickle; the module pickles as what it is made of.
    """

    def __init__(self, module: nn.Module, rows: Tensor) -> None:
        super().__init__()
        self.module = module
        self.rows = rows
        # In a list, because the graph must not become a part of this module: it does not pickle.
        self._rounded: list[nn.Module] = []
        self._lowered: dict[torch.Size, Any] = {}

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the logits."""
        lowered = self._lowered.get(inputs.shape)
        if lowered is None:
            lowered = self._lowered[inputs.shape] = self._lower(inputs)
        logits: Tensor = lowered(inputs)
        return logits

    def rounded(self) -> nn.Module:
        """Return the rounded graph, for any number of rows."""
        if not self._rounded:
            with quietly(), torch.inference_mode(False), torch.no_grad():
                self._rounded.append(_calibrated(self.module, self.rows))
        return self._rounded[0]

    def _lower(self, inputs: Tensor) -> Any:  # noqa: ANN401, a graph module as torch makes it
        lowering = needed(f"{_PT2E}.lowering", "int8_static", EXTRA)
        rounded = self.rounded()
        with quietly(), torch.inference_mode(False), torch.no_grad():
            return lowering.lower_pt2e_quantized_to_x86(rounded, (inputs.clone(),))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_rounded": [], "_lowered": {}}


def _calibrated(module: nn.Module, rows: Tensor) -> nn.Module:
    pt2e = needed(f"{_PT2E}.quantize_pt2e", "int8_static", EXTRA)
    x86 = needed(f"{_PT2E}.quantizer.x86_inductor_quantizer", "int8_static", EXTRA)
    quantizer = x86.X86InductorQuantizer()
    quantizer.set_global(x86.get_default_x86_inductor_quantization_config(reduce_range=not _has_vnni()))
    any_rows = ({0: torch.export.Dim("rows", min=1)},)
    exported = torch.export.export(module, (rows[:2],), dynamic_shapes=any_rows, strict=True).module()
    prepared = pt2e.prepare_pt2e(exported, quantizer)
    for part in torch.split(rows, ROWS_PER_CALL):
        prepared(part)
    rounded: nn.Module = pt2e.convert_pt2e(prepared)
    return rounded


def _has_vnni() -> bool:
    # Without it pairs of products are summed in 16 bits, which int8 in its full range overflows.
    return bool(getattr(torch.cpu, "_is_vnni_supported", lambda: False)())
