"""The books of whole plans balance in every month and draw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner.planning import plan
from planner.scenario.loading import load
from planner.strategies import scenario_model
from tests.planner.conftest import BOTH, RECORD, before

SHIPPED = ("base", "open_platform", "technology_services")
DRAWS = 40


def every_figure(path: Path, *sets: str, draws: int = DRAWS) -> dict[str, np.ndarray]:
    """All figures of a scenario that have one value, monthly ones as months by draws."""
    central = plan(path, sets=sets, measurements=str(RECORD))
    names = [name for name in central if central[name].function and not central[name].has_items]
    result = plan(path, sets=sets, measurements=str(RECORD), draws=draws, figures=names)
    return {name: np.asarray(result[name].draws) for name in names}


def close(left: np.ndarray, right: np.ndarray) -> None:
    np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-6)


@pytest.fixture(scope="module", params=[*SHIPPED, "mix"])
def books(request: pytest.FixtureRequest, root: Path) -> dict[str, np.ndarray]:
    name, sets = ("base", (BOTH,)) if request.param == "mix" else (request.param, ())
    figures = every_figure(root / "scenarios" / f"{name}.yaml", *sets)
    loaded = load(root / "scenarios" / f"{name}.yaml", sets, model=scenario_model()).scenario
    figures["opening_cash_usd"] = np.array(loaded.finance.opening_cash_usd.value)
    return figures


def test_the_change_of_cash_is_the_flow_and_the_new_money(books: dict[str, np.ndarray]) -> None:
    opening = float(books["opening_cash_usd"])
    change = books["cash_usd"] - before(books["cash_usd"], opening)
    close(change, books["net_cash_flow_usd"] + books["financing_cash_flow_usd"])
    paid = books["loan_repayments_usd"] + books["interest_usd"]
    close(books["financing_cash_flow_usd"], books["new_funding_usd"] + books["new_debt_usd"] - paid)


def test_what_the_company_owns_is_what_it_owes_and_what_it_earned(books: dict[str, np.ndarray]) -> None:
    # Assets are liabilities (suppliers, work owed for deposits, loans) and equity (money put in, profits kept).
    assets = (
        books["cash_usd"] + books["receivables_usd"] + books["fixed_assets_usd"] + books["trained_models_usd"]
    )
    equity = books["opening_cash_usd"] + np.cumsum(books["new_funding_usd"] + books["net_income_usd"], axis=0)
    close(assets, books["payables_usd"] + books["deferred_revenue_usd"] + books["debt_usd"] + equity)
    close(books["balance_gap_usd"], 0.0)


def test_cash_without_new_money_differs_by_the_money(books: dict[str, np.ndarray]) -> None:
    close(books["cash_usd"] - books["cash_before_funding_usd"], np.cumsum(books["new_funding_usd"], axis=0))


def test_costs_add_up_by_kind_and_by_recurrence(books: dict[str, np.ndarray]) -> None:
    kinds = ("cost_of_revenue", "research", "staff", "marketing", "overhead", "privacy", "setup")
    total: np.ndarray = sum(books[f"{name}_usd"] for name in kinds)  # type: ignore[assignment]
    close(books["total_cost_usd"], total)
    close(books["total_cost_usd"], books["one_off_usd"] + books["running_usd"])
    close(books["ebitda_usd"], books["revenue_usd"] - books["total_cost_usd"])
    written_off = books["depreciation_usd"] + books["amortisation_usd"] - books["disposal_gain_usd"]
    close(books["pretax_income_usd"], books["ebitda_usd"] - written_off - books["interest_usd"])
    close(books["net_income_usd"], books["pretax_income_usd"] - books["tax_usd"])
    close(books["gross_profit_usd"], books["revenue_usd"] - books["cost_of_revenue_usd"])


def test_startup_cost_adds_up_by_part_and_by_recurrence(books: dict[str, np.ndarray]) -> None:
    parts = (
        "training",
        "cleaning",
        "licence",
        "data",
        "privacy",
        "staff",
        "service",
        "marketing",
        "overhead",
        "setup",
        "purchases",
    )
    total: np.ndarray = sum(books[f"startup_{part}_usd"] for part in parts)  # type: ignore[assignment]
    close(books["startup_cost_usd"], total)
    close(books["startup_cost_usd"], books["startup_one_off_usd"] + books["startup_running_usd"])
    once: np.ndarray = sum(books[f"startup_{part}_usd"] for part in ("training", "cleaning", "setup"))  # type: ignore[assignment]
    assert np.all(books["startup_one_off_usd"] >= once * (1 - 1e-12))
    close(
        books["startup_one_off_usd"],
        np.minimum(books["startup_one_off_usd"], once + books["startup_data_usd"]),
    )


def test_the_company_is_the_sum_of_its_strategies(books: dict[str, np.ndarray]) -> None:
    strategies = {name.partition(".")[0] for name in books if "." in name}
    assert strategies
    for figure in ("revenue_usd", "receivables_usd", "marketing_usd", "delivery_usd", "deferred_revenue_usd"):
        parts = [books[f"{s}.{figure}"] for s in strategies if f"{s}.{figure}" in books]
        close(books[figure], sum(parts, np.zeros_like(books[figure])))
    people = sum(books[f"{s}.people"] for s in strategies)
    close(books["people"], books["listed_people"] + people)
    staff = sum(books[f"{s}.staff_usd"] for s in strategies)
    close(books["delivery_staff_usd"], staff)
    parts = ("serving_usd", "screening_usd", "delivery_usd", "client_compute_usd", "client_cleaning_usd")
    close(books["cost_of_revenue_usd"], sum((books[part] for part in parts), staff))


def test_tokens_are_bought_or_computed(books: dict[str, np.ndarray]) -> None:
    close(
        books["api_tokens"] + books["hosted_tokens"],
        np.broadcast_to(books["served_tokens"], books["api_tokens"].shape),
    )
    assert np.all(books["served_tokens"] >= 0)


def test_tax_and_losses_are_never_negative(books: dict[str, np.ndarray]) -> None:
    assert np.all(books["tax_usd"] >= 0)
    assert np.all(books["tax_losses_usd"] >= 0)


def test_funding_need_and_runway_say_the_same(books: dict[str, np.ndarray]) -> None:
    runs_out = np.isfinite(books["runway_months"])
    assert np.array_equal(runs_out, np.min(books["cash_usd"], axis=0) < 0)
    close(books["lowest_cash_before_funding_usd"], books["cash_before_funding_usd"].min(axis=0))
