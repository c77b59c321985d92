"""What is said from samples of time is right for samples that are given."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import MeasurementError
from bench.measuring.latency import (
    Schedule,
    calibrate,
    estimate,
    noise_floor,
    speed_ratio,
    time_interleaved,
    verdict,
)

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


def test_every_variant_runs_in_every_round_in_changing_order() -> None:
    calls: list[str] = []
    variants = {name: (lambda name=name: calls.append(name)) for name in ("a", "b", "c")}
    found = time_interleaved(variants, Schedule(rounds=20, blocks=1, block_seconds=0.0))
    assert {name: len(samples) for name, samples in found.items()} == {"a": 20, "b": 20, "c": 20}
    assert all(sample > 0 for samples in found.values() for sample in samples)
    rounds = ["".join(calls[-60:][i : i + 3]) for i in range(0, 60, 3)]
    assert all(sorted(each) == ["a", "b", "c"] for each in rounds)
    assert len(set(rounds)) > 1


def test_a_slow_machine_gets_fewer_rounds_but_never_less_than_the_least() -> None:
    schedule = Schedule(rounds=20, blocks=1, block_seconds=0.0, max_seconds=0.0, min_rounds=4)
    found = time_interleaved({"a": lambda: None, "b": lambda: None}, schedule)
    assert {name: len(samples) for name, samples in found.items()} == {"a": 4, "b": 4}


def test_each_block_waits_for_the_device() -> None:
    waits: list[None] = []
    time_interleaved(
        {"a": lambda: None}, Schedule(rounds=3, blocks=2, block_seconds=0.0), lambda: waits.append(None)
    )
    # Warm-up, one block of calibration, and three rounds of two blocks, each with a wait before and after.
    assert len(waits) == 2 * (2 + 3 * 2)


def test_a_short_call_is_repeated_until_the_clock_can_see_it() -> None:
    assert calibrate(lambda: None, 1e-3, lambda: None) > 100
