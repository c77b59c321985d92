"""Predictions as documents and as text for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bench.prediction.pace import Paced
from bench.prediction.predicting import Prediction
from bench.table import in_units

NAMES = {"training_step": "training step", "prefill": "prefill", "decode": "decode, one token"}
SECONDS_PER_HOUR = 3600


def as_document(found: Prediction, checked: Paced | None) -> dict[str, Any]:
    """Return a prediction, and what its check found, with units in the keys."""
    document: dict[str, Any] = {
        "mode": found.task.mode,
        "model": found.task.model.in_words(),
        "rows": found.task.num_rows,
        "tokens": found.task.num_tokens,
        "seconds": found.seconds,
        "seconds_low": found.low,
        "seconds_high": found.high,
        "undisturbed_seconds": found.undisturbed_seconds,
        "undisturbed_seconds_low": found.undisturbed_low,
        "undisturbed_seconds_high": found.undisturbed_high,
        "pace_ratio": found.pace_ratio,
        "held_out_error_share": found.held_out_error_share,
        "peak_memory_bytes": found.peak_memory_bytes,
        "process_peak_memory_bytes": round(found.process_peak_memory_bytes),
        "made_of": asdict(found.parts),
    }
    if checked is not None:
        document["checked_seconds"] = checked.seconds
        document["predicted_over_checked_ratio"] = found.seconds / checked.seconds
        document["checked_pace_ratio"] = checked.pace_ratio
        document["checked_undisturbed_seconds"] = checked.undisturbed_seconds
        document["predicted_over_checked_undisturbed_ratio"] = (
            found.undisturbed_seconds / checked.undisturbed_seconds
        )
    return document


def in_words(found: Sequence[dict[str, Any]], source: str, num_threads: int, steps: int | None) -> str:
    """Say predictions as text."""
    lines = [f"{found[0]['model']}, fp32 on {num_threads} thread{'s' if num_threads > 1 else ''}, predicted:"]
    for one in found:
        lines += _lines(one, steps)
    return "\n".join([*lines, f"The calibration of this machine lies in {source}."])


def _lines(one: dict[str, Any], steps: int | None) -> list[str]:
    seconds, low, high = (
        in_units(one[name], "seconds") for name in ("seconds", "seconds_low", "seconds_high")
    )
    size = f"{one['rows']} rows" + (f" of {one['tokens']} tokens" if one["tokens"] else "")
    lines = [
        f"  {NAMES[one['mode']]} ({size}): {seconds} (80 % interval {low} to {high}), tensors take "
        f"{in_units(one['peak_memory_bytes'], 'bytes')} at the worst moment, "
        f"a process {in_units(one['process_peak_memory_bytes'], 'bytes')} beyond torch itself",
        f"    at the present pace of this machine, {one['pace_ratio']:.2f} times slower than undisturbed; "
        f"that would be {in_units(one['undisturbed_seconds'], 'seconds')}",
        f"    give or take {one['held_out_error_share']:.0%} (standard deviation, by steps held out of calibration)",
    ]
    if one["mode"] == "training_step" and steps:
        hours = steps * one["seconds"] / SECONDS_PER_HOUR
        lines.append(f"    {steps:,} steps: {hours:.3g} hours")
    if "checked_seconds" in one:
        ratio = one["predicted_over_checked_ratio"]
        inside = one["seconds_low"] <= one["checked_seconds"] <= one["seconds_high"]
        lines += [
            f"    checked: it took {in_units(one['checked_seconds'], 'seconds')}, predicted over that is "
            f"{ratio:.3f}, {'inside' if inside else 'OUTSIDE'} the interval",
            f"    the machine went {one['checked_pace_ratio']:.2f} times slower than undisturbed meanwhile; with that "
            f"taken out, predicted over measured is {one['predicted_over_checked_undisturbed_ratio']:.3f}",
        ]
    return lines
