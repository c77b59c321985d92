"""What a trained model takes of the machine: memory of its tensors and of a process, and energy."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable

import torch

from bench.environment import Device
from bench.errors import MeasurementError
from bench.measuring import memory
from bench.measuring.energy import Absent, Energy, Meter, find_meter, measure_energy
from bench.measuring.training_memory import LEARNING_RATE, StepMemory, process_peaks, step_memory
from bench.sheet import Sheet
from bench.training.cycle import Trained
from bench.training.optimizers import make
from bench.training.steps import take_step

ENERGY_SECONDS = 2.0
IDLE_SECONDS = 1.0


def describe_memory(sheet: Sheet, trained: Trained, device: Device) -> None:
    """Note the peak memory of the tensors, at inference of one row and in a training step."""
    how = "CUDA's allocator" if device == "cuda" else "torch's profiler, tensors only, the same on each run"
    one = trained.data.test.inputs[:1]
    with torch.inference_mode():
        inference = memory.tensor_peak_bytes(lambda: trained.model.eval()(one), device)
    sheet.add(
        "peak_memory_bytes",
        memory.module_bytes(trained.model) + inference,
        f"weights plus peak of the tensors of a forward pass ({how})",
        note=f"one row: {trained.data.row_in_words}",
    )
    recipe = trained.recipe
    batch = trained.data.sample(recipe.num_rows, torch.Generator().manual_seed(0))
    parts = step_memory(copy.deepcopy(trained.model), batch, recipe.optimizer, device)
    _note_step(sheet, parts, how, f"{recipe.num_rows} rows in fp32, {recipe.optimizer}")


def describe_process_memory(sheet: Sheet, trained: Trained, device: Device) -> None:
    """Note the peak memory of a fresh process, at inference of one row and in a training step.

    A process that fails leaves its figures unknown, with the reason.
    """
    recipe = trained.recipe
    method = (
        "GPU memory that torch's allocator took in a fresh process"
        if device == "cuda"
        else "highest resident memory of a fresh process beyond what it held with torch loaded and no model: "
        "with the allocator's slack and the libraries' scratch memory"
    )
    names = ("inference_process_peak_memory_bytes", "training_process_peak_memory_bytes")
    try:
        peaks = process_peaks(
            trained.model.config, recipe.num_rows, recipe.optimizer, device,
            num_threads=torch.get_num_threads(),
        )  # fmt: skip
    except MeasurementError as err:
        for name in names:
            sheet.add(name, None, method, note=str(err))
        return
    notes = (
        f"one row: {trained.data.row_in_words}",
        f"{recipe.num_rows} rows in fp32, {recipe.optimizer}, after the inference of one row",
    )
    for name, value, note in zip(names, (peaks.inference_bytes, peaks.training_bytes), notes, strict=True):
        sheet.add(name, value, method, note=note)


def describe_energy(
    sheet: Sheet, trained: Trained, device: Device, *, seconds: float = ENERGY_SECONDS
) -> None:
    """Note the energy of a training step and of a forward pass, or that it cannot be read here and why."""
    meter = find_meter(device)
    if isinstance(meter, Absent):
        sheet.add("energy_joules", None, "RAPL or NVML, where one of them can be read", note=meter.reason)
        return
    model = copy.deepcopy(trained.model)
    recipe = trained.recipe
    batch = trained.data.sample(recipe.num_rows, torch.Generator().manual_seed(0))
    optimizer = make(recipe.optimizer, model, LEARNING_RATE, 0.0)
    rows = min(trained.workload.throughput_rows, len(trained.data.test.inputs))
    many = trained.data.test.inputs[:rows]
    _note_energy(
        sheet, meter, lambda: take_step(model.train(), optimizer, batch, recipe.max_gradient_norm),
        {"work": "training step", "batch": recipe.num_rows}, device, seconds,
    )  # fmt: skip
    with torch.inference_mode():
        _note_energy(
            sheet, meter, lambda: model.eval()(many), {"work": "forward pass", "batch": rows}, device, seconds
        )


def _note_step(sheet: Sheet, parts: StepMemory, how: str, note: str) -> None:
    sheet.add(
        "training_peak_memory_bytes",
        parts.peak_bytes,
        f"weights, optimizer state, batch, and peak of the tensors of a whole training step ({how})",
        note=note,
    )
    sheet.add("weights_memory_bytes", parts.weights_bytes, "parameters and buffers", note=note)
    sheet.add("gradients_memory_bytes", parts.gradients_bytes, "gradients after a backward pass", note=note)
    sheet.add("optimizer_memory_bytes", parts.optimizer_bytes, "tensors of the optimizer's state", note=note)
    sheet.add(
        "activations_memory_bytes",
        parts.activations_bytes,
        f"what a forward pass keeps for the backward pass ({how})",
        note=f"{note}; they go while gradients come, so the peak is no sum of the parts",
    )


def _note_energy(
    sheet: Sheet,
    meter: Meter,
    call: Callable[[], object],
    conditions: dict[str, int | float | str],
    device: Device,
    seconds: float,
) -> None:
    calls = 0

    def work() -> None:
        nonlocal calls
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            call()
            calls += 1
            if device == "cuda":
                torch.cuda.synchronize()

    method = f"a span of at least {seconds:g} s over the calls in it; what the device takes idle is within it"
    try:
        found: Energy = measure_energy(meter, work, IDLE_SECONDS)
    except MeasurementError as err:
        sheet.add("energy_joules", None, method, conditions=conditions, note=str(err))
        return
    sheet.add(
        "energy_joules",
        found.joules / calls,
        f"{found.domain}; {method}",
        conditions=conditions,
        note=f"idle before it {found.idle_watts:.3g} W, during it {found.joules / found.seconds:.3g} W",
    )
