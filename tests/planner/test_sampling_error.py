"""Standard errors against what statistics says of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from planner.sampling_error import mean_error, share_error
from planner.scenario.sampling import Sampler
from planner.scenario.spelling import parse

FOUR = [slice(start, start + 256) for start in range(0, 1_024, 256)]


def test_a_share_of_one_sample_has_the_binomial_error() -> None:
    holds = np.arange(100) < 20
    assert share_error(holds, [slice(0, 100)]) == pytest.approx(0.04)
    assert share_error(np.ones(50, bool), [slice(0, 50)]) == 0


def test_a_mean_of_one_sample_has_the_error_of_a_mean() -> None:
    assert mean_error(np.array([1.0, 2.0, 3.0, 4.0]), [slice(0, 4)]) == pytest.approx(
        math.sqrt(5 / 3) / math.sqrt(4)
    )
    assert mean_error(np.array([1.0]), [slice(0, 1)]) is None


def test_between_scrambles_the_error_is_that_of_their_mean() -> None:
    shares = [0.25, 0.5, 0.5, 0.75]
    holds = np.concatenate([np.arange(256) < 256 * share for share in shares])
    error = np.std(shares, ddof=1) / 2
    assert share_error(holds, FOUR) == pytest.approx(error)
    assert mean_error(holds.astype(float), FOUR) == pytest.approx(error)


def test_a_remainder_behind_the_last_scramble_has_no_part_in_the_error() -> None:
    holds = np.arange(1_024) % 2 == 0
    longer = np.append(holds, np.ones(100, bool))
    assert share_error(longer, FOUR) == share_error(holds, FOUR) == 0


def test_independent_draws_have_the_binomial_error_between_scrambles_too() -> None:
    eight = [slice(start, start + 2_048) for start in range(0, 16_384, 2_048)]
    found = [share_error(np.random.default_rng(seed).random(16_384) < 0.2, eight) for seed in range(40)]
    assert np.sqrt(np.mean(np.square(found))) == pytest.approx(math.sqrt(0.2 * 0.8 / 16_384), rel=0.15)


def test_the_error_of_sobol_draws_says_how_far_off_they_are() -> None:
    true, off, errors = 0.3, [], []
    for seed in range(20):
        sampler = Sampler(
            {"a_usd": parse("uniform(0, 1)", "a_usd"), "b_usd": parse("uniform(0, 1)", "b_usd")}, 8_192, seed
        )
        drawn = sampler.all()
        holds = (drawn["a_usd"] + drawn["b_usd"]) < math.sqrt(2 * true)
        off.append(float(np.mean(holds)) - true)
        errors.append(share_error(holds, sampler.scrambles))
    assert np.sqrt(np.mean(np.square(off))) == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=0.5)
