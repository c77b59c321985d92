"""What holds of the books of any company: any strategies, any inputs, every month and draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from planner import strategies
from planner.drawing import draws_of
from planner.scenario.schema import Mix
from planner.units import unit_of
from tests.planner.random_scenarios import every_figure, prepared, run, scenarios

few = settings(max_examples=20, phases=(Phase.explicit, Phase.generate))
Books = dict[str, np.ndarray]

ASSETS = ("cash_usd", "receivables_usd", "fixed_assets_usd", "trained_models_usd")
LIABILITIES = ("payables_usd", "deferred_revenue_usd", "debt_usd")
OWNERS = ("founders_share", "pool_share", "safe_share", "investors_share")
SET_FROM_OUTSIDE = (
    "receivables_usd", "payables_usd", "deferred_revenue_usd", "debt_usd", "depreciation_usd", "amortisation_usd",
    "tax_usd", "interest_usd", "staff_usd", "revenue_usd", "new_funding_usd", "gpu_purchases_usd", "resale_usd",
    "serving_usd", "disposed_usd", "capitalised_training_usd",
)  # fmt: skip


def before(row: np.ndarray, start: np.ndarray | float = 0.0) -> np.ndarray:
    return np.concatenate([np.broadcast_to(start, (1, row.shape[1])), row[:-1]])


def size(books: Books) -> np.ndarray:
    """The largest balance up to each month, against which a gap is measured; a dollar at least."""
    names = (*ASSETS, *LIABILITIES, "paid_in_capital_usd", "retained_earnings_usd")
    turnover = np.cumsum(books["revenue_usd"] + np.abs(books["total_cost_usd"]), axis=0)
    return np.maximum(np.maximum.accumulate(sum(np.abs(books[name]) for name in names) + turnover), 1.0)


def check_balance(books: Books) -> None:
    limit = 1e-9 * size(books)
    gap = sum(books[name] for name in ASSETS) - sum(books[name] for name in LIABILITIES) - books["equity_usd"]
    assert np.all(np.abs(gap) <= limit)
    assert np.all(np.abs(books["balance_gap_usd"]) <= limit)


@few
@given(scenarios())
def test_assets_are_liabilities_and_equity_and_cash_moves_by_its_flows(sets: tuple[str, ...]) -> None:
    books = every_figure(sets)
    check_balance(books)
    limit = 1e-9 * size(books)
    flows = sum(books[f"{kind}_cash_flow_usd"] for kind in ("operating", "investing", "financing"))
    change = books["cash_usd"] - before(books["cash_usd"])
    assert np.all(np.abs(change - flows)[1:] <= limit[1:])
    assert np.all(books["debt_usd"] >= 0)
    assert np.all(books["fixed_assets_usd"] >= -limit)
    assert np.all(books["trained_models_usd"] >= -limit)
    # what was written off in all, sold or is still there was paid once
    written = np.cumsum(books["depreciation_usd"] + books["disposed_usd"], axis=0)
    assert np.all(
        np.abs(written + books["fixed_assets_usd"] - np.cumsum(books["gpu_purchases_usd"], axis=0)) <= limit
    )


@few
@given(scenarios())
def test_everything_has_an_owner_and_an_exit_is_handed_out(sets: tuple[str, ...]) -> None:
    books = every_figure(sets)
    owned = sum(books[name] for name in OWNERS)
    known = np.isfinite(owned)
    np.testing.assert_allclose(owned[known], 1.0, rtol=1e-9)
    for name in OWNERS:
        assert np.all((books[name] >= -1e-9) & (books[name] <= 1 + 1e-9) | ~np.isfinite(books[name]))
    handed = sum(books[f"{name}_proceeds_usd"] for name in ("founders", "pool", "safe", "investors"))
    told = np.isfinite(handed)
    equity = np.broadcast_to(books["exit_equity_usd"], np.shape(handed))
    np.testing.assert_allclose(handed[told], equity[told], rtol=1e-9, atol=1e-6)


@few
@given(scenarios(), st.data())
def test_the_books_balance_whatever_is_set_from_outside(sets: tuple[str, ...], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(SET_FROM_OUTSIDE), min_size=1, max_size=4, unique=True))
    given_usd = {name: data.draw(st.floats(0, 1e6)) for name in chosen}
    books = every_figure((*sets, *(f"{name}={usd!r}" for name, usd in given_usd.items())))
    shape = books["balance_gap_usd"].shape
    check_balance(books | {name: np.full(shape, usd) for name, usd in given_usd.items()})


def check_another_currency(sets: Sequence[str]) -> None:
    # All amounts in units of an eighth of a dollar: a power of two, so that not even rounding differs.
    ready, rate = prepared(sets), 8.0
    drawn = draws_of(ready.leaves, ready.program.leaves, ready.loaded, 4, 0)
    dollars = drawn.block(0, 4)
    others = {name: value * rate ** _powers(name) for name, value in dollars.items()}
    first, second = run(ready.program, dollars, ready.months), run(ready.program, others, ready.months)
    for name, row in first.items():
        scale = np.max(np.abs(row[np.isfinite(row)]), initial=0.0)
        np.testing.assert_allclose(
            second[name] / rate ** _powers(name), row, rtol=1e-9, atol=1e-12 * scale, err_msg=name
        )


@few
@given(scenarios())
def test_another_currency_at_a_fixed_rate_gives_the_same_decisions(sets: tuple[str, ...]) -> None:
    check_another_currency(sets)


@pytest.mark.parametrize(
    "chosen", [[name] for name in strategies.names()] + [strategies.names()], ids="+".join
)
def test_another_currency_changes_no_decision_of_any_strategy(chosen: list[str]) -> None:
    on = (f"mix.{key}=1" for key in Mix.model_fields if key.endswith("_share"))
    check_another_currency(
        (f"strategies=[{', '.join(chosen)}]", "horizon_months=36", "model.launch_month=3", *on)
    )


def _powers(name: str) -> int:
    unit = unit_of(name)
    return unit.numerator.count("usd") - unit.denominator.count("usd")


@few
@given(scenarios())
def test_policies_of_the_books_move_no_money_before_tax(sets: tuple[str, ...]) -> None:
    def books(free: str, training: str) -> Books:
        policies = (f"finance.free_tier_policy={free}", f"finance.training_policy={training}")
        return every_figure((*sets, "finance.tax_rate_share=0", *policies))

    one, other = books("cost_of_revenue", "expensed"), books("marketing", "capitalised")
    assert np.all(np.abs(one["cash_usd"] - other["cash_usd"]) <= 1e-9 * size(one))
