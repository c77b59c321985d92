"""Measure what compression reaches here: a wide perceptron, decoding of two transformers, others' tools beside ours.

Everything is a ratio within one run, with its interval. Quality of a transformer is measured on a small one that is
trained here, speed on larger ones with random weights; the two are never one claim.

Run from anywhere: `python benchmarks/compression.py [-o results.json] [--only perceptron|decoding|quality|others]`.
See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.record import Record

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SPLIT_SEED = 100
"""Nothing was ever chosen on this split of the data."""
SEEDS = 5
PROMISES = {
    "perceptron_latency_ratio": 8.0,
    "perceptron_times_smaller": 10.0,
    "perceptron_accuracy_loss_share": 0.01,
    "decode_ratio": {"10 M": 2.9, "85 M": 3.8},
    "loss_ratio": 1.01,
}
SMALL = "prune(neurons, 0.875) -> distil(logits, 1, 800)"
PERCEPTRON = (
    "onnx", "onnx(int8)", "prune(magnitude, 0.5)", "prune(magnitude, 0.9) -> finetune",
    "prune(neurons, 0.75) -> distil -> onnx",
    f"{SMALL} -> onnx", f"{SMALL} -> onnx(int8)",
)  # fmt: skip
FORMATS = ("int8", "onnx", "onnx(int8)", "onnx(int4)", "torchao(int4_weight)")
SHAPES = {
    "10 M": {"layers": 6, "d_model": 384, "heads": 6},
    "85 M": {"layers": 12, "d_model": 768, "heads": 12},
}
TRAINED = {"layers": 3, "d_model": 128, "heads": 4}
"""0.66 million parameters."""


def perceptron(say: Callable[[str], None]) -> dict[str, Any]:
    """Compress the perceptron of width 1024 with five seeds."""
    record = run("mlp", "digits", {"layers": 2, "d_model": 1024}, PERCEPTRON, SEEDS, 600, 200, 64, say)
    rows = {name: facts(record, "mlp", name) for name in ("fp32", *PERCEPTRON)}
    limit = PROMISES["perceptron_accuracy_loss_share"]
    fits = {
        n: r
        for n, r in rows.items()
        if r.get("accuracy_difference", [-1])[0] > -limit and r["file_ratio"] <= 0.1
    }
    best = max(fits, key=lambda name: fits[name]["latency_ratio_1"][0], default="")
    engine = rows["onnx"]["latency_ratio_1"][0]
    floors = {
        m.conditions["batch"]: [m.value, m.low, m.high]
        for m in record.measurements
        if m.name == "control_ratio"
    }
    return {
        "recipes": rows,
        "best": best,
        "of_which_engine_ratio": engine,
        "of_which_compression_ratio": rows[best]["latency_ratio_1"][0] / engine if best else None,
        "fp32_against_itself": floors,
        "contended": record.contended,
        "warnings": list(record.warnings),
    }


def quality(say: Callable[[str], None]) -> dict[str, Any]:
    """Measure what the formats cost a trained transformer in loss, with two seeds."""
    record = run("gpt", "source-text", TRAINED, FORMATS, 2, 500, 100, 8, say)
    return {
        "params": sum(m.value or 0 for m in record.measurements if (m.name, m.variant) == ("params", "fp32")),
        "recipes": {name: facts(record, "gpt", name) for name in ("fp32", *FORMATS)},
    }


def decoding(say: Callable[[str], None]) -> dict[str, Any]:
    """Time one more token of one sequence in each format, with random weights."""
    from bench.compression.forms import Studio, follow
    from bench.compression.recipes import read_recipe
    from bench.compression.timing import QUICK, time_forms
    from bench.compression.workshop import plain
    from bench.data.choosing import choose
    from bench.measuring.generation import Cell
    from bench.measuring.latency import noise_floor, paired_ratio
    from bench.models.choosing import choose as choose_model
    from bench.training.recipes import Recipe

    found = {}
    data = choose("source-text", seed=SPLIT_SEED, context_tokens=128)
    for name, shape in SHAPES.items():
        say(f"decoding, {name}")
        model = choose_model("gpt", vocabulary=256, context=128, **shape).make().eval()
        studio = Studio(model, data, "cpu", Recipe(1, 1, 1e-3, 0))
        base = plain(model)
        forms = {"fp32": base, **{text: follow(read_recipe(text), base, studio) for text in FORMATS}}
        modules = {text: form.module for text, form in forms.items()} | {
            "fp32 again": copy.deepcopy(base.module)
        }
        decode = replace(QUICK.decode, rounds=30, max_seconds=60.0, max_warm_up_seconds=0.5)
        one = replace(QUICK.single, rounds=5, min_rounds=3, blocks=1, max_seconds=2.0)
        cell = Cell(1, 128)
        timed = time_forms(
            modules,
            data.test.inputs[:1],
            "cpu",
            (cell,),
            replace(QUICK, single=one, many=one, prefill=one, decode=decode),
        )
        timings = timed.decode[cell]
        ratios = {
            text: paired_ratio(timings["fp32"], timing) for text, timing in timings.items() if text != "fp32"
        }
        found[name] = {
            "params": base.num_params,
            "decode_seconds": {text: min(timing.seconds) for text, timing in timings.items()},
            "decode_ratio": {text: [r.value, r.low, r.high] for text, r in ratios.items()},
            "noise_floor_share": noise_floor(ratios["fp32 again"]),
            "times_smaller": {text: base.file_bytes / form.file_bytes for text, form in forms.items()},
            "contended": timed.watch.contended,
            "failures": timed.failures,
        }
    return found


def others(say: Callable[[str], None]) -> dict[str, Any]:
    """Time our best recipe beside torchao's and ONNX Runtime's own ways to compress the same model and to run it."""
    from benchmarks.yardstick.compression_others import side_by_side

    return side_by_side(SPLIT_SEED, say)


def run(
    model: str,
    data: str,
    shape: dict[str, int],
    texts: tuple[str, ...],
    seeds: int,
    steps: int,
    tuning_steps: int,
    rows: int,
    say: Callable[[str], None],
) -> Record:
    """Do what `benchplan bench compress` does, on a split of the data of our own."""
    from bench.compression.compressing import Order, run_compression
    from bench.compression.recipes import read_recipe
    from bench.training.recipes import Recipe

    base = Recipe(steps, rows, 2e-3, steps // 20, seed=SPLIT_SEED)
    options = {"target": None, "vocabulary": "bytes", "context_tokens": 128}
    return run_compression(
        Order(
            model, data, tuple(map(read_recipe, texts)), base,
            replace(base, num_steps=tuning_steps, learning_rate=1e-3, warmup_steps=tuning_steps // 20),
            seeds, options, shape, "cpu",
        ),
        say,
    )  # fmt: skip


def facts(record: Record, subject: str, variant: str) -> dict[str, Any]:
    """Return what is told of a recipe."""

    def found(name: str, **conditions: float) -> list[float | None] | None:
        m = record.find(subject, name, variant, **conditions)
        return None if m is None else [m.value, m.low, m.high]

    told: dict[str, Any] = {"file_ratio": (found("file_ratio") or [1.0])[0]}
    for batch in (1, 32):
        told[f"latency_ratio_{batch}"] = found("latency_ratio", batch=batch) or [1.0, 1.0, 1.0]
    for name in ("accuracy_difference_share", "loss_ratio", "accuracy_share"):
        if (value := found(name)) is not None:
            told[name.removesuffix("_share")] = value
    return told


PARTS = {"perceptron": perceptron, "decoding": decoding, "quality": quality, "others": others}


def main() -> None:
    """Run the parts that were asked for, print and keep what they found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--only", choices=PARTS)
    asked = parser.parse_args()
    started = time.perf_counter()

    def say(text: str) -> None:
        if "loss" not in text:
            print(f"[{time.perf_counter() - started:4.0f} s] {text}", file=sys.stderr, flush=True)

    from bench.environment import describe_machine

    results: dict[str, Any] = {"machine": describe_machine("cpu").description, "promises": PROMISES}
    for name, part in PARTS.items():
        if asked.only in (None, name):
            results[name] = part(say)
    text = json.dumps(results, indent=2)
    print(text)
    if asked.output:
        asked.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
