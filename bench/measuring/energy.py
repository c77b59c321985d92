"""Energy of a span of work from counters of the hardware; where none can be read there is no figure.

Processors: RAPL through Linux's powercap tree. NVIDIA GPUs: NVML (package `nvidia-ml-py`, extra `energy`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.environment import Device
from bench.errors import MeasurementError

POWERCAP = Path("/sys/class/powercap")
MICROJOULES_PER_JOULE = 1e6
MILLIJOULES_PER_JOULE = 1e3
MILLIWATTS_PER_WATT = 1e3
COUNTED_ZONES = ("package", "dram")
"""`core` and `uncore` lie within a package and `psys` contains it: they would count twice."""


@dataclass(frozen=True)
class Reading:
    """A count of joules and the moment it stands for: a process may be set aside between a counter and a clock."""

    joules: float
    at_seconds: float
    """By `time.perf_counter`."""


class Meter(Protocol):
    """Counts joules from some moment on; it must be read at least every `poll_seconds`."""

    domain: str
    """What is counted, in words."""
    poll_seconds: float

    def read(self) -> Reading:
        """Return the count so far. Raises MeasurementError when it can no longer be read."""


@dataclass(frozen=True)
class Absent:
    """There is no meter, and why."""

    reason: str


@dataclass(frozen=True)
class Energy:
    """Energy of a span; what the device takes when idle is within it."""

    joules: float
    seconds: float
    domain: str
    idle_watts: float | None = None
    """Measured just before the span, or None where it was not."""

    @property
    def beyond_idle_joules(self) -> float | None:
        """Energy less what the device would have taken idle; None where idle was not measured."""
        return None if self.idle_watts is None else self.joules - self.idle_watts * self.seconds


def find_meter(device: Device, powercap: Path = POWERCAP) -> Meter | Absent:
    """Return a meter of the device, or why there is none."""
    return _gpu_meter() if device == "cuda" else _processor_meter(powercap)


def measure_energy(meter: Meter, work: Callable[[], object], idle_seconds: float = 0.0) -> Energy:
    """Count the energy of some work, and before it that of doing nothing when `idle_seconds` are given.

    The work waits for its device itself. Raises MeasurementError when the counter stands still.
    """
    idle_watts = None
    if idle_seconds > 0:
        joules, seconds = _counted(meter, lambda: time.sleep(idle_seconds))
        idle_watts = joules / seconds
    joules, seconds = _counted(meter, work)
    if joules <= 0:
        raise MeasurementError(
            f"energy: the counter of {meter.domain} stood still for {seconds:.2g} s; the span is too short for it"
        )
    return Energy(joules, seconds, meter.domain, idle_watts)


class RaplMeter:
    """Sums the zones of processor packages and their memory; the counters wrap around within minutes.

    Source: Linux kernel documentation, "Power Capping Framework": energy_uj, max_energy_range_uj.
    """

    poll_seconds = 60.0

    def __init__(self, zones: list[Path]) -> None:
        self._ranges = {zone: _integer(zone / "max_energy_range_uj") for zone in zones}
        self._last = {zone: _integer(zone / "energy_uj") for zone in zones}
        self._sum = 0
        self.domain = "RAPL " + ", ".join(_text(zone / "name") for zone in zones)

    def read(self) -> Reading:
        """Return the joules of all zones since this meter was made."""
        for zone, before in self._last.items():
            after = _integer(zone / "energy_uj")
            self._sum += after - before + (self._ranges[zone] if after < before else 0)
            self._last[zone] = after
        return Reading(self._sum / MICROJOULES_PER_JOULE, time.perf_counter())


class NvmlMeter:
    """The energy counter of an NVIDIA GPU (Volta and later), which counts from the driver's start."""

    poll_seconds = 60.0

    def __init__(self, uuid: str) -> None:
        import pynvml

        pynvml.nvmlInit()
        self._handle = pynvml.nvmlDeviceGetHandleByUUID(uuid)
        self._read: Callable[[object], int] = pynvml.nvmlDeviceGetTotalEnergyConsumption
        self._error: type[Exception] = pynvml.NVMLError
        self.domain = "the whole GPU by NVML"
        self._read(self._handle)

    def read(self) -> Reading:
        """Return the joules since the driver started."""
        try:
            joules = self._read(self._handle) / MILLIJOULES_PER_JOULE
        except self._error as err:
            raise MeasurementError(f"energy: NVML can no longer be read: {err}") from err
        return Reading(joules, time.perf_counter())


