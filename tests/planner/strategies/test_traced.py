"""From net income down, every strategy rests on documented figures and on leaves with evidence, and on nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner import strategies
from planner.engine import MONTH
from planner.planning import plan
from planner.units import unit_of
from tests.planner.test_documentation import BARE_COUNTS

SCENARIOS = Path(__file__).resolve().parents[3] / "scenarios"
KINDS = {"measured", "quoted", "published", "assumed"}


@pytest.mark.parametrize("strategy", strategies.names())
def test_net_income_reaches_evidence_through_documented_figures_alone(strategy: str) -> None:
    result = plan(SCENARIOS / f"{strategy}.yaml")
    assert result.scenario.strategies == (strategy,)
    leaves, owned = set(), set()
    for _, node in result.trace("net_income_usd").walk():
        if node.node.function is None:
            leaves.add(node.name)
            continue
        figure = result[node.name]
        assert figure.sentence, node.name
        assert figure.source, node.name
        assert figure.unit or node.name.rpartition(".")[2] in BARE_COUNTS, node.name
        owned |= {node.name} if node.name.startswith(f"{strategy}.") else set()
    assert len(owned) > 10, "the strategy itself is part of the way"
    for name in leaves - {MONTH}:
        evidence = result.leaves[name].evidence
        assert evidence.kind in KINDS, name
        assert evidence.reference, name
        assert unit_of(name).text or name in BARE_COUNTS or name.startswith("num_"), name
    assert len(leaves) > 30


@pytest.mark.parametrize("strategy", strategies.names())
def test_there_is_a_scenario_of_the_same_company_for_each_strategy(strategy: str) -> None:
    text = (SCENARIOS / f"{strategy}.yaml").read_text("utf-8")
    assert "extends: shared/company.yaml" in text
