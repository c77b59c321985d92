"""What a recipe is worth beside others, by its speed alone: scalars for tables of recipes, no figures of a plan."""

from __future__ import annotations

import numpy as np

from planner.formulas.totals import quotient
from planner.units import Array


def cost_with_recipe(usd_without_recipe: Array, speedup_ratio: Array) -> Array:
    """Return what serving costs with a recipe that is so many times as fast, where cost follows speed.

    Source: definition.
    """
    return usd_without_recipe / speedup_ratio


def saved_usd(usd_without_recipe: Array, speedup_ratio: Array) -> Array:
    """Return what a recipe saves of a cost that follows speed; below zero for one that is slower.

    Source: definition.
    """
    return usd_without_recipe - cost_with_recipe(usd_without_recipe, speedup_ratio)


def payback_months(making_usd: Array, saved_usd_per_month: Array) -> Array:
    """Return the months until a recipe has saved what making it cost; never where it saves nothing.

    Source: definition.
    """
    return np.where(saved_usd_per_month > 0, quotient(making_usd, saved_usd_per_month), np.inf)
