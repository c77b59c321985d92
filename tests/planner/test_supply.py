"""Models, capacity and people in whole plans: what is late, what is under contract, who is found, in which currency."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest

from planner import strategies, units
from planner.engine import figures_of
from planner.errors import ScenarioError
from planner.planning import plan
from planner.result import Result

ROOT = Path(__file__).resolve().parents[2]
RECORD = str(ROOT / "tests" / "data" / "quick-record.json")
AS_PLANNED = (
    "launch_slip_months=0", "release_slip_months=0", "release_success_share=1", "repeated_run_share=0",
    "attrition_share_per_year=0", "recruiting_pay_months=0",
)  # fmt: skip


def month_rows(result: Result, *names: str) -> tuple[np.ndarray, ...]:
    return tuple(
        np.broadcast_to(np.asarray(result[name].central, dtype=float), (result.months,)) for name in names
    )


def same(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9)


def test_a_plan_in_which_all_goes_as_planned_is_the_plain_sum(planned) -> None:  # noqa: ANN001
    result = planned("base", *AS_PLANNED)
    leaf = result.central_leaves
    month, roles = np.arange(1.0, result.months + 1), np.asarray(leaf["role_people"])
    hired = np.where(month >= leaf["role_hire_month"], roles, 0.0)
    listed, staff, pay = month_rows(result, "listed_people", "staff_usd", "pay_ratio")
    same(listed, hired.sum(axis=0))
    same(staff, (hired * leaf["role_salary_usd_per_person_year"] / 12).sum(axis=0) * pay)
    overhead, people = month_rows(result, "overhead_usd", "people")
    same(
        overhead,
        leaf["fixed_overhead_usd_per_month"] + people * leaf["overhead_usd_per_person_month"],
    )
    rent, gpus, price = month_rows(
        result, "serving_compute_usd", "serving_gpus", "serving_price_usd_per_gpu_hour"
    )
    same(rent, gpus * units.HOURS_PER_MONTH * price)
    trained, tokens = month_rows(result, "training_tokens", "model_training_tokens")
    same(trained, tokens * leaf["research_compute_ratio"])
    assert np.flatnonzero(month_rows(result, "released_share")[0])[:2].tolist() == [4, 10]  # months 5 and 11
    assert result["service_month"].central == 5


def test_the_central_path_launches_in_the_month_that_is_written_and_draws_may_be_late(planned) -> None:  # noqa: ANN001
    result = planned("base", draws=256)
    assert result["service_month"].central == 5
    late = plan(ROOT / "scenarios" / "base.yaml", measurements=RECORD, draws=256, figures=["service_month"])[
        "service_month"
    ].draws
    assert set(np.unique(late)) == {5, 6, 7, 8}
    assert 0.3 < np.mean(late > 5) < 0.6


@pytest.mark.parametrize("scenario", sorted(strategies.names()))
def test_whoever_waits_for_the_launch_waits_for_the_late_one(scenario: str, planned) -> None:  # noqa: ANN001
    late = planned(scenario, *AS_PLANNED, "launch_slip_months=6.5")
    served, research = month_rows(late, "served_tokens", "research_usd")
    launch = int(late.central_leaves["launch_month"])
    assert late["service_month"].central == launch + 6
    assert not np.any(served[: launch + 5])
    assert np.any(served)
    assert np.all(np.isfinite(research))


def test_no_figure_of_a_strategy_reads_the_planned_launch_where_the_late_one_counts() -> None:
    readers = {
        f"{name}.{figure}"
        for name in strategies.names()
        for figure, function in figures_of(strategies.module(name)).items()
        if {"launch_month", "switch_month"} & set(inspect.signature(function).parameters)
    }
    assert readers <= {"data_flywheel.collecting_share"}  # buying data begins when the first training does


def test_a_late_launch_costs_the_same_training_over_more_months(planned) -> None:  # noqa: ANN001
    fixed = (*AS_PLANNED, "gpu_price_decline_share_per_month=0", "release_cadence_months=1000")
    on_time, late = (planned("base", *fixed, f"launch_slip_months={slip}") for slip in (0, 2))
    spent = [month_rows(result, "training_compute_usd")[0] for result in (on_time, late)]
    assert [np.flatnonzero(each).tolist() for each in spent] == [[1, 2, 3], [1, 2, 3, 4, 5]]
    assert spent[1].sum() == pytest.approx(spent[0].sum())


def test_a_release_that_fails_is_paid_for(planned) -> None:  # noqa: ANN001
    good, bad = (planned("base", *AS_PLANNED, f"release_success_share={share}") for share in (1, 0.4))
    same(*(month_rows(result, "training_compute_usd")[0] for result in (good, bad)))
    assert month_rows(good, "released_share")[0].sum() > month_rows(bad, "released_share")[0].sum() == 1


def test_a_model_that_grows_costs_more_to_train_and_to_serve(planned) -> None:  # noqa: ANN001
    plain, grown = (planned("base", f"model_growth_ratio={growth}") for growth in (1, 1.2))
    for name in ("training_compute_usd", "needed_serving_gpus"):
        before, after = (month_rows(result, name)[0] for result in (plain, grown))
        same(before[:10], after[:10])  # the first refresh is in month 11
        same(after[11:16], before[11:16] * 1.2)


def test_growth_beyond_the_memory_of_a_replica_is_refused() -> None:
    # 8 GB of weights, grown by half seven times, are more than the 80 GB of one accelerator
    with pytest.raises(ScenarioError, match="GB of weights do not fit"):
        plan(ROOT / "scenarios" / "base.yaml", sets=["model_growth_ratio=1.5"], measurements=RECORD)


def test_a_contract_is_paid_by_a_company_that_buys_all_from_a_vendor(planned) -> None:  # noqa: ANN001
    result = planned("base", "model.source=api", "minimum_committed_gpus=8")
    committed, unused, serving = month_rows(
        result, "committed_usd", "unused_committed_usd", "serving_compute_usd"
    )
    assert np.all(committed > 0)
    same(committed, unused)
    same(serving, committed)


def test_the_discount_is_that_of_the_term() -> None:
    def discount(*sets: str) -> tuple[float, str]:
        result = plan(ROOT / "scenarios" / "base.yaml", sets=sets, measurements=RECORD)
        leaf = result.leaves["commitment_discount_share"]
        return leaf.central(), leaf.evidence.kind

    assert discount() == (0.37, "published")
    assert discount("commitment_months=36") == (0.56, "published")
    assert discount("commitment_discount_share=0.1") == (0.1, "assumed")


def test_a_contract_saves_where_the_need_is_steady_and_costs_where_it_is_not_there(planned) -> None:  # noqa: ANN001
    names = ("committed_usd", "on_demand_usd", "serving_compute_usd")
    free = month_rows(planned("base"), *names)
    bound = month_rows(planned("base", "committed_need_share=0.8", "capacity_margin_share=0"), *names)
    idle = month_rows(planned("base", "minimum_committed_gpus=1000"), *names)
    same(free[2], free[1])
    same(bound[2], bound[0] + bound[1])
    assert bound[2].sum() < free[2].sum() < idle[2].sum()


COMPANY = """
name: Two sites
strategies: [technology_services]
horizon_months: 36
data: {{filter_usd_per_machine_hour: 0.1}}
market: {{price_usd_per_million_tokens: 1, reference_price_usd_per_million_tokens: 1}}
people:
  roles:
    - {{role: founders, role_people: 2, role_salary_usd_per_person_year: 100e3}}
    - {{role: engineers, role_people: 3, role_hire_month: 2, {salary}}}
{rate}
"""
IN_YUAN = "role_salary_local_per_person_year: 450e3"
RATE = "  local_currency_usd: {value: 0.14, source: a bank, as_of: 2026-11-20}"


def written(folder: Path, salary: str, rate: str = "") -> Path:
    path = folder / "sites.yaml"
    path.write_text(COMPANY.format(salary=salary, rate=rate), encoding="utf-8")
    return path


def test_another_currency_at_a_fixed_rate_gives_the_same_decisions(tmp_path: Path) -> None:
    figures = (
        "cash_usd",
        "people",
        "staff_usd",
        "funding_need_usd",
        "net_present_value_usd",
        "runway_months",
    )
    dollars = plan(
        written(tmp_path, "role_salary_usd_per_person_year: 63e3"),
        measurements=RECORD,
        draws=64,
        figures=figures,
    )
    yuan = plan(written(tmp_path, IN_YUAN, RATE), measurements=RECORD, draws=64, figures=figures)
    assert yuan.leaves["local_currency_usd"].evidence.kind == "quoted"
    for name in figures:
        np.testing.assert_allclose(yuan[name].draws, dollars[name].draws, rtol=1e-9, err_msg=name)
        np.testing.assert_allclose(yuan[name].central, dollars[name].central, rtol=1e-9, err_msg=name)


def test_a_dearer_site_costs_more_and_only_there(tmp_path: Path) -> None:
    path = written(tmp_path, IN_YUAN, RATE)
    plain, dear = (
        plan(path, sets=[f"local_site_cost_ratio={ratio}", *AS_PLANNED], measurements=RECORD)
        for ratio in (1, 1.2)
    )
    staff, dearer, pay = (
        month_rows(result, name)[0]
        for result, name in ((plain, "staff_usd"), (dear, "staff_usd"), (plain, "pay_ratio"))
    )
    same((dearer - staff)[0], np.asarray(0.0))
    same((dearer - staff)[1:], 0.2 * 3 * 63e3 / 12 * pay[1:])


def test_finding_people_and_gaps_are_in_the_books(planned) -> None:  # noqa: ANN001
    calm, lively = (planned("base", f"attrition_share_per_year={share}") for share in (0, 0.3))
    staff, lower = (month_rows(result, "staff_usd")[0] for result in (calm, lively))
    found, more, vacant = (
        *(month_rows(result, "recruiting_usd")[0] for result in (calm, lively)),
        month_rows(lively, "vacant_people")[0],
    )
    assert np.all(lower < staff)
    assert np.flatnonzero(found).tolist() == [1, 4, 6]  # the months in which roles are filled anew
    assert np.all(more > found)
    assert np.all((vacant > 0) & (vacant < 1))
    same(*(month_rows(result, "people")[0] for result in (calm, lively)))


def test_a_role_grows_with_the_accounts(planned) -> None:  # noqa: ANN001
    roles = "people.roles=[{role: support, role_people: 1, role_salary_usd_per_person_year: 5e4, "
    result = planned("base", roles + "role_people_per_customer: 0.001}]")
    listed, accounts = month_rows(result, "listed_people", "open_platform.paying_customers")
    same(listed, np.maximum(accounts * 0.001, 1.0))
    assert listed[-1] > 1


@pytest.mark.parametrize(
    ("salary", "rate", "said"),
    [
        ("role_people_per_gpu: 0", "", ":10:7: people.roles.1: a salary is missing; write role_salary_usd"),
        (f"role_salary_usd_per_person_year: 1, {IN_YUAN}", RATE,
         "people.roles.1.role_salary_local_per_person_year: the salary stands here and as"),
        (IN_YUAN, "", "people: engineers are paid in another currency, so its rate is needed; write local_currency"),
    ],
)  # fmt: skip
def test_a_salary_is_written_once_and_its_currency_has_a_rate(
    salary: str, rate: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ScenarioError) as error:
        plan(written(tmp_path, salary, rate), measurements=RECORD)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (("serving_term=reserved_1_year", "committed_need_share=0.5"),
         "serving.committed_need_share: committed_need_share is 0.5, at a discount off the on-demand price"),
        (("serving_term=spot", "minimum_committed_gpus=5"), "serving.minimum_committed_gpus: "),
        (("launch_slip_months=60",), "model.launch_slip_months: launch_slip_months is 60, so that customers come in"),
        (("release_success_share=2",), "release_success_share"),
        (("model_growth_ratio=0",), "model_growth_ratio"),
        (("attrition_share_per_year=20",), "attrition_share_per_year"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_at_its_key(sets: tuple[str, ...], said: str) -> None:
    with pytest.raises(ScenarioError) as error:
        plan(ROOT / "scenarios" / "base.yaml", sets=sets, measurements=RECORD)
    assert said in str(error.value)


UGLY = (
    "launch_slip_months=0 to 40", "release_slip_months=uniform(0, 30)", "release_success_share=0.01 to 0.99",
    "repeated_run_share=1", "attrition_share_per_year=1", "vacancy_months=50", "recruiting_pay_months=0",
    "committed_need_share=1", "capacity_lead_months=0", "commitment_months=0", "commitment_discount_share=1",
    "overflow_price_ratio=0", "release_cadence_months=1.7", "office_part_share=1",
)  # fmt: skip


@pytest.mark.parametrize("roles", ["people.roles=[]", ""])
def test_a_plan_survives_ugly_inputs(roles: str) -> None:
    sets = [text.replace("0 to 40", "uniform(0, 40)") for text in UGLY] + ([roles] if roles else [])
    result = plan(ROOT / "scenarios" / "base.yaml", sets=sets, measurements=RECORD, draws=64)
    assert np.all(np.isfinite(result["cash_usd"].draws))
    assert np.all(result["people"].draws >= 0)
