"""What a step will take on a calibrated machine, with the interval that its errors elsewhere allow."""

from __future__ import annotations

from dataclasses import dataclass

from bench.prediction.calibrating import Calibration
from bench.prediction.costs import BYTES_PER_FP32, Parts
from bench.prediction.tasks import Task, num_params, prepare
from bench.prediction.tracing import trace

COPIES_IN_TRAINING = 3
"""The weights and the two moments of AdamW; the gradients are made in the step."""


@dataclass(frozen=True)
class Prediction:
    """The time and memory of a step that was not run."""

    task: Task
    seconds: float
    low: float
    high: float
    """Ends of the 80 % interval of the seconds."""
    held_out_error_share: float
    """Root mean square error of steps of this kind in the calibration, each predicted from the others."""
    parts: Parts
    peak_memory_bytes: int
    """Tensors at the worst moment: weights, optimizer, gradients, activations."""


def predict(task: Task, calibration: Calibration) -> Prediction:
    """Predict the time and the memory of a step; the model is traced and not run."""
    traced = trace(lambda: prepare(task))
    weight_bytes = BYTES_PER_FP32 * num_params(task)
    parts = calibration.costs.parts(traced, weight_bytes)
    seconds = calibration.fit.seconds(parts)
    low, high = calibration.fit.interval(seconds, task.mode)
    kept = weight_bytes * (COPIES_IN_TRAINING if task.mode == "training_step" else 1)
    return Prediction(
        task, seconds, low, high, calibration.fit.error_share(task.mode), parts, kept + traced.peak_bytes
    )
