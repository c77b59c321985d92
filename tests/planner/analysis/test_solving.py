"""Goal seek finds crossings that are known, says what it cannot find, and its answer holds when planned again."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from planner.analysis.solving import GRID_FACTOR, Solution, solve, solve_plan
from planner.errors import InputError
from planner.planning import plan
from planner.printing import solution
from tests.planner.conftest import RECORD, ROOT

Curve = Callable[[float], float]
OPEN = ROOT / "scenarios" / "open_platform.yaml"
DRAWS = 256
SHORT = "horizon_months=24"


def sought(
    curve: Curve, *, start: float = 1.0, wanted: float = 0.5, error: float | None = 0.0, name: str = "a_usd"
) -> Solution:
    return solve(name, start, wanted, lambda value: (curve(value), error))


def rising(middle: float, steepness: float = 3.0) -> Curve:
    """A probability that reaches a half at `middle`."""
    return lambda value: 1 / (1 + (middle / value) ** steepness)


def falling(middle: float) -> Curve:
    return lambda value: 1 - rising(middle)(value)


@pytest.mark.parametrize("middle", [0.05, 0.4, 1.0, 1.7, 25.0])
@pytest.mark.parametrize("curve", [rising, falling])
def test_a_single_crossing_is_found(curve: Callable[[float], Curve], middle: float) -> None:
    found = sought(curve(middle))
    assert found.is_found
    assert found.is_monotone
    assert found.crossings == 1
    assert found.value == pytest.approx(middle, rel=2e-3)
    assert found.probability >= 0.5
    assert found.probability == pytest.approx(0.5, abs=2e-3)


@for_all(st.floats(1e-9, 1e12), st.floats(-3.3, 3.3), st.floats(0.05, 0.95))
@settings(max_examples=60)
def test_the_answer_always_meets_what_is_wanted(start: float, away: float, wanted: float) -> None:
    curve = rising(start * math.exp(away))
    found = sought(curve, start=start, wanted=wanted)
    if found.is_found:
        assert curve(found.value) == found.probability >= wanted
        assert found.value == float(f"{found.value:.3e}")
    else:
        assert curve(start * GRID_FACTOR) < wanted


def test_no_crossing_tells_the_best_and_where_all_meet_the_nearest() -> None:
    low = sought(lambda value: 0.1 + 0.01 * math.log(value) / math.log(GRID_FACTOR))
    assert (low.is_found, low.crossings) == (False, 0)
    assert (low.value, low.low, low.high) == (GRID_FACTOR, None, None)
    assert low.probability == pytest.approx(0.11)
    met = sought(lambda value: 0.9, start=7.0)
    assert (met.is_found, met.value, met.probability, met.crossings) == (True, 7.0, 0.9, 0)


def test_the_crossing_nearest_to_the_start_is_told() -> None:
    def hill(value: float) -> float:
        return math.exp(-(math.log(value / 2) ** 2))

    found = sought(hill, start=1.0, wanted=0.5)
    assert (found.is_monotone, found.crossings) == (False, 2)
    assert found.value == pytest.approx(2 * math.exp(-math.sqrt(math.log(2))), rel=2e-3)
    other = sought(hill, start=6.0, wanted=0.5)
    assert other.value == pytest.approx(2 * math.exp(math.sqrt(math.log(2))), rel=2e-3)


@pytest.mark.parametrize("top", [0.6, 0.4])
def test_a_peak_between_the_points_of_the_grid_is_found(top: float) -> None:
    found = sought(lambda value: top * math.exp(-((math.log(value / 1.25) / 0.15) ** 2)))
    assert found.is_found == (top > 0.5)
    assert not found.is_monotone
    if found.is_found:
        assert found.probability >= 0.5
    else:
        assert found.value == pytest.approx(1.25, rel=0.01)
        assert found.probability == pytest.approx(top, rel=0.01)


@pytest.mark.parametrize("edge", [1 / GRID_FACTOR, GRID_FACTOR])
def test_a_crossing_at_the_edge_of_the_range_is_found(edge: float) -> None:
    found = sought(rising(edge * (1.01 if edge < 1 else 0.99)))
    assert found.is_found
    assert found.value == pytest.approx(edge, rel=0.02)


@pytest.mark.parametrize("crossing", [0.002, 0.04, 0.5, 0.93, 0.998])
def test_shares_stay_inside_zero_and_one(crossing: float) -> None:
    tried: list[float] = []

    def curve(value: float) -> float:
        tried.append(value)
        return float(value >= crossing)

    for start in (0.0, 0.05, 1.0):
        found = sought(curve, start=start, name="churn_share_per_month")
        assert found.is_found
        assert crossing <= found.value == pytest.approx(crossing, rel=2e-3)
    assert min(tried) > 0
    assert max(tried) < 1


@pytest.mark.parametrize("start", [0.0, -5.0])
def test_an_input_that_is_not_above_zero_gives_no_range(start: float) -> None:
    with pytest.raises(InputError, match="gives no range to search; set it to a positive number first"):
        sought(rising(1.0), start=start)


@pytest.mark.parametrize("wanted", [0.0, 1.0, -1.0, 80.0, math.nan])
def test_a_probability_that_cannot_be_wanted_is_refused(wanted: float) -> None:
    with pytest.raises(InputError, match="give a number between 0 and 1"):
        sought(rising(1.0), wanted=wanted)


def empirical(seed: int, draws: int) -> Callable[[float], tuple[float, float]]:
    """Share of lognormal draws below a value, with its binomial error: a step function."""
    drawn = np.sort(np.exp(np.random.default_rng(seed).normal(size=draws)))

    def evaluate(value: float) -> tuple[float, float]:
        share = float(np.searchsorted(drawn, value, side="right")) / draws
        return share, math.sqrt(share * (1 - share) / draws)

    return evaluate


def test_steps_are_crossed_on_the_side_that_meets() -> None:
    found = solve("a_usd", 1.0, 0.8, empirical(0, 200))
    evaluate = empirical(0, 200)
    assert found.probability >= 0.8
    assert evaluate(found.value * 0.99)[0] < 0.8 or found.probability - 0.8 < 0.02
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high


def test_the_interval_covers_the_true_value_nineteen_times_in_twenty() -> None:
    true = math.exp(0.8416212335729143)  # the 80th percentile of the standard lognormal distribution
    covered = 0
    for seed in range(200):
        found = solve("a_usd", 1.0, 0.8, empirical(seed, 500))
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= true <= found.high
    assert 180 <= covered <= 199


def test_an_interval_that_leaves_the_range_is_open() -> None:
    curve = rising(GRID_FACTOR * 0.9)
    found = sought(curve, error=0.2)
    assert found.low is not None
    assert found.high is None


def test_the_central_path_alone_has_no_interval() -> None:
    found = sought(rising(2.0), error=None)
    assert (found.low, found.high) == (None, None)


def test_the_grid_is_told_in_order_with_the_start_in_its_middle() -> None:
    found = sought(rising(2.0), start=3.0)
    values = [attempt.value for attempt in found.attempts]
    assert all(a < b for a, b in pairwise(values))
    assert values[len(values) // 2] == pytest.approx(3.0)
    assert (values[0], values[-1]) == (pytest.approx(3 / GRID_FACTOR), pytest.approx(3 * GRID_FACTOR))


# Whole plans


def planned(key: str, target: str, wanted: float = 0.8, *sets: str, draws: int = DRAWS) -> Solution:
    return solve_plan(OPEN, key, target, wanted, sets=(SHORT, *sets), measurements=str(RECORD), draws=draws)


@pytest.mark.parametrize(
    ("key", "target", "higher_is_better"),
    [
        ("market.price_usd_per_million_tokens", "runway_months >= 20", True),
        ("people.roles.1.role_people", "runway_months >= 20", False),
    ],
)
def test_the_answer_holds_when_planned_again_and_not_on_its_other_side(
    key: str, target: str, higher_is_better: bool
) -> None:
    found = planned(key, target)
    assert found.is_found
    assert found.low is not None
    assert found.high is not None

    def again(value: float) -> float:
        result = plan(OPEN, sets=[SHORT, f"{key}={value!r}"], measurements=str(RECORD), draws=DRAWS)
        return float(np.mean(np.asarray(result["runway_months"].draws) >= 20))

    assert again(found.value) == found.probability >= 0.8
    beyond = found.low / 1.05 if higher_is_better else found.high * 1.05
    assert again(beyond) < 0.8


def test_a_figure_can_be_sought_by_its_name_alone() -> None:
    found = planned("overhead_usd", "runway_months >= 20", draws=2)
    assert found.is_found
    assert found.value > 0


@pytest.mark.parametrize(
    ("key", "target", "words"),
    [
        ("role_people", "runway_months >= 24", "name an item, people.roles.0.role_people to people.roles.4"),
        ("people.roles.9.role_people", "runway_months >= 24", "name an item, people.roles.0.role_people"),
        ("horizon_months", "runway_months >= 24", "is no number that can be sought"),
        ("model.base", "runway_months >= 24", "is no number that can be sought"),
        ("pretraining_tokens", "runway_months >= 24", "has no value to start from"),
        ("price_usd_per_milion_tokens", "runway_months >= 24", "did you mean 'price_usd_per_million_tokens'"),
        ("overhead_usd", "runway_month >= 24", "did you mean 'runway_months'"),
        ("overhead_usd", "runway_months@p10 >= 24", "say --probability instead"),
        ("overhead_usd", "P(cash_usd < 0) < 0.1", "is no condition"),
        ("overhead_usd", "cash_usd[61] > 0", "the plan has months 1 to 24"),
    ],
)
def test_what_cannot_be_sought_is_told(key: str, target: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        planned(key, target, draws=16)
    assert words in str(refused.value)


def test_too_many_draws_are_refused_before_they_are_drawn() -> None:
    with pytest.raises(InputError, match="give --draws 174762"):
        planned("overhead_usd", "cash_usd > 0", draws=200_000)


def test_a_list_that_the_scenario_leaves_empty_is_told(tmp_path: Path) -> None:
    path = tmp_path / "alone.yaml"
    path.write_text(f"extends: {OPEN}\nfinance:\n  rounds: []\n", "utf-8")
    with pytest.raises(InputError, match="the scenario lists none"):
        solve_plan(
            path, "finance.rounds.0.round_usd", "runway_months >= 24", 0.5, measurements=str(RECORD), draws=2
        )


# Words


TARGET = "runway_months >= 24"


def told(found: Solution, wanted: float = 0.5) -> list[str]:
    return solution(found, "market.price_usd", TARGET, wanted).splitlines()


def test_an_answer_in_words() -> None:
    assert told(sought(rising(2.0), error=0.01)) == [
        f"market.price_usd = 2.001 usd: {TARGET} holds with probability 0.500 (wanted 0.5)",
        "95 % interval of the value from the sampling error: 1.95 to 2.055",
        "tried from 0.03125 to 32",
    ]


def test_other_ends_in_words() -> None:
    (none,) = told(sought(lambda value: 0.01 * math.log(value) + 0.04), wanted=0.5)
    assert none == (
        f"no value of market.price_usd from 0.03125 to 32 meets {TARGET} with probability 0.5; "
        "the best is 32 usd, with probability 0.075"
    )
    (flat,) = told(sought(lambda value: 0.25))
    assert (
        flat
        == f"market.price_usd from 0.03125 to 32 changes nothing: throughout 0.250 of the draws meet {TARGET}"
    )
    all_meet = told(sought(lambda value: 0.7 + 0.01 * math.log(value)))
    assert (
        all_meet[1] == "so do all values tried from 0.03125 to 32; this one is nearest to the scenario's own"
    )
    hill = told(sought(lambda value: math.exp(-(math.log(value / 2) ** 2))))
    assert hill[-1].endswith(
        "the probability neither rises nor falls with market.price_usd throughout, "
        "and crosses 0.5 2 times, of which the nearest is told"
    )
    central = told(sought(lambda value: float(value > 2), error=None))
    assert central[0] == f"market.price_usd = 2.001 usd: {TARGET} holds with every other input at its median"
    assert len(central) == 2
    assert told(sought(rising(30.0), error=0.2))[1].endswith(" to open")
