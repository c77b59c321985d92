"""What the catalogue says of recipes: published runs, and an estimate by the roofline where none fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import log

from planner import catalogue
from planner.catalogue import CompressionRun
from planner.compression_evidence.known import BITS_PER_PARAM, FARTHEST_RATIO, Asked, Known, Use
from planner.measurements import is_measured
from planner.model_sightings import EXTRAPOLATION_RATIO, count

STORED_BITS = {
    "int8": 8.125,
    "fp8": 8.0,
    "w4a8": 4.125,
    "int4": 4.125,
    "uint4": 4.25,
    "fp6": 6.0,
    "int3": 3.125,
}
"""Bits of a weight with its scales, by how a recipe's name begins, for where no source tells its size."""


def published_recipes(asked: Asked) -> Iterator[Known]:
    """Yield every published speed-up; the use says whether it may stand for the plan."""
    for run in catalogue.compression_runs():
        if run.speedup_ratio is not None:
            use, why = _use(run, asked)
            yield _known(run, asked, use, why)


def nearness(asked: Asked, known: Known) -> tuple[float, float]:
    """Return how far a known speed-up is from the plan: in size of the model, then in batch."""
    return asked.size_distance(known.params), asked.batch_distance(known.batch)


def baselines(recipe: str) -> tuple[str, ...]:
    """Return the precisions over which a recipe was published."""
    told = (run.baseline_precision for run in catalogue.runs_of(recipe))
    return tuple(dict.fromkeys(each for each in told if each != catalogue.NOT_STATED))


def recipes_over(precision: str) -> tuple[str, ...]:
    """Return the recipes that are published over a precision, sorted."""
    return tuple(sorted({run.recipe for run in catalogue.compression_runs() if run.is_over(precision)}))


def weights_ratio(recipe: str, asked: Asked) -> tuple[float | None, str]:
    """Return the bytes of the weights with a recipe over those without, and where that comes from."""
    runs = [run for run in catalogue.runs_of(recipe) if run.is_over(asked.precision)]
    run = nearest(runs, asked, "weights_ratio")
    if run is not None:
        return run.weights_ratio, f"of {run.model}: {run.source}"
    if not runs:
        return None, ""
    name, family = catalogue.spelt(recipe), runs[0].family
    if family == "single weights":
        return 1.0, "assumed: zeros are stored as any other number"
    if family == "2 of 4":
        bits = BITS_PER_PARAM[asked.precision]
        return (bits / 2 + 1) / bits, "assumed: half of the weights, and two bits for the place of each"
    bits_after = next((bits for start, bits in STORED_BITS.items() if name.startswith(start)), None)
    if bits_after is None:
        return None, ""
    return bits_after / BITS_PER_PARAM[
        asked.precision
    ], f"assumed: {bits_after:g} bits a weight with its scales"


def quality_run(recipe: str, asked: Asked) -> CompressionRun | None:
    """Return the published run with the quality of a recipe on the model nearest in size; None where there is none."""
    runs = [run for run in catalogue.runs_of(recipe) if run.is_over(asked.precision)]
    return nearest(runs, asked, "quality_ratio")


def making_run(recipe: str, asked: Asked) -> CompressionRun | None:
    """Return the published run that tells how long making a recipe took, of the model nearest in size."""
    return nearest(catalogue.runs_of(recipe), asked, "making_gpu_hours")


def nearest(runs: Sequence[CompressionRun], asked: Asked, quantity: str) -> CompressionRun | None:
    """Return the run nearest in size of the model among those that tell a quantity."""
    having = [run for run in runs if getattr(run, quantity) is not None]
    return min(having, key=lambda run: asked.size_distance(run.params), default=None)


def far(asked: Asked, model: str, params: float | None) -> str:
    """Say of how large a model something was published, and that it is an extrapolation where it is one."""
    if params is None:
        return model
    apart = max(params / asked.params, asked.params / params)
    told = f"{model} ({count(params)} parameters; the plan's model has {count(asked.params)}"
    return (
        f"{told}, {apart:.3g} times apart: an extrapolation)" if apart > EXTRAPOLATION_RATIO else f"{told})"
    )


def _use(run: CompressionRun, asked: Asked) -> tuple[Use, str]:
    if run.baseline_precision == catalogue.NOT_STATED:
        return "refused", "the source does not tell the precision of the baseline"
    if not run.is_over(asked.precision):
        return "refused", (
            f"over {run.baseline_precision}, but serving.weight_precision is {asked.precision}; write "
            f"serving.weight_precision: {run.baseline_precision} for a plan with that baseline"
        )
    if run.accelerator != _accelerator(asked.hardware):
        return "refused", f"on {run.accelerator}, not on {asked.hardware}"
    if run.batch_requests is not None and asked.batch_distance(run.batch_requests) > log(FARTHEST_RATIO):
        return "beside", (
            f"at batch {run.batch_requests:g}, more than {FARTHEST_RATIO:g} times off the plan's {asked.batch:g}"
        )
    return "used", ""


def _known(run: CompressionRun, asked: Asked, use: Use, why: str) -> Known:
    lengths = (run.input_tokens_per_request, run.output_tokens_per_request)
    read = f"{lengths[0]:g} tokens read" if lengths[0] else ""
    written = f"{lengths[1]:g} written" if lengths[1] else ""
    known = Known(
        recipe=run.recipe,
        speedup_ratio=run.speedup_ratio,
        weights_ratio=run.weights_ratio,
        quality_ratio=run.quality_ratio,
        kind="published",
        hardware=run.accelerator,
        baseline=run.baseline_precision,
        source=run.source,
        model=run.model,
        params=run.params,
        batch=run.batch_requests,
        workload=", ".join(filter(None, (read, written, run.engine, run.note))),
        as_of=run.as_of,
        use=use,
        why=why,
        making_gpu_hours=run.making_gpu_hours,
        quality_note=run.quality_told,
        weights_note=f"of {run.model}: {run.source}" if run.weights_ratio else "",
    )
    return replace(known, why=far(asked, run.model, run.params)) if use == "used" else known


def _accelerator(hardware: str) -> str:
    return hardware if is_measured(hardware) else catalogue.accelerator(hardware).id
