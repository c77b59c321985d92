"""What must hold of any plan, any strategies and any inputs, with demand and decisions held fixed.

Held fixed means: the rows of a first plan's figures stand in the second plan in place of their formulas, month by
month and draw by draw. What they depend on may change as it likes; they do not.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import Function
from planner.errors import ScenarioError
from planner.units import is_share
from tests.planner.holding import (
    DRAWS,
    INTERACTIONS,
    NAMES,
    drawn,
    few,
    held,
    is_counted,
    wired,
    with_strategies,
)
from tests.planner.random_scenarios import every_figure, prepared, run, scenarios, source
from tests.planner.test_invariants import size

# Customers who leave


@dataclass(frozen=True)
class Churn:
    """An input by which customers leave, the way in which more of them leave, and what is held fixed beside demand."""

    strategy: str
    key: str
    rises: bool = True
    beside: tuple[str, ...] = ()


CHURN = (
    Churn("open_platform", "base_churn_share_per_month"),
    Churn("open_platform", "developer_churn_share_per_month"),
    Churn("data_flywheel", "base_free_churn_share_per_month"),
    Churn("data_flywheel", "first_year_survival_share", rises=False),
    # With the survival of a year held, more who leave at once would mean fewer who leave later: so customers differ as
    # much as before.
    Churn("data_flywheel", "first_month_churn_share", beside=("data_flywheel.churn_polarisation_share",)),
    Churn("multi_domain", "domain_renewal_churn_share"),
    Churn("ecosystem", "partner_churn_share_per_month"),
    Churn("ecosystem", "direct_base_churn_share_per_month"),
    Churn("ecosystem", "largest_partner_loss_share_per_year"),
    Churn("technology_services", "maintenance_loss_share_per_month"),
)
DEMAND = (
    "open_platform.new_users", "open_platform.new_developers", "data_flywheel.arriving_customers",
    "multi_domain.new_domain_customers", "ecosystem.recruited_partners", "ecosystem.new_direct_customers",
    "technology_services.leads_deals",
)  # fmt: skip
"""Who comes: people, developers, clients, partners; whether they pay, stay and use it is left to the model."""
DECISIONS = ("multi_domain.domain_open_share",)
"""What the company decides upon its money: whether a domain that loses money goes on."""


def churn_never_raises_revenue(churn: Churn, sets: tuple[str, ...], by: float) -> None:
    plan = held(sets, (*DEMAND, *DECISIONS, *churn.beside))
    share = plan.leaves[churn.key]
    more = plan.again(**{churn.key: share + by * (1.0 - share) if churn.rises else share * (1.0 - by)})
    same = plan.again()
    for name in ("revenue_usd", f"{churn.strategy}.revenue_usd"):
        np.testing.assert_allclose(
            same[name], plan.first[name], rtol=1e-9, err_msg="what is held is as it was"
        )
        assert np.all(more[name] <= plan.first[name] + 1e-9 * np.max(plan.first[name], initial=1.0)), name


@pytest.mark.parametrize("churn", CHURN, ids=lambda churn: f"{churn.strategy}.{churn.key}")
@settings(few, max_examples=2)
@given(sets=scenarios(longest=18), by=st.floats(0.01, 1))
def test_more_churn_never_raises_revenue(churn: Churn, sets: tuple[str, ...], by: float) -> None:
    churn_never_raises_revenue(churn, with_strategies(sets, [churn.strategy]), by)


@pytest.mark.slow
@pytest.mark.parametrize("churn", CHURN, ids=lambda churn: f"{churn.strategy}.{churn.key}")
@settings(few, max_examples=6)
@given(sets=scenarios(), by=st.floats(0.01, 1))
def test_more_churn_never_raises_the_revenue_of_a_mix(churn: Churn, sets: tuple[str, ...], by: float) -> None:
    churn_never_raises_revenue(churn, (*with_strategies(sets, NAMES), *INTERACTIONS), by)


# Accelerators that cost less

GPU_PRICES = ("training_usd_per_gpu_hour", "serving_usd_per_gpu_hour", "purchase_usd_per_gpu")
COMPUTE = (
    "training_compute_usd", "client_compute_usd", "serving_usd", "gpu_purchases_usd", "depreciation_usd",
    "total_cost_usd",
)  # fmt: skip


@few
@given(sets=scenarios(longest=18), price=st.sampled_from(GPU_PRICES), left=st.floats(0, 0.99))
def test_a_cheaper_accelerator_never_raises_the_cost_of_computing(
    sets: tuple[str, ...], price: str, left: float
) -> None:
    plan = held(sets, DECISIONS)
    cheaper = plan.again(**{price: plan.leaves[price] * left})
    for name in COMPUTE:
        scale = np.max(np.abs(plan.first[name]), initial=1.0)
        assert np.all(cheaper[name] <= plan.first[name] + 1e-9 * scale), name
    for name in filter(is_counted, plan.first):
        if name in cheaper:
            np.testing.assert_array_equal(cheaper[name], plan.first[name], err_msg=name)


# Who answers to the customer of a partner


@settings(few, max_examples=6)
@given(sets=scenarios(longest=18), share=st.floats(0, 0.99), all_five=st.booleans())
def test_principal_or_agent_moves_no_cash(sets: tuple[str, ...], share: float, all_five: bool) -> None:
    chosen = (
        *with_strategies(sets, NAMES if all_five else ["ecosystem"]),
        *INTERACTIONS,
        "privacy.breach_fine_months=1",
    )
    gross, net = (
        every_figure((*chosen, f"ecosystem.principal_share={one!r}"), DRAWS) for one in (1.0, share)
    )
    for name in ("cash_usd", "ebitda_usd", "expected_breach_usd"):
        assert np.all(np.abs(net[name] - gross[name]) <= 1e-9 * size(gross)), name
    assert np.all(net["revenue_usd"] <= gross["revenue_usd"] + 1e-9 * size(gross))


# Figures that are set from outside


def constant(value: float, like: Function) -> Function:
    """A figure that reads what another reads, and is one number all the same."""

    def figure(*_read: object) -> float:
        return value

    figure.__signature__ = inspect.signature(like)  # type: ignore[attr-defined]
    return figure


def usual(row: np.ndarray) -> float:
    """A number of the size of a row; one where the row has none."""
    known = np.abs(row[np.isfinite(row)])
    return float(np.mean(known)) if np.any(known) else 1.0


def set_is_honoured(sets: tuple[str, ...], name: str, times: float) -> None:
    """Check that a figure that is set is that number, and that everything reads it as it would read its formula."""
    ready = prepared(sets)
    horizon, leaves = ready.months, drawn(ready)
    row = run(ready.program, leaves, horizon)[name]
    value = min(times * usual(row), 1.0) if is_share(name) else times * usual(row)
    if row.ndim > 1 + (ready.program.phases[name] == "monthly"):
        with pytest.raises(ScenarioError, match="several items"):
            source().prepare((*sets, f"{name}={value!r}"))
        return
    other = prepared((*sets, f"{name}={value!r}"))
    given = drawn(other)
    assert np.all(given[name] == value)
    found = run(other.program, given, horizon)
    function = ready.program.nodes[name].function
    assert function is not None
    by_function = run(wired(ready, {name: constant(value, function)}), leaves, horizon)
    assert set(found) == set(by_function) - {name}
    for each, expected in found.items():
        scale = np.max(np.abs(expected[np.isfinite(expected)]), initial=0.0)
        same, wanted = np.broadcast_arrays(by_function[each], expected)
        np.testing.assert_allclose(same, wanted, rtol=1e-9, atol=1e-12 * scale, err_msg=each)


@few
@given(sets=scenarios(longest=8), data=st.data())
def test_a_figure_that_is_set_is_what_everything_reads(sets: tuple[str, ...], data: st.DataObject) -> None:
    program = prepared(sets).program
    figures = [name for name in program.order if program.nodes[name].function]
    set_is_honoured(sets, data.draw(st.sampled_from(figures)), data.draw(st.floats(0.2, 1.2)))


@pytest.mark.parametrize(
    "name",
    [
        "people", "serving_gpus", "open_platform.users", "data_flywheel.stock_tokens", "technology_services.won_deals",
        "ecosystem.sourced_customers", "multi_domain.new_customers", "multi_domain.domain_customers",
    ],
)  # fmt: skip
def test_a_figure_in_the_loop_that_is_set_is_what_everything_reads(name: str) -> None:
    scope = name.rpartition(".")[0] or "open_platform"
    set_is_honoured((f"strategies=[{scope}]", "horizon_months=8", "model.launch_month=2"), name, 0.7)
