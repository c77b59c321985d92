"""Number formats of torchao: its own tensors in place of the weights of linear layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from bench.compression.extras import (
    PicklesByTorch,
    first_line,
    left_out,
    linear_layers,
    must_be_plain,
    needed,
    quietly,
)
from bench.compression.forms import Form, Studio
from bench.compression.fp8 import check_device
from bench.compression.quantization import CastsInputs, cast_to
from bench.compression.recipes import Step
from bench.errors import MeasurementError
from bench.training.checkpoints import tensors_as_bytes

EXTRA = "compress"
INT4_GROUP = 32
"""Weights that share a scale: the smallest group, and the closest to the numbers."""
_FAILURES = (
    ImportError,
    AssertionError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    TypeError,
    AttributeError,
)

CONFIGS = {
    "int8_dynamic": "Int8DynamicActivationInt8WeightConfig",
    "int8_weight": "Int8WeightOnlyConfig",
    "fp8_weight": "Float8WeightOnlyConfig",
    "fp8_dynamic": "Float8DynamicActivationFloat8WeightConfig",
}
ABOUT = {
    "int8_dynamic": "weights in int8 by output channel, activations by row at run time",
    "int8_weight": "weights in int8 by output channel",
    "int4_weight": f"weights in int4 with a scale for every {INT4_GROUP}, all else in bf16",
    "fp8_weight": "weights in fp8",
    "fp8_dynamic": "weights and activations in fp8",
}


def torchao(form: Form, step: Step, studio: Studio) -> Form:
    """Take the step `torchao`; on a GPU, and for int4, what is not quantized becomes bf16.

    Raises MeasurementError without the package, and where torchao cannot make the format on this device.
    """
    word, name = step.word("format"), str(step)
    must_be_plain(form, name)
    if word == "fp8_dynamic":
        check_device(studio, name)
    linear = linear_layers(form.module, name)
    with quietly():
        version = needed("torchao", name, EXTRA).__version__
        tools = needed("torchao.quantization", name, EXTRA)
    halved = studio.device == "cuda" or word == "int4_weight"
    module = cast_to(form.module, torch.bfloat16 if halved else torch.float32)
    try:
        with quietly(), torch.no_grad():
            tools.quantize_(module, _config(tools, word, studio, name), filter_fn=_filter(word))
            _make_portable(module, word)
            logits = module(studio.data.validation.inputs[:2])
    except _FAILURES as err:
        raise MeasurementError(f"{name}: torchao {version} cannot do it here ({first_line(err)})") from err
    if not torch.isfinite(logits).all():
        raise MeasurementError(f"{name}: torchao {version} gives logits that are no numbers")
    return replace(
        form,
        module=module,
        file_bytes=len(tensors_as_bytes(stored_tensors(module))),
        method=form.then(f"by torchao {version}: {ABOUT[word]}"),
        engine="torchao",
        notes=(*form.notes, *left_out(form.module, name), *_kept(module, list(linear), name)),
    )


class PortableLinear(PicklesByTorch, nn.Linear):
    """A linear layer whose weight torchao holds in fp8."""


def _make_portable(module: nn.Module, word: str) -> None:
    for each in module.modules():
        # How torchao prints a layer does not pickle, and the class prints it well enough.
        each.__dict__.pop("extra_repr", None)
        if type(each) is nn.Linear and word.startswith("fp8"):
            each.__class__ = PortableLinear


def _kept(module: nn.Module, linear: list[str], step: str) -> tuple[str, ...]:
    inner = module.model if isinstance(module, CastsInputs) else module
    kept = [name for name in linear if _is_plain(inner.get_submodule(name).get_parameter("weight"))]
    if len(kept) == len(linear):
        raise MeasurementError(
            f"{step}: torchao left every layer as it was; their shapes do not fit: {', '.join(kept)}"
        )
    return (f"{step} left as they were, for their shape: {', '.join(kept)}",) if kept else ()


def stored_tensors(module: nn.Module) -> dict[str, Tensor]:
    """Return what must be stored of a model: torchao's tensors by the plain ones that they are made of."""
    found: dict[str, Tensor] = {}
    for name, tensor in module.state_dict().items():
        found |= _parts(name, tensor)
    return found


def _parts(name: str, tensor: Tensor) -> dict[str, Tensor]:
    data = tensor.data if isinstance(tensor, nn.Parameter) else tensor
    flatten: Callable[[], tuple[list[str], Any]] | None = getattr(data, "__tensor_flatten__", None)
    if type(data) is Tensor or flatten is None:
        return {name: data}
    found: dict[str, Tensor] = {}
    for part in flatten()[0]:
        found |= _parts(f"{name}.{part}", getattr(data, part))
    return found


def _config(tools: ModuleType, word: str, studio: Studio, step: str) -> Any:  # noqa: ANN401, torchao has no types
    # What torchao sets by default, torch's precision of products among it, would hold for all that comes after.
    if word != "int4_weight":
        return getattr(tools, CONFIGS[word])(set_inductor_config=False)
    if studio.device == "cuda":
        return tools.Int4WeightOnlyConfig(
            group_size=INT4_GROUP, set_inductor_config=False, int4_packing_format="tile_packed_to_4d"
        )
    # The stable configuration has no kernel for CPUs.
    prototype = needed("torchao.prototype.quantization.int4", step, EXTRA)
    return prototype.PrototypeInt4WeightOnlyConfig(group_size=INT4_GROUP, set_inductor_config=False)


def _filter(word: str) -> Callable[[nn.Module, str], bool]:
    """Tell torchao which layers to take: its int4 kernel fails on others where it should leave them."""
    step = 16 if word == "int4_weight" else 1

    def wanted(module: nn.Module, name: str) -> bool:
        return isinstance(module, nn.Linear) and module.out_features % step == 0

    return wanted


def _is_plain(weight: Tensor) -> bool:
    return type(weight.data if isinstance(weight, nn.Parameter) else weight) is Tensor
