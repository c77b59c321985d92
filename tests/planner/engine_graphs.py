"""Small graphs that the tests of the engine share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from planner.engine import Graph

Functions = Mapping[str, Callable[..., Any]]


def graph(
    company: Functions,
    leaves: tuple[str, ...] = (),
    overrides: tuple[str, ...] = (),
    **strategies: Functions,
) -> Graph:
    return Graph(company, strategies, leaves, overrides)


def run(
    company: Functions,
    asked: str,
    leaves: Mapping[str, Any] | None = None,
    months: int = 3,
    **strategies: Functions,
) -> np.ndarray:
    given_leaves = leaves or {}
    program = graph(company, tuple(given_leaves), **strategies).resolve([asked])
    return program.run(given_leaves, months)[program.asked[0]]


# A shop: stock, price that falls, profit, and what is known at the end.
SHOP: Functions = {
    "customers": lambda previous_customers, churn, joining: previous_customers * (1 - churn) + joining,
    "opening_customers": lambda first_customers: first_customers,
    "price": lambda month, first_price, decline: first_price * (1 - decline) ** (month - 1),
    "sales": lambda customers, price: customers * price,
    "cash": lambda previous_cash, sales, cost: previous_cash + sales - cost,
    "lowest": lambda series_cash: series_cash.min(axis=0),
    "total": lambda series_sales: series_sales.sum(axis=0),
    "margin": lambda total, series_cost: total / series_cost.sum(axis=0),
    "cost": lambda rent, wages: rent + wages,
}

SHOP_LEAVES = (
    "churn",
    "joining",
    "first_customers",
    "first_price",
    "decline",
    "rent",
    "wages",
    "opening_cash",
)


def shop_leaves(draws: int) -> dict[str, Any]:
    random = np.random.default_rng(5)
    return {
        "churn": random.uniform(0.01, 0.2, draws),
        "joining": random.lognormal(3, 1, draws),
        "first_customers": 10.0,
        "first_price": random.lognormal(2, 0.5, draws),
        "decline": random.uniform(0, 0.05, draws),
        "rent": 100.0,
        "wages": random.lognormal(5, 0.2, draws),
        "opening_cash": random.lognormal(6, 0.2, draws),
    }


# Strategies


PLATFORM: Functions = {
    "revenue": lambda users, fee: users * fee,
    "users": lambda previous_users, joining: previous_users + joining,
    "opening_users": lambda: 0.0,
}

SERVICES: Functions = {
    "revenue": lambda deals: deals * 100.0,
    "costs": lambda previous_revenue: previous_revenue,
}

COMPANY: Functions = {
    "revenue": lambda each_revenue: sum(each_revenue, 0.0),
    "costs": lambda each_costs: sum(each_costs, 0.0),
    "opening_revenue": lambda: 0.0,
    "profit": lambda revenue, costs: revenue - costs,
}

MIX_LEAVES = {"fee": 2.0, "joining": 5.0, "deals": 1.0}
