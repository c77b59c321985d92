"""What strategies in one company share: contributions that add up, pooling, interactions that are off at first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner.formulas import mix
from planner.planning import plan
from planner.result import Result
from tests.planner.conftest import BOTH

BASE = Path(__file__).resolve().parents[3] / "scenarios" / "base.yaml"


def planned(*sets: str) -> Result:
    return plan(BASE, sets=sets)


@pytest.fixture(scope="module")
def both() -> Result:
    return planned(BOTH)


def test_contributions_less_the_shared_cost_are_the_earnings(both: Result) -> None:
    parts = sum(both[f"{name}.contribution_usd"].central for name in both.scenario.strategies)
    np.testing.assert_allclose(
        parts - both["shared_cost_usd"].central, both["ebitda_usd"].central, rtol=1e-12, atol=1e-6
    )


def test_the_shared_cost_is_what_no_strategy_causes(both: Result) -> None:
    own = (
        "staff_usd",
        "overhead_usd",
        "setup_usd",
        "training_compute_usd",
        "cleaning_usd",
        "data_licence_usd",
        "data_usd",
        "privacy_usd",
    )
    shared = sum(both[name].central for name in own)
    np.testing.assert_allclose(both["shared_cost_usd"].central, shared, rtol=1e-9, atol=1e-6)


def test_one_strategy_alone_saves_nothing_by_pooling() -> None:
    found = planned()
    np.testing.assert_allclose(found["pooling_saving_usd"].central, 0.0, atol=1e-6)


def test_two_strategies_save_what_is_shared_and_the_replicas_and_tax_that_two_would_need(
    both: Result,
) -> None:
    saved = both["pooling_saving_usd"].central
    names = both.scenario.strategies
    service = sum(
        both[f"{name}.separate_service_usd"].central - both[f"{name}.service_usd"].central for name in names
    )
    tax = sum(both[f"{name}.separate_tax_usd"].central for name in names) - both["tax_usd"].central
    np.testing.assert_allclose(saved, both["shared_cost_usd"].central + service + tax, rtol=1e-9, atol=1e-6)
    assert np.all(saved[:12] > 0)


def test_interactions_are_off_unless_they_are_switched_on(both: Result) -> None:
    for name in (
        "shared_usage_tokens",
        "shared_reference_customers",
        "partner_reach_share",
        "cannibalised_share",
    ):
        assert not np.any(both[name].central), name
    assert np.all(both["shared_quality_ratio"].central == 1)


def test_what_is_shared_follows_the_switch() -> None:
    assert mix.shared_usage_tokens((3e6, 1e6), 0.25) == 1e6
    assert mix.shared_reference_customers((), 1.0) == 0
    assert mix.partner_reach_share((0.7, 0.9), 1.0) == 1.0
    assert mix.shared_quality_ratio((1.2, 1.0), 0.0, 1.5, 1.0) == 1.0
    assert mix.shared_quality_ratio((1.44,), 1.0, 0.5, 1.0) == pytest.approx(1.2)
    assert mix.cannibalised_share((0.4,), 0.5) == pytest.approx(0.2)
