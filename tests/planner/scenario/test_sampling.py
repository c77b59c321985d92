"""Draws belong to a name: repeatable, the same for any blocks, not disturbed by other names, evenly spread."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from planner.scenario import sampling
from planner.scenario.bounded import Uniform
from planner.scenario.correlation import Group
from planner.scenario.dimensions import EVEN_DRAWS, NUM_OWN_DIMENSIONS, dimensions, dimensions_by_scramble
from planner.scenario.distributions import Distribution, Lognormal, Normal
from planner.scenario.keys import ANY, keys
from planner.scenario.sampling import MOST_NETS, Method, Sampler, scrambles_of, shocks
from planner.scenario.sobol import direction_numbers
from planner.strategies import scenario_model

METHODS: tuple[Method, ...] = ("sobol", "latin_hypercube", "plain")
REGISTERED = (*tuple(dimensions())[:4], "role_people.3")
"""The last has a shared dimension."""
FREE = ("revenue_usd", "people.roles.97")


def sampler(
    names: Iterable[str], draws: int, seed: int = 0, method: Method = "sobol", groups: tuple[Group, ...] = ()
) -> Sampler:
    """Draw uniform values for names, alternating with what is normal inside so that both ways are tried."""
    kinds: tuple[Distribution, ...] = (Uniform(0, 1), Normal(-1, 1))
    return Sampler({name: kinds[len(name) % 2] for name in names}, draws, seed, method, groups)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("draws", [700, 5_000, 20_000, 32_768])
def test_blocks_do_not_show(method: Method, draws: int) -> None:
    group = Group((REGISTERED[0], REGISTERED[2], FREE[0]), ((1.0,), (0.6, 0.8), (0.0, 0.6, 0.8)))
    whole = sampler((*REGISTERED, *FREE), draws, 3, method, (group,)).all()
    for size in (1_024, 3_072, 8_192):
        parts = [
            sampler((*REGISTERED, *FREE), draws, 3, method, (group,)).block(start, min(start + size, draws))
            for start in range(0, draws, size)
        ]
        for name, values in whole.items():
            np.testing.assert_array_equal(values, np.concatenate([part[name] for part in parts]))


def test_blocks_may_come_in_any_order() -> None:
    one = sampler(REGISTERED, 16_384)
    whole = one.all()
    for start in (8_192, 1_024, 15_360, 0):
        for name, values in one.block(start, start + 1_024).items():
            np.testing.assert_array_equal(values, whole[name][start : start + 1_024])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("added", [REGISTERED[0], REGISTERED[4], "another_usd"])
def test_another_uncertain_input_leaves_the_draws_of_the_others_as_they_are(
    method: Method, added: str
) -> None:
    names = [REGISTERED[1], REGISTERED[3], *FREE]
    before, after = (sampler(chosen, 3_000, 7, method).all() for chosen in (names, [added, *names]))
    for name in names:
        np.testing.assert_array_equal(before[name], after[name])


def test_dependence_of_some_leaves_the_draws_of_others_as_they_are() -> None:
    group = Group((REGISTERED[0], REGISTERED[1]), ((1.0,), (0.6, 0.8)))
    before, after = (sampler((*REGISTERED, *FREE), 2_048, 1, "sobol", g).all() for g in ((), (group,)))
    for name in (*REGISTERED[2:], *FREE):
        np.testing.assert_array_equal(before[name], after[name])
    assert not np.array_equal(before[REGISTERED[1]], after[REGISTERED[1]])


@pytest.mark.parametrize("method", METHODS)
def test_the_seed_decides(method: Method) -> None:
    first, same, other = (sampler((*REGISTERED, *FREE), 1_024, seed, method).all() for seed in (1, 1, 2))
    for name in first:
        np.testing.assert_array_equal(first[name], same[name])
        assert not np.array_equal(first[name], other[name])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("draws", [1, 2, 3, 1_000, 1_024, 20_000])
def test_values_are_strictly_inside_and_evenly_spread(method: Method, draws: int) -> None:
    names = (*REGISTERED, *FREE)
    for values in Sampler(dict.fromkeys(names, Uniform(0, 1)), draws, 3, method).all().values():
        assert values.shape == (draws,)
        assert 0 < values.min() <= values.max() < 1
        assert stats.kstest(values, "uniform").statistic < 2 / np.sqrt(draws)


@pytest.mark.parametrize("method", ["sobol", "latin_hypercube"])
@pytest.mark.parametrize("draws", [512, 2_048, 10_000, 16_384])
def test_every_scramble_fills_each_stratum_once(method: Method, draws: int) -> None:
    one = Sampler(dict.fromkeys((*REGISTERED, *FREE), Uniform(0, 1)), draws, 5, method)
    for values in one.all().values():
        for rows in one.scrambles:
            size = rows.stop - rows.start
            assert sorted(np.floor(values[rows] * size)) == list(range(size))


@given(st.integers(1, 3_000_000))
def test_scrambles_are_equal_powers_of_two_from_the_first_draw_on(draws: int) -> None:
    rows = scrambles_of(draws)
    sizes = {one.stop - one.start for one in rows}
    assert [one.start for one in rows] == [sum(sizes) * number for number in range(len(rows))]
    assert rows[-1].stop <= draws
    if draws >= 1_024:
        size = sizes.pop()
        assert size & (size - 1) == 0
        assert draws - rows[-1].stop < size
        assert (8 if draws >= 8_192 else 4) <= len(rows) < (16 if draws >= 8_192 else 8)
    else:
        assert rows == (slice(0, draws),)


def test_scrambles_of_the_usual_numbers_of_draws() -> None:
    assert scrambles_of(16_384) == tuple(slice(2_048 * i, 2_048 * (i + 1)) for i in range(8))
    assert scrambles_of(1_024) == tuple(slice(256 * i, 256 * (i + 1)) for i in range(4))
    assert len(scrambles_of(10_000)) == 9


def test_the_spread_of_scrambles_tells_the_error() -> None:
    """Sums of lognormals have a known mean: the estimates miss it by about the error that their scrambles say."""
    distributions: dict[str, Distribution] = {name: Lognormal(1, 20) for name in REGISTERED}
    mean = sum(one.mean for one in distributions.values())
    scores = []
    for seed in range(40):
        one = Sampler(distributions, 8_192, seed)
        total = np.sum(list(one.all().values()), axis=0)
        estimates = np.array([total[rows].mean() for rows in one.scrambles])
        scores.append((estimates.mean() - mean) / (estimates.std(ddof=1) / np.sqrt(len(estimates))))
    assert 0.6 < np.std(scores) < 1.8  # Student's t with 7 degrees of freedom: 1.18


def pairs_of(values: dict[str, np.ndarray]) -> tuple[float, float]:
    """Return the largest Pearson and the largest Spearman correlation of any two names."""
    table = np.array(list(values.values()))
    ranks = table.argsort(axis=1).argsort(axis=1)
    largest = [np.abs(np.corrcoef(each) - np.eye(len(each))).max() for each in (table, ranks)]
    return float(largest[0]), float(largest[1])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_inputs_of_the_schema_are_uncorrelated_in_several_scrambles(seed: int) -> None:
    values = Sampler(dict.fromkeys(dimensions(), Uniform(0, 1)), 16_384, seed).all()
    assert max(pairs_of(values)) < 0.02


@pytest.mark.parametrize("seed", [0, 1])
def test_names_to_come_will_be_uncorrelated(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were every dimension taken, the limit would hold for all pairs."""
    full = {f"name_{dimension}": dimension for dimension in range(len(direction_numbers()))}
    monkeypatch.setattr(sampling, "dimensions", lambda: full)
    values = Sampler(dict.fromkeys(full, Uniform(0, 1)), 16_384, seed).all()
    table = np.array(list(values.values()))
    assert np.abs(np.corrcoef(table) - np.eye(len(table))).max() < 0.02


