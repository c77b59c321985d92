"""A strategy is one file: written into a folder of its own it is found, planned, compared, reported and traced."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from planner import strategies
from planner.analysis.comparing import compare
from planner.errors import ScenarioError
from planner.report.comparison_page import comparison_page
from planner.report.page import page
from planner.scenario.keys import keys
from tests.planner.conftest import Planned, Run

FILE = '''"""Courses: people pay to learn, once."""

from __future__ import annotations

import numpy as np

from planner.scenario.base import Section, assumed
from planner.scenario.quantities import Quantity
from planner.units import Array


class Inputs(Section):
    """Courses: who comes, what it costs."""

    course_customers_per_month: Quantity = assumed("20 to 80", "a full class now and then")
    """People who take a course each month."""
    course_usd_per_customer: Quantity = assumed(900, "two days")
    """Fee of a course."""
    course_cost_share: Quantity = assumed("0.3 to 0.5", "teacher and room")
    """Cost of a course over its fee."""


def new_customers(month: Array, service_month: Array, course_customers_per_month: Array) -> Array:
    """People who take a course in the month.

    Source: definition.
    """
    return np.where(month >= service_month, course_customers_per_month, 0.0)


def revenue_usd(new_customers: Array, course_usd_per_customer: Array) -> Array:
    """Fees of the month.

    Source: definition.
    """
    return new_customers * course_usd_per_customer


def delivery_usd(revenue_usd: Array, course_cost_share: Array) -> Array:
    """Teachers and rooms of the month.

    Source: definition.
    """
    return revenue_usd * course_cost_share
'''
COURSES, FEE = "courses", 900.0


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with the sixth strategy, found as long as the test runs."""
    own = tmp_path / "own_strategies"
    own.mkdir()
    (own / f"{COURSES}.py").write_text(FILE, encoding="utf-8")
    with strategies.also_in(own):
        yield own


@pytest.fixture
def scenario(folder: Path, root: Path) -> Path:
    path = folder.parent / "courses.yaml"
    company = root / "scenarios" / "shared" / "company.yaml"
    path.write_text(
        f"extends: {company}\nname: A sixth way\nstrategies: [{COURSES}]\n{COURSES}:\n  course_cost_share: 0.4\n",
        encoding="utf-8",
    )
    return path


def test_it_is_found_by_its_file_and_its_inputs_are_keys_of_the_scenario(folder: Path) -> None:
    assert COURSES in strategies.names()
    assert strategies.title(COURSES) == "Courses"
    assert f"{COURSES}.course_usd_per_customer" in keys(strategies.scenario_model())


def test_it_is_planned(scenario: Path, planned: Planned) -> None:
    result = planned(scenario, "courses.course_customers_per_month=50")
    assert result["courses.revenue_usd"].central[-1] == 50 * FEE
    assert result["revenue_usd"].central[-1] == 50 * FEE
    assert result["courses.delivery_usd"].central[-1] == pytest.approx(0.4 * 50 * FEE)
    assert not result["courses.paying_customers"].central, (
        "what its file does not say is as in the common model"
    )


def test_it_is_planned_beside_another_in_one_company(scenario: Path, planned: Planned) -> None:
    both = planned(scenario, "strategies=[courses, technology_services]")
    parts = both["courses.revenue_usd"].central + both["technology_services.revenue_usd"].central
    np.testing.assert_allclose(both["revenue_usd"].central, parts)


def test_it_is_compared_reported_and_traced(scenario: Path, planned: Planned) -> None:
    plans = [planned(one, draws=64) for one in (scenario, "ecosystem")]
    found = compare(["courses", "ecosystem"], plans)
    html = comparison_page(found)
    assert "A sixth way" in html
    assert "Ecosystem" in html
    report = page(found.results[0])
    assert "Courses" in report
    assert "People who take a course each month" in report
    tree = found.results[0].trace("net_income_usd")
    names = {node.name for _, node in tree.walk()}
    assert {"courses.revenue_usd", "course_customers_per_month", "course_usd_per_customer"} <= names


def test_it_is_planned_by_the_command_line(scenario: Path, run: Run, record_path: Path) -> None:
    done = run("trace", scenario, "courses.revenue_usd", "--measurements", record_path)
    assert done.code == 0, done.err
    assert "course_usd_per_customer" in done.out


def test_nothing_of_it_is_left_afterwards(tmp_path: Path, planned: Planned) -> None:
    before, schema = strategies.names(), list(keys(strategies.scenario_model()))
    (tmp_path / f"{COURSES}.py").write_text(FILE, encoding="utf-8")
    with strategies.also_in(tmp_path):
        strategies.scenario_model()
        assert strategies.names() == sorted([*before, COURSES])
    assert strategies.names() == before
    assert list(keys(strategies.scenario_model())) == schema
    assert not hasattr(strategies, COURSES)
    assert f"planner.strategies.{COURSES}" not in sys.modules
    with pytest.raises(ScenarioError, match="'courses' is no strategy"):
        planned("ecosystem", "strategies=[courses]")


def test_a_strategy_without_a_title_is_called_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "paid_talks.py").write_text(FILE.partition("\n")[2], encoding="utf-8")
    with strategies.also_in(tmp_path):
        assert strategies.title("paid_talks") == "Paid talks"
