"""A mean is told where the tail allows one, and refused with the reason where it does not."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from planner.tails import MIN_DRAWS, guarded_mean

Array = NDArray[np.float64]
DRAWS = 16_384
EIGHT = [slice(start, start + 2_048) for start in range(0, DRAWS, 2_048)]


def evenly(draws: int = DRAWS) -> Array:
    """Uniform values in random order, one in each of as many equal cells."""
    return (np.random.default_rng(7).permutation(draws) + 0.5) / draws


def pareto(k: float) -> Array:
    return np.asarray(evenly() ** -k)


@pytest.mark.parametrize("k", [0.1, 0.2, 0.4])
@pytest.mark.parametrize("sign", [1, -1], ids=["upper tail", "lower tail"])
def test_a_pareto_tail_with_a_variance_has_a_mean(k: float, sign: int) -> None:
    found = guarded_mean(1e6 + sign * pareto(k), EIGHT)
    assert found.refusal == ""
    assert found.value == pytest.approx(1e6 + sign / (1 - k), abs=0.02)
    assert found.pareto_k == pytest.approx(k, abs=0.1)


@pytest.mark.parametrize(("k", "words"), [(0.7, "no reliable mean"), (1.5, "no mean")])
@pytest.mark.parametrize("sign", [1, -1], ids=["upper tail", "lower tail"])
def test_a_heavier_pareto_tail_has_none(k: float, words: str, sign: int) -> None:
    found = guarded_mean(sign * pareto(k), EIGHT)
    assert found.value is None
    assert found.error is None
    assert words in found.refusal
    assert "use quantiles" in found.refusal
    assert found.pareto_k == pytest.approx(k, abs=0.15)


def test_the_shape_of_a_tail_does_not_depend_on_place_and_scale() -> None:
    here, there = guarded_mean(pareto(0.3), EIGHT), guarded_mean(5e6 - 1e4 * pareto(0.3), EIGHT)
    assert here.pareto_k == pytest.approx(there.pareto_k, rel=1e-4)
    assert here.largest_share == pytest.approx(there.largest_share, rel=1e-4)


def test_the_mean_of_a_lognormal_lies_within_its_errors() -> None:
    true = math.exp(0.5**2 / 2)
    off = []
    for seed in range(20):
        values = np.exp(0.5 * np.random.default_rng(seed).normal(size=DRAWS))
        found = guarded_mean(values, EIGHT)
        assert found.value is not None
        assert found.error is not None
        off.append((found.value - true) / found.error)
    assert max(map(abs, off)) < 5
    assert 0.5 < np.std(off) < 2


@pytest.mark.parametrize(
    "values",
    [np.zeros(DRAWS), np.full(DRAWS, 7.5), evenly(), (evenly() < 0.3).astype(float), np.floor(5 * evenly())],
    ids=["zero", "constant", "uniform", "event", "counts"],
)
def test_what_is_bounded_has_a_mean(values: Array) -> None:
    found = guarded_mean(values, EIGHT)
    assert found.value == pytest.approx(values.mean())
    assert found.refusal == ""


def test_one_draw_that_carries_the_mean_is_named() -> None:
    values = np.zeros(DRAWS)
    values[5_000] = 1e9
    found = guarded_mean(values, EIGHT)
    assert found.value is None
    assert "one draw alone makes up 100%" in found.refusal


@pytest.mark.parametrize("odd", [math.inf, -math.inf, math.nan])
def test_what_never_happens_in_some_draw_has_no_mean(odd: float) -> None:
    found = guarded_mean(np.append(evenly(), odd), EIGHT)
    assert found.value is None
    assert "never happens or is undefined" in found.refusal


def test_few_draws_have_a_mean_and_no_shape() -> None:
    found = guarded_mean(np.array([1.0, 3.0]), [slice(0, 2)])
    assert (found.value, found.error, found.pareto_k) == (2.0, pytest.approx(1.0), None)
    assert guarded_mean(pareto(0.2)[:MIN_DRAWS], [slice(0, MIN_DRAWS)]).pareto_k is not None


@pytest.mark.parametrize(
    "values", [lambda n: np.exp(20 * n), lambda n: 1e100 * n, lambda n: 1e-100 * n, lambda n: 1e15 + n]
)
def test_extreme_sizes_raise_no_warning(values: Callable[[Array], Array]) -> None:
    with np.errstate(all="raise", under="ignore"):
        guarded_mean(values(np.random.default_rng(0).normal(size=4_096)), [slice(0, 4_096)])
