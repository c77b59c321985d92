"""Every step that a compression recipe may take, with its arguments; imports no torch, so that typos are told at once.

A step is added here and as a function `apply(form, arguments, studio) -> Form` in the module that it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Stage = Literal["training", "format", "engine"]
"""`training` steps follow each other in any order; one number `format` may come after them, one `engine` at the end."""

STAGES: tuple[Stage, ...] = ("training", "format", "engine")


@dataclass(frozen=True)
class Argument:
    """An argument of a step: a word among some, or a number within bounds; it is optional where it has a default."""

    name: str
    default: str | float | None = None
    words: tuple[str, ...] = ()
    low: float = 0.0
    """The number must lie above it."""
    high: float = 1.0
    """The number must lie below it."""
    is_always_written: bool = False
    """Whether a record names it also where it is the default, since nobody would guess it."""

    def in_words(self) -> str:
        """Say what is allowed."""
        return (
            " | ".join(self.words) if self.words else f"a number above {self.low:g} and below {self.high:g}"
        )


@dataclass(frozen=True)
class Method:
    """A step: when it may come, what it takes, what it does in a sentence, and the function that does it."""

    stage: Stage
    about: str
    function: str
    """`module:function`, imported when the step is taken."""
    arguments: tuple[Argument, ...] = ()


PRUNING = "bench.compression.pruning"
TUNING = "bench.compression.distillation"
QUANTIZATION = "bench.compression.quantization"
ROUNDING = "bench.compression.rounded_training"
STATIC = "bench.compression.static_quantization"
FP8 = "bench.compression.fp8"
TORCHAO = "bench.compression.torchao_formats"
SPARSITY = "bench.compression.sparsity"
ENGINES = "bench.compression.engines"
COMPILING = "bench.compression.compiling"

STEPS = Argument("steps", 0.0, low=-1, high=1e7)
"""Steps of training; zero stands for as many as the run gives each step of training."""

METHODS: Mapping[str, Method] = {
    "prune": Method(
        "training",
        "Remove weights: single ones (magnitude, gradual) leave the shape as it is, whole structures make it smaller.",
        f"{PRUNING}:prune",
        (
            Argument(
                "kind", words=("magnitude", "gradual", "structured", "neurons", "heads", "layers", "2:4")
            ),
            Argument("share", 0.5, is_always_written=True),
            Argument("scope", "global", words=("global", "layer")),
        ),
    ),
    "restart": Method(
        "training",
        "Draw all weights anew: what follows trains the same shape from scratch.",
        f"{TUNING}:restart",
    ),
    "finetune": Method("training", "Train on with the loss of the data.", f"{TUNING}:finetune", (STEPS,)),
    "distil": Method(
        "training",
        "Train on with the original model as the teacher: its logits, or its features as well.",
        f"{TUNING}:distil",
        (
            Argument("from", "logits", words=("logits", "features")),
            Argument("temperature", 1.0, high=100.0),
            STEPS,
        ),
    ),
    "qat": Method(
        "training",
        "Train on with weights and activations rounded to int8.",
        f"{ROUNDING}:train_rounded",
        (STEPS,),
    ),
    "bf16": Method("format", "All numbers in bf16.", f"{QUANTIZATION}:bf16"),
    "fp16": Method("format", "All numbers in fp16.", f"{QUANTIZATION}:fp16"),
    "int8": Method("format", "torch's dynamic int8 for linear layers.", f"{QUANTIZATION}:int8"),
    "int8_static": Method(
        "format",
        "int8 with ranges from calibration, by PT2E and the x86 inductor.",
        f"{STATIC}:int8_static",
    ),
    "fp8": Method("format", "fp8 weights and activations for linear layers, on CUDA.", f"{FP8}:fp8"),
    "torchao": Method(
        "format",
        "A number format of torchao.",
        f"{TORCHAO}:torchao",
        (
            Argument(
                "format", words=("int8_dynamic", "int8_weight", "int4_weight", "fp8_weight", "fp8_dynamic")
            ),
        ),
    ),
    "sparse": Method(
        "format",
        "Kernels that skip zeros: compressed rows on the CPU, 2 of 4 on CUDA.",
        f"{SPARSITY}:sparse",
        (Argument("layout", words=("csr", "2:4")),),
    ),
    "compile": Method("engine", "torch.compile for the shape that is timed.", f"{COMPILING}:compiled"),
    "onnx": Method(
        "engine",
        "ONNX Runtime, in fp32 or quantized by its own tools.",
        f"{ENGINES}:onnx",
        (Argument("format", "fp32", words=("fp32", "int8", "int8_static", "int4")),),
    ),
}
"""All steps by name."""
