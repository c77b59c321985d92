"""Whole plans: what the user changes has the effect it must have, whatever the draws and the horizon."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner.errors import FigureError, InputError, ScenarioError
from planner.planning import HEADLINES, MAX_DRAWS, plan
from planner.preparing import COMPANY, prepare
from tests.planner.conftest import BOTH, RECORD, ROOT, Planned

# A mix


def test_a_mix_of_two_strategies_plans_and_earns_from_both(planned: Planned) -> None:
    mix, alone = planned("base", BOTH), planned("base")
    parts = mix["open_platform.revenue_usd"].central + mix["technology_services.revenue_usd"].central
    np.testing.assert_allclose(mix["revenue_usd"].central, parts, rtol=1e-12)
    # the platform does not know that there are services beside it
    np.testing.assert_array_equal(mix["open_platform.users"].central, alone["open_platform.users"].central)
    assert mix["total_revenue_usd"].central > alone["total_revenue_usd"].central
    assert mix["client_training_tokens"].central.sum() > 0
    assert np.all(alone["client_training_tokens"].central == 0)
    np.testing.assert_array_equal(mix["training_tokens"].central, alone["training_tokens"].central)


def test_consultants_and_clients_compute_are_costs_of_revenue(planned: Planned) -> None:
    plain = planned("technology_services")
    assert np.nanmax(plain["gross_margin_share"].central) < 0.9
    heavy = planned("technology_services", "project_training_tokens_per_deal=1e12")
    grown = heavy["cost_of_revenue_usd"].central - plain["cost_of_revenue_usd"].central
    passed_on = heavy["client_compute_usd"].central + heavy["client_cleaning_usd"].central
    others = plain["client_compute_usd"].central + plain["client_cleaning_usd"].central
    np.testing.assert_allclose(grown, passed_on - others, rtol=1e-9, atol=1e-6)
    np.testing.assert_array_equal(heavy["one_off_usd"].central, plain["one_off_usd"].central)


def test_nobody_pays_before_the_platform_opens(planned: Planned) -> None:
    found = planned("base", "opening_users=50000", "opening_paid_users=5000")
    closed = int(found.leaves["launch_month"].central()) - 1
    for name in ("revenue_usd", "served_tokens"):
        assert np.all(found[name].central[:closed] == 0), name
        assert found[name].central[closed] > 0, name


def test_a_dearer_subscription_is_taken_by_fewer(planned: Planned) -> None:
    cheap, dear = (planned("base", f"subscription_usd_per_user_month={fee}") for fee in (20, 240))
    assert dear["paid_users"].central[-1] < 0.2 * cheap["paid_users"].central[-1]


def test_the_order_of_the_strategies_does_not_matter(planned: Planned) -> None:
    other = "strategies=[technology_services, open_platform]"
    for name in ("cash_usd", "funding_need_usd"):
        one, two = planned("base", BOTH)[name].central, planned("base", other)[name].central
        np.testing.assert_allclose(one, two, rtol=1e-12)


def test_a_bare_name_of_two_strategies_is_refused_with_both(planned: Planned) -> None:
    mix = planned("base", BOTH)
    assert mix["people"].name == "people"  # the company's own stands before those of the strategies
    with pytest.raises(FigureError, match="did you mean"):
        mix["peopel"]


@pytest.mark.parametrize(
    ("strategies", "message"),
    [
        ("[open_platfrom]", r"'open_platfrom' is no strategy; there are .*did you mean 'open_platform'"),
        ("[open_platform, open_platform]", "'open_platform' stands twice"),
        ("[]", "strategies"),
    ],
)
def test_strategies_that_do_not_exist_are_refused(root: Path, strategies: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        plan(root / "scenarios" / "base.yaml", sets=[f"strategies={strategies}"], measurements="none")


# Overrides


def test_training_cost_goes_with_one_over_the_utilisation(planned: Planned) -> None:
    low, high = (planned("base", f"training_mfu_share={share}") for share in (0.3, 0.45))
    for name in ("training_compute_usd", "training_gpu_hours", "training_compute_usd_per_token"):
        np.testing.assert_allclose(low[name].central, 1.5 * high[name].central, rtol=1e-12)
    assert low["training_compute_usd"].central.sum() > 0


def test_churn_that_is_overridden_inside_the_months_changes_cash(planned: Planned) -> None:
    plain, none, much = planned("base"), *(planned("base", f"churn_share_per_month={c}") for c in (0, 0.5))
    assert none["cash_usd"].central[-1] > plain["cash_usd"].central[-1] > much["cash_usd"].central[-1]
    assert not np.any(none["open_platform.churn_share_per_month"].central)
    # before anybody can leave nothing differs
    launch = int(plain["first_revenue_month"].central) - 1
    np.testing.assert_array_equal(none["cash_usd"].central[:launch], much["cash_usd"].central[:launch])


def test_the_count_of_the_months_cannot_be_set(planned: Planned) -> None:
    with pytest.raises(ScenarioError, match=r"--set month=3: month: counts the months .* set start_month"):
        planned("base", "month=3")


def test_an_override_may_be_uncertain(planned: Planned) -> None:
    found = planned("base", "training_gpu_hours=1000 to 2000", draws=200)
    leaf = found.leaves["training_gpu_hours"]
    assert leaf.uncertain
    assert leaf.evidence.kind == "assumed"
    fixed = planned("base", draws=200)
    assert found["research_usd"].quantile(0.5)[0] == fixed["research_usd"].quantile(0.5)[0]


def test_an_override_of_a_figure_that_has_the_name_of_a_section(planned: Planned) -> None:
    found, same = planned("base", "people=9"), planned("base", "figures.people=9")
    assert found["people"].central == same["people"].central == 9
    assert np.array_equal(found["overhead_usd"].central, same["overhead_usd"].central)
    with pytest.raises(ScenarioError, match="must be a mapping"):
        planned("base", "training=9")


@pytest.mark.parametrize("start", ["0000-01", "9999-06"])
def test_a_plan_starts_in_a_year_from_which_a_calendar_reaches_its_end(start: str) -> None:
    with pytest.raises(
        ScenarioError, match=f"start_month: the year must be from 1000 to 2999 .was {start[:4]}"
    ):
        prepare(ROOT / "scenarios" / "base.yaml", [f"start_month={start}"], str(RECORD))


@pytest.mark.parametrize(
    ("scenario", "figure"),
    [
        ("multi_domain", "domain_customers"),
        ("multi_domain", "multi_domain.contracted_customers"),
        ("multi_domain", "opening_domain_customers"),
        ("data_flywheel", "class_customers"),
        ("base", "role_needed_people"),
    ],
)
@pytest.mark.parametrize("value", ["5", "4 to 6"])
def test_a_figure_of_each_item_cannot_be_set_to_one_number(scenario: str, figure: str, value: str) -> None:
    # Five customers in each of three domains would be 15 in all, but their sum would read the one number that is set.
    with pytest.raises(ScenarioError) as refused:
        plan(ROOT / "scenarios" / f"{scenario}.yaml", sets=[f"{figure}={value}"], measurements=str(RECORD))
    assert str(refused.value).startswith(
        f"--set {figure}={value}: {figure} has a value for each of several items"
    )


def test_a_figure_that_sums_over_items_may_be_set(planned: Planned) -> None:
    found = planned("multi_domain", "multi_domain.paying_customers=5", "listed_people=4 to 6", draws=8)
    assert np.all(found["paying_customers"].central == 5)
    assert np.ptp(found["people"].each_draw()) > 0


def test_an_override_of_one_strategy_by_its_full_name(planned: Planned) -> None:
    found = planned("base", BOTH, "technology_services.people=0")
    assert not np.any(found["technology_services.own_work_usd"].central)
    assert np.any(found["open_platform.revenue_usd"].central)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("trainig_mfu_share=0.3", "did you mean 'training_mfu_share'"),
        ("churn_share_per_month=1.2", "share"),
        ("chrun_share_per_month=0.1", "churn_share_per_month"),
    ],
)
def test_a_misspelt_or_impossible_setting_is_refused(root: Path, setting: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plan(root / "scenarios" / "base.yaml", sets=[setting], measurements="none")


@pytest.mark.parametrize(
    ("setting", "figure", "named"),
    [
        ("training_mfu_share=0", "training.training_mfu_share", "must be above zero"),
        ("gpus_per_replica=0", "serving.gpus_per_replica", "must be above zero"),
        ("corpus_kept_share=chance(0.5)", "data.corpus_kept_share", "must be above zero"),
        ("price_usd_per_million_tokens=0", "market.price_usd_per_million_tokens", "must be above zero"),
        ("release_cadence_months=0", "model.release_cadence_months", "beyond horizon_months means never"),
        ("half_pull_users=-1", "open_platform.half_pull_users", "must be above zero"),
        ("delivery_months=0", "technology_services.delivery_months", "must be above zero"),
        ("training_usd_per_gpu_hour=1e308", "", "beyond all bounds|below"),
    ],
)
def test_what_would_divide_by_zero_is_refused_and_never_comes_out_as_free(
    root: Path, setting: str, figure: str, named: str
) -> None:
    with pytest.raises(InputError, match=named) as error:
        plan(root / "scenarios" / "base.yaml", sets=[setting], measurements=str(RECORD))
    assert figure in str(error.value)


# Draws and horizons


@pytest.mark.parametrize("draws", [0, -1, MAX_DRAWS + 1])
def test_an_impossible_number_of_draws_is_refused(root: Path, draws: int) -> None:
    with pytest.raises(InputError, match=rf"--draws {draws}: give a number from 1"):
        plan(root / "scenarios" / "base.yaml", draws=draws, measurements=str(RECORD))


def test_the_same_seed_gives_the_same_draws_and_another_one_others(planned: Planned, root: Path) -> None:
    again = plan(root / "scenarios" / "base.yaml", measurements=str(RECORD), draws=64, seed=3)
    first, other = planned("base", draws=64, seed=3), planned("base", draws=64, seed=4)
    np.testing.assert_array_equal(first["cash_usd"].draws, again["cash_usd"].draws)
    assert not np.array_equal(first["cash_usd"].draws, other["cash_usd"].draws)


def test_the_central_path_does_not_depend_on_the_draws(planned: Planned) -> None:
    np.testing.assert_array_equal(
        planned("base")["cash_usd"].central, planned("base", draws=64)["cash_usd"].central
    )


@pytest.mark.parametrize("draws", [2, 48, 49])
def test_every_kept_figure_has_its_draws_whatever_their_number(planned: Planned, draws: int) -> None:
    # 48 draws over 48 months: a row of months must not be taken for a row of draws
    found = planned("base", "people.loaded_cost_ratio=1.3", draws=draws)
    for name in HEADLINES:
        figure = found[name]
        assert figure.draws is not None
        assert figure.draws.shape == ((48, draws) if figure.is_monthly else (draws,)), name


def test_a_plan_without_uncertainty_is_the_same_in_every_draw(planned: Planned) -> None:
    found = planned("base", "listed_people=3", draws=48)
    people = found["people"]
    listed = people.draws - found["people"].draws[:, :1]
    assert people.draws.shape == (48, 48)
    assert listed.shape == (48, 48)


@pytest.mark.parametrize("months", [1, 2, 240])
@pytest.mark.parametrize("draws", [1, 3])
def test_the_shortest_and_the_longest_plan(planned: Planned, months: int, draws: int) -> None:
    sets = ("model.launch_month=1", "finance.rounds=[]", f"horizon_months={months}")
    found = planned("base", *sets, draws=draws)
    assert found["cash_usd"].central.shape == (months,)
    assert np.ndim(found["funding_need_usd"].central) == 0
    assert [len(list(found.trace(name).walk())) > 5 for name in ("cash_usd", "funding_need_usd")] == [
        True
    ] * 2
    assert found.frame("cash_usd").shape[0] == months


def test_a_company_without_roles_and_rounds_plans(planned: Planned) -> None:
    found = planned("base", "people.roles=[]", "finance.rounds=[]")
    assert not np.any(found["listed_people"].central)
    assert not np.any(found["new_funding_usd"].central)
    assert found["cash_usd"].central.shape == (48,)


def test_every_company_figure_is_planned(planned: Planned) -> None:
    from planner.engine import figures_of

    found = planned("base")
    assert {name for module in COMPANY for name in figures_of(module)} <= set(found)


def test_users_that_nobody_serves_cost_nothing(planned: Planned) -> None:
    found = planned(
        "base", "open_platform.users=0", "open_platform.paid_users=0", "open_platform.developers=0"
    )
    assert not np.any(found["serving_usd"].central)
    assert not np.any(found["revenue_usd"].central)
    assert found["first_revenue_month"].central == np.inf
    assert found["startup_cost_usd"].central == pytest.approx(
        found["total_cost_usd"].central.sum(), rel=1e-12
    )
