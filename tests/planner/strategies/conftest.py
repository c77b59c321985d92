"""A strategy on its own: its figures on inputs that hypothesis chooses, with the company's few that it reads given."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import strategies as st

from planner import strategies
from planner.engine import Graph, Program, figures_of
from planner.formulas import mix
from planner.scenario.keys import keys
from planner.units import is_share, unit_of

GIVEN = {
    "launch_month": 3.0,
    "pay_ratio": 1.3,
    "price_usd_per_million_tokens": 2.0,
    "reference_price_usd_per_million_tokens": 1.5,
    "price_elasticity_ratio": 0.8,
    "price_decline_share_per_month": 0.03,
    "training_compute_usd_per_token": 1e-7,
    "shock_demand_share": 0.5,
    "demand_swing_ratio": 0.1,
    # What other strategies would give it.
    "shared_usage_tokens": 0.0,
    "shared_reference_customers": 0.0,
    "partner_reach_share": 0.0,
    "shared_quality_ratio": 1.0,
    "cannibalised_share": 0.0,
}
MONTHS = 60

Alone = Callable[..., dict[str, np.ndarray]]


@cache
def program_of(strategy: str) -> Program:
    figures = figures_of(strategies.module(strategy))
    leaves = {*GIVEN, *inputs_of(strategy)}
    company = {f"opening_{name}": _nothing for name in ("receivables_usd", "deferred_revenue_usd")}
    company |= {name: one for name, one in figures_of(mix).items() if name.startswith("opening_")}
    return Graph(company, {strategy: figures}, leaves).resolve([f"{strategy}.{name}" for name in figures])


def _nothing() -> float:
    return 0.0


@cache
def inputs_of(strategy: str) -> tuple[str, ...]:
    schema = keys(strategies.module(strategy).Inputs)
    return tuple(key.name for key in schema.values() if key.is_quantity)


def any_inputs(strategy: str) -> st.SearchStrategy[dict[str, float]]:
    """Inputs from nothing at all up to far more than is plausible; what divides is above zero."""

    def numbers(name: str) -> st.SearchStrategy[float]:
        if is_share(name):
            return st.floats(0.01 if name == "billable_share" else 0, 1)
        if name == "subscription_elasticity_ratio":
            return st.floats(0, 5)
        if name in ("referral_deals_per_customer_month", "new_customers_per_deal"):
            return st.floats(0, 1)  # above, references bring references without end
        if unit_of(name).denominator or "half" in name or name.startswith(("addressable", "num_")):
            return st.floats(0.01, 1e6)
        return st.floats(0.5, 60)

    return st.fixed_dictionaries(
        {name: st.just(0.0) if name.startswith("opening_") else numbers(name) for name in inputs_of(strategy)}
    )


@pytest.fixture(scope="session")
def alone() -> Alone:
    """Run one strategy over five years and return all its figures by their bare names, as rows of months."""

    def run(strategy: str, inputs: dict[str, float]) -> dict[str, np.ndarray]:
        program = program_of(strategy)
        found = program.run({**GIVEN, **inputs}, MONTHS)
        return {
            name.rpartition(".")[2]: np.broadcast_to(np.asarray(value, dtype=float), (MONTHS,))
            for name, value in found.items()
        }

    return run
