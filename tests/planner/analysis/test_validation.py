"""Plans of real companies land on what was reported of them, which they do not know; what does not fit is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from planner.analysis.validation import WIDEST_RATIO, Check, shipped_cases, validate
from planner.errors import InputError
from planner.planning import plan
from planner.report.validation_page import validation_page

DRAWS = 2048
CASE = """
extends: {base}
reported:
  - {{figure: {figure}, amount: {amount}, reported_source: a paper{more}}}
"""


@pytest.fixture(scope="module")
def shipped() -> list[Check]:
    return validate(shipped_cases(), draws=DRAWS, seed=0)


def test_at_least_three_real_companies_are_held_against_their_own_figures(shipped: list[Check]) -> None:
    assert len({check.company.partition(",")[0] for check in shipped}) >= 3


def test_what_was_reported_lies_in_a_narrow_interval_or_the_case_says_why_not(shipped: list[Check]) -> None:
    for check in shipped:
        assert check.is_narrow, check
        assert check.p95 <= WIDEST_RATIO * check.p5
        assert check.is_inside or check.explanation, check
        assert check.source
        assert check.as_of


@pytest.mark.parametrize("path", shipped_cases(), ids=lambda path: path.stem)
def test_the_reported_figure_is_no_input(path: Path) -> None:
    result = plan(path)
    inputs = [q.value for leaf in result.used_leaves().values() for q in leaf.quantities]
    for one in result.scenario.reported:
        assert one.figure not in result.loaded.overrides
        known = [value for value in inputs if value]
        assert not np.any(np.isclose(known, one.amount, rtol=1e-3)), one


def case(tmp_path: Path, figure: str, amount: float, more: str = "") -> Path:
    base = Path(__file__).resolve().parents[3] / "scenarios" / "base.yaml"
    path = tmp_path / "case.yaml"
    path.write_text(CASE.format(base=base, figure=figure, amount=amount, more=more))
    return path


def test_a_figure_outside_is_told_and_the_sum_of_months_is_that_of_each_draw(tmp_path: Path) -> None:
    path = case(tmp_path, "revenue_usd", 1.0, ", first_month: 6, last_month: 8")
    (check,) = validate([path], draws=256, seed=1)
    assert not check.is_inside
    assert not check.is_passed
    rows = plan(path, draws=256, seed=1)["revenue_usd"].each_draw()[5:8].sum(axis=0)
    assert check.p5 == np.quantile(rows, 0.05, method="inverted_cdf")


@pytest.mark.parametrize(
    ("figure", "more", "words"),
    [
        ("revenue_usd", "", "write first_month"),
        ("total_revenue_usd", ", first_month: 2", "has no months"),
        ("revenue_usd", ", first_month: 40, last_month: 60", "months 40 to 60 do not lie in the plan"),
        ("revenue_usd", ", first_month: 9, last_month: 8", "do not lie in the plan"),
        ("revenu_usd", ", first_month: 1", "revenue_usd"),
    ],
)
def test_what_cannot_be_compared_is_refused(tmp_path: Path, figure: str, more: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        validate([case(tmp_path, figure, 1.0, more)], draws=16, seed=0)


def test_a_scenario_that_reports_nothing_is_no_case() -> None:
    base = Path(__file__).resolve().parents[3] / "scenarios" / "base.yaml"
    with pytest.raises(InputError, match="reported: is empty"):
        validate([base], draws=16, seed=0)


def test_the_page_names_figure_interval_and_source(shipped: list[Check]) -> None:
    html = validation_page(shipped, DRAWS)
    for check in shipped:
        assert check.company in html
        assert check.figure in html
    assert "inside the planned interval" in html
    assert json.loads(json.dumps([check.to_json() for check in shipped], allow_nan=False))
