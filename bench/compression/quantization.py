"""Smaller number formats: int8 for the linear layers on the CPU, bf16 for everything on CUDA."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bench.environment import Device
from bench.errors import MeasurementError
from bench.training.checkpoints import tensors_as_bytes


@dataclass(frozen=True)
class Compressed:
    """A smaller form of a model, what it takes on disk, and how it was made."""

    variant: str
    model: nn.Module
    file_bytes: int
    method: str


def compress(model: nn.Module, device: Device) -> Compressed:
    """Return the smaller form that this device can run; the model itself is left as it is.

    Raises MeasurementError when this torch cannot make it.
    """
    return to_bf16(model) if device == "cuda" else to_int8(model)


def to_int8(model: nn.Module) -> Compressed:
    """Quantize the linear layers: int8 weights per output channel, activations by their range at run time.

    Raises MeasurementError when torch has no dynamic quantization (its removal is announced), no engine for
    it on this processor, or left every linear layer as it was.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", UserWarning)
            from torch.ao.quantization import per_channel_dynamic_qconfig, quantize_dynamic

            original = copy.deepcopy(model).cpu().eval()
            spec = {nn.Linear: per_channel_dynamic_qconfig}
            quantized: nn.Module = quantize_dynamic(original, spec)  # type: ignore[no-untyped-call]
    except (ImportError, AttributeError, RuntimeError, NotImplementedError) as err:
        reason = str(err).partition("\n")[0]
        raise MeasurementError(
            f"int8 was not measured: torch {torch.__version__} offers no dynamic quantization here ({reason})"
        ) from err
    tensors = quantized_tensors(quantized)
    if not any(tensor.dtype == torch.int8 for tensor in tensors.values()):
        raise MeasurementError(f"int8 was not measured: torch {torch.__version__} quantized no layer")
    return Compressed(
        variant="int8",
        model=quantized,
        file_bytes=len(tensors_as_bytes(tensors)),
        method=(
            "torch.ao quantize_dynamic of all linear layers, int8 weights per output channel, "
            f"engine {torch.backends.quantized.engine}; other layers stay fp32"
        ),
    )


def to_bf16(model: nn.Module) -> Compressed:
    """Convert all parameters and buffers to bf16."""
    converted = copy.deepcopy(model).eval().to(torch.bfloat16)
    return Compressed(
        variant="bf16",
        model=_CastsInputs(converted),
        file_bytes=len(tensors_as_bytes(converted.state_dict())),
        method="all parameters and activations in bf16",
    )


class _CastsInputs(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Tensor) -> Tensor:
        cast = inputs.to(torch.bfloat16) if inputs.is_floating_point() else inputs
        logits: Tensor = self.model(cast)
        return logits


def quantized_tensors(model: nn.Module) -> dict[str, Tensor]:
    """Return what must be stored of a quantized model: int8 weights with their scales, the rest as it is."""
    tensors: dict[str, Tensor] = {}
    for name, module in model.named_modules():
        if hasattr(module, "_packed_params") and callable(getattr(module, "weight", None)):
            weight, bias = module.weight(), module.bias()
            tensors[f"{name}.weight"] = weight.int_repr()
            tensors[f"{name}.scale"] = weight.q_per_channel_scales().to(torch.float32)
            tensors[f"{name}.zero_point"] = weight.q_per_channel_zero_points().to(torch.int8)
            if bias is not None:
                tensors[f"{name}.bias"] = bias.detach()
    others = {n: v for n, v in model.state_dict().items() if isinstance(v, Tensor) and not v.is_quantized}
    quantized = {name.rpartition(".")[0] for name in tensors}
    kept = {n: v for n, v in others.items() if not any(n.startswith(f"{q}.") for q in quantized)}
    return tensors | kept
