"""What must hold of any company that does several things at once, whatever its inputs are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import Function
from planner.formulas import exits, ownership
from planner.planning import plan
from planner.units import unit_of
from tests.planner.conftest import RECORD
from tests.planner.holding import (
    DRAWS,
    INTERACTIONS,
    NAMES,
    drawn,
    few,
    is_counted,
    with_strategies,
)
from tests.planner.random_scenarios import BASE, every_figure, prepared, run, scenarios
from tests.planner.test_invariants import check_balance, size

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
