"""Number formats by ONNX Runtime's own quantizers: int8 with ranges at run time or from calibration, int4 in blocks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bench.compression.extras import first_line, needed, quietly
from bench.compression.onnx_runtime import EXTRA, new_session, refusals
from bench.errors import MeasurementError

if TYPE_CHECKING:
    import onnx

Feed = dict[str, NDArray[Any]]
"""What a graph takes, by the names of its inputs."""

INT4_BLOCK = 32
"""Weights that share a scale; the smallest block that the kernels take, and the closest to the numbers."""
INT4_ACCURACY_LEVEL = 4
"""Activations are rounded to int8 for the products; lower levels compute in fp32."""
_PROBE_WIDTH = 64


def to_int8(model: onnx.ModelProto, feeds: Iterator[Feed]) -> tuple[onnx.ModelProto, str]:
    """Quantize linear layers: weights by output channel, activations by their range at run time.

    Returns the model and how it was made. Raises MeasurementError when the quantizer refuses.
    """
    del feeds
    narrow = saturates()

    def quantize(tools: ModuleType, source: str, target: str) -> None:
        tools.quantize_dynamic(
            source, target, per_channel=True, reduce_range=narrow, op_types_to_quantize=["MatMul", "Gemm"],
            extra_options={"DefaultTensorType": 1},
        )  # fmt: skip

    return _by_files(model, quantize, "int8"), (
        f"linear layers in int8 by ONNX Runtime's quantize_dynamic: {_weights(narrow)}, activations by their range "
        "at run time"
    )


def to_int8_static(model: onnx.ModelProto, feeds: Iterator[Feed]) -> tuple[onnx.ModelProto, str]:
    """Quantize linear layers and convolutions, with ranges of activations from a calibration on rows of training.

    Returns the model and how it was made. Raises MeasurementError when the quantizer refuses.
    """
    narrow = saturates()
    batches = list(feeds)

    def quantize(tools: ModuleType, source: str, target: str) -> None:
        tools.quantize_static(
            source, target, _Reader(batches), quant_format=tools.QuantFormat.QDQ, per_channel=True,
            reduce_range=narrow, activation_type=tools.QuantType.QUInt8, weight_type=tools.QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gemm", "Conv"],
        )  # fmt: skip

    num_rows = sum(len(next(iter(each.values()))) for each in batches)
    return _by_files(model, quantize, "int8_static"), (
        f"linear layers and convolutions in int8 by ONNX Runtime's quantize_static: {_weights(narrow)}, ranges of "
        f"activations from {num_rows} rows of the training part"
    )


def to_int4(model: onnx.ModelProto, feeds: Iterator[Feed]) -> tuple[onnx.ModelProto, str]:
    """Quantize the weights of linear layers to int4 in blocks, with activations rounded to int8 at run time.

    Returns the model and how it was made. Raises MeasurementError when the quantizer refuses.
    """
    del feeds
    quantizer = needed("onnxruntime.quantization.matmul_nbits_quantizer", "onnx(int4)", EXTRA)
    tools = needed("onnxruntime.quantization.onnx_model", "onnx(int4)", EXTRA)
    with quietly():
        whole = tools.ONNXModel(model)
        whole.replace_gemm_with_matmul()
        packer = quantizer.MatMulNBitsQuantizer(
            whole.model, bits=4, block_size=INT4_BLOCK, is_symmetric=True, accuracy_level=INT4_ACCURACY_LEVEL
        )
        packer.process()
        packed = packer.model
        packed.clean_initializers()
    return packed.model, (
        f"weights of linear layers in int4 by ONNX Runtime's MatMulNBits: a scale for every {INT4_BLOCK}, activations "
        "rounded to int8 for the products"
    )


Quantize = Callable[["onnx.ModelProto", Iterator[Feed]], tuple["onnx.ModelProto", str]]
FORMATS: Mapping[str, Quantize] = {"int8": to_int8, "int8_static": to_int8_static, "int4": to_int4}
"""By the word in the recipe; fp32 needs none."""
QUANTIZED_OPERATIONS = frozenset({"MatMulInteger", "DynamicQuantizeMatMul", "MatMulNBits", "QuantizeLinear"})


def num_quantized(model: onnx.ModelProto) -> int:
    """Count the operations that work on rounded weights."""
    return sum(node.op_type in QUANTIZED_OPERATIONS for node in model.graph.node)


def saturates() -> bool:
    """Tell whether the int8 kernel of this processor loses sums: without VNNI pairs of products go into 16 bits."""
    onnx = needed("onnx", "onnx", EXTRA)
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    weight = numpy_helper.from_array(np.full((_PROBE_WIDTH, _PROBE_WIDTH), 127, np.int8), "weight")
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["inputs", "weight"], ["sums"])],
        "probe",
        [helper.make_tensor_value_info("inputs", onnx.TensorProto.UINT8, ["rows", _PROBE_WIDTH])],
        [helper.make_tensor_value_info("sums", onnx.TensorProto.INT32, ["rows", _PROBE_WIDTH])],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    session = new_session(model.SerializeToString(), 1)
    # One row and several have kernels of their own.
    sums = (session.run(None, {"inputs": np.full((rows, _PROBE_WIDTH), 255, np.uint8)})[0] for rows in (1, 8))
    return any(np.any(each != 255 * 127 * _PROBE_WIDTH) for each in sums)


def _weights(narrow: bool) -> str:
    if narrow:
        return "weights by output channel in 7 of the 8 bits, because this processor's kernel loses sums beyond them"
    return "weights by output channel"


def _by_files(
    model: onnx.ModelProto, quantize: Callable[[ModuleType, str, str], None], word: str
) -> onnx.ModelProto:
    package = needed("onnx", "onnx", EXTRA)
    tools = needed("onnxruntime.quantization", f"onnx({word})", EXTRA)
    shapes = needed("onnxruntime.quantization.shape_inference", f"onnx({word})", EXTRA)
    with tempfile.TemporaryDirectory() as folder, quietly():
        whole, ready, small = (str(Path(folder) / f"{name}.onnx") for name in ("whole", "ready", "small"))
        package.save(model, whole)
        try:
            shapes.quant_pre_process(whole, ready, skip_symbolic_shape=True)
            quantize(tools, ready, small)
        except refusals() as err:
            raise MeasurementError(
                f"onnx({word}): its quantizer refuses the model ({first_line(err)})"
            ) from err
        quantized: onnx.ModelProto = package.load(small)
    return quantized


class _Reader:
    """Gives batches one after the other, then None, as the calibration asks for them."""

    def __init__(self, batches: list[Feed]) -> None:
        self._batches = iter(batches)

    def get_next(self) -> Feed | None:
        """Return the next batch."""
        return next(self._batches, None)
