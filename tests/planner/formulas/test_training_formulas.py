"""What is trained when, how long it takes and what it costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formulas import releases, training
from planner.units import Array

MONTHS = np.arange(1.0, 241.0)


@given(launch=st.floats(1, 120), window=st.floats(0, 60))
def test_a_training_run_is_spread_over_its_months_once_and_whole(launch: float, window: float) -> None:
    share = np.asarray(training.first_training_share(MONTHS, launch, window, 0.0))
    assert share.sum() == pytest.approx(1.0, rel=1e-12)
    assert np.all(share >= 0)
    months = MONTHS[share > 0]
    assert (
        months[-1] < launch or launch <= 2
    )  # trained before it serves; what opens at once is trained in month one
    assert len(months) <= max(np.ceil(window), 1)
    assert np.ptp(share[share > 0]) == 0


@pytest.mark.parametrize(
    ("launch", "window", "months"),
    [(5, 3, [2, 3, 4]), (2, 3, [1]), (1, 3, [1]), (4, 0, [3]), (4.4, 2, [3, 4]), (4, 2.8, [2, 3])],
)
def test_months_of_a_training_run(launch: float, window: float, months: list[int]) -> None:
    share = np.asarray(training.first_training_share(MONTHS, launch, window, 0.0))
    assert MONTHS[share > 0].tolist() == months


def test_a_switch_that_never_comes_is_never_trained_for() -> None:
    share = training.second_training_share(MONTHS, np.inf, 3.0, 1.0)
    assert not np.any(share)


@given(launch=st.floats(2, 120), window=st.floats(1, 60), slip=st.floats(0, 12))
def test_a_launch_that_comes_late_stretches_the_work_and_does_not_double_it(
    launch: float, window: float, slip: float
) -> None:
    delay = releases.launch_delay_months(launch, slip)
    late = releases.service_month(launch, delay)
    share = np.asarray(training.first_training_share(MONTHS, late, window, delay))
    planned = np.asarray(training.first_training_share(MONTHS, launch, window, 0.0))
    assert share.sum() == pytest.approx(1.0, rel=1e-12)
    assert MONTHS[share > 0][0] == MONTHS[planned > 0][0]  # the work begins as planned
    assert MONTHS[share > 0][-1] == max(np.ceil(late) - 1, 1)


def tokens_of(source: str) -> tuple[Array, Array]:
    flags = [float(source == "fine_tuned"), float(source == "pretrained")]
    return tuple(
        f(*flags, 1e9, 1e12) for f in (training.first_training_tokens, training.second_training_tokens)
    )  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("source", "tokens"), [("api", 0), ("open_weights", 0), ("fine_tuned", 1e9), ("pretrained", 1.001e12)]
)
def test_tokens_follow_where_the_model_comes_from(source: str, tokens: float) -> None:
    assert tokens_of(source) == (tokens, tokens)


def test_an_unknown_pretraining_costs_nothing_where_nothing_is_pretrained() -> None:
    assert training.first_training_tokens(1.0, 0.0, 1e9, np.nan) == 1e9


def test_gpu_hours_of_llama_3_1_405b() -> None:
    # Llama 3.1 model card: 30.84 million H100-hours for 405B. 3.8e25 FLOPs at 989.4e12, at the utilisation of 0.41
    # of section 3.3 of the paper and the share of the time that is left for it.
    tokens, flops_per_token = 15.6e12, 3.8e25 / 15.6e12
    goodput = 3.8e25 / (30.84e6 * 3600 * 989.4e12 * 0.41)
    assert 0.8 < goodput < 0.9
    hours_per_token = training.training_gpu_hours_per_token(
        flops_per_token, 989.4e12, 0.41, goodput, 1.0, 1.0
    )
    assert training.training_gpu_hours(tokens, 0.0, hours_per_token) == pytest.approx(30.84e6, rel=1e-12)


def test_gpu_hours_of_gpt_3() -> None:
    # Brown et al. 2020, table D.1: 3.14e23 FLOPs are 3640 petaflop/s-days; so one device of 1 PFLOP/s that reaches
    # half of its peak needs 2 x 3640 x 24 hours.
    hours = training.training_gpu_hours(
        0.4, 0.6, training.training_gpu_hours_per_token(3.14e23, 1e15, 0.5, 1.0, 1.0, 1.0)
    )
    assert hours == pytest.approx(2 * 3640 * 24, rel=0.002)


def test_training_costs_hours_times_the_price_of_the_month() -> None:
    price = training.training_price_usd_per_gpu_hour(13.0, 2.0, 0.01)
    assert price == pytest.approx(2.0 * 0.99**12, rel=1e-14)
    per_token = training.training_compute_usd_per_token(1e-6, 2.0)
    assert training.training_compute_usd(1e9, per_token) == pytest.approx(2000)
    assert training.training_compute_usd(0.0, np.nan) == 0  # no price is needed where nothing is trained


def test_research_multiplies_own_models_and_not_the_clients_work() -> None:
    assert training.training_tokens(1e9, 3.0, 0.0) == 3e9
    assert training.client_training_tokens((2e9, 1e9)) == 3e9
    assert training.client_compute_usd(3e9, 1e-6) == pytest.approx(3000)


def test_final_runs_that_fail_are_paid_twice_and_experiments_once() -> None:
    # 1e9 tokens: three times as many in experiments and the final run, and one in four of the final runs again
    assert training.training_tokens(1e9, 3.0, 0.25) == 3.25e9
    assert training.training_tokens(1e9, 1.0, 1.0) == 2e9
    assert training.training_tokens(0.0, 3.0, 1.0) == 0


def test_a_model_of_twice_the_size_takes_twice_the_time_for_a_token() -> None:
    hours = [training.training_gpu_hours_per_token(1e10, 1e15, 0.4, 0.9, scale, 1.0) for scale in (1.0, 2.0)]
    assert hours[1] == 2 * hours[0]
    private = training.training_gpu_hours_per_token(1e10, 1e15, 0.4, 0.9, 1.0, 1.5)
    assert private == pytest.approx(1.5 * hours[0])
