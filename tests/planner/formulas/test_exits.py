"""The liquidation waterfall: money back or the share, whichever is more, and everything is handed out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import exits


def proceeds(
    equity: float,
    safe_usd: float,
    priced_usd: float,
    safe: float,
    investors: float,
    founders: float,
    waiting: float = 0,
) -> dict[str, float]:
    """What each of the four gets; `safe`, `investors` and `founders` are shares before waiting SAFEs."""
    own_safe = exits.exit_safe_share(safe, waiting)
    own_investors = exits.exit_investors_share(investors, waiting)
    price = exits.common_value_usd(equity, safe_usd, priced_usd, own_safe, own_investors)
    pool = 1.0 - safe - investors - founders
    found = {
        "founders": exits.founders_proceeds_usd(founders, waiting, price),
        "pool": exits.pool_proceeds_usd(pool, waiting, price),
        "safe": exits.safe_proceeds_usd(equity, safe_usd, priced_usd, own_safe, price),
        "investors": exits.investors_proceeds_usd(equity, safe_usd, priced_usd, own_investors, price),
    }
    return {name: float(value) for name, value in found.items()}


@pytest.mark.parametrize(
    ("equity", "investors", "founders"),
    [
        (3.0, 3.0, 0.0),  # less than the money that was put in: they take all
        (5.0, 5.0, 0.0),
        (10.0, 5.0, 4.5),  # 5 back is more than a fifth of 10; nine tenths of the rest are the founders'
        (25.0, 5.0, 18.0),  # 5 back is a fifth of 25
        (50.0, 10.0, 36.0),  # they convert
    ],
)
def test_five_for_a_fifth(equity: float, investors: float, founders: float) -> None:
    found = proceeds(equity, 0.0, 5.0, 0.0, 0.2, 0.72)
    assert found["investors"] == pytest.approx(investors)
    assert found["founders"] == pytest.approx(founders)
    assert found["safe"] == 0


def test_each_class_decides_for_itself() -> None:
    # SAFEs put in 1 for a tenth, investors 12 for a fifth. Of 31: investors take 12 back (a fifth of 31 is less);
    # of the other 19, SAFEs take 0.1 / 0.8 as shareholders, which beats their 1.
    found = proceeds(31.0, 1.0, 12.0, 0.1, 0.2, 0.6)
    assert found == pytest.approx(
        {"founders": 0.6 / 0.8 * 19, "pool": 0.1 / 0.8 * 19, "safe": 0.1 / 0.8 * 19, "investors": 12.0}
    )


def test_too_little_is_shared_by_what_was_put_in() -> None:
    found = proceeds(6.0, 3.0, 9.0, 0.1, 0.2, 0.6)
    assert found == pytest.approx({"founders": 0, "pool": 0, "safe": 1.5, "investors": 4.5})


def test_a_waiting_safe_takes_its_share_at_the_cap_or_its_money() -> None:
    assert proceeds(100.0, 1.0, 0.0, 0.0, 0.0, 0.9, waiting=0.1)["safe"] == pytest.approx(10)
    assert proceeds(5.0, 1.0, 0.0, 0.0, 0.0, 0.9, waiting=0.1)["safe"] == pytest.approx(1)
    assert proceeds(5.0, 1.0, 0.0, 0.0, 0.0, 0.9)["safe"] == pytest.approx(1)  # without a cap


def test_undefined_shares_leave_undefined_what_they_decide() -> None:
    found = proceeds(50.0, 0.0, 5.0, 0.0, np.nan, np.nan)
    assert np.isnan([found["founders"], found["investors"]]).all()
    assert proceeds(4.0, 0.0, 5.0, 0.0, np.nan, np.nan)["investors"] == 4  # whatever the shares


amounts = st.one_of(st.just(0.0), st.floats(1, 1e9))


@given(
    equity=amounts,
    safe_usd=amounts,
    priced_usd=amounts,
    parts=st.lists(st.floats(0, 1), min_size=4, max_size=4),
)
def test_everything_is_handed_out_and_nobody_would_rather_have_decided_otherwise(
    equity: float, safe_usd: float, priced_usd: float, parts: list[float]
) -> None:
    founders, pool, safe, investors = np.array(parts) / max(sum(parts), 1e-9) if sum(parts) else (1, 0, 0, 0)
    founders, investors = founders + pool * 0.5, investors  # a pool of whatever is left
    found = proceeds(equity, safe_usd, priced_usd, safe, investors, founders)
    assert sum(found.values()) == pytest.approx(equity, rel=1e-9, abs=1e-6)
    assert min(found.values()) >= -1e-6
    for name, back, share in (("safe", safe_usd, safe), ("investors", priced_usd, investors)):
        least = min(back, equity * back / max(safe_usd + priced_usd, 1e-9)) if back else 0.0
        assert found[name] >= least - 1e-6 * max(equity, 1)
        assert found[name] >= share * (equity - safe_usd - priced_usd) - 1e-6 * max(equity, 1)


def test_the_worth_of_a_business_is_a_multiple_of_its_last_twelve_months() -> None:
    revenue = np.arange(1.0, 25.0).reshape(-1, 1)
    assert exits.exit_value_usd(revenue, 3.0) == pytest.approx(3 * sum(range(13, 25)))
    assert exits.exit_value_usd(revenue[:5], 3.0) == 45
    assert exits.exit_equity_usd(100.0, 20.0, 50.0) == 70
    assert exits.exit_equity_usd(10.0, -80.0, 0.0) == 0
