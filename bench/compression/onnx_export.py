"""Writes models as ONNX: any module by torch's exporter, with any number of rows."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from bench.compression.extras import first_line, needed, quietly
from bench.compression.onnx_runtime import EXTRA, MAX_FILE_BYTES
from bench.errors import MeasurementError

if TYPE_CHECKING:
    import onnx


def export(module: nn.Module, rows: Tensor) -> onnx.ModelProto:
    """Export a module for inputs like these rows, of which there may be any number.

    Raises MeasurementError when a package is missing or torch cannot export the module.
    """
    for package in ("onnx", "onnxscript"):
        needed(package, "onnx", EXTRA)
    # torch takes a dimension of one row for a constant.
    example = torch.cat((rows[:1], rows[:1])).cpu()
    try:
        with quietly(), torch.no_grad():
            program = torch.onnx.export(
                copy.deepcopy(module).cpu().eval(),
                (example,),
                dynamo=True,
                dynamic_shapes=({0: torch.export.Dim("rows", min=1)},),
                input_names=["inputs"],
                output_names=["logits"],
                verbose=False,
            )
    except (torch.onnx.OnnxExporterError, RuntimeError, ValueError, TypeError) as err:
        raise MeasurementError(
            f"onnx: torch {torch.__version__} cannot export the model ({first_line(err)})"
        ) from err
    assert program is not None
    model: onnx.ModelProto = program.model_proto
    return model


def as_bytes(model: onnx.ModelProto) -> bytes:
    """Serialize a model.

    Raises MeasurementError when it is too large for one file.
    """
    if model.ByteSize() > MAX_FILE_BYTES:
        raise MeasurementError(
            f"onnx: the model takes {model.ByteSize():,} bytes, and one ONNX file holds {MAX_FILE_BYTES:,} at most"
        )
    content: bytes = model.SerializeToString()
    return content
