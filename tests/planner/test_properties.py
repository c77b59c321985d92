"""What must hold of any plan, any strategies and any inputs, with demand and decisions held fixed.

Held fixed means: the rows of a first plan's figures stand in the second plan in place of their formulas, month by
month and draw by draw. What they depend on may change as it likes; they do not.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from planner import strategies
from planner.drawing import draws_of
from planner.engine import Function, Graph, Program
from planner.errors import ScenarioError
from planner.formulas import exits, ownership
from planner.planning import plan
from planner.preparing import Prepared, company_figures, strategy_figures
from planner.scenario.schema import Mix
from planner.units import is_share, unit_of
from tests.planner.conftest import RECORD
from tests.planner.random_scenarios import BASE, every_figure, prepared, run, scenarios, source
from tests.planner.test_invariants import check_balance, size

DRAWS = 6
NAMES = tuple(strategies.names())
INTERACTIONS = tuple(f"mix.{key}=1" for key in Mix.model_fields if key.endswith("_share"))
Rows = dict[str, np.ndarray]
Leaves = dict[str, Any]
few = settings(max_examples=8, phases=(Phase.explicit, Phase.generate), deadline=None)


def wired(ready: Prepared, functions: Mapping[str, Function]) -> Program:
    """Wire a plan with some of its figures, by their full names, worked out by other functions."""
    company = company_figures()
    owned = {name: strategy_figures(name) for name in ready.loaded.scenario.strategies}
    for name, function in functions.items():
        scope, _, bare = name.rpartition(".")
        (owned[scope] if scope else company)[bare] = function
    graph = Graph(company, owned, ready.leaves, ready.loaded.overrides)
    return graph.resolve(graph.functions)


def drawn(ready: Prepared, draws: int = DRAWS) -> Leaves:
    """The leaves of a plan in some draws."""
    return draws_of(ready.leaves, ready.program.leaves, ready.loaded, draws, 0).block(0, draws)


def with_strategies(sets: tuple[str, ...], chosen: Iterable[str]) -> tuple[str, ...]:
    """The settings with other strategies; the rest stays, also what only the first ones read."""
    others = (one for one in sets if not one.startswith("strategies="))
    return f"strategies=[{', '.join(chosen)}]", *others


@dataclass(frozen=True)
class Held:
    """A plan, and the same plan again with some of its figures held fixed as they were found."""

    first: Rows
    leaves: Leaves
    horizon: int
    program: Program

    def again(self, **changed: Any) -> Rows:  # noqa: ANN401
        """Run the plan with some leaves changed and the held figures as they were."""
        leaves = self.leaves | changed
        return run(self.program, {name: leaves[name] for name in self.program.leaves}, self.horizon)


def held(sets: tuple[str, ...], fixed: Iterable[str]) -> Held:
    """Plan, and prepare the same plan with the figures of the strategies it has that are to be held fixed."""
    ready = prepared(sets)
    horizon, leaves = ready.months, drawn(ready)
    names = [name for name in fixed if name in ready.program.phases]
    first = run(ready.program, leaves, horizon)
    rows = ready.program.run(leaves, horizon, names)
    functions = {name: recorded(rows[name], ready.program.phases[name] == "monthly") for name in names}
    return Held(first, leaves, horizon, wired(ready, functions))


def recorded(row: np.ndarray, is_monthly: bool) -> Function:
    """A figure that is, in each month, what it was."""
    if is_monthly:
        return lambda month: row[int(month) - 1]
    return lambda: row


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


def is_counted(name: str) -> bool:
    """Tell whether a figure counts things: no money, no part of a whole, no span of time."""
    unit = unit_of(name)
    return "usd" not in (*unit.numerator, *unit.denominator) and not {
        "shares",
        "share",
        "ratios",
        "ratio",
        "months",
    } & set(unit.numerator)


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


# Several strategies in one company

PAIRS = tuple(combinations(NAMES, 2))
PATIENT = "multi_domain.domain_patience_months=600"
"""No domain is stopped: what serving costs in a mix would decide upon that."""


def may_be_undefined(function: Function | None) -> bool:
    """Tell whether a figure says that it may be undefined, or is about who owns the company, which may be unknown."""
    assert function is not None
    owners = (exits.__name__, ownership.__name__)
    return "undefined" in (function.__doc__ or "") or function.__module__ in owners


def no_interaction_is_lost(sets: tuple[str, ...], chosen: Sequence[str]) -> None:
    ready = prepared((*with_strategies(sets, chosen), *INTERACTIONS))
    books = run(ready.program, drawn(ready), ready.months)
    for name, row in books.items():
        if unit_of(name).text == "usd" and not may_be_undefined(ready.program.nodes[name].function):
            assert not np.any(np.isnan(row)), name
    check_balance(books)
    parts = {
        figure: sum(books[f"{name}.{figure}"] for name in chosen)
        for figure in ("contribution_usd", "service_usd", "client_work_usd", "revenue_usd")
    }
    limit = 1e-9 * size(books)
    idle = books["serving_usd"] + books["screening_usd"] - parts["service_usd"]
    own = books["research_usd"] - books["development_usd"]
    fixed = books["staff_usd"] + books["overhead_usd"] + books["privacy_usd"] + books["setup_usd"]
    for_clients = books["client_compute_usd"] + books["client_cleaning_usd"]
    assert np.all(np.abs(parts["revenue_usd"] - books["revenue_usd"]) <= limit)
    assert np.all(np.abs(parts["client_work_usd"] - for_clients) <= limit)
    assert np.all(np.abs(parts["contribution_usd"] - (own + fixed + idle) - books["ebitda_usd"]) <= limit)


@settings(few, max_examples=6)
@given(sets=scenarios(longest=18), chosen=st.sampled_from([*PAIRS, NAMES]))
def test_contributions_add_up_with_every_interaction_on(
    sets: tuple[str, ...], chosen: tuple[str, ...]
) -> None:
    no_interaction_is_lost(sets, chosen)


@pytest.mark.slow
@pytest.mark.parametrize("chosen", [*PAIRS, NAMES], ids="+".join)
@settings(few, max_examples=4)
@given(sets=scenarios())
def test_contributions_of_every_pair_add_up_with_every_interaction_on(
    chosen: tuple[str, ...], sets: tuple[str, ...]
) -> None:
    no_interaction_is_lost(sets, chosen)


@settings(few, max_examples=4)
@given(sets=scenarios(longest=18), name=st.sampled_from(NAMES))
def test_without_interactions_a_mix_changes_nobodys_customers(sets: tuple[str, ...], name: str) -> None:
    off = (*(one.replace("=1", "=0") for one in INTERACTIONS), PATIENT)
    alone = every_figure((*with_strategies(sets, [name]), *off), DRAWS)
    mixed = every_figure((*with_strategies(sets, NAMES), *off), DRAWS)
    for figure in filter(is_counted, alone):
        if figure.startswith(f"{name}."):
            np.testing.assert_array_equal(mixed[figure], alone[figure], err_msg=figure)


@dataclass(frozen=True)
class Interaction:
    """A switch of the mix: who gives, and which figures of the others it raises or lowers."""

    key: str
    giver: str
    raises: tuple[str, ...]
    lowers: tuple[str, ...] = ()

    @property
    def receivers(self) -> set[str]:
        return {name.partition(".")[0] for name in (*self.raises, *self.lowers)}


SWITCHES = (
    Interaction("usage_data_sharing_share", "open_platform", ("data_flywheel.kept_tokens",)),
    Interaction("reference_sharing_share", "technology_services", ("multi_domain.domain_win_share",)),
    Interaction(
        "reach_sharing_share", "ecosystem", ("open_platform.reachable_users", "multi_domain.reached_domain_customers")
    ),
    Interaction(
        "quality_sharing_share", "data_flywheel",
        ("open_platform.conversion_share", "multi_domain.domain_win_share", "ecosystem.win_share"),
        ("open_platform.churn_share_per_month", "multi_domain.unrenewed_share",
         "ecosystem.direct_churn_share_per_month"),
    ),
    Interaction("self_service_cannibalisation_share", "open_platform", (), ("technology_services.leads_deals",)),
)  # fmt: skip


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.key)
def test_an_interaction_moves_what_it_should_and_no_other_strategy(switch: Interaction) -> None:
    sets = with_strategies(("horizon_months=18", "model.launch_month=2", PATIENT), NAMES)
    better = (
        "data_flywheel.rival_gain_share_per_month=0"  # so that the flywheel's model is better than others
    )
    off, on = (every_figure((*sets, better, f"mix.{switch.key}={share}"), DRAWS) for share in (0, 1))
    for name in switch.raises:
        assert np.all(on[name] >= off[name] - 1e-12), name
        assert np.any(on[name] > off[name] * (1 + 1e-9)), name
    for name in switch.lowers:
        assert np.all(on[name] <= off[name] + 1e-12), name
        assert np.any(on[name] < off[name] * (1 - 1e-9)), name
    for name in filter(is_counted, off):
        if name.partition(".")[0] in set(NAMES) - switch.receivers:
            np.testing.assert_array_equal(on[name], off[name], err_msg=name)


EFFORT = {
    "open_platform": "platform_effort_share",
    "data_flywheel": "flywheel_effort_share",
    "multi_domain": "domains_effort_share",
    "ecosystem": "ecosystem_effort_share",
    "technology_services": "services_effort_share",
}
NOBODY_YET = (
    "open_platform.opening_apps=0", "data_flywheel.opening_free_customers=0",
    "data_flywheel.starting_paying_customers=0", "ecosystem.opening_onboarding_partners=0",
    "ecosystem.opening_learning_partners=0", "ecosystem.opening_productive_partners=0",
    "ecosystem.opening_direct_customers=0",
)  # fmt: skip


@settings(few, max_examples=6)
@given(sets=scenarios(longest=18), idle=st.sampled_from(NAMES))
def test_without_effort_a_strategy_wins_no_customer(sets: tuple[str, ...], idle: str) -> None:
    found = every_figure(
        (*with_strategies(sets, NAMES), *INTERACTIONS, *NOBODY_YET, f"{EFFORT[idle]}=0"), DRAWS
    )
    for figure in ("new_customers", "paying_customers", "marketing_usd", "recurring_revenue_usd"):
        assert not np.any(found[f"{idle}.{figure}"]), figure


@pytest.mark.parametrize(("draws", "workers"), [(1_500, 1), pytest.param(70_000, 2, marks=pytest.mark.slow)])
def test_a_mix_is_the_same_to_the_last_digit_in_blocks_of_any_size_on_any_workers(
    draws: int, workers: int
) -> None:
    sets = (*with_strategies(("horizon_months=8", "model.launch_month=2"), NAMES), *INTERACTIONS)

    def document(block_draws: int, workers: int) -> str:
        result = plan(
            BASE, sets=sets, measurements=str(RECORD), draws=draws, workers=workers, block_draws=block_draws
        )
        return json.dumps(result.to_json())

    whole = document(65_536, 1)
    assert document(1_024, 1) == whole
    assert document(4_096, workers) == whole
