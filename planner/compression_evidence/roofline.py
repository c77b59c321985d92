"""An estimate of a recipe's speed where none fits: what fewer bytes allow, and what recipes of its kind reached."""

from __future__ import annotations

from math import log
from statistics import median

from planner import catalogue, units
from planner.catalogue import CompressionRun
from planner.compression_evidence.known import BITS_PER_PARAM, FARTHEST_RATIO, Asked, Known
from planner.compression_evidence.published import weights_ratio
from planner.errors import CatalogueError
from planner.measurements import is_measured
from planner.model_sightings import count

SMALLER = "smaller model"
ARITHMETIC = {
    "weights only": 1.0,
    "weights and activations": 0.5,
    "2 of 4": 0.5,
    "single weights": 1.0,
    "fewer experts": 1.0,
}
"""Time of the arithmetic with a recipe over that without, by what it makes smaller: eight bits for sixteen, and two
weights of four, double the peak; weights alone are multiplied in the old precision, zeros take as long, and a token
uses as many experts. In a smaller model it falls as the weights do."""

ALIKE_RATIO = 1.5
"""Models no more than so many times larger or smaller count as of one size."""


def estimated(recipe: str, asked: Asked) -> Known | str:
    """Return an estimate of a recipe's speed on an accelerator of the catalogue, or why there is none.

    It is the least of two: what the roofline allows, and the middle of what recipes of the same kind reached at the
    nearest batch on any accelerator. The roofline alone would promise much that kernels do not keep.
    """
    runs = [run for run in catalogue.runs_of(recipe) if run.is_over(asked.precision)]
    weights, about = weights_ratio(recipe, asked)
    if not runs or weights is None or runs[0].family not in (*ARITHMETIC, SMALLER):
        return "no estimate: what the recipe does to the size of the weights is not known"
    if is_measured(asked.hardware):
        return "no estimate for a measured machine; run `benchplan bench compress` on it"
    family = runs[0].family
    if family == "fewer experts" and asked.active_params >= asked.params:
        return "no estimate: the plan's model has no experts to leave out"
    arithmetic = weights if family == SMALLER else ARITHMETIC[family]
    try:
        most = roofline_ratio(asked, weights, arithmetic)
    except CatalogueError as error:
        return f"no estimate: {error}"
    alike = _reached(family, asked)
    reached = median(run.speedup_ratio or 0.0 for run in alike) if alike else None
    lower = most if reached is None else min(most, reached)
    return Known(
        recipe=runs[0].recipe,
        speedup_ratio=lower,
        weights_ratio=weights,
        quality_ratio=None,
        kind="estimate",
        hardware=asked.hardware,
        baseline=asked.precision,
        source="estimate from the catalogue's bandwidth and peak, and from recipes of the same kind",
        low=None if reached is None else lower,
        high=None if reached is None else max(most, reached),
        model=f"{count(asked.params)} parameters",
        params=asked.params,
        batch=asked.batch,
        workload=f"{asked.input_tokens:g} tokens read, {asked.output_tokens:g} written",
        why=_why(family, weights, most, reached, alike),
        weights_note=about,
    )


def roofline_ratio(asked: Asked, weights: float, arithmetic: float) -> float:
    """Return the time of a request without a recipe over that with it, by the roofline (Williams et al. 2009).

    It takes the arithmetic of its tokens read, and for each token written the longer of the arithmetic and of its part
    in reading all weights, which the batch shares. Keys and values are not counted, nor what a kernel loses.

    Raises CatalogueError where the accelerator has no bandwidth, or no peak in the plan's precision.
    """
    accelerator = catalogue.accelerator(asked.hardware)
    bandwidth = accelerator.fact("memory_bandwidth_bytes_per_second").value
    peak = accelerator.fact(f"peak_{_peak(asked.precision)}_flops_per_second").value
    token_seconds = units.FORWARD_FLOPS_PER_PARAM_TOKEN * asked.active_params / peak
    weight_bytes = asked.params * BITS_PER_PARAM[asked.precision] / units.BITS_PER_BYTE
    share_seconds = weight_bytes / bandwidth / asked.batch

    def seconds(bytes_ratio: float, work_ratio: float) -> float:
        work = token_seconds * work_ratio
        return asked.input_tokens * work + asked.output_tokens * max(work, share_seconds * bytes_ratio)

    return seconds(1.0, 1.0) / seconds(weights, arithmetic)


def _reached(family: str, asked: Asked) -> list[CompressionRun]:
    """Return the runs of recipes of a kind that are nearest to the plan: in size of the model, then in batch."""
    runs = [
        run
        for run in catalogue.compression_runs()
        if run.family == family
        and run.speedup_ratio is not None
        and run.batch_requests is not None
        and run.baseline_precision != catalogue.NOT_STATED
        and asked.batch_distance(run.batch_requests) <= log(FARTHEST_RATIO)
    ]
    if not runs:
        return []
    size = min(asked.size_distance(run.params) for run in runs) + log(ALIKE_RATIO)
    runs = [run for run in runs if asked.size_distance(run.params) <= size]
    batch = min(asked.batch_distance(run.batch_requests) for run in runs)
    return [run for run in runs if asked.batch_distance(run.batch_requests) <= batch + 1e-9]


def _why(family: str, weights: float, most: float, reached: float | None, alike: list[CompressionRun]) -> str:
    told = f"an estimate; {weights:.3g} of the bytes of the weights allow at most {most:.3g}"
    if reached is None:
        return f"{told}, keys and values and losses of the kernels not counted"
    on = ", ".join(dict.fromkeys(f"{run.recipe} on {run.accelerator}" for run in alike))
    batch = alike[0].batch_requests or 0.0
    return f"{told}, recipes of its kind ({family}) reached {reached:.3g} at batch {batch:g}: {on}"


def _peak(precision: str) -> str:
    return {"fp16": "bf16", "int4": "bf16"}.get(precision, precision)
