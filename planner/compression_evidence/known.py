"""What is known of one recipe from one source, and what a plan asks for."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Literal

from planner.measurements import Basis
from planner.scenario.schema import Company

Kind = Literal["measured", "published", "estimate"]
Use = Literal["used", "beside", "refused"]

BITS_PER_PARAM = {
    "fp32": 32.0,
    "fp16": 16.0,
    "bf16": 16.0,
    "int8": 8.0,
    "fp8": 8.0,
    "int4": 4.125,
    "fp4": 4.5,
}
"""Bits of a weight with its scales: int4 in groups of 128 (Marlin README), fp4 with a scale for 16 (NVFP4)."""

FARTHEST_RATIO = 8.0
"""A speed-up at a batch more than so many times off says nothing of the plan's: it may turn into a loss."""


@dataclass(frozen=True)
class Asked:
    """The plan for which a recipe is sought: its hardware, precision without the recipe, model and load."""

    hardware: str
    precision: str
    params: float
    """Parameters that are stored."""
    active_params: float
    """Parameters that a token uses."""
    batch: float
    """Requests that a replica works on at once."""
    input_tokens: float
    output_tokens: float
    trains_on: str
    """Hardware on which the plan trains."""

    @classmethod
    def of(cls, scenario: Company, params: float, active_params: float) -> Asked:
        """Return what a scenario asks for, with its inputs at their medians."""
        serving = scenario.serving
        return cls(
            serving.serving_accelerator, serving.weight_precision, params, active_params,
            serving.compression_batch_requests.value, serving.input_tokens_per_request.value,
            serving.output_tokens_per_request.value,
            scenario.training.training_accelerator,
        )  # fmt: skip

    def batch_distance(self, batch: float | None) -> float:
        """Return how far another batch is from the plan's, in logarithms; as far as allowed where it is not told."""
        return log(FARTHEST_RATIO) if batch is None else abs(log(batch / self.batch))

    def size_distance(self, params: float | None) -> float:
        """Return how far another model's size is from the plan's, in logarithms."""
        return float("inf") if params is None else abs(log(params / self.params))


@dataclass(frozen=True)
class Known:
    """One thing that is known of a recipe, where it comes from, and whether the plan rests on it."""

    recipe: str
    speedup_ratio: float | None
    """How many times as many tokens a second; None where it could not be measured."""
    weights_ratio: float | None
    """Bytes of the weights with the recipe over those without."""
    quality_ratio: float | None
    """Quality with the recipe over without; one is no loss."""
    kind: Kind
    hardware: str
    baseline: str
    """Precision that the ratios are over."""
    source: str
    low: float | None = None
    """Lower end of the speed-up's interval, where there is one."""
    high: float | None = None
    """Upper end of the speed-up's interval, where there is one."""
    model: str = ""
    params: float | None = None
    batch: float | None = None
    workload: str = ""
    as_of: str = ""
    use: Use = "beside"
    why: str = ""
    """Why it is not what the plan rests on, or what is to be known where it is."""
    making_gpu_hours: float | None = None
    """Accelerator-hours that making it took on this model."""
    quality_note: str = ""
    weights_note: str = ""
    basis: Basis | None = None

    @property
    def told(self) -> str:
        """Say it in a line: how much faster, on what, at which batch, over which precision, of what model."""
        speed = (
            "speed not measured" if self.speedup_ratio is None else f"{self.speedup_ratio:.3g} times as fast"
        )
        ends = "" if self.low is None or self.high is None else f" ({self.low:.3g} to {self.high:.3g})"
        batch = ", batch not stated" if self.batch is None else f", batch {self.batch:g}"
        return f"{speed}{ends} over {self.baseline} on {self.hardware}{batch}, {self.model}{self._workload()}"

    def _workload(self) -> str:
        return f", {self.workload}" if self.workload else ""
