"""Strategies side by side and figures that are given instead of worked out."""

from __future__ import annotations

import numpy as np
import pytest

from planner.errors import FigureError
from tests.planner.engine_graphs import (
    COMPANY,
    MIX_LEAVES,
    PLATFORM,
    SERVICES,
    SHOP,
    SHOP_LEAVES,
    Functions,
    graph,
    run,
    shop_leaves,
)


def test_the_company_sums_over_the_strategies_that_have_the_figure() -> None:
    assert run(COMPANY, "revenue", MIX_LEAVES, platform=PLATFORM, services=SERVICES).tolist() == [
        110,
        120,
        130,
    ]
    assert run(COMPANY, "revenue", MIX_LEAVES, platform=PLATFORM).tolist() == [10, 20, 30]
    assert run(COMPANY, "revenue", MIX_LEAVES, services=SERVICES) == 100.0
    assert run(COMPANY, "revenue") == 0.0


def test_a_strategy_reads_its_own_figure_before_the_companys() -> None:
    own = run(COMPANY, "services.costs", MIX_LEAVES, platform=PLATFORM, services=SERVICES)
    assert own.tolist() == [0, 100, 100]  # not the company's 110 and 120
    reader: Functions = {"costs": lambda revenue: revenue / 2}
    assert run(COMPANY, "reader.costs", MIX_LEAVES, services=SERVICES, reader=reader) == 50.0


def test_a_strategy_may_read_last_month_of_the_whole_company() -> None:
    greedy: Functions = {"wish": lambda previous_profit: previous_profit}
    company = {**COMPANY, "opening_profit": lambda: -1.0}
    found = run(company, "greedy.wish", MIX_LEAVES, services=SERVICES, platform=PLATFORM, greedy=greedy)
    assert found.tolist() == [-1, 110, 20]


# Overrides


def test_an_overridden_figure_replaces_its_formula_in_the_middle_and_inside_the_months() -> None:
    leaves = {**shop_leaves(1), "sales": 10.0}
    program = graph(SHOP, SHOP_LEAVES, ("sales",)).resolve(["cash", "total"])
    found = program.run(leaves, 4)
    by_hand = leaves["opening_cash"] + np.arange(1, 5)[:, None] * (10.0 - leaves["rent"] - leaves["wages"])
    np.testing.assert_allclose(found["cash"], by_hand, rtol=1e-12)
    assert found["total"] == 40.0
    assert "customers" not in program.nodes  # what only the replaced formula needed is not run


def test_an_override_of_a_stock_holds_from_the_first_month_on() -> None:
    program = graph(SHOP, SHOP_LEAVES, ("customers",)).resolve(["sales"])
    leaves = {**dict.fromkeys(SHOP_LEAVES, 0.0), "customers": 3.0, "first_price": 2.0}
    assert program.run(leaves, 2)["sales"].tolist() == [6.0, 6.0]


def test_an_override_by_its_bare_name_finds_the_one_strategy_that_has_the_figure() -> None:
    program = graph(COMPANY, tuple(MIX_LEAVES), ("users",), platform=PLATFORM).resolve(["revenue"])
    assert "platform.users" in program.leaves
    assert program.run({**MIX_LEAVES, "platform.users": 7.0}, 2)["revenue"] == 14.0


def test_an_override_of_nothing_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(FigureError, match=r"no figure or input 'custmers'; did you mean 'customers'"):
        graph(SHOP, SHOP_LEAVES, ("custmers",))
