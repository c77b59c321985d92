"""Smaller number formats of torch itself: int8 for the linear layers on the CPU, bf16 or fp16 for everything."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from bench.compression.extras import left_out, linear_layers, must_be_plain
from bench.compression.forms import Form, Studio
from bench.compression.recipes import Step
from bench.environment import Device
from bench.errors import MeasurementError
from bench.models.gpt import Gpt
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
    return _converted(model, torch.bfloat16)


def bf16(form: Form, step: Step, studio: Studio) -> Form:
    """Take the step `bf16`. Raises MeasurementError where the numbers were rounded before."""
    must_be_plain(form, str(step))
    return _with(form, to_bf16(form.module))


def fp16(form: Form, step: Step, studio: Studio) -> Form:
    """Take the step `fp16`. Raises MeasurementError where the numbers were rounded before, or become no numbers."""
    must_be_plain(form, str(step))
    converted = _converted(form.module, torch.float16)
    with torch.inference_mode():
        logits = converted.model(studio.data.validation.inputs[:2])
    if not torch.isfinite(logits).all():
        raise MeasurementError(f"{step}: some numbers of the model are beyond the range of fp16, 65,504")
    return _with(form, converted)


def int8(form: Form, step: Step, studio: Studio) -> Form:
    """Take the step `int8`.

    Raises MeasurementError on a GPU, where torch cannot do it, and where there is no linear layer.
    """
    if studio.device != "cpu":
        raise MeasurementError(
            f"{step}: torch's dynamic int8 runs on the CPU alone; take --device cpu, or fp8"
        )
    must_be_plain(form, str(step))
    linear_layers(form.module, str(step))
    return _with(form, to_int8(form.module), left_out(form.module, str(step)))


def cast_to(model: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Return a copy with all numbers in a type; it takes inputs in fp32, and a transformer stays one."""
    converted = copy.deepcopy(model).eval().to(dtype)
    # Tokens need no cast, and generation needs the transformer itself.
    if dtype == torch.float32 or isinstance(converted, Gpt):
        return converted
    return CastsInputs(converted, dtype)


class CastsInputs(nn.Module):
    """Casts inputs to the type that a model wants."""

    def __init__(self, model: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.model = model
        self.dtype = dtype

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the model's logits, in its own type."""
        cast = inputs.to(self.dtype) if inputs.is_floating_point() else inputs
        logits: Tensor = self.model(cast)
        return logits


def _converted(model: nn.Module, dtype: torch.dtype) -> Compressed:
    name = "bf16" if dtype == torch.bfloat16 else "fp16"
    converted = cast_to(model, dtype)
    return Compressed(
        variant=name,
        model=converted,
        file_bytes=len(tensors_as_bytes(converted.state_dict())),
        method=f"all parameters and activations in {name}",
    )


def _with(form: Form, compressed: Compressed, notes: tuple[str, ...] = ()) -> Form:
    return replace(
        form,
        module=compressed.model,
        file_bytes=compressed.file_bytes,
        method=form.then(compressed.method),
        notes=(*form.notes, *notes),
    )


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