def test_names_with_dimensions_of_their_own_are_uncorrelated_in_one_scramble() -> None:
    names = [name for name, dimension in dimensions().items() if dimension < NUM_OWN_DIMENSIONS]
    assert len(names) > 100
    one = Sampler(dict.fromkeys(names, Uniform(0, 1)), 8 * 16_384, 0)
    values = {name: column[one.scrambles[0]] for name, column in one.all().items()}
    assert max(pairs_of(values)) < 0.02


def test_every_registered_name_draws_from_the_sequence() -> None:
    """Neighbours in a Sobol sequence differ by a half in every dimension, those in a Latin hypercube by anything."""
    for name, values in Sampler(dict.fromkeys(dimensions(), Uniform(0, 1)), 4_096, 0).all().items():
        halves = values.reshape(-1, 2) >= 0.5
        assert (halves[:, 0] != halves[:, 1]).all(), name
    (free,) = Sampler({FREE[0]: Uniform(0, 1)}, 4_096, 0).all().values()
    assert not ((free[::2] >= 0.5) != (free[1::2] >= 0.5)).all()


@pytest.mark.parametrize("draws", [3_000, 16_384])
def test_a_name_with_a_shared_dimension_draws_alone_what_it_draws_among_others(draws: int) -> None:
    whole = Sampler(dict.fromkeys(dimensions(), Uniform(0, 1)), draws, 1).all()
    for name in ("role_people.3", "tied_embeddings", "round_month.2"):
        (alone,) = Sampler({name: Uniform(0, 1)}, draws, 1).all().values()
        np.testing.assert_array_equal(alone, whole[name])


def test_shared_dimensions_take_turns() -> None:
    """No two names share one in a scramble, own ones stay, and two names never meet in the same pair twice."""
    count = len(direction_numbers())
    taken = dimensions_by_scramble(range(count), MOST_NETS, EVEN_DRAWS)
    np.testing.assert_array_equal(np.sort(taken, axis=1), np.tile(np.arange(count), (MOST_NETS, 1)))
    assert (taken[:, :NUM_OWN_DIMENSIONS] == np.arange(NUM_OWN_DIMENSIONS)).all()
    assert all(len(set(column)) == MOST_NETS for column in taken[:, NUM_OWN_DIMENSIONS:].T.tolist())


