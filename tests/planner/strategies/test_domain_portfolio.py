"""Domains beside each other: what each adds, when one is stopped, how they move together, what a scenario may say."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from planner import strategies
from planner.engine import figures_of
from planner.errors import ScenarioError
from planner.evidence import SHOCKS
from planner.formulas import portfolio
from planner.strategies import multi_domain
from planner.strategies.multi_domain import MOST_DOMAINS, Domain, books, demand, economics
from tests.planner.conftest import Planned
from tests.planner.strategies.conftest import (
    GIVEN,
    MONTHS,
    Alone,
    column,
    program_of,
)
from tests.planner.strategies.domains import (
    TEAM_AS_ASKED_FOR,
    defaults,
    only,
)


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
