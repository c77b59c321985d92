"""Peak memory: of the tensors alone, which is reproducible, and of the process, which one has to buy."""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from bench.errors import MeasurementError

BYTES_PER_KIB = 1024


def tensor_peak_bytes(work: Callable[[], object], device: str) -> int:
    """Return the highest sum of tensors that lived at one time during the work, beyond those there before.

    On the CPU the allocations are taken from torch's profiler, on CUDA from its allocator.
    Raises MeasurementError when no allocation was seen.
    """
    peak = _cuda_peak(work) if device == "cuda" else _cpu_peak(work)
    if peak <= 0:
        raise MeasurementError("torch's profiler saw no allocation: peak memory cannot be measured with it")
    return peak


def process_peak_bytes() -> int:
    """Return the highest resident memory of this process so far (Linux counts in KiB, macOS in bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * BYTES_PER_KIB


def module_bytes(module: torch.nn.Module) -> int:
    """Sum the bytes of parameters and buffers."""
    return sum(t.numel() * t.element_size() for t in (*module.parameters(), *module.buffers()))


def _cuda_peak(work: Callable[[], object]) -> int:
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    result = work()
    torch.cuda.synchronize()
    peak = torch.cuda.max_memory_allocated() - before
    del result
    return int(peak)


def _cpu_peak(work: Callable[[], object]) -> int:
    activities = [torch.profiler.ProfilerActivity.CPU]
    with _no_chatter(), torch.profiler.profile(activities=activities, profile_memory=True) as profiler:
        result = work()
    del result
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text())["traceEvents"]
    changes = [e for e in events if e.get("name") == "[memory]" and "Bytes" in e.get("args", {})]
    changes.sort(key=lambda e: e["ts"])
    running = peak = 0
    for change in changes:
        running += int(change["args"]["Bytes"])
        peak = max(peak, running)
    return peak


@contextmanager
def _no_chatter() -> Iterator[None]:
    # The profiler's C++ part writes its start and stop to file descriptor 2 whatever the log level; errors
    # come as exceptions all the same.
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
