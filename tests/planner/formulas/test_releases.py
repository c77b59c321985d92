"""When models go live: late, refreshed at their cadence, and not at all where a release fails."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import releases
from planner.units import Array

MONTHS = np.arange(1.0, 241.0)


@pytest.mark.parametrize(
    ("launch", "slip", "serves"),
    [(5, 0, 5), (5, 0.9, 5), (5, 1.0, 6), (5, 2.7, 7), (4.4, 1.2, 5.4), (1, 3, 1), (0, 3, 0)],
)
def test_the_launch_is_late_by_whole_months(launch: float, slip: float, serves: float) -> None:
    delay = releases.launch_delay_months(launch, slip)
    assert releases.service_month(launch, delay) == pytest.approx(serves)


def test_a_switch_is_late_as_well_and_one_that_never_comes_still_never_comes() -> None:
    assert releases.successor_month(20.0, releases.release_delay_months(1.5)) == 21
    assert releases.successor_month(np.inf, releases.release_delay_months(1.5)) == np.inf


@pytest.mark.parametrize(
    ("launch", "switch", "cadence", "months"),
    [
        (5, np.inf, 6, [11, 17, 23]),
        (
            4.3,
            np.inf,
            6,
            [11, 17, 23],
        ),  # serves from month 5 on, so that the sixth month after 4.3 is month 11
        (5, 12, 6, [11, 18, 24]),
        (20, np.inf, 6, []),
        (5, np.inf, 2.5, [8, 10, 13, 15, 18, 20, 23]),
        (1, np.inf, 12, [13]),
    ],
)
def test_a_trained_model_is_refreshed_at_its_cadence(
    launch: float, switch: float, cadence: float, months: list[int]
) -> None:
    refreshed = np.asarray(releases.refresh_share(MONTHS[:24], launch, switch, cadence))
    assert MONTHS[:24][refreshed > 0].tolist() == months


@given(launch=st.floats(1, 30), cadence=st.floats(1, 24))
def test_refreshes_come_as_often_as_the_cadence_fits_into_the_time(launch: float, cadence: float) -> None:
    refreshed = np.asarray(releases.refresh_share(MONTHS, launch, np.inf, cadence))
    assert refreshed.sum() == np.floor((240 - launch) / cadence)


def released(launch: float, switch: float, cadence: float, delay: float, succeeds: Array) -> list[float]:
    months = MONTHS[:24]
    due = releases.release_due_share(months, launch, switch, cadence, delay)
    share = releases.released_share(months, launch, switch, due, succeeds)
    return MONTHS[:24][np.asarray(share) > 0].tolist()


@pytest.mark.parametrize(
    ("launch", "switch", "cadence", "delay", "months"),
    [
        (5, np.inf, 6, 0, [5, 11, 17, 23]),
        (5, np.inf, 6, 2, [5, 13, 19]),  # trained in months 11, 17, 23, live two months later each
        (4.3, np.inf, 6, 0, [5, 11, 17, 23]),
        (1, np.inf, 100, 0, [1]),
        (0, np.inf, 100, 0, [1]),
        (5, 12, 6, 0, [5, 11, 12, 18, 24]),
        (5, 12, 6, 1, [5, 12, 19]),  # the refresh that was trained in month 11 comes with the second model
        (5, np.inf, 1, 0, [*range(5, 25)]),
    ],
)
def test_customers_get_a_new_model_at_launch_switch_and_refresh(
    launch: float, switch: float, cadence: float, delay: float, months: list[float]
) -> None:
    assert released(launch, switch, cadence, delay, 1.0) == months


def test_a_release_that_fails_leaves_the_old_model_in_service() -> None:
    succeeds = np.ones(24)
    succeeds[10] = 0  # month 11
    assert released(5, np.inf, 6, 0, succeeds) == [5, 17, 23]
    assert released(5, 12, 6, 0, 0.0) == [5, 12]  # the launch and the switch do not fail


@pytest.mark.parametrize(
    ("luck", "share", "succeeds"),
    [(0.5, 0.9, 1), (0.5, 0.51, 1), (0.5, 0.5, 0), (0.95, 0.9, 0), (1 - 1e-16, 1.0, 1), (0.0, 0.0, 0)],
)
def test_the_central_path_succeeds_where_most_releases_do(luck: float, share: float, succeeds: float) -> None:
    assert releases.release_succeeded_share(luck, share) == succeeds


@given(share=st.floats(0, 1))
def test_as_many_releases_succeed_as_the_share_says(share: float) -> None:
    luck = (np.arange(1000) + 0.5) / 1000
    assert np.mean(releases.release_succeeded_share(luck, share)) == pytest.approx(share, abs=1e-3)


def scales(growth: float, trained: float, switch: float = np.inf) -> list[float]:
    found = releases.model_scale_ratio(MONTHS[:18], 5.0, switch, 6.0, trained, growth)
    return np.broadcast_to(np.asarray(found, dtype=float), (18,)).tolist()


def test_a_model_grows_with_every_training_that_refreshes_it() -> None:
    assert scales(1.5, 1.0) == [1.0] * 10 + [1.5] * 6 + [2.25] * 2
    assert scales(1.5, 1.0, switch=14.0) == [1.0] * 10 + [1.5] * 3 + [1.0] * 5
    assert scales(1.0, 1.0) == [1.0] * 18
    assert scales(1.5, 0.0) == [1.0] * 18  # a model that the company does not train stays as it is
    assert scales(0.5, 1.0)[-1] == 0.25  # made smaller
