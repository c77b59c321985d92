"""What a machine is and can do: its peaks, whether it is quiet, what its operations take, for predictions."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from bench.calibration import measure_machine
from bench.environment import Device, choose_device, describe_machine, num_cores
from bench.measuring.contention import QuietWatch
from bench.measuring.energy import Absent, find_meter
from bench.measuring.num_threads import threads
from bench.memory_keeping import keep_memory
from bench.prediction.calibrating import calibrate
from bench.record import Measurement, Record, now
from bench.versions import benchplan_version


def measure(wanted: str, num_threads: int, say: Callable[[str], None]) -> Record:
    """Measure what the machine can do at best, calibrate it for so many threads, and return the record.

    Raises InputError when the device is not there.
    """
    keep_memory()
    device = choose_device(wanted)
    started, watch = time.perf_counter(), QuietWatch(one_thread=False)
    warnings = []
    with watch:
        say(f"measuring the peaks of this machine ({device})")
        # torch's own default leaves out hyper-threads, our count what the container may not use.
        with threads(min(num_cores(), torch.get_num_threads())):
            measurements = measure_machine(device)
        if device == "cpu":
            with threads(num_threads):
                measurements += calibrate(say)
        else:
            warnings.append(
                "Predictions are calibrated on processors only, so none can be made for this GPU."
            )
    if watch.contended:
        warnings.append(
            f"The machine was not quiet ({watch.in_words()}): what it can do at best is more than what stands "
            "here, and predictions made from this are less sure than they say."
        )
    return Record(
        suite="machine",
        device=device,
        created_at=now(),
        benchplan_version=benchplan_version(),
        machine=describe_machine(device),
        measurements=(*measurements, energy_meters(device)),
        duration_seconds=time.perf_counter() - started,
        contended=watch.contended,
        warnings=tuple(warnings),
    )


def energy_meters(device: Device) -> Measurement:
    """Tell whether energy can be read here, by RAPL or NVML, and if not why."""
    meter = find_meter(device)
    note = (
        f"energy cannot be measured here: {meter.reason}"
        if isinstance(meter, Absent)
        else "energy can be measured"
    )
    return Measurement(
        subject="machine",
        name="energy_meters",
        value=0 if isinstance(meter, Absent) else 1,
        method="RAPL or NVML, where one of them can be read",
        note=note,
    )
