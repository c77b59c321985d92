"""The domains that the tests of the strategy share, and how to read some of them alone."""

from __future__ import annotations

from typing import Any

from planner.scenario.keys import quantities
from planner.strategies import multi_domain
from tests.planner.strategies.conftest import (
    GIVEN,
    any_inputs,
    column,
    lists_of,
)

inputs = any_inputs("multi_domain")


LISTS = lists_of("multi_domain")

START = int(GIVEN["service_month"])

TEAM_AS_ASKED_FOR = {"first_sellers_people": 0.0, "most_sellers_people": 1e6, "seller_hiring_months": 1.0}


def defaults() -> dict[str, Any]:
    """The inputs that the strategy has when the scenario writes none, at their medians."""
    found: dict[str, Any] = {}
    for path, quantity in quantities(multi_domain.Inputs()).items():
        name = path.rpartition(".")[2]
        found[name] = [*found.get(name, []), quantity.value] if name in LISTS else quantity.value
    return {name: column(value) if name in LISTS else value for name, value in found.items()}


def only(given: dict[str, Any], *items: int) -> dict[str, Any]:
    """The same inputs with some of the domains alone."""
    return {name: value[list(items)] if name in LISTS else value for name, value in given.items()}


TOTALS = {
    "revenue_usd": "domain_revenue_usd", "served_tokens": "domain_tokens", "development_usd": "domain_development_usd",
    "paying_customers": "domain_customers", "new_customers": "new_domain_customers",
    "lost_customers": "lost_domain_customers", "extra_training_tokens": "domain_finetuning_tokens",
    "staff_usd": "domain_support_usd", "usage_revenue_usd": "domain_usage_usd",
}  # fmt: skip
