"""Joins the scenario, the catalogue and the bench's records into leaves: values with what stands behind them.

What the user writes always wins. Among defaults the order is measured, published, assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from planner import catalogue, strategies
from planner.compression_evidence import COMPRESSION, compression_leaves
from planner.compression_evidence import problems as compression_problems
from planner.compression_evidence.known import BITS_PER_PARAM
from planner.errors import CatalogueError, ScenarioError
from planner.from_bench import (
    BESIDE_THE_PLAN,
    SPEEDS,
    filter_leaves,
    is_left_to_the_machine,
    machine_leaves,
)
from planner.from_bench import problems as hardware_problems
from planner.leaves import Evidence, Kind, Leaf
from planner.measurements import Measured, is_measured
from planner.published import published
from planner.scenario.finance import Finance
from planner.scenario.keys import ANY, Key, keys, quantities
from planner.scenario.loading import Loaded
from planner.scenario.quantities import Quantity
from planner.scenario.schema import Company

__all__ = [
    "BITS_PER_PARAM", "CHOICE", "CHOICES", "SHOCKS", "SPEEDS", "Evidence", "Kind", "Leaf", "leaves", "not_needed",
    "require", "sources",
]  # fmt: skip

CHOICE = "choice of the scenario"
"""What stands behind a leaf that is neither right nor wrong, but chosen."""

SHOCKS = {
    "shock_demand_share": "Where demand in the month stands among all that it could be, from 0 to 1.",
    "shock_breach_share": "Where the month stands among all that it could be for breaches: from 0, none, to 1.",
    "shock_release_share": "Where luck with a release in the month stands among all that it could be; 0 is the best.",
}
"""Leaves of the company that have a value of their own in each month of each draw; strategies have more."""

CHOICES = {
    "weight_bits_per_param": "Bits of one weight in the precision in which the model is served.",
    "first_api_share": "1 when the first model is bought from a vendor's API, otherwise 0.",
    "first_fine_tuned_share": "1 when the first model is fine-tuned by the company, otherwise 0.",
    "first_pretrained_share": "1 when the first model is pretrained by the company, otherwise 0.",
    "second_api_share": "1 when the model after the switch is bought from a vendor's API, otherwise 0.",
    "second_fine_tuned_share": "1 when the model after the switch is fine-tuned by the company, otherwise 0.",
    "second_pretrained_share": "1 when the model after the switch is pretrained by the company, otherwise 0.",
    "switch_month": "Month from which the second model serves.",
    "free_tier_marketing_share": "1 when serving free users counts as marketing, 0 when as cost of revenue.",
    "training_capitalised_share": "1 when training of own models becomes an asset, 0 when it is a cost at once.",
    "round_safe_share": "1 for each round that is a SAFE, 0 for a priced one.",
}
"""Leaves that follow from a choice among words."""


def leaves(loaded: Loaded[Company], measured: Measured) -> dict[str, Leaf]:
    """Return every leaf of a plan by name.

    Raises:
        ScenarioError: names that the catalogue does not know, or a switch of the model's source half written.
    """
    scenario = loaded.scenario
    problems = [
        *_choice_problems(loaded),
        *hardware_problems(loaded, measured),
        *compression_problems(loaded, measured),
    ]
    if problems:
        raise ScenarioError(problems)
    found = [*_written(loaded), *_chosen(scenario), *filter_leaves(scenario, measured), *_shocks()]
    result = {leaf.name: leaf for leaf in found}
    for name, key in _open_keys(loaded).items():
        known = result.get(name)
        if known is None and (name in COMPRESSION or is_left_to_the_machine(scenario, name)):
            continue
        result[name] = known if known and not known.problem else _published(scenario, name, key, known)
    result |= {leaf.name: leaf for leaf in machine_leaves(loaded, measured, result)}
    return result | {leaf.name: leaf for leaf in compression_leaves(loaded, measured, result)}


def _shocks() -> Iterator[Leaf]:
    """Yield what chance decides month by month: uniform numbers, of which the central path has the median."""
    for name, about in (SHOCKS | strategies.shocks()).items():
        chance = Evidence(
            "assumed", "chance", note="a uniform number for each month and draw; the central path has 0.5"
        )
        yield Leaf(name, (Quantity(0.5),), chance, help=about)


def require(found: Mapping[str, Leaf], used: Iterable[str], scenario: Company) -> None:
    """Refuse a plan that needs a leaf whose value nobody knows.

    Raises:
        ScenarioError: naming every such leaf, and what to write.
    """
    optional = not_needed(scenario) | BESIDE_THE_PLAN
    problems = [found[name].problem for name in used if found[name].problem and name not in optional]
    if problems:
        raise ScenarioError(dict.fromkeys(problems))


def sources(scenario: Company) -> tuple[str, ...]:
    """Return where the model comes from, first and after the switch."""
    switch = scenario.model.switch_source
    return (scenario.model.source, *((switch,) if switch else ()))


def not_needed(scenario: Company) -> set[str]:
    """Return the leaves that the plan wires but multiplies by nothing, given where the model comes from."""
    kinds, found = set(sources(scenario)), set()
    if "api" not in kinds:
        found |= {"vendor_input_usd_per_million_tokens", "vendor_output_usd_per_million_tokens"}
    if kinds == {"api"}:
        found |= {"serving_tokens_per_gpu_second", "gpus_per_replica", *COMPRESSION}
        if not scenario.serving.minimum_committed_gpus.value:
            found |= {"serving_usd_per_gpu_hour"}
    if "pretrained" not in kinds:
        found |= {"pretraining_tokens"}
    return found


def _written(loaded: Loaded[Company]) -> Iterator[Leaf]:
    """Yield the leaves whose value the scenario or its defaults give, list items gathered under one name."""
    schema = keys(type(loaded.scenario))
    given = quantities(loaded.scenario)
    by_key: dict[str, list[str]] = {}
    for place in given:
        by_key.setdefault(_pattern(place), []).append(place)
    for path, key in schema.items():
        if not key.is_quantity:
            continue
        items = by_key.get(path, [])
        if ANY in path:
            values = tuple(given[p] for p in items)
            yield Leaf(
                key.name, values, _list_evidence(loaded, items, values), path, key.description, is_list=True
            )
        elif items:
            evidence = _evidence(loaded, path, given[path])
            yield Leaf(key.name, (given[path],), evidence, path, key.description)


def _evidence(loaded: Loaded[Company], path: str, quantity: Quantity) -> Evidence:
    as_of = quantity.as_of.isoformat() if quantity.as_of else ""
    note = quantity.note or ""
    place = loaded.positions.get(path)
    if place is None:
        kind: Kind = "published" if quantity.source else "assumed"
        return Evidence(kind, quantity.source or "default of Benchplan", as_of, note)
    return Evidence("quoted" if quantity.source else "assumed", quantity.source or str(place), as_of, note)


def _list_evidence(loaded: Loaded[Company], items: list[str], values: tuple[Quantity, ...]) -> Evidence:
    each = [_evidence(loaded, path, value) for path, value in zip(items, values, strict=True)]
    if not each:
        return Evidence("assumed", "the scenario lists none")
    kinds = {evidence.kind for evidence in each}
    kind: Kind = each[0].kind if len(kinds) == 1 else "assumed"
    return Evidence(kind, "; ".join(dict.fromkeys(evidence.reference for evidence in each)))


def _chosen(scenario: Company) -> Iterator[Leaf]:
    """Yield the leaves that follow from a choice among words."""
    model, bits = scenario.model, BITS_PER_PARAM[scenario.serving.weight_precision]
    yield _choice(
        "weight_bits_per_param", bits, f"serving.weight_precision is {scenario.serving.weight_precision}"
    )
    second = model.switch_source or model.source
    for word, kind in (("api", "api"), ("fine_tuned", "fine_tuned"), ("pretrained", "pretrained")):
        yield _choice(f"first_{word}_share", float(model.source == kind), f"model.source is {model.source}")
        about = f"model.switch_source is {second}" if model.switch_source else "no switch"
        yield _choice(f"second_{word}_share", float(second == kind), about)
    month = float(model.switch_month) if model.switch_month else np.inf
    yield _choice("switch_month", month, f"model.switch_month is {model.switch_month or 'not given: never'}")
    yield from _kept_books(scenario.finance)


def _kept_books(finance: Finance) -> Iterator[Leaf]:
    """Yield how the books are kept, and which rounds are SAFEs."""
    free, training = finance.free_tier_policy, finance.training_policy
    yield _choice(
        "free_tier_marketing_share", float(free == "marketing"), f"finance.free_tier_policy is {free}"
    )
    capitalised = float(training == "capitalised")
    yield _choice("training_capitalised_share", capitalised, f"finance.training_policy is {training}")
    kinds = [each.round_kind for each in finance.rounds]
    reason = f"finance.rounds are {', '.join(kinds)}" if kinds else "finance.rounds lists none"
    yield _choice("round_safe_share", [float(kind == "safe") for kind in kinds], reason)


def _choice(name: str, value: float | list[float], reason: str) -> Leaf:
    values = value if isinstance(value, list) else [value]
    about = Evidence("assumed", CHOICE, note=reason)
    return Leaf(name, tuple(map(Quantity, values)), about, help=CHOICES[name], is_list=values is value)


def _open_keys(loaded: Loaded[Company]) -> dict[str, Key]:
    """Return the keys of single quantities that neither the scenario nor a default fills."""
    given = quantities(loaded.scenario)
    schema = keys(type(loaded.scenario))
    return {k.name: k for p, k in schema.items() if k.is_quantity and ANY not in p and p not in given}


def _published(scenario: Company, name: str, key: Key, measured: Leaf | None) -> Leaf:
    if measured is not None:
        return measured
    try:
        quantity, fact = published(scenario, key)
    except CatalogueError as error:
        unknown = Evidence("assumed", "unknown")
        return Leaf(name, (), unknown, key.path, key.description, problem=str(error))
    evidence = Evidence(fact.evidence, fact.source, fact.as_of, fact.note)
    return Leaf(name, (quantity,), evidence, key.path, key.description)


def _choice_problems(loaded: Loaded[Company]) -> Iterator[str]:
    scenario = loaded.scenario
    hardware = {
        "training.training_accelerator": scenario.training.training_accelerator,
        "serving.serving_accelerator": scenario.serving.serving_accelerator,
    }
    names: list[tuple[str, str, Callable[[str], object]]] = [
        ("model.base", scenario.model.base, catalogue.model),
        *((path, name, catalogue.accelerator) for path, name in hardware.items() if not is_measured(name)),
    ]
    if scenario.serving.vendor_model:
        names.append(("serving.vendor_model", scenario.serving.vendor_model, catalogue.api_price))
    for path, name, look_up in names:
        try:
            look_up(name)
        except CatalogueError as error:
            yield f"{loaded.positions.get(path, loaded.path)}: {path}: {error}"
    if (scenario.model.switch_source is None) != (scenario.model.switch_month is None):
        there = "switch_source" if scenario.model.switch_source else "switch_month"
        other = "switch_month" if scenario.model.switch_source else "switch_source"
        place = loaded.positions.get(f"model.{there}", loaded.path)
        yield f"{place}: model.{there}: a switch needs both its month and its source; write model.{other} as well"


def _pattern(path: str) -> str:
    return ".".join(ANY if part.isdecimal() else part for part in path.split("."))
