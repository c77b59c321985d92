"""A strategy on its own: its figures on inputs that hypothesis chooses, with the company's few that it reads given."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st

from planner import strategies
from planner.engine import Graph, Program, figures_of
from planner.formulas import common, mix
from planner.scenario.keys import ANY, keys
from planner.units import is_share, unit_of

few = settings(max_examples=40, phases=(Phase.explicit, Phase.generate))
fewer = settings(max_examples=15, phases=(Phase.explicit, Phase.generate))

GIVEN = {
    "launch_month": 3.0,
    "service_month": 3.0,
    "pay_ratio": 1.3,
    "price_usd_per_million_tokens": 2.0,
    "reference_price_usd_per_million_tokens": 1.5,
    "price_elasticity_ratio": 0.8,
    "price_decline_share_per_month": 0.03,
    "training_compute_usd_per_token": 1e-7,
    "text_bytes_per_token": 4.0,
    "shock_demand_share": 0.5,
    "shock_wins_share": 0.5,
    "shock_deal_value_share": 0.5,
    "demand_swing_ratio": 0.1,
    # What other strategies would give it.
    "shared_usage_tokens": 0.0,
    "shared_reference_customers": 0.0,
    "partner_reach_share": 0.0,
    "shared_quality_ratio": 1.0,
    # What compressing the model takes from its quality, and from demand.
    "compressed_quality_ratio": 1.0,
    "compression_demand_ratio": 1.0,
    "cannibalised_share": 0.0,
    # What the company's pool and training cost, and what chance brings to each domain.
    "pooled_service_usd_per_token": 5e-7,
    "training_compute_usd": 1e5,
    "discount_rate_share_per_year": 0.1,
    **{f"shock_domain_{number}_share": 0.5 for number in range(1, 9)},
}
MONTHS = 60
DIVIDED_BY = ("billable_share", "customer_spread_share", "reference_kept_share")

Alone = Callable[..., dict[str, np.ndarray]]
ByChance = Callable[..., dict[str, np.ndarray]]


@cache
def program_of(strategy: str) -> Program:
    figures = figures_of(strategies.module(strategy))
    leaves = {*GIVEN, *inputs_of(strategy)}
    company = {f"opening_{name}": _nothing for name in ("receivables_usd", "deferred_revenue_usd")}
    company |= {name: one for name, one in figures_of(mix).items() if name.startswith("opening_")}
    company |= {"launched_share": common.launched_share}
    return Graph(company, {strategy: figures}, leaves).resolve([f"{strategy}.{name}" for name in figures])


def _nothing() -> float:
    return 0.0


@cache
def inputs_of(strategy: str) -> tuple[str, ...]:
    schema = keys(strategies.module(strategy).Inputs)
    return tuple(key.name for key in schema.values() if key.is_quantity)


@cache
def lists_of(strategy: str) -> frozenset[str]:
    """Return the inputs that have a value for each item of a list."""
    schema = keys(strategies.module(strategy).Inputs)
    return frozenset(key.name for path, key in schema.items() if ANY in path and key.is_quantity)


def any_inputs(strategy: str, most_items: int = 3) -> st.SearchStrategy[dict[str, float]]:
    """Inputs from nothing at all up to far more than is plausible; what divides is above zero.

    A list has one to so many items, each a row of one draw.
    """

    def numbers(name: str) -> st.SearchStrategy[float]:
        if is_share(name):
            return st.floats(0.01 if name in DIVIDED_BY else 0, 1)
        if name.endswith("elasticity_ratio"):
            return st.floats(0, 5)
        if name in ("referral_deals_per_customer_month", "new_customers_per_deal"):
            return st.floats(0, 1)  # above, references bring references without end
        if unit_of(name).denominator or "half" in name or name.startswith(("addressable", "num_")):
            return st.floats(0.01, 1e6)
        return st.floats(0.5, 60)

    def given(items: int) -> st.SearchStrategy[dict[str, float]]:
        def of(name: str) -> st.SearchStrategy[float]:
            one = st.just(0.0) if name.startswith("opening_") else numbers(name)
            return st.lists(one, min_size=items, max_size=items).map(column) if name in lists else one

        return st.fixed_dictionaries({name: of(name) for name in inputs_of(strategy)})

    lists = lists_of(strategy)
    return st.integers(1, most_items).flatmap(given) if lists else given(0)


def column(values: list[float]) -> np.ndarray:
    """Return what the items of a list have, as the engine gets it: items along the first axis, one draw."""
    return np.array(values, dtype=float).reshape(-1, 1)


@pytest.fixture(scope="session")
def alone() -> Alone:
    """Run one strategy over five years and return all its figures by their bare names, as rows of months.

    A figure of each item of a list has the items along the last axis, and no months where it is known at the end.
    """

    def row(value: object, is_monthly: bool) -> np.ndarray:
        array = np.asarray(value, dtype=float)
        array = array[..., 0] if array.ndim > is_monthly else array
        return array if array.ndim else np.broadcast_to(array, (MONTHS,))

    def run(strategy: str, inputs: dict[str, float]) -> dict[str, np.ndarray]:
        program = program_of(strategy)
        found = program.run({**GIVEN, **inputs}, MONTHS)
        return {
            name.rpartition(".")[2]: row(value, program.phases[name] == "monthly")
            for name, value in found.items()
        }

    return run


@pytest.fixture(scope="session")
def by_chance() -> ByChance:
    """Run one strategy in many draws that differ by chance alone; rows of months, of which each has all draws."""

    def run(strategy: str, inputs: dict[str, float], draws: int, seed: int = 0) -> dict[str, np.ndarray]:
        program, random = program_of(strategy), np.random.default_rng(seed)
        shocks = {name: random.random((MONTHS, draws)) for name in GIVEN if name.startswith("shock_")}
        found = program.run({**GIVEN, "demand_swing_ratio": 0.0, **shocks, **inputs}, MONTHS)
        return {
            name.rpartition(".")[2]: np.asarray(value, dtype=float)
            for name, value in found.items()
            if np.ndim(value) == 2
        }

    return run
