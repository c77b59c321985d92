"""What a recipe saves, worked by hand, and what holds for any recipe."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import units
from planner.formulas import compression, recipes
from tests.planner.conftest import ROOT, Planned

OPEN = ROOT / "scenarios" / "open_platform.yaml"
RATIOS = ("compression_weights_ratio=1", "compression_quality_ratio=1", "compression_usd=0")


def recipe(speedup: float, *more: str) -> tuple[str, ...]:
    written = (f"compression_speedup_ratio={speedup}", "compression=mine", *RATIOS)
    return tuple(f"serving.{each}" for each in written) + more


def test_a_month_by_hand() -> None:
    # A million tokens a second at the mean of the month, twice that at the peak, half of full load: 4 million a second.
    tokens = 1e6 * units.SECONDS_PER_MONTH
    gpus = compression.uncompressed_serving_gpus(tokens, 2.0, 1000.0, 0.5, 8.0, 1.0)
    assert gpus == 4000
    # 1,000 of one's own, 500 under contract at 900 USD in all, the other 2,500 on demand at 2 x 1.5 USD an hour.
    usd = compression.uncompressed_serving_usd(gpus, 1000.0, 500.0, 900.0, 2.0, 1.5, 70.0, 30.0)
    assert usd == pytest.approx(70 + 900 + 2500 * units.HOURS_PER_MONTH * 3 + 30)
    saved = compression.serving_compression_saving_usd(usd, usd - 5e6)
    assert saved == pytest.approx(5e6)
    per_million = compression.saving_usd_per_million_tokens(saved, tokens)
    assert per_million == pytest.approx(5 / units.SECONDS_PER_MONTH * 1e6)
    # A request of 1,500 tokens: a million of them are 1,500 million tokens.
    assert compression.saving_usd_per_million_requests(per_million, 1000.0, 500.0) == pytest.approx(
        1500 * per_million
    )


def test_nothing_served_saves_nothing_for_a_million_tokens() -> None:
    assert np.isnan(compression.saving_usd_per_million_tokens(0.0, 0.0))


def test_weights_by_hand() -> None:
    assert compression.uncompressed_weights_bytes(70e9, 8.0) == 70e9
    assert compression.saved_weights_bytes(70e9, 0.75, 1.0) == pytest.approx(17.5e9)
    # 20 of 80 billion parameters of a byte each, for 10 requests at once: 2 billion bytes for each.
    assert compression.weights_read_bytes_per_request(80e9, 20e9, 80e9, 1.0, 10.0) == pytest.approx(2e9)


@pytest.mark.parametrize(
    ("api", "second_api", "month"), [(0, 0, 4.0), (1, 0, 9.0), (1, 1, np.inf), (0, 1, 4.0)]
)
def test_the_first_month_of_serving_oneself(api: float, second_api: float, month: float) -> None:
    assert compression.first_hosting_month(4.0, 9.0, api, second_api) == month


def test_making_is_paid_before_the_first_model_and_for_each_refreshed_one() -> None:
    months = np.arange(1.0, 13.0)

    def paid(first: float, trained: float) -> list[float]:
        refreshed = np.where(np.isin(months, (4, 7, 10)), 1.0, 0.0)
        made = [
            compression.compression_making_usd(month, first, trained, each, 5.0)
            for month, each in zip(months, refreshed, strict=True)
        ]
        return [float(month) for month, usd in zip(months, made, strict=True) if usd == 5.0]

    assert paid(4.0, 0.0) == [3]
    assert paid(4.0, 1.0) == [3, 7, 10]
    assert paid(1.0, 0.0) == [1], "what serves from the first month is made in it"
    assert paid(3.5, 0.0) == [3], "a month between two whole ones is the later"
    assert paid(np.inf, 1.0) == []


def test_an_unknown_cost_is_nothing_where_nothing_is_made() -> None:
    assert compression.compression_making_usd(2.0, np.inf, 0.0, 0.0, np.nan) == 0


def test_quality_counts_where_the_company_serves_itself() -> None:
    assert compression.compressed_quality_ratio(0.0, 0.9) == 0.9
    assert compression.compressed_quality_ratio(1.0, 0.9) == 1
    assert compression.compression_demand_ratio(0.81, 0.5) == pytest.approx(0.9)


def rows(*values: float) -> np.ndarray:
    return np.array(values, dtype=float).reshape(-1, 1)


@pytest.mark.parametrize(
    ("saved", "made", "month"),
    [
        (rows(0, 4, 4, 4), rows(10, 0, 0, 0), 4),
        (rows(0, 4, 6, 0), rows(10, 0, 0, 0), 3),
        (rows(0, 4, 4, 1), rows(10, 0, 0, 0), np.inf),
        (rows(0, -4, -4, -4), rows(0, 0, 0, 0), np.inf),
        (rows(0, 4, 4, 4), rows(0, 0, 0, 0), 2),
        (rows(0, 0, 0, 0), rows(0, 0, 0, 0), np.nan),
    ],
)
def test_the_month_of_paying_back(saved: np.ndarray, made: np.ndarray, month: float) -> None:
    found = compression.compression_payback_month(saved, made)
    assert found == pytest.approx([month], nan_ok=True)


def test_the_mean_month_counts_those_in_which_tokens_are_computed() -> None:
    saved, tokens = rows(0, 0, 6, 12), rows(0, 0, 5, 5)
    assert compression.compression_saving_usd_per_month(saved, tokens) == pytest.approx([9.0])
    assert compression.total_serving_compression_saving_usd(saved) == pytest.approx([18.0])


def test_recipes_beside_each_other() -> None:
    assert recipes.cost_with_recipe(3.0, 1.5) == 2
    assert recipes.saved_usd(3.0, 1.5) == 1
    assert recipes.payback_months(10.0, 2.5) == 4
    assert recipes.payback_months(10.0, -1.0) == np.inf


def test_a_recipe_that_changes_nothing_changes_no_figure(planned: Planned) -> None:
    plain, same = planned(OPEN), planned(OPEN, *recipe(1))
    for name in plain:
        assert np.array_equal(plain[name].central, same[name].central, equal_nan=True), name


def test_the_plan_with_a_recipe_serves_with_as_many_times_fewer_accelerators(planned: Planned) -> None:
    plain, fast = planned(OPEN), planned(OPEN, *recipe(2, "serving.compression_usd=1e5"))
    assert np.array_equal(fast["hosted_tokens"].central, plain["hosted_tokens"].central)
    assert np.array_equal(fast["uncompressed_serving_usd"].central, plain["serving_usd"].central)
    saved = plain["serving_usd"].central - fast["serving_usd"].central
    assert fast["serving_compression_saving_usd"].central == pytest.approx(saved)
    assert fast["needed_serving_gpus"].central == pytest.approx(plain["needed_serving_gpus"].central / 2)
    research = np.asarray(fast["research_usd"].central - plain["research_usd"].central)
    assert np.flatnonzero(research).tolist() == [2], "in the month before the launch in month 4"
    assert research[2] == pytest.approx(1e5)
    one_off = np.asarray(fast["one_off_usd"].central - plain["one_off_usd"].central)
    assert one_off[2] == pytest.approx(1e5)
    assert fast["running_usd"].central + fast["one_off_usd"].central == pytest.approx(
        fast["total_cost_usd"].central
    )


def test_bought_tokens_are_not_compressed(planned: Planned) -> None:
    bought = ("model.source=api", "serving.vendor_model=llama-3.3-70b")
    plain, fast = (
        planned(OPEN, *bought),
        planned(OPEN, *bought, *recipe(2), "serving.compression_quality_ratio=0.5"),
    )
    for name in ("serving_usd", "cash_usd", "total_revenue_usd"):
        assert np.array_equal(plain[name].central, fast[name].central)
    assert np.all(fast["compression_making_usd"].central == 0)


@pytest.mark.parametrize(
    "strategy", ["open_platform", "data_flywheel", "multi_domain", "ecosystem", "technology_services"]
)
def test_lost_quality_costs_every_strategy_revenue(planned: Planned, strategy: str) -> None:
    path = ROOT / "scenarios" / f"{strategy}.yaml"
    worse = planned(path, *recipe(1), "serving.compression_quality_ratio=0.9")
    assert worse["total_revenue_usd"].central < planned(path)["total_revenue_usd"].central


@given(st.floats(0.2, 8), st.floats(1.01, 3))
def test_what_is_saved_grows_with_the_speed(speed: float, times: float) -> None:
    def cost(speedup: float) -> float:
        gpus = compression.uncompressed_serving_gpus(3e12, 2.5, 900.0 * speedup, 0.5, 4.0, 1.0)
        return float(compression.uncompressed_serving_usd(gpus, 0.0, 3.0, 1e3, 2.0, 1.0, 0.0, 0.0))

    assert cost(speed * times) <= cost(speed)
