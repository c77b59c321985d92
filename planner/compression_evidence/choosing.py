"""Which of the things known of a recipe a plan rests on: measured on its hardware, published for it, or estimated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from planner import catalogue
from planner.catalogue import spelt
from planner.compression_evidence.known import Asked, Known
from planner.compression_evidence.measured import measured_recipes
from planner.compression_evidence.published import (
    far,
    nearness,
    published_recipes,
    quality_run,
    recipes_over,
    weights_ratio,
)
from planner.compression_evidence.roofline import estimated
from planner.measurements import Measured
from planner.scenario.schema import Company


def known_recipes(
    scenario: Company, measured: Measured, params: float, active_params: float | None = None
) -> tuple[Known, ...]:
    """Return all that is known of all recipes for a plan, of each recipe the thing first that the plan would rest on.

    `params` are those of the plan's model that are stored, `active_params` those that a token uses, if fewer. At most
    one entry of a recipe is `used`: the one that a scenario which names the recipe would be planned with, completed
    with the size and the quality that are known of the recipe elsewhere. The rest stands `beside` it, or is `refused`,
    and `why` says why.
    """
    asked = Asked.of(scenario, params, params if active_params is None else active_params)
    found = [*measured_recipes(asked, measured), *published_recipes(asked)]
    names = dict.fromkeys(
        [*(spelt(each.recipe) for each in found), *map(spelt, recipes_over(asked.precision))]
    )
    return tuple(each for name in names for each in of_recipe(name, asked, found))


def used(known: Iterable[Known]) -> Known | None:
    """Return what a plan rests on among the things known of one recipe; None where nothing fits."""
    return next((each for each in known if each.use == "used"), None)


def of_recipe(recipe: str, asked: Asked, found: Iterable[Known]) -> list[Known]:
    """Return what is known of one recipe, what is used first, and an estimate where there can be one."""
    same = [each for each in found if spelt(each.recipe) == spelt(recipe)]
    is_published = spelt(recipe) in map(spelt, catalogue.compression_recipes())
    estimate = estimated(recipe, asked) if is_published else ""
    if isinstance(estimate, Known):
        same.append(replace(estimate, use="used"))
    best = _best(asked, same)
    rest = [each if each.use != "used" else _second(each, best) for each in same if each is not best]
    rest.sort(key=lambda each: (each.use == "refused", *nearness(asked, each)))
    return [*([_completed(best, asked)] if best else []), *rest]


def _best(asked: Asked, same: Sequence[Known]) -> Known | None:
    for kind in ("measured", "published", "estimate"):
        fitting = [each for each in same if each.use == "used" and each.kind == kind]
        if not fitting:
            continue
        if kind == "measured":
            newest = max(each.as_of for each in fitting)
            fitting = [each for each in fitting if each.as_of == newest]
        return min(fitting, key=lambda each: nearness(asked, each))
    return None


def _second(known: Known, best: Known | None) -> Known:
    why = "an estimate, which what was measured or published goes before" if known.kind == "estimate" else ""
    if not why and best is not None and best.kind != known.kind:
        why = f"what was {best.kind} goes before"
    return replace(
        known, use="beside", why=why or "farther from the plan in size of the model, batch or date"
    )


def _completed(best: Known, asked: Asked) -> Known:
    """Fill in the size and the quality that the source of the speed does not tell, from others of the same recipe."""
    if best.kind == "measured":
        return best
    if best.weights_ratio is None:
        weights, about = weights_ratio(best.recipe, asked)
        best = replace(best, weights_ratio=weights, weights_note=about)
    run = quality_run(best.recipe, asked)
    if best.quality_ratio is None and run is not None:
        about = f"{run.quality_told}, {far(asked, run.model, run.params)}: {run.source}"
        best = replace(best, quality_ratio=run.quality_ratio, quality_note=about)
    return best
