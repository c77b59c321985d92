"""Money in whole plans: the three statements by period, purchases, loans, policies, and rounds that may fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from planner.accounts import FIGURES, STATEMENTS, STOCKS
from planner.errors import InputError
from planner.planning import plan
from planner.result import Result
from tests.planner.conftest import RECORD, ROOT, Planned

BASE = ROOT / "scenarios" / "base.yaml"
PURCHASES = (
    "finance.purchases=[{purchase_month: 4, purchase_gpus: 1, purchase_usd_per_gpu: 3e4, purchase_life_months: 48, "
    "purchase_running_usd_per_gpu_hour: 0.4, resale_month: 30, resale_decline_share_per_month: 0.03}]"
)
LOAN = "finance.loans=[{loan_month: 6, loan_usd: 4e5, loan_rate_share_per_year: 0.12, loan_term_months: 24}]"


def total(result: Result, name: str) -> float:
    return float(np.sum(np.broadcast_to(result[name].central, (result.months,))))


@pytest.fixture(scope="module")
def rich() -> Result:
    sets = (PURCHASES, LOAN, "finance.training_policy=capitalised", "finance.fiscal_year_start_month=4")
    return plan(BASE, sets=sets, measurements=str(RECORD), draws=64, figures=FIGURES)


@pytest.mark.parametrize("period", ["month", "quarter", "year"])
def test_periods_add_up_to_the_months(rich: Result, period: str) -> None:
    frame = rich.statements(period)  # type: ignore[arg-type]
    assert set(frame.columns) >= {
        "statement",
        "period",
        "months",
        "is_partial",
        "figure",
        "currency",
        "central",
        "p50",
    }
    for statement, lines in STATEMENTS.items():
        part = frame[frame.statement == statement]
        assert list(dict.fromkeys(part.figure)) == list(lines)
        for name in lines:
            row = part[part.figure == name].central.to_numpy()
            months = np.broadcast_to(rich[name].central, (rich.months,))
            found, expected = (row[-1], months[-1]) if name in STOCKS else (row.sum(), months.sum())
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-6), name


def test_each_period_is_a_set_of_linked_statements(rich: Result) -> None:
    frame = rich.statements("year")
    table = frame.drop_duplicates(["period", "figure"]).pivot(
        index="figure", columns="period", values="central"
    )
    flows = table.loc["net_cash_flow_usd"] + table.loc["financing_cash_flow_usd"]
    np.testing.assert_allclose(table.loc["cash_usd"].diff()[1:], flows[1:], rtol=1e-9, atol=1e-6)
    owed = table.loc["total_liabilities_usd"] + table.loc["equity_usd"]
    np.testing.assert_allclose(table.loc["total_assets_usd"], owed, rtol=1e-9)
    partial = frame.groupby("period").is_partial.first()
    assert partial.to_dict() == {f"FY{year}": year in (2027, 2031) for year in range(2027, 2032)}


def test_a_period_that_there_is_not_is_refused_in_words(planned: Planned) -> None:
    with pytest.raises(InputError, match="period 'years': give month, quarter, year; did you mean 'year'"):
        planned("base").statements("years")  # type: ignore[arg-type]


def test_the_lines_of_each_statement_lead_to_its_sums(rich: Result) -> None:
    frame = rich.statements("year")
    table = frame.drop_duplicates(["period", "figure"]).pivot(
        index="figure", columns="period", values="central"
    )
    for whole, added, taken in FOOTINGS:
        lines = {line for statement in STATEMENTS.values() if whole in statement for line in statement}
        assert {*added, *taken} <= lines, whole
        found = table.loc[[*added]].sum() - table.loc[[*taken]].sum()
        np.testing.assert_allclose(found, table.loc[whole], rtol=1e-9, atol=1e-6, err_msg=whole)


FOOTINGS = (
    ("gross_profit_usd", ("revenue_usd",), ("cost_of_revenue_usd",)),
    (
        "ebitda_usd",
        ("gross_profit_usd",),
        ("research_usd", "staff_usd", "marketing_usd", "overhead_usd", "privacy_usd", "setup_usd"),
    ),
    (
        "operating_income_usd",
        ("ebitda_usd", "disposal_gain_usd"),
        ("depreciation_usd", "amortisation_usd"),
    ),
    ("net_income_usd", ("operating_income_usd",), ("interest_usd", "tax_usd")),
    (
        "operating_cash_flow_usd",
        (
            "net_income_usd",
            "interest_usd",
            "depreciation_usd",
            "amortisation_usd",
            "working_capital_flow_usd",
        ),
        ("disposal_gain_usd",),
    ),
    ("investing_cash_flow_usd", ("resale_usd",), ("gpu_purchases_usd", "capitalised_training_usd")),
    (
        "financing_cash_flow_usd",
        ("new_funding_usd", "new_debt_usd"),
        ("loan_repayments_usd", "interest_usd"),
    ),
    (
        "total_assets_usd",
        ("cash_usd", "receivables_usd", "fixed_assets_usd", "trained_models_usd"),
        (),
    ),
    ("total_liabilities_usd", ("payables_usd", "deferred_revenue_usd", "debt_usd"), ()),
    ("equity_usd", ("paid_in_capital_usd", "retained_earnings_usd"), ()),
)
"""A sum of a statement, the lines that it adds and those that it takes off."""


def test_quantiles_of_a_year_are_those_of_its_sum_and_not_sums_of_quantiles(rich: Result) -> None:
    frame = rich.statements("year").set_index(["statement", "period", "figure"])
    found = frame.loc[("income", "FY2029", "revenue_usd"), "p90"]
    sums = rich["revenue_usd"].draws[15:27].sum(axis=0)
    assert found == np.quantile(sums, 0.9, method="inverted_cdf")


def test_statements_come_in_another_currency_at_a_fixed_rate(rich: Result) -> None:
    reporting = "finance.reporting={reporting_currency: CNY, units_per_usd: 7.1, rate_source: example}"
    dollars, yuan = (
        plan(BASE, sets=sets, measurements=str(RECORD)).statements("year") for sets in ((), (reporting,))
    )
    assert set(yuan.currency) == {"CNY"}
    pd.testing.assert_series_equal(yuan.central, 7.1 * dollars.central)


def test_own_accelerators_take_the_place_of_rented_ones_while_they_are_there(planned: Planned) -> None:
    rented, owned = planned("base"), planned("base", PURCHASES)
    there = np.arange(1, 49)
    there = (there >= 5) & (there < 30)  # served from the launch until they are sold
    saved = rented["serving_compute_usd"].central - owned["serving_compute_usd"].central
    assert np.all(saved[there] > 0)
    assert not np.any(saved[~there])
    assert total(owned, "owned_running_usd") == pytest.approx(26 * 0.4 * 730.5)
    assert total(owned, "depreciation_usd") == pytest.approx(26 * 3e4 / 48)
    assert total(owned, "investing_cash_flow_usd") == pytest.approx(-3e4 + 3e4 * 0.97**26)
    assert owned["startup_purchases_usd"].central == 3e4
    assert owned["startup_cost_usd"].central - rented["startup_cost_usd"].central == pytest.approx(
        3e4 + owned["owned_running_usd"].central[3]
    )
    assert owned["fixed_assets_usd"].central[-1] == pytest.approx(0, abs=1e-9)


def test_a_loan_brings_cash_costs_interest_and_leaves_the_need_as_it_is(planned: Planned) -> None:
    without, with_loan = planned("base"), planned("base", LOAN)
    assert with_loan["cash_usd"].central[5] - without["cash_usd"].central[5] == pytest.approx(4e5)
    # 400,000 over 24 months at one per cent a month: (24 + 23 + ... + 1) / 24 x 4,000
    assert total(with_loan, "interest_usd") == pytest.approx(4000 * 25 / 2)
    for name in ("funding_need_usd", "net_present_value_usd"):  # no tax is due here that interest could save
        assert with_loan[name].central == without[name].central


def test_capitalising_moves_profit_and_not_cash(planned: Planned) -> None:
    expensed, capitalised = planned("base"), planned("base", "finance.training_policy=capitalised")
    assert total(capitalised, "ebitda_usd") > total(expensed, "ebitda_usd")
    np.testing.assert_allclose(capitalised["cash_usd"].central, expensed["cash_usd"].central, rtol=1e-9)
    for name in ("startup_cost_usd", "startup_training_usd", "funding_need_usd"):
        assert capitalised[name].central == pytest.approx(expensed[name].central)


def test_the_free_tier_in_marketing_lifts_the_gross_margin_alone(planned: Planned) -> None:
    costs, marketing = planned("base"), planned("base", "finance.free_tier_policy=marketing")
    assert marketing["gross_margin_share"].central[-1] > costs["gross_margin_share"].central[-1]
    moved = marketing["marketing_usd"].central - costs["marketing_usd"].central
    np.testing.assert_allclose(moved, costs["free_tier_usd"].central, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(marketing["ebitda_usd"].central, costs["ebitda_usd"].central, rtol=1e-9)


def test_policies_and_kinds_of_rounds_are_shown_as_choices(planned: Planned) -> None:
    leaves = planned("base", "finance.training_policy=capitalised").used_leaves()
    assert leaves["training_capitalised_share"].evidence.note == "finance.training_policy is capitalised"
    assert leaves["free_tier_marketing_share"].evidence.note == "finance.free_tier_policy is cost_of_revenue"
    assert leaves["round_safe_share"].evidence.note == "finance.rounds are priced"


def test_a_round_without_a_valuation_leaves_the_shares_undefined(planned: Planned) -> None:
    found = planned("base", "finance.rounds=[{round_month: 3, round_usd: 3e6}]")["founders_share"].central
    assert np.all(np.isfinite(found[:2]))
    assert np.all(np.isnan(found[2:]))
    valued = planned("base", "finance.rounds=[{round_month: 3, round_usd: 3e6, round_pre_money_usd: 12e6}]")
    assert valued["founders_share"].central[-1] == pytest.approx(0.9 * 0.8)
    parts = [valued[f"{who}_proceeds_usd"].central for who in ("founders", "pool", "safe", "investors")]
    assert sum(parts) == pytest.approx(valued["exit_equity_usd"].central)


def test_what_has_no_value_for_want_of_a_valuation_says_so(planned: Planned) -> None:
    unvalued = planned("base", "finance.rounds=[{round_month: 3, round_usd: 3e6}]")
    owned = (
        "founders_share",
        "pool_share",
        "investors_share",
        "founders_proceeds_usd",
        "investors_proceeds_usd",
    )
    for name in owned:
        assert unvalued[name].status(np.nan) == "undefined: a priced round has no valuation"
        assert np.isnan(np.ravel(unvalued[name].central)[-1]), name
    reason = "undefined: no priced round with a valuation in the month"
    assert planned("base")["pre_money_usd"].status(np.nan) == reason


MAY_FAIL = """\
extends: {base}
name: A second round that may fail
finance:
  rounds:
    - {{round_month: 3, round_usd: 2e6, round_pre_money_usd: 12e6}}
    - {{round_month: 14, round_usd: 5e6, round_pre_money_usd: 20e6, round_success_share: chance(0.6)}}
open_platform:
  addressable_users: 3e6 to 2e7
"""
CLIMATE = """\
uncertainty:
  factors:
    - factor: funding_climate
      drives: {open_platform.addressable_users: 0.8, finance.rounds.1.round_success_share: 0.8}
"""


def test_where_funding_dries_up_with_demand_more_companies_run_out_of_money(tmp_path: Path) -> None:
    # Who sells well does without the round; who does not needs it, and in a bad climate does not get it.
    ruined = {}
    for name, text in {"apart": "", "together": CLIMATE}.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(MAY_FAIL.format(base=BASE) + text, "utf-8")
        figures = ("lowest_cash_usd", "new_priced_usd")
        result = plan(path, measurements=str(RECORD), draws=1024, figures=figures)
        ruined[name] = float(result["lowest_cash_usd"].probability(lambda usd: usd < 0))
        # the chance of the round itself is the same
        came = result["new_priced_usd"].draws[13] > 0
        assert np.mean(came) == pytest.approx(0.6, abs=0.02)
    assert ruined["together"] > ruined["apart"] + 0.015
