"""Quality: the scaling law as printed against its form in ratios, logit shifts, the gain of a loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import quality
from planner.strategies.data_flywheel import Inputs

PRINTED = (406.4, 410.7, 0.34, 0.28)
"""A, B, a, b of Hoffmann et al. 2022."""
REFITTED = (482.01, 2085.43, 0.3478, 0.3658)
"""A, B, a, b of Besiroglu et al. 2024."""
PARAMS, TOKENS = 8e9, 1.5e13


def reducible_loss(fit: tuple[float, ...], params: float, tokens: float) -> float:
    size, data, a, b = fit
    return size / params**a + data / tokens**b


def limited_share(fit: tuple[float, ...]) -> float:
    _, data, _, b = fit
    return data / TOKENS**b / reducible_loss(fit, PARAMS, TOKENS)


@pytest.mark.parametrize(("fit", "share"), [(PRINTED, 0.325), (REFITTED, 0.154)])
def test_the_share_that_data_limit_is_that_of_the_published_fits(
    fit: tuple[float, ...], share: float
) -> None:
    # 410.7 / 1.5e13^0.28 = 0.0840 beside 406.4 / 8e9^0.34 = 0.1747: 0.0840 / 0.2585 = 0.325
    assert limited_share(fit) == pytest.approx(share, abs=5e-4)


def test_the_defaults_span_the_two_fits() -> None:
    given = Inputs()
    assert given.fitted_data_limited_share.text == "0.154 to 0.325"
    assert given.model_exponent_ratio.text == f"{PRINTED[2]} to {REFITTED[2]}"
    assert given.data_exponent_ratio.text == f"{PRINTED[3]} to {REFITTED[3]}"
    assert (given.fitted_params.value, given.fitted_tokens.value) == (PARAMS, TOKENS)


@pytest.mark.parametrize("fit", [PRINTED, REFITTED])
@pytest.mark.parametrize(("params", "tokens"), [(7e10, 1.5e13), (8e9, 6e13), (4e11, 1e12)])
def test_the_law_in_ratios_is_the_law_as_printed(
    fit: tuple[float, ...], params: float, tokens: float
) -> None:
    share = limited_share(fit)
    found = quality.size_limited_ratio(params / PARAMS, share, fit[2])
    found = found + quality.data_limited_ratio(tokens / TOKENS, share, fit[3])
    printed = reducible_loss(fit, params, tokens) / reducible_loss(fit, PARAMS, TOKENS)
    assert found == pytest.approx(printed, rel=1e-12)


def test_odds_move_by_quality_to_a_power() -> None:
    # odds 0.05 / 0.95 = 1 / 19; twice the quality at an elasticity of one: 2 / 19, a share of 2 / 21
    assert quality.moved_share(0.05, 2.0, 1.0) == pytest.approx(2 / 21, rel=1e-14)
    assert quality.moved_share(0.05, 2.0, -1.0) == pytest.approx(1 / 39, rel=1e-14)
    assert quality.moved_share(0.05, 1.0, 1.5) == pytest.approx(0.05, rel=1e-15)


@given(share=st.floats(0, 1), ratio=st.floats(1e-30, 1e30), elasticity=st.floats(-50, 50))
def test_a_moved_share_stays_a_share(share: float, ratio: float, elasticity: float) -> None:
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        moved = quality.moved_share(share, ratio, elasticity)
    assert 0 <= moved <= 1
    if share in (0, 1):
        assert moved == share


@given(share=st.floats(0.01, 0.99), elasticity=st.floats(0, 2), better=st.floats(1, 3))
def test_better_quality_never_lowers_a_share_that_it_raises(
    share: float, elasticity: float, better: float
) -> None:
    assert quality.moved_share(share, better, elasticity) >= share * (1 - 1e-12)
    assert quality.moved_share(share, better, -elasticity) <= share * (1 + 1e-12)


def test_rivals_grow_from_the_first_month_on() -> None:
    assert quality.rival_ratio(1.0, 0.02) == 1.0
    assert quality.rival_ratio(51.0, 0.02) == pytest.approx(np.e, rel=1e-14)


def test_the_gain_of_a_loop_is_the_sum_of_its_rounds() -> None:
    # 1 + 0.3 + 0.09 + ... = 1 / 0.7
    assert quality.loop_gain_ratio(1.0, 0.3) == pytest.approx(sum(0.3**n for n in range(60)), rel=1e-12)
    assert quality.loop_gain_ratio(1.0, 0.05) == pytest.approx(1.0526, abs=1e-4)
    assert quality.loop_gain_ratio(0.0, 0.3) == 1.0


@pytest.mark.parametrize("exponents", [1.0, 2.0, np.array([0.1, 1.5, 0.2])])
def test_a_loop_that_explodes_has_no_gain(exponents: float) -> None:
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        quality.loop_gain_ratio(np.float64(1.0), exponents)
