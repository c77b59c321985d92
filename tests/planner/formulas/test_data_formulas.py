"""Filtering of text on the measured machine, in bytes and in money."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import data


def test_cost_of_a_terabyte_by_hand() -> None:
    # 50,000 bytes a second are 180 MB an hour; at 0.09 USD an hour a terabyte takes 5,556 hours and 500 USD.
    per_byte = data.filter_usd_per_byte(50_000.0, 0.09)
    assert data.cleaning_usd(1e12, per_byte) == pytest.approx(500, rel=1e-12)
    assert data.screening_usd(1e12, per_byte) == pytest.approx(500, rel=1e-12)


def test_raw_text_is_what_is_kept_over_the_share_that_is_kept() -> None:
    assert data.cleaned_bytes(2e9, 4.0, 0.25) == pytest.approx(32e9)
    assert data.cleaned_bytes(1e9, 4.0, 1.0) == 4e9
    assert data.client_cleaned_bytes(5e8, 4.0, 0.5) == 4e9
    assert data.screened_bytes(1e6, 0.5, 4.0) == 2e6


@given(plain=st.floats(1, 1e6), ratio=st.floats(0.1, 10), price=st.floats(0, 100))
def test_the_saving_is_what_the_two_forms_cost_apart(plain: float, ratio: float, price: float) -> None:
    saving = data.compression_saving_usd(4e8, 6e8, 2e9, plain, plain * ratio, price)
    cost = 3e9 * data.filter_usd_per_byte(plain, price)
    assert saving == pytest.approx(cost * (1 - 1 / ratio), rel=1e-9, abs=1e-9)
    assert (saving >= 0) or ratio < 1


@pytest.mark.parametrize(("month", "fee"), [(1, 0), (2, 0), (3, 70), (4, 70), (60, 70)])
def test_licences_are_paid_from_the_start_of_training(month: float, fee: float) -> None:
    assert data.data_licence_usd(month, 70.0, 6.0, 3.0) == fee
