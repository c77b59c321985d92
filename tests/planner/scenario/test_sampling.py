"""Draws belong to a name: they are strictly inside (0, 1), repeatable, and not disturbed by other names."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from planner.scenario import sampling
from planner.scenario.sampling import uniforms

ORDER = ("price_usd", "churn_share", "cost_usd", "users", "salary_usd")


@pytest.mark.parametrize("added", ["price_usd", "salary_usd", "people.roles.3.role_people", "aaa_ratio"])
def test_another_uncertain_input_leaves_the_draws_of_the_others_as_they_are(added: str) -> None:
    names = ["churn_share", "users", "revenue_usd", "people.roles.0.role_people"]
    before = uniforms(names, 1_000, 7, ORDER)
    after = uniforms([added, *names], 1_000, 7, ORDER)
    assert list(after) == [added, *names]
    for name in names:
        np.testing.assert_array_equal(before[name], after[name])


def test_a_key_added_at_the_end_of_the_schema_leaves_all_draws_as_they_are() -> None:
    before = uniforms(ORDER, 64, 0, ORDER)
    after = uniforms(ORDER, 64, 0, (*ORDER, "new_ratio"))
    assert all(np.array_equal(before[name], after[name]) for name in ORDER)


def test_the_seed_decides() -> None:
    names = ["users", "revenue_usd"]
    first, same, other = (uniforms(names, 128, seed, ORDER) for seed in (1, 1, 2))
    for name in names:
        np.testing.assert_array_equal(first[name], same[name])
        assert not np.array_equal(first[name], other[name])


@pytest.mark.parametrize("draws", [1, 2, 3, 1_000, 1_024, 20_000])
def test_values_are_strictly_inside_and_evenly_spread(draws: int) -> None:
    drawn = uniforms(["users", "revenue_usd"], draws, 3, ORDER)
    for values in drawn.values():
        assert values.shape == (draws,)
        assert 0 < values.min() <= values.max() < 1
        assert stats.kstest(values, "uniform").statistic < 2 / np.sqrt(draws)


def test_a_power_of_two_fills_every_stratum_once() -> None:
    for values in uniforms([*ORDER, "revenue_usd"], 512, 5, ORDER).values():
        assert sorted(np.floor(values * 512)) == list(range(512))


def test_fewer_draws_are_the_first_of_the_next_power_of_two() -> None:
    names = [*ORDER, "revenue_usd"]
    all_of_them, some = uniforms(names, 1_024, 9, ORDER), uniforms(names, 700, 9, ORDER)
    for name in names:
        np.testing.assert_array_equal(all_of_them[name][:700], some[name])


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = uniforms(ORDER, 5_000, 4, ORDER)
    monkeypatch.setattr(sampling, "BLOCK_DRAWS", 256)
    in_blocks = uniforms(ORDER, 5_000, 4, ORDER)
    assert all(np.array_equal(whole[name], in_blocks[name]) for name in ORDER)


def test_inputs_are_uncorrelated() -> None:
    names = [*ORDER, "revenue_usd", "figure_usd"]
    drawn = uniforms(names, 4_096, 0, ORDER)
    correlations = np.corrcoef([drawn[name] for name in names]) - np.eye(len(names))
    assert np.abs(correlations).max() < 0.06


def test_no_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one draw"):
        uniforms(["users"], 0, 0, ORDER)


def test_no_name_gives_no_draws() -> None:
    assert uniforms([], 16, 0, ORDER) == {}
    assert set(uniforms(["x"], 16, 0, ())) == {"x"}
