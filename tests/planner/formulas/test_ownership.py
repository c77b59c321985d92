"""The cap table: dilution, pool and SAFEs against worked examples, and what holds of any rounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import funding, ownership

HOLDERS = ("founders", "pool", "safe", "investors")


@dataclass(frozen=True)
class Round:
    month: float
    usd: float
    pre: float = 0.0
    cap: float = 0.0
    pool: float = 0.0
    safe: float = 0.0
    success: float = 1.0
    delay: float = 0.0


def table(*rounds: Round, opening_pool: float = 0.1, months: int = 12) -> np.ndarray:
    """Shares of the four holders after each month, and in the last column what waits as SAFE."""
    month_, usd, pre, cap, pool_, safe_, success, delay = (
        np.array([getattr(one, name) for one in rounds], dtype=float).reshape(-1, 1)
        for name in ("month", "usd", "pre", "cap", "pool", "safe", "success", "delay")
    )
    come = funding.round_come_month(month_, delay)
    for_safes = funding.safe_round_usd(usd, success, safe_)
    for_shares = funding.priced_round_usd(usd, success, safe_)
    founders, pool = ownership.opening_founders_share(opening_pool), opening_pool
    safe, investors, last = 0.0, 0.0, 0.0
    rows = []
    for month in map(float, range(1, months + 1)):
        new = funding.new_priced_usd(month, come, for_shares)
        diluted = ownership.priced_dilution_share(month, come, for_shares, pre)
        value = ownership.pre_money_usd(new, diluted)
        more = ownership.pool_increase_share(month, come, success, safe_, pool_, new, diluted)
        turned = ownership.safe_conversion_share(month, last, new, value, come, for_safes, cap)
        last = ownership.last_priced_month(month, last, new)
        kept = ownership.kept_share(turned, diluted, more)
        founders = ownership.founders_share(founders, kept)
        pool = ownership.pool_share(pool, kept, more)
        safe = ownership.safe_share(safe, kept, turned, diluted, more)
        investors = ownership.investors_share(investors, kept, diluted)
        waiting = ownership.waiting_safe_share(month, last, come, for_safes, cap)
        rows.append([float(np.squeeze(one)) for one in (founders, pool, safe, investors, waiting)])
    return np.array(rows)


def test_without_rounds_nothing_changes() -> None:
    np.testing.assert_array_equal(table()[:, :4], [[0.9, 0.1, 0, 0]] * 12)


def test_a_raise_of_nothing_leaves_the_shares_unchanged() -> None:
    # neither a round of nothing nor one that fails, whatever pool was asked
    none = table(Round(3, 0, pre=10e6, pool=0.1), Round(4, 5e6, pre=10e6, pool=0.1, success=0))
    np.testing.assert_array_equal(none, table())


def test_dilution_compounds() -> None:
    # A at 48 before 12: a fifth; B at 109.8 before 20: 20 / 129.8.
    found = table(Round(3, 12e6, pre=48e6), Round(8, 20e6, pre=109.8e6))
    first, second = 12 / 60, 20 / 129.8
    assert found[2] == pytest.approx([0.9 * 0.8, 0.1 * 0.8, 0, 0.2, 0])
    assert found[-1, 0] == pytest.approx(0.9 * (1 - first) * (1 - second), rel=1e-12)
    assert found[-1, 3] == pytest.approx(1 - (1 - first) * (1 - second), rel=1e-12)
    # in one month as in two
    together = table(Round(3, 12e6, pre=48e6), Round(3, 20e6, pre=109.8e6))
    np.testing.assert_allclose(together[-1], found[-1], rtol=1e-12)


def test_new_options_are_borne_by_the_earlier_holders() -> None:
    found = table(Round(3, 2.5e6, pre=10e6, pool=0.05))[-1]
    # investors get their fifth all the same; founders and old pool keep 1 - 0.2 - 0.05
    assert found[:4] == pytest.approx([0.9 * 0.75, 0.1 * 0.75 + 0.05, 0, 0.2])


def test_a_safe_owns_its_money_over_its_cap_until_the_next_round_dilutes_it() -> None:
    # 800,000 at a cap of 8 million is a tenth of the company before the round; then a fifth goes to the investors.
    found = table(Round(2, 0.8e6, cap=8e6, safe=1), Round(6, 5e6, pre=20e6))
    assert found[4] == pytest.approx([0.9, 0.1, 0, 0, 0.1])
    assert found[5] == pytest.approx([0.9 * 0.9 * 0.8, 0.1 * 0.9 * 0.8, 0.1 * 0.8, 0.2, 0])


@pytest.mark.parametrize(("cap", "share"), [(0, 0.8 / 4), (8e6, 0.8 / 4), (2e6, 0.4)])
def test_a_safe_converts_at_the_lower_of_its_cap_and_the_price(cap: float, share: float) -> None:
    found = table(Round(2, 0.8e6, cap=cap, safe=1), Round(2, 1e6, pre=4e6))
    assert found[-1, 2] == pytest.approx(share * 0.8)


def test_a_safe_after_a_round_waits_for_the_next() -> None:
    found = table(Round(3, 1e6, pre=9e6), Round(5, 1e6, cap=20e6, safe=1), Round(9, 2e6, pre=38e6))
    assert found[7, 2:] == pytest.approx([0, 0.1, 0.05])
    before, after = 0.95 * 0.95, 0.95  # the SAFE takes a twentieth, then the investors one
    assert found[8] == pytest.approx([0.81 * before, 0.09 * before, 0.05 * after, 0.1 * before + 0.05, 0])


def test_without_a_valuation_the_shares_are_undefined_from_then_on() -> None:
    found = table(Round(3, 1e6, pre=9e6), Round(6, 2e6), Round(9, 1e6, pre=20e6))
    assert np.all(np.isfinite(found[:5]))
    assert np.all(np.isnan(found[5:, :4]))


shares, usd = st.floats(0, 1), st.one_of(st.just(0.0), st.floats(1e3, 1e9))
any_round = st.builds(
    Round,
    month=st.floats(0, 13), usd=usd, pre=st.floats(1e3, 1e9), cap=usd, pool=shares,
    safe=st.sampled_from([0.0, 1.0]), success=st.sampled_from([0.0, 0.5, 1.0]), delay=st.floats(0, 3),
)  # fmt: skip


@given(st.lists(any_round, max_size=5), shares)
def test_the_four_holders_own_everything_after_every_round(rounds: list[Round], pool: float) -> None:
    found = table(*rounds, opening_pool=pool)
    np.testing.assert_allclose(found[:, :4].sum(axis=1), 1.0, rtol=1e-9)
    assert np.all((found >= -1e-12) & (found <= 1 + 1e-12))
    # founders are only ever diluted
    assert np.all(np.diff(found[:, 0]) <= 1e-15)
