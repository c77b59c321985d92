"""What is worth a second look: values outside what is usual of such companies, and evidence that has aged."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from planner.analysis.plausibility import Remark, remarks
from planner.preparing import prepare

BASE = Path(__file__).resolve().parents[3] / "scenarios" / "base.yaml"
TODAY = date(2026, 11, 25)


def found(*sets: str, today: date = TODAY) -> dict[str, Remark]:
    ready = prepare(BASE, sets)
    return {
        remark.name: remark for remark in remarks(ready.leaves, ready.program.leaves, ready.loaded, today)
    }


def test_a_churn_that_hardly_anybody_has_is_named_with_what_is_usual() -> None:
    remark = found("base_churn_share_per_month=0.02")["base_churn_share_per_month"]
    assert remark.kind == "low"
    assert remark.beyond_share < 0.001
    assert "0.05 to 0.106" in str(remark)
    assert "AI-native" in str(remark)


def test_both_sides_are_looked_at_and_a_published_range_serves_where_there_is_no_default() -> None:
    assert found("base_churn_share_per_month=0.2")["base_churn_share_per_month"].kind == "high"
    remark = found("training_mfu_share=0.7")["training_mfu_share"]
    assert remark.kind == "high"
    assert "Epoch AI" in str(remark)


@pytest.mark.parametrize("value", ["0.0735", "0.05 to 0.1", "0.055"])
def test_what_is_usual_is_passed_over(value: str) -> None:
    assert "base_churn_share_per_month" not in found(f"base_churn_share_per_month={value}")


def test_at_the_fifth_percentile_the_remark_begins() -> None:
    assert "base_churn_share_per_month" in found("base_churn_share_per_month=0.0499")
    assert "base_churn_share_per_month" not in found("base_churn_share_per_month=0.0501")


def test_sizes_are_the_companys_own() -> None:
    assert "addressable_users" not in found("addressable_users=9e8")


def test_evidence_ages_by_the_last_day_that_its_date_may_mean() -> None:
    dated = "data.filter_usd_per_machine_hour={value: 0.1, source: an offer, as_of: 2026-01-15}"
    name = "filter_usd_per_machine_hour"
    assert name not in found(dated, today=date(2027, 1, 15))
    late = found(dated, today=date(2027, 1, 16))[name]
    assert (late.kind, late.reference) == ("old", "2026-01-15")
    assert "more than a year ago" in str(late)
