"""Present value, internal rates and payback against spreadsheets and libraries, and what no rate can be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planner.formulas import returns
from planner.units import Rows

NAN, INF = float("nan"), float("inf")

EXCEL_PROJECT = [-70000.0, 12000, 15000, 18000, 21000, 26000]
TWO_ROOTS = [-1, 2.3, -1.32]
"""(1 - 1.1 v)(1 - 1.2 v) times -1: the rates are 10 % and 20 %."""
SIX_DIGITS = (-0.678894, -0.870201, 0.709560, -0.999791, -0.018097)
THREE_RATES_APART = 0.25
"""In log rates: twice the widest distance of the grid where the rates of the test lie."""
GH_39 = [-217500.0, -217500.0, *(108466.80462450592 - 7336.8402312253 * k for k in range(25))]


def rows(*draws: Sequence[float]) -> Rows:
    """Rows of periods by draws, from one list of periods for each draw."""
    return np.array(draws, dtype=float).T


def rates(*flows: float) -> list[float]:
    found = returns.internal_rates(rows(flows))[:, 0]
    return [float(rate) for rate in found if not np.isnan(rate)]


def days(*written: str) -> np.ndarray:
    return np.array([date.fromisoformat(day).toordinal() for day in written], dtype=float)


# Present value


@pytest.mark.parametrize(
    ("rate", "flows", "value", "excel"),
    [
        (0.10, [-10000, 3000, 4200, 6800], 1307.287753568743, 1188.4434123352216),
        (0.08, [-40000, 5000, 8000, 12000, 30000], 3065.222668179, 2838.169137203),
        (0.05, [-15000, 1500, 2500, 3500, 4500, 6000], 122.89485495093959, 122.89485495093959 / 1.05),
    ],
)
def test_present_value_with_the_first_flow_today_and_as_excel_does(
    rate: float, flows: list[float], value: float, excel: float
) -> None:
    np.testing.assert_allclose(returns.present_value(rows(flows), 1 + rate), [value], rtol=1e-12)
    np.testing.assert_allclose(returns.present_value_of_excel(rows(flows), 1 + rate), [excel], rtol=1e-12)


def test_a_rate_of_minus_all_or_less_has_no_present_value() -> None:
    for ratio in (0.0, -0.5):
        with pytest.raises(ValueError, match="-100 % or less"):
            returns.present_value(rows([1.0, 2.0]), ratio)


DATED = [
    # Excel's documentation of XNPV and XIRR, which prints 0.373362535: its rule to stop is 1e-8.
    ([-10000, 2750, 4250, 3250, 2750],
     ["2008-01-01", "2008-03-01", "2008-10-30", "2009-02-15", "2009-04-01"],
     0.37336253351883136, 0.09, 2086.647602031535),
    # Samples of pyxirr; the dates need no order.
    ([-1000, -9000, 20000, -3000],
     ["2015-06-11", "2015-07-21", "2018-06-10", "2015-10-17"], 0.16353715844, 0.10, 2218.42566365675),
    ([-100, 10, 10, 10, 10, 200],
     ["2023-12-31", "2024-12-31", "2026-12-31", "2027-12-31", "2028-12-31", "2029-12-31"],
     0.175680730580782, None, None),
    ([-134.09, 40.86], ["2021-06-09", "2021-08-11"], (40.86 / 134.09) ** (365 / 63) - 1, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("flows", "written", "rate", "discount", "value"), DATED)
def test_dated_flows(
    flows: list[float], written: list[str], rate: float, discount: float | None, value: float | None
) -> None:
    times = returns.years_after_first(days(*written))
    np.testing.assert_allclose(returns.internal_rate(rows(flows), times), [rate], rtol=1e-9)
    if discount is not None:
        found = returns.present_value(rows(flows), 1 + discount, times)
        np.testing.assert_allclose(found, [value], rtol=1e-12)


# Internal rates


@pytest.mark.parametrize(
    ("flows", "found"),
    [
        (EXCEL_PROJECT, [0.08663094803653162]),
        (EXCEL_PROJECT[:5], [-0.021244848273410]),
        (EXCEL_PROJECT[:3], [-0.443506941334741]),
        ([-150000, 15000, 25000, 35000, 45000, 60000], [0.052432888859]),
        ([-100, 0, 0, 74], [0.74 ** (1 / 3) - 1]),
        ([-100, 39, 59, 55, 20], [0.280948421160]),
        ([-100, 100, 0, 7], [0.062058485622]),
        ([-10000] + [327.24625] * 16, [-0.067654113450]),
        # Several roots: numpy-financial's tests name the one that is printed last here, or first.
        ([-100, 100, 0, -7], [-0.678894, -0.083299666185]),
        ([-5, 10.5, 1, -8, 1], [-0.870201, 0.088598338532, 0.709560]),
        ([-5, 10.5, 1, -8, 1, 0, 0, 0], [-0.870201, 0.088598338532, 0.709560]),
        ([-1678.87, 771.96, 1814.05, 3520.30, 3552.95, 3584.99, 4789.91, -1], [-0.999791, 1.00426984872]),
        (GH_39, [-0.018097, 0.12]),
        (TWO_ROOTS, [0.1, 0.2]),
        # Nothing at either end of the row changes a rate, nor does a span of months without a flow.
        ([0, 0, -100, 110, 0], [0.1]),
        ([-100] + [0] * 58 + [200], [2 ** (1 / 59) - 1]),
        # Far out, and so close that they lie between two points of any grid.
        ([-1, 1e9], [1e9 - 1]),
        ([-1, 1.1 + 1.1001, -1.1 * 1.1001], [0.1, 0.1001]),
        # Touching zero without crossing it.
        ([-1, 2.2, -1.21], [0.1]),
        ([-1, 2, -2], []),
        ([0, 0, 0], []),
        ([1, 2, 3], []),
        ([-1, -2, -3], []),
    ],
)  # fmt: skip
def test_all_roots_of_known_flows(flows: list[float], found: list[float]) -> None:
    got = rates(*flows)
    assert len(got) == len(found)
    for one, expected in zip(got, found, strict=True):
        # Roots that no library prints are told to six digits.
        assert one == pytest.approx(expected, rel=1e-9, abs=5e-7 if expected in SIX_DIGITS else 0)


@given(
    st.lists(st.floats(-0.6, 1.5), min_size=1, max_size=4, unique_by=lambda rate: round(rate, 2)),
    st.floats(0.5, 1e9),
)
@settings(max_examples=60)
def test_every_root_that_flows_are_made_of_is_found(made_of: list[float], size: float) -> None:
    # Three rates between two points of the grid pass for one, which the module says.
    logs = np.log1p(sorted(made_of))
    assume(all(far - near > THREE_RATES_APART for near, far in zip(logs, logs[2:], strict=False)))
    # The product of (1 + r) v - 1 over the rates, with v = 1 / (1 + rate), as a row of flows.
    flows = np.array([size])
    for rate in made_of:
        flows = np.convolve(flows, [-1.0, 1.0 + rate])
    found = rates(*flows)
    np.testing.assert_allclose(found, sorted(made_of), rtol=1e-6, atol=1e-6)


def test_as_many_roots_as_the_eigenvalues_of_the_polynomial_say() -> None:
    random = np.random.default_rng(3)
    flows = -2e5 + np.arange(60)[:, None] * random.uniform(5e3, 2e4, 40) + random.normal(0, 6e4, (60, 40))
    found = returns.internal_rates(flows)
    for draw in range(40):
        roots = np.roots(flows[:, draw])
        real = np.sort(roots[(np.abs(roots.imag) < 1e-9) & (roots.real > 0)].real) - 1
        mine = found[~np.isnan(found[:, draw]), draw]
        np.testing.assert_allclose(mine, real, rtol=1e-7, atol=1e-10)


def test_a_rate_does_not_depend_on_the_draws_beside_it() -> None:
    random = np.random.default_rng(4)
    flows = random.normal(0, 1, (24, 64))
    whole = returns.internal_rates(flows)
    for half in (slice(0, 32), slice(32, 64)):
        part = returns.internal_rates(flows[:, half])
        np.testing.assert_array_equal(part, whole[: len(part), half])
        assert np.all(np.isnan(whole[len(part) :, half]))


def test_present_value_is_zero_at_every_rate_that_is_found() -> None:
    flows = np.random.default_rng(5).normal(0, 1, (36, 50))
    for row in returns.internal_rates(flows):
        known = ~np.isnan(row)
        worth = returns.present_value(flows[:, known], 1 + row[known])
        parts = returns.present_value(np.abs(flows[:, known]), 1 + row[known])
        assert np.all(np.abs(worth) <= 1e-10 * parts)


@pytest.mark.parametrize(
    ("flows", "rate"),
    [
        (EXCEL_PROJECT, 0.08663094803653162),
        (TWO_ROOTS, NAN),  # multiple: which of them would mislead
        ([-5, 10.5, 1, -8, 1], NAN),
        (
            [-1678.87, 771.96, 1814.05, 3520.30, 3552.95, 3584.99, 4789.91, -1],
            1.00426984872,
        ),  # one above zero
        ([-1, 2, -2], -INF),  # no real root: a loss at every rate
        ([2, -2, 1], INF),
        ([1, 2, 3], INF),  # nothing is put in
        ([-1, -2, -3], -INF),
        ([0, 0, 0], NAN),
        ([-100, 10, 10, 10], -0.42441744383),  # a rate, though it never pays back
    ],
)
def test_the_rate_that_means_something(flows: list[float], rate: float) -> None:
    np.testing.assert_allclose(returns.internal_rate(rows(flows)), [rate], rtol=1e-7)


def test_one_flow_has_no_rate() -> None:
    assert np.isnan(returns.internal_rates(rows([5.0]))).all()


# Modified rate, payback


@pytest.mark.parametrize(
    ("flows", "finance", "reinvest", "rate", "tolerance"),
    [
        ([-120000, 39000, 30000, 21000, 37000, 46000], 0.10, 0.12, 0.1260941303659051, 1e-12),
        ([-4500, -800, 800, 800, 600, 600, 800, 800, 700, 3000], 0.08, 0.055, 0.0666, 5e-4),
        ([1, 2, 3], 0.1, 0.1, NAN, 0),
        ([-1, -2, -3], 0.1, 0.1, NAN, 0),
        ([0, 0], 0.1, 0.1, NAN, 0),
    ],
)  # fmt: skip
def test_modified_rate(
    flows: list[float], finance: float, reinvest: float, rate: float, tolerance: float
) -> None:
    found = returns.modified_internal_rate(rows(flows), 1 + finance, 1 + reinvest)
    np.testing.assert_allclose(found, [rate], rtol=tolerance)


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=20))
def test_the_modified_rate_at_the_internal_rate_is_the_internal_rate(flows: list[float]) -> None:
    rate = float(np.ravel(returns.internal_rate(rows(flows)))[0])
    if not (np.isfinite(rate) and -0.5 < rate < 2) or max(map(abs, flows)) < 1e-3:
        return
    found = returns.modified_internal_rate(rows(flows), 1 + rate, 1 + rate)
    np.testing.assert_allclose(found, [rate], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("flows", "periods"),
    [
        ([-100, 50, 50], 2),
        ([-100, 40, 120], 1.5),  # 60 of the 120 are needed
        ([-100, 150, -100, 100], 2.5),  # crossed, lost again, crossed for good
        ([-100, 10, 10, 10], INF),
        ([-100, 150, -100], INF),
        ([10, 10], 0),
        ([0, 0], 0),
        ([10, -20, 30], 1 + 10 / 30),
        ([-5], INF),
    ],
)
def test_payback_lies_between_periods_and_the_last_crossing_counts(
    flows: list[float], periods: float
) -> None:
    np.testing.assert_allclose(returns.payback_periods(rows(flows)), [periods], rtol=1e-12)


def test_discounted_payback_is_later() -> None:
    flows = rows([-100, 60, 60, 60])
    plain = returns.payback_periods(flows)
    # 60 / 1.1 + 60 / 1.21 = 104.13: 54.55 come back in the first period and 45.45 of 49.59 in the second.
    late = returns.payback_periods(returns.discounted(flows, 1.1))
    np.testing.assert_allclose(plain, [1 + 40 / 60])
    np.testing.assert_allclose(late, [1 + (100 - 60 / 1.1) / (60 / 1.21)])


@pytest.mark.parametrize(
    ("ratio", "terms", "summed"),
    [(0.5, 3.0, 1.75), (1.0, 7.0, 7.0), (0.5, INF, 2.0), (0.0, 4.0, 1.0), (2.0, 3.0, 7.0)],
)
def test_geometric_total(ratio: float, terms: float, summed: float) -> None:
    assert returns.geometric_total(ratio, terms) == pytest.approx(summed)


def test_the_worth_of_a_customer_at_one_rate_of_churn() -> None:
    # 35 a month, 3 % leave, 1 % interest. Paid ahead 35 x 1.01 / 0.04, paid at the end of the month 35 x 0.97 / 0.04.
    kept = 0.97 / 1.01
    ahead = 35 * returns.geometric_total(kept, INF)
    assert ahead == pytest.approx(883.75)
    assert kept * ahead == pytest.approx(848.75)
    assert 35 * returns.geometric_total(0.97, INF) == pytest.approx(1166.6667)
