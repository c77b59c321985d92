"""What the engine promises: wiring by name, months, and blocks of draws."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import Graph, Program, figures_of
from tests.planner.engine_graphs import (
    SHOP,
    SHOP_LEAVES,
    Functions,
    graph,
    run,
    shop_leaves,
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
