"""What a step will take on a calibrated machine, with the interval that its errors elsewhere allow."""

from __future__ import annotations

from dataclasses import dataclass

from bench.prediction.calibrating import Calibration
from bench.prediction.costs import Parts
from bench.prediction.fitting import Pace
from bench.prediction.tasks import (
    Task,
    kept_bytes,
    lasting_bytes,
    passing_bytes,
    prepare,
    read_bytes,
)
from bench.prediction.tracing import trace


@dataclass(frozen=True)
class Prediction:
    """The time and memory of a step that was not run."""

    task: Task
    seconds: float
    """At the pace that the machine has now, or had while it was calibrated."""
    low: float
    high: float
    """Ends of the 80 % interval of the seconds."""
    undisturbed_seconds: float
    """At the fastest pace of the machine, with nothing else on its host."""
    undisturbed_low: float
    undisturbed_high: float
    pace_ratio: float
    """How many times longer than undisturbed."""
    held_out_error_share: float
    """Standard deviation of the prediction, from the calibration's steps, each predicted from the others."""
    parts: Parts
    peak_memory_bytes: int
    """Tensors at the worst moment: weights, optimizer, gradients, activations."""
    process_peak_memory_bytes: float
    """What a process takes beyond torch itself, and one must buy: with the allocator's slack and scratch memory."""


def predict(task: Task, calibration: Calibration, present: Pace | None = None) -> Prediction:
    """Predict the time and the memory of a step; the model is traced and not run.

    Without the present pace of the machine it is that of the calibration.
    """
    traced = trace(lambda: prepare(task))
    parts = calibration.costs.parts(traced, read_bytes(task))
    fit = calibration.fit
    undisturbed = fit.seconds(parts)
    pace = (present or fit.pace).ratio(fit.overhead_share(parts))
    peak, passing = kept_bytes(task) + traced.peak_bytes, passing_bytes(task, traced.peak_bytes)
    process = calibration.memory.process_bytes(lasting_bytes(task), passing)
    return Prediction(
        task, undisturbed * pace, *fit.interval(parts, pace=present),
        undisturbed, *fit.interval(parts, undisturbed=True),
        pace, fit.error_share(parts), parts, peak, process,
    )  # fmt: skip
