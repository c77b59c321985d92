"""The leaves of a plan that rest on what is known of its recipe, and what is wrong with a recipe that is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import log

from planner import catalogue
from planner.catalogue import recipe_hint, spelt
from planner.compression_evidence.choosing import of_recipe, used
from planner.compression_evidence.costs import making_usd
from planner.compression_evidence.known import Asked, Known
from planner.compression_evidence.measured import measured_recipes, names
from planner.compression_evidence.published import baselines, far, published_recipes, recipes_over
from planner.leaves import Evidence, Kind, Leaf
from planner.measurements import Measured
from planner.on_the_machine import params, stored_params
from planner.scenario.keys import Key, keys
from planner.scenario.loading import Loaded
from planner.scenario.quantities import Quantity
from planner.scenario.schema import Company

COMPRESSION = (
    "compression_speedup_ratio", "compression_weights_ratio", "compression_quality_ratio", "compression_usd",
)  # fmt: skip
"""The keys that what is known of the recipe fills."""

NEAR_RATIO = 2.0
"""A speed-up at a batch more than so many times off the plan's is taken as an assumption."""

SHOWN_BESIDE = 6


def compression_leaves(
    loaded: Loaded[Company], measured: Measured, known: Mapping[str, Leaf]
) -> Iterator[Leaf]:
    """Yield the leaves of the recipe: neutral without one; what the user wrote stands, with what is known beside it.

    `known` holds all other leaves, the shape of the model and the prices among them.
    """
    schema = {key.name: key for key in keys(type(loaded.scenario)).values()}
    recipe = loaded.scenario.serving.compression
    if recipe is None:
        for name in COMPRESSION:
            if name not in known:
                yield _neutral(schema[name])
        return
    asked = Asked.of(loaded.scenario, stored_params(known), params(known))
    found = of_recipe(recipe, asked, [*measured_recipes(asked, measured), *published_recipes(asked)])
    best, beside = used(found), _beside(found)
    refused = next((each.basis for each in found if each.use == "refused" and each.basis), None)
    refused = replace(refused, use="refused") if refused else None
    for name in COMPRESSION:
        if name not in known:
            yield replace(
                _leaf(schema[name], best, asked, known, measured, recipe), beside=beside, refused=refused
            )
        elif name == "compression_speedup_ratio":
            more = (f"{_line(best)}; the user's value stands",) if best else ()
            yield replace(known[name], beside=(*known[name].beside, *more, *beside))


def problems(loaded: Loaded[Company], measured: Measured) -> Iterator[str]:
    """Yield what is wrong with a scenario's recipe: unknown, over another precision, or ratios without a recipe."""
    serving = loaded.scenario.serving
    if serving.compression is None:
        for name in COMPRESSION:
            if getattr(serving, name) is not None:
                place = loaded.positions.get(f"serving.{name}", loaded.path)
                yield (
                    f"{place}: serving.{name}: is written, but no recipe that it would be of; write "
                    "serving.compression as well, the recipe by any name"
                )
    elif serving.compression_speedup_ratio is None:
        own = names(measured)
        wrong = _wrong_name(serving.compression, serving.weight_precision, own)
        if wrong:
            place = loaded.positions.get("serving.compression", loaded.path)
            yield f"{place}: serving.compression: {wrong}"


def _wrong_name(recipe: str, precision: str, own: tuple[str, ...]) -> str:
    """Say what is wrong with a recipe that is named without its ratios; nothing where it is known for the plan."""
    if spelt(recipe) in map(spelt, own):
        return ""
    write = f"or write {_ratios(COMPRESSION)} yourself"
    if spelt(recipe) not in map(spelt, catalogue.compression_recipes()):
        measured = f"; measured: {', '.join(own)}" if own else ""
        known = ", ".join(catalogue.compression_recipes())
        return (
            f"no recipe '{recipe}' is measured or published{recipe_hint(recipe, own) or '.'} Published: "
            f"{known}{measured}; choose one of them, measure it with `benchplan bench compress`, {write}"
        )
    over = baselines(recipe)
    if catalogue.same_precision(precision) in map(catalogue.same_precision, over):
        return ""
    same = ", ".join(recipes_over(precision)) or "none"
    told = f"published over {', '.join(over)}" if over else "published without the precision that it is over"
    other = f"serving.weight_precision: {over[0]} for a plan with that baseline, " if over else ""
    return (
        f"'{recipe}' is {told}, but serving.weight_precision is {precision}; write {other}a recipe that is published "
        f"over {precision} ({same}), {write}"
    )


