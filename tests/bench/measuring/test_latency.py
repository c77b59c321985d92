"""What is said from samples of time is right for samples that are given."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import MeasurementError
from bench.measuring.latency import estimate, noise_floor, speed_ratio, verdict

seconds = st.lists(st.floats(1e-6, 10.0), min_size=1, max_size=30)


def test_pairs_cancel_what_slows_both() -> None:
    noise = random.Random(0)
    slow_spells = [1 + 5 * noise.random() for _ in range(25)]
    baseline = [2e-3 * spell for spell in slow_spells]
    variant = [1e-3 * spell for spell in slow_spells]
    ratio = speed_ratio(baseline, variant)
    assert ratio.value == pytest.approx(2.0)
    assert ratio.low == pytest.approx(2.0)
    assert ratio.high == pytest.approx(2.0)


@given(seconds)
def test_a_variant_against_itself_is_exactly_as_fast(samples: list[float]) -> None:
    ratio = speed_ratio(samples, samples)
    assert (ratio.low, ratio.value, ratio.high) == (1.0, 1.0, 1.0)
    assert noise_floor(ratio) == 0


@given(seconds)
def test_an_interval_holds_its_median_and_lies_within_the_samples(samples: list[float]) -> None:
    found = estimate(samples)
    assert min(samples) <= found.low <= found.high <= max(samples)
    assert found.low <= found.value * (1 + 1e-9)
    assert found.value <= found.high * (1 + 1e-9) or len(samples) < 3
    assert found.samples == tuple(samples)


def test_the_interval_of_a_mean_covers_the_truth_about_as_often_as_it_says() -> None:
    draws = np.random.default_rng(5).normal(3.0, 1.0, size=(200, 60))
    covered = sum(e.low <= 3.0 <= e.high for e in (estimate(tuple(row), np.mean) for row in draws))
    assert 0.88 <= covered / 200 <= 0.99


def test_unpaired_samples_are_refused() -> None:
    with pytest.raises(MeasurementError, match="paired"):
        speed_ratio([1.0, 2.0], [1.0])
    with pytest.raises(MeasurementError):
        speed_ratio([], [])


def test_a_difference_counts_only_beyond_the_noise_of_the_control() -> None:
    fast = estimate([1.10, 1.11, 1.12])
    assert verdict(fast, floor=0.02) == "faster"
    assert verdict(fast, floor=0.15).startswith("no difference")
    assert verdict(estimate([0.5, 0.5, 0.5]), floor=0.1) == "slower"


def test_the_floor_is_the_widest_deviation_of_the_control() -> None:
    assert noise_floor(estimate([0.9, 0.9, 0.9])) == pytest.approx(0.1)
    assert noise_floor(estimate([1.2, 1.2, 1.2])) == pytest.approx(0.2)


def test_turning_seconds_into_speed_keeps_the_interval_ordered() -> None:
    time = estimate([1.0, 2.0, 4.0])
    speed = time.inverted(8.0)
    assert speed.low <= speed.value <= speed.high
    assert speed.value == 4.0
    assert speed.samples == (8.0, 4.0, 2.0)


def test_an_estimate_beside_other_work_reaches_down_to_what_a_quiet_machine_may_take() -> None:
    seen = estimate([1.0, 1.2, 1.3, 1.4])
    assert seen.widened(1.0).low == 1.0
    widened = seen.widened(2.0)
    assert (widened.low, widened.value, widened.high) == (0.5, seen.value, seen.high)
    assert widened.inverted(10.0).high == 20.0
