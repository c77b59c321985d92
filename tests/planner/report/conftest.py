"""The pages that the tests of the report share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from planner.analysis.comparing import Comparison, compare
from planner.report.comparison_page import comparison_page
from planner.report.page import page
from planner.result import Result

SCENARIOS = ("base", "open_platform", "technology_services")
HORIZON = "horizon_months=48"


@pytest.fixture(scope="session")
def html(planned: Callable[..., Result]) -> str:
    """The page of the base scenario, on the record of a real run, with enough draws to speak of odds."""
    return page(planned("base", draws=256))


@pytest.fixture(scope="session")
def compared(planned: Callable[..., Result]) -> Comparison:
    """The three shipped scenarios over the same months, with enough draws for an error."""
    return compare(
        [f"{name}.yaml" for name in SCENARIOS], [planned(name, HORIZON, draws=1024) for name in SCENARIOS]
    )


@pytest.fixture(scope="session")
def comparison_html(compared: Comparison) -> str:
    """The page that compares the shipped scenarios."""
    return comparison_page(compared)


@pytest.fixture(scope="session")
def dependent(planned: Callable[..., Result], root: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The base scenario with a factor and with correlations that cannot all hold."""
    path = tmp_path_factory.mktemp("scenario") / "dependent.yaml"
    path.write_text((root / "scenarios" / "base.yaml").read_text("utf-8") + DEPENDENCE, "utf-8")
    return planned(path, draws=256)


DEPENDENCE = """
uncertainty:
  factors:
    - {factor: price_war, drives: {addressable_users: 0.7, open_platform.paid_conversion_share: -0.5}}
  correlations:
    - {between: [addressable_users, acquisition_usd_per_user], rank_correlation: 0.95}
    - {between: [acquisition_usd_per_user, base_churn_share_per_month], rank_correlation: 0.9}
    - {between: [addressable_users, base_churn_share_per_month], rank_correlation: -0.9}
    - between: [people.roles.1.role_salary_usd_per_person_year, people.roles.2.role_salary_usd_per_person_year]
      rank_correlation: 0.8
"""


@pytest.fixture(scope="session", params=["html", "comparison_html"], ids=["report", "comparison"])
def document(request: pytest.FixtureRequest) -> str:
    """Either page: what every page promises."""
    return str(request.getfixturevalue(request.param))
