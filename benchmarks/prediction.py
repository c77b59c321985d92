"""Predict steps of models much larger than any that was calibrated, run them, and tell how far off that was.

Run from anywhere: `python benchmarks/prediction.py [-o results.json] [--only N]`. See benchmarks/README.md. The
calibration is made here and now, and each step is then run in a fresh process; the pace of the machine is told
just before each; it takes about twenty minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.machine import measure
from bench.measuring.contention import QuietWatch
from bench.models.convolutional import ConvConfig
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig
from bench.prediction.calibrating import Calibration, of_record
from bench.prediction.cells import CELLS
from bench.prediction.checking import check_memory, check_task
from bench.prediction.predicting import predict
from bench.prediction.present import present_pace
from bench.prediction.tasks import Task, num_params
from bench.record import Record, load

TIMES_LARGER = 4
THREADS = 1
PROMISES = {
    "training_step": {"median": 0.06, "p90": 0.15},
    "inference": {"median": 0.10, "p90": 0.25},
    "memory": {"median": 0.05},
    "interval_share": (0.7, 0.9),
    "calibration_seconds": 60.0,
}


def gpt(width: int, layers: int, heads: int, **more: int | str) -> GptConfig:
    """Return a transformer with the usual feed-forward part, unless it is said."""
    given: dict[str, Any] = {"feed_forward_width": 4 * width, **more}
    return GptConfig(width=width, num_layers=layers, num_heads=heads, context_tokens=1024, **given)


GPT_11M, GPT_13M, GPT_25M = gpt(384, 6, 6), gpt(512, 4, 8), gpt(512, 8, 8)
GPT_43M, GPT_85M, GPT_51M = gpt(768, 6, 12), gpt(768, 12, 12), gpt(1024, 4, 16)
LLAMA_17M = gpt(512, 6, 8, activation="swiglu", num_key_value_heads=2, feed_forward_width=1376)
LLAMA_57M = gpt(
    768, 8, 12, activation="swiglu", num_key_value_heads=4, feed_forward_width=2048, vocabulary=4096
)

TRAINED: dict[GptConfig, tuple[tuple[int, int], ...]] = {
    GPT_11M: ((1, 128), (4, 128), (4, 256), (1, 512)),
    GPT_13M: ((8, 64), (2, 256)),
    GPT_25M: ((2, 128), (1, 512)),
    GPT_43M: ((1, 256), (4, 64)),
    GPT_85M: ((1, 128), (1, 256)),
    GPT_51M: ((1, 128), (2, 128)),
    LLAMA_17M: ((2, 128), (1, 384)),
    LLAMA_57M: ((1, 128), (2, 128)),
}
"""Sequences and tokens of each."""
PREFILLED: dict[GptConfig, tuple[tuple[int, int], ...]] = {
    GPT_11M: ((1, 128), (4, 64)),
    GPT_13M: ((1, 512),),
    GPT_25M: ((1, 64), (2, 256)),
    GPT_43M: ((1, 128),),
    GPT_85M: ((1, 64), (1, 256)),
    GPT_51M: ((4, 64),),
    LLAMA_17M: ((1, 256),),
    LLAMA_57M: ((1, 128), (2, 256)),
}
DECODED: dict[GptConfig, tuple[tuple[int, int], ...]] = {
    GPT_11M: ((1, 64), (1, 512), (4, 128), (16, 128)),
    GPT_13M: ((1, 128), (8, 256)),
    GPT_25M: ((1, 256), (4, 64)),
    GPT_43M: ((1, 128), (8, 128)),
    GPT_85M: ((1, 64), (1, 512), (4, 256)),
    GPT_51M: ((1, 128), (2, 256)),
    LLAMA_17M: ((1, 128), (8, 512)),
    LLAMA_57M: ((1, 256), (4, 128)),
}
PERCEPTRONS: dict[MlpConfig, tuple[int, ...]] = {
    MlpConfig(64, (2048, 2048, 2048)): (16, 64, 256),
    MlpConfig(512, (3072, 3072)): (32, 128),
    MlpConfig(784, (4096, 4096)): (16, 64, 256),
    MlpConfig(256, (4096,) * 4): (32, 128),
    MlpConfig(1024, (5120, 5120, 5120)): (64,),
    MlpConfig(128, (1536,) * 8): (64, 256),
    MlpConfig(2048, (6144, 6144)): (128,),
}
NETS: dict[ConvConfig, tuple[int, ...]] = {
    ConvConfig(16, 3, (128, 256, 512), (2, 2, 2)): (4, 16),
    ConvConfig(32, 3, (96, 192, 384, 768), (1, 1, 1, 1)): (2, 8),
    ConvConfig(32, 3, (64, 128, 256, 512), (2, 2, 2, 2)): (2, 8),
    ConvConfig(8, 1, (256, 512, 1024), (1, 1, 1)): (8, 32),
    ConvConfig(64, 3, (64, 128, 256, 512), (3, 4, 6, 3)): (1,),
    ConvConfig(16, 3, (256, 512, 1024), (2, 2, 2)): (4,),
    ConvConfig(8, 3, (512, 1024, 1536), (1, 1, 2)): (8,),
}


def targets() -> Iterator[Task]:
    """Give all steps to predict."""
    for config, shapes in TRAINED.items():
        yield from (Task(config, "training_step", rows, tokens) for rows, tokens in shapes)
    for plain in (PERCEPTRONS, NETS):
        for shape, sizes in plain.items():
            yield from (Task(shape, "training_step", rows) for rows in sizes)
    for config, shapes in PREFILLED.items():
        yield from (Task(config, "prefill", rows, tokens) for rows, tokens in shapes)
    for config, shapes in DECODED.items():
        yield from (Task(config, "decode", rows, tokens) for rows, tokens in shapes)


def by_mode(results: list[dict[str, Any]], key: str) -> dict[str, Any]:
    """Return the errors of training steps, of inference, and of its two halves."""
    modes = {"training_step": ("training_step",), "inference": ("prefill", "decode")}
    modes |= {"prefill": ("prefill",), "decode": ("decode",)}
    return {
        name: errors([one for one in results if one["mode"] in members], key)
        for name, members in modes.items()
    }


def errors(results: list[dict[str, Any]], key: str) -> dict[str, Any]:
    """Return the count, median, 90th percentile and bias of the relative errors, where there are any."""
    off = [one[key] - 1 for one in results if key in one]
    if not off:
        return {"count": 0}
    return {
        "count": len(off),
        "median": float(np.median(np.abs(off))),
        "p90": float(np.quantile(np.abs(off), 0.9)),
        "bias": float(np.median(off)),
    }


def calibrated() -> Record:
    """Calibrate this machine now."""
    return measure("cpu", THREADS, lambda text: print(text, file=sys.stderr))


def one_result(task: Task, calibration: Calibration, with_memory: bool) -> dict[str, Any]:
    """Predict a step, run it, and return both."""
    present = present_pace(calibration)
    found = predict(task, calibration, present)
    timed = check_task(task, THREADS)
    checked = timed.paced(calibration.reference_seconds)
    result = {
        "task": task.in_words(),
        "mode": task.mode,
        "params": num_params(task),
        "predicted_seconds": found.seconds,
        "interval_seconds": [found.low, found.high],
        "measured_seconds": checked.seconds,
        "predicted_over_measured_ratio": found.seconds / checked.seconds,
        "inside_interval": found.low <= checked.seconds <= found.high,
        "pace_ratio": checked.pace_ratio,
        "predicted_pace_ratio": found.pace_ratio,
        "reference_over_calibrations_ratio": timed.reference_seconds / calibration.reference_seconds,
        "predicted_over_measured_undisturbed_ratio": found.undisturbed_seconds / checked.undisturbed_seconds,
        "undisturbed_inside_interval": (
            found.undisturbed_low <= checked.undisturbed_seconds <= found.undisturbed_high
        ),
        "parts": asdict(found.parts),
        "undisturbed_seconds": checked.undisturbed_seconds,
    }
    if task.mode == "training_step" and with_memory:
        memory = check_memory(task, THREADS)
        for name in ("peak_memory_bytes", "process_peak_memory_bytes"):
            result[f"predicted_over_measured_{name}_ratio"] = getattr(found, name) / getattr(memory, name)
    return result


def main() -> None:
    """Calibrate, predict, run, compare; print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--only", type=int, help="Only so many steps, evenly spread.")
    parser.add_argument("--calibration", type=Path, help="A record with one, instead of a new one.")
    parser.add_argument("--memory-every", type=int, default=3, help="Measure the memory of every so manieth.")
    given = parser.parse_args()
    every = list(targets())
    if given.only:
        every = [every[round(i)] for i in np.linspace(0, len(every) - 1, given.only)]
    largest = max(num_params(task) for task in CELLS)
    assert min(num_params(task) for task in every) >= TIMES_LARGER * largest
    watch = QuietWatch(one_thread=False)
    with watch:
        record = load(given.calibration) if given.calibration else calibrated()
        calibration = of_record(record, THREADS)
        results = []
        for number, task in enumerate(every):
            start = time.perf_counter()
            results.append(one_result(task, calibration, number % given.memory_every == 0))
            last = results[-1]
            print(
                f"{number + 1:3d}/{len(every)} {last['predicted_over_measured_ratio']:.3f} "
                f"{last['predicted_over_measured_undisturbed_ratio']:.3f} pace {last['pace_ratio']:.2f} "
                f"{'in ' if last['inside_interval'] else 'OUT'} {last['measured_seconds']:8.4f} s  "
                f"{last['task'][:100]} "
                f"({time.perf_counter() - start:.0f} s)",
                file=sys.stderr,
            )
    document = {
        "machine": record.machine.description,
        "contended": watch.contended,
        "quietness": watch.in_words(),
        "threads": THREADS,
        "calibration_seconds": record.duration_seconds,
        "largest_calibrated_params": largest,
        "least_predicted_params": min(one["params"] for one in results),
        "pace_ratio_of_calibration": calibration.fit.pace.ratio(0.0),
        "pace_ratio_median": float(np.median([one["pace_ratio"] for one in results])),
        "as_it_ran": by_mode(results, "predicted_over_measured_ratio"),
        "undisturbed": by_mode(results, "predicted_over_measured_undisturbed_ratio"),
        "tensor_memory": errors(results, "predicted_over_measured_peak_memory_bytes_ratio"),
        "process_memory": errors(results, "predicted_over_measured_process_peak_memory_bytes_ratio"),
        "inside_interval_share": float(np.mean([one["inside_interval"] for one in results])),
        "undisturbed_inside_interval_share": float(
            np.mean([one["undisturbed_inside_interval"] for one in results])
        ),
        "promises": PROMISES,
        "results": results,
    }
    text = json.dumps(document, indent=2)
    if given.output:
        given.output.write_text(text + "\n")
    print(json.dumps({name: value for name, value in document.items() if name != "results"}, indent=2))


if __name__ == "__main__":
    main()
