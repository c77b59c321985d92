"""What making a recipe costs: the hours that were measured or published, at the price of the plan's hardware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from planner import catalogue
from planner.catalogue import spelt
from planner.compression_evidence.known import Asked, Known
from planner.compression_evidence.published import far, making_run
from planner.leaves import Evidence, Kind, Leaf
from planner.measurements import Measured, is_measured
from planner.scenario.quantities import Quantity

CALIBRATION_USD = "1e3 to 1e4"
"""For recipes that train nothing."""
CALIBRATED = ("weights only", "weights and activations")

ASK = "what making it costs is neither measured nor published; write it: `{value: ..., source: ...}`"


def making_usd(
    recipe: str, best: Known | None, asked: Asked, known: Mapping[str, Leaf], measured: Measured
) -> tuple[Quantity, Evidence] | str:
    """Return the cost of making a recipe with what stands behind it, or what to write where nothing does."""
    if best is not None and best.kind == "measured":
        return _measured(best, asked, known, measured)
    if spelt(recipe) not in map(spelt, catalogue.compression_recipes()):
        return ASK
    run = making_run(recipe, asked)
    if run is not None and run.making_gpu_hours is not None:
        if is_measured(asked.trains_on) or run.accelerator != catalogue.accelerator(asked.trains_on).id:
            return f"{ASK} (published in hours of {run.accelerator}, but training.training_accelerator is another)"
        hours = _hours(run.making_gpu_hours, run.params, asked)
        note = f"{run.making_gpu_hours:g} accelerator-hours of {far(asked, run.model, run.params)}"
        return _priced(
            hours, "training_usd_per_gpu_hour", known, Evidence("assumed", run.source, run.as_of, note)
        )
    if catalogue.runs_of(recipe)[0].family in CALIBRATED and not recipe.endswith("qat"):
        reason = "nothing is trained: some days of calibration, evaluation and roll-out, and a few accelerator-hours"
        quantity = Quantity.read(CALIBRATION_USD, "compression_usd")
        return quantity, Evidence("assumed", "default of Benchplan", note=reason)
    return ASK


def _measured(
    best: Known, asked: Asked, known: Mapping[str, Leaf], measured: Measured
) -> tuple[Quantity, Evidence] | str:
    if best.making_gpu_hours is None:
        return ASK
    hours = _hours(best.making_gpu_hours, best.params, asked)
    kind: Kind = "published" if measured.is_shipped else "measured"
    note = (
        f"{best.making_gpu_hours:.3g} hours of the machine, measured on {far(asked, best.model, best.params)}"
    )
    return _priced(hours, "serving_usd_per_gpu_hour", known, Evidence(kind, best.source, best.as_of, note))


def _hours(hours: float, params: float | None, asked: Asked) -> float:
    """Return the hours for the plan's model: training on the same text takes as many times longer as it is larger."""
    return hours if params is None else hours * asked.params / params


def _priced(
    hours: float, price: str, known: Mapping[str, Leaf], about: Evidence
) -> tuple[Quantity, Evidence] | str:
    usd_per_hour = float(known[price].central())
    if not usd_per_hour >= 0:
        return f"{ASK}, or the price of an hour, {known[price].key}"
    note = f"{about.note}; {hours:.4g} hours for the plan's model at {usd_per_hour:g} USD ({price})"
    return Quantity(hours * usd_per_hour), replace(about, note=note)
