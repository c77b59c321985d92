"""Accelerators under contract and on demand: what is committed is paid, what exceeds it costs the price of the day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import units
from planner.engine import Graph, figures_of
from planner.formulas import assets, capacity

HOURS = units.HOURS_PER_MONTH
NAMES = (
    "committed_gpus", "committed_usd_per_gpu_hour", "committed_usd", "on_demand_gpus", "on_demand_usd",
    "unused_committed_usd", "rented_gpus",
)  # fmt: skip
LEAVES: dict[str, float] = {
    "committed_need_share": 0.0, "minimum_committed_gpus": 0.0, "capacity_margin_share": 0.0,
    "capacity_lead_months": 1.0, "commitment_months": 12.0, "commitment_discount_share": 0.4,
    "overflow_price_ratio": 1.0, "serving_usd_per_gpu_hour": 2.0, "owned_gpus": 0.0,
}  # fmt: skip


def run(needs: Sequence[float], price: float | Sequence[float] = 2.0, **inputs: float) -> dict[str, Any]:
    """Run the capacity over months of given need, without a price decline unless prices are given."""
    prices = [price] * len(needs) if isinstance(price, float) else price

    def serving_gpus(month: float) -> float:
        return float(needs[int(month) - 1])

    def serving_price_usd_per_gpu_hour(month: float) -> float:
        return float(prices[int(month) - 1])

    figures = {
        **figures_of(capacity),
        "rented_gpus": assets.rented_gpus,
        "serving_gpus": serving_gpus,
        "serving_price_usd_per_gpu_hour": serving_price_usd_per_gpu_hour,
    }
    given = {**LEAVES, **inputs}
    return Graph(figures, {}, set(given)).resolve(NAMES).run(given, len(needs))


def test_without_a_commitment_all_is_rented_on_demand() -> None:
    found = run([0, 2, 5])
    np.testing.assert_array_equal(found["committed_gpus"], [0, 0, 0])
    np.testing.assert_array_equal(found["on_demand_gpus"], [0, 2, 5])
    np.testing.assert_array_equal(found["on_demand_usd"], np.array([0, 2, 5]) * HOURS * 2.0)
    assert not np.any(found["committed_usd"])
    assert not np.any(found["unused_committed_usd"])


def test_ten_under_contract_are_paid_whether_they_serve_or_not() -> None:
    found = run([0, 4, 16], minimum_committed_gpus=10)
    np.testing.assert_array_equal(found["committed_gpus"], [10, 10, 10])
    # 2 USD an hour, 40 % less under contract
    np.testing.assert_allclose(found["committed_usd"], 10 * 1.2 * HOURS)
    np.testing.assert_allclose(found["unused_committed_usd"], np.array([10, 6, 0]) * 1.2 * HOURS)
    np.testing.assert_allclose(found["on_demand_usd"], np.array([0, 0, 6]) * 2 * HOURS)


def test_what_is_ordered_comes_with_the_lead_time() -> None:
    # Half of the month's need of 8, and a quarter on top of it: 5. With a lead time of four months a quarter of what
    # lacks arrives each month, from the month after the need was seen.
    found = run([8] * 4, committed_need_share=0.5, capacity_margin_share=0.25, capacity_lead_months=4)
    np.testing.assert_allclose(found["committed_gpus"], [0, 1.25, 2.1875, 2.890625])
    np.testing.assert_allclose(found["on_demand_gpus"], 8 - np.array([0, 1.25, 2.1875, 2.890625]))


def test_contracts_end_one_by_one_when_the_need_is_gone() -> None:
    found = run([8, 8, 0, 0], committed_need_share=1.0, commitment_months=4)
    np.testing.assert_allclose(found["committed_gpus"], [0, 8, 8, 6])
    np.testing.assert_allclose(found["unused_committed_usd"], np.array([0, 0, 8, 6]) * 1.2 * HOURS)


def test_running_contracts_keep_their_price_when_the_market_falls() -> None:
    # Of four each month one is signed anew, at 0.6 of the price of the month: 1.2, then 0.6.
    found = run([4, 4, 4, 4], [2.0, 2.0, 1.0, 1.0], minimum_committed_gpus=4, commitment_months=4)
    np.testing.assert_allclose(found["committed_usd_per_gpu_hour"], [1.2, 1.2, 1.05, 0.9375])


def test_what_the_company_owns_is_neither_rented_nor_put_under_contract() -> None:
    found = run([8, 8], committed_need_share=1.0, owned_gpus=6)
    np.testing.assert_allclose(found["committed_gpus"], [0, 2])
    np.testing.assert_allclose(found["on_demand_gpus"], [2, 0])


def test_short_notice_may_cost_more_than_the_list_price() -> None:
    plain, scarce = (run([4], overflow_price_ratio=ratio) for ratio in (1.0, 1.5))
    assert scarce["on_demand_usd"] == pytest.approx(1.5 * plain["on_demand_usd"])


commitments = st.fixed_dictionaries(
    {
        "committed_need_share": st.floats(0, 1), "minimum_committed_gpus": st.floats(0, 50),
        "capacity_margin_share": st.floats(0, 1), "capacity_lead_months": st.floats(0, 12),
        "commitment_months": st.floats(0, 36), "commitment_discount_share": st.floats(0, 1),
        "overflow_price_ratio": st.floats(0, 3),
    }
)  # fmt: skip
needs = st.lists(st.floats(0, 1000), min_size=1, max_size=12)


def total_usd(found: dict[str, Any]) -> np.ndarray:
    return np.asarray(found["committed_usd"] + found["on_demand_usd"])


@given(needs=needs, inputs=commitments, price=st.floats(0, 10), cheaper=st.floats(0, 1))
def test_a_cheaper_gpu_never_raises_the_cost(
    needs: list[float], inputs: dict[str, float], price: float, cheaper: float
) -> None:
    dear = total_usd(run(needs, price, **inputs, serving_usd_per_gpu_hour=price))
    cheap = total_usd(run(needs, price * cheaper, **inputs, serving_usd_per_gpu_hour=price * cheaper))
    assert np.all(cheap <= dear * (1 + 1e-12))


@given(needs=needs, inputs=commitments)
def test_the_cost_is_never_below_the_commitment_and_the_need_is_always_met(
    needs: list[float], inputs: dict[str, float]
) -> None:
    found = run(needs, **inputs)
    committed, price = found["committed_gpus"], found["committed_usd_per_gpu_hour"]
    assert np.all(committed >= inputs["minimum_committed_gpus"])
    assert np.all(total_usd(found) >= committed * price * HOURS * (1 - 1e-12))
    assert np.all(found["unused_committed_usd"] <= found["committed_usd"] * (1 + 1e-12))
    assert np.all(committed + found["on_demand_gpus"] >= found["rented_gpus"] * (1 - 1e-12))


def test_each_draw_has_a_commitment_of_its_own() -> None:
    draws = {
        "minimum_committed_gpus": np.array([0.0, 3.0]),
        "commitment_discount_share": np.array([0.2, 0.5]),
    }
    found = run([2, 2], **draws)  # type: ignore[arg-type]
    np.testing.assert_allclose(found["committed_usd"], [[0, 3 * 1.0 * HOURS]] * 2)
    np.testing.assert_allclose(found["on_demand_gpus"], [[2, 0]] * 2)