def test_own_dimensions_of_short_scrambles_take_turns_as_well() -> None:
    """A pair on stripes, which there are in 1,024 points, is met in one scramble of many and not in all."""
    count = len(direction_numbers())
    taken = dimensions_by_scramble(range(count), MOST_NETS, EVEN_DRAWS // 2)
    np.testing.assert_array_equal(np.sort(taken, axis=1), np.tile(np.arange(count), (MOST_NETS, 1)))
    assert all(len(set(column)) == MOST_NETS for column in taken.T.tolist())
    values = Sampler(dict.fromkeys(dimensions(), Uniform(0, 1)), 4_096, 0).all()
    assert max(pairs_of(values)) < 0.3


def test_what_is_not_registered_is_as_uncorrelated_as_chance_allows() -> None:
    names = [*(f"free_{i}" for i in range(20)), *REGISTERED]
    values = Sampler(dict.fromkeys(names, Uniform(0, 1)), 16_384, 0).all()
    assert max(pairs_of(values)) < 4.5 / np.sqrt(16_384)


def test_lognormals_have_the_quantiles_of_their_interval() -> None:
    values = Sampler({REGISTERED[0]: Lognormal(5, 10)}, 16_384, 0).all()[REGISTERED[0]]
    assert np.quantile(values, [0.05, 0.5, 0.95]) == pytest.approx([5, 7.0710678119, 10], rel=1e-3)
    assert values.mean() == pytest.approx(7.2297837323, rel=1e-4)


def test_sobol_draws_beat_plain_ones() -> None:
    """On a smooth bounded sum of products the error falls at least tenfold, as sixty times the draws would do."""
    names = tuple(dimensions())[:10]

    def errors(method: Method) -> float:
        found = []
        for seed in range(30):
            drawn = Sampler(dict.fromkeys(names, Uniform(0, 1)), 8_192, seed, method).all()
            columns = np.array(list(drawn.values()))
            found.append(float((columns[:-1] * columns[1:]).sum(axis=0).mean() - 9 / 4))
        return float(np.std(found))

    assert errors("sobol") < errors("plain") / 10
    assert errors("latin_hypercube") < errors("plain") / 2


def test_the_registry_is_complete_and_names_no_dimension_twice() -> None:
    taken = list(dimensions().values())
    free = sorted(set(range(len(direction_numbers()))) - set(taken))
    wanted = [
        f"{key.name}.0" if ANY in key.path else key.name
        for key in keys(scenario_model()).values()
        if key.is_quantity
    ]
    missing = [name for name in wanted if name not in dimensions()]
    lines = "".join(f"\n{name},{dimension}" for name, dimension in zip(missing, free, strict=False))
    assert not missing, f"add these lines to planner/scenario/dimensions.csv:{lines}"
    assert len(taken) == len(set(taken))
    assert max(taken) < len(direction_numbers())


def test_old_names_keep_their_dimensions() -> None:
    """A plan must draw tomorrow what it drew today; a sample of names stands here for all."""
    kept = {
        "price_usd_per_million_tokens": 0,
        "price_elasticity_ratio": 2,
        "round_usd.0": 106,
        "factor.demand": 8,
    }
    assert {name: dimensions()[name] for name in kept} == kept


def test_no_draws_and_uneven_blocks_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one draw"):
        sampler(REGISTERED, 0)
    for start, stop in ((100, 200), (0, 0), (0, 5_000), (-1_024, 1)):
        with pytest.raises(ValueError, match="a block starts"):
            sampler(REGISTERED, 4_096).block(start, stop)


def test_no_name_gives_no_draws() -> None:
    assert sampler((), 16).all() == {}


@settings(max_examples=20)
@given(st.integers(0, 5), st.integers(1, 3), st.integers(0, 2**40))
def test_shocks_of_a_block_are_those_of_the_whole(chunk: int, count: int, seed: int) -> None:
    whole = shocks("shock_deals", 7, 0, 9 * 1_024, seed)
    part = shocks("shock_deals", 7, chunk * 1_024, (chunk + count) * 1_024, seed)
    np.testing.assert_array_equal(part, whole[:, chunk * 1_024 : (chunk + count) * 1_024])


def test_shocks_belong_to_their_name_seed_and_month() -> None:
    first = shocks("shock_deals", 60, 0, 5_000, 0)
    assert first.shape == (60, 5_000)
    assert 0 < first.min() < first.max() < 1
    np.testing.assert_array_equal(shocks("shock_deals", 12, 0, 5_000, 0), first[:12])
    assert not np.array_equal(shocks("shock_failures", 60, 0, 5_000, 0), first)
    assert not np.array_equal(shocks("shock_deals", 60, 0, 5_000, 1), first)
    assert np.abs(np.corrcoef(first) - np.eye(60)).max() < 5 / np.sqrt(5_000)
    assert stats.kstest(first.ravel(), "uniform").statistic < 2 / np.sqrt(first.size)


def test_shocks_start_at_whole_chunks() -> None:
    with pytest.raises(ValueError, match="a block of shocks starts"):
        shocks("shock_deals", 3, 5, 1_024, 0)
