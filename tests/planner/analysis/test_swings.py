"""What one input alone does to a figure equals a plan with that input set."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.analysis.swings import swings

SPEED = "data.filter_bytes_per_machine_second=2e5"


def plan(root: Path, *sets: str) -> planner.Result:
    return planner.plan(root / "scenarios" / "base.yaml", sets=[SPEED, *sets], measurements="none")


def test_each_end_equals_a_plan_with_the_input_there(root: Path) -> None:
    found = {swing.leaf.name: swing for swing in swings(plan(root), "funding_need_usd")}
    for name, key in {"training_mfu_share": "training", "addressable_users": "open_platform"}.items():
        facts = found[name].leaf.quantities[0].distribution.summary()  # type: ignore[union-attr]
        for end, value in (("p5", found[name].at_p5), ("p95", found[name].at_p95)):
            alone = plan(root, f"{key}.{name}={facts[end]!r}")["funding_need_usd"].central
            assert value == pytest.approx(float(alone))


def test_a_list_moves_as_one(root: Path) -> None:
    result = plan(root, "people.roles=[{role: a, role_people: 2, role_salary_usd_per_person_year: 5e4 to 1e5}, "
                        "{role: b, role_people: 1, role_salary_usd_per_person_year: 7e4}]")  # fmt: skip
    swing = next(
        s for s in swings(result, "funding_need_usd") if s.leaf.name == "role_salary_usd_per_person_year"
    )
    high = plan(root, "people.roles=[{role: a, role_people: 2, role_salary_usd_per_person_year: 1e5}, "
                      "{role: b, role_people: 1, role_salary_usd_per_person_year: 7e4}]")  # fmt: skip
    assert swing.at_p95 == pytest.approx(float(high["funding_need_usd"].central))


def test_the_strongest_comes_first(root: Path) -> None:
    sizes = [swing.size for swing in swings(plan(root), "funding_need_usd")]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 0


def test_a_month_that_never_comes_has_no_size(root: Path) -> None:
    result = plan(root, "model.launch_month=60")
    assert {swing.size for swing in swings(result, "break_even_month")} == {0.0}
