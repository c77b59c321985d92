"""The step that hands a model to ONNX Runtime, in fp32 or quantized by its own tools."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from bench.compression import onnx_gpt
from bench.compression.extras import first_line, left_out, linear_layers, must_be_plain, needed
from bench.compression.forms import Form, Studio
from bench.compression.onnx_export import as_bytes, export
from bench.compression.onnx_formats import FORMATS, Feed, num_quantized
from bench.compression.onnx_graphs import is_chain, write_chain
from bench.compression.onnx_runtime import EXTRA, OnnxModel, refusals
from bench.compression.recipes import Step
from bench.errors import MeasurementError
from bench.models.gpt import Gpt
from bench.models.mlp import Mlp

if TYPE_CHECKING:
    import onnx as onnx_package

CALIBRATION_BATCHES = 8
CALIBRATION_ROWS = 32
"""Of each batch; ranges hardly move beyond a few hundred rows."""


@dataclass(frozen=True)
class Exported:
    """A model as a graph, what the graph takes for some rows, and the module that its file makes."""

    graph: onnx_package.ModelProto
    feed: Callable[[Tensor], Feed]
    load: Callable[[bytes], OnnxModel]


def onnx(form: Form, step: Step, studio: Studio) -> Form:
    """Hand the model to ONNX Runtime, in fp32 or quantized by its own tools.

    Raises MeasurementError on a GPU, without the packages, and for a model that an earlier step has rounded, that
    cannot be exported or that has no linear layer to quantize.
    """
    if studio.device != "cpu":
        raise MeasurementError(f"{step}: ONNX Runtime runs on the CPU here; take --device cpu")
    must_be_plain(form, str(step))
    runtime = needed("onnxruntime", str(step), EXTRA)
    word = step.word("format")
    if word != "fp32":
        linear_layers(form.module, str(step))
    about = f"as ONNX, run by ONNX Runtime {runtime.__version__}"
    notes = form.notes
    if isinstance(form.module, Gpt) and not onnx_gpt.is_writable(form.module):
        notes = (
            *notes,
            f"{step} serves whole passes; for generation its attention takes heads whose widths are multiples of "
            f"{onnx_gpt.HEAD_WIDTH_STEP}",
        )
    with torch.no_grad():
        exported = _exported(form.module, studio, quantized=word != "fp32")
        graph = exported.graph
        if word != "fp32":
            graph, how = FORMATS[word](graph, _feeds(exported, studio))
            if not num_quantized(graph):
                raise MeasurementError(f"{step}: ONNX Runtime's quantizer left every layer as it was")
            about = f"{about}; {how}"
            taken = (nn.Linear, nn.Conv2d) if word == "int8_static" else (nn.Linear,)
            notes = (*notes, *left_out(form.module, str(step), taken))
    content = as_bytes(graph)
    module = exported.load(content).eval()
    _check(module, studio.data.validation.inputs[:2].cpu(), str(step))
    return replace(
        form,
        module=module,
        file_bytes=len(content),
        method=form.then(about),
        engine="onnxruntime",
        notes=notes,
    )


def _exported(module: nn.Module, studio: Studio, *, quantized: bool) -> Exported:
    if isinstance(module, Gpt) and onnx_gpt.is_writable(module):
        config, shapes = module.config, onnx_gpt.cache_shapes(module)

        def feed(tokens: Tensor) -> Feed:
            return onnx_gpt.OnnxCache(shapes, *tokens.shape).feed(tokens)

        written = onnx_gpt.write(module, shared_head=not quantized)
        return Exported(written, feed, lambda content: onnx_gpt.OnnxGpt(content, config, shapes))
    if isinstance(module, Mlp) and is_chain(module):
        graph = write_chain(module)
    else:
        graph = export(module, studio.data.validation.inputs)
    return Exported(graph, lambda rows: {graph.graph.input[0].name: rows.cpu().numpy()}, OnnxModel)


def _feeds(exported: Exported, studio: Studio) -> Iterator[Feed]:
    generator = torch.Generator().manual_seed(studio.recipe.seed)
    for _ in range(CALIBRATION_BATCHES):
        yield exported.feed(studio.data.sample(CALIBRATION_ROWS, generator).inputs)


def _check(module: OnnxModel, rows: Tensor, step: str) -> None:
    try:
        logits = module(rows)
    except refusals() as err:
        raise MeasurementError(f"{step}: ONNX Runtime cannot run the model ({first_line(err)})") from err
    if not torch.isfinite(logits).all():
        raise MeasurementError(f"{step}: ONNX Runtime gives logits that are no numbers")
