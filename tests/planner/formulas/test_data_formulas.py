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


def test_text_is_bought_by_the_token_and_collected_by_the_byte() -> None:
    # A quarter of 4e9 tokens at 10 USD a million, and three quarters of 8e10 bytes at 0.1 USD a gigabyte.
    cost = data.acquisition_usd(4e9, 0.25, 10.0, 8e10, 1e-10)
    assert cost == pytest.approx(1e9 / 1e6 * 10 + 0.75 * 8e10 * 1e-10)


def test_labels_are_judged_by_several_and_some_again() -> None:
    # 5,000 items x 0.5 USD x 2 people x 1.2 rework x 1.25 management.
    items = data.labelled_items(1e9, 1e9, 5000.0)
    assert data.labelling_usd(items, 0.5, 2.0, 0.2, 0.25) == pytest.approx(5000 * 0.5 * 2 * 1.2 * 1.25)
    assert data.labelled_items(1e13, 1e9, 5000.0) == 5000, "a long run is labelled once"
    assert data.labelled_items(1e9, 0.0, 5000.0) == 0


def test_storage_grows_with_what_is_kept_and_pays_for_what_leaves() -> None:
    kept = data.kept_bytes(1e12, (2e11, 0.0), 2.0)
    assert kept == 2.4e12
    assert data.storage_usd(kept, 2.3e-11, 0.1, 9e-11) == pytest.approx(2.4e12 * (2.3e-11 + 0.1 * 9e-11))
    assert data.corpus_bytes(1e12, 5e11) == 1.5e12
