"""The quick suite: two real models through their whole cycle, on this machine, in about a minute."""

from __future__ import annotations

import time
from functools import partial
from importlib.metadata import PackageNotFoundError, version

import torch

from bench.assessment import (
    Sheet,
    describe_cycle,
    describe_memory,
    describe_size,
    describe_training_speed,
)
from bench.calibration import measure_machine
from bench.comparison import Bench, describe_compression, describe_speed, threads
from bench.compression.quantization import Compressed, compress
from bench.data.digits import load_digits
from bench.data.source_text import load_source_text
from bench.environment import Device, choose_device, describe_machine, num_cores
from bench.errors import MeasurementError
from bench.measuring.contention import QuietWatch
from bench.measuring.memory import process_peak_bytes
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig
from bench.record import Measurement, Record, now
from bench.training.cycle import Trained, Workload, run_cycle
from bench.training.loop import Recipe, Say

CONTEXT_TOKENS = 128

DIGITS = Workload(
    subject="mlp",
    make_data=load_digits,
    candidates=(MlpConfig(), MlpConfig(hidden_widths=(64,)), MlpConfig(hidden_widths=(256, 256, 256))),
    learning_rates=(1e-3, 3e-3, 1e-2),
    search=Recipe(num_steps=120, num_rows=64, learning_rate=0.0, warmup_steps=10),
    final=Recipe(num_steps=600, num_rows=64, learning_rate=0.0, warmup_steps=30),
    throughput_rows=256,
)

SOURCE_TEXT = Workload(
    subject="gpt",
    make_data=partial(load_source_text, CONTEXT_TOKENS, num_validation_rows=64, num_test_rows=384),
    candidates=(
        GptConfig(context_tokens=CONTEXT_TOKENS),
        GptConfig(context_tokens=CONTEXT_TOKENS, activation="swiglu", feed_forward_width=680),
    ),
    learning_rates=(1e-3, 2e-3, 4e-3),
    search=Recipe(num_steps=24, num_rows=8, learning_rate=0.0, warmup_steps=4),
    final=Recipe(
        num_steps=140, num_rows=8, learning_rate=0.0, warmup_steps=20, evaluate_every=35, max_seconds=35.0
    ),
    throughput_rows=16,
)
"""The second candidate has two thirds of the first one's width, since SwiGLU has three matrices for two."""


def run_quick(device_wanted: str, say: Say) -> Record:
    """Run the quick suite and return its record; nothing is written.

    Raises InputError when the device is not there, MeasurementError when a measurement fails.
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
        peak = next(m.value for m in measurements if m.variant == "fp32" and m.value is not None)
        for workload in (DIGITS, SOURCE_TEXT):
            measurements += run_workload(workload, bench, peak, warnings, say)
    measurements.append(_process_peak())
    contended = bench.watch.contended or whole_run.contended
    if contended:
        warnings.append(
            f"The machine was not quiet (over the whole run {whole_run.in_words()}; while one thread was "
            f"timed {bench.watch.in_words()}): ratios are sound, absolute times may be too long."
        )
    return Record(
        suite="quick",
        device=device,
        created_at=now(),
        benchplan_version=benchplan_version(),
        machine=describe_machine(device),
        measurements=tuple(measurements),
        duration_seconds=time.perf_counter() - started,
        contended=contended,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def run_workload(
    workload: Workload, bench: Bench, peak_flops_per_second: float, warnings: list[str], say: Say
) -> list[Measurement]:
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
    speak("measuring memory")
    describe_memory(sheet, trained, device)
    compressed = _compressed(trained, device, warnings)
    speak("timing" + (f", with {compressed.variant} beside it" if compressed else ""))
    describe_speed(sheet, trained, compressed, bench)
    if compressed is not None:
        speak(f"measuring what {compressed.variant} costs in quality")
        describe_compression(sheet, trained, compressed, device)
    return sheet.measurements


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


def benchplan_version() -> str:
    """Return the version of the installed package, `unknown` where it is not installed."""
    try:
        return version("benchplan")
    except PackageNotFoundError:
        return "unknown"
