"""What the engine promises: wiring by name, months, blocks of draws, and errors that say what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import Graph, Program, figures_of
from planner.errors import FigureError

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


def shop_by_hand(leaves: Mapping[str, Any], months: int) -> dict[str, Any]:
    customers, cash = leaves["first_customers"], leaves["opening_cash"]
    rows: dict[str, list[Any]] = {"customers": [], "cash": [], "sales": []}
    for month in range(1, months + 1):
        customers = customers * (1 - leaves["churn"]) + leaves["joining"]
        sales = customers * leaves["first_price"] * (1 - leaves["decline"]) ** (month - 1)
        cash = cash + sales - leaves["rent"] - leaves["wages"]
        for name, value in (("customers", customers), ("cash", cash), ("sales", sales)):
            rows[name].append(value)
    found: dict[str, Any] = {name: np.array(row) for name, row in rows.items()}
    total = found["sales"].sum(axis=0)
    cost = months * (leaves["rent"] + leaves["wages"])
    return {**found, "lowest": found["cash"].min(axis=0), "total": total, "margin": total / cost}


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


@pytest.fixture(scope="module")
def shop() -> Program:
    return graph(SHOP, SHOP_LEAVES).resolve(["customers", "sales", "cash", "lowest", "total", "margin"])


def test_a_model_agrees_with_plain_numpy(shop: Program) -> None:
    leaves = shop_leaves(500)
    found, expected = shop.run(leaves, 36), shop_by_hand(leaves, 36)
    assert set(found) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, err_msg=name)
    assert found["cash"].shape == (36, 500)
    assert found["lowest"].shape == (500,)


@settings(max_examples=25)
@given(draws=st.integers(1, 70), block_draws=st.integers(1, 80), months=st.integers(1, 9))
def test_results_are_the_same_bit_for_bit_at_any_block_size(
    shop: Program, draws: int, block_draws: int, months: int
) -> None:
    leaves = shop_leaves(draws)
    whole, parts = (
        shop.run(leaves, months, block_draws=10**6),
        shop.run(leaves, months, block_draws=block_draws),
    )
    for name in whole:
        assert whole[name].shape == parts[name].shape
        assert np.array_equal(whole[name], parts[name])


@pytest.mark.parametrize(("draws", "block_draws"), [(17, 8), (24, 8), (16, 4), (13, 4), (9, 1)])
def test_a_row_that_no_draw_changes_keeps_its_shape_whatever_the_blocks(draws: int, block_draws: int) -> None:
    # Eight months and blocks of eight draws: the length of the row must not be taken for the draws.
    company: Functions = {
        "age": lambda month, start: month + start,
        "listed": lambda month, items: np.sum(np.where(month >= items, 1.0, 0.0), axis=0),
        "noise": lambda month, random: month * random,
    }
    leaves = {"start": 2.0, "items": np.array([[1.0], [5.0]]), "random": np.arange(float(draws))}
    program = graph(company, tuple(leaves)).resolve(company)
    found = program.run(leaves, 8, block_draws=block_draws)
    assert found["age"].tolist() == [3, 4, 5, 6, 7, 8, 9, 10]
    assert found["listed"].shape == (8, 1)
    assert found["noise"].shape == (8, draws)
    assert np.array_equal(found["noise"][2], 3 * leaves["random"])


def test_a_scalar_gives_what_each_draw_of_an_array_gives(shop: Program) -> None:
    leaves = shop_leaves(3)
    arrays = shop.run(leaves, 24)
    for draw in range(3):
        scalars = shop.run({n: v[draw] if np.ndim(v) else v for n, v in leaves.items()}, 24)
        for name, value in scalars.items():
            np.testing.assert_allclose(value, arrays[name][..., draw], rtol=1e-12, err_msg=name)


def test_the_first_month_is_one_and_reads_the_opening() -> None:
    company: Functions = {
        "stock": lambda previous_stock, month: previous_stock + month,
        "before": lambda previous_stock: previous_stock,
    }
    assert run(company, "stock", {"opening_stock": 10.0}).tolist() == [11, 13, 16]
    assert run(company, "before", {"opening_stock": 10.0}).tolist() == [10, 11, 13]


def test_what_depends_on_no_month_is_computed_once() -> None:
    calls: list[float] = []

    def area(width: float) -> float:
        calls.append(width)
        return width**2

    company: Functions = {"area": area, "paint": lambda month, area: area * month}
    assert run(company, "paint", {"width": 3.0}, months=12).tolist() == [9.0 * m for m in range(1, 13)]
    assert calls == [3.0]


@pytest.mark.parametrize("value", [7.0, np.array([7.0, 8.0])])
def test_a_series_has_months_and_draws_even_of_what_never_changes(value: float | np.ndarray) -> None:
    shapes: list[tuple[int, ...]] = []

    def seen(series_rent: np.ndarray, series_age: np.ndarray) -> float:
        shapes.extend([series_rent.shape, series_age.shape])
        return 0.0

    run({"seen": seen, "rent": lambda fee: fee, "age": lambda month: month}, "seen", {"fee": value}, months=5)
    assert shapes == [(5, np.size(value)), (5, 1)]


def test_only_what_was_asked_for_is_kept(shop: Program) -> None:
    assert set(shop.run(shop_leaves(2), 3, keep=["cash"])) == {"cash"}


def test_a_list_leaf_has_its_items_along_the_first_axis() -> None:
    company: Functions = {"wages": lambda heads, pay: np.sum(heads * pay, axis=0)}
    leaves = {"heads": np.array([[1.0], [2.0]]), "pay": np.array([[10.0, 20.0, 30.0], [1.0, 2.0, 3.0]])}
    assert run(company, "wages", leaves).tolist() == [12, 24, 36]
    none = {"heads": np.zeros((0, 1)), "pay": np.zeros((0, 1))}
    assert run(company, "wages", none).tolist() == [0]


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


# What is wrong with a graph


def test_a_missing_name_is_told_with_its_path_and_the_nearest_spellings() -> None:
    company = {**SHOP, "sales": lambda customer, price: customer * price}
    with pytest.raises(FigureError) as error:
        graph(company, SHOP_LEAVES).resolve(["lowest"])
    message = str(error.value)
    assert "'customer' is no figure and no input" in message
    assert "needed by sales <- cash <- lowest" in message
    assert "did you mean 'customers'" in message


def test_an_unknown_figure_that_is_asked_for_is_told_with_the_nearest() -> None:
    with pytest.raises(FigureError, match=r"no figure or input 'casch'; did you mean 'cash'"):
        graph(SHOP, SHOP_LEAVES).resolve(["casch"])


def test_a_bare_name_of_several_strategies_must_say_which() -> None:
    both = graph({}, tuple(MIX_LEAVES), platform=PLATFORM, services=SERVICES)
    with pytest.raises(FigureError, match=r"say which: platform\.revenue, services\.revenue"):
        both.resolve(["revenue"])
    assert both.find("users") == "platform.users"


def test_a_stock_needs_a_start() -> None:
    with pytest.raises(FigureError, match=r"nothing says how 'stock' starts: define opening_stock"):
        graph({"stock": lambda previous_stock: previous_stock}).resolve(["stock"])


def test_the_start_of_a_stock_depends_on_no_month() -> None:
    company: Functions = {
        "stock": lambda previous_stock: previous_stock,
        "opening_stock": lambda month: month,
    }
    with pytest.raises(FigureError, match=r"'opening_stock' is the start of 'stock' and must not depend"):
        graph(company).resolve(["stock"])


def test_a_cycle_is_told_with_its_path() -> None:
    company: Functions = {
        "price": lambda demand: 1 / demand,
        "demand": lambda supply: supply,
        "supply": lambda price: price,
    }
    with pytest.raises(FigureError) as error:
        graph(company).resolve(["price"])
    message = str(error.value)
    assert "need each other in the same month" in message
    assert all(name in message for name in company)
    assert "read one as previous_" in message


def test_a_figure_that_needs_itself_is_a_cycle() -> None:
    with pytest.raises(FigureError, match="need each other"):
        graph({"price": lambda price: price}).resolve(["price"])


def test_a_month_cannot_read_what_only_the_end_knows() -> None:
    company = {**SHOP, "bonus": lambda month, total: total / month}
    with pytest.raises(FigureError, match=r"'bonus' mixes figures of a month with total"):
        graph(company, SHOP_LEAVES).resolve(["bonus"])
    company = {**SHOP, "bonus": lambda previous_cash, series_sales: previous_cash}
    with pytest.raises(
        FigureError, match=r"'bonus' mixes figures of a month with a closing_ value or series_ row"
    ):
        graph(company, SHOP_LEAVES).resolve(["bonus"])


@pytest.mark.parametrize("draws", [None, 3])
@pytest.mark.parametrize("wages", [0.0, 0.5])
def test_division_by_zero_is_refused_with_the_figure_and_what_is_zero(
    draws: int | None, wages: float
) -> None:
    company: Functions = {"ratio": lambda rent, wages, seats: rent / (wages * seats)}
    leaves = {"rent": 5.0, "wages": np.full(draws, wages) if draws else wages, "seats": 0.0}
    with pytest.raises(FigureError, match=r"'ratio' cannot be worked out.*seats = 0"):
        run(company, "ratio", leaves)


def test_a_value_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(FigureError, match=r"'power' cannot be worked out.*base up to 1e\+200"):
        run({"power": lambda base: base * base}, "power", {"base": np.array([1e200])})
    with pytest.raises(FigureError, match="'power' cannot be worked out"):
        run({"power": lambda base: base**2.0}, "power", {"base": 1e200})


def test_the_figures_of_a_module_are_its_own_public_functions() -> None:
    module = ModuleType("toy")
    exec("def price(): ...\ndef _helper(): ...\nNUMBER = 3\nclass Price: ...", module.__dict__)
    module.__dict__["borrowed"] = figures_of
    assert set(figures_of(module)) == {"price"}


def test_closing_is_the_last_month() -> None:
    def stock(previous_stock: float, month: float) -> float:
        return previous_stock + month

    def opening_stock() -> float:
        return 10.0

    def end(closing_stock: float, series_stock: np.ndarray) -> np.ndarray:
        return closing_stock - series_stock[-1]

    def last(closing_stock: float) -> float:
        return closing_stock

    graph = Graph({"stock": stock, "opening_stock": opening_stock, "end": end, "last": last}, {}, [])
    program = graph.resolve(["last", "end"])
    assert program.phases["last"] == "after"
    assert program.run({}, 4) == {"last": 20.0, "end": 0.0}


def test_a_shock_has_a_value_for_each_month_and_draw() -> None:
    def sold(shock_demand_share: np.ndarray) -> np.ndarray:
        return 10 * shock_demand_share

    def all_sold(series_sold: np.ndarray) -> np.ndarray:
        return series_sold.sum(axis=0)

    program = Graph({"sold": sold, "all_sold": all_sold}, {}, ["shock_demand_share"]).resolve(
        ["sold", "all_sold"]
    )
    assert program.phases["shock_demand_share"] == "monthly"
    shock = np.arange(12.0).reshape(3, 4)
    found = program.run({"shock_demand_share": shock}, 3)
    np.testing.assert_array_equal(found["sold"], 10 * shock)
    np.testing.assert_array_equal(found["all_sold"], 10 * shock.sum(axis=0))
    np.testing.assert_array_equal(program.run({"shock_demand_share": 0.5}, 3)["sold"], [5.0, 5.0, 5.0])


def test_an_impossible_sum_over_strategies_of_different_shapes_is_refused_with_its_parts() -> None:
    first: Functions = {"revenue": lambda: 1e308}
    second: Functions = {"revenue": lambda fee: 1e308 * fee}
    with pytest.raises(FigureError, match=r"'revenue' cannot be worked out.*each_revenue up to 1\.5e\+308"):
        run(COMPANY, "revenue", {"fee": np.array([1.5, 1.0])}, platform=first, services=second)


def test_what_is_below_zero_is_said_where_a_figure_cannot_be_worked_out() -> None:
    power: Functions = {"power": lambda stock, exponent: np.power(stock, exponent)}
    with pytest.raises(FigureError, match=r"'power' cannot be worked out.* with stock = -2$"):
        run(power, "power", {"stock": np.array([3.0, -2.0]), "exponent": 0.5})
