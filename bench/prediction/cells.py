"""The small models that are run to calibrate: how long each of their operations takes, and the step as a whole."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench.models.convolutional import ConvConfig
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig
from bench.prediction.clock import now
from bench.prediction.pace import Paced, Reference, paced
from bench.prediction.tasks import Task, prepare
from bench.prediction.tracing import Op, Trace, traced

SECONDS_PER_CELL = 0.36
MIN_STEPS = 4


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

CELLS: tuple[Task, ...] = (
    Task(MlpConfig(64, (128, 128)), "training_step", 64),
    Task(MlpConfig(64, (512, 512)), "training_step", 32),
    Task(MlpConfig(256, (768, 768)), "training_step", 256),
    Task(_SMALL, "training_step", 4, 64),
    Task(_SMALL, "training_step", 2, 256),
    Task(_WIDE, "training_step", 4, 128),
    Task(_WIDE, "training_step", 1, 512),
    Task(_GATED, "training_step", 4, 128),
    Task(_NET, "training_step", 16),
    Task(_DEEP_NET, "training_step", 8),
    Task(_SMALL, "prefill", 1, 128),
    Task(_WIDE, "prefill", 4, 256),
    Task(_SMALL, "decode", 1, 128),
    Task(_WIDE, "decode", 1, 256),
    Task(_WIDE, "decode", 8, 128),
    Task(_GATED, "decode", 4, 256),
)
"""None has more than 1.9 million parameters; each kind of model, of pass and of activation is among them."""

MEMORY_CELLS: tuple[Task, ...] = (
    Task(MlpConfig(256, (768, 768)), "training_step", 256),
    Task(_WIDE, "training_step", 8, 128),
    Task(_WIDE, "training_step", 16, 256),
)
"""Run in a process of their own each, for the memory that it takes."""


@dataclass(frozen=True)
class Cell:
    """A task that was run: its operations with the seconds of each, and the step as a whole."""

    task: Task
    trace: Trace
    op_seconds: dict[Op, float]
    """Seconds of one call of each operation, the mean over its places in the step."""
    whole: Paced


def run(
    task: Task, reference: Reference, best_seconds: float, budget_seconds: float = SECONDS_PER_CELL
) -> Cell:
    """Run a task and time its steps as a whole, then each of its operations.

    `best_seconds` is what the reference takes undisturbed.
    """
    step = prepare(task)
    whole = paced(step, reference, best_seconds, budget_seconds)
    trace, seconds = op_seconds(step, budget_seconds / 2)
    return Cell(task, trace, seconds, whole)


def op_seconds(step: Callable[[], object], budget_seconds: float) -> tuple[Trace, dict[Op, float]]:
    """Return the operations of a step and the seconds of each, the fastest of several steps at each place."""
    steps: list[list[tuple[Op, float]]] = []
    trace = None
    until = time.perf_counter() + budget_seconds
    while len(steps) < MIN_STEPS or time.perf_counter() < until:
        trace, times = traced(step, now)
        steps.append(times)
    assert trace is not None
    fastest = np.min([[seconds for _, seconds in times] for times in steps], axis=0)
    places: dict[Op, list[float]] = defaultdict(list)
    for (op, _), seconds in zip(steps[0], fastest, strict=True):
        places[op].append(float(seconds))
    return trace, {op: sum(each) / len(each) for op, each in places.items()}
