"""Numbers, money and dates as readers write them, never more precise than asked."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.report.formats import Formats, rounded
from planner.report.messages import messages

FORMATS = Formats(messages("en"), "2027-01")


@pytest.mark.parametrize(
    ("usd", "digits", "expected"),
    [
        (2_667_182.9, 2, "$2.7M"),
        (2_667_182.9, 3, "$2.67M"),
        (-2_367_182.9, 2, "-$2.4M"),
        (432_299.1, 2, "$430K"),
        (999.96, 2, "$1K"),
        (24.4, 2, "$24"),
        (0.0, 2, "$0"),
        (0.0761, 2, "$0.076"),
        (6.55e-10, 2, "$6.6 x 10\u207b\u00b9\u2070"),
        (1.25e9, 2, "$1.2B"),
    ],
)
def test_money(usd: float, digits: int, expected: str) -> None:
    assert FORMATS.money(usd, digits) == expected


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (8_030_261_248, "params", "8.03 billion params"),
        (16_083_058_688, "forward_flops_per_token", "16.1 GFLOP per token"),
        (280e9, "peak_flops_per_second", "280 GFLOP/s"),
        (41_528.6, "filter_bytes_per_machine_second", "41.5 kB/s per machine"),
        (989e12, "peak_flops_per_gpu_second", "989 TFLOP/s per GPU"),
        (30_440.0, "serving_tokens_per_gpu_second", "30,440 tokens per second per GPU"),
        (0.0762, "serving_usd_per_million_tokens", "$0.0762 per million tokens"),
        (3.0, "training_usd_per_gpu_hour", "$3.00 per GPU hour"),
        (1.0, "gpus_per_replica", "1 GPU per replica"),
        (128_256, "vocabulary_size", "128,256"),
        (0.953, "gross_margin_share", "95.3%"),
        (0.05, "churn_share_per_month", "5% per month"),
        (1.2329, "throughput_ratio", "1.23 x"),
        (0.00666, "latency_seconds", "6.66 ms"),
        (35.0, "break_even_month", "November 2029 (month 35)"),
        (math.inf, "break_even_month", "not within the plan"),
        (1e9, "partner_programme_month", "not within the plan"),
        (math.inf, "runway_months", "beyond the plan"),
        (math.nan, "gross_margin_share", "undefined"),
        (1.0, "training_months", "1 month"),
        (200e3, "deal_usd_per_deal", "$200K per deal"),
        (6320.0, "labelled_items_per_run", "6,320 items"),
    ],
)
def test_quantities_bear_their_unit(value: float, name: str, expected: str) -> None:
    assert FORMATS.quantity(value, name) == expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, "0%"), (0.0005, "less than 1%"), (0.384, "38%"), (0.9995, "more than 99%"), (1.0, "100%")],
)
def test_a_chance_rounds_neither_to_never_nor_to_always(share: float, expected: str) -> None:
    assert FORMATS.chance(share) == expected


@pytest.mark.parametrize(
    ("month", "expected"), [(1, "January 2027"), (12, "December 2027"), (15, "March 2028")]
)
def test_months_are_dates(month: int, expected: str) -> None:
    assert FORMATS.month(month) == expected


@pytest.mark.parametrize(
    ("low", "high", "name", "expected"),
    [
        (19.0, 29.0, "fee_usd_per_user_month", "$19.0 to $29.0 per user month"),
        (0.02, 0.05, "churn_share_per_month", "2% to 5% per month"),
        (1.0, 3.0, "training_months", "1 month to 3 months"),
        (5e5, 2e6, "filter_bytes_per_machine_second", "500 kB/s to 2 MB/s per machine"),
        (100e3, 500e3, "opening_cash_usd", "$100K to $500K"),
        (3.0, 3.0, "people", "3 people"),
    ],
)
def test_a_range_bears_its_unit_once(low: float, high: float, name: str, expected: str) -> None:
    assert FORMATS.between(FORMATS.quantity(low, name), FORMATS.quantity(high, name)) == expected


def test_months_count_from_the_start_of_the_plan() -> None:
    assert Formats(messages("en"), "2026-11").month(3) == "January 2027"


@given(st.floats(-1e300, 1e300), st.integers(1, 9))
def test_rounding_keeps_the_leading_digits(value: float, digits: int) -> None:
    assert (
        abs(rounded(value, digits) - value) <= 0.5001 * 10.0 ** (1 - digits) * abs(value)
        or abs(value) < 1e-290
    )


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(["cash_usd", "people", "a_share", "x_bytes", "y_seconds"]),
)
def test_anything_can_be_written(value: float, name: str) -> None:
    assert FORMATS.quantity(value, name)
