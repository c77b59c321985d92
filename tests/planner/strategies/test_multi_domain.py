"""What holds of multi-domain applications whatever their numbers are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from planner import strategies
from planner.engine import figures_of
from planner.errors import ScenarioError
from planner.evidence import SHOCKS
from planner.formulas import market, portfolio
from planner.scenario.keys import quantities
from planner.strategies import multi_domain
from planner.strategies.multi_domain import MOST_DOMAINS, Domain, books, demand, economics
from tests.planner.conftest import Planned
from tests.planner.strategies.conftest import (
    GIVEN,
    MONTHS,
    Alone,
    any_inputs,
    column,
    lists_of,
    program_of,
)

inputs = any_inputs("multi_domain")
few = settings(max_examples=15, phases=(Phase.explicit, Phase.generate))
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


def before(row: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros_like(row[:1]), row[:-1]])


TOTALS = {
    "revenue_usd": "domain_revenue_usd", "served_tokens": "domain_tokens", "development_usd": "domain_development_usd",
    "paying_customers": "domain_customers", "new_customers": "new_domain_customers",
    "lost_customers": "lost_domain_customers", "extra_training_tokens": "domain_finetuning_tokens",
    "staff_usd": "domain_support_usd", "usage_revenue_usd": "domain_usage_usd",
}  # fmt: skip


@few
@given(inputs=inputs)
def test_the_domains_add_up_to_the_company(alone: Alone, inputs: dict[str, Any]) -> None:
    found = alone("multi_domain", inputs)
    for whole, part in TOTALS.items():
        np.testing.assert_allclose(found[whole], found[part].sum(axis=1), rtol=1e-12, err_msg=whole)
    both = found["recurring_revenue_usd"] + found["usage_revenue_usd"]
    np.testing.assert_allclose(found["revenue_usd"], both, rtol=1e-12)
    asked = found["interested_domain_customers"].sum(axis=1) > 0
    marketing = found["domain_marketing_usd"].sum(axis=1)
    np.testing.assert_allclose(found["marketing_usd"][asked], marketing[asked], rtol=1e-12)
    served = found["domain_tokens"].sum(axis=1) > 0
    shared = found["domain_shared_usd"].sum(axis=1)
    np.testing.assert_allclose(shared[served], found["shared_training_usd"][served], rtol=1e-12)


@few
@given(inputs=inputs)
def test_customers_come_and_go_and_are_conserved(alone: Alone, inputs: dict[str, Any]) -> None:
    found = alone("multi_domain", inputs)
    customers, new, lost = (
        found[f"{which}domain_customers"] for which in ("", "new_", "lost_")
    )  # fmt: skip
    np.testing.assert_allclose(customers, np.cumsum(new - lost, axis=0), rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(found["contracted_customers"].sum(axis=1), customers, rtol=1e-12)
    people = found["domain_sellers_people"] + customers @ inputs["domain_support_people_per_customer"][:, 0]
    np.testing.assert_allclose(found["people"], people, rtol=1e-12)
    assert np.all(found["domain_sellers_people"] <= inputs["most_sellers_people"] * (1 + 1e-12))


@few
@given(inputs=inputs)
def test_nothing_is_negative_or_without_a_value(alone: Alone, inputs: dict[str, Any]) -> None:
    found = alone("multi_domain", inputs)
    undefined = {"domain_concentration_share", "diversification_ratio"}
    signed = {"domain_contribution_usd", "domain_value_usd"}
    for name, row in found.items():
        if name not in undefined:
            assert np.all(np.isfinite(row)), name
        if name not in undefined | signed:
            assert np.all(row >= -1e-9 * np.max(np.abs(row), initial=0)), name
        if name.endswith("_share"):
            assert np.all((row <= 1 + 1e-12) | np.isnan(row)), name
    assert np.all(found["largest_customers_revenue_usd"] <= found["revenue_usd"] * (1 + 1e-12))


@few
@given(inputs=inputs)
def test_concentration_lies_between_equal_domains_and_one(alone: Alone, inputs: dict[str, Any]) -> None:
    found, count = alone("multi_domain", inputs), len(inputs["domain_entry_month"])
    sold = found["revenue_usd"] > 0
    share = found["domain_concentration_share"]
    assert np.all((share[sold] >= (1 - 1e-9) / count) & (share[sold] <= 1 + 1e-9))
    assert np.all(np.isnan(share[~sold]))
    moving = sold & (np.max(inputs["domain_volatility_ratio"]) > 0)
    assert np.all(found["diversification_ratio"][moving] >= 1 - 1e-9)


@few
@given(inputs=inputs)
def test_nobody_signs_before_the_entry_and_nobody_leaves_before_the_first_renewal(
    alone: Alone, inputs: dict[str, Any]
) -> None:
    found = alone("multi_domain", inputs)
    for item, entry in enumerate(inputs["domain_entry_month"][:, 0]):
        start = max(int(np.ceil(entry)), START)
        assert found["domain_start_month"][item] == start
        for name in ("domain_customers", "domain_tokens", "domain_revenue_usd", "domain_support_usd"):
            assert not np.any(found[name][: start - 1, item]), name
        assert not np.any(found["lost_domain_customers"][: start + 11, item])


@few
@given(inputs=inputs)
def test_customers_pay_what_they_are_billed(alone: Alone, inputs: dict[str, Any]) -> None:
    found = alone("multi_domain", inputs)
    deferred = found["deferred_revenue_usd"]
    billed = found["revenue_usd"] + deferred - before(deferred)
    # in advance for the year by those whose contract begins or goes on, by the others for the month
    fee = inputs["domain_fee_usd_per_customer_month"][:, 0]
    year = found["contracted_customers"][:, -1] @ fee * 12
    month = found["domain_customers"] @ fee
    prepaid = inputs["domain_prepaid_share"]
    expected = prepaid * year + (1 - prepaid) * month + found["usage_revenue_usd"]
    np.testing.assert_allclose(billed, expected, rtol=1e-9, atol=1e-9 * np.max(expected))
    assert np.all(found["receivables_usd"] <= np.cumsum(billed) * (1 + 1e-9) + 1e-9 * np.max(expected))


@few
@given(more=st.floats(0, 1), fees=st.lists(st.floats(0, 1e5), min_size=3, max_size=3))
def test_higher_churn_never_raises_revenue(alone: Alone, more: float, fees: list[float]) -> None:
    # With demand and decisions held fixed: a market that is far from full (near its end, who leaves is won again, in
    # another month), a team that has time for all (or one domain's loss is another's gain), no domain stopped.
    given = {
        **defaults(),
        "domain_fee_usd_per_customer_month": column(fees),
        **TEAM_AS_ASKED_FOR,
        "domain_patience_months": 1e3,
    }
    churn = given["domain_renewal_churn_share"]
    lower, higher = (
        alone("multi_domain", {**given, "domain_renewal_churn_share": share})
        for share in (churn, churn + more * (1 - churn))
    )
    assert np.all(higher["domain_customers"] <= lower["domain_customers"] * (1 + 1e-12))
    assert np.all(higher["revenue_usd"] <= lower["revenue_usd"] * (1 + 1e-12))


def test_customers_are_the_cohorts_that_survive_their_renewals(alone: Alone) -> None:
    given = defaults()
    found, churn = alone("multi_domain", given), given["domain_renewal_churn_share"][:, 0]
    new = found["new_domain_customers"]
    for month in (12, 30, 59):
        ages = np.arange(month, -1, -1)
        survivors = sum(new[start] * (1 - churn) ** (age // 12) for start, age in enumerate(ages))
        np.testing.assert_allclose(found["domain_customers"][month], survivors, rtol=1e-12)


def test_one_domain_without_bounds_grows_as_bass(alone: Alone) -> None:
    given = {
        **only(defaults(), 0),
        "domain_renewal_churn_share": column([0.0]), "domain_volatility_ratio": column([0.0]),
        "domain_ramp_months": 1.0, "base_domain_win_share": 1.0, "most_sellers_people": 1e9,
        "first_sellers_people": 1e9, "seller_hiring_months": 0.0, "domain_patience_months": 1e3,
    }  # fmt: skip
    found = alone("multi_domain", given)["domain_customers"][:, 0]
    size = given["addressable_domain_customers"][0, 0]
    p, q = (
        given[f"domain_{which}_share_per_month"][0, 0] for which in ("innovation", "imitation")
    )  # fmt: skip
    customers = 0.0
    for month in range(START - 1, MONTHS):
        customers += float(market.adopters(size - customers, p + q * customers / size))
        assert found[month] == pytest.approx(customers, rel=1e-12)


def test_a_team_that_is_too_small_serves_every_domain_in_proportion(alone: Alone) -> None:
    given = {
        **defaults(),
        "most_sellers_people": 1.0,
        "first_sellers_people": 1.0,
        "seller_hiring_months": 1.0,
    }
    found = alone("multi_domain", {**given, "cross_sell_share_per_month": 0.0})
    sold, asked = found["sold_domain_customers"], found["interested_domain_customers"]
    pursued = sold / found["domain_win_share"]
    busy = pursued.sum(axis=1) < asked.sum(axis=1) * (1 - 1e-9)
    assert busy[-12:].all()
    capacity = given["pursued_customers_per_person_month"]
    np.testing.assert_allclose(pursued[busy].sum(axis=1), capacity * found["domain_sellers_people"][busy])
    parts, wanted = (
        row[busy] / row[busy].sum(axis=1, keepdims=True) for row in (pursued, asked)
    )  # fmt: skip
    np.testing.assert_allclose(parts, wanted, rtol=1e-12)


def test_references_and_a_better_model_win_more_and_quality_keeps_customers(alone: Alone) -> None:
    given = defaults()
    plain = alone("multi_domain", given)
    referred = alone("multi_domain", {**given, "shared_reference_customers": 100.0})
    better = alone("multi_domain", {**given, "shared_quality_ratio": 1.25})
    reached = alone("multi_domain", {**given, "partner_reach_share": 0.2})
    gain = 1 + given["reference_gain_ratio"] * np.log(101)
    # from the second month on, since what others give is read from the month before
    base = given["base_domain_win_share"]
    assert referred["domain_win_share"][1, 0] == pytest.approx(base * gain)
    assert better["domain_win_share"][1, 0] == pytest.approx(1.25 * base)
    churn = given["domain_renewal_churn_share"][:, 0]
    np.testing.assert_allclose(better["unrenewed_share"][-1], churn / 1.25)
    np.testing.assert_allclose(
        reached["reached_domain_customers"][1:], 1.2 * plain["reached_domain_customers"][1:]
    )
    for found in (referred, better, reached):
        assert found["paying_customers"][-1] > plain["paying_customers"][-1]


def test_cross_selling_needs_other_domains(alone: Alone) -> None:
    given = defaults()
    assert not np.any(alone("multi_domain", only(given, 0))["cross_sold_domain_customers"])
    found = alone("multi_domain", given)
    month, domain = 40, 2
    others = found["domain_customers"][month - 1, :2].sum()
    held = found["domain_customers"][month - 1, domain] / found["reached_domain_customers"][month, domain]
    expected = (
        given["cross_sell_share_per_month"]
        * others
        * (1 - held)
        * found["domain_selling_share"][month, domain]
    )
    assert found["cross_sold_domain_customers"][month, domain] == pytest.approx(expected)
    fees = given["domain_fee_usd_per_customer_month"][:, 0]
    expansion = found["cross_sold_domain_customers"][month] @ fees
    assert found["expansion_recurring_usd"][month] == pytest.approx(expansion)


def test_with_and_without_a_domain(alone: Alone) -> None:
    given = {
        **defaults(),
        "cross_sell_share_per_month": 0.0,
        **TEAM_AS_ASKED_FOR,
    }
    with_all, without = alone("multi_domain", given), alone("multi_domain", only(given, 0, 1))
    # Apart, with sellers as demand asks for, a domain is worth what it contributes, and takes nothing from the others.
    np.testing.assert_allclose(with_all["domain_value_usd"][:2], without["domain_value_usd"], rtol=1e-9)
    np.testing.assert_allclose(
        with_all["revenue_usd"] - without["revenue_usd"], with_all["domain_revenue_usd"][:, 2], rtol=1e-9
    )
    # A domain that is entered after the horizon is not there, but for its preparation.
    late = {**given, "domain_entry_month": given["domain_entry_month"] + np.array([[0.0], [0.0], [100.0]])}
    beyond = alone("multi_domain", late)
    np.testing.assert_allclose(beyond["revenue_usd"], without["revenue_usd"], rtol=1e-12)
    assert beyond["domain_value_usd"][2] == 0.0


def test_the_contributions_are_the_strategys_less_fine_tuning(alone: Alone) -> None:
    given = defaults()
    found = alone("multi_domain", given)
    service = found["served_tokens"] * GIVEN["pooled_service_usd_per_token"]
    costs = ("delivery_usd", "staff_usd", "marketing_usd", "development_usd")
    whole = found["revenue_usd"] - service - sum(found[name] for name in costs)
    whole -= found["extra_training_tokens"] * GIVEN["training_compute_usd_per_token"]
    asked = found["interested_domain_customers"].sum(axis=1) > 0
    parts = found["domain_contribution_usd"].sum(axis=1)
    np.testing.assert_allclose(parts[asked], whole[asked], rtol=1e-9)
    value = portfolio.present_value_usd(found["domain_contribution_usd"], 0.1)
    np.testing.assert_allclose(found["domain_value_usd"], value, rtol=1e-12)


def test_the_entry_is_paid_once_before_it_and_only_its_upkeep_after(alone: Alone) -> None:
    given = {**only(defaults(), 1), "domain_preparation_months": 3.0}
    found, start = alone("multi_domain", given), 15
    share = found["domain_preparing_share"][:, 0]
    np.testing.assert_allclose(share[[10, 11, 12, 13, 14]], [0, 1 / 3, 1 / 3, 1 / 3, 0])
    kept_up = given["domain_evaluation_usd"] + given["domain_certification_usd"]
    labels = 10_000 * given["domain_label_usd_per_item"] * given["domain_label_rework_ratio"]
    entry = float(given["domain_integration_usd"][0, 0] + labels + kept_up[0, 0])
    assert found["development_usd"][: start - 1].sum() == pytest.approx(entry)
    upkeep = float(kept_up[0, 0]) * given["domain_upkeep_share_per_year"]
    assert found["development_usd"][start - 1 : start + 11].sum() == pytest.approx(upkeep)
    assert found["extra_training_tokens"].sum() == pytest.approx(2e8)


def test_a_domain_that_loses_money_for_too_long_is_stopped_and_runs_off(alone: Alone) -> None:
    given = {
        **defaults(),
        "domain_fee_usd_per_customer_month": column([4e3, 1.0, 9e3]),
        "domain_ramp_months": 4.0,
        "domain_patience_months": 6.0,
    }
    found = alone("multi_domain", given)
    open_share = found["domain_open_share"][:, 1]
    # sold from month 15, strong from month 19, six losses until month 24: stopped from month 25
    assert np.array_equal(np.flatnonzero(open_share) + 1, np.arange(15, 25))
    new, customers = found["new_domain_customers"][:, 1], found["domain_customers"][:, 1]
    assert not np.any(new[24:])
    assert customers[24] > 0
    assert not np.any(customers[36:]), "the last contract, of month 24, ends in month 36"
    patient = alone("multi_domain", {**given, "domain_patience_months": 1e3})
    assert np.all(patient["domain_open_share"][14:, 1] == 1)
    assert found["domain_value_usd"][1] > patient["domain_value_usd"][1]


def test_two_domains_move_together_as_their_loadings_say() -> None:
    random = np.random.default_rng(5)
    draws = 20_000
    given = {**GIVEN, **defaults(), "domain_loading_share": column([0.8, 0.5, 0.0])}
    given |= {name: random.uniform(0.001, 0.999, (MONTHS, draws)) for name in SHOCKS | strategies.shocks()}
    mood = program_of("multi_domain").run(given, MONTHS, keep=["multi_domain.domain_mood_ratio"])
    last = mood["multi_domain.domain_mood_ratio"][-1]
    assert last.shape == (3, draws)
    expected = np.array([[1, 0.4, 0], [0.4, 1, 0], [0, 0, 1]])
    np.testing.assert_allclose(np.corrcoef(last), expected, atol=0.03)
    np.testing.assert_allclose(np.std(last, axis=1), 1, rtol=0.05)


def test_draws_are_what_each_is_alone() -> None:
    program, names = program_of("multi_domain"), ["multi_domain.revenue_usd", "multi_domain.domain_value_usd"]
    entry = np.array([[1.0, 3.7], [15.0, 7.2], [27.0, 70.0]])
    together = program.run({**GIVEN, **defaults(), "domain_entry_month": entry}, MONTHS, keep=names)
    for draw in range(2):
        one = {**GIVEN, **defaults(), "domain_entry_month": entry[:, draw : draw + 1]}
        alone = program.run(one, MONTHS, keep=names)
        for name in names:
            np.testing.assert_allclose(together[name][..., draw], alone[name][..., 0], rtol=1e-12)


@pytest.mark.parametrize("effort", [0.0, 1.0])
@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_all_shares_at_their_ends_and_no_domain_at_all(
    alone: Alone, count: int, share: float, effort: float
) -> None:
    given = only(defaults(), *range(count))
    ends = {
        name: np.full_like(value, share)
        for name, value in given.items()
        if "_share" in name and name != "customer_spread_share"
    }
    found = alone("multi_domain", {**given, **ends, "domains_effort_share": effort})
    assert np.all(np.isfinite(found["revenue_usd"]))
    if count == 0 or effort == 0 or share == 0:
        assert not np.any(found["revenue_usd"])
        assert not np.any(found["marketing_usd"]) or count
    if count == 0:
        assert not np.any(found["people"])
        assert found["domain_value_usd"].shape == (0,)


def test_the_default_domains_are_three_and_at_most_eight_can_be_planned() -> None:
    assert [domain.domain for domain in multi_domain.Inputs().domains] == [
        "legal drafting", "medical documentation", "financial analysis",
    ]  # fmt: skip
    assert sum(name.startswith("shock_domain_") for name in strategies.shocks()) == MOST_DOMAINS
    one = multi_domain.Inputs().domains[0]
    assert isinstance(one, Domain)
    with pytest.raises(ValidationError, match="at most 8"):
        multi_domain.Inputs(domains=(one,) * (MOST_DOMAINS + 1))


def test_the_shipped_scenario_plans_with_plausible_numbers(planned: Planned) -> None:
    result = planned("multi_domain")
    customers = result["multi_domain.paying_customers"].central
    assert 300 < customers[-1] < 1500
    share = result["domain_concentration_share"].central
    assert share[11] == 1
    assert 0.25 <= share[-1] < 0.4
    yearly = result["revenue_usd"].central.reshape(-1, 12).sum(axis=1)
    assert np.all(np.diff(yearly) > 0)
    assert 5e6 < yearly[-1] < 5e7
    contribution = result.total("domain_contribution_usd")
    finetuning = result["multi_domain.extra_training_tokens"].central
    whole = (
        result["multi_domain.contribution_usd"].central
        - finetuning * result["training_compute_usd_per_token"].central
    )
    asked = result.total("interested_domain_customers") > 0
    np.testing.assert_allclose(contribution[asked], whole[asked], rtol=1e-9)
    leaves = [node.name for _, node in result.trace("domain_value_usd").walk() if not node.node.function]
    assert {"domain_fee_usd_per_customer_month", "shock_domain_8_share"} <= set(leaves)


def test_domains_can_be_left_out_and_moved_and_one_number_does_not_stand_for_all(planned: Planned) -> None:
    assert not np.any(planned("multi_domain", "multi_domain.domains=[]")["revenue_usd"].central)
    late = planned("multi_domain", "multi_domain.domains.0.domain_entry_month=70")
    assert not np.any(late["domain_revenue_usd"].central[:, 0])
    with pytest.raises(ScenarioError, match="domain_customers has a value for each of several items"):
        planned("multi_domain", "domain_customers=10")


def test_what_other_strategies_offer_is_read_from_the_company(planned: Planned) -> None:
    plain = planned("multi_domain")["domain_win_share"].central
    for offered in ("shared_reference_customers=100", "shared_quality_ratio=1.2"):
        helped = planned("multi_domain", offered)["domain_win_share"].central
        assert np.all(helped[1:] > plain[1:]), "from the second month on"
        assert helped[0, 0] == plain[0, 0]


def test_the_figures_of_the_package_are_those_of_its_modules() -> None:
    parts = [figures_of(part) for part in (demand, economics, books)]
    together = figures_of(multi_domain)
    assert len(together) == sum(map(len, parts)), "a name stands in one module alone"
    assert set(together) == {name for part in parts for name in part}
    assert "adopters" not in together
