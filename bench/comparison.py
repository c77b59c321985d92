"""Speed of a trained model, and of its compressed form beside it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from bench.assessment import Sheet, describe_quality, items_per_row, singular
from bench.compression.quantization import Compressed
from bench.data.splits import Batch
from bench.environment import Device
from bench.measuring import memory
from bench.measuring.contention import QuietWatch
from bench.measuring.latency import (
    Estimate,
    Schedule,
    estimate,
    noise_floor,
    speed_ratio,
    time_interleaved,
    verdict,
)
from bench.training.cycle import Trained
from bench.training.loop import cross_entropy, score

CONTROL = "fp32 again"
LATENCY = Schedule()
THROUGHPUT = Schedule(rounds=10, blocks=2, block_seconds=0.02)


@dataclass(frozen=True)
class Bench:
    """Where and under whose eyes the timing runs."""

    device: Device
    num_threads: int
    watch: QuietWatch

    def synchronize(self) -> None:
        """Wait for the device."""
        if self.device == "cuda":
            torch.cuda.synchronize()


def describe_speed(sheet: Sheet, trained: Trained, compressed: Compressed | None, bench: Bench) -> None:
    """Time the model, its A/A control and its compressed form side by side; note speeds and ratios."""
    models: dict[str, nn.Module] = {"fp32": trained.model, CONTROL: copy.deepcopy(trained.model)}
    if compressed is not None:
        models[compressed.variant] = compressed.model
    test = trained.data.test
    one = Batch(test.inputs[:1], test.targets[:1])
    rows = min(trained.workload.throughput_rows, len(test.inputs))
    many = Batch(test.inputs[:rows], test.targets[:rows])
    with torch.inference_mode():
        with threads(1), bench.watch:
            latencies = time_interleaved(
                {name: _answer(model, one, bench) for name, model in models.items()},
                LATENCY,
                bench.synchronize,
            )
        throughputs = time_interleaved(
            {name: _scoring(model, many) for name, model in models.items()}, THROUGHPUT, bench.synchronize
        )
    items = rows * items_per_row(trained)
    for name in models:
        if name != CONTROL:
            _note_speed(sheet, trained, name, latencies[name], throughputs[name], rows, items, bench)
    if compressed is not None:
        _note_ratio(sheet, "latency_ratio", compressed.variant, latencies, "batch 1, " + _where(bench, 1))
        where = f"batch {rows}, {_where(bench, bench.num_threads)}"
        _note_ratio(sheet, "throughput_ratio", compressed.variant, throughputs, where)


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


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Let torch use so many threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _answer(model: nn.Module, batch: Batch, bench: Bench) -> Callable[[], object]:
    def call() -> None:
        # On a GPU the next call would otherwise start before this answer is there.
        model.eval()(batch.inputs)
        bench.synchronize()

    return call


def _scoring(model: nn.Module, batch: Batch) -> Callable[[], object]:
    return lambda: cross_entropy(model(batch.inputs), batch.targets)


def _note_speed(
    sheet: Sheet,
    trained: Trained,
    variant: str,
    latencies: tuple[float, ...],
    throughputs: tuple[float, ...],
    rows: int,
    items: int,
    bench: Bench,
) -> None:
    latency, seconds = estimate(latencies), estimate(throughputs)
    p95 = float(np.quantile(latencies, 0.95))
    method = "median over rounds of the fastest block; variants interleaved in random order"
    unit = "one image" if trained.data.item == "items" else f"{items_per_row(trained)} bytes"
    sheet.add(
        "latency_seconds",
        latency,
        f"{method}; batch 1 ({unit}), {_where(bench, 1)}",
        variant=variant,
        note=f"fastest {min(latencies):.3g} s, 95th percentile of rounds {p95:.3g} s",
        samples=latencies,
    )
    sheet.add(
        f"throughput_{trained.data.item}_per_second",
        seconds.inverted(items),
        f"{method}; forward pass and loss over the test part in batches of {rows}, "
        f"{_where(bench, bench.num_threads)}",
        variant=variant,
        samples=[items / s for s in throughputs],
    )


def _note_ratio(
    sheet: Sheet, name: str, variant: str, seconds: dict[str, tuple[float, ...]], where: str
) -> None:
    ratio: Estimate = speed_ratio(seconds["fp32"], seconds[variant])
    control = speed_ratio(seconds["fp32"], seconds[CONTROL])
    floor = noise_floor(control)
    sheet.add(
        name,
        ratio,
        f"speed of {variant} over fp32 (above 1 is faster), median over rounds of paired ratios; {where}",
        variant=variant,
        note=(
            f"{verdict(ratio, floor)}; fp32 against itself gave {control.value:.3f} "
            f"({control.low:.3f} to {control.high:.3f}), so less than {floor:.1%} means nothing"
        ),
        samples=ratio.samples,
    )


def _where(bench: Bench, num_threads: int) -> str:
    if bench.device == "cuda":
        return "on the GPU"
    return "1 thread" if num_threads == 1 else f"{num_threads} threads"
