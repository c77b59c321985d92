"""What is wrong with a graph is told: names, cycles, phases, and values that no number can hold."""

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
)


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


def test_an_impossible_sum_over_strategies_of_different_shapes_is_refused_with_its_parts() -> None:
    first: Functions = {"revenue": lambda: 1e308}
    second: Functions = {"revenue": lambda fee: 1e308 * fee}
    with pytest.raises(FigureError, match=r"'revenue' cannot be worked out.*each_revenue up to 1\.5e\+308"):
        run(COMPANY, "revenue", {"fee": np.array([1.5, 1.0])}, platform=first, services=second)


def test_what_is_below_zero_is_said_where_a_figure_cannot_be_worked_out() -> None:
    power: Functions = {"power": lambda stock, exponent: np.power(stock, exponent)}
    with pytest.raises(FigureError, match=r"'power' cannot be worked out.* with stock = -2$"):
        run(power, "power", {"stock": np.array([3.0, -2.0]), "exponent": 0.5})
