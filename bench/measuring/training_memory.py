"""Memory of a training step: of its tensors, split by what they are for, and of a fresh process that takes it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bench.data.splits import Batch
from bench.measuring.examples import example_batch
from bench.measuring.memory import ProcessPeak, module_bytes, tensor_bytes
from bench.measuring.processes import TIMEOUT_SECONDS, in_fresh_process
from bench.models.building import Config, build
from bench.training.optimizers import make
from bench.training.steps import take_step, training_loss

LEARNING_RATE = 1e-4
MAX_GRADIENT_NORM = 1.0
STEPS = 3
"""The first step makes the optimizer's state, so that the second is the first that needs all."""


@dataclass(frozen=True)
class StepMemory:
    """Bytes of tensors of one training step, the same to the byte on each run.

    The peak is less than the sum of the parts, because activations go while gradients come, or more, because
    of tensors that live only within an operation.
    """

    peak_bytes: int
    weights_bytes: int
    gradients_bytes: int
    optimizer_bytes: int
    activations_bytes: int
    """What the forward pass keeps for the backward pass, its loss and logits included."""


@dataclass(frozen=True)
class ProcessPeaks:
    """Highest memory of a fresh process beyond what it held with torch loaded and no model.

    On CUDA it is the GPU memory that torch's allocator took from the driver.
    """

    inference_bytes: int
    training_bytes: int
    was_reset: bool


def logical_training_memory(
    config: Config, num_rows: int, optimizer: str = "adamw", device: str = "cpu", *, bf16: bool = False
) -> StepMemory:
    """Measure the tensors of a training step of a shape on so many rows, in this process.

    Raises MeasurementError when no allocation was seen, InputError for an unknown optimizer.
    """
    model = build(config).to(device)
    return step_memory(model, example_batch(config, num_rows, device), optimizer, device, bf16=bf16)


def process_peaks(
    config: Config,
    num_rows: int,
    optimizer: str = "adamw",
    device: str = "cpu",
    *,
    bf16: bool = False,
    num_threads: int | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> ProcessPeaks:
    """Measure a forward pass of one row and then training steps of so many rows in a fresh process.

    It is what one must buy: with the allocator's slack and the libraries' scratch memory, and therefore not
    the same on each run. Raises MeasurementError when the process fails, for example for lack of memory.
    """
    return in_fresh_process(
        _peaks_here, config, num_rows, optimizer, device, bf16,
        num_threads=num_threads, timeout_seconds=timeout_seconds,
    )  # fmt: skip


def step_memory(
    model: nn.Module, batch: Batch, optimizer_name: str, device: str, *, bf16: bool = False
) -> StepMemory:
    """Measure the tensors of a training step of a model, which is changed by it."""
    optimizer = make(optimizer_name, model.train(), LEARNING_RATE, 0.0)
    take_step(model, optimizer, batch, MAX_GRADIENT_NORM, bf16=bf16)
    gradients = sum(_nbytes(p.grad) for p in model.parameters() if p.grad is not None)
    optimizer.zero_grad(set_to_none=True)
    states = sum(_nbytes(value) for state in optimizer.state.values() for value in state.values())
    forward = tensor_bytes(lambda: training_loss(model, batch, bf16=bf16), device)
    step = tensor_bytes(lambda: take_step(model, optimizer, batch, MAX_GRADIENT_NORM, bf16=bf16), device)
    optimizer.zero_grad(set_to_none=True)
    weights = module_bytes(model)
    inputs = sum(part.nbytes for part in batch)
    return StepMemory(
        peak_bytes=weights + states + inputs + step.peak,
        weights_bytes=weights,
        gradients_bytes=gradients,
        optimizer_bytes=states,
        activations_bytes=forward.kept,
    )


def _peaks_here(config: Config, num_rows: int, optimizer_name: str, device: str, bf16: bool) -> ProcessPeaks:
    watch = ProcessPeak()
    model = build(config).to(device)
    with torch.inference_mode():
        model.eval()(example_batch(config, 1, device).inputs)
    inference = _so_far(watch, device)
    batch = example_batch(config, num_rows, device)
    optimizer = make(optimizer_name, model.train(), LEARNING_RATE, 0.0)
    for _ in range(STEPS):
        take_step(model, optimizer, batch, MAX_GRADIENT_NORM, bf16=bf16)
    return ProcessPeaks(inference, _so_far(watch, device), watch.was_reset)


def _so_far(watch: ProcessPeak, device: str) -> int:
    if device == "cuda":
        torch.cuda.synchronize()
        return int(torch.cuda.max_memory_reserved())
    return watch.beyond_baseline_bytes()


def _nbytes(value: object) -> int:
    return value.nbytes if isinstance(value, Tensor) else 0
