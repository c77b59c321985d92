"""The frontier holds what nothing beats; quality has an interval over seeds and rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.compression.frontier import Place, dominating
from bench.compression.quality import Quality, collapsed, mean
from bench.training.scoring import Scores

places = st.builds(Place, *(st.integers(1, 5).map(float) for _ in range(3)))


def test_what_is_nowhere_worse_and_somewhere_better_dominates() -> None:
    found = dominating(
        {
            "plain": Place(100, 1, 0.1),
            "small": Place(10, 2, 0.1),
            "fast": Place(50, 9, 0.2),
            "bad": Place(60, 1, 0.3),
        }
    )
    assert found == {"plain": ["small"], "small": [], "fast": [], "bad": ["small", "fast"]}


@given(st.dictionaries(st.text(max_size=3), places, min_size=1, max_size=8))
def test_the_frontier_is_never_empty_and_nobody_on_it_is_dominated(given_places: dict[str, Place]) -> None:
    found = dominating(given_places)
    frontier = [name for name, others in found.items() if not others]
    assert frontier
    for name, others in found.items():
        assert name not in others
        # Whoever is dominated is dominated by somebody on the frontier.
        assert not others or any(given_places[each].dominates(given_places[name]) for each in frontier)


def test_the_mean_over_seeds_and_rows_has_an_interval_for_both() -> None:
    rows = np.random.default_rng(0).normal(size=400)
    seeds = np.array([-1.0, 0.0, 1.0, 2.0, 3.0])
    one = mean(rows[None, :])
    many = mean(rows[None, :] + seeds[:, None])
    assert one.value == pytest.approx(rows.mean())
    assert many.value == pytest.approx(rows.mean() + 1.0)
    # Rows alone: 1.96 / sqrt(400); seeds spread by sqrt(2) add 1.96 * sqrt(2 / 5).
    assert one.high - one.low == pytest.approx(2 * 1.96 / 20 * rows.std(), rel=0.15)
    assert many.high - many.low == pytest.approx(2 * 1.96 * np.sqrt(2 / 5), rel=0.2)
    assert many.samples == pytest.approx(tuple(rows.mean() + seeds))


def test_what_has_fallen_far_is_called_collapsed() -> None:
    def quality(loss: float, accuracy: float) -> Quality:
        return Quality.of([Scores((loss,) * 4, (accuracy,) * 4)] * 2)

    good = quality(0.1, 0.98)
    assert collapsed(quality(0.11, 0.97), good) == ""
    assert "accuracy fell by 38.0 points" in collapsed(quality(0.9, 0.60), good)
    assert "2.50 times" in collapsed(quality(0.25, 0.92), good)
