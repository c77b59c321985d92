"""Bought accelerators and capitalised training: what they cost, lose, fetch, and stand at in the books."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import assets, metrics

MONTHS = 40


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float).reshape(-1, 1)


def run(
    bought: np.ndarray,
    gpus: np.ndarray,
    price: np.ndarray,
    life: np.ndarray,
    sold: np.ndarray,
    fall: np.ndarray,
) -> dict[str, np.ndarray]:
    """The rows of all figures of bought accelerators, with the value in the books rolled forward."""
    book, rows = 0.0, []
    for month in map(float, range(1, MONTHS + 1)):
        paid = float(assets.gpu_purchases_usd(month, bought, gpus, price)[0])  # type: ignore[index]
        lost = float(assets.depreciation_usd(month, bought, gpus, price, life, sold)[0])  # type: ignore[index]
        gone = float(assets.disposed_usd(month, bought, gpus, price, life, sold)[0])  # type: ignore[index]
        fetched = float(assets.resale_usd(month, bought, gpus, price, sold, fall)[0])  # type: ignore[index]
        book = float(assets.fixed_assets_usd(book, paid, lost, gone))
        owned = float(assets.owned_gpus(month, bought, gpus, sold)[0])  # type: ignore[index]
        rows.append((paid, lost, gone, fetched, book, owned))
    names = ("paid", "lost", "gone", "fetched", "book", "owned")
    return dict(zip(names, np.array(rows).T, strict=True))


def test_eight_accelerators_over_ten_months_and_sold_after_six() -> None:
    # 8 x 25,000 = 200,000; 20,000 a month from month 3 on; sold at the start of month 9, after six months.
    found = run(column(3), column(8), column(25e3), column(10), column(9), column(0.1))
    assert found["paid"].tolist() == [0, 0, 200e3] + [0] * 37
    assert found["lost"] == pytest.approx([0, 0] + [20e3] * 6 + [0] * 32)
    assert found["book"][[1, 2, 7, 8]] == pytest.approx([0, 180e3, 80e3, 0])
    assert found["gone"][8] == pytest.approx(80e3)
    assert found["fetched"][8] == pytest.approx(200e3 * 0.9**6)
    assert found["owned"].tolist() == [0, 0] + [8] * 6 + [0] * 32
    assert assets.disposal_gain_usd(found["fetched"][8], found["gone"][8]) == pytest.approx(26288.2)


def test_what_is_written_off_serves_on() -> None:
    found = run(column(1), column(2), column(10e3), column(4.5), column(1000), column(0.02))
    assert found["lost"] == pytest.approx([20e3 / 4.5] * 4 + [20e3 / 9] + [0] * 35)
    assert np.all(found["owned"] == 2)
    assert found["book"][5] == pytest.approx(0, abs=1e-9)


items = st.integers(0, 3).flatmap(
    lambda count: st.tuples(
        *[
            st.lists(numbers, min_size=count, max_size=count)
            for numbers in (
                st.floats(0, 50), st.floats(0, 100), st.floats(0, 1e5),
                st.floats(0.1, 60), st.floats(0, 60), st.floats(0, 1),
            )
        ]
    )
)  # fmt: skip


@given(items)
def test_what_is_paid_is_written_off_or_leaves_or_stays(lists: tuple[list[float], ...]) -> None:
    arguments = [np.array(each, dtype=float).reshape(-1, 1) for each in lists]
    found = run(*arguments)
    paid = np.sum(found["paid"])
    assert np.sum(found["lost"]) + np.sum(found["gone"]) + found["book"][-1] == pytest.approx(paid, abs=1e-6)
    for row in found.values():
        assert np.all(row >= -1e-6)
    # nothing fetches more than was paid
    assert np.sum(found["fetched"]) <= paid * (1 + 1e-12)


def test_sold_in_the_month_of_purchase_never_serves_and_gains_nothing() -> None:
    found = run(column(5), column(3), column(1e4), column(10), column(2), column(0.5))
    assert not np.any(found["owned"])
    assert not np.any(found["lost"])
    assert found["fetched"][4] == found["gone"][4] == found["paid"][4] == 3e4


def test_owned_accelerators_take_the_place_of_rented_ones() -> None:
    assert assets.rented_gpus(np.array([0.0, 6.0, 9.0]), 8.0).tolist() == [0, 0, 1]  # type: ignore[union-attr]
    running = assets.owned_running_usd(2.0, column(1, 5), column(8, 4), column(99, 99), column(0.5, 0.3))
    assert running == pytest.approx(8 * 0.5 * 730.5)


def test_capitalised_training_loses_a_part_of_what_is_left() -> None:
    book, lost = 0.0, []
    for month in range(4):
        lost.append(float(assets.amortisation_usd(book, 10.0)))
        paid = float(assets.capitalised_training_usd(80.0, 20.0, 1.0)) if month == 0 else 0.0
        book = float(assets.trained_models_usd(book, paid, lost[-1]))
    assert lost == pytest.approx([0, 10, 9, 8.1])
    assert book == pytest.approx(100 * 0.9**3)
    assert assets.capitalised_training_usd(80.0, 20.0, 0.0) == 0
    assert assets.amortisation_usd(50.0, 0.3) == 50  # written off at once, not more


def test_accelerators_before_the_first_revenue() -> None:
    bought, revenue = np.array([[5.0], [7.0], [9.0]]), np.array([[0.0], [0.0], [1.0]])
    assert metrics.startup_purchases_usd(bought, revenue) == 12
