"""The fit finds what steps are made of, tells its error on cells that it did not see, and its interval holds them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.errors import RecordError
from bench.prediction.costs import NAMES, Parts
from bench.prediction.fitting import Fit, MemoryFit, Seen

TRUE = np.array([1.02, 1.05, 0.95, 1.05, 1.1, 1e-5, 1.5e-6, 3e-4])


def steps(count: int, noise: float, seed: int = 0) -> tuple[Seen, ...]:
    random = np.random.default_rng(seed)
    found = []
    for number in range(count):
        terms = random.lognormal(-5, 1, size=len(NAMES)) * np.array([1, 0.3, 0.2, 0.5, 0.3, 3e4, 3e4, 1e2])
        seconds = float(terms @ TRUE * np.exp(noise * random.standard_normal()))
        found.append(Seen(f"step {number}", Parts(*terms), seconds))
    return tuple(found)


def test_without_noise_the_seconds_of_each_term_are_found() -> None:
    fit = Fit(steps(40, 0.0))
    unseen = steps(20, 0.0, seed=1)
    assert [fit.seconds(step.parts) for step in unseen] == pytest.approx(
        [s.seconds for s in unseen], rel=0.01
    )
    assert max(fit.error_share(step.parts) for step in unseen) < 0.03


def test_the_error_that_is_told_is_that_of_steps_that_were_not_seen() -> None:
    fit = Fit(steps(30, 0.05))
    shares = [fit.error_share(step.parts) for step in steps(20, 0.0, seed=1)]
    assert np.mean(shares) == pytest.approx(0.05, rel=0.5)


def test_what_is_made_of_calls_is_less_sure_than_work() -> None:
    random = np.random.default_rng(3)
    cells = []
    for number in range(40):
        calls = 10.0 ** random.uniform(1, 3.5)
        work, overhead = 1e-2 * np.exp(random.normal(0, 0.02)), 1.2e-5 * calls * np.exp(random.normal(0, 0.3))
        cells.append(Seen(f"{number}", Parts(matmul_seconds=1e-2, calls=calls), float(work + overhead)))
    fit = Fit(tuple(cells))
    assert fit.error_share(Parts(matmul_seconds=1.0)) < 0.06
    assert fit.error_share(Parts(calls=1000.0)) > 0.15
    assert fit.overhead_share(Parts(calls=1000.0)) == pytest.approx(1.0)


def test_the_interval_holds_about_four_in_five() -> None:
    inside = []
    for seed in range(12):
        fit = Fit(steps(16, 0.08, seed))
        for step in steps(30, 0.08, seed + 100):
            low, high = fit.interval(step.parts, undisturbed=True)
            inside.append(low <= step.seconds <= high)
    assert 0.72 < np.mean(inside) < 0.92


def test_one_step_that_is_far_off_leaves_the_others_their_errors() -> None:
    sound = steps(14, 0.05)
    spoiled = (*sound[:-1], replace(sound[-1], seconds=sound[-1].seconds * 1.8))
    parts = steps(1, 0.0, seed=1)[0].parts
    assert Fit(spoiled).error_share(parts) < 1.6 * Fit(sound).error_share(parts)


def test_the_pace_follows_the_overhead_of_a_step() -> None:
    random = np.random.default_rng(4)
    cells = []
    for number in range(14):
        calls = 10.0 ** random.uniform(0, 4)
        seconds = 1e-2 + 1.5e-5 * calls
        pace = 1.2 * np.exp(0.3 * (1.5e-5 * calls) / seconds + random.normal(0, 0.02))
        cells.append(Seen(f"{number}", Parts(matmul_seconds=1e-2, calls=calls), seconds, float(pace)))
    fit = Fit(tuple(cells))
    assert fit.pace.ratio(fit.overhead_share(Parts(matmul_seconds=1.0))) == pytest.approx(1.2, rel=0.04)
    assert fit.pace.ratio(fit.overhead_share(Parts(calls=1000.0))) == pytest.approx(
        1.2 * np.exp(0.3), rel=0.04
    )
    assert fit.pace.spread_share == pytest.approx(0.02, rel=0.6)
    low, high = fit.interval(Parts(matmul_seconds=1.0))
    assert low < fit.seconds(Parts(matmul_seconds=1.0)) * 1.2 < high


def test_a_pace_that_is_told_takes_the_place_of_the_calibrations() -> None:
    cells = steps(14, 0.02)
    fit = Fit(cells)
    work = steps(1, 0.0, seed=1)[0].parts
    twice = fit.pace_of({cell.name: 2.0 for cell in cells[:4]})
    assert twice.ratio(0.0) == pytest.approx(2.0)
    assert twice.ratio(1.0) == pytest.approx(2.0)
    assert twice.spread_share == pytest.approx(0.0, abs=1e-9)
    now, before = fit.interval(work, pace=twice), fit.interval(work)
    assert now == pytest.approx([2 * end / fit.pace.ratio(fit.overhead_share(work)) for end in before])
    assert fit.interval(work, undisturbed=True, pace=twice) == fit.interval(work, undisturbed=True)


def test_where_nothing_is_measured_of_a_term_it_takes_what_is_expected() -> None:
    cells = tuple(
        Seen(f"step {n}", Parts(matmul_seconds=1e-3 * n, calls=10.0 * n), 1e-3 * n + 8e-5 * n)
        for n in range(1, 10)
    )
    assert Fit(cells).seconds(Parts(convolution_seconds=2.0)) == pytest.approx(2.0)


def test_no_term_ever_takes_less_than_no_time() -> None:
    for seed in range(5):
        assert np.all(Fit(steps(9, 0.5, seed)).coefficients >= 0)


def test_too_few_cells_are_refused() -> None:
    with pytest.raises(RecordError, match="a prediction needs 8"):
        Fit(steps(7, 0.0))


def test_a_process_takes_a_constant_what_lasts_and_a_multiple_of_what_passes() -> None:
    fit = MemoryFit(tuple((2e7, size, 1e8 + 2e7 + 1.2 * size) for size in (1e6, 5e7, 3e8)))
    assert fit.process_bytes(5e8, 1e9) == pytest.approx(1.8e9, rel=1e-6)
    with pytest.raises(RecordError, match="too few processes"):
        MemoryFit(((1e6, 1e6, 1e8),)).process_bytes(1e6, 1e6)