def _ratios(wanted: tuple[str, ...]) -> str:
    paths = [f"serving.{name}" for name in wanted]
    return ", ".join(paths[:-1]) + f" and {paths[-1]}"


def _neutral(key: Key) -> Leaf:
    value = 0.0 if key.name == "compression_usd" else 1.0
    about = Evidence("assumed", "choice of the scenario", note="serving.compression names no recipe")
    return Leaf(key.name, (Quantity(value),), about, key.path, key.description)


def _leaf(
    key: Key, best: Known | None, asked: Asked, known: Mapping[str, Leaf], measured: Measured, recipe: str
) -> Leaf:
    """Return one leaf that the user left out, from what the plan rests on; unknown, with what to write, without it."""
    if key.name == "compression_usd":
        found = making_usd(recipe, best, asked, known, measured)
    else:
        found = _ratio(key.name, best, asked, measured)
    if isinstance(found, str):
        unknown = Evidence("assumed", "unknown")
        return Leaf(key.name, (), unknown, key.path, key.description, problem=f"{key.path}: {found}")
    quantity, evidence = found
    return Leaf(key.name, (quantity,), evidence, key.path, key.description)


def _ratio(
    name: str, best: Known | None, asked: Asked, measured: Measured
) -> tuple[Quantity, Evidence] | str:
    what = {
        "compression_speedup_ratio": "how much faster it is",
        "compression_weights_ratio": "how many bytes of weights it leaves",
        "compression_quality_ratio": "what it does to quality",
    }[name]
    write = "write it: `{value: ..., source: ...}`"
    if best is None:
        return f"{what} on {asked.hardware} over {asked.precision} is neither measured nor published; {write}"
    kind = _kind(best, measured)
    if name == "compression_speedup_ratio" and best.speedup_ratio is not None:
        if best.kind == "published" and asked.batch_distance(best.batch) > log(NEAR_RATIO) and best.batch:
            kind = "assumed"
        note = "; ".join(filter(None, (best.told, best.why)))
        return Quantity(best.speedup_ratio), Evidence(kind, best.source, best.as_of, note, best.basis)
    if name == "compression_weights_ratio" and best.weights_ratio is not None:
        told = best.weights_note
        is_read = best.kind == "measured" or not told.startswith("assumed")
        about = Evidence(kind if best.kind == "measured" else "published", best.source, best.as_of, told)
        return Quantity(best.weights_ratio), about if is_read else Evidence("assumed", told)
    if name == "compression_quality_ratio" and best.quality_ratio is not None:
        told = f"{best.quality_note}; {far(asked, best.model, best.params)}"
        about = Evidence(kind if best.kind == "measured" else "published", best.source, best.as_of, told)
        return Quantity(best.quality_ratio), about
    return f"{what} is neither measured nor published; {write}"


def _kind(best: Known, measured: Measured) -> Kind:
    if best.kind == "measured":
        return "published" if measured.is_shipped else "measured"
    return "published" if best.kind == "published" else "assumed"


def _line(known: Known) -> str:
    return f"{known.kind}: {known.told}; {known.source}"


def _beside(found: list[Known]) -> tuple[str, ...]:
    """Return what else is known of the recipe, the nearest first."""
    others = [each for each in found if each.use != "used"]
    lines = [f"{_line(each)}; {each.why}" for each in others[:SHOWN_BESIDE]]
    more = len(others) - len(lines)
    return (*lines, *([f"and {more} more, farther off"] if more > 0 else []))
