"""A histogram of very many draws says what all of them would, to within a bin, however they came."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from planner import tally
from planner.tally import BINS, EXACT_VALUES, PILOT_DRAWS, Histogram, Tally

Array = NDArray[np.float64]
DRAWS = 65_536
EIGHT = [slice(start, start + DRAWS // 8) for start in range(0, DRAWS, DRAWS // 8)]


def drawn() -> Array:
    """Rows of different kinds: wide and positive, of both signs, constant, and mostly zero."""
    random = np.random.default_rng(3)
    normal = random.normal(size=(3, DRAWS))
    return np.stack([
        1e6 * np.exp(normal[0]), 1e5 * normal[1], np.full(DRAWS, 42.0), np.maximum(normal[2] - 1, 0),
    ])  # fmt: skip


@pytest.fixture(autouse=True)
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "EXACT_VALUES", DRAWS // 2)


def tallied(values: Array, blocks: Sequence[int], scrambles: Sequence[slice] = EIGHT) -> Histogram:
    """Tally values in blocks that end at the given draws."""
    total = Tally(len(values), values.shape[1], scrambles)
    for start, stop in zip([0, *blocks], [*blocks, values.shape[1]], strict=True):
        total.add(start, values[:, start:stop])
    found = total.result()
    assert isinstance(found, Histogram)
    return found


def same(one: Histogram, other: Histogram) -> bool:
    return all(
        np.array_equal(a, b)
        for a, b in [
            (one.edges, other.edges), (one.counts, other.counts), (one.num_undefined, other.num_undefined),
        ]
    )  # fmt: skip


def test_there_is_room_for_the_draws_that_the_documentation_promises() -> None:
    assert EXACT_VALUES == 4_194_304
    assert EXACT_VALUES // 60 == 69_905


def test_values_are_kept_while_there_is_room() -> None:
    total = Tally(2, 10, [slice(0, 10)])
    values = np.arange(20.0).reshape(2, 10)
    total.add(0, values[:, :7])
    total.add(7, values[:, 7:])
    assert np.array_equal(np.asarray(total.result()), values)


@pytest.mark.parametrize("probability", [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])
def test_quantiles_agree_with_exact_ones_to_within_a_bin(probability: float) -> None:
    values = drawn()
    found = tallied(values, [])
    exact = np.quantile(values, probability, axis=1, method="inverted_cdf")
    bins = [
        np.searchsorted(edges, value, side="right") for edges, value in zip(found.edges, exact, strict=True)
    ]
    width = [edges[place] - edges[place - 1] for edges, place in zip(found.edges, bins, strict=True)]
    assert np.all(np.abs(found.quantile(probability) - exact) <= np.array(width) * 1.001)


def test_bins_are_fine_where_values_are_many() -> None:
    found = tallied(drawn(), [])
    assert found.quantile(0.5)[0] == pytest.approx(1e6, rel=0.02)
    assert found.quantile(0.5)[2] == pytest.approx(42.0, rel=1e-5)


@settings(max_examples=25)
@given(ends=st.lists(st.integers(1, DRAWS - 1), unique=True, max_size=6))
def test_how_the_draws_are_divided_does_not_matter(ends: list[int]) -> None:
    values = drawn()[:2]
    values[0, 100] = math.nan
    values[1, ::7] = math.inf
    assert same(tallied(values, sorted(ends)), tallied(values, [PILOT_DRAWS]))


def test_every_draw_is_counted_once() -> None:
    values = drawn()
    values[0, ::1_000] = math.nan
    found = tallied(values, [1_024, 20_000], EIGHT[:5])
    assert np.array_equal(found.counts.sum(axis=(0, 2)) + found.num_undefined, np.full(4, DRAWS))
    assert found.num_undefined.tolist() == [66, 0, 0, 0]


def test_what_never_comes_is_later_than_all_and_what_is_below_all_earlier() -> None:
    values = np.tile(np.arange(1.0, 11.0), DRAWS // 10 + 1)[None, :DRAWS].copy()
    values[:, ::2] = math.inf
    values[:, 1::20] = -math.inf
    found = tallied(values, [5_000])
    assert found.quantile(0.04)[0] == -math.inf
    assert found.quantile(0.3)[0] == pytest.approx(
        np.quantile(values[0], 0.3, method="inverted_cdf"), rel=0.01
    )
    assert found.quantile(0.9)[0] == math.inf


def test_a_figure_that_never_happens_at_all_has_infinite_quantiles() -> None:
    found = tallied(np.full((1, DRAWS), math.inf), [])
    assert found.quantile(0.05)[0] == math.inf
    assert found.probability(np.isfinite)[0] == 0


def test_a_figure_that_is_undefined_in_some_draws_has_no_quantile() -> None:
    values = drawn()[:2]
    values[1, 60_000] = math.nan
    found = tallied(values, [])
    assert np.isfinite(found.quantile(0.5)[0])
    assert np.isnan(found.quantile(0.5)[1])


@pytest.mark.parametrize("bound", [-2e5, -1e4, 0.0, 5e4, 3e5])
def test_a_probability_is_right_to_within_a_bin(bound: float) -> None:
    values = drawn()[1:2]
    found = tallied(values, []).probability(lambda v: v < bound)[0]
    assert found == pytest.approx(float(np.mean(values < bound)), abs=0.005)


def test_what_is_undefined_holds_in_no_draw() -> None:
    values = np.ones((1, DRAWS))
    values[0, : DRAWS // 4] = math.nan
    assert tallied(values, []).probability(lambda v: v > 0)[0] == 0.75


def test_the_error_is_the_spread_over_scrambles() -> None:
    values = drawn()[:1]
    exact = [np.quantile(values[0, part], 0.5, method="inverted_cdf") for part in EIGHT]
    found = tallied(values, [30_000]).quantile_error(0.5)
    assert found is not None
    assert found[0] == pytest.approx(np.std(exact, ddof=1) / math.sqrt(8), rel=0.2)
    assert tallied(values, [], [slice(0, DRAWS)]).quantile_error(0.5) is None


def test_a_histogram_takes_no_more_room_for_more_draws() -> None:
    held = []
    for draws in (DRAWS + 1, 100 * DRAWS):
        total = Tally(60, draws, EIGHT)
        total.add(0, np.zeros((60, PILOT_DRAWS)))
        found = total.result()
        assert isinstance(found, Histogram)
        held.append((total.values.shape, found.counts.shape, found.edges.shape))
    assert held[0] == held[1] == ((60, PILOT_DRAWS), (8, 60, BINS + 2), (60, BINS + 1))
