"""The suites: real models through their whole cycle on this machine, in about a minute or about ten."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import torch

from bench.assessment import describe_cycle, describe_size, describe_training_speed
from bench.calibration import measure_machine
from bench.comparison import Bench, describe_compression, describe_speed
from bench.compression.quantization import Compressed, compress
from bench.consumption import describe_energy, describe_memory, describe_process_memory
from bench.environment import Device, choose_device, describe_machine, num_cores
from bench.errors import MeasurementError
from bench.measuring import speed
from bench.measuring.contention import QuietWatch
from bench.measuring.memory import process_peak_bytes
from bench.measuring.num_threads import threads
from bench.measuring.speed import SpeedPlan
from bench.prediction.calibrating import calibrate
from bench.record import Measurement, Record, now
from bench.sheet import Sheet
from bench.training.cycle import Trained, Workload, run_cycle
from bench.training.loop import Say
from bench.versions import benchplan_version
from bench.workloads import DIGITS, IMAGES, LONG_DIGITS, LONG_SOURCE_TEXT, SOURCE_TEXT


@dataclass(frozen=True)
class Suite:
    """What is run, how thoroughly it is timed, and whether the machine is calibrated for predictions."""

    name: str
    workloads: tuple[Workload, ...]
    plan: SpeedPlan
    calibrates: bool = False


QUICK = Suite("quick", (DIGITS, SOURCE_TEXT), speed.QUICK)
FULL = Suite("full", (LONG_DIGITS, IMAGES, LONG_SOURCE_TEXT), speed.FULL, calibrates=True)


def run_suite(suite: Suite, device_wanted: str, say: Say) -> Record:
    """Run a suite and return its record; nothing is written.

    A model that fails is named among the warnings, and what was measured of the others is kept.
    Raises InputError when the device is not there, MeasurementError when every model fails.
    """
    device = choose_device(device_wanted)
    started = time.perf_counter()
    warnings: list[str] = []
    whole_run = QuietWatch(one_thread=False)
    # torch's own default leaves out hyper-threads, our count what the container may not use.
    with whole_run, threads(min(num_cores(), torch.get_num_threads())):
        bench = Bench(device, torch.get_num_threads(), QuietWatch(one_thread=device == "cpu"))
        say(f"measuring the peaks of this machine ({device})")
        measurements = measure_machine(device)
        if suite.calibrates:
            measurements += _calibrations(device, bench.num_threads, warnings, say)
        measurements += _workloads(suite, bench, peak_of(measurements), warnings, say)
    measurements.append(_process_peak())
    contended = bench.watch.contended or whole_run.contended
    if contended:
        warnings.append(
            f"The machine was not quiet (over the whole run {whole_run.in_words()}; while one thread was "
            f"timed {bench.watch.in_words()}): absolute times may be too long, and ratios come out less alike."
        )
    return Record(
        suite=suite.name,
        device=device,
        created_at=now(),
        benchplan_version=benchplan_version(),
        machine=describe_machine(device),
        measurements=tuple(measurements),
        duration_seconds=time.perf_counter() - started,
        contended=contended,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def peak_of(measurements: Sequence[Measurement]) -> float:
    """Return the peak FLOP/s in fp32 among measurements of the machine."""
    return next(
        m.value
        for m in measurements
        if (m.name, m.variant) == ("peak_flops_per_second", "fp32") and m.value is not None
    )


def _workloads(
    suite: Suite, bench: Bench, peak_flops_per_second: float, warnings: list[str], say: Say
) -> list[Measurement]:
    measurements: list[Measurement] = []
    failures: list[MeasurementError] = []
    models: list[Trained] = []
    for workload in suite.workloads:
        try:
            found, trained = run_workload(workload, bench, suite.plan, peak_flops_per_second, warnings, say)
            measurements += found
            models.append(trained)
        except MeasurementError as err:
            failures.append(err)
            warnings.append(f"{workload.subject} was not measured: {err}.")
    if len(failures) == len(suite.workloads):
        raise failures[0]
    say("measuring the memory of fresh processes")
    return measurements + _process_memory(models, bench)


def _process_memory(models: Sequence[Trained], bench: Bench) -> list[Measurement]:
    """Measure the memory of a fresh process for each model, side by side: it is the same whatever runs beside."""
    sheets = [Sheet(trained.workload.subject) for trained in models]
    with ThreadPoolExecutor(bench.num_threads) as pool:
        list(pool.map(partial(describe_process_memory, device=bench.device), sheets, models))
    return [measurement for sheet in sheets for measurement in sheet.measurements]


def _calibrations(device: Device, num_threads: int, warnings: list[str], say: Say) -> list[Measurement]:
    if device != "cpu":
        warnings.append("predictions are calibrated on processors only, so none can be made for this GPU.")
        return []
    measurements = []
    # One thread is what predictions are made for unless more are asked for.
    for number in sorted({1, num_threads}):
        with threads(number):
            measurements += calibrate(say)
    return measurements


def run_workload(
    workload: Workload,
    bench: Bench,
    plan: SpeedPlan,
    peak_flops_per_second: float,
    warnings: list[str],
    say: Say,
) -> tuple[list[Measurement], Trained]:
    """Take one workload through its cycle and measure its model; warnings are added to the list."""

    def speak(text: str) -> None:
        say(f"{workload.subject}: {text}")

    device = bench.device
    trained = run_cycle(workload, device, speak)
    planned, done = trained.recipe.num_steps, trained.run.num_steps
    if done < planned:
        warnings.append(
            f"{workload.subject} was trained for {done} of {planned} steps, as the time allowed here: its "
            "loss is higher than on a faster or quieter machine."
        )
    sheet = Sheet(workload.subject)
    describe_cycle(sheet, trained)
    speak("counting parameters and FLOPs")
    step_flops = describe_size(sheet, trained)
    describe_training_speed(sheet, trained, step_flops, peak_flops_per_second, device)
    speak("measuring the memory of tensors, and energy")
    describe_memory(sheet, trained, device)
    describe_energy(sheet, trained, device)
    compressed = _compressed(trained, device, warnings)
    speak("timing" + (f", with {compressed.variant} beside it" if compressed else ""))
    describe_speed(sheet, trained, compressed, bench, plan)
    if compressed is not None:
        speak(f"measuring what {compressed.variant} costs in quality")
        describe_compression(sheet, trained, compressed, device)
    return sheet.measurements, trained


def _compressed(trained: Trained, device: Device, warnings: list[str]) -> Compressed | None:
    if device == "cuda":
        warnings.append("torch's dynamic int8 runs on the CPU only: on this GPU bf16 is compared instead.")
    try:
        return compress(trained.model, device)
    except MeasurementError as err:
        warnings.append(f"{err}.")
        return None


def _process_peak() -> Measurement:
    return Measurement(
        subject="machine",
        name="process_peak_memory_bytes",
        value=process_peak_bytes(),
        method="highest resident memory of the whole process, with Python, torch and the data",
    )
