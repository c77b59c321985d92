"""The small models that are run to calibrate: how long each of their operations takes, and the step as a whole."""

from __future__ import annotations

from bench.models.convolutional import ConvConfig
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig
from bench.prediction.tasks import Task

PASSES, SECONDS_PER_PASS, MIN_BLOCKS = 2, 0.25, 3


def _gpt(width: int, layers: int, heads: int) -> GptConfig:
    return GptConfig(
        width=width, num_layers=layers, num_heads=heads, feed_forward_width=4 * width, context_tokens=512
    )


_SMALL, _WIDE = _gpt(128, 2, 4), _gpt(256, 2, 4)
_GATED = GptConfig(
    width=192, num_layers=3, num_heads=6, feed_forward_width=512, context_tokens=512, activation="swiglu",
    num_key_value_heads=2,
)  # fmt: skip
_NET, _DEEP_NET = ConvConfig(16, 3, (32, 64), (1, 1)), ConvConfig(32, 3, (48, 96), (2, 1))

PRESENT_SECONDS = 0.2
PRESENT_CELLS: tuple[Task, ...] = (
    Task(MlpConfig(128, (1024, 1024)), "training_step", 128),
    Task(_WIDE, "training_step", 4, 128),
    Task(_DEEP_NET, "training_step", 8),
    Task(_WIDE, "prefill", 4, 256),
    Task(_WIDE, "decode", 1, 256),
    Task(_WIDE, "decode", 8, 128),
)
"""Run again before a prediction, for the pace that the machine has then: a step of each kind of model, reading a prompt
and making tokens."""

CELLS: tuple[Task, ...] = (
    *PRESENT_CELLS,
    Task(MlpConfig(256, (768, 768)), "training_step", 256),
    Task(_SMALL, "training_step", 2, 256),
    Task(_WIDE, "training_step", 1, 512),
    Task(_GATED, "training_step", 4, 128),
    Task(_NET, "training_step", 16),
    Task(_SMALL, "prefill", 1, 128),
    Task(_SMALL, "decode", 1, 128),
    Task(_GATED, "decode", 4, 256),
)
"""None has more than 1.9 million parameters; each kind of model, of pass and of activation is among them."""

MEMORY_CELLS: tuple[Task, ...] = (
    Task(MlpConfig(256, (768, 768)), "training_step", 256),
    Task(_WIDE, "training_step", 16, 256),
)
"""Run in a process of their own each, for the memory that it takes."""