class PowerMeter:
    """Integrates a power reading over time, for GPUs without an energy counter."""

    poll_seconds = 0.05

    def __init__(self, watts: Callable[[], float], domain: str) -> None:
        self._watts = watts
        self._sum = 0.0
        self._last = (time.perf_counter(), watts())
        self.domain = domain

    def read(self) -> Reading:
        """Return the joules since this meter was made, by the trapezoid rule between readings."""
        now, watts = time.perf_counter(), self._watts()
        then, before = self._last
        self._sum += (now - then) * (watts + before) / 2
        self._last = (now, watts)
        return Reading(self._sum, now)


def _counted(meter: Meter, work: Callable[[], object]) -> tuple[float, float]:
    """Return joules and seconds of some work, reading the meter often enough meanwhile."""
    ended = threading.Event()
    faults: list[MeasurementError] = []

    def poll() -> None:
        while not ended.wait(meter.poll_seconds):
            try:
                meter.read()
            except MeasurementError as err:
                faults.append(err)
                return

    poller = threading.Thread(target=poll, daemon=True)
    before = meter.read()
    poller.start()
    try:
        work()
    finally:
        ended.set()
        poller.join()
    if faults:
        raise faults[0]
    after = meter.read()
    return after.joules - before.joules, after.at_seconds - before.at_seconds


def _processor_meter(powercap: Path) -> Meter | Absent:
    try:
        zones = sorted(path for path in powercap.iterdir() if _is_counted(path))
    except OSError:
        return Absent("this system shows no energy counters (no powercap tree, as in most virtual machines)")
    if not zones:
        return Absent("the powercap tree holds no energy counter of a processor package")
    try:
        return RaplMeter(zones)
    except MeasurementError as err:
        return Absent(str(err))


def _is_counted(zone: Path) -> bool:
    # `intel-rapl` also on AMD; `intel-rapl-mmio` shows the same package a second time.
    if not zone.name.startswith("intel-rapl:"):
        return False
    try:
        return (zone / "name").read_text().startswith(COUNTED_ZONES)
    except OSError:
        return False


def _integer(file: Path) -> int:
    text = _text(file)
    if not text.isdigit():
        raise MeasurementError(
            f"the energy counter {file.parent.name}/{file.name} holds {text[:20]!r}, no number"
        )
    return int(text)


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except PermissionError as err:
        raise MeasurementError(
            f"the energy counter {file.parent.name}/{file.name} may be read by the administrator only"
        ) from err
    except OSError as err:
        raise MeasurementError(
            f"the energy counter {file.parent.name}/{file.name} cannot be read ({err.strerror})"
        ) from err


def _gpu_meter() -> Meter | Absent:
    import torch

    try:
        import pynvml
    except ImportError:
        return Absent("NVML is not installed; install it with `pip install 'benchplan[energy]'`")
    try:
        return NvmlMeter(f"GPU-{torch.cuda.get_device_properties(0).uuid}")
    except pynvml.NVMLError_NotSupported:
        # GPUs before Volta tell their power only.
        return PowerMeter(
            lambda: torch.cuda.power_draw(0) / MILLIWATTS_PER_WATT, "the GPU's power, integrated"
        )
    except pynvml.NVMLError as err:
        return Absent(f"NVML cannot be used: {err}")
