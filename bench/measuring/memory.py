"""Peak memory: of the tensors alone, which is reproducible, and of the process, which one has to buy."""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
import torch

from bench.errors import MeasurementError

BYTES_PER_KIB = 1024


class TensorBytes(NamedTuple):
    """Bytes of tensors beyond those that lived before some work."""

    peak: int
    """The highest sum at one time during the work."""
    kept: int
    """What its result keeps alive, for a loss also all that the backward pass needs."""


def tensor_bytes(work: Callable[[], object], device: str) -> TensorBytes:
    """Follow the tensors of some work, on the CPU by torch's profiler, on CUDA by its allocator.

    Raises MeasurementError when no allocation was seen.
    """
    with nothing_collected():
        found = _cuda_bytes(work) if device == "cuda" else _cpu_bytes(work)
    if found.peak <= 0:
        raise MeasurementError("torch's profiler saw no allocation: peak memory cannot be measured with it")
    return found


def tensor_peak_bytes(work: Callable[[], object], device: str) -> int:
    """Return the highest sum of tensors that lived at one time during the work, beyond those there before.

    Raises MeasurementError when no allocation was seen.
    """
    return tensor_bytes(work, device).peak


def process_peak_bytes() -> int:
    """Return the highest resident memory of this process so far, or since it was last reset.

    On Linux it is `VmHWM`: `ru_maxrss` takes over what the parent of a process held when it started it.
    """
    peak = _status_bytes("VmHWM")
    if peak is not None:
        return peak
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * BYTES_PER_KIB


class ProcessPeak:
    """The highest resident memory of this process beyond what it held when the watching began."""

    def __init__(self) -> None:
        self.was_reset = _reset_high_water_mark()
        """Whether the system let us forget the peak of before; without it an earlier peak may hide this one."""
        self.baseline_bytes = int(psutil.Process().memory_info().rss)

    def beyond_baseline_bytes(self) -> int:
        """Return the peak so far less the baseline."""
        return max(0, process_peak_bytes() - self.baseline_bytes)


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Collect garbage before and none meanwhile: it takes time, and gives up tensors of earlier work."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def module_bytes(module: torch.nn.Module) -> int:
    """Sum the bytes of parameters and buffers."""
    return sum(t.numel() * t.element_size() for t in (*module.parameters(), *module.buffers()))


def _cuda_bytes(work: Callable[[], object]) -> TensorBytes:
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    result = work()
    torch.cuda.synchronize()
    found = TensorBytes(torch.cuda.max_memory_allocated() - before, torch.cuda.memory_allocated() - before)
    del result
    return found


def _cpu_bytes(work: Callable[[], object]) -> TensorBytes:
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
    return _followed((int(e["args"]["Addr"]), int(e["args"]["Bytes"])) for e in changes)


def _followed(changes: Iterable[tuple[int, int]]) -> TensorBytes:
    """Add up what was allocated and freed, by address, in the order of time.

    What is freed without having been allocated belongs to earlier work that was followed as well: torch lets it go
    whenever it likes, and it counts for nothing here.
    """
    living: dict[int, int] = {}
    running = peak = 0
    for address, size in changes:
        if size > 0:
            living[address] = size
            running += size
            peak = max(peak, running)
        else:
            running -= living.pop(address, 0)
    return TensorBytes(peak, running)


def _status_bytes(key: str) -> int | None:
    """Read a size of this process from Linux's `/proc/self/status`; None where it does not stand."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name == key and value.split()[-1:] == ["kB"]:
            return int(value.split()[0]) * BYTES_PER_KIB
    return None


def _reset_high_water_mark() -> bool:
    """Let Linux forget the highest resident memory of this process; false where it may not be."""
    if _status_bytes("VmHWM") is None:
        return False
    try:
        # Source: Linux kernel documentation, "The /proc Filesystem", clear_refs: 5 resets VmHWM.
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


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
