"""What one input alone does to a figure equals a plan with that input set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import planner
from planner.analysis.swings import Swing, swings

SPEED = "data.filter_bytes_per_machine_second=2e5"


def plan(root: Path, *sets: str, draws: int = 1) -> planner.Result:
    path = root / "scenarios" / "base.yaml"
    return planner.plan(path, sets=[SPEED, *sets], measurements="none", draws=draws)


def of(result: planner.Result, figure: str, name: str) -> Swing:
    return next(swing for swing in swings(result, figure) if swing.leaf.name == name)


def test_each_end_equals_a_plan_with_the_input_there(root: Path) -> None:
    found = {swing.leaf.name: swing for swing in swings(plan(root), "funding_need_usd")}
    for name, key in {"training_mfu_share": "training", "addressable_users": "open_platform"}.items():
        distribution = found[name].leaf.quantities[0].distribution
        assert distribution is not None
        low, high = distribution.quantile(np.array([0.1, 0.9]))
        for end, value in ((low, found[name].at_p10), (high, found[name].at_p90)):
            alone = plan(root, f"{key}.{name}={float(end)!r}")["funding_need_usd"].central
            assert value == pytest.approx(float(alone))


def test_a_list_moves_as_one(root: Path) -> None:
    result = plan(root, "people.roles=[{role: a, role_people: 2, role_salary_usd_per_person_year: 5e4 to 1e5}, "
                        "{role: b, role_people: 1, role_salary_usd_per_person_year: 7e4}]")  # fmt: skip
    swing = of(result, "funding_need_usd", "role_salary_usd_per_person_year")
    salary = result.leaves["role_salary_usd_per_person_year"].quantities[0].distribution
    assert salary is not None
    usd = float(salary.quantile(np.array(0.9)))
    high = plan(root, f"people.roles=[{{role: a, role_people: 2, role_salary_usd_per_person_year: {usd!r}}}, "
                      "{role: b, role_people: 1, role_salary_usd_per_person_year: 7e4}]")  # fmt: skip
    assert swing.at_p90 == pytest.approx(float(high["funding_need_usd"].central))


def test_the_strongest_comes_first(root: Path) -> None:
    sizes = [swing.size for swing in swings(plan(root), "funding_need_usd")]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 0


def test_a_month_that_never_comes_has_no_size(root: Path) -> None:
    result = plan(root, "model.launch_month=48")
    assert {swing.size for swing in swings(result, "break_even_month")} == {0.0}


def test_the_draws_show_the_mean_over_the_outer_fifths_of_an_input(root: Path) -> None:
    result = plan(root, draws=1024)
    need, users = result["funding_need_usd"].draws, result.drawing.block(0, 1024)["addressable_users"]
    order = np.argsort(users)
    found = of(result, "funding_need_usd", "addressable_users").in_draws
    assert found is not None
    assert found.average == "mean"
    assert found.lowest == pytest.approx(need[order[:205]].mean())
    assert found.highest == pytest.approx(need[order[-205:]].mean(), rel=1e-2)


def test_what_depends_on_an_input_moves_with_it_in_the_draws_alone(tmp_path: Path, root: Path) -> None:
    together = tmp_path / "together.yaml"
    together.write_text(
        (root / "scenarios" / "base.yaml").read_text("utf-8")
        + "\nuncertainty:\n  correlations:\n"
        + "    - {between: [addressable_users, base_churn_share_per_month], rank_correlation: -0.9}\n",
        "utf-8",
    )
    apart = of(plan(root, draws=1024), "funding_need_usd", "base_churn_share_per_month")
    result = planner.plan(together, sets=[SPEED], measurements="none", draws=1024)
    linked = of(result, "funding_need_usd", "base_churn_share_per_month")
    assert (linked.at_p10, linked.at_p90) == pytest.approx((apart.at_p10, apart.at_p90))
    assert apart.in_draws is not None
    assert linked.in_draws is not None
    spread = apart.in_draws.highest - apart.in_draws.lowest
    assert linked.in_draws.highest - linked.in_draws.lowest > 1.5 * spread > 0


def test_a_rare_event_is_told_from_the_rest(root: Path) -> None:
    result = plan(root, "finance.opening_cash_usd=choice(5e5:0.92, 1e5:0.08)", draws=1024)
    cash = result.drawing.block(0, 1024)["opening_cash_usd"]
    need = result["funding_need_usd"].draws
    found = of(result, "funding_need_usd", "opening_cash_usd").in_draws
    assert found is not None
    assert found.lowest == pytest.approx(need[cash == 1e5].mean())
    assert found.highest == pytest.approx(need[cash == 5e5].mean())


def test_without_a_mean_the_draws_show_medians(root: Path) -> None:
    found = of(plan(root, draws=1024), "break_even_month", "addressable_users").in_draws
    assert found is not None
    assert found.average == "median"
    assert found.lowest >= found.highest


@pytest.mark.parametrize("draws", [1, 64])
def test_few_draws_show_nothing(root: Path, draws: int) -> None:
    assert {swing.in_draws for swing in swings(plan(root, draws=draws), "funding_need_usd")} == {None}
