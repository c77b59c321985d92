"""What holds of a data flywheel whatever its numbers are."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.engine import Graph, Program, figures_of
from planner.errors import FigureError, ScenarioError
from planner.formulas import common, mix, releases
from planner.planning import plan
from planner.scenario.keys import quantities
from planner.strategies import data_flywheel
from planner.strategies.data_flywheel import data
from planner.units import is_share
from tests.planner.conftest import before
from tests.planner.strategies.conftest import fewer

MONTHS, LAUNCH, CADENCE = 60, 3, 6

GIVEN = {
    "launch_month": float(LAUNCH), "service_month": float(LAUNCH), "successor_month": np.inf,
    "release_cadence_months": float(CADENCE), "release_delay_months": 0.0, "release_succeeded_share": 1.0,
    "training_months": 1.0, "first_fine_tuned_share": 1.0, "second_fine_tuned_share": 1.0,
    "first_pretrained_share": 0.0, "second_pretrained_share": 0.0, "finetuning_tokens": 1e8, "params": 7e10,
    "text_bytes_per_token": 4.0, "discount_rate_share_per_year": 0.1, "pay_ratio": 1.3,
    "price_usd_per_million_tokens": 2.0, "reference_price_usd_per_million_tokens": 1.5,
    "price_elasticity_ratio": 0.8, "price_decline_share_per_month": 0.03, "shock_demand_share": 0.5,
    "demand_swing_ratio": 0.1, "shared_usage_tokens": 0.0, "compressed_quality_ratio": 1.0,
}  # fmt: skip
MEDIANS = {name: quantity.value for name, quantity in quantities(data_flywheel.Inputs()).items()}
MEDIANS["expert_label_usd_per_item"] = 10.0  # otherwise the catalogue's
FIXED = ("arriving_customers", "churn_polarisation_share")
"""What is held when only churn is to differ: who comes, and how much subscribers differ among each other."""


@cache
def program(overrides: tuple[str, ...] = ()) -> Program:
    figures = figures_of(data_flywheel)
    of_releases = ("trained_share", "release_due_share", "released_share")
    company = {name: figures_of(releases)[name] for name in of_releases}
    company |= {name: one for name, one in figures_of(mix).items() if name.startswith("opening_")}
    company |= {"opening_receivables_usd": lambda: 0.0, "launched_share": common.launched_share}
    graph = Graph(company, {"data_flywheel": figures}, {*GIVEN, *MEDIANS}, overrides)
    return graph.resolve(["released_share", *(f"data_flywheel.{name}" for name in figures)])


def run(inputs: dict[str, float], **overridden: float) -> dict[str, np.ndarray]:
    """Run the flywheel alone over five years; a row of months for each figure, with the classes behind it."""
    ready = program(tuple(overridden))
    leaves = GIVEN | MEDIANS | inputs | {f"data_flywheel.{name}": value for name, value in overridden.items()}
    found = {}
    for name, value in ready.run(leaves, MONTHS).items():
        row = np.asarray(value, dtype=float)
        row = row[..., 0] if row.ndim and row.shape[-1] == 1 else row
        is_monthly = ready.phases[name] == "monthly"
        found[name.rpartition(".")[2]] = row if is_monthly else np.broadcast_to(row, (MONTHS, *row.shape))
    return found


def number(name: str) -> st.SearchStrategy[float]:
    if name in ("conversion_elasticity_ratio", "churn_elasticity_ratio"):
        return st.floats(0, 0.9)  # with exponents up to 0.5 the loop stays short of exploding
    if name in ("data_exponent_ratio", "model_exponent_ratio"):
        return st.floats(0, 0.5)
    if name == "domain_text_share":
        return st.floats(1e-6, 1)
    if is_share(name):
        return st.floats(0, 1)
    if name in ("foundation_tokens", "fitted_tokens", "duplicate_scale_tokens", "fitted_params"):
        return st.floats(1, 1e14)
    if name.startswith(("opening_", "starting_")):
        return st.just(0.0)
    if name == "flywheel_fee_elasticity_ratio":
        return st.floats(0, 5)
    return st.floats(0.01, 1e6)


inputs = st.fixed_dictionaries({name: number(name) for name in MEDIANS})


@fewer
@given(inputs=inputs)
def test_ugly_inputs_give_numbers_within_their_bounds(inputs: dict[str, float]) -> None:
    found = run(inputs)
    for name, row in found.items():
        if name != "needed_exponent_ratio" or inputs["conversion_elasticity_ratio"] > 0:
            assert np.all(np.isfinite(row)), name
        if name.endswith(("_share", "_share_per_month")):
            assert np.all((row >= 0) & (row <= 1 + 1e-12)), name
        if name.endswith(("_usd", "_tokens", "_customers", "people", "_records", "_bytes")):
            assert np.all(row >= -1e-9 * np.max(np.abs(row), initial=1.0)), name
    here = found["paying_customers"] + found["free_customers"]
    assert np.all(here <= inputs["flywheel_addressable_customers"] * (1 + 1e-9))


@fewer
@given(inputs=inputs)
def test_people_are_conserved(inputs: dict[str, float]) -> None:
    found = run(inputs)
    paying, free = found["paying_customers"], found["free_customers"]
    near = {"rtol": 1e-9, "atol": 1e-9 * inputs["flywheel_addressable_customers"]}
    np.testing.assert_allclose(
        paying - before(paying), found["new_customers"] - found["lost_customers"], **near
    )
    left = before(free) * found["free_churn_share_per_month"]
    change = found["arriving_customers"] - found["lost_customers"] - left
    np.testing.assert_allclose(paying + free - before(paying + free), change, **near)
    np.testing.assert_allclose(found["class_customers"].sum(axis=1), paying, **near)


@fewer
@given(inputs=inputs)
def test_nobody_comes_before_the_launch(inputs: dict[str, float]) -> None:
    found = run(inputs)
    for name in (
        "paying_customers",
        "free_customers",
        "served_tokens",
        "revenue_usd",
        "kept_tokens",
        "people",
    ):
        assert not np.any(found[name][: LAUNCH - 1]), name


@fewer
@given(inputs=inputs)
def test_quality_changes_only_when_a_model_is_released(inputs: dict[str, float]) -> None:
    found = run(inputs)
    changed = found["released_quality_ratio"] != before(found["released_quality_ratio"], 1.0)
    assert not np.any(changed & (found["released_share"] == 0))
    released = 1 + np.flatnonzero(found["released_share"])
    assert list(released) == [LAUNCH, *range(LAUNCH + CADENCE, MONTHS + 1, CADENCE)]


@fewer
@given(inputs=inputs, consent=st.floats(0, 1), more=st.floats(0, 1))
def test_more_consent_never_lowers_the_data(inputs: dict[str, float], consent: float, more: float) -> None:
    fixed = {**inputs, "conversion_elasticity_ratio": 0.0, "churn_elasticity_ratio": 0.0}
    less_found = run({**fixed, "data_consent_share": consent})
    more_found = run({**fixed, "data_consent_share": consent + more * (1 - consent)})
    for name in ("stock_tokens", "effective_tokens", "released_quality_ratio"):
        assert np.all(more_found[name] >= less_found[name] * (1 - 1e-9)), name


@fewer
@given(inputs=inputs, more=st.floats(0, 1), polarisation=st.floats(0.01, 0.99))
def test_more_churn_never_brings_more_customers_or_revenue(
    inputs: dict[str, float], more: float, polarisation: float
) -> None:
    # Who comes is held, and quality moves nobody; else those who left sooner would come back sooner.
    fixed = {**inputs, "conversion_elasticity_ratio": 0.0, "churn_elasticity_ratio": 0.0}
    held = dict(zip(FIXED, (1000.0, polarisation), strict=True))
    less_found = run(fixed, **held)
    for name in ("first_month_churn_share", "base_free_churn_share_per_month"):
        more_found = run({**fixed, name: inputs[name] + more * (1 - inputs[name])}, **held)
        for figure in ("paying_customers", "revenue_usd"):
            # classes hold survival to within a thousandth
            slack = 1e-3 * np.max(less_found[figure])
            assert np.all(more_found[figure] <= less_found[figure] + slack), (name, figure)


@fewer
@given(inputs=inputs)
def test_the_movements_of_recurring_revenue_add_up(inputs: dict[str, float]) -> None:
    found = run(inputs)
    recurring = found["recurring_revenue_usd"]
    new = found["new_customers"] * found["fee_usd_per_customer_month"]
    moved = new + found["expansion_recurring_usd"] - found["lost_recurring_usd"]
    near = {"rtol": 1e-9, "atol": 1e-9 * np.max(recurring, initial=1e-9)}
    np.testing.assert_allclose(recurring - before(recurring), moved, **near)
    np.testing.assert_allclose(found["revenue_usd"], recurring + found["usage_revenue_usd"], rtol=1e-12)


def test_without_consent_only_bought_data_count() -> None:
    found = run({"data_consent_share": 0.0})
    assert not np.any(found["kept_tokens"])
    bought = found["label_tokens"] + found["licensed_tokens"] + found["synthetic_tokens"]
    decay = 1 - MEDIANS["staleness_share_per_month"]
    assert found["stock_tokens"][-1] == pytest.approx(
        sum(bought * decay ** np.arange(MONTHS)[::-1]), rel=1e-9
    )
    assert run({"no_retention_share": 1.0})["stock_tokens"][-1] == pytest.approx(
        found["stock_tokens"][-1], 1e-9
    )


def test_nothing_is_kept_twice_for_what_repeats() -> None:
    # a month's use of 1e9 usable tokens on an empty stock of scale 1e9: ln 2 x 1e9 of them are new
    arguments = {
        "served_tokens": 8e9, "previous_shared_usage_tokens": 2e9, "no_retention_share": 0.5, "data_consent_share": 0.4,
        "usable_data_share": 0.5, "staleness_share_per_month": 0.0, "duplicate_scale_tokens": 1e9,
    }  # fmt: skip
    assert data.kept_tokens(**arguments, previous_stock_tokens=0.0) == pytest.approx(np.log(2) * 1e9)
    assert data.kept_tokens(**arguments, previous_stock_tokens=3e9) == pytest.approx(
        1e9 * np.log1p(np.exp(-3))
    )


def test_shared_use_teaches_as_well() -> None:
    alone, shared = run({}), run({"shared_usage_tokens": 1e10})
    assert shared["stock_tokens"][-1] > alone["stock_tokens"][-1]
    assert shared["released_quality_ratio"][-1] > alone["released_quality_ratio"][-1]


def test_labels_cost_their_judgements_and_the_rework() -> None:
    # 12,000 USD at 10 a judgement, two of each item, half again for rework: 400 items of 5,000 tokens
    found = data.label_tokens(1.0, 12e3, 10.0, 2.0, 0.5, 5e3)
    assert found == pytest.approx(400 * 5e3, rel=1e-12)


def test_the_data_of_a_model_that_the_company_does_not_train_teach_it_nothing() -> None:
    untrained = {"first_fine_tuned_share": 0.0, "second_fine_tuned_share": 0.0}
    still = run({**untrained, "followed_progress_share": 0.0})
    assert np.all(still["released_quality_ratio"] == 1)
    assert not np.any(still["extra_training_tokens"])


def test_without_releases_quality_stands_still_and_customers_go() -> None:
    frozen, fresh = run({"release_cadence_months": 1e3}), run({})
    assert len(set(frozen["released_quality_ratio"])) == 2  # the start and the launch
    assert np.all(np.diff(frozen["quality_ratio"][LAUNCH:]) < 0)
    assert frozen["paying_customers"][-1] < fresh["paying_customers"][-1]


def test_quality_may_fall_when_data_grow_stale() -> None:
    stale = {
        "opening_stock_tokens": 1e10, "staleness_share_per_month": 0.1, "data_consent_share": 0.0,
        "followed_progress_share": 0.0, "expert_label_budget_usd_per_month": 0.0, "licensed_usd_per_month": 0.0,
        "synthetic_usd_per_month": 0.0,
    }  # fmt: skip
    assert run(stale)["released_quality_ratio"][-1] < 1


def test_a_flywheel_at_the_quality_of_rivals_grows_as_bass_with_its_classes() -> None:
    flat = {"conversion_elasticity_ratio": 0.0, "churn_elasticity_ratio": 0.0}
    found = run(flat, arriving_customers=1000.0)
    joined = found["new_customers"]
    churn, weight = found["class_base_churn_share_per_month"][0], found["class_weight_share"][0]
    ages = np.arange(MONTHS)[::-1]
    cohorts = [np.sum(weight * (1 - churn) ** age) for age in ages]
    assert found["paying_customers"][-1] == pytest.approx(np.sum(joined * cohorts), rel=1e-12)


def test_the_gain_and_what_it_would_need_are_reported() -> None:
    found = run(
        {"conversion_elasticity_ratio": 0.6, "churn_elasticity_ratio": 0.4, "counted_gain_ratio": 1.5}
    )
    assert found["needed_exponent_ratio"][-1] == pytest.approx(1 / 3, rel=1e-12)
    effective = found["effective_exponent_ratio"]
    np.testing.assert_allclose(found["loop_gain_ratio"], 1 / (1 - effective), rtol=1e-12)
    assert np.all(effective < found["needed_exponent_ratio"])
    nobody = run({"conversion_elasticity_ratio": 0.0, "churn_elasticity_ratio": 0.0})
    assert np.all(nobody["loop_gain_ratio"] == 1)
    assert np.all(np.isnan(nobody["needed_exponent_ratio"]))


def test_the_gain_is_by_how_much_exogenous_growth_is_multiplied() -> None:
    # ln Q = b ln D and ln U = g t + eta ln Q with D growing as U: growth g / (1 - eta b)
    eta, exponent, growth = 1.2, 0.25, 0.01
    data, users = [0.0], [0.0]
    for month in range(1, 4000):
        users.append(growth * month + eta * exponent * data[-1])
        data.append(float(np.logaddexp(data[-1], users[-1])))
    assert users[-1] - users[-2] == pytest.approx(growth / (1 - eta * exponent), rel=1e-3)


def test_in_draws_a_loop_that_explodes_stops_the_plan() -> None:
    explode = {"conversion_elasticity_ratio": np.array([0.5, 30.0]), "fitted_data_limited_share": 0.3}
    with pytest.raises(FigureError, match="loop_gain_ratio"):
        program().run(GIVEN | MEDIANS | explode, MONTHS, ["data_flywheel.revenue_usd"])


FILE = "scenarios/data_flywheel.yaml"


@pytest.mark.parametrize(
    ("setting", "where"),
    [
        ("conversion_elasticity_ratio=20", "at the medians"),
        ("churn_elasticity_ratio=3 to 12", "upper ends"),
        ("data_exponent_ratio=4", "explodes"),
    ],
)
def test_a_loop_that_explodes_is_refused_at_its_key(root: Path, setting: str, where: str) -> None:
    with pytest.raises(ScenarioError, match=where) as error:
        plan(root / FILE, sets=[f"data_flywheel.{setting}"], measurements="none")
    assert f"data_flywheel.{setting.partition('=')[0]}: the flywheel explodes" in str(error.value)


def test_more_customers_at_the_start_than_there_are_are_refused(root: Path) -> None:
    with pytest.raises(ScenarioError, match="more than there are"):
        plan(root / FILE, sets=["data_flywheel.starting_paying_customers=1e9"], measurements="none")


def test_at_the_medians_of_the_shipped_scenario_the_company_is_plausible(root: Path) -> None:
    speed = "data.filter_bytes_per_machine_second=1e6"
    found = plan(root / FILE, sets=[speed], measurements="none", draws=256)
    gain = found["data_flywheel.loop_gain_ratio"].central
    assert np.all((gain > 1.02) & (gain < 1.4))
    assert np.all(np.abs(np.log(found["data_flywheel.quality_ratio"].central)) < 0.3)
    users = found["data_flywheel.paying_customers"].central + found["data_flywheel.free_customers"].central
    assert 1e5 < users[-1] < 1e6
    assert 1e5 < found["revenue_usd"].central[-1] < 5e6
    assert np.all(np.isfinite(found["cash_usd"].draws))
