"""What each recipe that is known for a plan's hardware would save at its load, beside the one that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from planner import catalogue, units
from planner.compression_evidence import Known, known_recipes
from planner.compression_evidence.costs import making_usd
from planner.compression_evidence.known import Asked
from planner.formulas import compression
from planner.formulas.recipes import payback_months
from planner.on_the_machine import params, stored_params
from planner.result import Result

NEED = (
    "hosted_tokens",
    "peak_load_ratio",
    "target_utilisation_share",
    "gpus_per_replica",
    "minimum_replicas",
)
COST = (
    "owned_gpus", "committed_gpus", "committed_usd", "serving_price_usd_per_gpu_hour", "overflow_price_ratio",
    "api_usd", "owned_running_usd",
)  # fmt: skip
"""What the number of accelerators, and what they cost, is worked out from."""


@dataclass(frozen=True)
class RecipeSaving:
    """One recipe with what is known of it, and what it would save on the central path of the plan."""

    known: Known
    usd_per_million_tokens: float
    """Cost of serving a million tokens with the recipe, on average over the horizon."""
    saved_usd_per_million_tokens: float
    saved_usd_per_month: float
    """On average over the months in which the company serves tokens itself."""
    making_usd: float
    """Cost of making the recipe; not a number where nobody knows it."""
    payback_months: float
    """Months of that saving until it has paid for itself; infinite where it never does."""


@dataclass(frozen=True)
class RecipeSavings:
    """All that is known of recipes for a plan."""

    plain_usd_per_million_tokens: float
    """Cost of serving a million tokens without a recipe; not a number where the company serves none itself."""
    usable: tuple[RecipeSaving, ...]
    """What a plan that names the recipe would rest on, the fastest first."""
    others: tuple[Known, ...]
    """What else is known, and why a plan would not rest on it."""


def recipe_savings(result: Result) -> RecipeSavings:
    """Return what is known of recipes for the hardware, the model and the load of a plan, and what each would save."""
    sizes = stored_params(result.leaves), params(result.leaves)
    found = known_recipes(result.scenario, result.measured, *sizes)
    usable = [known for known in found if known.use == "used" and known.speedup_ratio]
    usable.sort(key=lambda known: -(known.speedup_ratio or 0.0))
    plain_usd, tokens, months = _served(result)
    rows = tuple(_saving(result, known, sizes) for known in usable) if tokens > 0 and months else ()
    per_million = units.TOKENS_PER_MILLION_TOKENS
    return RecipeSavings(
        plain_usd_per_million_tokens=plain_usd / tokens * per_million if tokens > 0 else np.nan,
        usable=rows,
        others=tuple(known for known in found if known not in usable),
    )


def _served(result: Result) -> tuple[float, float, int]:
    """Return what serving costs without a recipe, the tokens served, and in how many months there are any."""
    tokens = _row(result, "hosted_tokens")
    return _serving_usd(result, 1.0), float(tokens.sum()), int((tokens > 0).sum())


def _saving(result: Result, known: Known, sizes: tuple[float, float]) -> RecipeSaving:
    plain_usd, tokens, months = _served(result)
    with_recipe_usd = _serving_usd(result, known.speedup_ratio or 1.0)
    saved_usd, per_million = plain_usd - with_recipe_usd, units.TOKENS_PER_MILLION_TOKENS
    cost_usd = _making_usd(result, known, sizes)
    return RecipeSaving(
        known=known,
        usd_per_million_tokens=with_recipe_usd / tokens * per_million,
        saved_usd_per_million_tokens=saved_usd / tokens * per_million,
        saved_usd_per_month=saved_usd / months,
        making_usd=cost_usd,
        payback_months=float(payback_months(np.asarray(cost_usd), np.asarray(saved_usd / months))),
    )


def _making_usd(result: Result, known: Known, sizes: tuple[float, float]) -> float:
    """Return the cost of making a recipe: the plan's own for its own; not a number where nobody knows it."""
    named = result.scenario.serving.compression
    if named is not None and catalogue.spelt(named) == catalogue.spelt(known.recipe):
        return float(result.central_leaves["compression_usd"])
    asked = Asked.of(result.scenario, *sizes)
    cost = making_usd(known.recipe, known, asked, result.leaves, result.measured)
    return np.nan if isinstance(cost, str) else cost[0].value


def _serving_usd(result: Result, speedup_ratio: float) -> float:
    """Return what the tokens of the whole horizon cost to serve at another speed, on the central path.

    Bought tokens are left out; contracts and own accelerators stay as they are.
    """
    need: Mapping[str, Any] = {name: _row(result, name) for name in NEED}
    speed = _row(result, "uncompressed_tokens_per_gpu_second") * speedup_ratio
    gpus = compression.uncompressed_serving_gpus(**need, uncompressed_tokens_per_gpu_second=speed)
    cost: Mapping[str, Any] = {name: _row(result, name) for name in COST}
    all_usd = compression.uncompressed_serving_usd(gpus, **cost)
    return float(np.sum(np.where(need["hosted_tokens"] > 0, all_usd - cost["api_usd"], 0.0)))


def _row(result: Result, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return a figure or an input on the central path, month by month."""
    value = result.figures[name].central if name in result else result.central_leaves[name]
    return np.broadcast_to(np.ravel(np.asarray(value, dtype=np.float64)), (result.months,))
