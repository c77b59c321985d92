"""The recipes that are tried when none are named, for each kind of model and device."""

from __future__ import annotations

from collections.abc import Mapping

from bench.compression.recipes import CompressionRecipe, read_recipe

_SMALLER_MLP = "prune(neurons, 0.75) -> distil"
_SMALLEST_MLP = "prune(neurons, 0.875) -> distil(logits, 1, 800)"
_SMALLER_GPT = "prune(structured, 0.5) -> distil"

_PERCEPTRON = (
    "onnx", "int8", "bf16", "fp16", "int8_static", "torchao(int8_dynamic)", "torchao(int8_weight)",
    "onnx(int8)", "onnx(int8_static)", "qat -> onnx(int8)", "finetune",
    "prune(magnitude, 0.9)", "prune(magnitude, 0.9) -> finetune", "prune(gradual, 0.95)",
    "prune(gradual, 0.95) -> sparse(csr)",
    "prune(neurons, 0.5) -> distil", "prune(neurons, 0.75) -> finetune", _SMALLER_MLP,
    "prune(neurons, 0.75) -> distil(features)",
    f"{_SMALLER_MLP} -> int8", f"{_SMALLER_MLP} -> onnx", f"{_SMALLER_MLP} -> onnx(int8)",
    f"{_SMALLEST_MLP} -> onnx", f"{_SMALLEST_MLP} -> onnx(int8)",
)  # fmt: skip
_TRANSFORMER = (
    "onnx", "int8", "bf16", "torchao(int8_dynamic)", "torchao(int8_weight)", "torchao(int4_weight)",
    "onnx(int8)", "onnx(int4)", "qat -> int8", "finetune",
    "prune(magnitude, 0.5)", "prune(magnitude, 0.5) -> finetune",
    "prune(neurons, 0.5) -> finetune", "prune(heads, 0.5) -> finetune", "prune(layers, 0.34) -> distil",
    "prune(structured, 0.5) -> finetune", _SMALLER_GPT,
    f"{_SMALLER_GPT} -> int8", f"{_SMALLER_GPT} -> onnx(int8)", f"{_SMALLER_GPT} -> onnx(int4)",
)  # fmt: skip
_CONVOLUTIONAL = (
    "onnx", "bf16", "fp16", "int8", "int8_static", "onnx(int8)", "onnx(int8_static)",
    "prune(magnitude, 0.5)", "prune(magnitude, 0.9) -> finetune", "prune(gradual, 0.9)",
    "prune(neurons, 0.5) -> finetune", "prune(neurons, 0.5) -> distil", "prune(neurons, 0.75) -> distil",
    "prune(neurons, 0.5) -> distil -> onnx", "prune(neurons, 0.5) -> distil -> onnx(int8_static)",
)  # fmt: skip
_ANY = (
    "onnx", "bf16", "fp16", "int8", "onnx(int8)", "torchao(int8_dynamic)", "torchao(int8_weight)", "compile",
    "prune(magnitude, 0.5)", "prune(magnitude, 0.5) -> finetune", "prune(gradual, 0.9)",
    "prune(gradual, 0.9) -> sparse(csr)", "prune(structured, 0.5) -> finetune", "prune(structured, 0.5) -> distil",
    "prune(structured, 0.5) -> distil -> int8",
)  # fmt: skip
_ON_CUDA = (
    "bf16", "fp16", "fp8", "torchao(int8_dynamic)", "torchao(int8_weight)", "torchao(int4_weight)",
    "torchao(fp8_weight)", "torchao(fp8_dynamic)", "compile", "bf16 -> compile",
    "prune(2:4)", "prune(2:4) -> finetune", "prune(2:4) -> finetune -> sparse(2:4)", "prune(magnitude, 0.5)",
    "prune(magnitude, 0.5) -> finetune",
    "prune(structured, 0.5) -> finetune", "prune(structured, 0.5) -> distil",
    "prune(structured, 0.5) -> distil -> bf16", "prune(structured, 0.5) -> distil -> fp8",
)  # fmt: skip

_MENUS: Mapping[str, tuple[str, ...]] = {
    "mlp": _PERCEPTRON,
    "gpt": _TRANSFORMER,
    "conv": _CONVOLUTIONAL,
}


def menu(kind: str, device: str) -> tuple[CompressionRecipe, ...]:
    """Return the recipes for a kind of model; one of the user's own gets those that need no known shape."""
    texts = _ON_CUDA if device == "cuda" else _MENUS.get(kind, _ANY)
    return tuple(read_recipe(text) for text in texts)
