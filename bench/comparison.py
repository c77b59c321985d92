"""Speed of a trained model, and of its compressed form beside it."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from bench.assessment import describe_quality, items_per_row, singular
from bench.compression.quantization import Compressed
from bench.data.splits import Batch
from bench.environment import Device
from bench.measuring import memory
from bench.measuring.contention import QuietWatch
from bench.measuring.latency import estimate
from bench.measuring.speed import (
    CONTROL,
    QUICK,
    SpeedPlan,
    SpeedTask,
    SpeedTimes,
    time_in_fresh_process,
)
from bench.sheet import Sheet
from bench.speed_notes import SpeedNotes
from bench.training.cycle import Trained
from bench.training.loop import score


@dataclass(frozen=True)
class Bench:
    """Where and under whose eyes the timing runs."""

    device: Device
    num_threads: int
    watch: QuietWatch
    """Adds up what was seen while one thread was timed."""


def describe_speed(
    sheet: Sheet, trained: Trained, compressed: Compressed | None, bench: Bench, plan: SpeedPlan = QUICK
) -> SpeedTimes:
    """Time the model, its A/A control and its compressed form side by side; note speeds and ratios.

    Everything is timed in a fresh process; returns what was timed there.
    Raises MeasurementError when that process fails.
    """
    # The control is a copy made as the other forms are made, so that nothing but noise tells it apart.
    models: dict[str, nn.Module] = {"fp32": trained.model.eval(), CONTROL: copy.deepcopy(trained.model)}
    if compressed is not None:
        models[compressed.variant] = compressed.model
    test = trained.data.test
    rows = min(trained.workload.throughput_rows, len(test.inputs))
    # A part of a tensor would take the whole of it along to the other process.
    one, many = (Batch(test.inputs[:n].clone(), test.targets[:n].clone()) for n in (1, rows))
    times = time_in_fresh_process(SpeedTask(models, one, many, bench.device, bench.num_threads, plan))
    bench.watch.add(times.one_thread_watch)
    notes = SpeedNotes(
        sheet, times, bench.device, bench.num_threads, rows, rows * items_per_row(trained),
        trained.data.item, trained.data.row_in_words,
    )  # fmt: skip
    for variant in models:
        if variant != CONTROL:
            notes.speed(variant)
            notes.generation(variant)
            if variant != "fp32":
                notes.ratios(variant)
    return times


def describe_compression(sheet: Sheet, trained: Trained, compressed: Compressed, device: Device) -> None:
    """Note size, memory and quality of the compressed form, and the differences to the model."""
    variant = compressed.variant
    sheet.add(
        "file_bytes",
        compressed.file_bytes,
        f"serialized as safetensors; {compressed.method}",
        variant=variant,
    )
    sheet.add(
        "file_ratio", compressed.file_bytes / trained.file_bytes, f"file of {variant} over file of fp32",
        variant=variant,
    )  # fmt: skip
    with torch.inference_mode():
        one = trained.data.test.inputs[:1]
        peak = memory.tensor_peak_bytes(lambda: compressed.model(one), device)
    sheet.add(
        "peak_memory_bytes",
        compressed.file_bytes + peak,
        "serialized weights (torch does not count packed ones) plus peak of the tensors of a forward pass",
        variant=variant,
        note="batch 1",
    )
    scores = score(compressed.model, trained.data.test)
    describe_quality(sheet, trained, scores, variant)
    differences = {
        f"loss_difference_nats_per_{singular(trained)}": (scores.losses_nats, trained.test.losses_nats),
        "accuracy_difference_share": (scores.accuracies_share, trained.test.accuracies_share),
    }
    for name, (after, before) in differences.items():
        paired = estimate([a - b for a, b in zip(after, before, strict=True)], np.mean)
        sheet.add(name, paired, f"{variant} less fp32, paired by row of the test part", variant=variant)
