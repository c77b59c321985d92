"""What is said from samples of time is right for samples that are given."""

from __future__ import annotations

import random
import re
import time

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
    time_single_calls,
    verdict,
    warm_up,
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
    found = time_interleaved(variants, Schedule(rounds=20, blocks=2, block_seconds=0.0))
    assert {name: len(timing.seconds) for name, timing in found.items()} == {"a": 20, "b": 20, "c": 20}
    assert {name: len(timing.blocks) for name, timing in found.items()} == {"a": 40, "b": 40, "c": 40}
    assert all(sample > 0 for timing in found.values() for sample in timing.seconds)
    rounds = ["".join(calls[-120:][i : i + 6]) for i in range(0, 120, 6)]
    assert all(sorted(each[:3]) == ["a", "b", "c"] for each in rounds)
    assert all(each[3:] == each[2::-1] for each in rounds), "back in the opposite order"
    assert len(set(rounds)) > 1


def test_the_fastest_block_of_a_round_counts_and_all_are_kept() -> None:
    found = time_interleaved({"a": lambda: None}, Schedule(rounds=6, blocks=4, block_seconds=1e-5))["a"]
    rounds = [found.blocks[i : i + 4] for i in range(0, 24, 4)]
    assert found.seconds == tuple(min(each) for each in rounds)
    assert len(found.processor_seconds) == 6
    assert found.loops > 1


def test_sleeping_takes_wall_time_and_no_processor_time() -> None:
    found = time_interleaved({"a": lambda: time.sleep(0.002)}, Schedule(rounds=5, blocks=1))["a"]
    assert min(found.seconds) >= 0.002
    assert max(found.processor_seconds) < 0.5 * min(found.seconds)


def test_the_warm_up_goes_on_until_calls_no_longer_get_faster() -> None:
    calls = 0

    def slow_at_first() -> None:
        nonlocal calls
        calls += 1
        time.sleep(0.004 if calls < 30 else 0.001)

    assert warm_up(slow_at_first, 1, 5.0, lambda: None)
    first = calls
    time_interleaved({"a": slow_at_first}, Schedule(rounds=1, blocks=1))
    assert first >= 8, "two windows at least"

    calls = 0
    found = time_interleaved({"a": slow_at_first}, Schedule(rounds=5, blocks=1, max_warm_up_seconds=5.0))
    assert found["a"].warm


def test_a_warm_up_that_never_ends_is_bounded_and_told() -> None:
    spans = iter(0.001 * 1.5**number for number in range(1000))
    assert not warm_up(lambda: time.sleep(min(next(spans), 0.1)), 1, 0.02, lambda: None)


def test_single_calls_are_bounded_by_number_and_by_time() -> None:
    assert len(time_single_calls(lambda: None, 7, 10.0)) == 7
    assert 1 <= len(time_single_calls(lambda: time.sleep(0.01), 1000, 0.03)) <= 4


def test_a_slow_machine_gets_fewer_rounds_but_never_less_than_the_least() -> None:
    schedule = Schedule(rounds=20, blocks=1, block_seconds=0.0, max_seconds=0.0, min_rounds=4)
    found = time_interleaved({"a": lambda: None, "b": lambda: None}, schedule)
    assert {name: len(timing.seconds) for name, timing in found.items()} == {"a": 4, "b": 4}


def test_each_block_waits_for_the_device() -> None:
    steps: list[str] = []
    time_interleaved(
        {"a": lambda: steps.append("call")},
        Schedule(rounds=3, blocks=2, block_seconds=0.0),
        lambda: steps.append("wait"),
    )
    text = "".join(step[0] for step in steps)
    assert text.endswith("wcw" * 6)
    assert re.fullmatch("(wc+w)+", text)


def test_an_estimate_beside_other_work_reaches_down_to_what_a_quiet_machine_may_take() -> None:
    seen = estimate([1.0, 1.2, 1.3, 1.4])
    assert seen.widened(1.0) == seen
    widened = seen.widened(2.0)
    assert (widened.low, widened.value, widened.high) == (0.5, seen.value, seen.high)
    assert widened.inverted(10.0).high == 20.0


def test_a_short_call_is_repeated_until_the_clock_can_see_it() -> None:
    assert calibrate(lambda: None, 1e-3, lambda: None) > 100
