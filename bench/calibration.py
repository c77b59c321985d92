"""What the machine can do at best: FLOP/s of matrix products and bytes per second of main memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import torch

from bench.environment import Device
from bench.measuring.latency import estimate
from bench.record import Measurement

MATRIX_SIZES: dict[Device, tuple[int, ...]] = {"cpu": (256, 512, 1024, 2048), "cuda": (2048, 4096, 8192)}
BUFFER_BYTES: dict[Device, int] = {"cpu": 128 * 2**20, "cuda": 2**30}
SECONDS_PER_SIZE = 0.25
MAX_CALL_SECONDS = 0.5
FLOPS_PER_MULTIPLY_ADD = 2
FORMATS = {"fp32": torch.float32, "bf16": torch.bfloat16}


def measure_machine(device: Device) -> list[Measurement]:
    """Measure peak FLOP/s in fp32 and bf16 and the memory bandwidth, with all cores."""
    return [*(peak_flops(device, name) for name in FORMATS), memory_bandwidth(device)]


def peak_flops(device: Device, number_format: str) -> Measurement:
    """Best FLOP/s over sizes of square matrix products, since the largest size is not always the fastest."""
    best: dict[int, float] = {}
    for size in MATRIX_SIZES[device]:
        flops = FLOPS_PER_MULTIPLY_ADD * size**3
        if best and flops / max(best.values()) > MAX_CALL_SECONDS:
            # A processor that emulates this format would take minutes for the larger sizes.
            break
        a, b, out = (
            torch.randn(size, size, device=device).to(FORMATS[number_format]) for _ in ("a", "b", "out")
        )
        best[size] = flops / min(_best_seconds(partial(torch.mm, a, b, out=out), device))
    value = max(best.values())
    return Measurement(
        subject="machine",
        variant=number_format,
        name="peak_flops_per_second",
        value=value,
        method=(
            "best of square matrix products of sizes "
            + ", ".join(str(size) for size in best)
            + f" in {number_format} on {_where(device)}, fastest call of each; 2 FLOPs per multiply-add"
        ),
        samples=tuple(best.values()),
        note=f"reached at size {max(best, key=best.__getitem__)}; one sample per size",
    )


def memory_bandwidth(device: Device) -> Measurement:
    """Bytes moved per second by a triad over arrays too large for any cache.

    Source: McCalpin 1995, STREAM; bytes read and written are counted, as there, without write-allocation.
    """
    length = BUFFER_BYTES[device] // torch.float32.itemsize
    a, b, c = (torch.full((length,), value, device=device) for value in (1.0, 2.0, 0.0))
    seconds = _best_seconds(lambda: torch.add(a, b, alpha=3.0, out=c), device)
    moved = 3 * BUFFER_BYTES[device]
    rates = estimate([moved / s for s in seconds])
    return Measurement(
        subject="machine",
        name="memory_bandwidth_bytes_per_second",
        value=max(rates.samples),
        method=(
            f"triad c = a + 3 b over arrays of {BUFFER_BYTES[device] // 2**20} MiB on {_where(device)}, "
            "fastest call; two arrays read and one written are counted"
        ),
        samples=rates.samples,
    )


def _where(device: Device) -> str:
    return "the GPU" if device == "cuda" else f"{torch.get_num_threads()} threads"


def _best_seconds(call: Callable[[], object], device: Device) -> list[float]:
    """Call again and again for a fixed span, after one call that warms up; returns the seconds of each call."""
    synchronize = torch.cuda.synchronize if device == "cuda" else (lambda: None)
    _once(call, synchronize)
    seconds = [_once(call, synchronize)]
    until = time.perf_counter() + SECONDS_PER_SIZE
    while time.perf_counter() < until:
        seconds.append(_once(call, synchronize))
    return seconds


def _once(call: Callable[[], object], synchronize: Callable[[], None]) -> float:
    start = time.perf_counter()
    call()
    synchronize()
    return time.perf_counter() - start
