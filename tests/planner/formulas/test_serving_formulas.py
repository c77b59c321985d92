"""What serving costs, against published days and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import units
from planner.formulas import capacity, serving

# DeepSeek, inference system overview (open-infra-index, day 6): 226.75 nodes of 8 H800 on average over one day, at
# 2 USD an hour, read 608e9 tokens and wrote 168e9.
DEEPSEEK_GPUS = 226.75 * 8
DEEPSEEK_TOKENS_PER_DAY = 608e9 + 168e9


def test_the_published_day_of_deepseek() -> None:
    month_usd = capacity.on_demand_usd(DEEPSEEK_GPUS, 2.0, 1.0)
    assert month_usd / units.DAYS_PER_MONTH == pytest.approx(87_072, rel=1e-12)
    month_tokens = DEEPSEEK_TOKENS_PER_DAY * units.DAYS_PER_MONTH
    cost = serving.serving_usd_per_million_tokens(month_usd, month_tokens)
    assert cost == pytest.approx(87_072 / 776_000, rel=1e-12)


def test_full_load_at_the_speed_of_that_day_costs_the_same() -> None:
    speed = DEEPSEEK_TOKENS_PER_DAY / 86_400 / DEEPSEEK_GPUS
    assert serving.full_load_usd_per_million_tokens(2.0, speed) == pytest.approx(87_072 / 776_000, rel=1e-12)


def test_cost_of_a_million_tokens_at_full_load_by_hand() -> None:
    # 3600 tokens a second are 12.96 million an hour
    assert serving.full_load_usd_per_million_tokens(2.592, 3600.0) == pytest.approx(0.2)


def test_tokens_that_nobody_served_have_no_cost_each() -> None:
    assert np.isnan(serving.serving_usd_per_million_tokens(5.0, 0.0))
    both = serving.serving_usd_per_million_tokens(np.array([5.0, 5.0]), np.array([0.0, 1e6]))
    np.testing.assert_array_equal(both, [np.nan, 5.0])


def test_a_month_has_2_629_800_seconds() -> None:
    assert units.SECONDS_PER_MONTH == 2_629_800
    needed = serving.needed_serving_gpus(2_629_800e3, 2.0, 1000.0, 0.5)
    assert needed == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("gpus", "per_replica", "minimum", "replicas"),
    [(0.0, 2, 1, 0), (0.1, 2, 1, 1), (2.0, 2, 1, 1), (2.1, 2, 1, 2), (0.1, 2, 3, 3)],
)
def test_whole_replicas(gpus: float, per_replica: float, minimum: float, replicas: float) -> None:
    assert serving.serving_replicas(gpus, per_replica, minimum) == replicas
    assert serving.serving_gpus(replicas, per_replica) == replicas * per_replica


@given(
    tokens=st.floats(1, 1e15), peak=st.floats(1, 10), speed=st.floats(10, 1e5), used=st.floats(0.05, 1.0),
    per_replica=st.integers(1, 16),
)  # fmt: skip
def test_the_rented_accelerators_carry_the_peak_and_hardly_more(
    tokens: float, peak: float, speed: float, used: float, per_replica: int
) -> None:
    needed = serving.needed_serving_gpus(tokens, peak, speed, used)
    gpus = serving.serving_gpus(serving.serving_replicas(needed, per_replica, 1.0), per_replica)
    assert gpus >= needed * (1 - 1e-12)
    assert gpus - needed <= per_replica


def test_serving_that_is_not_needed_costs_nothing_even_where_its_price_is_unknown() -> None:
    assert capacity.on_demand_usd(0.0, np.nan, 1.0) == 0
    assert capacity.committed_usd(0.0, np.nan) == 0
    assert capacity.unused_committed_usd(0.0, 0.0, np.nan) == 0
    assert serving.api_usd(0.0, np.nan) == 0
    assert serving.serving_gpus(serving.serving_replicas(0.0, np.nan, 1.0), np.nan) == 0
    assert serving.needed_serving_gpus(0.0, 2.0, np.nan, 0.5) == 0


def test_the_vendors_price_is_blended_and_falls() -> None:
    share = serving.input_share(3000.0, 1000.0)
    assert share == 0.75
    assert serving.vendor_price_usd_per_million_tokens(1.0, share, 0.4, 4.0, 0.1) == pytest.approx(1.3)
    assert serving.vendor_price_usd_per_million_tokens(3.0, share, 0.4, 4.0, 0.1) == pytest.approx(1.3 * 0.81)
    assert serving.api_usd(2e6, 1.3) == pytest.approx(2.6)


@pytest.mark.parametrize(("month", "bought"), [(1, 1.0), (6, 1.0), (7, 0.0), (60, 0.0)])
def test_after_the_switch_nothing_is_bought(month: float, bought: float) -> None:
    share = serving.api_share(month, 7.0, 1.0, 0.0)
    assert share == bought
    assert serving.api_tokens(8.0, share) + serving.hosted_tokens(8.0, serving.api_tokens(8.0, share)) == 8.0


def test_a_model_of_twice_the_size_answers_half_as_fast() -> None:
    assert serving.model_tokens_per_gpu_second(3000.0, 1.0, 1.0) == 3000
    assert serving.model_tokens_per_gpu_second(3000.0, 1.0, 2.0) == 1500
