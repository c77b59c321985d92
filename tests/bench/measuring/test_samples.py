"""What is said of a row of samples holds for rows that were made to show it."""

from __future__ import annotations

import numpy as np
import pytest

from bench.measuring.samples import drift, num_outliers, percentile, remarks


def noise(num: int, seed: int = 0) -> list[float]:
    return [float(v) for v in np.random.default_rng(seed).normal(1.0, 0.01, num)]


def test_a_percentile_needs_enough_samples_and_says_how_many_there_are() -> None:
    assert percentile(range(59), 95) == (None, "59 samples; the 95th percentile needs 60")
    assert percentile(range(101), 95) == (95.0, "101 samples")
    assert percentile(range(299), 99)[0] is None
    assert percentile(range(301), 99) == (297.0, "301 samples")


def test_a_slow_rise_is_named_with_its_size() -> None:
    rising = [value * (1 + 0.2 * number / 59) for number, value in enumerate(noise(60))]
    trend = drift(rising)
    assert trend is not None
    assert trend.named()
    assert trend.share == pytest.approx(0.2 * 40 / 60, abs=0.03)
    assert not trend.named(floor=0.2), "smaller than the noise floor"


def test_noise_is_seldom_called_a_drift() -> None:
    found = [drift(noise(40, seed)) for seed in range(200)]
    assert sum(trend is not None and trend.chance_share < 0.01 for trend in found) <= 8


def test_too_few_or_equal_samples_show_no_drift() -> None:
    assert drift([1.0, 2.0, 3.0]) is None
    constant = drift([1.0] * 20)
    assert constant is not None
    assert not constant.named()


def test_outliers_are_counted_above_and_not_below() -> None:
    assert num_outliers([*noise(100), 2.0, 3.0, 0.1]) == 2
    assert num_outliers([1.0] * 10) == 0


def test_remarks_are_made_only_where_there_is_something() -> None:
    assert remarks(noise(40), noise(200)) == []
    # Medians of the thirds: 1 + 6 / 40 and 1 + 33 / 40.
    rising = [1 + number / 40 for number in range(40)]
    assert remarks(rising, [*noise(200), 9.0]) == [
        "drifted by +59% from the first third of the rounds to the last",
        "1 of 201 blocks were outliers",
    ]
